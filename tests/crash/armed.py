"""Daemons whose failpoints are armed, started and looked after from a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from runner import environment

from inboxd.failpoints import RECORD, VARIABLE


class Armed:
    """One shop's daemon: `start` it with a plan, see how it ends. `passed` counts its points."""

    def __init__(self, runner: ArmedRunner, config: Path, now: str) -> None:
        self._runner, self._config, self._now = runner, config, now
        self._trail = config.parent / "trail"
        self._pid = 0
        self._code: int | None = None

    def start(self, plan: str = RECORD) -> None:
        """Start it, and do not wait until it is up."""
        order = {"config": str(self._config), "plan": plan, "now": self._now}
        self._code = None
        self._pid = int(self._runner.tell({**order, "trail": str(self._trail)}))

    def ended(self) -> int | None:
        """Return its exit code once it has ended."""
        if self._code is None:
            code = self._runner.tell({"look": self._pid})
            self._code = None if code == "-" else int(code)
        return self._code

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.ended() is None:  # not reaped: the id is its own
            os.kill(self._pid, number)

    def kill(self) -> None:
        """End it without a word, where it still runs."""
        self.signal(signal.SIGKILL)
        while self.ended() is None:
            time.sleep(0.001)

    @property
    def passed(self) -> Counter[str]:
        """How often each point was passed, by every daemon of this shop."""
        return Counter(self._trail.read_text().split()) if self._trail.exists() else Counter()


class ArmedRunner:
    """The process that forks daemons; it has loaded everything before."""

    def __init__(self, log: Path) -> None:
        self.log = log
        script = Path(__file__).with_name("armed_runner.py")
        with log.open("ab") as words:
            self._process = subprocess.Popen(
                [sys.executable, str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
                bufsize=1,
                env={**environment(), VARIABLE: RECORD},
            )

    def tell(self, order: dict[str, object]) -> str:
        """Give an order and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the runner ended: {self.log.read_text()[-3000:]}"
        return answer.strip()

    def close(self) -> None:
        """End the runner."""
        self._process.kill()
        self._process.wait(20)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
