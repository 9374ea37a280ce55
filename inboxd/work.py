"""All that is due, done once: what `inboxd work`, `import` and `journal replay` share.

A daemon may run at the same time: every row is taken by one of them only.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inboxd.clock import Clock
from inboxd.conversations.states import JournalState
from inboxd.delivery.courier import deliver_due
from inboxd.delivery.transport import Transport
from inboxd.desk.shop import Shop
from inboxd.errors import Permanent
from inboxd.ingest.archive import import_archive, open_archive
from inboxd.pipeline import process_due
from inboxd.store import journal, outbox
from inboxd.store.db import Database
from inboxd.timers import tick

Progress = Callable[[int], None]
_DEFERRED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Deferred:
    """A mail that could not be sent yet, why, and when it is tried again."""

    id: int
    kind: str
    conversation: int | None
    next_attempt_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Worked:
    """How much was done, and what could not be sent."""

    mails: int
    timers: int
    attempted: int
    deferred: tuple[Deferred, ...]
    dead: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of imported mails; `waiting` ones have not found their conversation yet."""

    new: int
    duplicates: int
    quarantined: int
    waiting: int


def process_all(
    database: Database, shop: Shop, clock: Clock, progress: Progress | None = None
) -> int:
    """Process every mail that is due and return how many; raises `Transient` as the store does."""
    done = 0
    while count := process_due(database, shop, clock):
        done += count
        if progress:
            progress(count)
    return done


def work(
    database: Database,
    shop: Shop,
    clock: Clock,
    transport: Transport,
    progress: Progress | None = None,
) -> Worked:
    """Process the journal, fire timers, make digests and send the outbox until nothing is due."""
    owner = f"work:{secrets.token_hex(4)}"
    jitter = random.SystemRandom().random
    with database.read() as connection:
        dead_before = outbox.counts(connection).get("dead", 0)
    mails = timers = attempted = 0
    while True:
        mails += (read := process_all(database, shop, clock, progress))
        fired, made = tick(database, shop, clock)
        timers += fired
        attempted += (
            tried := deliver_due(database, shop, transport, clock, owner=owner, jitter=jitter)
        )
        if progress:
            progress(fired + made + tried)
        if not (read or fired or made or tried):
            break
    with database.read() as connection:
        dead = outbox.counts(connection).get("dead", 0) - dead_before
        rows = outbox.listing(connection, "deferred", _DEFERRED_SHOWN)
    deferred = [
        Deferred(row.id, row.kind, row.conversation, row.next_attempt_at, row.error or "")
        for row in rows
    ]
    return Worked(mails, timers, attempted, tuple(deferred), max(0, dead))


def count_mails(paths: Sequence[Path]) -> int:
    """Return how many mails are in mbox files and Maildirs; raises `Permanent` for other things."""
    total = 0
    for path in paths:
        archive = open_archive(path)
        total += archive.count
        archive.close()
    return total


def import_all(
    database: Database,
    shop: Shop,
    clock: Clock,
    paths: Sequence[Path],
    mailbox: str | None,
    progress: Progress,
) -> Imported:
    """Import archives as history, so that all of it can be found on return.

    `progress` hears of each mail twice: when it is in the journal and when it is processed.
    """
    if mailbox is not None and mailbox not in shop.desks:
        raise Permanent(f"there is no mailbox called {mailbox}")
    with database.read() as connection:
        before = journal.last_id(connection)
    for path in paths:
        archive = open_archive(path)
        try:
            for count in import_archive(database, shop, clock, archive, mailbox):
                progress(count)
        finally:
            archive.close()
    process_all(database, shop, clock, progress)
    with database.read() as connection:
        counts = journal.counts_since(connection, before, "import")
    return Imported(
        counts.get("applied", 0),
        counts.get("duplicate", 0),
        counts.get("quarantined", 0),
        counts.get("received", 0),
    )


def replay(
    database: Database, shop: Shop, clock: Clock, entries: Sequence[int], progress: Progress
) -> dict[int, str]:
    """Give quarantined entries (all where none is named) another try; returns their states.

    Those that rules have dropped may be named, too. Raises `Permanent`, and changes nothing, where
    one of `entries` is neither.
    """
    with database.write() as connection:
        quarantined = journal.in_state(connection, JournalState.QUARANTINED)
        dropped = journal.in_state(connection, JournalState.DROPPED) if entries else []
        chosen = list(dict.fromkeys(entries)) or quarantined
        known = {*quarantined, *dropped}
        others = [entry for entry in chosen if entry not in known]
        if others:
            states = journal.states(connection, others)
            said = (f"{each} is {states.get(each, 'not there')}" for each in others)
            raise Permanent(
                f"only quarantined and dropped entries can be replayed: {', '.join(said)}"
            )
        if chosen:
            journal.requeue(connection, chosen, clock.now())
    process_all(database, shop, clock, progress)
    with database.read() as connection:
        return journal.states(connection, chosen)
