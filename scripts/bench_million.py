"""A database that holds a million messages: made fast, and worked on like an empty one.

A thousand made-up mails go through the pipeline; then SQLite copies their rows under other
numbers, ids and addresses, until there are enough. Raw mails and the texts of notifications are the
only rows that are shared: their tables are reached by number alone, however large they are.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from bench_corpus import generate
from bench_shop import Shop, quiet

MESSAGES = 1_000_000
BASE = 1_000
SEED = 77  # not that of the mails which are worked on afterwards
_DAY = 86_400_000_000  # microseconds
# What becomes of a column in a copy; what is not named stays as it is.
_COPIES = {
    "contact": {"id": "contact", "created_at": "time"},
    "contact_address": {"address": "name", "contact_id": "contact"},
    "conversation": {
        "number": "conversation",
        "contact_id": "contact",
        "contact_address": "name",
        "state": "state",
        "state_since": "time",
        "created_at": "time",
        "updated_at": "time",
    },
    "journal": {
        "id": "journal",
        "content_sha256": "name",
        "received_at": "time",
        "next_attempt_at": "time",
        "finished_at": "time",
    },
    "message": {
        "id": "message",
        "conversation": "conversation",
        "journal_id": "journal",
        "message_id": "name",
        "date": "time",
        "created_at": "time",
    },
    "message_ref": {"ref": "name", "conversation": "conversation"},
    "party": {"conversation": "conversation", "address": "party"},
    "event": {
        "id": "event",
        "at": "time",
        "conversation": "conversation",
        "journal_id": "journal",
    },
    "trace": {"id": "trace", "at": "time", "conversation": "conversation", "cause": "name"},
    "auto_sent": {
        "id": "auto_sent",
        "at": "time",
        "address": "name",
        "conversation": "conversation",
    },
    "outbox": {
        "id": "outbox",
        "effect_key": "name",
        "conversation": "conversation",
        "message_id": "name",
        "created_at": "time",
        "next_attempt_at": "time",
        "finished_at": "time",
    },
    "outbox_recipient": {"outbox_id": "outbox", "address": "party"},
}
_KEYS = {"conversation": "number"}


def make(path: Path, messages: int = MESSAGES) -> Path:
    """Write a database with so many messages to `path`."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        mails = generate(BASE, SEED)
        for start in range(0, BASE, 50):
            shop.take_in(mails[start : start + 50])
            shop.process()
        shop.deliver()
        shop.close()
        shutil.copy(shop.database.path, path)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=off", "synchronous=off", "cache_size=-1000000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("unpacked", 1, _unpacked, deterministic=True)
    _multiply(connection, messages)
    connection.execute("PRAGMA journal_mode=wal")
    connection.close()
    return path


def _unpacked(text: str | bytes) -> str:
    from inboxd.store.compression import decompress

    return text if isinstance(text, str) else decompress(text).decode()


