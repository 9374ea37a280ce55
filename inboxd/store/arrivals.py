"""When mail came by which way."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from inboxd.store.tables import Journal, table_of

_JOURNAL = table_of(Journal)


def times(
    connection: sa.Connection, source: str, since: datetime, until: datetime
) -> list[datetime]:
    """Return when mails came by `source` between two moments, in their order."""
    query = sa.select(_JOURNAL.c.received_at).where(
        _JOURNAL.c.source == source,
        _JOURNAL.c.received_at > since,
        _JOURNAL.c.received_at <= until,
    )
    return list(connection.execute(query.order_by(_JOURNAL.c.received_at)).scalars())
