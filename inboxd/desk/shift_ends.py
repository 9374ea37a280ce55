"""When an agent leaves, unanswered conversations go back to the teams that ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.desk import actions, ruling
from inboxd.desk.attendance import Attendance, attendance
from inboxd.desk.case import send_notifications
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.store import conversations, hand_outs, messages, presence
from inboxd.store.presence import PresenceRecord

_USUAL = "least_loaded"  # where no rule has said how the team hands out
_Guard: TypeAlias = Callable[[sa.Connection, Shop, datetime, int, Callable[[], None]], bool]


@dataclass(frozen=True, slots=True)
class _Watched:
    """An agent, and the teams that ask something back: when a shift ends, when they are away."""

    agent: Agent
    at_end: tuple[str, ...]
    when_away: tuple[str, ...]

    def presence(self, there: Attendance) -> PresenceRecord:
        return PresenceRecord(there.on_shift(self.agent), self.agent.name in there.away)

    def gone(self, was: PresenceRecord, now: PresenceRecord) -> dict[str, str]:
        """Return the teams that get their conversations back, and why."""
        over = self.at_end if was.on_shift and not now.on_shift else ()
        away = self.when_away if now.away and not was.away else ()
        name = self.agent.name
        return {
            **dict.fromkeys(over, f"{name}'s shift is over"),
            **dict.fromkeys(away, f"{name} is away"),
        }


def anybody_left(connection: sa.Connection, shop: Shop, now: datetime) -> bool:
    """Return whether somebody has come or gone since that was last looked at."""
    watched = list(_watched(shop))
    if not watched:
        return False
    known, there = presence.known(connection), attendance(connection, shop.calendars, now)
    return any(known.get(each.agent.name) != each.presence(there) for each in watched)


def take_back(
    connection: sa.Connection, shop: Shop, now: datetime, limit: int, guard: _Guard
) -> int:
    """Let the unanswered conversations of those who have left go back; returns how many.

    At most `limit` of each agent's: then the rest follows when this is called again. Who is seen
    for the first time has not left.
    """
    known, there = presence.known(connection), attendance(connection, shop.calendars, now)
    done = 0
    for each in _watched(shop):
        name, is_now = each.agent.name, each.presence(there)
        was = known.get(name)
        if was == is_now:
            continue
        reasons = each.gone(was, is_now) if was is not None else {}
        left = hand_outs.unanswered(connection, name, list(reasons), limit) if reasons else []
        for number in left:
            work = partial(_requeue, connection, shop, now, number, reasons)
            guard(connection, shop, now, number, work)
        done += len(left)
        if len(left) < limit:
            presence.save(connection, name, is_now, now)
            # So that a rebuilding looks at the same moment.
            messages.add_trace(connection, now, None, f"presence:{name}", {"steps": []})
    return done


def _watched(shop: Shop) -> Iterator[_Watched]:
    options = shop.config.team_options
    for agent in shop.config.agents:
        mine = [(team, options[team]) for team in agent.teams if team in options]
        at_end = tuple(team for team, asked in mine if asked.requeue)
        when_away = tuple(team for team, asked in mine if asked.requeue_away)
        if at_end or when_away:
            yield _Watched(agent, at_end, when_away)


def _requeue(
    connection: sa.Connection,
    shop: Shop,
    now: datetime,
    number: int,
    reasons: dict[str, str],
) -> None:
    conversation = conversations.get(connection, number)
    if conversation is None or conversation.mailbox not in shop.desks:
        return
    team = conversation.team or ""
    way = hand_outs.of(connection, number)
    known = way is not None and way.team == team and way.strategy != hand_outs.BY_HAND
    by, skill = (way.strategy, way.skill) if way is not None and known else (_USUAL, None)
    actor = way.actor if way is not None and known else "inboxd"
    cause = f"requeue:{number}:{way.times if way is not None else 0}"
    unit = Unit(connection, shop, conversation, now=now, cause=cause, actor="inboxd")
    unit.traces.append({"handed_out": f"back to team {team}, for {reasons[team]}"})
    actions.assign(unit, None, team, why=f"back to the queue, for {reasons[team]}", tell=False)
    hand_outs.set_way(connection, number, team, by, skill, actor, now)
    last = messages.last_inbound(connection, number)
    ruling.follow(unit, last)
    send_notifications(unit, last)
    unit.finish()
