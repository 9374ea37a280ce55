"""What is known of a customer besides names and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.statements import Statement
from inboxd.store.tables import Contact, table_of

_CONTACT = table_of(Contact)
_GET = Statement(sa.select(_CONTACT).where(_CONTACT.c.id == sa.bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A customer: name, fields, and when the first mail came."""

    id: int
    name: str
    created_at: datetime
    fields: Mapping[str, str] = field(hash=False)


def get(connection: sa.Connection, contact_id: int) -> ContactCard | None:
    """Return the contact `contact_id`, or None."""
    row = _GET.first(connection, {"wanted": contact_id})
    return None if row is None else ContactCard(row.id, row.name, row.created_at, row.fields)
