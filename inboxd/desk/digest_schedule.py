"""When a digest is due: an agent's local time of day, on the agent's days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from inboxd.config import Agent, Config
from inboxd.config.views import DigestTime

LATEST: Final = timedelta(hours=6)
"""How late a digest may be, where nobody could send it in time; then that day has none."""


@dataclass(frozen=True, slots=True)
class Due:
    """A digest that is to be sent, unless it was: `day` is the agent's local date."""

    agent: Agent
    day: date


def due(config: Config, now: datetime) -> tuple[Due, ...]:
    """Return the digests whose time has come, at most `LATEST` ago; `now` is aware."""
    return tuple(
        Due(agent, day)
        for agent in config.agents
        if agent.digest is not None
        for day in _days(agent.digest, config.zone(agent=agent), now)
    )


def _days(wanted: DigestTime, zone: ZoneInfo, now: datetime) -> Iterator[date]:
    """Yield the local dates whose digest is due; one of late evening may be yesterday's."""
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if (
            wanted.is_on(day.weekday())
            and timedelta(0) <= now - _moment(day, wanted, zone) <= LATEST
        ):
            yield day


def _moment(day: date, wanted: DigestTime, zone: ZoneInfo) -> datetime:
    # fold=0 is the first of two repeated times, and moves one that a clock change leaves out
    # behind the gap (RFC 5545 section 3.3.5).
    return datetime.combine(day, wanted.at, tzinfo=zone).astimezone(UTC)
