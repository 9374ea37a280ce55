"""What a rebuilt database takes over as it is: the journal, and what cannot be worked out again."""

from __future__ import annotations

import sqlalchemy as sa

from inboxd.rebuild.moments import Moment
from inboxd.rebuild.original import Original

# How far folders were read, where mails lie, what the admin was told. Canned replies' files come
# again with the mails that bear them.
_AS_THEY_ARE = ("folder", "folder_mark", "alert", "mirror_place", "mirror_folder")
_NEVER = 2**62  # not before its moment


def take_journal(connection: sa.Connection, original: Original) -> None:
    """Copy every mail under its own id, all of them still to be worked on.

    Those that were put aside stay so, and those that wait wait on.
    """
    _copy(connection, original, "dictionary")  # without them no blob can be read
    _copy(connection, original, "blob")
    _copy(connection, original, "journal")
    connection.exec_driver_sql(
        "UPDATE journal SET state = 'received', attempts = 0, content_sha256 = NULL, error = NULL, "
        "finished_at = NULL, next_attempt_at = ? "
        "WHERE state IN ('applied', 'duplicate', 'dropped')",
        (_NEVER,),
    )
    connection.exec_driver_sql(
        "UPDATE journal SET next_attempt_at = ? WHERE state = 'received'", (_NEVER,)
    )
    for table in _AS_THEY_ARE:
        _copy(connection, original, table)


def let_come(connection: sa.Connection, moment: Moment) -> None:
    """Make the mail due that was worked on at `moment`."""
    connection.exec_driver_sql(
        "UPDATE journal SET next_attempt_at = ? WHERE id = ?", (moment.at, moment.id)
    )


def let_the_rest_wait(connection: sa.Connection) -> None:
    """Make mail that the original had not worked on due for whoever opens the database next."""
    connection.exec_driver_sql(
        "UPDATE journal SET next_attempt_at = received_at WHERE next_attempt_at = ?", (_NEVER,)
    )


def take_marker(connection: sa.Connection, original: Original, moment: Moment) -> None:
    """Copy the rows that mark a restored backup, so that numbers go on behind them as they did."""
    query = "SELECT DISTINCT conversation FROM event WHERE kind = 'restored' AND at = ?"
    for (number,) in original.rows("event", query, moment.at):
        for table, key in (("contact", "id"), ("conversation", "number")):
            query = "SELECT contact_id FROM conversation WHERE number = ?"
            contact = next(iter(original.rows("conversation", query, number)), (0,))[0]
            value = contact if table == "contact" else number
            _copy(connection, original, table, f"WHERE {key} = {int(value)}")
        for table in ("event", "timer"):
            _copy(connection, original, table, f"WHERE conversation = {int(number)}")
        _copy(connection, original, "digest", f"WHERE at = {int(moment.at)} AND agent = ''")
    _copy(connection, original, "journal", f"WHERE id = {int(moment.id)}")


def _copy(connection: sa.Connection, original: Original, table: str, where: str = "") -> None:
    """Copy a table's rows, as many of its columns as both know."""
    if table not in original.tables:
        return
    here = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
    names = [name for name in original.tables[table] if name in here]
    columns, marks = ", ".join(names), ", ".join("?" * len(names))
    query = f"SELECT {columns} FROM {table} {where}"  # noqa: S608
    insert = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
    needed = table in ("dictionary", "blob", "journal")
    rows = original.needed(query) if needed else original.rows(table, query)
    for row in rows:
        connection.exec_driver_sql(insert, row)
