"""What happened: mails and what people did, out of the shop's own database.

Every conversation that was touched since a moment, or is not closed, counts. What rules did is left
out after that moment, and is part of how things stood before it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from inboxd.store import messages
from inboxd.store.messages import MessageRecord
from inboxd.store.tables import Conversation, Event, Journal, Message, table_of

SCHEMA = "past"
_METADATA = sa.MetaData()


@cache
def past_table(model: type[SQLModel]) -> sa.Table:
    """Return a table of the shop's own database, as `scratch` attaches it."""
    return table_of(model).to_metadata(_METADATA, schema=SCHEMA)


_CONVERSATION = past_table(Conversation)
_EVENT = past_table(Event)
_MESSAGE = past_table(Message)
_JOURNAL = past_table(Journal)
WANTED = sa.table("wanted", sa.column("number", sa.Integer))
_LIVE = ("open", "pending", "snoozed")


@dataclass(frozen=True, slots=True)
class Act:
    """One line of a conversation's history: who did what."""

    actor: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message; `imported` history is filed without a word from rules."""

    message: MessageRecord
    imported: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """All that happened to one conversation at one moment."""

    at: datetime
    number: int
    mails: tuple[Mail, ...]
    acts: tuple[Act, ...]


def choose(connection: sa.Connection, since: datetime, mailbox: str | None) -> int:
    """Fill the table of conversations that count; returns how many there are."""
    touched = sa.or_(_CONVERSATION.c.updated_at >= since, _CONVERSATION.c.state.in_(_LIVE))
    query = sa.select(_CONVERSATION.c.number).where(touched)
    if mailbox is not None:
        query = query.where(_CONVERSATION.c.mailbox == mailbox)
    connection.exec_driver_sql("CREATE TABLE wanted (number INTEGER PRIMARY KEY)")
    connection.execute(sa.insert(WANTED).from_select(["number"], query))
    return connection.execute(sa.select(sa.func.count()).select_from(WANTED)).scalar_one()


def conversations(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the rows of the conversations that count, as they are today."""
    query = sa.select(_CONVERSATION).join(WANTED, WANTED.c.number == _CONVERSATION.c.number)
    return [dict(row._mapping) for row in connection.execute(query)]


def count_mails(connection: sa.Connection, since: datetime) -> int:
    """Return how many mails came from outside, in what counts, since then."""
    query = (
        sa.select(sa.func.count())
        .select_from(_MESSAGE.join(WANTED, WANTED.c.number == _MESSAGE.c.conversation))
        .where(_MESSAGE.c.created_at >= since, _MESSAGE.c.direction == "inbound")
    )
    return connection.execute(query).scalar_one()


def happenings(connection: sa.Connection) -> Iterator[Happening]:
    """Yield all that happened to what counts, oldest first."""
    merged = heapq.merge(_mails(connection), _acts(connection), key=lambda each: each[:3])
    for (at, number), group in groupby(merged, key=lambda each: each[:2]):
        found = [each[3] for each in group]
        mails = tuple(each for each in found if isinstance(each, Mail))
        acts = tuple(each for each in found if isinstance(each, Act))
        yield Happening(at, number, mails, acts)


def _mails(connection: sa.Connection) -> Iterator[tuple[datetime, int, int, Mail]]:
    query = (
        sa.select(_MESSAGE, _JOURNAL.c.history)
        .join(WANTED, WANTED.c.number == _MESSAGE.c.conversation)
        .outerjoin(_JOURNAL, _JOURNAL.c.id == _MESSAGE.c.journal_id)
        .order_by(_MESSAGE.c.created_at, _MESSAGE.c.conversation, _MESSAGE.c.id)
    )
    for row in _streamed(connection, query):
        record = messages.record(row)
        yield record.created_at, record.conversation, 0, Mail(record, bool(row.history))


def _acts(connection: sa.Connection) -> Iterator[tuple[datetime, int, int, Act]]:
    query = (
        sa.select(_EVENT)
        .join(WANTED, WANTED.c.number == _EVENT.c.conversation)
        .order_by(_EVENT.c.at, _EVENT.c.conversation, _EVENT.c.id)
    )
    for row in _streamed(connection, query):
        yield row.at, row.conversation, 1, Act(row.actor, row.kind, row.text)


def _streamed(connection: sa.Connection, query: Any) -> Iterable[Any]:
    return connection.execution_options(yield_per=1000).execute(query)
