"""Who is at work, how much everybody has, and what waits to be handed out, for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.config import Config
from inboxd.desk.attendance import attendance
from inboxd.desk.calendars import Calendars
from inboxd.desk.views import moment
from inboxd.store import conversations, hand_outs
from inboxd.store.hand_outs import HandOutRecord


@dataclass(frozen=True, slots=True)
class Member:
    """An agent at one moment. `absent` says why they get nothing handed out now, or is empty.

    `back_at` is when an absence ends that the agent has announced, as far as they have said it.
    """

    name: str
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    open: int
    max_open: int | None
    absent: str
    back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody, and how many conversations wait in each team's queue to be handed out."""

    members: tuple[Member, ...]
    waiting: dict[str, int]

    def view(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "agents": [
                {
                    "name": each.name,
                    "teams": list(each.teams),
                    "skills": list(each.skills),
                    "open": each.open,
                    "max_open": each.max_open,
                    "absent": each.absent or None,
                    "back_at": moment(each.back_at),
                }
                for each in self.members
            ],
            "waiting": self.waiting,
        }


def roster(connection: sa.Connection, config: Config, now: datetime) -> Roster:
    """Return who is there at `now`, in the order of the configuration."""
    there, loads = attendance(connection, Calendars(config), now), hand_outs.loads(connection)
    members = []
    for agent in config.agents:
        away = there.away.get(agent.name)
        members.append(
            Member(
                agent.name,
                tuple(agent.teams),
                tuple(agent.skills),
                loads.get(agent.name, 0),
                agent.max_open,
                there.absence(agent).removeprefix("is "),
                away.until if away is not None else None,
            )
        )
    return Roster(tuple(members), dict(sorted(hand_outs.counts(connection).items())))


def queue_of(connection: sa.Connection, number: int) -> str:
    """Return in words how a conversation waits to be handed out, or "" where it does not."""
    about, way = conversations.get(connection, number), hand_outs.of(connection, number)
    if about is None or way is None or way.strategy == hand_outs.BY_HAND:
        return ""
    is_queued = about.state == "open" and about.assignee is None and about.team == way.team
    return _said(way) if is_queued else ""


def _said(way: HandOutRecord) -> str:
    skill = f", to who knows {way.skill}" if way.skill else ""
    return f"waits to be handed out in team {way.team}, by {way.strategy}{skill}"
