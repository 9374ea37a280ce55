"""How times and sizes read to people (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta

_STEPS = ((60, 60, "min"), (3600, 24, "h"), (86_400, 60, "days"))


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was, such as `3 h ago`."""
    seconds = (now - then).total_seconds()
    if seconds < 0:
        return "in " + _span(-seconds) if seconds < -60 else "just now"
    return "just now" if seconds < 60 else f"{_span(seconds)} ago"


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit, such as `3 h`."""
    return _span(length.total_seconds())


def _span(seconds: float) -> str:
    for unit, limit, name in _STEPS:
        amount = int(seconds // unit)
        if amount < limit or name == "days":
            return f"{amount} {name[:-1] if amount == 1 and name == 'days' else name}"
    return ""


def size(count: int) -> str:
    """Return a number of bytes as people read it, such as `120 kB`."""
    if count < 1000:
        return f"{count} bytes"
    unit, each = next(
        (unit, each)
        for unit, each in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9))
        if count < each * 1000 or unit == "GB"
    )
    amount = count / each
    return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """Return a number of things, such as `1 mail` or `3 mails`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
