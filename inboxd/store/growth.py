"""How fast the database grows, and how new its newest rows are."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.store.types import from_micros, to_micros

_LATELY = timedelta(days=30)


def newest(connection: sa.Connection) -> datetime | None:
    """Return the time of the newest arrival or event, None in an empty database."""
    query = (
        "SELECT max(at) FROM (SELECT received_at AS at FROM journal "
        "WHERE id = (SELECT max(id) FROM journal) UNION ALL "
        "SELECT at FROM event WHERE id = (SELECT max(id) FROM event))"
    )
    found = connection.exec_driver_sql(query).scalar()
    return None if found is None else from_micros(int(found))


def bytes_a_day(connection: sa.Connection, now: datetime) -> float:
    """Return by how much the database grew a day in the last month, told by its mails."""
    last = _number(connection, "SELECT max(id) FROM journal")
    count = _number(connection, "SELECT count(*) FROM journal")
    if not count:
        return 0.0
    size = _number(connection, "PRAGMA page_count") * _number(connection, "PRAGMA page_size")
    since = to_micros(now - _LATELY)
    first = _first_since(connection, since, last)
    recent = _number(connection, "SELECT count(*) FROM journal WHERE id >= ?", first)
    return size / count * recent / _LATELY.days


def _first_since(connection: sa.Connection, since: int, last: int) -> int:
    """Return the first entry that came after `since`: ids grow with time, so few are looked at."""
    low, high = 1, last + 1
    query = "SELECT received_at FROM journal WHERE id >= ? ORDER BY id LIMIT 1"
    while low < high:
        middle = (low + high) // 2
        at = connection.exec_driver_sql(query, (middle,)).scalar()
        if at is not None and at < since:
            low = middle + 1
        else:
            high = middle
    return low


def _number(connection: sa.Connection, query: str, *values: object) -> int:
    return int(connection.exec_driver_sql(query, values).scalar() or 0)
