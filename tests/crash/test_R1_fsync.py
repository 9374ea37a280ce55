"""R1: `250` leaves only after the journal's commit is on the disk, as the system calls show."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from intake import CONFIG, Dialogue, letter, new_database, write_config
from loopback import eventually, free_port, listens
from servers import Dovecot

from inboxd.config import load_config
from inboxd.errors import Permanent
from inboxd.store.db import PRAGMAS, Database

MAILS = 100
_CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<text>.*)$")
DAEMON = """
import signal, sys, threading
from pathlib import Path
from inboxd.clock import SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
daemon = Daemon(load_config(Path(sys.argv[1]), {}), SystemClock())
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
daemon.start()
stop.wait()
daemon.stop()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_R1_the_log_is_synced_before_every_250(tmp_path: Path) -> None:
    port, trace = free_port(), tmp_path / "trace"
    config = write_config(tmp_path, f"listen: {{smtp: {{port: {port}}}}}")
    strace = ["strace", "-f", "-qq", "-y", "-s", "64", "-o", str(trace), "-e"]
    calls = "trace=fsync,fdatasync,sendto,sendmsg,send,write,writev,pwrite64"
    command = [*strace, calls, sys.executable, "-c", DAEMON, str(config)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        eventually(lambda: process.poll() is None and listens(port), 60, "the daemon listens")
        with Dialogue(port) as line:
            line.greet()
            for number in range(MAILS):
                assert line.send(letter(f"mail {number}")).startswith("250 2.0.0 OK: stored")
    finally:
        _terminate_traced(process)
    synced = _check(trace.read_text(errors="replace").splitlines())
    print(f"{synced} of {MAILS} acknowledgements had the log written and synced before them")
    assert synced == MAILS


def _terminate_traced(process: subprocess.Popen[bytes]) -> None:
    """Stop the daemon, which is strace's child; strace ends with it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def _check(lines: list[str]) -> int:
    """Return before how many acknowledgements the WAL was written, then synced, by one thread.

    The acknowledgement of a mail is the first `250 2.0.0 OK: stored` after it. Between two of them
    a thread must have written frames to the WAL and finished a sync of it after its last write.
    """
    good = 0
    unsynced: dict[str, bool] = {}
    synced = False
    for line in lines:
        match = _CALL.match(line)
        if match is None:
            continue
        pid, text = match["pid"], match["text"]
        if re.match(r"pwrite64\(\d+<[^>]*inboxd\.db-wal>", text):
            unsynced[pid] = True
        elif re.match(r"(fsync|fdatasync)\(\d+<[^>]*inboxd\.db-wal>\s*\)\s+= 0", text):
            synced = synced or unsynced.pop(pid, False)
        elif re.match(r"(fsync|fdatasync)\(\d+<[^>]*inboxd\.db-wal>\s*<unfinished", text):
            unsynced[f"{pid} syncing"] = unsynced.pop(pid, False)
        elif re.match(r"<\.\.\. (fsync|fdatasync) resumed>\)\s+= 0", text):
            synced = synced or unsynced.pop(f"{pid} syncing", False)
        elif "250 2.0.0 OK: stored" in text and text.startswith(("send", "write")):
            good += synced
            synced = False
    return good


IMAP_MAILS = 12


@pytest.mark.servers
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_R1_the_log_is_synced_before_every_imap_mark(tmp_path: Path, dovecot: Dovecot) -> None:
    """The same of the IMAP source: its thread fetches, commits, and then marks as seen."""
    user, port, trace = "marks@shop.example", free_port(), tmp_path / "trace"
    dovecot.add_users(user)
    imap = f"port: {dovecot.imap_port}, tls: none, user: {user}, password: secret, poll: 1 s"
    base = CONFIG.replace("port: 9, tls: none, user: fetched, password: secret", imap)
    config = write_config(tmp_path, f"listen: {{smtp: {{port: {port}}}}}", base)
    strace = ["strace", "-f", "-qq", "-y", "-s", "64", "-o", str(trace), "-e"]
    calls = "trace=fsync,fdatasync,sendto,pwrite64"
    process = subprocess.Popen(
        [*strace, calls, sys.executable, "-c", DAEMON, str(config)], start_new_session=True
    )
    try:
        eventually(lambda: process.poll() is None and listens(port), 60, "the daemon listens")
        for number in range(IMAP_MAILS):
            dovecot.append(user, [letter(f"mail {number}")])
            marked = [(b"\\Seen",)] * (number + 1)
            eventually(lambda: dovecot.flags(user) == marked, 30)  # noqa: B023
    finally:
        _terminate_traced(process)
    good, marks = _check_marks(trace.read_text(errors="replace").splitlines())
    print(f"{good} of {marks} marks had the log written and synced before them")
    assert good == marks == IMAP_MAILS


def _check_marks(lines: list[str]) -> tuple[int, int]:
    """Return how many marks there were, and before how many their thread had synced the log.

    After the command that fetched the mail, it must have written frames to the WAL and finished a
    sync of it after its last write.
    """
    good = marks = 0
    state: dict[str, str] = {}
    for line in lines:
        match = _CALL.match(line)
        if match is None:
            continue
        pid, text = match["pid"], match["text"]
        if "BODY.PEEK[" in text:
            state[pid] = "fetched"
        elif re.match(r"pwrite64\(\d+<[^>]*inboxd\.db-wal>", text):
            state[pid] = "written"
        elif re.match(r"(fsync|fdatasync)\(\d+<[^>]*inboxd\.db-wal>", text):
            if state.get(pid) == "written":
                state[pid] = "synced" if re.search(r"\)\s+= 0", text) else "syncing"
        elif re.match(r"<\.\.\. (fsync|fdatasync) resumed>\)\s+= 0", text):
            if state.get(pid) == "syncing":
                state[pid] = "synced"
        elif " UID STORE " in text and text.startswith("sendto"):
            marks += 1
            good += state.get(pid) == "synced"
    return good, marks


def test_R1_the_check_of_the_marks_sees_what_is_missing() -> None:
    fetch = '7 sendto(9<socket:[1]>, "A UID FETCH 1 (BODY.PEEK[])\\r\\n", 27, 0, NULL, 0) = 27'
    write = '7 pwrite64(9</x/inboxd.db-wal>, "x", 4096, 0) = 4096'
    sync = "7 fdatasync(9</x/inboxd.db-wal>) = 0"
    mark = '7 sendto(9<socket:[1]>, "B UID STORE 1 +FLAGS.SILENT", 27, 0, NULL, 0) = 27'
    assert _check_marks([fetch, write, sync, mark]) == (1, 1)
    assert _check_marks([write, sync, fetch, mark]) == (0, 1)
    assert _check_marks([fetch, write, mark, sync]) == (0, 1)
    assert _check_marks([fetch, write, sync.replace("7 ", "8 "), mark]) == (0, 1)


def test_R1_the_check_of_the_calls_sees_what_is_missing() -> None:
    """The test above can fail: without the sync, or with the sync too late, nothing counts."""
    write = '7 pwrite64(9</x/inboxd.db-wal>, "x", 4096, 0) = 4096'
    sync = "7 fdatasync(9</x/inboxd.db-wal>) = 0"
    ok = '8 sendto(11<socket:[1]>, "250 2.0.0 OK: stored as 1\\r\\n", 27, 0, NULL, 0) = 27'
    begun = "7 fdatasync(9</x/inboxd.db-wal> <unfinished ...>"
    done = "7 <... fdatasync resumed>)              = 0"
    assert _check([write, sync, ok]) == 1
    assert _check([write, begun, done, ok]) == 1
    assert _check([write, ok, sync]) == 0
    assert _check([write, begun, ok, done]) == 0
    assert _check([sync, ok]) == 0
    assert _check([write, sync, ok, ok]) == 1
    assert _check([write, "7 fdatasync(9</x/inboxd.db>) = 0", ok]) == 0


def test_R1_every_connection_is_durable(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path), {})
    database = new_database(config)
    database.assert_durable()
    with database.write() as one, database.read() as two:
        for connection in (one, two):
            found = {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in PRAGMAS}
            assert found == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "busy_timeout": 10_000,
            }
    database.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "delete"), ("synchronous", 1), ("foreign_keys", 0), ("busy_timeout", 0)],
)
def test_R1_start_up_refuses_a_weaker_setting(tmp_path: Path, name: str, value: object) -> None:
    from inboxd.clock import SystemClock
    from inboxd.daemon import Daemon

    config = load_config(write_config(tmp_path), {})
    daemon = Daemon(config, SystemClock())
    wanted = dict(PRAGMAS)

    def weaken(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA {name}={value}")  # type: ignore[attr-defined]

    import sqlalchemy as sa

    sa.event.listen(daemon.database.engine, "connect", weaken)
    with pytest.raises(Permanent, match=f"refuses {name}={wanted[name]}"):
        daemon.start()


def test_R1_a_database_is_private(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path), {})
    database: Database = new_database(config)
    assert database.path.stat().st_mode & 0o777 == 0o600
    assert database.path.parent.stat().st_mode & 0o777 == 0o700
    database.close()
