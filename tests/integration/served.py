"""An inboxd in a process of its own, which tests kill and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loopback import eventually, listens

if TYPE_CHECKING:
    from shop import Shop


class Served:
    """A daemon in a process of its own, which can be killed at any instruction."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.kills = 0
        self._config = shop.write()
        self._log = shop.folder / "inboxd.log"
        self._pid = 0
        self._runner: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._pid = self._launch()
        eventually(self._is_up, 60, "inboxd listens")

    def _launch(self) -> int:
        if self._runner is None:
            script = Path(__file__).with_name("serve_runner.py")
            with self._log.open("ab") as log:
                self._runner = subprocess.Popen(
                    [sys.executable, str(script), str(self._config)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    bufsize=1,
                    env=environment(),
                )
        return int(self._tell("start"))

    def _tell(self, command: str) -> str:
        assert self._runner is not None
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.write(f"{command}\n")
        self._runner.stdin.flush()
        answer = self._runner.stdout.readline()
        assert answer, f"the runner ended: {self._log.read_text()[-3000:]}"
        return answer.strip()

    def _is_up(self) -> bool:
        state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0]
        assert state != "Z", f"inboxd ended: {self._log.read_text()[-3000:]}"
        return listens(self.shop.lmtp_port)

    def kill(self) -> None:
        """End the daemon without a word (SIGKILL)."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)  # not reaped yet: the id is still its own
            self._pid = 0
            assert self._tell("wait") == str(-signal.SIGKILL)
            self.kills += 1

    def kill_and_restart(self) -> None:
        """Kill it, start it again, and have Postfix try again what it could not deliver."""
        self.kill()
        self.start()
        self.shop.postfix.flush()

    def terminate(self) -> int:
        """Stop it as a service manager does, and return its exit code."""
        os.kill(self._pid, signal.SIGTERM)
        self._pid = 0
        return int(self._tell("wait"))

    def close(self) -> None:
        """End the daemon, and the runner that starts it."""
        try:
            self.kill()
        finally:
            if self._runner is not None:
                self._runner.kill()
                self._runner.wait(20)
                for stream in (self._runner.stdin, self._runner.stdout):
                    if stream is not None:
                        stream.close()


def environment() -> dict[str, str]:
    """Return this process's environment without what would change how inboxd works."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("INBOXD_", "PYTEST", "COV"))
    }
