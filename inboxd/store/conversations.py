"""Conversations, their parties and their links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store import glance
from inboxd.store.records import ConversationRecord as ConversationRecord
from inboxd.store.statements import Statement, driver_of, each_of
from inboxd.store.tables import (
    ContactAddress,
    Conversation,
    Link,
    Merge,
    MessageRef,
    Party,
    table_of,
)

_CONVERSATION = table_of(Conversation)
_PARTY = table_of(Party)
_REF = table_of(MessageRef)
_LINK = table_of(Link)
_MERGE = table_of(Merge)
_ADDRESS = table_of(ContactAddress)
_OTHER = _ADDRESS.alias("other")

_ADD = Statement(
    sa.insert(_CONVERSATION),
    [
        "mailbox",
        "subject",
        "subject_key",
        "state",
        "state_since",
        "contact_id",
        "contact_address",
        "assignee",
        "team",
        "priority",
        "tags",
        "fields",
        "snoozed_until",
        "created_at",
        "updated_at",
        "sla",
    ],
)
_GET = Statement(sa.select(_CONVERSATION).where(_CONVERSATION.c.number == sa.bindparam("wanted")))
_MANY = Statement(sa.select(_CONVERSATION).where(each_of(_CONVERSATION.c.number, "wanted")))
_PARTIES = Statement(sa.select(_PARTY).where(each_of(_PARTY.c.conversation, "wanted")))
_BY_REF = Statement(
    sa.select(_REF.c.ref, _REF.c.conversation, _REF.c.own).where(
        _REF.c.mailbox == sa.bindparam("mailbox"), each_of(_REF.c.ref, "refs")
    )
)
_BY_SUBJECT = Statement(
    sa.select(_CONVERSATION.c.number)
    .where(
        _CONVERSATION.c.mailbox == sa.bindparam("mailbox"),
        _CONVERSATION.c.subject_key == sa.bindparam("subject"),
        _CONVERSATION.c.contact_id.in_(
            sa.select(_ADDRESS.c.contact_id).where(_ADDRESS.c.address == sa.bindparam("address"))
        ),
        _CONVERSATION.c.updated_at >= sa.bindparam("since"),
    )
    .order_by(_CONVERSATION.c.updated_at.desc())
    .limit(5)
)
_INSERT_REF = insert(_REF)
_ADD_REF = Statement(
    _INSERT_REF.on_conflict_do_update(
        index_elements=["mailbox", "ref", "conversation"],
        set_={"own": sa.or_(_REF.c.own, _INSERT_REF.excluded.own)},
    ),
    ["mailbox", "ref", "conversation", "own"],
)
_INSERT_PARTY = insert(_PARTY)
_ADD_PARTY = Statement(
    _INSERT_PARTY.on_conflict_do_update(
        index_elements=["conversation", "address"],
        set_={"role": _INSERT_PARTY.excluded.role},
        where=sa.and_(
            sa.literal_column("party.role = 'pending'"),
            sa.literal_column("excluded.role = 'cc'"),
        ),
    ),
    ["conversation", "address", "name", "role"],
)
_IS_WITH: sa.ColumnElement[bool] = sa.literal_column("party.role IN ('contact', 'cc')")
_LINKS_AMONG = Statement(
    sa.select(_LINK).where(each_of(_LINK.c.low, "numbers"), each_of(_LINK.c.high, "numbers"))
)
_PEOPLE = Statement(
    sa.select(_PARTY.c.conversation, _PARTY.c.address)
    .where(each_of(_PARTY.c.conversation, "wanted"), _IS_WITH)
    .union(
        sa.select(_PARTY.c.conversation, _OTHER.c.address)
        .join(_ADDRESS, _ADDRESS.c.address == _PARTY.c.address)
        .join(_OTHER, _OTHER.c.contact_id == _ADDRESS.c.contact_id)
        .where(each_of(_PARTY.c.conversation, "wanted"), _IS_WITH)
    )
)
_ADD_LINK = Statement(
    insert(_LINK).on_conflict_do_nothing(index_elements=["low", "high"]), ["low", "high"]
)

_WAS_MERGED = sa.exists().where(_MERGE.c.gone == _CONVERSATION.c.number)


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """Somebody who takes part in a conversation; see the table for the roles."""

    address: str
    name: str
    role: str


_SAVED = (
    "subject",
    "state",
    "state_since",
    "contact_id",
    "contact_address",
    "assignee",
    "team",
    "priority",
    "tags",
    "fields",
    "snoozed_until",
    "updated_at",
    "sla",
)


@cache  # a few sets of columns change together, again and again
def _saving(names: tuple[str, ...]) -> Statement:
    return Statement(
        sa.update(_CONVERSATION)
        .where(_CONVERSATION.c.number == sa.bindparam("which"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )


_SAVE = _saving(_SAVED)


def record(row: Any) -> ConversationRecord:
    """Return a row of the table as a record."""
    values = row._asdict()
    values["tags"] = tuple(values["tags"])
    return ConversationRecord(**values)


def add(
    connection: sa.Connection,
    *,
    mailbox: str,
    subject: str,
    subject_key: str,
    contact_id: int,
    contact_address: str,
    at: datetime,
) -> ConversationRecord:
    """Open a conversation under the next number."""
    values: dict[str, Any] = {
        "mailbox": mailbox,
        "subject": subject,
        "subject_key": subject_key,
        "state": "open",
        "state_since": at,
        "contact_id": contact_id,
        "contact_address": contact_address,
        "assignee": None,
        "team": None,
        "priority": "normal",
        "tags": [],
        "fields": {},
        "snoozed_until": None,
        "created_at": at,
        "updated_at": at,
        "sla": None,
    }
    number = _ADD.run(connection, values).lastrowid or 0
    return ConversationRecord(number=number, **{**values, "tags": ()})


def get(connection: sa.Connection, number: int) -> ConversationRecord | None:
    """Return conversation `number`, or None."""
    row = _GET.first(connection, {"wanted": number})
    return None if row is None else record(row)


def get_many(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, ConversationRecord]:
    """Return the conversations of `numbers` that exist."""
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = _MANY.all(connection, {"wanted": json.dumps(wanted)})
    return {row.number: record(row) for row in rows}


def save(
    connection: sa.Connection,
    conversation: ConversationRecord,
    before: ConversationRecord | None = None,
) -> None:
    """Write a changed conversation back.

    Of one that was as `before` only what changed is written: SQLite looks up every index that has
    one of the columns, whether its value is another or not.
    """
    names: tuple[str, ...] = _SAVED
    if before is not None:
        names = tuple(n for n in _SAVED if getattr(conversation, n) != getattr(before, n))
    if not names:
        return
    values = {f"new_{name}": getattr(conversation, name) for name in names}
    _saving(names).run(connection, {"which": conversation.number, **values})


def parties(
    connection: sa.Connection, numbers: Sequence[int]
) -> dict[int, tuple[PartyRecord, ...]]:
    """Return who takes part in each conversation of `numbers`."""
    found: dict[int, list[PartyRecord]] = {number: [] for number in numbers}
    if numbers:
        for row in _PARTIES.all(connection, {"wanted": json.dumps(list(numbers))}):
            found[row.conversation].append(PartyRecord(row.address, row.name, row.role))
    return {number: tuple(each) for number, each in found.items()}


def people(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the addresses (case-folded) of those whom each conversation is with.

    These are its contact and those in copy, each with every address that they are known by;
    neither agents nor strangers who wait for an agent's word.
    """
    found: dict[int, set[str]] = {number: set() for number in numbers}
    if numbers:
        for row in _PEOPLE.all(connection, {"wanted": json.dumps(list(numbers))}):
            found[row.conversation].add(row.address)
    return {number: frozenset(each) for number, each in found.items()}


