"""The schema: what the migrations make is what the tables say, and its invariants hold."""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from desk_kit import letter, make
from sqlmodel import SQLModel

from inboxd.conversations.states import ConversationState, JournalState, OutboxState, TimerState
from inboxd.errors import Permanent, Transient
from inboxd.store import conversations, migrations
from inboxd.store.conversations import PartyRecord
from inboxd.store.db import PRAGMAS, Database, is_database_fault
from inboxd.store.tables import FULL_TEXT


def test_the_migrated_schema_is_the_tables(tmp_path: Path) -> None:
    desk = make(tmp_path)
    with desk.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: not (name or "").startswith("message_text")
            },
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def _statements(connection: sa.Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {
        row.name: " ".join(row.sql.replace('"', "").replace("( ", "(").replace(" )", ")").split())
        for row in rows
        if row.name != "alembic_version"
    }


def test_checks_and_partial_indexes_are_the_tables_too(tmp_path: Path) -> None:
    """Alembic compares neither."""
    desk = make(tmp_path)
    plain = Database(f"sqlite:///{tmp_path / 'plain.db'}")
    with plain.write() as connection:
        SQLModel.metadata.create_all(connection)
        connection.exec_driver_sql(FULL_TEXT)
        wanted = _statements(connection)
    with desk.database.read() as connection:
        found = _statements(connection)
    plain.close()
    assert {key: text.replace(", ", ",") for key, text in found.items()} == {
        key: text.replace(", ", ",") for key, text in wanted.items()
    }


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    migrations.upgrade(desk.database)
    assert migrations.version(desk.database) == migrations.HEAD
    assert desk.count() == 1


def test_a_newer_releases_database_is_refused(tmp_path: Path) -> None:
    desk = make(tmp_path)
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Permanent, match="9999"):
        migrations.upgrade(desk.database)


CHECKED = {
    "journal": JournalState,
    "outbox": OutboxState,
    "conversation": ConversationState,
    "timer": TimerState,
}


@pytest.mark.parametrize("table", CHECKED)
def test_the_schema_takes_every_state_of_the_tables_and_no_other(
    tmp_path: Path, table: str
) -> None:
    desk = make(tmp_path, rules="- {name: S, when: open, for: 1 h, then: [close]}\n")
    desk.customer()
    states: type[StrEnum] = CHECKED[table]
    for state in states:
        with desk.database.write() as connection:
            connection.exec_driver_sql(f"UPDATE {table} SET state = ?", (state.value,))
            if table in ("journal", "outbox", "timer"):  # unique indexes hold as well
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    with pytest.raises(sa.exc.IntegrityError), desk.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET state = 'elsewhere'")


def test_a_role_that_does_not_exist_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    with pytest.raises(Exception, match="party_role"), desk.database.write() as connection:
        conversations.add_parties(connection, 1, [PartyRecord("x@y.example", "", "owner")])


def test_durability_is_in_force_on_every_connection(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.database.assert_durable()
    for way in (desk.database.read, desk.database.write):
        with way() as connection:
            for name, wanted in PRAGMAS.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() == wanted


def test_foreign_keys_hold(tmp_path: Path) -> None:
    desk = make(tmp_path)
    with pytest.raises(sa.exc.IntegrityError), desk.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO link (low, high) VALUES (1, 2)")


def _write_impatiently(database: Database) -> None:
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        connection.exec_driver_sql("DELETE FROM alert")


def test_a_locked_database_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make(tmp_path)
    other = Database(desk.database.url)
    with desk.database.write():
        with pytest.raises(Transient, match="SQLITE_BUSY"):
            _write_impatiently(other)
    other.close()


def test_errors_of_the_database_show_no_mail_text(tmp_path: Path) -> None:
    desk = make(tmp_path)
    with pytest.raises(Transient) as caught, desk.database.read() as connection:
        connection.execute(sa.text("SELECT :secret FROM nowhere"), {"secret": "a customer's words"})
    assert "customer" not in str(caught.value)


def test_what_is_the_databases_fault_is_told_apart() -> None:
    assert is_database_fault(sqlite3.OperationalError("disk I/O error"))
    assert is_database_fault(sqlite3.DatabaseError("malformed"))
    assert is_database_fault(sa.exc.DatabaseError("", {}, sqlite3.DatabaseError("malformed")))
    assert not is_database_fault(sqlite3.IntegrityError("UNIQUE"))
    assert not is_database_fault(sa.exc.IntegrityError("", {}, sqlite3.IntegrityError("x")))
    assert not is_database_fault(ValueError("anything"))


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for number in range(40):
        desk.journal(letter(text=f"{number}" * 3000))
    assert desk.database.integrity() is None
    desk.database.close()
    path = desk.database.path
    data = bytearray(path.read_bytes())
    for start in range(4096 * 4, len(data) - 4096, 4096):
        data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    assert desk.database.integrity()


def test_a_backup_is_a_whole_private_database(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    target = tmp_path / "backup.db"
    desk.database.backup(target)
    assert target.stat().st_mode & 0o077 == 0
    copy = Database(f"sqlite:///{target}")
    with copy.read() as connection:
        found = conversations.get(connection, 1)
    copy.close()
    assert found == desk.conversation(1)
    assert not target.with_name("backup.db.partial").exists()


def test_another_processs_commit_is_seen(tmp_path: Path) -> None:
    desk = make(tmp_path)
    other = Database(desk.database.url)
    before = desk.database.version()
    assert desk.database.version() == before
    with other.write() as connection:
        connection.exec_driver_sql("INSERT INTO alert VALUES ('x', 1)")
    assert desk.database.version() != before
    other.close()
