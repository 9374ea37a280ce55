"""What is known of a customer besides names and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.store.statements import Statement
from inboxd.store.tables import Contact, ContactAddress, Conversation, Merge, table_of

_CONTACT = table_of(Contact)
_ADDRESS = table_of(ContactAddress)
_CONVERSATION = table_of(Conversation)
_MERGE = table_of(Merge)

_GET = Statement(sa.select(_CONTACT).where(_CONTACT.c.id == sa.bindparam("wanted")))
_OF_ADDRESS = Statement(
    sa.select(_CONTACT)
    .join(_ADDRESS, _ADDRESS.c.contact_id == _CONTACT.c.id)
    .where(_ADDRESS.c.address == sa.bindparam("wanted"))
)
_BEFORE = Statement(
    sa.select(sa.func.count().label("many")).where(
        _CONVERSATION.c.contact_id == sa.bindparam("contact"),
        _CONVERSATION.c.number < sa.bindparam("number"),
        ~sa.exists().where(_MERGE.c.gone == _CONVERSATION.c.number),
    )
)


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A customer: name, fields, tags, and when the first mail came."""

    id: int
    name: str
    created_at: datetime
    fields: Mapping[str, str] = field(hash=False)
    tags: tuple[str, ...] = ()


def get(connection: sa.Connection, contact_id: int) -> ContactCard | None:
    """Return the contact `contact_id`, or None."""
    return _card(_GET.first(connection, {"wanted": contact_id}))


def of_address(connection: sa.Connection, address: str) -> ContactCard | None:
    """Return the contact who has `address` (compared case-folded), or None."""
    return _card(_OF_ADDRESS.first(connection, {"wanted": address.casefold()}))


def conversations_before(connection: sa.Connection, contact_id: int, number: int) -> int:
    """Return how many conversations a contact had before `number`; merged ones are left out."""
    row = _BEFORE.first(connection, {"contact": contact_id, "number": number})
    return 0 if row is None else int(row.many)


def save(
    connection: sa.Connection, contact_id: int, fields: Mapping[str, str], tags: Iterable[str]
) -> None:
    """Give a contact these fields and tags in place of those that were."""
    values = {"fields": dict(fields), "tags": sorted(set(tags))}
    connection.execute(sa.update(_CONTACT).where(_CONTACT.c.id == contact_id).values(values))


def _card(row: Any) -> ContactCard | None:
    if row is None:
        return None
    return ContactCard(row.id, row.name, row.created_at, row.fields, tuple(row.tags))
