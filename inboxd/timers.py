"""Fires the timers that are due: rules that waited for a state to last, and the ends of snoozes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.conversations.states import ConversationState, TimerState
from inboxd.desk import actions, ruling
from inboxd.desk.case import send_notifications, tell_audience
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.store import conversations, messages, timers
from inboxd.store.db import Database, is_database_fault
from inboxd.store.statements import Savepoint
from inboxd.store.timers import TimerRecord

_log = structlog.get_logger(__name__)
BATCH = 50


def fire_due(database: Database, shop: Shop, clock: Clock, *, limit: int = BATCH) -> int:
    """Fire the timers that are due, at most `limit`, each once; returns how many were looked at.

    Raises `Transient` where the database cannot be used now.
    """
    with database.read() as connection:
        waiting = timers.due(connection, clock.now(), limit)
    if not waiting:
        return 0
    with database.write() as connection:
        for timer in timers.due(connection, clock.now(), limit):
            _fire(connection, shop, timer, clock.now())
    return len(waiting)


def _fire(connection: sa.Connection, shop: Shop, timer: TimerRecord, now: datetime) -> None:
    try:
        with Savepoint(connection):
            _act(connection, shop, timer, now)
    except Exception as error:  # one timer's fault must not keep the others from firing
        if is_database_fault(error):
            raise  # not the timer: it is tried again
        _set_aside(connection, shop, timer, error, now)
    else:
        _log.info("timer.fired", timer=timer.id, conversation=timer.conversation, kind=timer.kind)


def _act(connection: sa.Connection, shop: Shop, timer: TimerRecord, now: datetime) -> None:
    conversation = conversations.get(connection, timer.conversation)
    if conversation is None or conversation.mailbox not in shop.desks:
        why = "its mailbox is not configured any more"
        timers.finish(connection, timer, TimerState.CANCELLED, now, why)
        return
    if timer.kind == timers.RULE and timer.rule not in shop.rules.by_name:
        timers.finish(
            connection, timer, TimerState.CANCELLED, now, "there is no such rule any more"
        )
        return
    timers.finish(connection, timer, TimerState.FIRED, now)
    actor = f"rule {timer.rule}" if timer.kind == timers.RULE else "inboxd"
    unit = Unit(connection, shop, conversation, now=now, cause=f"timer:{timer.id}", actor=actor)
    if timer.kind == timers.WAKE:
        _wake(unit)
    else:
        last = messages.last_inbound(connection, timer.conversation)
        unit.record(
            "timer.fired",
            f"{timer.rule}: {conversation.state} since "
            f"{conversation.state_since:%Y-%m-%d %H:%M} UTC",
        )
        ruling.run_timer(unit, timer.rule, ruling.message_facts(last), last)
        send_notifications(unit, last)
    unit.finish()


def _wake(unit: Unit) -> None:
    if unit.conversation.state != ConversationState.SNOOZED.value:
        return
    before = unit.conversation.state
    actions.set_state(unit, ConversationState.OPEN, "the snooze is over")
    last = messages.last_inbound(unit.connection, unit.number)
    ruling.follow_state(unit, before, ruling.message_facts(last), last)
    tell_audience(unit, "The snooze is over.")
    send_notifications(unit, last)


def _set_aside(
    connection: sa.Connection, shop: Shop, timer: TimerRecord, error: Exception, now: datetime
) -> None:
    over = timers.record_failure(connection, timer, now, type(error).__name__)
    _log.error("timer.failed", timer=timer.id, error=type(error).__name__, given_up=over)
    if over:
        alert(
            connection,
            shop,
            now,
            key=f"timer:{timer.id}",
            title="A timer could not do its work",
            summary="It failed three times and will not be tried again.",
            details=(
                ("conversation", f"#{timer.conversation}"),
                ("rule", timer.rule or timer.kind),
                ("error", type(error).__name__),
            ),
            advice=f"inboxd explain {timer.conversation}",
        )
