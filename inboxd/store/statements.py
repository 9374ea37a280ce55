"""SQLAlchemy Core statements, compiled once and run on the driver's own cursor.

The tables and statements are SQLAlchemy's; only its machinery around each execution is left out on
the way that every mail takes, where it would cost more than SQLite itself.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect(paramstyle="qmark")
_PIECE = 1 << 20
_Convert = Callable[[Any], Any]
Values = Mapping[str, Any]


class Statement:
    """One statement, ready to run.

    `columns` names the columns that an insert fills; a value that `values` does not hold is a
    `KeyError`, for no default of the table's is applied. Times, JSON and booleans are converted as
    their columns' types say.
    """

    __slots__ = ("_binds", "_clause", "_columns", "_converters", "_make", "_sql")

    def __init__(self, clause: Any, columns: Iterable[str] | None = None) -> None:
        self._clause = clause
        self._columns = None if columns is None else list(columns)
        self._sql = ""

    def run(self, connection: sa.Connection, values: Values) -> sqlite3.Cursor:
        """Execute it, and return the driver's cursor (`rowcount`, `lastrowid`)."""
        return driver_of(connection).execute(self._text(), self._parameters(values))

    def run_many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Execute it once for each of `rows`."""
        text = self._text()
        if len(rows) == 1:
            driver_of(connection).execute(text, self._parameters(rows[0]))
        elif rows:
            driver_of(connection).executemany(text, [self._parameters(row) for row in rows])

    def all(self, connection: sa.Connection, values: Values) -> list[Any]:
        """Return all rows, each with its columns as attributes."""
        cursor = self.run(connection, values)
        return [self._row(row) for row in cursor]

    def each(self, connection: sa.Connection, values: Values) -> Iterator[Any]:
        """Yield the rows one by one; nothing else may run on the connection meanwhile."""
        for row in self.run(connection, values):
            yield self._row(row)

    def first(self, connection: sa.Connection, values: Values) -> Any | None:
        """Return the first row, or None where there is none."""
        row = self.run(connection, values).fetchone()
        return None if row is None else self._row(row)

    def scalar(self, connection: sa.Connection, values: Values) -> Any | None:
        """Return the first column of the first row, or None where there is none."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def _row(self, row: tuple[Any, ...]) -> Any:
        values = list(row)
        for index, convert in self._converters:
            values[index] = convert(values[index])
        return self._make(values)

    def _parameters(self, values: Values) -> list[Any]:
        given = [
            (convert, values[name] if constant is _MISSING else constant)
            for name, convert, constant in self._binds
        ]
        return [value if convert is None else convert(value) for convert, value in given]

    def _text(self) -> str:
        if not self._sql:
            self._compile()
        return self._sql

    def _compile(self) -> None:
        compiled = self._clause.compile(dialect=_DIALECT, column_keys=self._columns)
        self._binds = [
            (name, _bind_processor(compiled.binds[name]), _constant(compiled.binds[name]))
            for name in compiled.positiontup or ()
        ]
        columns = getattr(self._clause, "selected_columns", ())
        self._converters = [
            (index, convert)
            for index, column in enumerate(columns)
            if (convert := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
        ]
        names = [getattr(column, "name", "_") for column in columns]  # a bare expression has none
        self._make = _row_type(names)._make
        self._sql = str(compiled)


_MISSING: Any = object()


def each_of(column: Any, name: str) -> Any:
    """Return the condition that `column` is one of the values in the JSON list given as `name`.

    Unlike an `IN` with a list of parameters it is the same statement for any number of values.
    """
    values = sa.func.json_each(sa.bindparam(name)).table_valued("value")
    return column.in_(sa.select(values.c.value))


def _row_type(names: Sequence[str]) -> Any:
    return namedtuple("Row", names, rename=True)


def driver_of(connection: sa.Connection) -> sqlite3.Connection:
    """Return the driver's own connection; looked up once a transaction."""
    found: sqlite3.Connection | None = getattr(connection, "inboxd_driver", None)
    if found is None:
        pooled = connection.connection.driver_connection
        assert isinstance(pooled, sqlite3.Connection)
        found = connection.inboxd_driver = pooled  # type: ignore[attr-defined]
    return found


def _bind_processor(bind: sa.BindParameter[Any]) -> _Convert | None:
    processor: _Convert | None = bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return processor


def _constant(bind: sa.BindParameter[Any]) -> Any:
    return _MISSING if bind.required or bind.value is None else bind.value


def write_large(
    connection: sa.Connection, table: str, column: str, rowid: int, data: bytes
) -> None:
    """Put `data` into a column of a row piece by piece (SQLite's incremental blob I/O).

    A value that is bound is copied by the driver, and again into the row that is built.
    """
    driver = driver_of(connection)
    sized = f"UPDATE {table} SET {column} = zeroblob(?) WHERE rowid = ?"  # noqa: S608
    driver.execute(sized, (len(data), rowid))
    view = memoryview(data)
    with driver.blobopen(table, column, rowid) as blob:
        for start in range(0, len(view), _PIECE):
            blob.write(view[start : start + _PIECE])


class Savepoint:
    """A part of a transaction that can be undone alone: `with Savepoint(connection): …`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = driver_of(connection)

    def __enter__(self) -> None:
        self._connection.execute("SAVEPOINT part")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._connection.execute("ROLLBACK TO part")
        self._connection.execute("RELEASE part")
