"""The database that is rebuilt from, read alone: it may be an old one, a damaged one, or in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zstandard import ZstdCompressionDict

from inboxd.errors import Permanent
from inboxd.store.compression import add

Row = tuple[Any, ...]


class Original:
    """A database that nothing is written to. What it lacks, or cannot give any more, is empty."""

    def __init__(self, path: Path) -> None:
        """Open the database at `path`; raises `Permanent` where it holds no journal."""
        self.path = path
        if not path.is_file():
            raise Permanent(f"there is no database {path}")
        self.uri = f"{path.absolute().as_uri()}?mode=ro"
        try:
            self._connection = sqlite3.connect(self.uri, uri=True)
            self.tables = {
                name: tuple(
                    row[1] for row in self._connection.execute(f"PRAGMA table_info({name})")
                )
                for (name,) in self._connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                ).fetchall()
            }
        except sqlite3.Error as error:
            raise Permanent(f"{path}: {error}") from error
        if not {"journal", "blob"} <= set(self.tables):
            raise Permanent(f"{path} holds no journal")
        for (data,) in self.rows("dictionary", "SELECT data FROM dictionary"):
            add(ZstdCompressionDict(data))

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def rows(self, table: str, query: str, *values: object) -> Iterator[Row]:
        """Yield what a query finds in `table`; nothing where the table is missing or damaged."""
        if table not in self.tables:
            return
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError:
            return

    def needed(self, query: str) -> Iterator[Row]:
        """Yield what a query finds; raises `Permanent` where the journal itself is damaged."""
        try:
            yield from self._connection.execute(query)
        except sqlite3.DatabaseError as error:
            raise Permanent(f"{self.path}: its journal cannot be read: {error}") from error
