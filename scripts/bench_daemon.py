"""What the daemon takes while it waits and under load, and how long commands take to start."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench_shop import Shop, shop_folder
from bench_wire import accept_rate

_IDLE = 5  # seconds
STARTS = 7


def bench_memory(mails: list[bytes]) -> dict[str, float]:
    """Resident memory of `inboxd serve`, idle and while ten sessions send it mails, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        config = shop_folder(Path(folder), **{"port: 0": f"port: {port}"})
        inboxd = [sys.executable, "-m", "inboxd", "--config", str(config)]
        # Makes the database: a daemon does so once in its life, and takes 10 MB more that time.
        subprocess.run([*inboxd, "list"], stdout=subprocess.DEVNULL, check=True)
        command = [*inboxd, "serve"]
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            time.sleep(_IDLE)
            idle, own = _resident(daemon.pid), _resident(daemon.pid, "RssAnon")
            peak = _Peak(daemon.pid)
            accept_rate(port, 10, mails)
            _wait_until_done(config.parent.parent / "var" / "inboxd.db", len(mails))
            under_load = peak.stop()
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(20)
    return {"idle_mb": idle, "idle_own_mb": own, "load_mb": under_load}


class _Peak:
    """The most that a process takes, looked at many times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._stopped = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(0.05):
            self._most = max(self._most, _resident(self._pid))

    def stop(self) -> float:
        self._stopped.set()
        self._thread.join()
        return self._most


def _resident(pid: int, what: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1000


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int) -> None:
    import socket

    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the daemon does not answer")


def _wait_until_done(database: Path, mails: int) -> None:
    import sqlite3

    connection = sqlite3.connect(database)
    query = (
        "SELECT (SELECT count(*) FROM journal WHERE state = 'applied'), "
        "(SELECT count(*) FROM outbox WHERE state <> 'sent')"
    )
    while connection.execute(query).fetchone() != (mails, 0):
        time.sleep(0.2)
    connection.close()


def bench_starts(mails: list[bytes]) -> dict[str, float]:
    """How long `inboxd --help` and `inboxd list` take, the median of some, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.take_in(mails[:200])
        shop.process()
        shop.close()
        config = str(Path(folder) / "config" / "inboxd.yaml")
        inboxd = str(Path(sys.executable).parent / "inboxd")
        commands = {"help": [inboxd, "--help"], "list": [inboxd, "--config", config, "list"]}
        figures = {}
        for name, command in commands.items():
            wall, used = [], []
            for _ in range(STARTS):
                before, begun = os.times(), time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                after = os.times()
                wall.append(time.perf_counter() - begun)
                used.append(after[2] + after[3] - before[2] - before[3])
            figures[f"{name}_s"] = sorted(wall)[STARTS // 2]
            figures[f"{name}_cpu_s"] = sorted(used)[STARTS // 2]
    return figures
