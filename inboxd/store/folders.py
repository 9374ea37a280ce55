"""How far each IMAP folder has been read, what has still to be marked there, and how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from inboxd.store.tables import Alert, Folder, FolderMark, table_of
from inboxd.store.types import UtcTime

_FOLDER = table_of(Folder)
_MARK = table_of(FolderMark)
_ALERT = table_of(Alert)


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on (RFC 3501 section 2.3.1.1)."""

    uidvalidity: int
    last_uid: int


def place(connection: sa.Connection, source: str) -> Place | None:
    """Return where reading of `source` goes on, or None where it has never been read."""
    row = connection.execute(sa.select(_FOLDER).where(_FOLDER.c.source == source)).one_or_none()
    if row is None or row.uidvalidity is None:
        return None
    return Place(row.uidvalidity, row.last_uid)


def first_seen_at(connection: sa.Connection, source: str) -> datetime | None:
    """Return when something was read from `source` for the first time, or None."""
    query = sa.select(_FOLDER.c.first_seen_at).where(_FOLDER.c.source == source)
    return connection.execute(query).scalar()


def move_on(connection: sa.Connection, source: str, to: Place, at: datetime) -> None:
    """Remember where reading goes on, in the transaction that journals what was read."""
    _ensure(connection, source)
    connection.execute(
        sa.update(_FOLDER)
        .where(_FOLDER.c.source == source)
        .values(
            uidvalidity=to.uidvalidity,
            last_uid=to.last_uid,
            seen_at=at,
            first_seen_at=sa.func.coalesce(
                _FOLDER.c.first_seen_at, sa.bindparam("now", at, UtcTime)
            ),
        )
    )


def add_marks(
    connection: sa.Connection, source: str, uidvalidity: int, uids: Sequence[int]
) -> None:
    """Note that the mails `uids` have still to be marked or moved on the server."""
    if uids:
        connection.execute(
            sa.insert(_MARK).prefix_with("OR IGNORE"),
            [{"source": source, "uidvalidity": uidvalidity, "uid": uid} for uid in uids],
        )


def marks(connection: sa.Connection, source: str, uidvalidity: int) -> list[int]:
    """Return the uids that have still to be marked; those of another uidvalidity are void."""
    query = (
        sa.select(_MARK.c.uid)
        .where(_MARK.c.source == source, _MARK.c.uidvalidity == uidvalidity)
        .order_by(_MARK.c.uid)
    )
    return list(connection.execute(query).scalars())


def drop_marks(
    connection: sa.Connection, source: str, uidvalidity: int, uids: Sequence[int]
) -> None:
    """Forget marks that are done, and all those of an older uidvalidity."""
    for start in range(0, len(uids), 500):
        connection.execute(
            sa.delete(_MARK).where(
                _MARK.c.source == source,
                _MARK.c.uidvalidity == uidvalidity,
                _MARK.c.uid.in_(uids[start : start + 500]),
            )
        )
    connection.execute(
        sa.delete(_MARK).where(_MARK.c.source == source, _MARK.c.uidvalidity != uidvalidity)
    )


def set_problem(connection: sa.Connection, source: str, problem: str | None, at: datetime) -> None:
    """Note what is wrong with a source, or that it works (None)."""
    _ensure(connection, source)
    values: dict[str, Any] = {"problem": problem}
    if problem is None:
        values |= {"problem_since": None, "seen_at": at}
    elif problem_since(connection, source) is None:
        values |= {"problem_since": at}
    connection.execute(sa.update(_FOLDER).where(_FOLDER.c.source == source).values(**values))


def problem_since(connection: sa.Connection, source: str) -> datetime | None:
    """Return since when the source has been ill, or None where it is well."""
    query = sa.select(_FOLDER.c.problem_since).where(_FOLDER.c.source == source)
    return connection.execute(query).scalar()


def listing(connection: sa.Connection) -> list[sa.Row[Any]]:
    """Return every source that has been visited."""
    return list(connection.execute(sa.select(_FOLDER).order_by(_FOLDER.c.source)))


def may_alert(connection: sa.Connection, key: str, now: datetime, every: timedelta) -> bool:
    """Return whether the admin may be told of `key` again, and note that this happens now."""
    last = connection.execute(sa.select(_ALERT.c.at).where(_ALERT.c.key == key)).scalar()
    if last is not None and now - last < every:
        return False
    connection.execute(sa.insert(_ALERT).prefix_with("OR REPLACE"), {"key": key, "at": now})
    return True


def _ensure(connection: sa.Connection, source: str) -> None:
    connection.execute(
        sa.insert(_FOLDER).prefix_with("OR IGNORE"), {"source": source, "last_uid": 0}
    )
