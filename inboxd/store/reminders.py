"""Reminders: what an agent wants to be told, each with a timer that bears its id as the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.conversations.states import TimerState
from inboxd.store import timers
from inboxd.store.desk_tables import Reminder
from inboxd.store.tables import Timer, table_of

_REMINDER = table_of(Reminder)
_TIMER = table_of(Timer)
_WAITS = sa.and_(_TIMER.c.kind == timers.REMIND, sa.text("timer.state = 'waiting'"))


@dataclass(frozen=True, slots=True)
class ReminderRecord:
    """What an agent wants to be told of a conversation; `text` may be empty."""

    id: int
    conversation: int
    agent: str
    text: str


def add(
    connection: sa.Connection, conversation: int, agent: str, text: str, due: datetime, at: datetime
) -> int:
    """Keep a reminder and arm its timer for `due`; returns the reminder's id."""
    values = {"conversation": conversation, "agent": agent, "text": text}
    result = connection.execute(sa.insert(_REMINDER).values(values).returning(_REMINDER.c.id))
    number = int(result.scalar_one())
    timers.arm(connection, conversation, timers.REMIND, [(str(number), due)], at)
    return number


def of_timer(connection: sa.Connection, timer: timers.TimerRecord) -> ReminderRecord | None:
    """Return the reminder whose time a timer of the kind REMIND tells, or None if it is gone."""
    if not timer.rule.isdecimal():
        return None
    query = sa.select(_REMINDER).where(_REMINDER.c.id == int(timer.rule))
    row = connection.execute(query).first()
    return None if row is None else ReminderRecord(row.id, row.conversation, row.agent, row.text)


def move(connection: sa.Connection, gone: int, into: int) -> None:
    """Let the reminders of conversation `gone`, which was merged, be those of `into`."""
    connection.execute(
        sa.update(_REMINDER).where(_REMINDER.c.conversation == gone).values(conversation=into)
    )
    connection.execute(
        sa.update(_TIMER).where(_TIMER.c.conversation == gone, _WAITS).values(conversation=into)
    )


def withdraw(
    connection: sa.Connection, conversation: int, agent: str, asked_at: datetime, now: datetime
) -> int:
    """Cancel the reminders that `agent` asked for at `asked_at`; returns how many that were."""
    theirs = sa.select(sa.cast(_REMINDER.c.id, sa.String)).where(
        _REMINDER.c.conversation == conversation, _REMINDER.c.agent == agent
    )
    return connection.execute(
        sa.update(_TIMER)
        .where(
            _TIMER.c.conversation == conversation,
            _WAITS,
            _TIMER.c.armed_at == asked_at,
            _TIMER.c.rule.in_(theirs),
        )
        .values(state=TimerState.CANCELLED.value, finished_at=now)
    ).rowcount
