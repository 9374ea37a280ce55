"""Who is at work: by what agents say of themselves (`#away`), and by their working hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from inboxd.calendars import Calendar
from inboxd.config import Agent
from inboxd.desk.calendars import Calendars
from inboxd.store import absences
from inboxd.store.absences import AbsenceRecord

LONGEST_BREAK: Final = timedelta(hours=3)
"""How long a gap in the working hours may be that does not end a shift: lunch is no end of work."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who is there at one moment."""

    calendars: Calendars
    now: datetime
    away: Mapping[str, AbsenceRecord]

    def absence(self, agent: Agent) -> str:
        """Return why an agent gets no work now, in words that follow the name, or ""."""
        if agent.name in self.away:
            return "is away"
        hours = self.calendars.working_hours(agent)
        return "" if hours is None or hours.is_open(self.now) else "is not at work"

    def on_shift(self, agent: Agent) -> bool:
        """Return whether the agent's working day is under way; a break does not end it."""
        hours = self.calendars.working_hours(agent)
        return hours is None or is_on_shift(hours, self.now)


def attendance(connection: sa.Connection, calendars: Calendars, now: datetime) -> Attendance:
    """Return who is there at `now`."""
    return Attendance(calendars, now, absences.current(connection, now))


def is_on_shift(hours: Calendar, now: datetime) -> bool:
    """Return whether `now` (aware) lies in a shift: within `hours`, or in a break between them."""
    if hours.is_open(now):
        return True
    closed = None
    for since, until in hours.windows(now - LONGEST_BREAK):
        if since > now:
            return closed is not None and since - closed <= LONGEST_BREAK
        closed = until
    return False
