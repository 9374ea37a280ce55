"""Contacts and their addresses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Contact, ContactAddress, table_of

_CONTACT = table_of(Contact)
_ADDRESS = table_of(ContactAddress)

_FIND = Statement(
    sa.select(_CONTACT.c.id, _CONTACT.c.name, _ADDRESS.c.address, _ADDRESS.c.bounced_at)
    .join(_ADDRESS, _ADDRESS.c.contact_id == _CONTACT.c.id)
    .where(_ADDRESS.c.address == sa.bindparam("wanted"))
)
_NAMES = Statement(
    sa.select(_CONTACT.c.id, _CONTACT.c.name).where(each_of(_CONTACT.c.id, "wanted"))
)
_ADD = Statement(sa.insert(_CONTACT), ["name", "created_at", "fields"])
_ADD_ADDRESS = Statement(sa.insert(_ADDRESS), ["address", "contact_id", "bounced_at"])
_RENAME = Statement(
    sa.update(_CONTACT)
    .where(_CONTACT.c.id == sa.bindparam("which"))
    .values(name=sa.bindparam("new_name"))
)
_MARK_BOUNCED = Statement(
    sa.update(_ADDRESS)
    .where(_ADDRESS.c.address == sa.bindparam("which"))
    .values(bounced_at=sa.bindparam("at"))
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
    values = {"name": name, "created_at": at, "fields": {}}
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
    _MARK_BOUNCED.run(connection, {"which": address.casefold(), "at": at})
