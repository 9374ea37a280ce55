"""The journal's writer: one commit for many mails, and nobody waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from intake import Dialogue, entries_of, letter, new_database, write_config

from inboxd.config import load_config
from inboxd.errors import Permanent, Transient
from inboxd.ingest.journal import JournalWriter, append_now
from inboxd.store import journal
from inboxd.store.db import Database
from inboxd.store.journal import Arrival

NOW = datetime(2030, 5, 6, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = new_database(load_config(write_config(tmp_path), {}))
    yield database
    database.close()


def arrival(text: str, mailbox: str = "support") -> Arrival:
    return Arrival(mailbox, "smtp", letter(text), "j@c.example", ("support@shop.example",), NOW)


class Held:
    """Makes `journal.append` wait, so that what is submitted meanwhile gathers in the queue."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.entered, self.calls = threading.Event(), threading.Event(), 0
        self.fail: Any = None
        plain = journal.append

        def append(connection: Any, packed: Sequence[Any]) -> list[int]:
            self.entered.set()
            assert self.go.wait(10)
            self.calls += 1
            if self.fail is not None:
                self.fail([each.raw for each, _ in packed])
            return plain(connection, packed)

        monkeypatch.setattr(journal, "append", append)


def gathered(
    database: Database, held: Held, count: int = 20
) -> tuple[JournalWriter, list[Future[list[int]]], list[int]]:
    """A writer whose second batch holds `count` mails."""
    commits: list[int] = []
    writer = JournalWriter(database, lambda: commits.append(1))
    writer.start()
    first = writer.submit([arrival("first")])
    assert held.entered.wait(5)
    futures = [writer.submit([arrival(f"mail {n}")]) for n in range(count)]
    held.go.set()
    first.result(10)
    return writer, futures, commits


def test_what_gathers_shares_one_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    writer, futures, commits = gathered(database, held, 150)
    assert [future.result(10) for future in futures] == [[n + 2] for n in range(150)]
    assert writer.stop(10)
    assert (held.calls, len(commits)) == (2, 2)


def test_a_batch_is_bounded_in_bytes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inboxd.ingest.journal._BATCH_BYTES", len(letter("mail 0")) * 5)
    held = Held(monkeypatch)
    writer, futures, commits = gathered(database, held, 20)
    for future in futures:
        future.result(10)
    assert writer.stop(10)
    assert len(commits) == 5


@pytest.mark.parametrize("error", [ValueError, Permanent, KeyError, UnicodeEncodeError])
def test_one_mail_that_cannot_be_stored_does_not_refuse_its_neighbours(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    held = Held(monkeypatch)

    def refuse(raws: list[bytes]) -> None:
        if letter("mail 7") in raws:
            raise (error("utf-8", "x", 0, 1, "no") if error is UnicodeEncodeError else error("x"))

    held.fail = refuse
    writer, futures, _ = gathered(database, held, 20)
    results = [future.exception(10) for future in futures]
    assert [n for n, each in enumerate(results) if each is not None] == [7]
    assert isinstance(results[7], Permanent if error is Permanent else Transient)
    assert writer.stop(10)
    assert len(entries_of(database)) == 20


def test_a_database_that_is_ill_refuses_the_batch_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mail alone would wait for the same lock again, and its sender with it."""
    held = Held(monkeypatch)

    def refuse(raws: list[bytes]) -> None:
        if letter("first") not in raws:
            raise Transient("database: SQLITE_BUSY")

    held.fail = refuse
    writer, futures, _ = gathered(database, held, 50)
    assert {type(future.exception(10)) for future in futures} == {Transient}
    assert held.calls == 2
    assert writer.stop(10)


def test_a_sender_that_has_given_up_takes_nobody_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    commits: list[int] = []
    writer = JournalWriter(database, lambda: commits.append(1))
    writer.start()
    first = writer.submit([arrival("first")])
    assert held.entered.wait(5)
    assert first.cancel()
    second = writer.submit([arrival("second")])
    held.go.set()
    assert second.result(10) == [2]
    assert writer.alive
    assert writer.stop(10)
    assert len(entries_of(database)) == 2


def test_stop_writes_what_was_submitted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    writer, futures, _ = gathered(database, held, 100)
    assert writer.stop(10)
    assert not writer.alive
    assert all(future.done() for future in futures)
    assert writer.stop(1)


def test_stop_does_not_wait_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    writer = JournalWriter(database, lambda: None)
    writer.start()
    writer.submit([arrival("first")])
    assert held.entered.wait(5)
    assert not writer.stop(0.2)
    held.go.set()
    writer._thread.join(10)  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_dies_leaves_nobody_waiting_and_can_be_started_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fatal(BaseException):
        pass

    def die(*_: object) -> list[int]:
        raise Fatal

    writer = JournalWriter(database, lambda: None)
    with monkeypatch.context() as broken:
        broken.setattr(journal, "append", die)
        writer.start()
        future = writer.submit([arrival("first")])
        assert isinstance(future.exception(10), Transient)
        writer._thread.join(10)  # type: ignore[union-attr]
    assert not writer.alive
    waiting = writer.submit([arrival("second")])
    writer.start()
    assert waiting.result(10) == [1]
    assert writer.stop(10)


def test_a_writer_that_was_never_started_stops(database: Database) -> None:
    assert JournalWriter(database, lambda: None).stop()


def test_the_same_bytes_are_kept_once(database: Database) -> None:
    mail = arrival("same")
    assert append_now(database, [mail, mail, arrival("same", "sales")]) == [1, 2, 3]
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM blob").scalar() == 1
    assert {entry.raw for entry in entries_of(database)} == {letter("same")}


MEASURE = """
import os, resource, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from intake import intake, Dialogue, stuffed
with intake(Path(sys.argv[1])) as shop:
    shop.send(b"Subject: warm\\r\\n\\r\\nx\\r\\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("ready", shop.port, before, flush=True)
    sys.stdin.readline()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
    os._exit(0)
"""
SIZE = 25_000_000


def test_a_mail_of_25_MB_is_taken_within_bounds(tmp_path: Path) -> None:
    """The server is a process of its own; the figure printed is what the mail adds to its peak."""
    command = [sys.executable, "-c", MEASURE, str(tmp_path), str(Path(__file__).parent)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    before: list[str] = []
    for line in server.stdout:
        if line.startswith("ready"):
            before = line.split()
            break
    _, port, base = before
    block = b"\r\n".join(os.urandom(38).hex().encode() for _ in range(4096)) + b"\r\n"
    with Dialogue(int(port)) as client:
        client.greet()
        assert client.envelope()[-1].startswith("354")
        client.say(b"Subject: large\r\n\r\n")
        for _ in range(SIZE // len(block)):
            client.say(block)
        client.say(b".\r\n")
        assert client.reply().startswith("250")
    server.stdin.write("\n")
    server.stdin.flush()
    peak = 0
    for line in server.stdout:
        if line.strip().isdigit():
            peak = int(line)
            break
    server.stdin.close()
    server.stdout.close()
    server.wait(10)
    times = (peak - int(base)) * 1024 / SIZE
    print(f"a mail of 25 MB adds {times:.1f} times its size to the daemon's peak")
    assert times < 6
