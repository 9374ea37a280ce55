"""A quick look at the list of conversations with the driver alone.

`inboxd list` is asked for many times a day: importing SQLAlchemy and the models would take longer
than all that it does. The schema is not upgraded here; `open_current` refuses an older one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inboxd.store.records import ConversationRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = ("open", "pending", "snoozed", "closed", "spam")
_COLUMNS = tuple(each.name for each in fields(ConversationRecord))
_TIMES = frozenset({"state_since", "snoozed_until", "created_at", "updated_at"})
# One state at a time: the index gives each in its order, and nothing is read beyond the limit.
_OF_STATE = (
    f"SELECT * FROM (SELECT {', '.join(_COLUMNS)} FROM conversation WHERE state = ? "  # noqa: S608
    "AND NOT EXISTS (SELECT 1 FROM merge WHERE gone = conversation.number) {conditions}"
    "ORDER BY updated_at DESC, number DESC LIMIT ?)"
)
_TAGGED = "EXISTS (SELECT 1 FROM json_each(conversation.tags) WHERE value = ?)"
_COUNTS = (
    "SELECT state, count(*) FROM conversation "
    "WHERE NOT EXISTS (SELECT 1 FROM merge WHERE gone = conversation.number) GROUP BY state"
)
_NAMES = "SELECT id, name FROM contact WHERE id IN (SELECT value FROM json_each(?))"
_DUES = (
    "SELECT conversation, min(due_at) FROM sla_target WHERE state IN ('running', 'paused') "
    "AND conversation IN (SELECT value FROM json_each(?)) GROUP BY conversation"
)


def open_current(path: Path) -> sqlite3.Connection | None:
    """Open a database for reading, or return None where it has to be made or upgraded first."""
    if not path.is_file():
        return None
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA query_only=1")
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:  # whoever makes it, or upgrades it, says what is wrong
        found = None
    if found is None or found[0] != _newest_schema():
        connection.close()
        return None
    return connection


def listing(
    connection: sqlite3.Connection,
    *,
    states: Sequence[str] | None,
    mailbox: str | None,
    assignee: str | None,
    tag: str | None,
    limit: int,
) -> list[ConversationRecord]:
    """Return conversations, those that changed last first; merged ones are left out."""
    asked = (("mailbox = ?", mailbox), ("assignee = ?", assignee), (_TAGGED, tag))
    given = [(condition, value) for condition, value in asked if value is not None]
    of_state = _OF_STATE.format(conditions="".join(f"AND {each} " for each, _ in given))
    values: list[Any] = []
    for state in states or _STATES:
        values += (state, *(value for _, value in given), limit)
    query = " UNION ALL ".join([of_state] * len(states or _STATES))
    query += " ORDER BY updated_at DESC, number DESC LIMIT ?"
    with closing(connection.execute(query, (*values, limit))) as rows:
        return [_record(row) for row in rows]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many conversations are in each state; merged ones are left out."""
    with closing(connection.execute(_COUNTS)) as rows:
        return dict(rows.fetchall())


def names(connection: sqlite3.Connection, contacts: Iterable[int]) -> dict[int, str]:
    """Return the names of contacts by their ids."""
    with closing(connection.execute(_NAMES, (json.dumps(sorted(set(contacts))),))) as rows:
        return dict(rows.fetchall())


def dues(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, datetime]:
    """Return when the first running promise of each conversation is due, if it has one."""
    with closing(connection.execute(_DUES, (json.dumps(list(numbers)),))) as rows:
        return {number: _time(due) for number, due in rows if due is not None}


def _record(row: Sequence[Any]) -> ConversationRecord:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = _time(values[name])
    values["tags"] = tuple(json.loads(values["tags"]))
    values["fields"] = json.loads(values["fields"])
    return ConversationRecord(**values)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _newest_schema() -> str:
    """Return this release's schema: the number of the newest migration, read off its file."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))
