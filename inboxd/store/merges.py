"""Conversations that were merged: where they went, and how all that they had goes along."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import HeldAnswer, SideThread
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import (
    AutoSent,
    Event,
    Link,
    Merge,
    Message,
    Outbox,
    Party,
    Trace,
    table_of,
)

_MERGE = table_of(Merge)
_LINK = table_of(Link)
_PARTY = table_of(Party)
# Ids stay where they are (they are found by id alone) and lead on by `survivors`.
_MOVED = tuple(
    table_of(each) for each in (Message, Event, Trace, Outbox, AutoSent, SideThread, HeldAnswer)
)
_SURVIVORS = Statement(
    sa.select(_MERGE.c.gone, _MERGE.c.survivor).where(each_of(_MERGE.c.gone, "wanted"))
)
_INTO = Statement(
    sa.select(_MERGE.c.gone)
    .where(_MERGE.c.survivor == sa.bindparam("wanted"))
    .order_by(_MERGE.c.gone)
)


def survivors(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, int]:
    """Return where those of `numbers` went that were merged into another conversation."""
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = _SURVIVORS.all(connection, {"wanted": json.dumps(wanted)})
    return {row.gone: row.survivor for row in rows}


def survivor(connection: sa.Connection, number: int) -> int:
    """Return where conversation `number` went: itself, unless it was merged."""
    return survivors(connection, [number]).get(number, number)


def merged_into(connection: sa.Connection, number: int) -> list[int]:
    """Return the conversations that were merged into conversation `number`."""
    return [row.gone for row in _INTO.all(connection, {"wanted": number})]


def merge(
    connection: sa.Connection, gone: int, into: int, at: datetime, *, same_people: bool = True
) -> None:
    """Move messages, history, people and links of conversation `gone` to conversation `into`.

    Neither may have been merged before. Without `same_people`, those whom `gone` was with stay out
    of `into`; agents and strangers who wait go over. The rows of the two conversations themselves,
    and timers, are the caller's.
    """
    for table in _MOVED:
        connection.execute(
            sa.update(table).where(table.c.conversation == gone).values(conversation=into)
        )
    if not same_people:
        left = sa.and_(_PARTY.c.conversation == gone, _PARTY.c.role.in_(("contact", "cc")))
        connection.execute(sa.delete(_PARTY).where(left))
    _move_parties(connection, gone, into)
    _move_links(connection, gone, into)
    connection.execute(sa.update(_MERGE).where(_MERGE.c.survivor == gone).values(survivor=into))
    connection.execute(sa.insert(_MERGE).values(gone=gone, survivor=into, at=at))


def _move_parties(connection: sa.Connection, gone: int, into: int) -> None:
    """Let the people of both take part; who is in both keeps the place in `into`.

    But for a stranger who waits there for an agent's word: in `gone` that was given.
    """
    theirs = sa.select(sa.literal(into), _PARTY.c.address, _PARTY.c.name, _PARTY.c.role).where(
        _PARTY.c.conversation == gone
    )
    adding: Any = insert(_PARTY).from_select(["conversation", "address", "name", "role"], theirs)
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=["conversation", "address"],
            set_={"role": adding.excluded.role},
            where=_PARTY.c.role == "pending",
        )
    )
    connection.execute(sa.delete(_PARTY).where(_PARTY.c.conversation == gone))


def _move_links(connection: sa.Connection, gone: int, into: int) -> None:
    rows = connection.execute(
        sa.select(_LINK).where(sa.or_(_LINK.c.low == gone, _LINK.c.high == gone))
    ).all()
    connection.execute(sa.delete(_LINK).where(sa.or_(_LINK.c.low == gone, _LINK.c.high == gone)))
    others = {row.low + row.high - gone for row in rows} - {into}
    for other in others:
        pair = {"low": min(other, into), "high": max(other, into)}
        connection.execute(insert(_LINK).values(pair).on_conflict_do_nothing())
