"""Ports, folders, processes and waiting, for servers that live as long as a test run."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

HOST = "127.0.0.1"
T = TypeVar("T")
_given_ports: set[int] = set()


def free_port() -> int:
    """Return a free loopback port below the ephemeral range, never the same one twice.

    Below it, because a server that is stopped and started again must find its port free, and
    the kernel gives ephemeral ports to outgoing connections meanwhile.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def eventually(probe: Callable[[], T], timeout: float = 10.0, what: str = "condition") -> T:
    """Call `probe` until it returns something true, and return that."""
    deadline = time.monotonic() + timeout
    while True:
        if found := probe():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def traversable_folder(prefix: str) -> Path:
    """Make a temporary folder with a short path that other users may enter.

    Servers drop root and must still traverse it; unix sockets' paths end at 107 bytes. pytest's
    own tmp_path is neither short nor open.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"inboxd-{prefix}-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


class Foreground:
    """A server that runs in the foreground in a session of its own, stopped by its process id."""

    def __init__(self, command: Sequence[str], ports: Sequence[int], log: Path) -> None:
        self._command = list(command)
        self._ports = list(ports)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running master."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until every port accepts connections."""
        assert self._process is None, "runs already"
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            eventually(self._is_up, 30, f"{self._command[0]} up")
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self._log.read_text(errors='replace')}") from None

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"{self._command[0]} ended with {self._process.returncode}")
        return all(listens(port) for port in self._ports)

    def stop(self) -> None:
        """End the master and what it started; return when the ports are closed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):  # Dovecot may take 6 s over it
            process.wait(1.5)
        with contextlib.suppress(ProcessLookupError):  # its own session: no process of others
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        eventually(lambda: not any(map(listens, self._ports)), 10, "ports closed")


def remove(folder: Path) -> None:
    """Delete a stopped server's folder; children may still be letting go of their files."""

    def gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    eventually(gone, 10, f"{folder} deleted")
