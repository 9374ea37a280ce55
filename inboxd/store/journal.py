"""The journal: every inbound mail's raw bytes, durable before anything is acknowledged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from inboxd.conversations.states import JournalState
from inboxd.failpoints import reach
from inboxd.store.compression import Packer
from inboxd.store.packing import pack_mail, unpack_mail, unpack_or_empty
from inboxd.store.statements import Statement, each_of, write_large
from inboxd.store.tables import Blob, Journal, Message, table_of

_JOURNAL = table_of(Journal)
_BLOB = table_of(Blob)
_MESSAGE = table_of(Message)
MAX_ATTEMPTS = 3
RETRY_AFTER = (timedelta(seconds=5), timedelta(seconds=60))

_FIND_BLOB = Statement(sa.select(_BLOB.c.id).where(_BLOB.c.sha256 == sa.bindparam("sha256")))
_ADD_BLOB = Statement(sa.insert(_BLOB), ["sha256", "size", "codec", "data"])
_ADD_ENTRY = Statement(
    sa.insert(_JOURNAL),
    [
        "received_at",
        "mailbox",
        "source",
        "envelope_from",
        "envelope_to",
        "blob_id",
        "history",
        "oversize",
        "state",
        "attempts",
        "next_attempt_at",
    ],
)
_ENTRY_COLUMNS = (
    _JOURNAL.c.id,
    _JOURNAL.c.received_at,
    _JOURNAL.c.mailbox,
    _JOURNAL.c.source,
    _JOURNAL.c.envelope_from,
    _JOURNAL.c.envelope_to,
    _JOURNAL.c.history,
    _JOURNAL.c.oversize,
    _JOURNAL.c.attempts,
)
_DUE = Statement(
    sa.select(*_ENTRY_COLUMNS, _BLOB.c.data, _BLOB.c.size)
    .join(_BLOB, _BLOB.c.id == _JOURNAL.c.blob_id)
    # A literal: SQLite takes a partial index only for a condition that it can read.
    .where(sa.text("journal.state = 'received'"), _JOURNAL.c.next_attempt_at <= sa.bindparam("now"))
    .order_by(_JOURNAL.c.id)
    .limit(sa.bindparam("limit"))
)
_RAW = Statement(
    sa.select(_BLOB.c.data, _BLOB.c.size)
    .join(_JOURNAL, _JOURNAL.c.blob_id == _BLOB.c.id)
    .where(_JOURNAL.c.id == sa.bindparam("entry"))
)
_FINISH = Statement(
    sa.update(_JOURNAL)
    .where(_JOURNAL.c.id == sa.bindparam("entry"))
    .values(
        state=sa.bindparam("to_state"),
        content_sha256=sa.bindparam("content"),
        finished_at=sa.bindparam("at"),
        error=sa.bindparam("why"),
    )
)
_SAME_CONTENT = Statement(
    sa.select(_JOURNAL.c.id).where(
        _JOURNAL.c.mailbox == sa.bindparam("mailbox"),
        _JOURNAL.c.content_sha256 == sa.bindparam("content"),
        sa.text("journal.state = 'applied'"),
    )
)
_ELSEWHERE = Statement(
    # Named, since SQLite would rather read all that is applied.
    sa.text(
        "SELECT journal.mailbox, message.conversation FROM journal INDEXED BY journal_content "
        "JOIN message ON message.journal_id = journal.id "
        "WHERE journal.mailbox IN (SELECT value FROM json_each(:mailboxes)) "
        "AND journal.content_sha256 = :content AND journal.state = 'applied'"
    ).columns(_JOURNAL.c.mailbox, _MESSAGE.c.conversation)
)
_WAITING = Statement(
    sa.select(_JOURNAL.c.id).where(
        each_of(_JOURNAL.c.id, "entries"), sa.text("journal.state = 'received'")
    )
)
_BATCH_BYTES = 8_000_000


_LARGE = 1_000_000  # bytes; SQLite would hold more of them in memory three times


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail on its way into the journal.

    `envelope_from` is None where the way in does not tell it, `""` for the null sender.
    `received_at` is when the mail reached the shop (aware, UTC). `oversize` is the mail's size in
    bytes where only its header was taken.
    """

    mailbox: str
    source: str
    raw: bytes
    envelope_from: str | None
    envelope_to: tuple[str, ...]
    received_at: datetime
    history: bool = False
    oversize: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A journaled mail that waits for its conversation.

    `damaged` says that its bytes cannot be read out of the database any more; `raw` is empty then.
    """

    id: int
    received_at: datetime
    mailbox: str
    source: str
    envelope_from: str | None
    envelope_to: tuple[str, ...]
    history: bool
    oversize: int | None
    attempts: int
    raw: bytes
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """A mail's bytes made ready for the journal outside of any transaction."""

    sha256: bytes
    size: int
    codec: int
    data: bytes


