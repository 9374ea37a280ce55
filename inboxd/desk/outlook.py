"""What an admin wants to know of calendars and promises at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.calendars import Calendar
from inboxd.config import Config
from inboxd.desk.sla_words import day_and_time
from inboxd.desk.words import counted
from inboxd.store import sla

_FAR = 400  # days within which the next holiday lies, if there is one


def calendar_words(config: Config, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield each calendar's name, and whether it is open, until when, and its next holiday."""
    for name, options in config.calendars.items():
        calendar = options.calendar(config.zone())
        words = [_open(calendar, now), _next_holiday(calendar, now), str(calendar.zone)]
        yield name, "; ".join(filter(None, words))


def promise_words(connection: sa.Connection, now: datetime) -> tuple[str, int]:
    """Return how many promises run, and how many of them are overdue."""
    running, late = sla.counts(connection, now)
    words = "nothing is promised" if not running else f"{counted(running, 'promise')} to keep"
    return words + (f", {late} overdue" if late else ""), late


def _open(calendar: Calendar, now: datetime) -> str:
    since, until = next(calendar.windows(now), (None, None))
    if since is None or until is None:
        return "never open again"
    if since > now:
        return f"closed, opens {day_and_time(since, now, calendar.zone)}"
    return f"open until {day_and_time(until, now, calendar.zone)}"


def _next_holiday(calendar: Calendar, now: datetime) -> str:
    today = now.astimezone(calendar.zone).date()
    for n in range(_FAR):
        day = today + timedelta(days=n)
        name = calendar.holidays.name(day)
        if name is not None and calendar.hours.get(day.weekday()):
            return f"next holiday {day:%a %Y-%m-%d} ({name})"
    return ""
