"""Messages, full-text search, events and traces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.mail.model import Address, Attachment
from inboxd.store.compression import decompress, packer_of
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Event, Message, Trace, table_of
from inboxd.store.types import to_json

_MESSAGE = table_of(Message)
_EVENT = table_of(Event)
_TRACE = table_of(Trace)

_ADD = Statement(
    sa.insert(_MESSAGE),
    [
        "conversation",
        "journal_id",
        "direction",
        "kind",
        "author_name",
        "author_address",
        "agent",
        "recipients",
        "subject",
        "message_id",
        "date",
        "created_at",
        "text",
        "answerable",
        "attachments",
    ],
)
_ADD_EVENTS = Statement(
    sa.insert(_EVENT), ["at", "conversation", "actor", "kind", "text", "journal_id"]
)
_ADD_TRACE = Statement(sa.insert(_TRACE), ["at", "conversation", "cause", "data"])
_TEXT = sa.table(
    "message_text", sa.column("rowid"), sa.column("subject"), sa.column("people"), sa.column("body")
)
_RANKED = 1000
_NEWEST = sa.text(
    "SELECT rowid FROM message_text WHERE message_text MATCH :query "
    "ORDER BY rowid DESC LIMIT :limit"
)
# The range spares ranking all that holds common words: that takes a second in a million messages.
_BEST = sa.text(
    "SELECT rowid, bm25(message_text, 4.0, 2.0, 1.0) AS rank FROM message_text "
    "WHERE message_text MATCH :query AND rowid >= :oldest ORDER BY rank LIMIT :limit"
)
_INDEX = Statement(sa.insert(_TEXT), ["rowid", "subject", "people", "body"])
_OF = Statement(
    sa.select(_MESSAGE)
    .where(_MESSAGE.c.conversation == sa.bindparam("wanted"))
    .order_by(_MESSAGE.c.id)
)
_OF_ENTRY = Statement(
    sa.select(_MESSAGE.c.id).where(_MESSAGE.c.journal_id == sa.bindparam("journal_id"))
)
_OF_MANY = (
    sa.select(_MESSAGE)
    .where(_MESSAGE.c.conversation.in_(sa.bindparam("wanted", expanding=True)))
    .order_by(_MESSAGE.c.id)
)
_LAST = Statement(
    sa.select(_MESSAGE)
    .where(_MESSAGE.c.conversation == sa.bindparam("wanted"))
    .order_by(_MESSAGE.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_LAST_INBOUND = Statement(
    sa.select(_MESSAGE)
    .where(_MESSAGE.c.conversation == sa.bindparam("wanted"), _MESSAGE.c.direction == "inbound")
    .order_by(_MESSAGE.c.id.desc())
    .limit(1)
)
_BEARING = Statement(
    sa.select(_MESSAGE).where(
        each_of(_MESSAGE.c.conversation, "wanted"),
        _MESSAGE.c.message_id == sa.bindparam("message_id"),
    )
)
_IDS = Statement(
    sa.select(_MESSAGE.c.message_id)
    .where(
        _MESSAGE.c.conversation == sa.bindparam("wanted"),
        _MESSAGE.c.direction != "note",
        _MESSAGE.c.message_id.is_not(None),
    )
    .order_by(_MESSAGE.c.id.desc())
    .limit(20)
)
_INDEX_LIMIT = 100_000
_NOT_IN_QUERIES = {ord(quote): " " for quote in '"\0'}


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One mail or note in a conversation.

    `text` holds its new words; `answerable` says whether automatic mail may answer it.
    """

    id: int
    conversation: int
    journal_id: int | None
    direction: str
    kind: str
    author: Address
    agent: str | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    message_id: str | None
    date: datetime | None
    created_at: datetime
    text: str
    answerable: bool
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a message is made of; see `MessageRecord`."""

    conversation: int
    direction: str
    kind: str
    author: Address
    created_at: datetime
    text: str
    subject: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    agent: str | None = None
    journal_id: int | None = None
    message_id: str | None = None
    date: datetime | None = None
    answerable: bool = True
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One line of the audit history."""

    at: datetime
    conversation: int | None
    actor: str
    kind: str
    text: str
    journal_id: int | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the table's columns."""
        return {
            "at": self.at,
            "conversation": self.conversation,
            "actor": self.actor,
            "kind": self.kind,
            "text": self.text,
            "journal_id": self.journal_id,
        }


def add(connection: sa.Connection, new: NewMessage) -> int:
    """Store a message, make it findable, and return its id."""
    values = {
        "conversation": new.conversation,
        "journal_id": new.journal_id,
        "direction": new.direction,
        "kind": new.kind,
        "author_name": new.author.name,
        "author_address": new.author.address,
        "agent": new.agent,
        "recipients": _recipients(new),
        "subject": new.subject,
        "message_id": new.message_id,
        "date": new.date,
        "created_at": new.created_at,
        "text": _packed(connection, new.text),
        "answerable": new.answerable,
        "attachments": [_attachment_row(each) for each in new.attachments],
    }
    number = _ADD.run(connection, values).lastrowid or 0
    people = " ".join(str(each) for each in (new.author, *new.to, *new.cc))
    files = " ".join(each.filename for each in new.attachments)
    body = f"{new.text[:_INDEX_LIMIT]} {files}"
    _INDEX.run(
        connection, {"rowid": number, "subject": new.subject, "people": people, "body": body}
    )
    return number


def stored(number: int, new: NewMessage) -> MessageRecord:
    """Return the record of a message that `add` has just stored under `number`."""
    return MessageRecord(
        number,
        new.conversation,
        new.journal_id,
        new.direction,
        new.kind,
        new.author,
        new.agent,
        new.to,
        new.cc,
        new.subject,
        new.message_id,
        new.date,
        new.created_at,
        new.text,
        new.answerable,
        new.attachments,
    )


