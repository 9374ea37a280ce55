"""The data folder, its disk, and the database down to what waits in it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.desk.words import size, span
from inboxd.doctor import queues, sources
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.errors import InboxdError
from inboxd.store import growth
from inboxd.store.db import Database
from inboxd.store.migrations import HEAD, version

_LITTLE_SPACE, _NO_SPACE = 1_000_000_000, 100_000_000
_FULL_SOON = timedelta(days=30)
_AHEAD = timedelta(minutes=2)


def look(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield how folder, disk and database are, then what waits, and how the sources fare."""
    yield _folder(config)
    yield from _database(config, clock)


def _folder(config: Config) -> Finding:
    group, what, path = Group.STORAGE, "data folder", config.data_dir
    try:
        about = path.stat()
    except FileNotFoundError:
        advice = "it is made on the first start of inboxd serve"
        return Finding(group, what, Health.WARN, f"{path} does not exist yet", advice)
    except OSError as error:
        words = f"{path}: {error.strerror}"
        return Finding(group, what, Health.FAIL, words, f"ls -ld {path}")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        words = f"{path} cannot be written"
        return Finding(group, what, Health.FAIL, words, f"chown it: ls -ld {path}")
    if about.st_uid != os.geteuid():
        words = f"{path} belongs to user {about.st_uid}, you are user {os.geteuid()}"
        advice = "run inboxd as the user that the daemon runs as"
        return Finding(group, what, Health.WARN, words, advice)
    if stat.S_IMODE(about.st_mode) & 0o077:
        words = f"{path} can be entered by other users of this machine"
        return Finding(group, what, Health.WARN, words, f"chmod 700 {path}")
    return Finding(group, what, Health.OK, f"{path}, for its owner alone")


def _space(config: Config, a_day: float = 0.0) -> Finding:
    """Say how much room there is, and how long that lasts by what came in lately."""
    path = next(each for each in (config.data_dir, *config.data_dir.parents) if each.exists())
    free = shutil.disk_usage(path).free
    words, lasts = f"{size(free)} free at {path}", timedelta.max
    if a_day > 0:
        lasts = timedelta(days=min(free / a_day, 99_999))
        words += f"; the database grows by some {size(round(a_day))} a day"
        if lasts < timedelta(days=730):
            words += f", for which there is room for {span(lasts)}"
    what = "disk space"
    if free < _NO_SPACE:
        advice = "make room: mail is refused when it ends"
        return Finding(Group.STORAGE, what, Health.FAIL, words, advice)
    if free < _LITTLE_SPACE or lasts < _FULL_SOON:
        return Finding(Group.STORAGE, what, Health.WARN, words, "make room")
    return Finding(Group.STORAGE, what, Health.OK, words)


def _database(config: Config, clock: Clock) -> Iterator[Finding]:
    database = Database(config.database_url)
    if not database.path.exists():
        yield _space(config)
        words = f"{database.path} does not exist yet"
        yield Finding(Group.STORAGE, "database", Health.WARN, words, "it is made on first start")
        return
    try:
        found = database.integrity() or _orphans(database)
        if found:
            yield _space(config)
            advice = "stop inboxd, then: inboxd restore FILE --force (docs/operations.md)"
            yield Finding(Group.STORAGE, "integrity", Health.FAIL, found, advice)
            return
        words = f"{size(_bytes(database))}, undamaged"
        yield Finding(Group.STORAGE, "integrity", Health.OK, words)
        yield _settings(database)
        schema = _schema(database)
        yield schema
        if schema.health is not Health.OK:
            yield _space(config)
            return
        with database.read() as connection:
            yield _space(config, growth.bytes_a_day(connection, clock.now()))
            yield _clock(connection, clock.now())
            yield from queues.look(connection, config, clock.now())
            yield from sources.look(connection, config, clock.now())
    except InboxdError as error:
        advice = f"ls -l {database.path}"
        yield Finding(Group.STORAGE, "database", Health.FAIL, str(error), advice)
    finally:
        database.close()


def _bytes(database: Database) -> int:
    """Return the size of the database with what is not yet in its main file."""
    files = (database.path, database.path.with_name(database.path.name + "-wal"))
    return sum(each.stat().st_size for each in files if each.exists())


def _orphans(database: Database) -> str | None:
    """Return what refers to nothing: SQLite's quick check does not look at that."""
    with database.read() as connection:
        row = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    return None if row is None else f"a row of {row[0]} refers to nothing in {row[2]}"


def _settings(database: Database) -> Finding:
    try:
        database.assert_durable()
    except InboxdError as error:
        advice = "use a local disk: network folders do not keep what SQLite needs"
        return Finding(Group.STORAGE, "database", Health.FAIL, str(error), advice)
    words = f"{database.path}, every commit reaches the disk"
    return Finding(Group.STORAGE, "database", Health.OK, words)


def _schema(database: Database) -> Finding:
    found = version(database)
    if found == HEAD:
        words = f"version {found}, this release's"
        return Finding(Group.STORAGE, "schema", Health.OK, words)
    if found is None:
        advice = "it is filled on the first start"
        return Finding(Group.STORAGE, "schema", Health.WARN, "empty", advice)
    words = f"version {found}, this release's is {HEAD}"
    advice = "the next start upgrades it; back it up before"
    return Finding(Group.STORAGE, "schema", Health.WARN, words, advice)


def _clock(connection: sa.Connection, now: datetime) -> Finding:
    """Compare the machine's clock with the newest rows, which cannot be from the future."""
    newest = growth.newest(connection)
    words = f"{now:%Y-%m-%d %H:%M} UTC"
    if newest is not None and newest - now > _AHEAD:
        words += f", but the newest row is {span(newest - now)} ahead: one of them is wrong"
        advice = "set the clock (timedatectl); timers wait until it has caught up"
        return Finding(Group.STORAGE, "clock", Health.FAIL, words, advice)
    return Finding(Group.STORAGE, "clock", Health.OK, f"{words}, after everything in the database")
