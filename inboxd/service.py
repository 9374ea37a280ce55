"""A thread that does one job for as long as the daemon runs, whatever befalls it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from inboxd.errors import Transient
from inboxd.health import Pulse

_log = structlog.get_logger(__name__)
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0


class Worker:
    """Calls `work` whenever it is woken or `pause` has gone by, until it is stopped.

    `work` returns how much it has done; as long as that is anything, it is called again at once.
    An exception is logged, and the work tried again after a pause that grows to half a minute.
    """

    def __init__(
        self, name: str, work: Callable[[], int], pause: timedelta, pulse: Pulse | None = None
    ) -> None:
        self.name = name
        self.pulse = pulse
        self._work = work
        self._pause = pause.total_seconds()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.failures = 0

    def start(self) -> None:
        """Start the thread, or start it anew where it has died."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have the work looked at now, from any thread."""
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """Finish what is under way and stop; returns whether that took at most `timeout`."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.alive

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            if self._stop.is_set():  # set just before `clear` took its wake-up away
                return
            pause = self._pause
            try:
                self._beat()
                while not self._stop.is_set() and self._work():
                    self.failures = 0
                    self._beat()
                self.failures = 0
            except Exception as error:  # the thread must outlive anything that one call meets
                self.failures += 1
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self.failures - 1, 10))
                words = str(error) if isinstance(error, Transient) else ""
                _log.error(
                    "worker.failed",
                    worker=self.name,
                    error=type(error).__name__,
                    reason=words[:200],
                )
                self._beat()
                self._stop.wait(pause)
                continue
            self._beat()
            self._wake.wait(pause)

    def _beat(self) -> None:
        if self.pulse is not None:
            self.pulse.beat()
