"""Where mails lie that show their conversation's state in an IMAP source, and what they show."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from inboxd.store.desk_tables import MirrorFolder, MirrorPlace
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Conversation, Event, Journal, Message, table_of

_PLACE = table_of(MirrorPlace)
_FOLDER = table_of(MirrorFolder)
_EVENT = table_of(Event)
_MESSAGE = table_of(Message)
_JOURNAL = table_of(Journal)
_CONVERSATION = table_of(Conversation)
_FIRST = _JOURNAL.alias("first")  # the entry of which another one is a duplicate

_FILED = (
    sa.select(
        _PLACE,
        sa.func.max(_MESSAGE.c.id).label("message"),
        _CONVERSATION.c.number,
        _CONVERSATION.c.state.label("wanted"),
    )
    .join(_JOURNAL, _JOURNAL.c.id == _PLACE.c.journal_id)
    .outerjoin(
        _FIRST,
        sa.and_(
            _JOURNAL.c.state == "duplicate",
            _FIRST.c.mailbox == _JOURNAL.c.mailbox,
            _FIRST.c.content_sha256 == _JOURNAL.c.content_sha256,
            # A literal: SQLite takes a partial index only for a condition that it can read.
            sa.text("first.state = 'applied'"),
        ),
    )
    .outerjoin(_MESSAGE, _MESSAGE.c.journal_id == sa.func.coalesce(_FIRST.c.id, _JOURNAL.c.id))
    .outerjoin(_CONVERSATION, _CONVERSATION.c.number == _MESSAGE.c.conversation)
    .group_by(_PLACE.c.id)
)
_OF_SOURCE = _FILED.where(_PLACE.c.source == sa.bindparam("of"))
_IS_DUE = sa.or_(_CONVERSATION.c.state != _PLACE.c.state, _PLACE.c.moving != "")
_DUE = Statement(_OF_SOURCE.where(_IS_DUE).order_by(_PLACE.c.id).limit(sa.bindparam("most")))
_DUE_SINCE = Statement(
    _OF_SOURCE.where(
        _IS_DUE,
        _PLACE.c.journal_id.in_(
            sa.select(_MESSAGE.c.journal_id).where(
                _MESSAGE.c.conversation.in_(
                    sa.select(_EVENT.c.conversation).where(_EVENT.c.id > sa.bindparam("event"))
                )
            )
        ),
    )
    .order_by(_PLACE.c.id)
    .limit(sa.bindparam("most"))
)
_OF_SIZE = Statement(_OF_SOURCE.where(each_of(_PLACE.c.size, "sizes")))
_BY_ID = Statement(_FILED.where(each_of(_PLACE.c.id, "ids")).order_by(_PLACE.c.id))
_NEWEST_IDS = (
    sa.select(_PLACE.c.id)
    .where(
        _PLACE.c.source == sa.bindparam("of"),
        _PLACE.c.folder == sa.bindparam("within"),
        _PLACE.c.uidvalidity == sa.bindparam("epoch"),
    )
    .order_by(_PLACE.c.uid.desc())
    .limit(sa.bindparam("most"))
)
_NEWEST = Statement(_FILED.where(_PLACE.c.id.in_(_NEWEST_IDS)))
_LAST_EVENT = Statement(sa.select(sa.func.max(_EVENT.c.id)))


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A mail that has just been journaled from its source's folder; `size` of the whole mail."""

    uid: int
    journal_id: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies, what it shows (`state`), and what its conversation's state is (`wanted`).

    `conversation` and `wanted` are None and empty while the mail belongs to no conversation.
    """

    id: int
    folder: str
    uidvalidity: int
    uid: int
    size: int
    sha256: bytes
    state: str
    moving: str
    message: int | None
    conversation: int | None
    wanted: str


def add(
    connection: sa.Connection,
    source: str,
    folder: str,
    uidvalidity: int,
    places: Sequence[NewPlace],
    *,
    known_elsewhere: bool,
) -> None:
    """Remember where newly journaled mails lie.

    A mail of the same bytes that lay in the same folder under another UIDVALIDITY is the same one.
    With `known_elsewhere` one that lies in another folder is left to whoever looks for moved mail.
    """
    for new in places:
        same = sa.and_(_PLACE.c.source == source, _PLACE.c.size == new.size)
        query = sa.select(_PLACE).where(same, _PLACE.c.sha256 == new.sha256)
        known = connection.execute(query).all()
        stale = [row for row in known if row.folder == folder and row.uidvalidity != uidvalidity]
        here = {"folder": folder, "uidvalidity": uidvalidity, "uid": new.uid}
        if stale:
            fresh = {**here, "state": "", "moving": ""}
            connection.execute(sa.update(_PLACE).where(_PLACE.c.id == stale[0].id).values(**fresh))
        elif not known or not known_elsewhere:
            row = {"journal_id": new.journal_id, "size": new.size, "sha256": new.sha256}
            connection.execute(
                sa.insert(_PLACE).prefix_with("OR IGNORE"),
                {"source": source, **here, **row, "state": "", "moving": ""},
            )


def known(
    connection: sa.Connection, source: str, folder: str, uidvalidity: int, uids: Sequence[int]
) -> set[int]:
    """Return those of `uids` whose mails are known to lie in the folder."""
    query = sa.select(_PLACE.c.uid).where(
        _PLACE.c.source == source, _PLACE.c.folder == folder, _PLACE.c.uidvalidity == uidvalidity
    )
    found: set[int] = set()
    for start in range(0, len(uids), 500):
        some = _PLACE.c.uid.in_(uids[start : start + 500])
        found.update(connection.execute(query.where(some)).scalars())
    return found


def due(
    connection: sa.Connection, source: str, most: int, since_event: int | None = None
) -> list[Place]:
    """Return the mails that do not show their conversation's state, or were about to show another.

    With `since_event` only those whose conversation has a line of history newer than that.
    """
    if since_event is None:
        rows = _DUE.all(connection, {"of": source, "most": most})
    else:
        values = {"of": source, "most": most, "event": since_event}
        rows = _DUE_SINCE.all(connection, values)
    return [_place(row) for row in rows if row.wanted is not None]


def of_size(connection: sa.Connection, source: str, sizes: Iterable[int]) -> list[Place]:
    """Return the mails of these sizes."""
    values = {"of": source, "sizes": json.dumps(sorted(set(sizes)))}
    return [_place(row) for row in _OF_SIZE.all(connection, values)]


def get(connection: sa.Connection, ids: Iterable[int]) -> dict[int, Place]:
    """Return places by their ids, as they are now."""
    rows = _BY_ID.all(connection, {"ids": json.dumps(sorted(ids))})
    return {row.id: _place(row) for row in rows}


def newest(
    connection: sa.Connection, source: str, folder: str, uidvalidity: int, most: int
) -> list[Place]:
    """Return the folder's newest mails."""
    values = {"of": source, "within": folder, "epoch": uidvalidity, "most": most}
    return [_place(row) for row in _NEWEST.all(connection, values)]


