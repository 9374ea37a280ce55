"""Contacts and their addresses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Contact, ContactAddress, Conversation, table_of

_CONTACT = table_of(Contact)
_ADDRESS = table_of(ContactAddress)
_CONVERSATION = table_of(Conversation)

_FIND = Statement(
    sa.select(_CONTACT.c.id, _CONTACT.c.name, _ADDRESS.c.address, _ADDRESS.c.bounced_at)
    .join(_ADDRESS, _ADDRESS.c.contact_id == _CONTACT.c.id)
    .where(_ADDRESS.c.address == sa.bindparam("wanted"))
)
_NAMES = Statement(
    sa.select(_CONTACT.c.id, _CONTACT.c.name).where(each_of(_CONTACT.c.id, "wanted"))
)
_ADD = Statement(sa.insert(_CONTACT), ["name", "created_at", "fields", "tags"])
_ADD_ADDRESS = Statement(sa.insert(_ADDRESS), ["address", "contact_id", "bounced_at"])
_RENAME = Statement(
    sa.update(_CONTACT)
    .where(_CONTACT.c.id == sa.bindparam("which"))
    .values(name=sa.bindparam("new_name"))
)
_ADDRESSES = Statement(
    sa.select(_ADDRESS.c.contact_id, _ADDRESS.c.address, _ADDRESS.c.bounced_at)
    .where(each_of(_ADDRESS.c.contact_id, "wanted"))
    .order_by(_ADDRESS.c.address)
)
_CONVERSATIONS = Statement(
    sa.select(_CONVERSATION.c.number)
    .where(_CONVERSATION.c.contact_id == sa.bindparam("wanted"))
    .order_by(_CONVERSATION.c.updated_at.desc(), _CONVERSATION.c.number.desc())
)
_MARK_BOUNCED = Statement(
    sa.update(_ADDRESS)
    .where(_ADDRESS.c.address == sa.bindparam("which"))
    .values(bounced_at=sa.bindparam("at"))
)
_MARK_ALIVE = Statement(  # said of every mail, and seldom news
    sa.update(_ADDRESS)
    .where(_ADDRESS.c.address == sa.bindparam("which"), _ADDRESS.c.bounced_at.is_not(None))
    .values(bounced_at=sa.null())
)


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A customer as known by one address (case-folded)."""

    id: int
    name: str
    address: str
    bounced_at: datetime | None


def find(connection: sa.Connection, address: str) -> ContactRecord | None:
    """Return the contact who has `address` (compared case-folded), or None."""
    row = _FIND.first(connection, {"wanted": address.casefold()})
    return None if row is None else ContactRecord(row.id, row.name, row.address, row.bounced_at)


def find_or_add(
    connection: sa.Connection, address: str, name: str, at: datetime
) -> tuple[ContactRecord, bool]:
    """Return the contact who has `address`, and whether it is new.

    A contact without a name takes `name`.
    """
    known = find(connection, address)
    if known is not None:
        if name and not known.name:
            _RENAME.run(connection, {"which": known.id, "new_name": name})
            known = ContactRecord(known.id, name, known.address, known.bounced_at)
        return known, False
    values = {"name": name, "created_at": at, "fields": {}, "tags": []}
    number = _ADD.run(connection, values).lastrowid or 0
    key = address.casefold()
    _ADD_ADDRESS.run(connection, {"address": key, "contact_id": number, "bounced_at": None})
    return ContactRecord(number, name, key, None), True


def names(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the names of the contacts `ids`."""
    if not ids:
        return {}
    rows = _NAMES.all(connection, {"wanted": json.dumps(sorted(set(ids)))})
    return {row.id: row.name for row in rows}


def mark_bounced(connection: sa.Connection, address: str, at: datetime | None) -> None:
    """Note that mail to `address` failed for good (or, with None, that it works again)."""
    if at is None:
        _MARK_ALIVE.run(connection, {"which": address.casefold()})
    else:
        _MARK_BOUNCED.run(connection, {"which": address.casefold(), "at": at})


def addresses_of(
    connection: sa.Connection, ids: Iterable[int]
) -> dict[int, tuple[ContactRecord, ...]]:
    """Return each of the contacts `ids` once for every address (case-folded) that is known."""
    wanted = sorted(set(ids))
    found: dict[int, list[ContactRecord]] = {number: [] for number in wanted}
    if wanted:
        called = names(connection, wanted)
        for row in _ADDRESSES.all(connection, {"wanted": json.dumps(wanted)}):
            known = ContactRecord(
                row.contact_id, called.get(row.contact_id, ""), row.address, row.bounced_at
            )
            found[row.contact_id].append(known)
    return {number: tuple(records) for number, records in found.items()}


def conversations_of(connection: sa.Connection, contact_id: int) -> list[int]:
    """Return the numbers of a contact's conversations, those that changed last first."""
    return [row.number for row in _CONVERSATIONS.all(connection, {"wanted": contact_id})]


def add_address(connection: sa.Connection, contact_id: int, address: str) -> bool:
    """Let a contact have `address`, too; returns whether it does now and did not before.

    An address that is another contact's stays theirs: `merge` is for that.
    """
    if find(connection, address) is not None:
        return False
    row = {"address": address.casefold(), "contact_id": contact_id, "bounced_at": None}
    _ADD_ADDRESS.run(connection, row)
    return True


def merge(connection: sa.Connection, contact_id: int, other_id: int) -> int:
    """Make two contacts one: `other_id` is gone, and what was its is the first one's.

    Its addresses, conversations and tags go over, its name where the first has none, and those of
    its fields that the first lacks. Returns how many conversations went over. None changes
    the address at which its contact is answered.
    """
    query = sa.select(_CONTACT).where(_CONTACT.c.id.in_((contact_id, other_id)))
    rows = {row.id: row for row in connection.execute(query)}
    kept, gone = rows[contact_id], rows[other_id]
    moved = connection.execute(
        sa.update(_CONVERSATION)
        .where(_CONVERSATION.c.contact_id == other_id)
        .values(contact_id=contact_id)
    ).rowcount
    connection.execute(
        sa.update(_ADDRESS).where(_ADDRESS.c.contact_id == other_id).values(contact_id=contact_id)
    )
    values = {
        "name": kept.name or gone.name,
        "fields": {**gone.fields, **kept.fields},
        "tags": sorted({*gone.tags, *kept.tags}),
        "created_at": min(kept.created_at, gone.created_at),
    }
    connection.execute(sa.update(_CONTACT).where(_CONTACT.c.id == contact_id).values(values))
    connection.execute(sa.delete(_CONTACT).where(_CONTACT.c.id == other_id))
    return moved
