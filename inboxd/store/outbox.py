"""The outbox: every outgoing mail, written with its cause and delivered later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.conversations.states import OutboxState
from inboxd.failpoints import reach
from inboxd.store.compression import decompress_or_empty, packer_of
from inboxd.store.outbox_results import record_results as record_results
from inboxd.store.outbox_results import settle as settle
from inboxd.store.outbox_texts import WHOLE, SharedTexts, drop_unused, texts_of
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Outbox, OutboxRecipient, table_of

_OUTBOX = table_of(Outbox)
_RECIPIENT = table_of(OutboxRecipient)

LEASE = timedelta(minutes=30)  # longer than the slowest dialogue with a relay

_ADD = Statement(
    # Not OR IGNORE, which would pass over a broken check as well, and lose the mail.
    insert(_OUTBOX).on_conflict_do_nothing(index_elements=["effect_key"]),
    [
        "effect_key",
        "kind",
        "mailbox",
        "conversation",
        "message_id",
        "envelope_from",
        "draft",
        "text_id",
        "sha256",
        "state",
        "attempts",
        "created_at",
        "next_attempt_at",
    ],
)
_ADD_RECIPIENTS = Statement(sa.insert(_RECIPIENT), ["outbox_id", "address", "state", "reply"])
# A literal: SQLite takes a partial index only for a condition that it can read.
_IS_WAITING = sa.text("outbox.state IN ('queued', 'deferred', 'sending')")
_DUE = Statement(
    WHOLE.where(
        _IS_WAITING,
        _OUTBOX.c.next_attempt_at <= sa.bindparam("now"),
    )
    .order_by(_OUTBOX.c.next_attempt_at, _OUTBOX.c.id)
    .limit(sa.bindparam("limit"))
)
_ANY_DUE = Statement(
    sa.select(_OUTBOX.c.id)
    .where(_IS_WAITING, _OUTBOX.c.next_attempt_at <= sa.bindparam("now"))
    .limit(1)
)
_RECIPIENTS = Statement(
    sa.select(_RECIPIENT)
    .where(each_of(_RECIPIENT.c.outbox_id, "wanted"))
    .order_by(_RECIPIENT.c.outbox_id, _RECIPIENT.c.address)
)
_LEASE = Statement(
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id == sa.bindparam("which"))
    .values(
        state=OutboxState.SENDING.value,
        lease=sa.bindparam("owner"),
        next_attempt_at=sa.bindparam("until"),
        attempts=_OUTBOX.c.attempts + 1,
    )
)
_BY_MESSAGE_ID = Statement(WHOLE.where(each_of(_OUTBOX.c.message_id, "wanted")))


@dataclass(frozen=True, slots=True)
class NewMail:
    """An outgoing mail with everything frozen that will be on the wire.

    `draft` is `drafts.encode_draft`'s form, `texts` what lies apart from it. `effect_key` makes a
    repeated cause harmless. Its age, after which it is given up, counts from `not_before` where
    that is later than `created_at`.
    """

    effect_key: str
    kind: str
    mailbox: str | None
    conversation: int | None
    message_id: str
    envelope_from: str
    recipients: tuple[str, ...]
    draft: bytes
    created_at: datetime
    not_before: datetime
    texts: SharedTexts | None = None


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail of the outbox, with those recipients who have not got it yet.

    `created_at` is when it was written, or since when it may leave.
    """

    id: int
    kind: str
    mailbox: str | None
    conversation: int | None
    message_id: str
    envelope_from: str
    recipients: tuple[str, ...]
    draft: bytes
    sha256: bytes | None
    state: str
    attempts: int
    created_at: datetime
    effect_key: str
    texts: bytes = b""


def add(connection: sa.Connection, mail: NewMail) -> bool:
    """Queue a mail; returns False, and changes nothing, where its effect has been queued before."""
    texts = mail.texts
    fresh = texts is not None and texts.id is None
    row = {
        "effect_key": mail.effect_key,
        "kind": mail.kind,
        "mailbox": mail.mailbox,
        "conversation": mail.conversation,
        "message_id": mail.message_id,
        "envelope_from": mail.envelope_from,
        "draft": packer_of(connection).compress(mail.draft, "draft"),
        "text_id": None if texts is None else texts.store(connection),
        "sha256": None,
        "state": OutboxState.QUEUED.value,
        "attempts": 0,
        "created_at": max(mail.created_at, mail.not_before),
        "next_attempt_at": mail.not_before,
    }
    result = _ADD.run(connection, row)
    if not result.rowcount:
        if texts is not None and fresh:
            texts.take_back(connection)
        return False
    number = result.lastrowid
    reach("outbox.row")
    recipients = dict.fromkeys(mail.recipients)
    _ADD_RECIPIENTS.run_many(
        connection,
        [
            {"outbox_id": number, "address": each, "state": "queued", "reply": ""}
            for each in recipients
        ],
    )
    reach("outbox.queued")
    return True


