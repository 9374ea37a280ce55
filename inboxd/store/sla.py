"""Promises to customers as rows; what they mean is in `conversations.sla`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.conversations.evidence import UNATTENDED
from inboxd.conversations.sla import Target
from inboxd.conversations.states import SlaState
from inboxd.store.desk_tables import SlaTarget
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Message, table_of

_TARGET = table_of(SlaTarget)
_MESSAGE = table_of(Message)
# A literal, for the partial index.
IS_ACTIVE = sa.text("sla_target.state IN ('running', 'paused')")

_COLUMNS = (
    "kind",
    "policy",
    "state",
    "started_at",
    "due_at",
    "warn_at",
    "pauses",
    "warned_at",
    "breached_at",
    "ended_at",
)
_ADD = Statement(sa.insert(_TARGET), ["conversation", *_COLUMNS])
_SAVE = Statement(
    sa.update(_TARGET)
    .where(_TARGET.c.id == sa.bindparam("which"))
    .values({name: sa.bindparam(f"new_{name}") for name in _COLUMNS})
)
_ACTIVE = Statement(
    sa.select(_TARGET)
    .where(_TARGET.c.conversation == sa.bindparam("number"), IS_ACTIVE)
    .order_by(_TARGET.c.id)
)
_OF_MANY = Statement(
    sa.select(_TARGET)
    .where(each_of(_TARGET.c.conversation, "numbers"))
    .order_by(_TARGET.c.conversation, _TARGET.c.id)
)
_DUES = Statement(
    sa.select(
        _TARGET.c.conversation,
        sa.type_coerce(sa.func.min(_TARGET.c.due_at), _TARGET.c.due_at.type).label("due_at"),
    )
    .where(each_of(_TARGET.c.conversation, "numbers"), IS_ACTIVE)
    .group_by(_TARGET.c.conversation)
)
_ENDED = Statement(
    sa.select(_TARGET).where(
        _TARGET.c.conversation == sa.bindparam("number"),
        _TARGET.c.state == SlaState.MET.value,
        _TARGET.c.ended_at == sa.bindparam("at"),
    )
)
_ANSWERED = Statement(
    sa.select(sa.func.max(_MESSAGE.c.id)).where(
        _MESSAGE.c.conversation == sa.bindparam("number"),
        _MESSAGE.c.direction == "outbound",
        _MESSAGE.c.kind == "agent",
    )
)
_WAITING = Statement(
    sa.select(sa.type_coerce(sa.func.min(_MESSAGE.c.created_at), _MESSAGE.c.created_at.type)).where(
        _MESSAGE.c.conversation == sa.bindparam("number"),
        _MESSAGE.c.direction == "inbound",
        *(_MESSAGE.c.kind != each.value for each in sorted(UNATTENDED)),
        _MESSAGE.c.id > sa.bindparam("answer"),
    )
)

_MOVE = Statement(
    sa.update(_TARGET)
    .where(_TARGET.c.id == sa.bindparam("which"))
    .values(conversation=sa.bindparam("into"))
)
_DROP = Statement(
    sa.update(_TARGET)
    .where(_TARGET.c.id == sa.bindparam("which"))
    .values(state=SlaState.DROPPED.value, ended_at=sa.bindparam("at"))
)


def active(connection: sa.Connection, number: int) -> tuple[Target, ...]:
    """Return the promises of a conversation that are still to be kept."""
    return tuple(_target(row) for row in _ACTIVE.all(connection, {"number": number}))


def ended_at(connection: sa.Connection, number: int, at: datetime) -> tuple[Target, ...]:
    """Return the promises of a conversation that were kept at the moment `at`."""
    rows = _ENDED.all(connection, {"number": number, "at": at})
    return tuple(_target(row) for row in rows)


def of_many(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, tuple[Target, ...]]:
    """Return all promises of each conversation, oldest first, ended ones among them."""
    found: dict[int, list[Target]] = {number: [] for number in numbers}
    if numbers:
        for row in _OF_MANY.each(connection, {"numbers": json.dumps(list(numbers))}):
            found[row.conversation].append(_target(row))
    return {number: tuple(each) for number, each in found.items()}


def dues(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, datetime]:
    """Return when the first running promise of each conversation is due, if it has one."""
    rows = _DUES.all(connection, {"numbers": json.dumps(list(numbers))}) if numbers else []
    return {row.conversation: row.due_at for row in rows if row.due_at is not None}


def counts(connection: sa.Connection, now: datetime) -> tuple[int, int]:
    """Return how many promises run or stand still, and how many of them are overdue."""
    late = sa.func.count().filter(_TARGET.c.due_at <= now)
    row = connection.execute(sa.select(sa.func.count(), late).where(IS_ACTIVE)).one()
    return row[0], row[1]


def save(connection: sa.Connection, number: int, targets: Iterable[Target]) -> None:
    """Write promises of a conversation: new ones, which have no id, and changed ones.

    The changed ones go first, so that one that has ended makes place for its successor.
    """
    targets = list(targets)
    for each in targets:
        if each.id:
            values = {f"new_{name}": value for name, value in _values(each).items()}
            _SAVE.run(connection, {"which": each.id, **values})
    new = [{"conversation": number, **_values(each)} for each in targets if not each.id]
    _ADD.run_many(connection, new)


def answered(connection: sa.Connection, number: int) -> bool:
    """Return whether a person of the shop's has ever answered in a conversation."""
    return _ANSWERED.scalar(connection, {"number": number}) is not None


def waiting_since(connection: sa.Connection, number: int) -> datetime | None:
    """Return when the customer wrote for the first time since our last answer; None: never."""
    answer = _ANSWERED.scalar(connection, {"number": number}) or 0
    found: datetime | None = _WAITING.scalar(connection, {"number": number, "answer": answer})
    return found


def move(connection: sa.Connection, gone: int, into: int, at: datetime) -> int:
    """Let the promises of conversation `gone`, which was merged, be kept in `into`.

    Of two of the same kind the older one goes on, for the customer has waited since then. Returns
    how many there were.
    """
    mine = {each.kind: each for each in active(connection, into)}
    theirs = active(connection, gone)
    for each in theirs:
        other = mine.get(each.kind)
        if other is None or each.started_at < other.started_at:
            if other is not None:
                _DROP.run(connection, {"which": other.id, "at": at})
            _MOVE.run(connection, {"which": each.id, "into": into})
        else:
            _DROP.run(connection, {"which": each.id, "at": at})
    return len(theirs)


def _values(target: Target) -> dict[str, Any]:
    values = {name: getattr(target, name) for name in _COLUMNS}
    values["pauses"] = [
        [since.isoformat(), until.isoformat() if until else None] for since, until in target.pauses
    ]
    values["state"] = target.state.value
    return values


def _target(row: Any) -> Target:
    pauses = tuple(
        (datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
        for since, until in row.pauses
    )
    return Target(
        kind=row.kind,
        policy=row.policy,
        started_at=row.started_at,
        due_at=row.due_at,
        warn_at=row.warn_at,
        pauses=pauses,
        warned_at=row.warned_at,
        breached_at=row.breached_at,
        state=SlaState(row.state),
        ended_at=row.ended_at,
        id=row.id,
    )
