"""Dictionaries for compression, learned from what a database holds and kept in it.

They are learned when the journal has 128 entries, and again at eight times as many, up to half a
million: each time from the newest rows. Older ones stay, for what was compressed with them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import structlog
import zstandard

from inboxd.store.compression import FIRST_LESSON, KINDS, Kind, Packer, add, decompress_or_empty
from inboxd.store.packing import skeleton_or_empty
from inboxd.store.tables import Dictionary, table_of

if TYPE_CHECKING:
    from inboxd.store.db import Database

_log = structlog.get_logger(__name__)
_TABLE = table_of(Dictionary)
_TIMES: Final = 8
_LAST: Final = 500_000
_SAMPLES: Final = 400
_SAMPLE_BYTES: Final = 8_000
_SIZES: Final[dict[Kind, int]] = {
    "mail": 96_000,
    "draft": 24_000,
    "text": 64_000,
    "message": 48_000,
    "trace": 24_000,
}
_QUERIES: Final[dict[Kind, str]] = {
    "mail": "SELECT data FROM blob ORDER BY id DESC LIMIT ?",
    "draft": "SELECT draft FROM outbox ORDER BY id DESC LIMIT ?",
    "text": "SELECT data FROM outbox_text ORDER BY id DESC LIMIT ?",
    "message": "SELECT text FROM message ORDER BY id DESC LIMIT ?",
    "trace": "SELECT data FROM trace ORDER BY id DESC LIMIT ?",
}


def loader(path: Path, packer: Callable[[], Packer]) -> Callable[[], None]:
    """Return what reads the dictionaries of the database in `path` into its packer.

    It reads on a connection of its own, for it may be needed in the middle of a transaction.
    """

    def load() -> None:
        if not path.exists():
            return
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT kind, learned_at, data FROM dictionary ORDER BY id")
            found = rows.fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # before the schema is made, or upgraded
                return
            raise
        finally:
            connection.close()
        packer().use(_newest((kind, data) for kind, _, data in found))
        packer().lesson = _next_lesson(max((learned for _, learned, _ in found), default=0))

    return load


def learn_when_due(database: Database, entry: int) -> bool:
    """Learn dictionaries where journal entry `entry` says that it is time to; returns whether.

    They are used once they are on the disk, for nothing could be read without them.
    """
    packer = database.packer
    if entry < packer.lesson:
        return False
    packer.load()  # another process may have learned them
    if entry < packer.lesson:
        return False
    with database.read() as connection:
        rows = [
            {"kind": kind, "learned_at": entry, "data": learned.as_bytes()}
            for kind in KINDS
            if (learned := _trained(kind, list(_samples(connection, kind)))) is not None
        ]
    packer.lesson = _next_lesson(entry)
    if rows:
        with database.write() as connection:
            connection.execute(sa.insert(_TABLE), rows)
        packer.load()
    _log.info("dictionaries.learned", journal=entry, kinds=len(rows))
    return bool(rows)


def _next_lesson(learned_at: int) -> int:
    """Return with which journal entry it is time to learn again."""
    if not learned_at:
        return FIRST_LESSON
    following = learned_at * _TIMES
    return following if following <= _LAST else 2**62


def _newest(rows: Iterable[tuple[Kind, bytes]]) -> dict[Kind, zstandard.ZstdCompressionDict]:
    newest: dict[Kind, zstandard.ZstdCompressionDict] = {}
    for kind, data in rows:
        newest[kind] = add(zstandard.ZstdCompressionDict(data))
    return newest


def _trained(kind: Kind, samples: list[Any]) -> zstandard.ZstdCompressionDict | None:
    """Return a dictionary, or None where there is too little, or too much alike, to learn from."""
    size = min(_SIZES[kind], sum(map(len, samples)) // 8)
    digest = hashlib.sha256(b"\0".join([kind.encode(), *samples])).digest()
    number = 2**16 + int.from_bytes(digest[:4], "big") % 2**30  # below are registered ones
    try:
        return zstandard.train_dictionary(size, samples, dict_id=number)
    except zstandard.ZstdError:
        return None


def _samples(connection: sa.Connection, kind: Kind) -> Iterator[bytes]:
    for row in connection.exec_driver_sql(_QUERIES[kind], (_SAMPLES,)):
        data: Any = row[0]
        if isinstance(data, str):
            whole = data.encode("utf-8", "replace")
        else:
            whole = skeleton_or_empty(data) if kind == "mail" else decompress_or_empty(data)
        if whole:
            yield whole[:_SAMPLE_BYTES]
