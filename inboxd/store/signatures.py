"""What bears signatures of ours: mails that went out, and addresses that answers came to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.tables import Journal, Outbox, table_of

_OUTBOX = table_of(Outbox)
_JOURNAL = table_of(Journal)


def newest_mails(
    connection: sa.Connection, limit: int
) -> Iterator[tuple[str | None, str, datetime]]:
    """Yield mailbox, Message-ID and time of our newest mails."""
    query = sa.select(_OUTBOX.c.mailbox, _OUTBOX.c.message_id, _OUTBOX.c.created_at)
    for row in connection.execute(query.order_by(_OUTBOX.c.id.desc()).limit(limit)):
        yield row.mailbox, row.message_id, row.created_at


def newest_recipients(
    connection: sa.Connection, limit: int
) -> Iterator[tuple[str, list[str], datetime]]:
    """Yield mailbox, envelope's recipients and time of the newest mails that came in."""
    query = sa.select(_JOURNAL.c.mailbox, _JOURNAL.c.envelope_to, _JOURNAL.c.received_at)
    for row in connection.execute(query.order_by(_JOURNAL.c.id.desc()).limit(limit)):
        yield row.mailbox, row.envelope_to, row.received_at
