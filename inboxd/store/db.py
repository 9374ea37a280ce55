"""The database: connections, transactions, and the settings that durability rests on.

SQLite in WAL mode with `synchronous=FULL`: a commit that has returned is on the disk. All writes of
this process pass one lock, so that threads take turns instead of polling SQLite's busy handler.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from inboxd.errors import Permanent, Transient
from inboxd.private_files import make_private_folder, open_private, settle_file
from inboxd.store.compression import Packer
from inboxd.store.copying import Progress, copy_database
from inboxd.store.dictionaries import loader
from inboxd.store.statements import driver_of
from inboxd.store.turns import Turns

BUSY_TIMEOUT_MS = 10_000
PRAGMAS: dict[str, str | int] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
}


class Database:
    """One SQLite database; hand it to as many threads as you like.

    With `uri`, other databases can be attached to it by their URIs.
    """

    def __init__(self, url: str, *, uri: bool = False) -> None:
        self.url = url
        self.path = Path(url.removeprefix("sqlite:///"))
        self._turns = Turns()
        self._watcher: sa.PoolProxiedConnection | None = None
        self.engine = sa.create_engine(
            url,
            pool_size=8,
            max_overflow=8,
            pool_use_lifo=True,  # few connections, whose caches are warm
            connect_args={"check_same_thread": False, "uri": uri},
        )
        self.packer = Packer(loader(self.path, lambda: self.packer))
        sa.event.listen(self.engine, "connect", self._connected)
        sa.event.listen(self.engine, "begin", _begin)
        self._writer = self.engine.execution_options(inboxd_begin="BEGIN IMMEDIATE")

    def _connected(self, connection: Any, record: Any) -> None:
        _configure(connection)
        record.info["packer"] = self.packer

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write; it commits on leaving, durably, or rolls back.

        Raises `Transient` where the database is locked, full or cannot be written now.
        """
        with self._turns, _plain_errors(), self._writer.begin() as connection:
            yield connection

    @property
    def is_wanted(self) -> bool:
        """Whether another thread waits to write: a long transaction should come to an end."""
        return self._turns.is_wanted

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the database and writes nothing."""
        with _plain_errors(), self.engine.begin() as connection:
            yield connection

    def version(self) -> int:
        """Return a number that changes whenever another process has committed.

        It is read on a connection that does nothing else (SQLite's `data_version`).
        """
        with _plain_errors():
            if self._watcher is None:
                self._watcher = self.engine.raw_connection()
            row = self._watcher.cursor().execute("PRAGMA data_version").fetchone()
        return int(row[0])

    def assert_durable(self) -> None:
        """Raise `Permanent` unless every setting that durability rests on is in force."""
        with self.read() as connection:
            for name, wanted in PRAGMAS.items():
                found = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                if found != wanted:
                    raise Permanent(f"the database refuses {name}={wanted} (it says {found})")

    def integrity(self) -> str | None:
        """Return what SQLite's quick check finds wrong, or None where all is well.

        Raises `Transient` where the database cannot be read now.
        """
        try:
            with self.read() as connection:
                rows = connection.exec_driver_sql("PRAGMA quick_check(5)").scalars().all()
        except Permanent as error:
            return str(error)
        return None if rows == ["ok"] else "; ".join(str(row) for row in rows)

    def backup(self, target: Path, progress: Progress | None = None) -> None:
        """Write a consistent copy to `target` while others go on working (SQLite online backup).

        Raises `OSError` where `target` cannot be written and `Transient` where SQLite cannot copy.
        """
        partial = target.with_name(target.name + ".partial")
        copy_database(self.path, partial, progress)
        settle_file(partial, target)

    def close(self) -> None:
        """Close every connection that is not in use."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self.engine.dispose()
        self.packer.close()


def is_database_fault(error: Exception) -> bool:
    """Return whether the database failed, rather than what was to be written to it."""
    if isinstance(error, Transient | sqlite3.OperationalError | OperationalError):
        return True
    origin = error.orig if isinstance(error, DBAPIError) else error
    return type(origin) is sqlite3.DatabaseError  # such as "database disk image is malformed"


def create_private(path: Path) -> None:
    """Make the database file's folder (0700) and the file (0600) where they are missing."""
    make_private_folder(path.parent)
    if not path.exists():
        os.close(open_private(path, os.O_CREAT | os.O_WRONLY))


def _configure(connection: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
    connection.execute("PRAGMA cache_size=-6000")
    connection.execute("PRAGMA temp_store=memory")
    connection.execute("PRAGMA wal_autocheckpoint=4000")  # pages: a busy hour copies them once


def _begin(connection: sa.Connection) -> None:
    statement = connection.get_execution_options().get("inboxd_begin", "BEGIN")
    # On the driver's own connection: SQLAlchemy's way to the same takes as long as a small commit.
    driver_of(connection).execute(statement)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the driver's errors into ours: transient unless the file itself is broken."""
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        raise Transient(f"database: {_reason(error)}") from error
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        raise Permanent(f"database: {_reason(error)}") from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise Permanent(f"database: {_reason(error)}") from error


def _reason(error: DBAPIError | sqlite3.Error) -> str:
    """Return SQLite's own words, without the statement's values, which may hold mail text."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return f"{getattr(origin, 'sqlite_errorname', type(origin).__name__)}: {origin}"
