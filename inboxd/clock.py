"""The only reader of the time. Everything else is told what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring durations."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()


class OffsetClock:
    """The machine's clock moved by an offset, for the demo and for tests of timers."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the present plus the offset, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds; the offset does not touch durations."""
        return time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Move the clock on by `by`."""
        self.offset += by


class ManualClock:
    """A clock that stands still until it is moved, for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time last set, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds since the epoch of the time last set."""
        return self._now.timestamp()

    def advance(self, by: timedelta) -> None:
        """Move the clock on by `by`."""
        self._now += by
