"""Statements compiled once: the same results as SQLAlchemy's own way, on the driver's cursor."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from inboxd.store.db import Database
from inboxd.store.statements import Savepoint, Statement, each_of
from inboxd.store.types import Json, UtcTime

TABLE = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, unique=True),
    sa.Column("at", UtcTime),
    sa.Column("tags", Json),
    sa.Column("flag", sa.Boolean),
)
ADD = Statement(sa.insert(TABLE), ["name", "at", "tags", "flag"])
BY_NAME = Statement(sa.select(TABLE).where(TABLE.c.name == sa.bindparam("which")))
ALL = Statement(sa.select(TABLE).order_by(TABLE.c.id))
COUNT = Statement(sa.select(sa.func.count()).select_from(TABLE))
AT = datetime(2030, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with database.write() as connection:
        TABLE.create(connection)
    yield database
    database.close()


def row(name: str, **changes: object) -> dict[str, object]:
    return {"name": name, "at": AT, "tags": ["a", {"b": 1}], "flag": True} | changes


def test_rows_are_as_sqlalchemy_reads_them(database: Database) -> None:
    local = AT.astimezone(timezone(timedelta(hours=9)))
    rows = [row("one"), row("two", at=local, flag=False), row("tée \x00 '", at=None, tags=[])]
    with database.write() as connection:
        ids = [ADD.run(connection, each).lastrowid for each in rows]
        ours = ALL.all(connection, {})
        theirs = connection.execute(sa.select(TABLE).order_by(TABLE.c.id)).all()
    assert [tuple(each) for each in ours] == [tuple(each) for each in theirs]
    assert ids == [1, 2, 3]
    assert (ours[1].at, ours[1].flag, ours[2].at, ours[2].name) == (AT, False, None, "tée \x00 '")
    assert ours[1].at.tzinfo is UTC


def test_first_scalar_and_each(database: Database) -> None:
    with database.write() as connection:
        ADD.run_many(connection, [row("one"), row("two")])
        ADD.run_many(connection, [row("three")])
        ADD.run_many(connection, [])
        assert BY_NAME.first(connection, {"which": "two"}).id == 2  # type: ignore[union-attr]
        assert BY_NAME.first(connection, {"which": "none"}) is None
        assert BY_NAME.scalar(connection, {"which": "three"}) == 3
        assert BY_NAME.scalar(connection, {"which": "none"}) is None
        assert [each.name for each in ALL.each(connection, {})] == ["one", "two", "three"]
        assert COUNT.scalar(connection, {}) == 3


def test_a_missing_value_is_a_fault_and_none_is_a_value(database: Database) -> None:
    with database.write() as connection:
        with pytest.raises(KeyError):
            ADD.run(connection, {"name": "x", "at": AT, "tags": []})
        with pytest.raises(KeyError):
            BY_NAME.first(connection, {})
        ADD.run(connection, row("x", flag=None))
        assert ALL.all(connection, {})[0].flag is None


def test_a_naive_time_is_refused(database: Database) -> None:
    with database.write() as connection, pytest.raises((ValueError, TypeError)):
        ADD.run(connection, row("x", at=datetime(2030, 1, 1)))


def test_values_are_parameters_and_never_part_of_the_statement(database: Database) -> None:
    with database.write() as connection:
        evil = "x'; DROP TABLE thing; --"
        ADD.run(connection, row(evil))
        assert BY_NAME.scalar(connection, {"which": evil}) == 1


def test_one_of_any_number_of_values(database: Database) -> None:
    some = Statement(sa.select(TABLE.c.name).where(each_of(TABLE.c.id, "wanted")))
    with database.write() as connection:
        ADD.run_many(connection, [row(str(n)) for n in range(2000)])
        for wanted in ([], [1], list(range(1, 1501)), [5000]):
            found = some.all(connection, {"wanted": json.dumps(wanted)})
            assert len(found) == len([n for n in wanted if n <= 2000])


def test_the_drivers_faults_pass_through(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:  # noqa: PT012
        ADD.run(connection, row("x"))
        ADD.run(connection, row("x"))
    with database.read() as connection:
        assert COUNT.scalar(connection, {}) == 0


def test_many_threads_may_compile_the_same_statement_at_once(database: Database) -> None:
    with database.write() as connection:
        ADD.run(connection, row("x"))
    for _ in range(20):
        fresh = Statement(sa.select(TABLE).where(TABLE.c.name == sa.bindparam("which")))
        barrier = threading.Barrier(4)
        found: list[str] = []
        arguments = (database, fresh, barrier, found)
        threads = [threading.Thread(target=_ask, args=arguments) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert found == ["x"] * 4


def _ask(
    database: Database, statement: Statement, barrier: threading.Barrier, found: list[str]
) -> None:
    with database.read() as connection:
        barrier.wait(5)
        row = statement.first(connection, {"which": "x"})
        assert row is not None
        found.append(row.name)


def test_a_savepoint_undoes_its_part_alone(database: Database) -> None:
    with database.write() as connection:
        ADD.run(connection, row("before"))
        with pytest.raises(ValueError), Savepoint(connection):  # noqa: PT012
            ADD.run(connection, row("undone"))
            raise ValueError
        with Savepoint(connection):
            ADD.run(connection, row("after"))
            with pytest.raises(KeyError), Savepoint(connection):  # noqa: PT012
                ADD.run(connection, row("inner"))
                raise KeyError
    with database.read() as connection:
        assert [each.name for each in ALL.all(connection, {})] == ["before", "after"]