def of(connection: sa.Connection, conversation: int) -> list[MessageRecord]:
    """Return a conversation's messages, oldest first."""
    return [record(row) for row in _OF.all(connection, {"wanted": conversation})]


def of_many(
    connection: sa.Connection, conversations: Sequence[int]
) -> dict[int, list[MessageRecord]]:
    """Return the messages of each of `conversations`, oldest first, with one query."""
    found: dict[int, list[MessageRecord]] = {number: [] for number in conversations}
    if found:
        for row in connection.execute(_OF_MANY, {"wanted": list(found)}):
            found[row.conversation].append(record(row))
    return found


def last(connection: sa.Connection, conversation: int, limit: int) -> list[MessageRecord]:
    """Return a conversation's newest messages, newest first."""
    rows = _LAST.all(connection, {"wanted": conversation, "limit": limit})
    return [record(row) for row in rows]


def of_entry(connection: sa.Connection, journal_id: int) -> int | None:
    """Return the message that a journaled mail became, or None."""
    return _OF_ENTRY.scalar(connection, {"journal_id": journal_id})


def last_inbound(connection: sa.Connection, conversation: int) -> MessageRecord | None:
    """Return the newest mail from outside, or None."""
    row = _LAST_INBOUND.first(connection, {"wanted": conversation})
    return None if row is None else record(row)


def bearing(
    connection: sa.Connection, conversations: Sequence[int], message_id: str
) -> list[MessageRecord]:
    """Return the messages of `conversations` that bear the Message-ID themselves."""
    values = {"wanted": json.dumps(list(conversations)), "message_id": message_id}
    return [record(row) for row in _BEARING.all(connection, values)]


def mail_ids(connection: sa.Connection, conversation: int) -> list[str]:
    """Return the ids of the mails between the shop and the customer, newest first, at most 20."""
    return [row.message_id for row in _IDS.all(connection, {"wanted": conversation})]


def record(row: Any) -> MessageRecord:
    """Return a row of the table as a record."""
    to = tuple(Address(name, address) for role, name, address in row.recipients if role == "to")
    cc = tuple(Address(name, address) for role, name, address in row.recipients if role == "cc")
    return MessageRecord(
        row.id,
        row.conversation,
        row.journal_id,
        row.direction,
        row.kind,
        Address(row.author_name, row.author_address),
        row.agent,
        to,
        cc,
        row.subject,
        row.message_id,
        row.date,
        row.created_at,
        row.text if isinstance(row.text, str) else decompress(row.text).decode(),
        row.answerable,
        tuple(Attachment(**each) for each in row.attachments),
    )


def add_events(connection: sa.Connection, events: Sequence[NewEvent]) -> None:
    """Write lines of audit history."""
    if events:
        _ADD_EVENTS.run_many(connection, [event.as_row() for event in events])


def events(connection: sa.Connection, conversation: int) -> list[sa.Row[Any]]:
    """Return a conversation's history, oldest first."""
    query = sa.select(_EVENT).where(_EVENT.c.conversation == conversation).order_by(_EVENT.c.id)
    return list(connection.execute(query))


def add_trace(
    connection: sa.Connection,
    at: datetime,
    conversation: int | None,
    cause: str,
    data: Mapping[str, Any],
) -> None:
    """Keep how a cause was read, threaded and ruled."""
    text = to_json(data)
    packed = packer_of(connection).compress(text.encode(), "trace")
    _ADD_TRACE.run(
        connection, {"at": at, "conversation": conversation, "cause": cause, "data": packed}
    )


def traces(connection: sa.Connection, conversation: int) -> list[dict[str, Any]]:
    """Return the traces of a conversation, oldest first, each with its time and cause."""
    query = sa.select(_TRACE).where(_TRACE.c.conversation == conversation).order_by(_TRACE.c.id)
    return [
        {"at": row.at, "cause": row.cause, **json.loads(decompress(row.data))}
        for row in connection.execute(query)
    ]


def search(connection: sa.Connection, words: str, limit: int) -> list[tuple[MessageRecord, float]]:
    """Return the messages that hold all of `words`, best first, with their rank.

    Of words that stand in very many messages, the newest thousand that hold them are ranked.
    """
    query = " ".join(f'"{word}"' for word in words.translate(_NOT_IN_QUERIES).split())
    if not query:
        return []
    newest = connection.execute(_NEWEST, {"query": query, "limit": _RANKED}).scalars().all()
    if not newest:
        return []
    values = {"query": query, "oldest": newest[-1], "limit": limit}
    ranks = {row.rowid: row.rank for row in connection.execute(_BEST, values)}
    found = connection.execute(sa.select(_MESSAGE).where(_MESSAGE.c.id.in_(list(ranks))))
    records = [(record(row), ranks[row.id]) for row in found]
    return sorted(records, key=lambda each: each[1])


def _packed(connection: sa.Connection, text: str) -> str | bytes:
    """Return a text as it is kept: compressed where that makes it smaller."""
    raw = text.encode("utf-8", "replace")
    packed = packer_of(connection).compress(raw, "message")
    return packed if len(packed) < len(raw) else text


def _recipients(new: NewMessage) -> list[list[str]]:
    return [["to", each.name, each.address] for each in new.to] + [
        ["cc", each.name, each.address] for each in new.cc
    ]


def _attachment_row(attachment: Attachment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "part": attachment.part,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
    }
    if attachment.inline:
        row["inline"] = True
    if attachment.content_id:
        row["content_id"] = attachment.content_id
    return row