def _multiply(connection: sqlite3.Connection, messages: int) -> None:
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    steps = {
        table: connection.execute(f"SELECT max({_KEYS.get(table, 'id')}) FROM {table}").fetchone()[
            0
        ]
        for table in _COPIES
        if table not in ("contact_address", "message_ref", "party", "outbox_recipient")
    }
    (base,) = connection.execute("SELECT count(*) FROM message").fetchone()
    copies = -(-messages // base)
    connection.execute("CREATE TEMP TABLE body AS SELECT id, unpacked(text) AS text FROM message")
    connection.execute("CREATE UNIQUE INDEX temp.body_id ON body (id)")
    connection.execute("BEGIN")
    for copy in range(1, copies):
        for table, changes in _COPIES.items():
            connection.execute(_copy_of(connection, table, changes, steps), {"k": copy})
        connection.execute(
            "INSERT INTO message_text (rowid, subject, people, body) SELECT message.id + :step, "
            "subject, author_name || ' <c' || :k || '.' || author_address || '>', body.text "
            f"FROM message JOIN body USING (id) WHERE message.id <= {steps['message']}",
            {"k": copy, "step": copy * steps["message"]},
        )
    connection.execute("COMMIT")
    for _, sql in indexes:
        connection.execute(sql)


def _highest(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT max({_KEYS.get(table, 'id')}) FROM {table}"
    return int(connection.execute(query).fetchone()[0])


def _copy_of(
    connection: sqlite3.Connection, table: str, changes: dict[str, str], steps: dict[str, int]
) -> str:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(_value(column, changes.get(column, ""), steps) for column in columns)
    key = next((name for name in ("id", "number") if name in columns), None)
    if key is not None:
        where = f"{key} <= {steps[table]}"
    elif table == "contact_address":
        where = f"contact_id <= {steps['contact']}"
    elif table == "outbox_recipient":
        where = f"outbox_id <= {steps['outbox']}"
    else:
        where = f"conversation <= {steps['conversation']}"
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {where}"


def _value(column: str, how: str, steps: dict[str, int]) -> str:
    if how in steps:
        return f"{column} + :k * {steps[how]}"
    if how == "name":
        return f"'c' || :k || '.' || {column}"
    if how == "party":  # agents stay who they are
        ours = f"{column} LIKE '%@shop.example'"
        return f"CASE WHEN {ours} THEN '' ELSE 'c' || :k || '.' END || {column}"
    if how == "time":
        return f"{column} - {_DAY} * (2 + :k)"
    if how == "state":  # most of what a shop has dealt with is closed
        return f"CASE WHEN (number + :k) % 40 THEN 'closed' ELSE {column} END"
    return column


def bench_million(mails: list[bytes], messages: int = MESSAGES) -> dict[str, float]:
    """The pipeline into an empty database and into a large one, turn by turn; and reading there."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        large = make(Path(folder) / "large.db", messages)
        figures = {"made_in": time.perf_counter() - begun, "size": large.stat().st_size / 1e9}
        (Path(folder) / "small").mkdir()
        shops = {"empty": Shop(Path(folder) / "small")}
        (Path(folder) / "large").mkdir()
        shops["large"] = Shop(Path(folder) / "large", database=large)
        figures["messages"] = shops["large"].count("message")
        spent = {"empty": 0.0, "large": 0.0}
        for shop in shops.values():  # the large one has a lesson to learn first: once in its life
            shop.take_in(mails[:50])
            shop.process()
        mails = mails[50:]
        for start in range(0, len(mails), 50):
            for name, shop in shops.items():
                before = time.perf_counter()
                shop.take_in(mails[start : start + 50])
                shop.process()
                spent[name] += time.perf_counter() - before
        for name, seconds in spent.items():
            figures[name] = len(mails) / seconds
        figures |= _reading(shops["large"])
        for shop in shops.values():
            shop.close()
    return figures


def _reading(shop: Shop) -> dict[str, float]:
    """Return how many milliseconds `list`, `show` and `search` take, the worst of some."""
    from inboxd.desk import dossier, listing, search
    from inboxd.store.statements import driver_of

    number = shop.count("conversation")

    def timed(work: object) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            work()  # type: ignore[operator]
            times.append(1000 * (time.perf_counter() - begun))
        return sorted(times)[2]

    with shop.database.read() as connection:
        driver = driver_of(connection)
        wanted = listing.Wanted()
        figures = {
            "list_ms": timed(lambda: listing.lines(driver, wanted, 51)),
            "show_ms": max(
                timed(lambda n=n: dossier.dossier(connection, n))  # type: ignore[misc]
                for n in (1, number // 2, number)
            ),
        }
        words = ("Kündigung", "c12.customer5", "order", "the order parcel", "bitte Größe geliefert")
        figures["search_ms"] = max(
            timed(lambda each=each: search.find(connection, each, 20))  # type: ignore[misc]
            for each in words
        )
    return figures


if __name__ == "__main__":
    quiet()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else MESSAGES
    print(make(Path(sys.argv[1]), count))
