"""What rules did to each conversation, read from its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from inboxd.backtest.past import WANTED, past_table
from inboxd.backtest.standing import after
from inboxd.store.tables import Conversation, Event, table_of

Change: TypeAlias = tuple[str, str]
"""What was done, and with what: `("tagged", "refund")`."""

_STATES: Final = {
    "open": "opened",
    "pending": "set pending",
    "snoozed": "snoozed",
    "closed": "closed",
    "spam": "marked as spam",
}
# Lines that tell more of a change that another line is about, or that nothing was changed.
_SILENT: Final = frozenset(
    {
        "snoozed",
        "timer.fired",
        "timer.set",
        "timer.cancelled",
        "contact.kept",
        "auto_reply.withheld",
        "rules.stopped",
        "notified",
    }
)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What rules did, by conversation, and how each conversation ends."""

    changes: dict[int, Counter[Change]] = field(default_factory=dict)
    rules: dict[tuple[int, Change], str] = field(default_factory=dict)
    ends: dict[int, dict[str, str]] = field(default_factory=dict)
    mails: int = 0


def of_scratch(connection: sa.Connection, since: datetime) -> Deeds:
    """Return what rules did in the scratch database."""
    return _deeds(connection, table_of(Event), table_of(Conversation), since)


def of_past(connection: sa.Connection, since: datetime) -> Deeds:
    """Return what rules really did, in the conversations that count."""
    return _deeds(connection, past_table(Event), past_table(Conversation), since)


def _deeds(connection: sa.Connection, event: Any, conversation: Any, since: datetime) -> Deeds:
    found = Deeds()
    wanted = sa.select(WANTED.c.number)
    lines = (
        sa.select(event.c.conversation, event.c.actor, event.c.kind, event.c.text)
        .where(
            event.c.at >= since,
            event.c.actor.like("rule %"),
            event.c.conversation.in_(wanted),
        )
        .order_by(event.c.id)
    )
    for row in connection.execute(lines):
        counted = found.changes.setdefault(row.conversation, Counter())
        for change in changes_of(row.kind, row.text):
            counted[change] += 1
            found.rules.setdefault((row.conversation, change), row.actor.removeprefix("rule "))
    ends = sa.select(conversation).where(conversation.c.number.in_(wanted))
    for row in connection.execute(ends):
        found.ends[row.number] = {
            "state": row.state,
            "assignee": row.assignee or "nobody",
            "team": row.team or "none",
            "priority": row.priority,
        }
    return found


def changes_of(kind: str, text: str) -> Iterator[Change]:
    """Yield the changes that a line of history tells of."""
    match kind:
        case "state.changed":
            yield _STATES.get(after(text), after(text)), ""
        case "tag.added":
            yield from (("tagged", tag) for tag in text.split(", "))
        case "tag.removed":
            yield from (("untagged", tag) for tag in text.split(", "))
        case "assignee.changed":
            yield "assigned", text.removeprefix("to ").partition(" (")[0]
        case "priority.changed":
            yield "priority set", after(text)
        case "field.changed":
            yield "field set", text
        case "auto_reply.sent":
            yield "answered", text.partition(" to ")[0]
        case "note.added":
            yield "noted", ""
        case _ if kind not in _SILENT:
            yield kind, text