def add_parties(connection: sa.Connection, number: int, new: Sequence[PartyRecord]) -> None:
    """Let people take part; who does so already stays as they are.

    But for a stranger who waits for an agent's word: a customer's Cc lets them in.
    """
    if new:
        _ADD_PARTY.run_many(
            connection,
            [
                {"conversation": number, "address": p.address, "name": p.name, "role": p.role}
                for p in new
            ],
        )


def by_refs(
    connection: sa.Connection, mailbox: str, refs: Sequence[str]
) -> tuple[dict[str, tuple[int, ...]], frozenset[str]]:
    """Return which conversations of `mailbox` know each of the message ids `refs`.

    The second value holds those of the ids that a message there bears itself.
    """
    found: dict[str, list[int]] = {}
    borne = set()
    if refs:
        for row in _BY_REF.all(connection, {"mailbox": mailbox, "refs": json.dumps(list(refs))}):
            found.setdefault(row.ref, []).append(row.conversation)
            if row.own:
                borne.add(row.ref)
    return {ref: tuple(numbers) for ref, numbers in found.items()}, frozenset(borne)


def add_refs(
    connection: sa.Connection, mailbox: str, number: int, own: str | None, refs: Iterable[str]
) -> None:
    """Remember that the ids `refs`, and `own`, which a message bears, belong to a conversation."""
    rows = [
        {"mailbox": mailbox, "ref": ref, "conversation": number, "own": ref == own}
        for ref in dict.fromkeys((*((own,) if own else ()), *refs))
    ]
    if rows:
        _ADD_REF.run_many(connection, rows)


def by_subject(
    connection: sa.Connection, mailbox: str, subject: str, address: str, since: datetime
) -> list[int]:
    """Return the newest conversations with this contact and normalised subject since a time.

    `address` is one of the contact's, case-folded.
    """
    values = {"mailbox": mailbox, "subject": subject, "address": address, "since": since}
    return [row.number for row in _BY_SUBJECT.all(connection, values)]


def add_link(connection: sa.Connection, one: int, other: int) -> None:
    """Link two conversations; linking them again changes nothing."""
    if one != other:
        _ADD_LINK.run(connection, {"low": min(one, other), "high": max(one, other)})


def links(connection: sa.Connection, number: int) -> list[int]:
    """Return the conversations that are linked with conversation `number`."""
    query = sa.union(
        sa.select(_LINK.c.high).where(_LINK.c.low == number),
        sa.select(_LINK.c.low).where(_LINK.c.high == number),
    )
    return sorted(connection.execute(query).scalars())


def links_among(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, frozenset[int]]:
    """Return which of `numbers` each of them is linked with."""
    found: dict[int, set[int]] = {number: set() for number in numbers}
    if len(found) > 1:
        for row in _LINKS_AMONG.all(connection, {"numbers": json.dumps(list(found))}):
            found[row.low].add(row.high)
            found[row.high].add(row.low)
    return {number: frozenset(each) for number, each in found.items()}


def listing(
    connection: sa.Connection,
    *,
    states: Sequence[str] | None,
    mailbox: str | None,
    assignee: str | None,
    tag: str | None,
    limit: int,
) -> list[ConversationRecord]:
    """Return conversations, those that changed last first; merged ones are left out."""
    return glance.listing(
        driver_of(connection),
        states=states,
        mailbox=mailbox,
        assignee=assignee,
        tag=tag,
        limit=limit,
    )


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many conversations are in each state; merged ones are left out."""
    return glance.counts(driver_of(connection))
