"""How much stands where, and for how long: counts that cost little in a database of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store import folders, sla
from inboxd.store.types import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How an IMAP source fares; `seen_at` is when it was last read."""

    source: str
    problem: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits, what was put aside, and since when the oldest of it waits.

    `journal`, `outbox` and `conversations` count by state; those states are left out that only
    grow (`applied`, `sent`, `closed`, …). `overdue_since` is when the timer was due that has been
    due for longest. Of the `promises` to customers that are still to be kept, `overdue` is a part.
    """

    journal: Mapping[str, int]
    outbox: Mapping[str, int]
    conversations: Mapping[str, int]
    promises: Mapping[str, int]
    timers: int
    oldest_received: datetime | None
    oldest_waiting: datetime | None
    oldest_deferred: datetime | None
    overdue_since: datetime | None
    sources: tuple[SourceStanding, ...]


def standing(connection: sa.Connection, now: datetime) -> Standing:
    """Look at every queue; no query reads what is finished."""
    promised, late = sla.counts(connection, now)
    waits = "state IN ('queued', 'sending', 'deferred')"
    return Standing(
        journal=_by_state(connection, "journal", ("received", "quarantined")),
        outbox=_by_state(connection, "outbox", ("queued", "sending", "deferred", "dead")),
        conversations=_by_state(connection, "conversation", ("open", "pending", "snoozed")),
        promises={"active": promised, "overdue": late},
        timers=_number(connection, "SELECT count(*) FROM timer WHERE state = 'waiting'"),
        oldest_received=_moment(
            connection, "SELECT min(received_at) FROM journal WHERE state = 'received'"
        ),
        oldest_waiting=_moment(connection, f"SELECT min(created_at) FROM outbox WHERE {waits}"),  # noqa: S608
        oldest_deferred=_moment(
            connection, "SELECT min(created_at) FROM outbox WHERE state = 'deferred'"
        ),
        overdue_since=_moment(
            connection,
            "SELECT min(due_at) FROM timer WHERE state = 'waiting' AND due_at < ?",
            to_micros(now),
        ),
        sources=tuple(
            SourceStanding(row.source, row.problem, row.seen_at)
            for row in folders.listing(connection)
        ),
    )


def _by_state(connection: sa.Connection, table: str, states: tuple[str, ...]) -> dict[str, int]:
    query = f"SELECT count(*) FROM {table} WHERE state = ?"  # noqa: S608
    return {state: _number(connection, query, state) for state in states}


def _number(connection: sa.Connection, query: str, *values: object) -> int:
    return int(connection.exec_driver_sql(query, values).scalar() or 0)


def _moment(connection: sa.Connection, query: str, *values: object) -> datetime | None:
    found = connection.exec_driver_sql(query, values).scalar()
    return None if found is None else from_micros(int(found))
