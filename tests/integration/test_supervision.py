"""What supervisors see of the daemon: sd_notify(3), its watchdog, and the health file."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from intake import CONFIG, new_database, write_config
from loopback import eventually
from runner import Runner

from inboxd.clock import SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.foreground import SignsOfLife
from inboxd.health import read_health, trouble_now

NO_IMAP = CONFIG.partition("  - name: fetched")[0] + "send: {maildir: sent}\n"


class Manager:
    """A service manager's end of the notify socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.heard: list[str] = []

    def hear(self) -> list[str]:
        """Return all lines heard so far."""
        while True:
            try:
                self.heard += self.socket.recv(65536).decode().split("\n")
            except BlockingIOError:
                return self.heard

    def has(self, start: str, count: int = 1) -> bool:
        return sum(line.startswith(start) for line in self.hear()) >= count


@pytest.fixture(params=["path", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Manager]:
    name = f"@inboxd-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "n")
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    manager = Manager(name)
    yield manager
    manager.socket.close()


def test_a_service_manager_hears_of_every_step(manager: Manager, tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, "listen: {smtp: {port: 0}}", NO_IMAP), {})
    file = config.data_dir / "health.json"
    runner = Runner(config.path, tmp_path / "log", lambda: manager.has("READY=1"))
    try:
        runner.start()
        assert manager.heard[0].startswith("STATUS=Checking")
        eventually(lambda: manager.has("WATCHDOG=1", 4), 10)
        assert any(line == "STATUS=running, 6 services" for line in manager.heard)
        found = read_health(file)
        assert (found.is_well, found.state, found.pid) == (True, "running", runner._pid)
        os.kill(runner._pid, signal.SIGHUP)
        eventually(lambda: manager.has("READY=1", 2), 10)
        reloading = manager.heard.index("RELOADING=1")
        assert manager.heard[reloading + 1].startswith("MONOTONIC_USEC="), "Type=notify-reload"
        assert "READY=1" in manager.heard[reloading:]
        assert runner.terminate() == 0
        assert manager.has("STOPPING=1")
        assert not file.exists()
    finally:
        runner.close()


@contextmanager
def serving(folder: Path) -> Iterator[Daemon]:
    config = load_config(write_config(folder, "listen: {smtp: {port: 0}}", NO_IMAP), {})
    new_database(config).close()
    daemon = Daemon(config, SystemClock())
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


def test_the_watchdog_starves_while_one_service_is_stuck(manager: Manager, tmp_path: Path) -> None:
    with serving(tmp_path) as daemon:
        signs = SignsOfLife(daemon)
        signs.show("READY=1")
        assert manager.has("WATCHDOG=1")
        stuck, entered, go = daemon.processor, threading.Event(), threading.Event()

        def hang() -> int:
            entered.set()
            go.wait(30)
            return 0

        assert stuck.pulse is not None
        stuck._work, stuck.pulse.patience = hang, 0.2
        stuck.wake()
        assert entered.wait(10)
        eventually(lambda: not daemon.health().is_well, 10)
        manager.hear()
        manager.heard.clear()
        signs.show()
        assert not manager.has("WATCHDOG=1")
        assert manager.has("STATUS=processor has not moved for")
        now = daemon.clock.now()
        assert "processor has not moved" in trouble_now(read_health(signs.path), now)
        go.set()
        eventually(lambda: daemon.health().is_well, 10)
        signs.show()
        assert manager.has("WATCHDOG=1")


def test_a_listener_whose_loop_is_stuck_is_noticed(tmp_path: Path) -> None:
    with serving(tmp_path) as daemon:
        (listener,) = daemon.listeners
        assert listener.pulse is not None
        go = threading.Event()
        daemon.health()
        eventually(lambda: listener.pulse is not None and listener.pulse._last is not None, 10)
        listener.pulse.patience = 0.2
        assert listener._loop is not None
        listener._loop.call_soon_threadsafe(lambda: go.wait(30) and None)
        eventually(lambda: not daemon.health().is_well, 10, "asking it does not help")
        go.set()
        eventually(lambda: daemon.health().is_well, 10)


def test_a_socket_that_nobody_reads_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    with serving(tmp_path) as daemon:
        signs = SignsOfLife(daemon)
        signs.show("READY=1")
        assert read_health(signs.path).is_well
