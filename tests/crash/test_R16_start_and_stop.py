"""R16: SIGTERM under load ends it within 10 s, no lease left; a damaged database is refused."""

from __future__ import annotations

import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from intake import CONFIG, Dialogue, letter, new_database, write_config
from loopback import HOST, eventually, free_port, listens
from runner import environment

from inboxd.clock import SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.errors import Transient

IMAP = "imap: {host: 127.0.0.1, port: 9,"
assert IMAP in CONFIG


def serve(config: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start `inboxd serve`, as a service manager does."""
    command = [sys.executable, "-m", "inboxd", "--config", str(config), "serve"]
    with log.open("ab") as words:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment()
        )


@contextmanager
def black_hole(greeting: bytes) -> Iterator[int]:
    """A server that says hello to everybody, and nothing ever after; yields its port."""
    with socket.create_server((HOST, 0), backlog=50) as server, ExitStack() as held:

        def greet() -> None:
            with suppress(OSError):
                while True:
                    caller = held.enter_context(server.accept()[0])
                    caller.sendall(greeting)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


class Senders:
    """Customers who hand in mails until nobody listens any more."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self.acknowledged: list[str] = []
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _send(self, number: int) -> None:
        with suppress(OSError, smtplib.SMTPException):
            with smtplib.SMTP(HOST, self._port, "client.example", timeout=15) as client:
                for count in range(100_000):
                    name = f"mail {number} {count}"
                    client.sendmail("j@c.example", ["support@shop.example"], letter(name))
                    self.acknowledged.append(name)

    def join(self) -> None:
        """Wait until all have gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_R16_sigterm_under_load_with_peers_that_stall(tmp_path: Path, seconds: float) -> None:
    """Mails come in, a sender and a relay and an IMAP server say nothing more; then SIGTERM."""
    port = free_port()
    with black_hole(b"220 relay.example\r\n") as relay, black_hole(b"* OK hello\r\n") as imap:
        base = CONFIG.replace(IMAP, f"imap: {{host: 127.0.0.1, port: {imap},").replace(
            "send: {maildir: sent}",
            f"send: {{smtp: {{host: 127.0.0.1, port: {relay}, tls: none}}}}",
        )
        base = base.replace("support@shop.example,", "support@shop.example, notify: [anna],")
        config = write_config(tmp_path, f"listen: {{smtp: {{port: {port}}}}}", base)
        process = serve(config, tmp_path / "log")
        try:
            eventually(lambda: process.poll() is None and listens(port), 60, "it listens")
            with Dialogue(port) as half, Dialogue(port):
                half.greet()
                half.envelope()
                half.say(b"Subject: half a mail\r\n\r\nand then")
                senders = Senders(port, 3)
                eventually(lambda: len(senders.acknowledged) > 20, 30)
                time.sleep(seconds)
                begun = time.monotonic()
                process.send_signal(signal.SIGTERM)
                code = process.wait(30)
                spent = time.monotonic() - begun
                senders.join()
        finally:
            process.kill()
            process.wait(10)
    database = tmp_path / "var" / "inboxd.db"
    with closing(sqlite3.connect(database)) as db:
        kept = [subject for (subject,) in db.execute("SELECT subject FROM conversation")]
        waiting = db.execute("SELECT count(*) FROM journal WHERE state = 'received'").fetchone()[0]
        leases = db.execute("SELECT count(*) FROM outbox WHERE lease IS NOT NULL").fetchone()[0]
        states = {state for (state,) in db.execute("SELECT DISTINCT state FROM outbox")}
        assert db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    print(
        f"stopped in {spent:.1f} s; {len(senders.acknowledged)} mails acknowledged, {len(kept)} "
        f"processed, {waiting} wait; {leases} leases"
    )
    assert code == 0, (tmp_path / "log").read_text()[-2000:]
    assert spent < 10
    assert leases == 0
    assert states <= {"queued", "deferred"}
    # One mail a sender may have been stored without its sender having heard of it.
    assert 0 <= len(kept) + waiting - len(senders.acknowledged) <= 3
    assert len(set(kept)) == len(kept)


# -- start-up


def _scribble(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "something else": lambda path: path.write_bytes(b"this is no database at all" * 500),
    "another magic": lambda path: _scribble(path, 0, 4),
    "a page overwritten": lambda path: _scribble(path, 4096 * 4, 4096),
    "many pages overwritten": lambda path: _scribble(path, 4096 * 2, 4096 * 40),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:30_000]),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_R16_start_up_refuses_a_damaged_database(tmp_path: Path, how: str) -> None:
    """Exit code 1, and one line: which file, that it is damaged, and what to do."""
    path = write_config(tmp_path)
    config = load_config(path, {})
    new_database(config).close()
    database = config.data_dir / "inboxd.db"
    DAMAGES[how](database)
    before = database.read_bytes()
    process = serve(path, tmp_path / "log")
    try:
        assert process.wait(60) == 1
    finally:
        process.kill()
        process.wait(10)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.startswith(f"inboxd: the database {database} is damaged (")
    assert "inboxd restore FILE" in line
    assert database.read_bytes() == before, "it is left as it was found"


def test_R16_a_locked_database_is_not_taken_for_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Start-up says "try again later" (exit code 75), and works once the lock is gone."""
    monkeypatch.setitem(__import__("inboxd.store.db").store.db.PRAGMAS, "busy_timeout", 100)
    config = load_config(write_config(tmp_path), {})
    new_database(config).close()
    with closing(sqlite3.connect(config.data_dir / "inboxd.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=exclusive")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Transient, match="locked"):
            Daemon(config, SystemClock()).start()
        other.execute("ROLLBACK")
    daemon = Daemon(config, SystemClock())
    daemon.start()
    assert daemon.stop()
