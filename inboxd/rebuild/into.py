"""Makes a new database out of an old one's journal, with a clock that is set, not read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from inboxd.clock import ManualClock
from inboxd.desk.shop import Shop
from inboxd.errors import InboxdError, Permanent
from inboxd.pipeline import process_due
from inboxd.rebuild import copies, moments
from inboxd.rebuild.again import do_again
from inboxd.rebuild.compare import Comparison, compare
from inboxd.rebuild.moments import Moment, What
from inboxd.rebuild.original import Original
from inboxd.rebuild.outgoing import Outgoing
from inboxd.store import conversations, journal
from inboxd.store.db import Database
from inboxd.store.migrations import upgrade
from inboxd.store.types import from_micros, to_micros
from inboxd.timers import fire_due, tick

Progress = Callable[[int, int], None]
_NOT_NOW = 400 * 86_400 * 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made. `refused` says which acts could not be done again, and why."""

    mails: int
    conversations: int
    quarantined: int
    refused: tuple[str, ...]
    comparison: Comparison


def rebuild(
    shop: Shop, source: Path, target: Path, progress: Progress = lambda _done, _total: None
) -> Rebuilt:
    """Rebuild conversations from the journal of the database `source` in the new one `target`.

    Each mail is worked on at the time at which it was, timers fire in between, and what people did
    besides by mail is done again, all by the shop's configuration and rules of today. Nothing is
    sent, and nothing waits to be sent. Raises `Permanent` where `target` is there already or where
    `source` holds no journal that can be read.
    """
    if target.exists():
        raise Permanent(f"{target} exists; name a file that does not")
    original = Original(source)
    partial = target.with_name(f".{target.name}.partial")
    for left in (partial, *_neighbours(partial)):
        left.unlink(missing_ok=True)
    database = _Hasty(partial)
    try:
        upgrade(database)
        done = _Rebuilding(shop, original, database).run(progress)
        database.close()
        _into_one_file(database)
        partial.rename(target)
    finally:
        original.close()
        database.close()
        for left in (partial, *_neighbours(partial)):
            left.unlink(missing_ok=True)
    return done


class _Rebuilding:
    """One rebuilding under way."""

    def __init__(self, shop: Shop, original: Original, database: Database) -> None:
        self._shop = shop
        self._original = original
        self._database = database
        self._clock = ManualClock(from_micros(0))
        self._timers = moments.Timers(original)
        self._schedules = moments.Schedules(original)
        self._acts = moments.acts(original)
        self._outgoing = Outgoing(original)
        self._refused: list[str] = []

    def run(self, progress: Progress) -> Rebuilt:
        with self._database.write() as connection:
            copies.take_journal(connection, self._original)
        self._database.packer.load()
        known = list(moments.mails(self._original))
        acts = (Moment(to_micros(a.at), What.ACT, n) for n, a in enumerate(self._acts))
        clock = moments.clock_work(self._original)
        total, done = len(known), 0
        progress(0, total)
        for moment in moments.in_order(iter(known), iter(sorted(acts)), clock):
            if not self._clock.now().timestamp():  # what a daemon does when it starts
                self._set(moment.at)
                tick(self._database, self._shop, self._clock)
            self._fire_until(moment.at)
            self._happen(moment)
            done += moment.what in (What.MAIL, What.MARKER)
            progress(done, total)
        self._fire_until(self._timers.last)
        with self._database.write() as connection:
            self._outgoing.settle_all(connection, self._shop, to_micros(self._clock.now()))
            copies.let_the_rest_wait(connection)
            mails = sum(journal.counts(connection).values())
            quarantined = journal.counts(connection).get("quarantined", 0)
            number = sum(conversations.counts(connection).values())
        return Rebuilt(
            mails,
            number,
            quarantined,
            tuple(self._refused),
            compare(self._original, self._database),
        )

    def _happen(self, moment: Moment) -> None:
        self._set(moment.at)
        if moment.what is What.MAIL:
            with self._database.write() as connection:
                copies.let_come(connection, moment)
            while process_due(self._database, self._shop, self._clock, limit=1):
                pass  # what failed before is tried again first
        elif moment.what is What.ACT:
            act = self._acts[moment.id]
            try:
                do_again(self._database, self._shop, self._clock, act)
            except InboxdError as error:
                self._refused.append(f"{act.at:%Y-%m-%d %H:%M} {act.name}: {error}")
        elif moment.what is What.MARKER:
            with self._database.write() as connection:
                copies.take_marker(connection, self._original, moment)
        else:
            self._set_schedules(moment.at)
            tick(self._database, self._shop, self._clock)

    def _set_schedules(self, moment: int) -> None:
        """Make those rules due that acted at `moment`, and none besides that the original had."""
        later = moment + _NOT_NOW
        with self._database.write() as connection:
            query = "UPDATE rule_schedule SET due_at = ?, reached = 0 WHERE rule = ?"
            for rule in self._schedules.rules:
                connection.exec_driver_sql(query, (later, rule))
            for rule, due in self._schedules.due_at(moment):
                connection.exec_driver_sql(query, (due, rule))

    def _fire_until(self, moment: int) -> None:
        """Fire, one by one, the timers that fired before `moment`."""
        while True:
            fires = min(self._armed(moment), default=None)
            if fires is None or fires > moment:
                return
            self._set(fires)
            if not fire_due(self._database, self._shop, self._clock, limit=1):
                return

    def _armed(self, moment: int) -> Iterator[int]:
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT conversation, kind, rule, armed_at, due_at FROM timer "
                "WHERE state = 'waiting' AND due_at <= ?",
                (moment,),
            ).all()
        for conversation, kind, rule, armed_at, due_at in rows:
            fires = self._timers.fires_at(conversation, kind, rule, armed_at, due_at)
            if fires is not None:
                yield max(fires, due_at)

    def _set(self, moment: int) -> None:
        """Set the clock, never back, and let the courier's doings until then be done."""
        to = from_micros(moment)
        if to > self._clock.now():
            self._clock.advance(to - self._clock.now())
        with self._database.write() as connection:
            self._outgoing.settle_until(connection, self._shop, moment)


class _Hasty(Database):
    """A database that nobody misses before it is finished: no commit waits for the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        sa.event.listen(self.engine, "connect", _hurry)


def _hurry(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=0")


def _into_one_file(database: Database) -> None:
    """Put all of it into its one file, on the disk."""
    with closing(sqlite3.connect(database.path)) as whole:
        whole.execute("PRAGMA synchronous=2")
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        whole.execute("PRAGMA journal_mode=delete")


def _neighbours(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
