"""Timers: durable rows that fire once unless they are cancelled first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from inboxd.conversations.states import TimerState
from inboxd.store.statements import Statement
from inboxd.store.tables import Timer, table_of

_TIMER = table_of(Timer)
MAX_ATTEMPTS = 3

_ARM = Statement(
    sa.insert(_TIMER),
    ["conversation", "kind", "rule", "due_at", "armed_at", "state", "attempts"],
)
_IS_WAITING = sa.text("timer.state = 'waiting'")  # a literal, for the partial indexes
_CANCEL = Statement(
    sa.update(_TIMER)
    .where(
        _TIMER.c.conversation == sa.bindparam("number"),
        _IS_WAITING,
        _TIMER.c.kind == sa.bindparam("which"),
    )
    .values(state=TimerState.CANCELLED.value, finished_at=sa.bindparam("at"))
)
_CANCEL_ONE = Statement(
    sa.update(_TIMER)
    .where(
        _TIMER.c.conversation == sa.bindparam("number"),
        _IS_WAITING,
        _TIMER.c.kind == sa.bindparam("which"),
        _TIMER.c.rule == sa.bindparam("name"),
    )
    .values(state=TimerState.CANCELLED.value, finished_at=sa.bindparam("at"))
)
_DUE = Statement(
    sa.select(_TIMER)
    .where(_IS_WAITING, _TIMER.c.due_at <= sa.bindparam("now"))
    .order_by(_TIMER.c.due_at, _TIMER.c.id)
    .limit(sa.bindparam("limit"))
)
_FINISH = Statement(
    sa.update(_TIMER)
    .where(_TIMER.c.id == sa.bindparam("which"), _IS_WAITING)
    .values(state=sa.bindparam("became"), finished_at=sa.bindparam("at"), error=sa.bindparam("why"))
)

RULE = "rule"
UNASSIGNED = "unassigned"
OF_RULES = (RULE, UNASSIGNED)  # their `for`
NAMED = "named"
WAKE = "wake"
REMIND = "remind"
SLA = "sla"


@dataclass(frozen=True, slots=True)
class TimerRecord:
    """A timer that is armed.

    `kind` is `rule` (a rule's `for` in a conversation's state), `unassigned` (a rule's `for` while
    nobody has the conversation), `named` (a rule's `timer`, with its name in the place of the
    rule's), `wake` (the end of a snooze), `remind`, with the reminder's id there, or `sla`, with a
    promise's kind and `warning` or `breached` there.
    """

    id: int
    conversation: int
    kind: str
    rule: str
    due_at: datetime
    armed_at: datetime
    attempts: int


def arm(
    connection: sa.Connection,
    conversation: int,
    kind: str,
    timers: Sequence[tuple[str, datetime]],
    now: datetime,
) -> None:
    """Arm `(rule, due time)` timers; the caller has cancelled what stood before."""
    if timers:
        _ARM.run_many(
            connection,
            [
                {
                    "conversation": conversation,
                    "kind": kind,
                    "rule": rule,
                    "due_at": due_at,
                    "armed_at": now,
                    "state": TimerState.WAITING.value,
                    "attempts": 0,
                }
                for rule, due_at in timers
            ],
        )


def cancel(connection: sa.Connection, conversation: int, kind: str, now: datetime) -> int:
    """Cancel a conversation's armed timers of one kind; returns how many."""
    values = {"number": conversation, "which": kind, "at": now}
    return _CANCEL.run(connection, values).rowcount


def retire(
    connection: sa.Connection, known: Collection[str], now: datetime, why: str
) -> list[TimerRecord]:
    """Cancel the armed timers of all rules but the `known` ones, and return them."""
    rules = sa.select(_TIMER.c.rule).where(_IS_WAITING, _TIMER.c.kind.in_(OF_RULES)).distinct()
    gone = [row.rule for row in connection.execute(rules) if row.rule not in known]
    cancelled: list[TimerRecord] = []
    for rule in gone:
        theirs = (_IS_WAITING, _TIMER.c.kind.in_(OF_RULES), _TIMER.c.rule == rule)
        cancelled += map(_record, connection.execute(sa.select(_TIMER).where(*theirs)))
        values = {"state": TimerState.CANCELLED.value, "finished_at": now, "error": why[:500]}
        connection.execute(sa.update(_TIMER).where(*theirs).values(**values))
    return cancelled


def cancel_one(
    connection: sa.Connection, conversation: int, kind: str, name: str, now: datetime
) -> bool:
    """Cancel a conversation's armed timer of one kind and name; returns whether there was one."""
    values = {"number": conversation, "which": kind, "name": name, "at": now}
    return bool(_CANCEL_ONE.run(connection, values).rowcount)


def move(connection: sa.Connection, kind: str, gone: int, into: int, now: datetime) -> None:
    """Let conversation `into` have the armed timers of `gone`, but for names that it has itself."""
    theirs = sa.select(_TIMER.c.rule).where(
        _TIMER.c.conversation == into, _TIMER.c.kind == kind, _IS_WAITING
    )
    connection.execute(
        sa.update(_TIMER)
        .where(
            _TIMER.c.conversation == gone,
            _TIMER.c.kind == kind,
            _IS_WAITING,
            _TIMER.c.rule.not_in(theirs),
        )
        .values(conversation=into)
    )
    cancel(connection, gone, kind, now)


def due(connection: sa.Connection, now: datetime, limit: int) -> list[TimerRecord]:
    """Return the timers that are due, oldest first."""
    return [_record(row) for row in _DUE.all(connection, {"now": now, "limit": limit})]


def finish(
    connection: sa.Connection,
    timer: TimerRecord,
    state: TimerState,
    at: datetime,
    why: str | None = None,
) -> bool:
    """End a timer; returns False where it was ended by somebody else."""
    values = {"which": timer.id, "became": state.value, "at": at, "why": why}
    return bool(_FINISH.run(connection, values).rowcount)


def record_failure(connection: sa.Connection, timer: TimerRecord, now: datetime, why: str) -> bool:
    """Count a failed attempt and try later; returns True where it was the last one."""
    attempts = timer.attempts + 1
    over = attempts >= MAX_ATTEMPTS
    values: dict[str, object] = {"attempts": attempts, "error": why[:500]}
    if over:
        values |= {"state": TimerState.FAILED.value, "finished_at": now}
    else:
        values |= {"due_at": now + timedelta(minutes=attempts)}
    connection.execute(sa.update(_TIMER).where(_TIMER.c.id == timer.id).values(**values))
    return over


def armed(connection: sa.Connection, conversation: int) -> list[TimerRecord]:
    """Return a conversation's armed timers, soonest first."""
    query = (
        sa.select(_TIMER)
        .where(_TIMER.c.conversation == conversation, _IS_WAITING)
        .order_by(_TIMER.c.due_at)
    )
    return [_record(row) for row in connection.execute(query)]


def listing(connection: sa.Connection, conversation: int) -> list[TimerRecord]:
    """Return all timers that a conversation has or had, oldest first."""
    query = sa.select(_TIMER).where(_TIMER.c.conversation == conversation).order_by(_TIMER.c.id)
    return [_record(row) for row in connection.execute(query)]


def next_due_at(connection: sa.Connection) -> datetime | None:
    """Return when the next timer is due, or None where none is armed."""
    query = sa.select(sa.func.min(_TIMER.c.due_at)).where(_IS_WAITING)
    return connection.execute(query).scalar()


def _record(row: Any) -> TimerRecord:
    return TimerRecord(
        row.id, row.conversation, row.kind, row.rule, row.due_at, row.armed_at, row.attempts
    )
