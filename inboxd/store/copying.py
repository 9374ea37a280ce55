"""A consistent copy of a database that others go on writing to (SQLite's online backup)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from inboxd.errors import Permanent, Transient
from inboxd.private_files import open_private

_PAGES = 2048  # between two words on the progress: some 8 MB
Progress = Callable[[int, int], None]
"""Is told how many pages were copied, and how many there are."""


def copy_database(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy the database at `source` to the new private file `target`, which others may not share.

    The copy shows one moment, however long it takes and however much is written meanwhile. Raises
    `OSError` where `target` cannot be written, and `Transient` or `Permanent` where SQLite cannot
    copy; nothing is left behind then.
    """
    target.unlink(missing_ok=True)
    os.close(open_private(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        with closing(sqlite3.connect(source, isolation_level=None)) as reader:
            # A snapshot of our own: without it every commit of others starts the copy afresh.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(target)) as copy:
                reader.backup(copy, pages=_PAGES, progress=_reporter(progress))
                copy.execute("PRAGMA journal_mode=delete")
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise _plain(error) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def damage(path: Path) -> str | None:
    """Return what is wrong with the database at `path`, looked at thoroughly, or None."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = [row[0] for row in database.execute("PRAGMA integrity_check(5)")]
            if rows != ["ok"]:
                return "; ".join(map(str, rows))
            orphan = database.execute("PRAGMA foreign_key_check").fetchone()
            return f"a row of {orphan[0]} refers to nothing in {orphan[2]}" if orphan else None
    except sqlite3.Error as error:
        return str(error)


def _reporter(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None

    def report(_status: int, left: int, total: int) -> None:
        progress(total - left, total)

    return report


def _plain(error: sqlite3.Error) -> Transient | Permanent:
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    kind = Permanent if type(error) is sqlite3.DatabaseError else Transient
    return kind(f"database: {name}: {error}")