def put(
    connection: sa.Connection, place: int, state: str, at: tuple[str, int, int] | None = None
) -> None:
    """Note what a mail shows now and, with `at` (folder, UIDVALIDITY, UID), where it lies."""
    values: dict[str, Any] = {"state": state, "moving": ""}
    if at is not None:
        folder, uidvalidity, uid = at
        values |= {"folder": folder, "uidvalidity": uidvalidity, "uid": uid}
        connection.execute(  # a number that the server gives again
            sa.delete(_PLACE).where(
                _PLACE.c.source
                == sa.select(_PLACE.c.source).where(_PLACE.c.id == place).scalar_subquery(),
                _PLACE.c.folder == folder,
                _PLACE.c.uidvalidity == uidvalidity,
                _PLACE.c.uid == uid,
                _PLACE.c.id != place,
            )
        )
    connection.execute(sa.update(_PLACE).where(_PLACE.c.id == place).values(**values))


def announce(connection: sa.Connection, places: Sequence[int], state: str) -> None:
    """Note that mails are about to show `state` (empty: that nothing has come of it)."""
    for start in range(0, len(places), 500):
        some = _PLACE.c.id.in_(places[start : start + 500])
        connection.execute(sa.update(_PLACE).where(some).values(moving=state))


def forget(connection: sa.Connection, places: Collection[int]) -> None:
    """Forget mails that people have deleted, or moved where nothing is mirrored."""
    ids = list(places)
    for start in range(0, len(ids), 500):
        connection.execute(sa.delete(_PLACE).where(_PLACE.c.id.in_(ids[start : start + 500])))


def progress(connection: sa.Connection, source: str, folder: str) -> tuple[int, int] | None:
    """Return (UIDVALIDITY, UID) up to which a folder was looked through, None where never."""
    query = sa.select(_FOLDER).where(_FOLDER.c.source == source, _FOLDER.c.folder == folder)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.uidvalidity, row.last_uid)


def set_progress(
    connection: sa.Connection, source: str, folder: str, uidvalidity: int, last_uid: int
) -> None:
    """Remember how far a folder was looked through."""
    values = {"source": source, "folder": folder, "uidvalidity": uidvalidity}
    connection.execute(
        sa.insert(_FOLDER).prefix_with("OR REPLACE"), {**values, "last_uid": last_uid}
    )


def last_event(connection: sa.Connection) -> int:
    """Return the number of the newest line of history, which every change of a state writes."""
    return _LAST_EVENT.scalar(connection, {}) or 0


def _place(row: Any) -> Place:
    return Place(
        row.id,
        row.folder,
        row.uidvalidity,
        row.uid,
        row.size,
        row.sha256,
        row.state,
        row.moving,
        row.message,
        row.number,
        row.wanted or "",
    )
