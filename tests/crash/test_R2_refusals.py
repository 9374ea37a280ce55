"""R2: a store that fails answers 451, never 500, and never with the failure's own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from intake import Dialogue, Intake, intake, letter

from inboxd.errors import InboxdError, Permanent, Poison, Transient
from inboxd.store import journal
from inboxd.store.db import Database

SECRET = "jane@customers.example in /var/lib"


def wrapped(error: sqlite3.Error) -> Callable[[], Exception]:
    kinds = {
        sqlite3.OperationalError: sa.exc.OperationalError,
        sqlite3.DatabaseError: sa.exc.DatabaseError,
    }
    return lambda: kinds[type(error)]("INSERT", {}, error)


FAILURES: dict[str, Callable[[], BaseException]] = {
    "disk full": lambda: OSError(28, SECRET),
    "input/output": lambda: OSError(5, SECRET),
    "permission": lambda: PermissionError(SECRET),
    "locked": lambda: sqlite3.OperationalError(f"database is locked {SECRET}"),
    "full": lambda: sqlite3.OperationalError(f"database or disk is full {SECRET}"),
    "ioerr": lambda: sqlite3.OperationalError(f"disk I/O error {SECRET}"),
    "locked, wrapped": wrapped(sqlite3.OperationalError(SECRET)),
    "corrupt": lambda: sqlite3.DatabaseError(f"database disk image is malformed {SECRET}"),
    "corrupt, wrapped": wrapped(sqlite3.DatabaseError(SECRET)),
    "integrity": lambda: sqlite3.IntegrityError(SECRET),
    "transient": lambda: Transient(SECRET),
    "permanent": lambda: Permanent(SECRET),
    "poison": lambda: Poison(SECRET),
    "inboxd": lambda: InboxdError(SECRET),
    "memory": lambda: MemoryError(SECRET),
    "value": lambda: ValueError(SECRET),
    "key": lambda: KeyError(SECRET),
    "timeout": lambda: TimeoutError(SECRET),
    "runtime": lambda: RuntimeError(SECRET),
    "assertion": lambda: AssertionError(SECRET),
    "recursion": lambda: RecursionError(SECRET),
}


def test_R2_there_are_enough_kinds() -> None:
    assert len(FAILURES) >= 12


def refusing(shop: Intake, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(*_: object) -> list[int]:
        raise FAILURES[name]()

    with monkeypatch.context() as broken, shop.dialogue() as line:
        broken.setattr(journal, "append", fail)
        answer = line.send(letter(name))
        assert answer == "451 4.3.0 Not stored, please try again later"
        assert line.send(letter(name)).startswith("451")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with intake(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.mark.parametrize("name", FAILURES)
def test_R2_a_failing_store_answers_451_and_keeps_nothing(
    shop: Intake, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = shop.entries()
    refusing(shop, monkeypatch, name)
    assert shop.entries() == before
    assert shop.send(letter(f"after {name}")).startswith("250"), "it goes on by itself"
    assert len(shop.entries()) == len(before) + 1
    assert shop.writer.alive


@pytest.mark.parametrize("name", ["disk full", "locked", "corrupt", "memory"])
def test_R2_what_fails_halfway_leaves_nothing(
    shop: Intake, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The first of two rows is written, then the failure comes."""
    plain, before = journal.append, shop.entries()

    def halfway(connection: sa.Connection, arrivals: list[object]) -> list[int]:
        plain(connection, arrivals[:1])  # type: ignore[arg-type]
        raise FAILURES[name]()

    with monkeypatch.context() as broken, shop.dialogue() as line:
        broken.setattr(journal, "append", halfway)
        to = ["support@shop.example", "sales@shop.example"]
        assert line.send(letter(f"half {name}"), to).startswith("451")
    assert shop.entries() == before
    with shop.database.read() as connection:
        orphans = "SELECT count(*) FROM blob WHERE id NOT IN (SELECT blob_id FROM journal)"
        assert connection.exec_driver_sql(orphans).scalar() == 0


def test_R2_a_commit_that_fails_is_451(shop: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shop.entries()
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        broken.setattr(shop.database._writer.dialect, "do_commit", fail)
        assert shop.send(letter("uncommitted")).startswith("451")
    assert shop.entries() == before
    assert shop.send(letter("committed")).startswith("250")


def test_R2_a_database_locked_by_another_process_is_451(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inboxd.store.db.BUSY_TIMEOUT_MS", 200)
    monkeypatch.setitem(__import__("inboxd.store.db").store.db.PRAGMAS, "busy_timeout", 200)
    with intake(tmp_path) as shop:
        other = sqlite3.connect(shop.database.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert shop.send(letter("locked")).startswith("451")
        other.execute("ROLLBACK")
        other.close()
        assert shop.send(letter("free")).startswith("250")
        assert len(shop.entries()) == 1


def test_R2_a_database_that_is_full_is_451_and_goes_on(tmp_path: Path) -> None:
    """SQLite's own "database or disk is full", made by a limit on its pages."""
    with intake(tmp_path) as shop:
        import os

        raw = letter("large") + os.urandom(300_000).hex().encode() + b"\r\n"
        sizes = []

        def limit(pages: int) -> None:
            shop.database.engine.dispose()

            def apply(connection: sqlite3.Connection, _: object) -> None:
                connection.execute(f"PRAGMA max_page_count={pages}")

            sizes.append(apply)
            sa.event.listen(shop.database.engine, "connect", apply)

        limit(60)
        assert shop.send(raw).startswith("451")
        assert shop.entries() == []
        limit(1_000_000)
        assert shop.send(raw).startswith("250")
        assert [entry.raw for entry in shop.entries()] == [raw]


def test_R2_a_damaged_database_file_is_451(tmp_path: Path) -> None:
    with intake(tmp_path) as shop:
        assert shop.send(letter("whole")).startswith("250")
        shop.database.engine.dispose()
        with shop.database.path.open("r+b") as file:
            file.write(b"no database at all" * 10)
        for leftover in shop.database.path.parent.glob("*-wal"):
            leftover.unlink()
        with Dialogue(shop.port) as line:
            line.greet()
            assert line.send(letter("damaged")).startswith("451")


def test_R2_a_fault_of_the_dialogue_itself_is_451(
    shop: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    with monkeypatch.context() as broken, shop.dialogue() as line:
        broken.setattr("inboxd.desk.addresses.AddressBook.mailbox_for", fail)
        answers = line.envelope()
        assert answers[1] == "451 4.3.0 Local error, please try again later"


def test_R2_the_refusal_is_in_the_log_without_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from structlog.testing import capture_logs

    def fail(*_: object) -> list[int]:
        raise ValueError(SECRET)

    with capture_logs() as lines, intake(tmp_path) as shop:
        monkeypatch.setattr(journal, "append", fail)
        shop.send(letter("hidden words"))
    told = str(lines)
    assert "journal.append_failed" in told
    assert "ValueError" in told
    assert SECRET not in told
    assert "hidden words" not in told


def test_R2_a_read_of_a_closed_folder_is_transient(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/inboxd.db")
    with pytest.raises(Transient), database.read():
        pass
    database.close()