def pack(raw: bytes, packer: Packer | None = None) -> Packed:
    """Hash and compress a mail; slow work that needs no transaction.

    `packer` is the one of the database that the mail is for.
    """
    return Packed(hashlib.sha256(raw).digest(), len(raw), *pack_mail(raw, packer))


def unpack(data: bytes, size: int) -> bytes:
    """Return a blob's bytes."""
    return unpack_mail(data, size)


def append(
    connection: sa.Connection,
    arrivals: Sequence[tuple[Arrival, Packed]],
) -> list[int]:
    """Write `arrivals` and return their journal ids; they are durable once the caller commits."""
    ids = []
    for arrival, packed in arrivals:
        blob = _FIND_BLOB.scalar(connection, {"sha256": packed.sha256})
        if blob is None:
            blob = _add_blob(connection, packed)
        reach("journal.blob")
        entry = {
            "received_at": arrival.received_at,
            "mailbox": arrival.mailbox,
            "source": arrival.source,
            "envelope_from": arrival.envelope_from,
            "envelope_to": list(arrival.envelope_to),
            "blob_id": blob,
            "history": arrival.history,
            "oversize": arrival.oversize,
            "state": JournalState.RECEIVED.value,
            "attempts": 0,
            "next_attempt_at": arrival.received_at,
        }
        ids.append(int(_ADD_ENTRY.run(connection, entry).lastrowid or 0))
    return ids


def _add_blob(connection: sa.Connection, packed: Packed) -> int:
    large = len(packed.data) > _LARGE
    row: dict[str, Any] = {
        "sha256": packed.sha256,
        "size": packed.size,
        "codec": packed.codec,
        "data": b"" if large else packed.data,
    }
    blob = int(_ADD_BLOB.run(connection, row).lastrowid or 0)
    if large:
        write_large(connection, _BLOB.name, "data", blob, packed.data)
    return blob


def due(connection: sa.Connection, now: datetime, limit: int) -> list[Entry]:
    """Return the oldest entries that wait for their conversation, some 8 MB of them at most."""
    entries: list[Entry] = []
    size = 0
    for row in _DUE.each(connection, {"now": now, "limit": limit}):
        raw = unpack_or_empty(row.data, row.size)
        entries.append(
            Entry(
                row.id,
                row.received_at,
                row.mailbox,
                row.source,
                row.envelope_from,
                tuple(row.envelope_to),
                row.history,
                row.oversize,
                row.attempts,
                raw,
                damaged=row.size > 0 and not raw,
            )
        )
        size += row.size
        if size >= _BATCH_BYTES:
            break
    return entries


def still_waiting(connection: sa.Connection, entries: Sequence[int]) -> frozenset[int]:
    """Return those of `entries` that nobody else has processed meanwhile."""
    rows = _WAITING.all(connection, {"entries": json.dumps(list(entries))})
    return frozenset(row.id for row in rows)


def raw(connection: sa.Connection, entry: int) -> bytes | None:
    """Return the bytes of a journaled mail, or None where there is no such entry."""
    row = _RAW.first(connection, {"entry": entry})
    return None if row is None else unpack(row.data, row.size)


