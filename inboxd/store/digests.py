"""Digests: which numbered lists were sent to whom, so that a line's number can be answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from inboxd.store.desk_tables import Digest
from inboxd.store.tables import table_of

_DIGEST = table_of(Digest)


@dataclass(frozen=True, slots=True)
class DigestRecord:
    """A list that was sent: `lines` are the conversations in their order, numbered from 1."""

    id: int
    agent: str
    at: datetime
    lines: tuple[int, ...]


def add(
    connection: sa.Connection, agent: str, day: date | None, at: datetime, lines: Sequence[int]
) -> int:
    """Record a list and return its id.

    `day` is the agent's local date for which it is the digest, None where it was asked for. There
    is one digest for an agent and a day, with or without lines: a second one is an
    `IntegrityError`.
    """
    row = {
        "agent": agent,
        "day": None if day is None else day.isoformat(),
        "at": at,
        "lines": list(lines),
    }
    number = connection.execute(sa.insert(_DIGEST).values(**row)).lastrowid
    return int(number)


def known(
    connection: sa.Connection, wanted: Collection[tuple[str, date]]
) -> frozenset[tuple[str, date]]:
    """Return those of the `(agent, day)` pairs whose digest was dealt with."""
    if not wanted:
        return frozenset()
    days = {day.isoformat() for _, day in wanted}
    query = sa.select(_DIGEST.c.agent, _DIGEST.c.day).where(_DIGEST.c.day.in_(days))
    found = {(row.agent, date.fromisoformat(row.day)) for row in connection.execute(query)}
    return frozenset(found & set(wanted))


def get(connection: sa.Connection, number: int) -> DigestRecord | None:
    """Return the list with the id `number`, or None."""
    row = connection.execute(sa.select(_DIGEST).where(_DIGEST.c.id == number)).one_or_none()
    return None if row is None else DigestRecord(row.id, row.agent, row.at, tuple(row.lines))
