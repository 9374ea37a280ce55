"""Puts a backup in the database's place.

Mail that arrived after the backup is not in it. IMAP folders are read again from where the backup
knew them; what else happened since is lost. So numbers and ids that may have been given away
meanwhile are never given again, nothing is sent twice without a word, and timers wait until the
mail that may cancel them has come in.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inboxd.backup import About, unpack_backup
from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.conversations.tokens import fingerprint
from inboxd.desk.key_file import current_secret, keep_secret, key_file
from inboxd.errors import Permanent, Transient
from inboxd.private_files import make_private_folder, settle_file, sync_folder
from inboxd.process_lock import ProcessLock
from inboxd.store import restored
from inboxd.store.db import Database
from inboxd.store.migrations import upgrade

_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done. `words` are sentences for the admin, on what to look at next."""

    made_at: datetime | None
    conversations: int
    mails: int
    next_number: int
    held: int
    postponed: int
    kept_aside: Path | None
    words: tuple[str, ...]


def restore(
    config: Config,
    clock: Clock,
    source: Path,
    *,
    replace: bool = False,
    send_waiting: bool = False,
) -> Restored:
    """Make the backup `source` the database, its schema brought up to this release.

    `send_waiting` sends what waited to be sent when the backup was made; otherwise that is put
    aside, for it may have been sent since. Raises `Permanent` while a daemon runs, for a file that
    is no sound backup, and where a database with mail is in place and `replace` is not said; all is
    as it was then.
    """
    path = Database(config.database_url).path
    lock = ProcessLock(config.data_dir / "daemon.lock")
    lock.acquire()
    fresh = path.with_name(f".{path.name}.restoring")
    try:
        make_private_folder(path.parent)
        old = _look_at(path)
        if old.holds_mail and not replace:
            raise Permanent(
                f"{path} holds mail already; --force replaces it (the old one is kept aside)"
            )
        about = unpack_backup(source, fresh)
        now = clock.now()
        done = _prepare(config, fresh, about, old, now, send_waiting=send_waiting)
        aside = _set_aside(path, now) if path.exists() else None
        settle_file(fresh, path)
        words = _settle_key(config, about, now)
    finally:
        for each in (fresh, *_neighbours(fresh)):
            each.unlink(missing_ok=True)
        lock.release()
    return Restored(
        about.made_at,
        done.conversations,
        done.mails,
        done.next_number,
        done.held,
        done.postponed,
        aside,
        words,
    )


@dataclass(frozen=True, slots=True)
class _Old:
    """The database in place: whether it holds mail, and the last number that it has given."""

    holds_mail: bool = False
    last_number: int | None = None


def _look_at(path: Path) -> _Old:
    if not path.exists() or path.stat().st_size == 0:
        return _Old()
    try:
        with closing(sqlite3.connect(path, timeout=10)) as database:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
            if "journal" not in tables:
                return _Old(holds_mail=bool(tables))
            mails = database.execute("SELECT count(*) FROM journal").fetchone()[0]
            number = database.execute("SELECT max(number) FROM conversation").fetchone()[0]
            return _Old(bool(mails or number), number or 0)
    except sqlite3.OperationalError as error:
        raise Transient(f"{path} is in use: {error}") from error
    except sqlite3.DatabaseError:  # what is damaged may hold anything
        return _Old(holds_mail=True)


def _prepare(
    config: Config, fresh: Path, about: About, old: _Old, now: datetime, *, send_waiting: bool
) -> restored.Marked:
    """Bring the unpacked database up to date, and to a state in which it can go on."""
    database = Database(f"sqlite:///{fresh}")
    try:
        upgrade(database)
        with database.write() as connection:
            return restored.mark(
                connection,
                now,
                mailbox=config.mailboxes[0].name,
                made_at=about.made_at,
                last_number=old.last_number,
                send_waiting=send_waiting,
            )
    finally:
        database.close()
        _into_one_file(fresh)


def _into_one_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=delete")


def _set_aside(path: Path, now: datetime) -> Path:
    """Keep the database in place under another name; it is complete there, with its WAL."""
    aside = _free(path.with_name(f"{path.name}.replaced-{now:%Y%m%dT%H%M%S}"))
    try:
        with closing(sqlite3.connect(path, timeout=10)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        pass  # damaged: its parts are kept as they are
    os.link(path, aside)  # the new one then takes its name in one step
    for suffix, neighbour in zip(_BESIDE, _neighbours(path), strict=True):
        if neighbour.exists():
            neighbour.replace(aside.with_name(aside.name + suffix))
    sync_folder(path.parent)
    return aside


def _free(path: Path) -> Path:
    """Return `path`, or the first of its kind that is nobody's yet."""
    numbered = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    return next(each for each in itertools.chain((path,), numbered) if not each.exists())


def _neighbours(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _BESIDE]


def _settle_key(config: Config, about: About, now: datetime) -> tuple[str, ...]:
    """Make the backup's key usable; returns what the admin has to do for it."""
    secret = current_secret(config)
    known = [each.get_secret_value() for each in config.old_secret_keys]
    marks = {fingerprint(each.encode()) for each in (secret, *known) if each}
    if not about.key or about.key in marks:
        return ()
    if about.secret is None:
        return (
            "Reply addresses in mail from before the backup were signed with another key than the "
            "configuration's: name that one under old_secret_keys.",
        )
    if secret is None:
        keep_secret(key_file(config), about.secret)
        return ()
    path = _free(key_file(config).with_name(f"secret_key.restored-{now:%Y%m%dT%H%M%S}"))
    keep_secret(path, about.secret)
    return (
        "Mail from before the backup was signed with another key than the present one. It is in "
        f"{path}; accept it with  old_secret_keys: [file:{path}]",
    )
