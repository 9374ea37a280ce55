"""Fires the timers that are due: of rules that wait, snoozes, reminders and promises."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock, ManualClock
from inboxd.config import Agent
from inboxd.conversations.states import ConversationState, TimerState
from inboxd.counters import TIMERS
from inboxd.desk import actions, mailings, ruling, sla_timers
from inboxd.desk.case import send_notifications, tell_audience
from inboxd.desk.digest import send_due
from inboxd.desk.handing_out import waits
from inboxd.desk.queues import work_queues
from inboxd.desk.scheduling import run_due
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.failpoints import reach
from inboxd.store import conversations, messages, reminders, rule_schedules, timers
from inboxd.store.conversations import ConversationRecord
from inboxd.store.db import Database, is_database_fault
from inboxd.store.statements import Savepoint
from inboxd.store.timers import TimerRecord

_log = structlog.get_logger(__name__)
BATCH = 50
_MOST_PIECES = 20  # of the conversations that rules with schedules look at, in one tick
_QUARTER = timedelta(minutes=15)
_MOST_ROUNDS = 100_000  # in one stretch of time: rules may wind each other up


def tick(database: Database, shop: Shop, clock: Clock) -> tuple[int, int]:
    """Do what time alone brings about: the one list of it, for daemon, `work` and rebuilding.

    Returns how many timers were looked at, and how much else was done. Raises `Transient` where
    the database cannot be used now.
    """
    fired = fire_due(database, shop, clock)
    more = work_queues(database, shop, clock)
    for _ in range(_MOST_PIECES):  # each a transaction of its own, so that mail comes in between
        if not (looked := run_due(database, shop, clock)):
            break
        more += looked
    return fired, more + send_due(database, shop, clock)


def fire_due(database: Database, shop: Shop, clock: Clock, *, limit: int = BATCH) -> int:
    """Fire the timers that are due, at most `limit`, each once; returns how many were looked at.

    Raises `Transient` where the database cannot be used now.
    """
    with database.read() as connection:
        waiting = timers.due(connection, clock.now(), limit)
    if not waiting:
        return 0
    reach("timers.due")
    with database.write() as connection:
        for timer in timers.due(connection, clock.now(), limit):
            _fire(connection, shop, timer, clock.now())
            reach("timers.fired")
    reach("timers.committed")
    return len(waiting)


def fire_until(database: Database, shop: Shop, clock: ManualClock, moment: datetime) -> None:
    """Let the time pass on a clock that stands still, and everything happen at its own time.

    Where agents have working hours, queues are looked at every quarter of an hour as well.
    """
    shifts = bool(shop.config.calendars) or bool(shop.config.team_options)
    for _ in range(_MOST_ROUNDS):
        while run_due(database, shop, clock):
            pass
        due = _next_due(database)
        soon = clock.now() + _QUARTER if shifts else moment
        if (due is None or due > moment) and soon >= moment:
            break
        clock.advance(max(timedelta(), min(due or soon, soon, moment) - clock.now()))
        fire_due(database, shop, clock)
        work_queues(database, shop, clock)
    clock.advance(max(timedelta(), moment - clock.now()))
    work_queues(database, shop, clock)


def _next_due(database: Database) -> datetime | None:
    """Return when a timer, or a rule by its schedule, is due next."""
    with database.read() as connection:
        moments = (timers.next_due_at(connection), rule_schedules.next_due_at(connection))
    return min((each for each in moments if each is not None), default=None)


def _fire(connection: sa.Connection, shop: Shop, timer: TimerRecord, now: datetime) -> None:
    try:
        with Savepoint(connection):
            _act(connection, shop, timer, now)
    except Exception as error:  # one timer's fault must not keep the others from firing
        if is_database_fault(error):
            raise  # not the timer: it is tried again
        _set_aside(connection, shop, timer, error, now)
    else:
        TIMERS.add(timer.kind)
        _log.info("timer.fired", timer=timer.id, conversation=timer.conversation, kind=timer.kind)


def _act(connection: sa.Connection, shop: Shop, timer: TimerRecord, now: datetime) -> None:
    conversation = conversations.get(connection, timer.conversation)
    reminder = _reminder(connection, shop, timer)
    why = _what_is_gone(shop, timer, conversation, reminder)
    if conversation is None or why is not None:
        timers.finish(connection, timer, TimerState.CANCELLED, now, why)
        reach("timers.cancelled")
        return
    if not timers.finish(connection, timer, TimerState.FIRED, now):
        return  # one that fired before it, of those that were due together, has cancelled it
    reach("timers.marked")
    actor = f"rule {timer.rule}" if timer.kind in timers.OF_RULES else "inboxd"
    unit = Unit(connection, shop, conversation, now=now, cause=f"timer:{timer.id}", actor=actor)
    if timer.kind == timers.WAKE:
        _wake(unit)
    elif timer.kind == timers.SLA:
        sla_timers.fire(unit, timer.rule)
    elif reminder is not None:
        _remind(unit, *reminder)
    else:
        _let_rules_act(unit, timer)
    reach("timers.acted")
    unit.finish()


def _let_rules_act(unit: Unit, timer: TimerRecord) -> None:
    last = messages.last_inbound(unit.connection, unit.number)
    if timer.kind == timers.NAMED:
        unit.record("timer.fired", timer.rule)
        ruling.run_named_timer(unit, timer.rule, last)
    else:
        state, since = _waited(timer, unit.conversation)
        unit.record("timer.fired", f"{timer.rule}: {state} since {since:%Y-%m-%d %H:%M} UTC")
        ruling.run_timer(unit, timer.rule, state, last)
    send_notifications(unit, last)


def _waited(timer: TimerRecord, conversation: ConversationRecord) -> tuple[str, datetime]:
    """Return the state that a rule's timer has waited in, and since when."""
    if timer.kind == timers.UNASSIGNED:
        return timers.UNASSIGNED, timer.armed_at
    return conversation.state, conversation.state_since


