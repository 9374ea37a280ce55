"""Answers that wait for a word of their writer's, because a colleague was faster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from inboxd.store.desk_tables import HeldAnswer
from inboxd.store.tables import table_of

_HELD = table_of(HeldAnswer)


class HeldState(StrEnum):
    """Where a held answer stands."""

    WAITING = "waiting"
    SENT = "sent"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """An agent's mail of which nothing was done. `answer` holds plain values, as the desk wants."""

    id: int
    conversation: int
    agent: str
    at: datetime
    journal_id: int | None
    answer: Mapping[str, Any] = field(hash=False)
    state: str


def add(
    connection: sa.Connection,
    *,
    conversation: int,
    agent: str,
    at: datetime,
    journal_id: int | None,
    answer: Mapping[str, Any],
) -> int:
    """Keep an answer and return its id."""
    result = connection.execute(
        sa.insert(_HELD).values(
            conversation=conversation,
            agent=agent,
            at=at,
            journal_id=journal_id,
            answer=dict(answer),
            state=HeldState.WAITING.value,
        )
    )
    return int(result.lastrowid)


def waiting(connection: sa.Connection, conversation: int, agent: str) -> HeldRecord | None:
    """Return the agent's newest answer that is held in a conversation, or None."""
    query = (
        sa.select(_HELD)
        .where(
            _HELD.c.conversation == conversation,
            _HELD.c.agent == agent,
            _HELD.c.state == HeldState.WAITING.value,
        )
        .order_by(_HELD.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else HeldRecord(**row._asdict())


def settle(connection: sa.Connection, conversation: int, agent: str, state: HeldState) -> int:
    """End the waiting of all that the agent has held in a conversation; returns how many."""
    result = connection.execute(
        sa.update(_HELD)
        .where(
            _HELD.c.conversation == conversation,
            _HELD.c.agent == agent,
            _HELD.c.state == HeldState.WAITING.value,
        )
        .values(state=state.value)
    )
    return result.rowcount