def raws(connection: sa.Connection, entries: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the entries of `entries` that hold a whole mail, each with the mail's bytes."""
    query = (
        sa.select(_JOURNAL.c.id, _BLOB.c.data, _BLOB.c.size)
        .join(_BLOB, _BLOB.c.id == _JOURNAL.c.blob_id)
        .where(_JOURNAL.c.oversize.is_(None))
    )
    for start in range(0, len(entries), 500):
        some = _JOURNAL.c.id.in_(entries[start : start + 500])
        for row in connection.execute(query.where(some)):
            yield row.id, unpack(row.data, row.size)


def same_content(connection: sa.Connection, mailbox: str, content: str) -> int | None:
    """Return the entry of this mailbox that holds the same mail already."""
    return _SAME_CONTENT.scalar(connection, {"mailbox": mailbox, "content": content})


def elsewhere(connection: sa.Connection, mailboxes: Sequence[str], content: str) -> dict[int, str]:
    """Return the conversations of `mailboxes` that hold the same mail, each with its mailbox."""
    values = {"mailboxes": json.dumps(list(mailboxes)), "content": content}
    return {row.conversation: row.mailbox for row in _ELSEWHERE.all(connection, values)}


def finish(
    connection: sa.Connection,
    entry: int,
    state: JournalState,
    at: datetime,
    *,
    content: str | None = None,
    why: str | None = None,
) -> None:
    """Record what became of an entry."""
    _FINISH.run(
        connection,
        {"entry": entry, "to_state": state.value, "content": content, "at": at, "why": why},
    )


def record_failure(
    connection: sa.Connection, entry: Entry, now: datetime, why: str, *, hopeless: bool
) -> JournalState:
    """Count a failed attempt; the third, or a hopeless one, puts the mail aside whole."""
    attempts = entry.attempts + 1
    over = hopeless or attempts >= MAX_ATTEMPTS
    state = JournalState.QUARANTINED if over else JournalState.RECEIVED
    wait = RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1]
    connection.execute(
        sa.update(_JOURNAL)
        .where(_JOURNAL.c.id == entry.id)
        .values(
            state=state.value,
            attempts=attempts,
            error=why[:500],
            next_attempt_at=now + wait,
            finished_at=now if over else None,
        )
    )
    return state


def next_due_at(connection: sa.Connection) -> datetime | None:
    """Return when the next waiting entry is due, or None where none waits."""
    query = sa.select(sa.func.min(_JOURNAL.c.next_attempt_at)).where(
        sa.text("journal.state = 'received'")
    )
    return connection.execute(query).scalar()


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many entries are in each state."""
    query = sa.select(_JOURNAL.c.state, sa.func.count()).group_by(_JOURNAL.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_id(connection: sa.Connection) -> int:
    """Return the id of the newest entry, or 0."""
    return connection.execute(sa.select(sa.func.max(_JOURNAL.c.id))).scalar() or 0


def counts_since(connection: sa.Connection, after: int, source: str) -> dict[str, int]:
    """Return how many entries newer than entry `after` that came by `source` are in each state."""
    query = (
        sa.select(_JOURNAL.c.state, sa.func.count())
        .where(_JOURNAL.c.id > after, _JOURNAL.c.source == source)
        .group_by(_JOURNAL.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def states(connection: sa.Connection, entries: Sequence[int]) -> dict[int, str]:
    """Return the states of the entries of `entries` that exist."""
    query = sa.select(_JOURNAL.c.id, _JOURNAL.c.state)
    found: dict[int, str] = {}
    for start in range(0, len(entries), 500):
        some = _JOURNAL.c.id.in_(entries[start : start + 500])
        found |= {row.id: row.state for row in connection.execute(query.where(some))}
    return found


def in_state(connection: sa.Connection, state: JournalState) -> list[int]:
    """Return the ids of all entries in `state`, oldest first."""
    query = sa.select(_JOURNAL.c.id).where(_JOURNAL.c.state == state.value).order_by(_JOURNAL.c.id)
    return list(connection.execute(query).scalars())


def listing(connection: sa.Connection, state: str | None, limit: int) -> list[sa.Row[Any]]:
    """Return the newest entries with their sizes, for people to read."""
    query = (
        sa.select(
            *_ENTRY_COLUMNS,
            _JOURNAL.c.state,
            _JOURNAL.c.error,
            _JOURNAL.c.finished_at,
            _BLOB.c.size,
        )
        .join(_BLOB, _BLOB.c.id == _JOURNAL.c.blob_id)
        .order_by(_JOURNAL.c.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(_JOURNAL.c.state == state)
    return list(connection.execute(query))


def requeue(connection: sa.Connection, entries: Sequence[int], now: datetime) -> int:
    """Give quarantined entries three more tries; of `entries`, where named, also dropped ones."""
    query = sa.update(_JOURNAL).where(_JOURNAL.c.state == JournalState.QUARANTINED.value)
    if entries:
        states = (JournalState.QUARANTINED.value, JournalState.DROPPED.value)
        query = sa.update(_JOURNAL).where(_JOURNAL.c.state.in_(states), _JOURNAL.c.id.in_(entries))
    result = connection.execute(
        query.values(
            state=JournalState.RECEIVED.value, attempts=0, next_attempt_at=now, finished_at=None
        )
    )
    return result.rowcount
