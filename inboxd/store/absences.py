"""Agents who are away. An absence whose end has passed is over, whether its row is there or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import Absence
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_ABSENCE = table_of(Absence)
_INSERT = insert(_ABSENCE)
_BEGIN = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["agent"],
        set_={"since": _INSERT.excluded.since, "until": _INSERT.excluded.until},
    ),
    ["agent", "since", "until"],
)
_END = Statement(sa.delete(_ABSENCE).where(_ABSENCE.c.agent == sa.bindparam("who")))
_NOW = Statement(
    sa.select(_ABSENCE).where(
        sa.or_(_ABSENCE.c.until.is_(None), _ABSENCE.c.until > sa.bindparam("now"))
    )
)


@dataclass(frozen=True, slots=True)
class AbsenceRecord:
    """An agent who is away, until a moment or (None) until they say that they are back."""

    agent: str
    since: datetime
    until: datetime | None


def begin(connection: sa.Connection, record: AbsenceRecord) -> None:
    """Let an agent be away; an absence that was known before is replaced."""
    values = {"agent": record.agent, "since": record.since, "until": record.until}
    _BEGIN.run(connection, values)


def end(connection: sa.Connection, agent: str) -> bool:
    """Let the agent called `agent` be there; returns whether an absence was known."""
    return bool(_END.run(connection, {"who": agent}).rowcount)


def current(connection: sa.Connection, now: datetime) -> Mapping[str, AbsenceRecord]:
    """Return who is away at `now`, by the agents' names."""
    rows = _NOW.all(connection, {"now": now})
    return {row.agent: AbsenceRecord(row.agent, row.since, row.until) for row in rows}
