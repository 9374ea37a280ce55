"""Full-text search as people want it: conversations, each with the places that were found."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from inboxd.desk import views
from inboxd.store import contacts, conversations, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import MessageRecord

_BEFORE, _AFTER = 40, 120
_MESSAGES_EACH = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation in which all words were found, with the messages that hold them."""

    conversation: ConversationRecord
    contact_name: str
    messages: tuple[MessageRecord, ...]


def find(connection: sa.Connection, words: str, limit: int) -> list[Hit]:
    """Return the conversations with messages that hold all of `words`, the best first."""
    found: dict[int, list[MessageRecord]] = {}
    for message, _ in messages.search(connection, words, limit * _MESSAGES_EACH):
        found.setdefault(message.conversation, []).append(message)
    numbers = list(found)[:limit]
    records = conversations.get_many(connection, numbers)
    names = contacts.names(connection, [each.contact_id for each in records.values()])
    return [
        Hit(records[number], names.get(records[number].contact_id, ""), tuple(found[number]))
        for number in numbers
        if number in records
    ]


def excerpt(text: str, words: str) -> str:
    """Return the part of `text`, on one line, in which the first of `words` stands."""
    line = " ".join(text.split())
    places = [at for word in words.split() if (at := line.casefold().find(word.casefold())) >= 0]
    start = max(0, min(places, default=0) - _BEFORE)
    end = start + _BEFORE + _AFTER
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"


def hit_view(hit: Hit, words: str) -> views.View:
    """Return a found conversation as plain values, for scripts."""
    matches = [
        {
            "id": each.id,
            "direction": each.direction,
            "from": views.address(each.author),
            "date": views.moment(each.date or each.created_at),
            "subject": each.subject,
            "excerpt": excerpt(each.text, words),
        }
        for each in hit.messages
    ]
    return {**views.summary(hit.conversation, hit.contact_name), "matches": matches}
