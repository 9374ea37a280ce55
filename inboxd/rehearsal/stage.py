"""A shop on a database that is thrown away: its mail comes and its time passes, nothing leaves."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import SecretStr

from inboxd.clock import ManualClock
from inboxd.config import Config
from inboxd.conversations.tokens import TokenKey
from inboxd.desk.queues import work_queues
from inboxd.desk.scheduling import run_due
from inboxd.desk.shop import Shop, load_words
from inboxd.pipeline import process_due
from inboxd.store import journal
from inboxd.store.db import Database
from inboxd.store.migrations import upgrade
from inboxd.timers import fire_until

_SECRET = "rule tests sign nothing that anybody ever sees"  # noqa: S105


class Theatre:
    """What all cases share: the shop's files, read once, and an empty database."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop = shop
        self._database = _Scratch(folder / "case.db")
        upgrade(self._database)
        self._empty = sqlite3.connect(":memory:")
        with self._raw() as made:
            made.backup(self._empty)

    def close(self) -> None:
        """Let go of the databases."""
        self._empty.close()
        self._database.close()

    def zone(self, mailbox: str | None) -> ZoneInfo:
        """Return the time zone of a mailbox, or of the first one."""
        config = self._shop.config
        return config.zone((mailbox and config.mailbox(mailbox)) or config.mailboxes[0])

    def stage(self, begins: datetime) -> Stage:
        """Return a stage with an empty database, on which it is `begins`; the last one is gone."""
        with self._raw() as used:
            self._empty.backup(used)
        return Stage(self._shop, self._database, ManualClock(begins))

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        pooled = self._database.engine.raw_connection()
        try:
            assert isinstance(pooled.driver_connection, sqlite3.Connection)
            yield pooled.driver_connection
        finally:
            pooled.close()


@contextmanager
def open_theatre(config: Config) -> Iterator[Theatre]:
    """Read the shop's files and yield a theatre in a temporary folder.

    Raises `ConfigError` with every fault in them. Nothing of the shop's own data is opened.
    """
    with tempfile.TemporaryDirectory(prefix="inboxd-rules-") as name:
        theatre = Theatre(rehearsed_shop(config, Path(name)), Path(name))
        try:
            yield theatre
        finally:
            theatre.close()


def rehearsed_shop(config: Config, folder: Path) -> Shop:
    """Return the shop with its own rules and words, and data of no other use in `folder`."""
    rules, canned, renderer = load_words(config)
    config = config.model_copy(
        update={
            "data_dir": folder,
            "database": "sqlite:///unused.db",
            "secret_key": SecretStr(_SECRET),
            # Nobody asks the DNS about mail that nobody sent.
            "trust": config.trust.model_copy(update={"verify_dkim": False}),
        }
    )
    return Shop(config, TokenKey(_SECRET.encode()), rules, canned, renderer)


class Stage:
    """One case's shop, database and clock."""

    def __init__(self, shop: Shop, database: Database, clock: ManualClock) -> None:
        self.shop = shop
        self.database = database
        self.clock = clock

    def take(self, raw: bytes, mailbox: str, sender: str | None, to: tuple[str, ...]) -> int:
        """Journal a mail, and process all that is due; returns its journal entry."""
        arrival = journal.Arrival(
            mailbox=mailbox,
            source="rules test",
            raw=raw,
            envelope_from=sender,
            envelope_to=to,
            received_at=self.clock.now(),
        )
        with self.database.write() as connection:
            (entry,) = journal.append(connection, [(arrival, journal.pack(raw))])
        self._process()
        return entry

    def pass_until(self, moment: datetime) -> None:
        """Let the time pass, and every timer fire at its own time."""
        fire_until(self.database, self.shop, self.clock, moment)
        self._process()

    def _process(self) -> None:
        database, shop, clock = self.database, self.shop, self.clock
        while (
            process_due(database, shop, clock)
            or work_queues(database, shop, clock)
            or run_due(database, shop, clock)
        ):
            pass


class _Scratch(Database):
    """A database that need not survive: nothing waits for the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        sa.event.listen(self.engine, "connect", _hurry)


def _hurry(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=0")
    connection.execute("PRAGMA journal_mode=memory")
