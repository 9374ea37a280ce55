"""Teams' queues: what waits there is handed out when somebody is free, the longest wait first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import cast

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.conversations.handing_out import Choice, Strategy
from inboxd.desk import ruling, shift_ends
from inboxd.desk.attendance import attendance
from inboxd.desk.case import send_notifications
from inboxd.desk.handing_out import Team, give, team_of
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.failpoints import reach
from inboxd.store import conversations, hand_outs, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.db import Database, is_database_fault
from inboxd.store.hand_outs import HandOutRecord
from inboxd.store.statements import Savepoint

_log = structlog.get_logger(__name__)
BATCH = 50


def work_queues(database: Database, shop: Shop, clock: Clock, *, limit: int = BATCH) -> int:
    """Take back what shifts that are over have left, and hand out what somebody is free for.

    At most `limit` conversations of either kind; returns how many. Raises `Transient` where the
    database cannot be used now.
    """
    with database.read() as connection:
        now = clock.now()
        left = shift_ends.anybody_left(connection, shop, now)
        if not left and next(_ready(connection, shop, now), None) is None:
            return 0
    with database.write() as connection:
        now = clock.now()
        done = shift_ends.take_back(connection, shop, now, limit, _guarded) if left else 0
        done += _hand_out(connection, shop, now, limit)
        reach("queues.worked")
    return done


def _hand_out(connection: sa.Connection, shop: Shop, now: datetime, limit: int) -> int:
    done = 0
    for way, team, conversation, choice in _ready(connection, shop, now):
        if done == limit:
            break
        work = partial(_give, connection, shop, now, way, team, conversation, choice)
        if _guarded(connection, shop, now, way.conversation, work):
            _log.info("handed_out", conversation=way.conversation, agent=choice.name)
        done += 1
    return done


def _ready(
    connection: sa.Connection, shop: Shop, now: datetime
) -> Iterator[tuple[HandOutRecord, Team, ConversationRecord, Choice]]:
    """Yield what waits and whom it can be given to; a giving counts for those that follow."""
    counts = hand_outs.counts(connection)
    if not counts:
        return
    there, loads = attendance(connection, shop.calendars, now), hand_outs.loads(connection)
    all_teams = (team_of(connection, shop, there, name, loads) for name in counts)
    teams = {each.name: each for each in all_teams if each.somebody_is_free()}
    waiting = hand_outs.waiting(connection, teams) if teams else []
    for start in range(0, len(waiting), BATCH):
        some = waiting[start : start + BATCH]
        found = conversations.get_many(connection, [way.conversation for way in some])
        for way in some:
            team, conversation = teams.get(way.team), found[way.conversation]
            if team is None or conversation.mailbox not in shop.desks:
                continue
            choice = team.pick(conversation, cast(Strategy, way.strategy), way.skill)
            if choice.name is None:
                continue
            yield way, team, conversation, choice
            if not team.somebody_is_free():  # any more, now that this one is given
                del teams[way.team]


def _give(
    connection: sa.Connection,
    shop: Shop,
    now: datetime,
    way: HandOutRecord,
    team: Team,
    conversation: ConversationRecord,
    choice: Choice,
) -> None:
    number = conversation.number
    cause = f"handout:{number}:{way.times}"
    unit = Unit(connection, shop, conversation, now=now, cause=cause, actor=way.actor)
    if choice.name is not None:
        reason = f"It has waited in the queue of team {team.name} and was handed out to you."
        unit.tell(choice.name, reason)
    unit.traces.append({"handed_out": f"{way.strategy} of team {team.name}: {choice}"})
    give(unit, team, choice)
    reach("queues.given")
    hand_outs.count(connection, number)
    last = messages.last_inbound(connection, number)
    ruling.follow(unit, last)
    send_notifications(unit, last)
    unit.finish()


def _guarded(
    connection: sa.Connection, shop: Shop, now: datetime, number: int, work: Callable[[], None]
) -> bool:
    """Do some work on a conversation; one that fails is left to people and holds up no other."""
    try:
        with Savepoint(connection):
            work()
    except Exception as error:
        if is_database_fault(error):
            raise  # not the conversation: it is tried again
        _log.error("queue.failed", conversation=number, error=type(error).__name__)
        hand_outs.leave_to_people(connection, number)
        alert(
            connection,
            shop,
            now,
            key=f"queue:{number}",
            title="A conversation could not be handed out",
            summary="It stays where it is, and nobody will be chosen for it any more.",
            details=(("conversation", f"#{number}"), ("error", type(error).__name__)),
            advice=f"inboxd explain {number}",
        )
        return False
    return True
