"""The list of conversations, read with the driver alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from desk_kit import JANE, Desk, make

from inboxd.store import glance, migrations
from inboxd.store.db import Database


def database(desk: Desk) -> Path:
    return desk.shop.config.data_dir / "inboxd.db"


def test_the_newest_migrations_file_is_the_schemas_version() -> None:
    assert glance._newest_schema() == migrations.HEAD


def test_only_a_database_of_this_schema_is_opened(tmp_path: Path) -> None:
    desk = make(tmp_path)
    assert glance.open_current(tmp_path / "none.db") is None
    (tmp_path / "no.db").write_bytes(b"no database" * 1000)
    assert glance.open_current(tmp_path / "no.db") is None
    Database(f"sqlite:///{tmp_path / 'empty.db'}").close()
    sqlite3.connect(tmp_path / "empty.db").close()
    assert glance.open_current(tmp_path / "empty.db") is None
    found = glance.open_current(database(desk))
    assert found is not None
    with pytest.raises(sqlite3.OperationalError):
        found.execute("DELETE FROM message")
    found.close()
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert glance.open_current(database(desk)) is None


def test_each_state_is_read_in_its_order_off_an_index(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for number in range(3):
        desk.customer(JANE, subject=f"Tea {number}")
    connection = glance.open_current(database(desk))
    assert connection is not None
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    wanted = {"mailbox": "support", "assignee": None, "tag": None}
    found = glance.listing(connection, states=None, **wanted, limit=2)
    connection.set_trace_callback(None)
    assert [each.number for each in found] == [3, 2]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    connection.close()
    assert sum("conversation_list (state=?)" in step for step in plan) == 5
    assert not any(step.startswith("SCAN conversation") for step in plan)
    sorted_at = [n for n, step in enumerate(plan) if "TEMP B-TREE" in step]
    assert all(plan[n - 1].startswith("SCAN (subquery") for n in sorted_at)  # of few rows alone


def test_list_imports_neither_sqlalchemy_nor_what_needs_it(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    script = (
        "import sys\n"
        "sys.argv = ['inboxd', '--config', sys.argv[1], 'list']\n"
        "from inboxd.cli.app import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'structlog', 'jinja2', 'alembic', 'asyncio', 'babel'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    config = str(desk.shop.config.path)
    done = subprocess.run(
        [sys.executable, "-c", script, config], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "jane" in done.stdout.lower()
