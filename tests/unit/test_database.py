"""The database: transactions, errors in our words, copies."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from inboxd.errors import Permanent, Transient
from inboxd.store.compression import compress, decompress
from inboxd.store.db import Database, create_private
from inboxd.store.migrations import HEAD, upgrade, version


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/data/x.db")
    create_private(database.path)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER UNIQUE, b REFERENCES t (a))")
    yield database
    database.close()


def values(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT a FROM t ORDER BY a").scalars())


def add(connection: sa.Connection, value: object) -> None:
    connection.exec_driver_sql("INSERT INTO t (a) VALUES (?)", (value,))


@pytest.mark.parametrize("error", [ValueError, Transient, KeyboardInterrupt])
def test_a_transaction_is_all_or_nothing(database: Database, error: type[BaseException]) -> None:
    with database.write() as connection:
        add(connection, 1)
    with pytest.raises(error), database.write() as connection:  # noqa: PT012
        add(connection, 2)
        raise error
    assert values(database) == [1]
    with database.write() as connection:
        add(connection, 3)
    assert values(database) == [1, 3]


def test_writers_take_turns(database: Database) -> None:
    def work(start: int) -> None:
        for value in range(start, start + 20):
            with database.write() as connection:
                add(connection, value)

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(values(database)) == 120


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    query = "SELECT count(*) FROM t"
    with database.read() as reader:
        assert reader.exec_driver_sql(query).scalar() == 0
        with database.write() as writer:
            add(writer, 1)
        assert reader.exec_driver_sql(query).scalar() == 0
    assert values(database) == [1]


def test_a_lock_held_by_another_process_is_transient(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=100")
    database.engine.dispose()
    sa.event.listen(database.engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=100"))
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="locked"), database.write():
        pass
    other.execute("COMMIT")
    other.close()
    with database.write() as connection:
        add(connection, 1)


def test_errors_are_sorted_and_tell_no_values(database: Database) -> None:
    with pytest.raises(Transient) as caught, database.read() as connection:
        connection.execute(sa.text("SELECT * FROM nowhere WHERE x = :x"), {"x": "words of a mail"})
    assert "no such table" in str(caught.value)
    assert "words of a mail" not in str(caught.value)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:  # noqa: PT012
        add(connection, 1)
        add(connection, 1)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1, 99)")
    assert values(database) == []


def test_a_file_that_is_no_database_is_permanent(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"words " * 1000)
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(Permanent, match="file is not a database"), database.read():
        pass
    assert "file is not a database" in str(database.integrity())
    database.close()


def test_integrity_finds_damage(database: Database) -> None:
    with database.write() as connection:
        for value in range(5000):
            add(connection, value)
    assert database.integrity() is None
    database.close()
    sqlite3.connect(database.path).execute("PRAGMA wal_checkpoint(truncate)").connection.close()
    data = bytearray(database.path.read_bytes())
    data[4096 * 4 : 4096 * 6] = b"\x5a" * 8192
    database.path.write_bytes(data)
    assert database.integrity()


def test_the_version_changes_when_another_process_commits(database: Database) -> None:
    first = database.version()
    assert database.version() == first
    other = sqlite3.connect(database.path)
    other.execute("INSERT INTO t (a) VALUES (9)")
    other.commit()
    other.close()
    assert database.version() != first


def test_a_copy_is_whole_and_private_while_others_write(database: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        value = 0
        while not stop.is_set():
            with database.write() as connection:
                add(connection, value)
                add(connection, value + 1)
            value += 2
            time.sleep(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        time.sleep(0.1)
        target = tmp_path / "copy.db"
        (tmp_path / "copy.db.partial").write_bytes(b"left over")
        database.backup(target)
        database.backup(target)
    finally:
        stop.set()
        thread.join(10)
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]
    copy = Database(f"sqlite:///{target}")
    found = values(copy)
    assert found == list(range(len(found)))
    assert len(found) % 2 == 0
    assert found
    copy.close()


def test_a_copy_to_nowhere_is_an_oserror(database: Database, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        database.backup(tmp_path / "nowhere" / "copy.db")


def test_the_schema_is_made_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/data/x.db")
    upgrade(database)
    assert version(database) == HEAD
    upgrade(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Permanent, match="the database's schema is 9999, which this release"):
        upgrade(database)
    database.close()


def test_create_private_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.db"
    create_private(path)
    path.write_bytes(b"kept")
    create_private(path)
    assert path.read_bytes() == b"kept"
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"x", b"\x00" * 1_000_000, bytes(range(256)) * 50])
def test_compression_gives_back_what_it_was_given(data: bytes) -> None:
    assert decompress(compress(data), len(data)) == data
    assert decompress(compress(data)) == data


def test_compression_works_in_many_threads_at_once() -> None:
    failures = []

    def work(seed: int) -> None:
        for n in range(100):
            data = bytes([seed, n % 256]) * 2000
            if decompress(compress(data)) != data:
                failures.append(seed)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert failures == []