def _wake(unit: Unit) -> None:
    if unit.conversation.state != ConversationState.SNOOZED.value:
        return
    actions.set_state(unit, ConversationState.OPEN, "the snooze is over")
    last = messages.last_inbound(unit.connection, unit.number)
    ruling.follow(unit, last)
    if not waits(unit):
        tell_audience(unit, "The snooze is over.")
    send_notifications(unit, last)


def _what_is_gone(
    shop: Shop,
    timer: TimerRecord,
    conversation: ConversationRecord | None,
    reminder: tuple[Agent, str] | None,
) -> str | None:
    """Return why a timer has nothing to do any more, or None."""
    if conversation is None or conversation.mailbox not in shop.desks:
        return "its mailbox is not configured any more"
    if timer.kind in timers.OF_RULES and timer.rule not in shop.rules.by_name:
        return "there is no such rule any more"
    if timer.kind == timers.NAMED and conversation.state == ConversationState.SPAM.value:
        return "its conversation is spam"
    if timer.kind == timers.REMIND and reminder is None:
        return "its agent is not configured any more"
    return None


def _reminder(
    connection: sa.Connection, shop: Shop, timer: TimerRecord
) -> tuple[Agent, str] | None:
    """Return whom a timer reminds, and of what; None where it reminds nobody."""
    if timer.kind != timers.REMIND:
        return None
    reminder = reminders.of_timer(connection, timer)
    agent = shop.config.agent(reminder.agent) if reminder is not None else None
    return None if reminder is None or agent is None else (agent, reminder.text)


def _remind(unit: Unit, agent: Agent, text: str) -> None:
    """Tell the agent who asked for it, and nobody else; the conversation stays as it is."""
    said = f"You asked to be reminded{f': {text}' if text else ' of this.'}"
    mailings.notify(unit, [(agent, said)], None)


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
