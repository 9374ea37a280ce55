"""One journaled mail, one transaction: from raw bytes to a conversation with all that follows.

Reading and judging a mail needs no database and happens before the transaction. Inside it, each
mail has a savepoint of its own, so that one that cannot be worked on holds nobody up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.conversations.states import JournalState
from inboxd.counters import FAILED, LATENCY, PROCESSED
from inboxd.desk import filing
from inboxd.desk.carrying import Dropped
from inboxd.desk.reading import Reading, read
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.errors import Permanent, Poison
from inboxd.failpoints import reach
from inboxd.logs import where
from inboxd.store import journal, messages
from inboxd.store.db import Database, is_database_fault
from inboxd.store.dictionaries import learn_when_due
from inboxd.store.statements import Savepoint

_log = structlog.get_logger(__name__)
BATCH = 25
_Read: TypeAlias = tuple[journal.Entry, Reading | Exception]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a journaled mail.

    `conversation` and `message` are None where it belongs to none; `step` is how its conversation
    was found.
    """

    entry: int
    state: JournalState
    conversation: int | None = None
    message: int | None = None
    step: str = ""


def process_due(database: Database, shop: Shop, clock: Clock, *, limit: int = BATCH) -> int:
    """Process the oldest mails that wait, at most `limit`, and return how many were looked at.

    Raises `Transient` where the database cannot be used now; nothing is lost by that.
    """
    with database.read() as connection:
        entries = journal.due(connection, clock.now(), limit)
    if not entries:
        return 0
    reach("pipeline.due")
    readings = [_read_or_fault(shop, entry) for entry in entries]
    reach("pipeline.read")
    left = deque(zip(entries, readings, strict=True))
    while left:
        _process_some(database, shop, left, clock)
        reach("pipeline.committed")
    learn_when_due(database, entries[-1].id)
    return len(entries)


def _process_some(database: Database, shop: Shop, left: deque[_Read], clock: Clock) -> None:
    """Work on mails in one transaction, and take them from `left`, while nobody else waits.

    A sender waits for its 250 meanwhile, and the courier for the record of what it has sent.
    """
    with database.write() as connection:
        waiting = journal.still_waiting(connection, [entry.id for entry, _ in left])
        while left:
            entry, reading = left.popleft()
            if entry.id in waiting:
                reach("pipeline.mail")
                _process(connection, shop, entry, reading, clock)
                if database.is_wanted:
                    break
        reach("pipeline.worked")


def process_one(
    connection: sa.Connection, shop: Shop, entry: journal.Entry, reading: Reading, clock: Clock
) -> Outcome:
    """Turn one mail into its part of a conversation, in the caller's transaction.

    Raises `Poison` for a mail that cannot be worked on; whatever else it raises is tried again.
    """
    now = entry.received_at if entry.history else clock.now()
    same = journal.same_content(connection, entry.mailbox, reading.content)
    filed = filing.Filed(None, same)
    why = f"the same mail as journal entry {same}"
    if same is None:
        filed = filing.file(connection, shop, entry, reading, now)
        why = f"another copy of the mail in journal entry {filed.copy_of}"
    reach("pipeline.filed")
    if filed.copy_of is not None:
        journal.finish(
            connection, entry.id, JournalState.DUPLICATE, now, content=reading.content, why=why
        )
        reach("pipeline.duplicate")
        return Outcome(entry.id, JournalState.DUPLICATE, filed.conversation)
    journal.finish(connection, entry.id, JournalState.APPLIED, now, content=reading.content)
    reach("pipeline.finished")
    message = messages.of_entry(connection, entry.id)
    return Outcome(entry.id, JournalState.APPLIED, filed.conversation, message, filed.step)


def _read_or_fault(shop: Shop, entry: journal.Entry) -> Reading | Exception:
    try:
        return read(shop, entry)
    except Exception as error:  # counted against this mail alone, in its turn
        return error


def _process(
    connection: sa.Connection,
    shop: Shop,
    entry: journal.Entry,
    reading: Reading | Exception,
    clock: Clock,
) -> None:
    try:
        if isinstance(reading, Exception):
            raise reading
        with Savepoint(connection):
            outcome = process_one(connection, shop, entry, reading, clock)
    except Dropped as dropped:
        outcome = _drop(connection, entry, reading, dropped, clock)
    except Exception as error:  # a fault of ours or of the mail; after three it is put aside whole
        if is_database_fault(error):
            raise  # not the mail: everything waits and is tried again
        _set_aside(connection, shop, entry, error, clock)
        return
    _tell(entry, reading, outcome, clock)


def _tell(
    entry: journal.Entry, reading: Reading | Exception, outcome: Outcome, clock: Clock
) -> None:
    """Log and count what became of a mail."""
    PROCESSED.add(outcome.state.value)
    if not entry.history:
        LATENCY.observe((clock.now() - entry.received_at).total_seconds())
    _log.info(
        "mail.processed",
        journal=outcome.entry,
        mailbox=entry.mailbox,
        state=outcome.state.value,
        kind=reading.verdict.kind.value if isinstance(reading, Reading) else None,
        step=outcome.step or None,
        conversation=outcome.conversation,
        message=outcome.message,
    )


def _drop(
    connection: sa.Connection,
    entry: journal.Entry,
    reading: Reading | Exception,
    dropped: Dropped,
    clock: Clock,
) -> Outcome:
    """Keep a mail in the journal alone, as a rule wants it; all that was done for it is undone."""
    assert isinstance(reading, Reading)  # rules have looked at it
    now, state = clock.now(), JournalState.DROPPED
    journal.finish(connection, entry.id, state, now, content=reading.content, why=str(dropped))
    data = {"steps": dropped.traces}
    messages.add_trace(connection, now, None, f"journal:{entry.id}", data)
    reach("pipeline.dropped")
    return Outcome(entry.id, state)


def _set_aside(
    connection: sa.Connection, shop: Shop, entry: journal.Entry, error: Exception, clock: Clock
) -> None:
    hopeless = isinstance(error, Poison | Permanent)
    # Messages of foreign exceptions may quote the mail; ours do not.
    why = str(error) if hopeless else type(error).__name__
    state = journal.record_failure(connection, entry, clock.now(), why, hopeless=hopeless)
    FAILED.add()
    if state is JournalState.QUARANTINED:
        PROCESSED.add(state.value)
    reach("pipeline.set_aside")
    _log.error(
        "mail.failed",
        journal=entry.id,
        error=type(error).__name__,
        state=state.value,
        where=where(error),
    )
    if state is JournalState.QUARANTINED and not entry.history:  # `import` tells of its own
        alert(
            connection,
            shop,
            clock.now(),
            key=f"quarantine:{entry.id}",
            title=f"Mail {entry.id} was put aside",
            summary="A mail could not be worked on. It is kept whole; everything else goes on.",
            details=(
                ("journal entry", str(entry.id)),
                ("mailbox", entry.mailbox),
                ("came by", entry.source),
                ("why", why),
            ),
            advice=f"inboxd journal list --state quarantined; inboxd journal replay {entry.id}",
        )
