"""Side threads: to whom outside a conversation was forwarded, and the mails in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.desk_tables import SideThread
from inboxd.store.tables import table_of

_SIDE = table_of(SideThread)
_MOST_REFS = 20
_LATEST = 2000


@dataclass(frozen=True, slots=True)
class SideRecord:
    """A side thread. `agent` has begun it; `refs` are its mails' ids, oldest first."""

    id: int
    conversation: int
    address: str
    agent: str
    at: datetime
    refs: tuple[str, ...] = ()


def add(
    connection: sa.Connection, conversation: int, address: str, agent: str, at: datetime
) -> SideRecord:
    """Begin a side thread."""
    values = {"conversation": conversation, "address": address, "agent": agent, "at": at}
    result = connection.execute(sa.insert(_SIDE).values(**values, refs=[]))
    return SideRecord(int(result.lastrowid), conversation, address, agent, at)


def begun_by_rules(connection: sa.Connection, address: str, since: datetime) -> int:
    """Count the side threads to `address` that rules have begun; of very many, the latest."""
    latest = sa.select(_SIDE).order_by(_SIDE.c.id.desc()).limit(_LATEST).subquery()
    query = sa.select(sa.func.count()).where(
        latest.c.agent == "",
        latest.c.at > since,
        sa.func.lower(latest.c.address) == address.lower(),
    )
    return int(connection.execute(query).scalar_one())


def of(connection: sa.Connection, conversation: int) -> list[SideRecord]:
    """Return a conversation's side threads, oldest first."""
    query = sa.select(_SIDE).where(_SIDE.c.conversation == conversation).order_by(_SIDE.c.id)
    return [
        SideRecord(row.id, row.conversation, row.address, row.agent, row.at, tuple(row.refs))
        for row in connection.execute(query)
    ]


def add_refs(connection: sa.Connection, side: SideRecord, ids: Sequence[str]) -> None:
    """Remember the ids of further mails; of a long thread the newest are kept, and the first."""
    refs = list(dict.fromkeys((*side.refs, *ids)))
    if len(refs) > _MOST_REFS:
        refs = [refs[0], *refs[1 - _MOST_REFS :]]
    connection.execute(sa.update(_SIDE).where(_SIDE.c.id == side.id).values(refs=refs))
