"""Undo steps: how a conversation was before an agent's mail, for as long as that can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from inboxd.store import timers
from inboxd.store.desk_tables import UndoStep
from inboxd.store.tables import Message, Party, Timer, table_of

_STEP = table_of(UndoStep)
_TIMER = table_of(Timer)
_MESSAGE = table_of(Message)
_PARTY = table_of(Party)

WITHDRAWN = "withdrawn"  # the kind of note that an answer becomes which was never sent
_KEPT = timedelta(days=7)  # longer than an answer waits in the outbox for a server that is away


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What one mail of an agent's did to a conversation.

    `cause` is the mail's effect key; `until` is when it can no longer be undone. `before` holds
    plain values: what the conversation was and became, as the desk wants them.
    """

    id: int
    conversation: int
    agent: str
    cause: str
    at: datetime
    until: datetime
    before: Mapping[str, Any] = field(hash=False)


def add(
    connection: sa.Connection,
    *,
    conversation: int,
    agent: str,
    cause: str,
    at: datetime,
    until: datetime,
    before: Mapping[str, Any],
) -> None:
    """Remember a step; those that nobody can undo any more are forgotten at this occasion."""
    connection.execute(sa.delete(_STEP).where(_STEP.c.until < at - _KEPT))
    connection.execute(
        sa.insert(_STEP).values(
            conversation=conversation,
            agent=agent,
            cause=cause,
            at=at,
            until=until,
            before=dict(before),
        )
    )


def newest(connection: sa.Connection, conversation: int, agent: str) -> StepRecord | None:
    """Return the agent's last step in a conversation that was not undone, however old, or None."""
    query = (
        sa.select(_STEP)
        .where(_STEP.c.conversation == conversation, _STEP.c.agent == agent)
        .order_by(_STEP.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else StepRecord(**row._asdict())


def remove(connection: sa.Connection, step_id: int) -> None:
    """Forget a step: it has been undone."""
    connection.execute(sa.delete(_STEP).where(_STEP.c.id == step_id))


def drop_fired_timers(
    connection: sa.Connection, conversation: int, before: datetime, now: datetime
) -> None:
    """Cancel the conversation's rule timers that were due before a moment: they have fired once.

    Restoring a state arms its timers anew, counted from when it was entered first.
    """
    connection.execute(
        sa.update(_TIMER)
        .where(
            _TIMER.c.conversation == conversation,
            _TIMER.c.state == "waiting",
            _TIMER.c.kind.in_(timers.OF_RULES),
            _TIMER.c.due_at <= before,
        )
        .values(state="cancelled", finished_at=now)
    )


def withdraw_message(connection: sa.Connection, conversation: int, message_id: str) -> None:
    """Make a note of an answer that was taken back; its words stay, its address and id go."""
    connection.execute(
        sa.update(_MESSAGE)
        .where(
            _MESSAGE.c.conversation == conversation,
            _MESSAGE.c.message_id == message_id,
            _MESSAGE.c.direction.in_(("outbound", "note")),
        )
        .values(direction="note", kind=WITHDRAWN, message_id=None, recipients=[], date=None)
    )


def remove_parties(connection: sa.Connection, conversation: int, addresses: Sequence[str]) -> None:
    """Let people take part no longer whom an agent's mail had added."""
    connection.execute(
        sa.delete(_PARTY).where(
            _PARTY.c.conversation == conversation,
            _PARTY.c.address.in_([address.casefold() for address in addresses]),
            _PARTY.c.role.in_(("contact", "cc")),
        )
    )
