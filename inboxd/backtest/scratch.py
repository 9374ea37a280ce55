"""A database that is thrown away, with the shop's own one attached for reading alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from inboxd.backtest.past import SCHEMA, WANTED, past_table
from inboxd.errors import Permanent
from inboxd.store.db import Database
from inboxd.store.migrations import HEAD, upgrade, version
from inboxd.store.tables import (
    AutoSent,
    Blob,
    Contact,
    ContactAddress,
    Conversation,
    Journal,
    table_of,
)


@contextmanager
def open_past(own: Database, folder: Path) -> Iterator[Database]:
    """Yield a database in `folder` that sees the shop's own one, and cannot write to it.

    It is apart from the one that is worked in, so that a long look at the past keeps no pages of
    that. Raises `Permanent` where there is no database, or one of another release.
    """
    if not own.path.exists():
        raise Permanent("there is no database yet: nothing has happened that could be replayed")
    if (found := version(own)) != HEAD:
        raise Permanent(f"the database's schema is {found}, not {HEAD}: inboxd work upgrades it")
    database = _attached(own, folder / "past.db")
    try:
        yield database
    finally:
        database.close()


@contextmanager
def open_scratch(own: Database, folder: Path) -> Iterator[Database]:
    """Yield an empty database in `folder`, in which the journal is the shop's own one.

    All work in it is one transaction, which never ends: nothing of it is to be kept.
    """
    path = folder / "scratch.db"
    made = Database(f"sqlite:///{path}")
    upgrade(made)
    made.close()
    database = _Scratch(f"sqlite:///{path}", uri=True)
    sa.event.listen(database.engine, "connect", _attach(own.path))
    sa.event.listen(database.engine, "connect", _view_journal)
    try:
        yield database
    finally:
        database.close()


class _Scratch(Database):
    """A database with one connection for one thread, which writes and reads in one transaction."""

    _held: sa.Connection | None = None

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield the connection; what is written is seen by whoever is next."""
        if self._held is None:
            self._held = self.engine.connect()
            self._held.begin()
        yield self._held

    read = write

    def close(self) -> None:
        """Let go of the connection, and of all that was written."""
        if self._held is not None:
            self._held.close()
        super().close()


def _attached(own: Database, path: Path) -> Database:
    database = Database(f"sqlite:///{path}", uri=True)
    sa.event.listen(database.engine, "connect", _attach(own.path))
    return database


def _attach(path: Path) -> Any:
    place = f"file:{quote(str(path.resolve()))}?mode=ro"

    def attach(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=0")
        connection.execute("PRAGMA foreign_keys=0")
        connection.execute(f"ATTACH DATABASE '{place}' AS {SCHEMA}")

    return attach


def _view_journal(connection: Any, _record: Any) -> None:
    """Let the journal be read where it is: mails' bytes are many."""
    for model in (Journal, Blob):
        name = table_of(model).name
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {SCHEMA}.{name}")  # noqa: S608


def copy_people(connection: sa.Connection, since: datetime) -> None:
    """Copy the customers whose conversations count, and what they had been sent before.

    Their other conversations are there as closed ones: rules ask how many there were. Nobody's
    mail has come back yet.
    """
    contact, address = past_table(Contact), past_table(ContactAddress)
    conversation, sent = past_table(Conversation), past_table(AutoSent)
    wanted = sa.select(WANTED.c.number)
    people = sa.select(conversation.c.contact_id).where(conversation.c.number.in_(wanted))
    _copy(connection, Contact, sa.select(contact).where(contact.c.id.in_(people)))
    _copy(connection, ContactAddress, sa.select(address).where(address.c.contact_id.in_(people)))
    connection.execute(sa.update(table_of(ContactAddress)).values(bounced_at=None))
    others = sa.select(conversation).where(
        conversation.c.contact_id.in_(people), conversation.c.number.not_in(wanted)
    )
    _copy(connection, Conversation, others)
    before = sa.select(sent).where(sent.c.at < since, sent.c.conversation.in_(wanted))
    _copy(connection, AutoSent, before)


def _copy(connection: sa.Connection, model: Any, query: Any) -> None:
    table = table_of(model)
    connection.execute(sa.insert(table).from_select([each.name for each in table.columns], query))
