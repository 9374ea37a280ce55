"""A backup: one private file with the database and the key without which answers find no way back.

It is an SQLite database, compressed (Zstandard, RFC 8878) where its name ends in `.zst`, with a
table `backup` that says what it is.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import zstandard

from inboxd import __version__
from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.conversations.tokens import fingerprint
from inboxd.desk.key_file import current_secret
from inboxd.errors import Permanent
from inboxd.private_files import open_private, settle_file
from inboxd.store.copying import Progress, copy_database, damage
from inboxd.store.db import Database

TABLE = "backup"
_COMPRESSED = ".zst"
_MAGIC, _ZSTD_MAGIC = b"SQLite format 3\0", b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself; `made_at` is aware, in UTC, None for a plain copy.

    `secret` is the key inside it, `key` the fingerprint of the one that signed when it was made.
    """

    made_at: datetime | None = None
    release: str = ""
    key: str = ""
    secret: str | None = None


def make_backup(
    config: Config,
    clock: Clock,
    target: Path,
    *,
    overwrite: bool = False,
    with_key: bool = True,
    progress: Progress | None = None,
) -> About:
    """Write a backup to `target` while others go on working, and make sure that it can be read.

    A key that the configuration gives is not in it: that has a home of its own. Raises `Permanent`
    where `target` is there and `overwrite` is not said, where there is no database or where the
    copy is damaged; `OSError` where it cannot be written.
    """
    if target.exists() and not overwrite:
        raise Permanent(f"{target} exists; --force overwrites it")
    source = Database(config.database_url).path
    if not source.is_file():
        raise Permanent(f"there is no database {source} to back up")
    copy = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        copy_database(source, copy, progress)
        about = _about(config, clock.now(), with_key=with_key)
        _describe(copy, about)
        if (found := damage(copy)) is not None:
            raise Permanent(f"the database is damaged, and so its copy would be: {found}")
        if target.name.endswith(_COMPRESSED):
            copy = _compressed(copy)
        settle_file(copy, target)
    finally:
        copy.unlink(missing_ok=True)
    return about


def unpack_backup(source: Path, target: Path) -> About:
    """Write the database inside the backup `source` to the new private file `target`.

    Returns what the backup says of itself; that is not in `target`. Raises `Permanent` for a file
    that is no backup, or a damaged one, and `OSError`; nothing is left behind then.
    """
    with source.open("rb") as file:
        start = file.read(len(_MAGIC))
    if not start.startswith(_ZSTD_MAGIC) and start != _MAGIC:
        raise Permanent(f"{source} is no backup of inboxd")
    target.unlink(missing_ok=True)
    try:
        with (
            source.open("rb") as packed,
            os.fdopen(open_private(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "wb") as plain,
        ):
            if start == _MAGIC:
                while piece := packed.read(1 << 20):
                    plain.write(piece)
            else:
                zstandard.ZstdDecompressor().copy_stream(packed, plain)
        found = damage(target) if target.stat().st_size else "it was cut off"
        if found is not None:
            raise Permanent(f"{source} is damaged: {found}")
        return _take_description(source, target)
    except zstandard.ZstdError as error:
        target.unlink(missing_ok=True)
        raise Permanent(f"{source} is damaged: it cannot be decompressed") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _about(config: Config, now: datetime, *, with_key: bool) -> About:
    secret = current_secret(config)
    key = fingerprint(secret.encode()) if secret else ""
    inside = secret if with_key and config.secret_key is None else None
    return About(now, __version__, key, inside)


def _describe(copy: Path, about: About) -> None:
    assert about.made_at is not None
    rows = {
        "made_at": about.made_at.isoformat(),
        "release": about.release,
        "key": about.key,
        "secret_key": about.secret,
    }
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute(f"CREATE TABLE {TABLE} (name TEXT PRIMARY KEY, value TEXT)")
        database.executemany(f"INSERT INTO {TABLE} VALUES (?, ?)", rows.items())  # noqa: S608


def _take_description(source: Path, target: Path) -> About:
    with closing(sqlite3.connect(target)) as database, database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        if "alembic_version" not in tables:
            raise Permanent(f"{source} is a database, but none of inboxd's")
        if TABLE not in tables:
            return About()
        rows = dict(database.execute(f"SELECT name, value FROM {TABLE}"))  # noqa: S608
        database.execute(f"DROP TABLE {TABLE}")
    made_at = rows.get("made_at")
    return About(
        datetime.fromisoformat(made_at) if made_at else None,
        rows.get("release") or "",
        rows.get("key") or "",
        rows.get("secret_key"),
    )


def _compressed(copy: Path) -> Path:
    """Compress the file; returns the compressed one, in the same folder, and removes the other."""
    packed = copy.with_name(f"{copy.name}{_COMPRESSED}")
    packed.unlink(missing_ok=True)
    try:
        with (
            copy.open("rb") as plain,
            os.fdopen(open_private(packed, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "wb") as file,
        ):
            zstandard.ZstdCompressor(level=6, threads=-1).copy_stream(plain, file)
    except BaseException:
        packed.unlink(missing_ok=True)
        raise
    finally:
        copy.unlink(missing_ok=True)
    return packed
