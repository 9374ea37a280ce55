"""Which conversations to list, and what to say where there are none."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from inboxd.conversations.states import ConversationState
from inboxd.store import glance
from inboxd.store.records import ConversationRecord

if TYPE_CHECKING:
    import sqlalchemy as sa

_USUAL = (ConversationState.OPEN, ConversationState.PENDING, ConversationState.SNOOZED)
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; without a state and `everything`, what is neither closed nor spam."""

    state: ConversationState | None = None
    everything: bool = False
    mailbox: str | None = None
    assignee: str | None = None
    tag: str | None = None

    @property
    def states(self) -> list[str] | None:
        """The states to list, or None for all."""
        if self.state is not None:
            return [self.state.value]
        return None if self.everything else [each.value for each in _USUAL]


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation of a list, and when what it was promised is due."""

    conversation: ConversationRecord
    contact_name: str
    due: datetime | None = None


def find(connection: sa.Connection, wanted: Wanted, limit: int | None) -> list[ConversationRecord]:
    """Return the conversations, those that changed last first; all of them without a limit."""
    from inboxd.store.statements import driver_of

    return _find(driver_of(connection), wanted, limit or _ALL)


def lines(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Line]:
    """Return the conversations with their contacts' names."""
    records = _find(connection, wanted, limit)
    names = glance.names(connection, [each.contact_id for each in records])
    dues = glance.dues(connection, [each.number for each in records])
    return [Line(each, names.get(each.contact_id, ""), dues.get(each.number)) for each in records]


def _find(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> list[ConversationRecord]:
    return glance.listing(
        connection,
        states=wanted.states,
        mailbox=wanted.mailbox,
        assignee=wanted.assignee,
        tag=wanted.tag.lower() if wanted.tag else None,
        limit=limit,
    )


def advice(connection: sqlite3.Connection, wanted: Wanted) -> str:
    """Return what to do where nothing is listed."""
    counts = glance.counts(connection)
    if not counts:
        return (
            "There is no conversation yet. Start the daemon with `inboxd serve` and write to a "
            "mailbox,\nor hand a mail in with `inboxd ingest FILE`; `inboxd demo` shows how it all "
            "works."
        )
    if wanted != Wanted():
        return "No conversation is like that; `inboxd list --all` shows all of them."
    hidden = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return f"Nothing waits for anybody ({hidden}); `inboxd list --all` shows all of it."