def lease(connection: sa.Connection, now: datetime, owner: str, limit: int) -> list[QueuedMail]:
    """Take the mails that are due; another courier gets them when the lease has run out."""
    rows = _DUE.all(connection, {"now": now, "limit": limit})
    if not rows:
        return []
    until = now + LEASE
    _LEASE.run_many(connection, [{"which": row.id, "owner": owner, "until": until} for row in rows])
    waiting = _waiting_recipients(connection, [row.id for row in rows])
    return [_queued(row, waiting.get(row.id, ()), row.attempts + 1) for row in rows]


def any_due(connection: sa.Connection, now: datetime) -> bool:
    """Return whether a mail is due."""
    return _ANY_DUE.scalar(connection, {"now": now}) is not None


def freeze(connection: sa.Connection, outbox_id: int, sha256: bytes) -> None:
    """Remember the hash of the bytes on the wire before they are sent for the first time."""
    connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.id == outbox_id, _OUTBOX.c.sha256.is_(None))
        .values(sha256=sha256)
    )


def release(connection: sa.Connection, owner: str, now: datetime) -> int:
    """Give back the leases of a courier that stops; returns how many."""
    result = connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.state == "sending", _OUTBOX.c.lease == owner)
        .values(state="queued", lease=None, next_attempt_at=now)
    )
    return result.rowcount


def release_mails(connection: sa.Connection, ids: Sequence[int], owner: str, now: datetime) -> None:
    """Give back the leases of mails that were not attempted after all."""
    connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.id.in_(ids), _OUTBOX.c.state == "sending", _OUTBOX.c.lease == owner)
        .values(state="queued", lease=None, next_attempt_at=now, attempts=_OUTBOX.c.attempts - 1)
    )


def renew(connection: sa.Connection, outbox_id: int, owner: str, now: datetime) -> bool:
    """Begin a lease anew; returns False where it has run out and another courier has the mail."""
    result = connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.id == outbox_id, _OUTBOX.c.state == "sending", _OUTBOX.c.lease == owner)
        .values(next_attempt_at=now + LEASE)
    )
    return bool(result.rowcount)


def release_kind(connection: sa.Connection, kind: str, now: datetime) -> int:
    """Give back the leases of owners named `kind:…`, none of which runs any more."""
    result = connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.state == "sending", _OUTBOX.c.lease.startswith(f"{kind}:"))
        .values(state="queued", lease=None, next_attempt_at=now)
    )
    return result.rowcount


def next_due_at(connection: sa.Connection) -> datetime | None:
    """Return when the next mail is due, or None where none waits."""
    query = sa.select(sa.func.min(_OUTBOX.c.next_attempt_at)).where(_IS_WAITING)
    return connection.execute(query).scalar()


def by_message_ids(connection: sa.Connection, ids: Sequence[str]) -> list[QueuedMail]:
    """Return our own mails that carry one of the message ids `ids`."""
    if not ids:
        return []
    rows = _BY_MESSAGE_ID.all(connection, {"wanted": json.dumps(list(ids))})
    return [_queued(row, (), row.attempts) for row in rows]


def get(connection: sa.Connection, outbox_id: int) -> QueuedMail | None:
    """Return a mail of the outbox whatever its state, or None."""
    row = connection.execute(WHOLE.where(_OUTBOX.c.id == outbox_id)).one_or_none()
    return None if row is None else _queued(row, (), row.attempts)


def recipients(connection: sa.Connection, ids: Sequence[int]) -> Mapping[int, list[sa.Row[Any]]]:
    """Return every recipient of the mails `ids` with its state."""
    found: dict[int, list[sa.Row[Any]]] = {number: [] for number in ids}
    if ids:
        for row in _RECIPIENTS.all(connection, {"wanted": json.dumps(list(ids))}):
            found[row.outbox_id].append(row)
    return found


