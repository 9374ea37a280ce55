"""A daemon that is started, killed and started again, a new process each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from loopback import eventually


class Runner:
    """Serves the shop of `config`; `is_up` says when it has come up. Its words go to `log`."""

    def __init__(self, config: Path, log: Path, is_up: Callable[[], bool]) -> None:
        self._is_listening, self._log, self._pid = is_up, log, 0
        script = Path(__file__).with_name("serve_runner.py")
        with log.open("ab") as words:
            self._runner = subprocess.Popen(
                [sys.executable, str(script), str(config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
                bufsize=1,
                env=environment(),
            )

    def start(self) -> None:
        """Start, and wait until it is up."""
        self._pid = int(self._tell("start"))
        eventually(self._is_up, 60, "inboxd listens")

    def kill(self) -> bool:
        """End the daemon without a word (SIGKILL); False where none runs."""
        if not self._pid:
            return False
        os.kill(self._pid, signal.SIGKILL)  # not reaped yet: the id is still its own
        self._pid = 0
        assert self._tell("wait") == str(-signal.SIGKILL)
        return True

    def terminate(self) -> int:
        """Stop it as a service manager does, and return its exit code."""
        os.kill(self._pid, signal.SIGTERM)
        self._pid = 0
        return int(self._tell("wait"))

    def close(self) -> None:
        """End the daemon, and the process that starts it."""
        try:
            self.kill()
        finally:
            self._runner.kill()
            self._runner.wait(20)
            for stream in (self._runner.stdin, self._runner.stdout):
                if stream is not None:
                    stream.close()

    def _tell(self, command: str) -> str:
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
        return self._is_listening()


def environment() -> dict[str, str]:
    """Return this process's environment without what would change how inboxd works."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("INBOXD_", "PYTEST", "COV"))
    }
