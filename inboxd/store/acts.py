"""What people did besides by mail: at a shell, or by moving a mail in a mirrored folder.

Together with the journal this is all that conversations are made of, so that they can be rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.desk_tables import Act
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_ACT = table_of(Act)
_ADD = Statement(sa.insert(_ACT), ["at", "name", "agent", "conversation", "words", "cause"])


@dataclass(frozen=True, slots=True)
class ActRecord:
    """One act; see the table."""

    at: datetime
    name: str
    agent: str | None
    conversation: int | None
    words: tuple[str, ...]
    cause: str


def record(
    connection: sa.Connection,
    at: datetime,
    name: str,
    words: Sequence[str] = (),
    *,
    agent: str | None = None,
    conversation: int | None = None,
    cause: str = "",
) -> None:
    """Keep what was done, in the transaction that does it."""
    values = {"at": at, "name": name, "agent": agent, "conversation": conversation}
    _ADD.run(connection, {**values, "words": list(words), "cause": cause})


def listing(connection: sa.Connection) -> list[ActRecord]:
    """Return all acts in the order in which they were done."""
    rows = connection.execute(sa.select(_ACT).order_by(_ACT.c.id))
    return [
        ActRecord(row.at, row.name, row.agent, row.conversation, tuple(row.words), row.cause)
        for row in rows
    ]