def listing(connection: sa.Connection, state: str | None, limit: int) -> list[sa.Row[Any]]:
    """Return the newest mails of the outbox, for people to read."""
    columns = [each for each in _OUTBOX.c if each.name != "draft"]
    query = sa.select(*columns).order_by(_OUTBOX.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_OUTBOX.c.state == state)
    return list(connection.execute(query))


def retry(connection: sa.Connection, ids: Sequence[int], now: datetime) -> int:
    """Make dead and deferred mails due now (all of them where none is named); returns how many."""
    query = sa.update(_OUTBOX).where(_OUTBOX.c.state.in_(("dead", "deferred")))
    chosen = sa.select(_OUTBOX.c.id).where(_OUTBOX.c.state.in_(("dead", "deferred")))
    if ids:
        query = query.where(_OUTBOX.c.id.in_(ids))
        chosen = chosen.where(_OUTBOX.c.id.in_(ids))
    connection.execute(
        sa.update(_RECIPIENT)
        .where(_RECIPIENT.c.outbox_id.in_(chosen), _RECIPIENT.c.state.in_(("dead", "deferred")))
        .values(state="queued")
    )
    values = {"state": "queued", "attempts": 0, "next_attempt_at": now, "finished_at": None}
    return connection.execute(query.values(**values, created_at=now)).rowcount


def caused_by(connection: sa.Connection, cause: str) -> list[QueuedMail]:
    """Return the mails that one cause (`journal:12`) has queued, oldest first."""
    start = f"{cause}:"
    query = (
        # A range, which the index serves: the semicolon comes right after the colon.
        WHOLE.where(_OUTBOX.c.effect_key >= start, _OUTBOX.c.effect_key < f"{cause};").order_by(
            _OUTBOX.c.id
        )
    )
    return [_queued(row, (), row.attempts) for row in connection.execute(query)]


def last_but(
    connection: sa.Connection, conversation: int, kinds: Sequence[str], limit: int
) -> list[QueuedMail]:
    """Return a conversation's newest mails of any kind but `kinds`, newest first."""
    query = (
        WHOLE.where(_OUTBOX.c.conversation == conversation, _OUTBOX.c.kind.not_in(kinds))
        .order_by(_OUTBOX.c.id.desc())
        .limit(limit)
    )
    return [_queued(row, (), row.attempts) for row in connection.execute(query)]


def withdraw(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Take mails out of the outbox that no courier has ever leased: they never were sent."""
    never = sa.select(_OUTBOX.c.id).where(
        _OUTBOX.c.id.in_(ids), _OUTBOX.c.state == "queued", _OUTBOX.c.attempts == 0
    )
    chosen = [row.id for row in connection.execute(never)]
    texts = texts_of(connection, chosen)
    connection.execute(sa.delete(_RECIPIENT).where(_RECIPIENT.c.outbox_id.in_(chosen)))
    connection.execute(sa.delete(_OUTBOX).where(_OUTBOX.c.id.in_(chosen)))
    drop_unused(connection, texts)


def count(connection: sa.Connection, conversation: int, kind: str, since: datetime) -> int:
    """Return how many mails of one kind a conversation has caused since a time."""
    query = sa.select(sa.func.count()).where(
        _OUTBOX.c.conversation == conversation,
        _OUTBOX.c.kind == kind,
        _OUTBOX.c.created_at >= since,
    )
    return connection.execute(query).scalar_one()


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many mails are in each state."""
    query = sa.select(_OUTBOX.c.state, sa.func.count()).group_by(_OUTBOX.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _waiting_recipients(
    connection: sa.Connection, ids: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    waiting: dict[int, list[str]] = {}
    for row in _RECIPIENTS.all(connection, {"wanted": json.dumps(list(ids))}):
        if row.state in ("queued", "deferred"):
            waiting.setdefault(row.outbox_id, []).append(row.address)
    return {number: tuple(addresses) for number, addresses in waiting.items()}


def _queued(row: Any, addresses: tuple[str, ...], attempts: int) -> QueuedMail:
    return QueuedMail(
        row.id,
        row.kind,
        row.mailbox,
        row.conversation,
        row.message_id,
        row.envelope_from,
        addresses,
        decompress_or_empty(row.draft),  # a damaged one holds up no other mail
        row.sha256,
        row.state,
        attempts,
        row.created_at,
        row.effect_key,
        b"" if row.texts is None else decompress_or_empty(row.texts),
    )
