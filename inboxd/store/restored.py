"""What changes in a database that was restored from a backup before it may go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.conversations.states import ConversationState, JournalState, OutboxState, TimerState
from inboxd.store import conversations, journal
from inboxd.store.desk_tables import Digest
from inboxd.store.tables import (
    Contact,
    Conversation,
    Event,
    Journal,
    Outbox,
    OutboxRecipient,
    Timer,
    table_of,
)

_CONVERSATION = table_of(Conversation)
_JOURNAL = table_of(Journal)
_TIMER = table_of(Timer)
_EVENT = table_of(Event)
_OUTBOX = table_of(Outbox)
_RECIPIENT = table_of(OutboxRecipient)
_DIGEST = table_of(Digest)
_CONTACT = table_of(Contact)
GRACE = timedelta(hours=1)
"""How long timers that came due since the backup wait for the mail that may cancel them."""
_GAP = 1_000_000  # of ids that nobody reads, but that stand in Message-IDs and addresses
_LEAST_NUMBERS = 100
_BUSY = timedelta(days=30)
_HELD = "put aside by the restore of a backup: it may have been sent since that was made"


@dataclass(frozen=True, slots=True)
class Marked:
    """What was found and changed. `next_number` is the next new conversation's."""

    conversations: int
    mails: int
    next_number: int
    held: int
    postponed: int


def mark(
    connection: sa.Connection,
    now: datetime,
    *,
    mailbox: str,
    made_at: datetime | None,
    last_number: int | None,
    send_waiting: bool,
) -> Marked:
    """Skip what may have been given away since the backup, hold its outbox, postpone its timers.

    `last_number` is the last conversation's in the database that is replaced, None where that is
    not known: then more numbers are skipped than can have been given since `made_at`.

    After the backup was made, customers and agents may have got mail whose reply addresses and ids
    are made of numbers that the backup does not know. Were those given again, an agent's answer
    would go to another customer.
    """
    counted = sum(conversations.counts(connection).values())
    mails = sum(journal.counts(connection).values())
    number = _first_free(connection, now, made_at, last_number)
    held = 0 if send_waiting else _hold(connection, now)
    postponed = _postpone(connection, now)
    _leave_marker(connection, now, mailbox, number, made_at)
    return Marked(counted, mails, number + 1, held, postponed)


def _first_free(
    connection: sa.Connection, now: datetime, made_at: datetime | None, last_number: int | None
) -> int:
    last: int = connection.execute(sa.select(sa.func.max(_CONVERSATION.c.number))).scalar() or 0
    if last_number is not None and last_number >= last:
        return last_number + 1
    newest = connection.execute(sa.select(sa.func.max(_CONVERSATION.c.created_at))).scalar()
    since = made_at or newest or now
    recent = sa.select(sa.func.count()).where(_CONVERSATION.c.created_at > since - _BUSY)
    a_day = (connection.execute(recent).scalar() or 0) / _BUSY.days
    days = max(0.0, (now - since) / timedelta(days=1)) + 1
    return last + max(_LEAST_NUMBERS, round(3 * a_day * days)) + 1


def _hold(connection: sa.Connection, now: datetime) -> int:
    """Put aside what waited to be sent; `outbox retry` sends it all the same."""
    waiting = ("queued", "sending", "deferred")
    chosen = sa.select(_OUTBOX.c.id).where(_OUTBOX.c.state.in_(waiting))
    connection.execute(
        sa.update(_RECIPIENT)
        .where(_RECIPIENT.c.outbox_id.in_(chosen), _RECIPIENT.c.state.in_(("queued", "deferred")))
        .values(state="dead", reply=_HELD)
    )
    done = connection.execute(
        sa.update(_OUTBOX)
        .where(_OUTBOX.c.state.in_(waiting))
        .values(state=OutboxState.DEAD.value, error=_HELD, lease=None, finished_at=now)
    )
    return done.rowcount


def _postpone(connection: sa.Connection, now: datetime) -> int:
    done = connection.execute(
        sa.update(_TIMER)
        .where(_TIMER.c.state == TimerState.WAITING.value, _TIMER.c.due_at < now + GRACE)
        .values(due_at=now + GRACE)
    )
    return done.rowcount


def _leave_marker(
    connection: sa.Connection, now: datetime, mailbox: str, number: int, made_at: datetime | None
) -> None:
    """Add the rows after which numbering goes on, as a closed conversation that says why."""
    when = f"of {made_at:%Y-%m-%d %H:%M} UTC" if made_at else "without a date"
    words = f"A backup {when} was restored. Numbers before #{number} may be in old mail."
    contact = connection.execute(
        sa.insert(_CONTACT), {"name": "inboxd", "created_at": now, "fields": {}}
    ).lastrowid
    connection.execute(
        sa.insert(_CONVERSATION),
        {
            "number": number,
            "mailbox": mailbox,
            "subject": "A backup was restored",
            "subject_key": "",
            "state": ConversationState.CLOSED.value,
            "state_since": now,
            "contact_id": contact,
            "contact_address": "",
            "priority": "normal",
            "tags": [],
            "fields": {},
            "created_at": now,
            "updated_at": now,
        },
    )
    arrival = journal.Arrival(mailbox, "restore", words.encode(), None, (), now, history=True)
    (entry,) = journal.append(connection, [(arrival, journal.pack(arrival.raw))])
    finished = {"state": JournalState.DUPLICATE.value, "finished_at": now, "error": words}
    last = _JOURNAL.c.id == entry
    connection.execute(sa.update(_JOURNAL).where(last).values(id=entry + _GAP, **finished))
    event = {"at": now, "conversation": number, "actor": "inboxd", "kind": "restored"}
    connection.execute(
        sa.insert(_EVENT), event | {"id": _beyond(connection, _EVENT), "text": words}
    )
    timer = {
        "id": _beyond(connection, _TIMER),
        "conversation": number,
        "kind": "restored",
        "rule": "",
        "due_at": now,
        "armed_at": now,
        "state": TimerState.CANCELLED.value,
        "attempts": 0,
        "finished_at": now,
        "error": words,
    }
    connection.execute(sa.insert(_TIMER), timer)
    digest = {"id": _beyond(connection, _DIGEST), "agent": "", "day": None, "at": now, "lines": []}
    connection.execute(sa.insert(_DIGEST), digest)


def _beyond(connection: sa.Connection, table: sa.Table) -> int:
    last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return int(last) + _GAP
