"""Who was at work when it was last looked at: what a change of it is told from, over restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import Presence
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_PRESENCE = table_of(Presence)
_ALL = Statement(sa.select(_PRESENCE))
_INSERT = insert(_PRESENCE)
_SAVE = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["agent"],
        set_={name: _INSERT.excluded[name] for name in ("on_shift", "away", "since")},
    ),
    ["agent", "on_shift", "away", "since"],
)


@dataclass(frozen=True, slots=True)
class PresenceRecord:
    """Whether an agent's working day was under way, and whether they were away."""

    on_shift: bool
    away: bool


def known(connection: sa.Connection) -> Mapping[str, PresenceRecord]:
    """Return what is known of the agents, by their names."""
    return {row.agent: PresenceRecord(row.on_shift, row.away) for row in _ALL.all(connection, {})}


def save(connection: sa.Connection, agent: str, record: PresenceRecord, now: datetime) -> None:
    """Remember how it is with an agent now."""
    values = {"agent": agent, "on_shift": record.on_shift, "away": record.away, "since": now}
    _SAVE.run(connection, values)
