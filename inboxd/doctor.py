"""Looks at everything that can go wrong with an installation and says what to do about it."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.config import ImapSource as ImapSettings
from inboxd.daemon import imap_options
from inboxd.delivery.courier import smtp_options
from inboxd.delivery.smtp_client import SmtpTransport
from inboxd.desk import outlook
from inboxd.desk.shop import load_words
from inboxd.desk.words import ago, size
from inboxd.errors import ConfigError, InboxdError
from inboxd.ingest.imap_line import Line
from inboxd.ingest.imap_login import connect
from inboxd.ingest.imap_problems import describe
from inboxd.store import folders, hand_outs, journal, outbox, rule_schedules, timers
from inboxd.store.db import Database
from inboxd.store.migrations import HEAD, version

_LITTLE_SPACE, _NO_SPACE = 1_000_000_000, 100_000_000
_LATE = timedelta(minutes=15)
_LONG_IN_QUEUE = timedelta(days=3)  # longer than a weekend


class Health(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and (where it is not well) what to do."""

    what: str
    health: Health
    words: str
    advice: str = ""


def examine(config: Config, clock: Clock, *, offline: bool) -> Iterator[Finding]:
    """Yield what is found, as it is found. Nothing is written, and nothing is raised for trouble.

    `offline` leaves out the relay and the IMAP servers.
    """
    yield _words(config)
    for name, words in outlook.calendar_words(config, clock.now()):
        yield Finding(f"calendar {name}", Health.OK, words)
    yield _folder(config)
    yield _space(config)
    yield from _database(config, clock)
    if not offline:
        yield _relay(config)
        for mailbox in config.mailboxes:
            for source in mailbox.sources:
                if source.imap is not None:
                    yield _imap(source.imap, clock)


def healthy(findings: list[Finding]) -> bool:
    """Return whether nothing has failed; warnings are no failures."""
    return all(each.health is not Health.FAIL for each in findings)


def _words(config: Config) -> Finding:
    what = "configuration"
    try:
        rules, canned, _ = load_words(config)
    except ConfigError as error:
        first = f"{len(error.faults)} faults, the first: {error.faults[0]}"
        return Finding(what, Health.FAIL, first, "inboxd check shows all of them")
    count = f"{len(rules.rules)} rules, {len(canned.names)} canned replies"
    return Finding(what, Health.OK, f"{config.path}, {count}")


def _folder(config: Config) -> Finding:
    what, path = "data folder", config.data_dir
    try:
        about = path.stat()
    except FileNotFoundError:
        advice = "it is made on the first start of inboxd serve"
        return Finding(what, Health.WARN, f"{path} does not exist yet", advice)
    except OSError as error:
        return Finding(what, Health.FAIL, f"{path}: {error.strerror}", f"ls -ld {path}")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Finding(what, Health.FAIL, f"{path} cannot be written", f"chown it: ls -ld {path}")
    if about.st_uid != os.geteuid():
        words = f"{path} belongs to user {about.st_uid}, you are user {os.geteuid()}"
        return Finding(what, Health.WARN, words, "run inboxd as the user that the daemon runs as")
    if stat.S_IMODE(about.st_mode) & 0o077:
        words = f"{path} can be entered by other users of this machine"
        return Finding(what, Health.WARN, words, f"chmod 700 {path}")
    return Finding(what, Health.OK, f"{path}, for its owner alone")


def _space(config: Config) -> Finding:
    path = next(each for each in (config.data_dir, *config.data_dir.parents) if each.exists())
    free = shutil.disk_usage(path).free
    words = f"{size(free)} free at {path}"
    if free < _NO_SPACE:
        return Finding("disk space", Health.FAIL, words, "make room: mail is refused when it ends")
    if free < _LITTLE_SPACE:
        return Finding("disk space", Health.WARN, words, "make room")
    return Finding("disk space", Health.OK, words)


def _database(config: Config, clock: Clock) -> Iterator[Finding]:
    database = Database(config.database_url)
    if not database.path.exists():
        words = f"{database.path} does not exist yet"
        yield Finding("database", Health.WARN, words, "it is made on the first start")
        return
    try:
        damage = database.integrity()
        if damage:
            advice = "stop inboxd, then: inboxd restore FILE --force (docs/operations.md)"
            yield Finding("integrity", Health.FAIL, damage, advice)
            return
        yield Finding("integrity", Health.OK, f"{size(database.path.stat().st_size)}, undamaged")
        yield _settings(database)
        schema = _schema(database)
        yield schema
        if schema.health is Health.OK:
            yield from _rows(database, config, clock)
    except InboxdError as error:
        yield Finding("database", Health.FAIL, str(error), f"ls -l {database.path}")
    finally:
        database.close()


def _settings(database: Database) -> Finding:
    try:
        database.assert_durable()
    except InboxdError as error:
        advice = "use a local disk: network folders do not keep what SQLite needs"
        return Finding("database", Health.FAIL, str(error), advice)
    return Finding("database", Health.OK, f"{database.path}, every commit reaches the disk")


def _schema(database: Database) -> Finding:
    found = version(database)
    if found == HEAD:
        return Finding("schema", Health.OK, f"version {found}, this release's")
    if found is None:
        return Finding("schema", Health.WARN, "empty", "it is filled on the first start")
    words = f"version {found}, this release's is {HEAD}"
    return Finding("schema", Health.WARN, words, "the next start upgrades it; back it up before")


def _rows(database: Database, config: Config, clock: Clock) -> Iterator[Finding]:
    now = clock.now()
    with database.read() as connection:
        yield from _queues(connection, now)
        yield from _put_aside(connection)
        yield from _team_queues(connection, now)
        if config.sla:
            words, late = outlook.promise_words(connection, now)
            advice = "inboxd list --view overdue" if late else ""
            yield Finding("promises", Health.WARN if late else Health.OK, words, advice)
        yield from _sources(connection, config, now)


def _queues(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    """Yield how much waits, and whether something has been due for long."""
    kept, sent = journal.counts(connection), outbox.counts(connection)
    waiting = sum(sent.get(state, 0) for state in ("queued", "sending", "deferred"))
    advice = "is the daemon running? inboxd serve, or once: inboxd work"
    for what, count, due in (
        ("journal", kept.get("received", 0), journal.next_due_at(connection)),
        ("outbox", waiting, outbox.next_due_at(connection)),
        ("timers", None, timers.next_due_at(connection)),
        ("schedules", None, rule_schedules.next_due_at(connection)),
    ):
        if what == "schedules" and due is None:
            continue
        words = "none waits" if due is None else f"{count} wait" if count else "armed"
        if due is not None and now - due > _LATE:
            yield Finding(what, Health.FAIL, f"{words}; the oldest was due {ago(due, now)}", advice)
        else:
            next_one = f", the next is due {ago(due, now)}" if due else ""
            yield Finding(what, Health.OK, words + next_one)


def _team_queues(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    """Yield what waits to be handed out in a team: nobody hears of it until somebody is free."""
    counts = hand_outs.counts(connection)
    for team, count in sorted(counts.items()):
        since = min(way.since for way in hand_outs.waiting(connection, [team]))
        late = now - since > _LONG_IN_QUEUE
        health = Health.WARN if late else Health.OK
        words = f"{count} wait to be handed out, the first was put there {ago(since, now)}"
        yield Finding(
            f"team {team}", health, words, "inboxd agents says who is free" if late else ""
        )


def _put_aside(connection: sa.Connection) -> Iterator[Finding]:
    quarantined = journal.counts(connection).get("quarantined", 0)
    dead = outbox.counts(connection).get("dead", 0)
    if quarantined:
        words = f"{quarantined} mails could not be worked on"
        advice = "inboxd journal list --state quarantined; inboxd journal replay"
        yield Finding("quarantine", Health.WARN, words, advice)
    if dead:
        words = f"{dead} mails could not be delivered"
        advice = "inboxd outbox list --state dead; inboxd outbox retry"
        yield Finding("dead mail", Health.WARN, words, advice)
    if not quarantined and not dead:
        yield Finding("put aside", Health.OK, "no mail is quarantined or dead")


def _sources(connection: sa.Connection, config: Config, now: datetime) -> Iterator[Finding]:
    known = {row.source: row for row in folders.listing(connection)}
    imap = [s.imap for mailbox in config.mailboxes for s in mailbox.sources if s.imap is not None]
    for settings in imap:
        row = known.get(settings.key())
        what = f"source {settings.user}@{settings.host}/{settings.folder}"
        if row is None or (row.seen_at is None and not row.problem):
            yield Finding(what, Health.WARN, "never read yet", "start the daemon: inboxd serve")
        elif row.problem:
            since = f" (since {ago(row.problem_since, now)})" if row.problem_since else ""
            yield Finding(what, Health.FAIL, row.problem + since, "check it in the configuration")
        else:
            yield Finding(what, Health.OK, f"last read {ago(row.seen_at, now)}")


def _relay(config: Config) -> Finding:
    if config.send.smtp is None:
        folder = config.send.maildir
        assert folder is not None
        return _maildir(folder)
    transport = SmtpTransport(smtp_options(config))
    return _tried("relay", transport.check, "check send.smtp in the configuration")


def _maildir(folder: Path) -> Finding:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    words = f"mail goes to the Maildir {folder}; nothing leaves this machine"
    if not os.access(place, os.W_OK):
        return Finding("relay", Health.FAIL, f"{place} cannot be written", f"ls -ld {place}")
    return Finding("relay", Health.OK, words)


def _imap(settings: ImapSettings, clock: Clock) -> Finding:
    options = imap_options(settings)

    def look() -> str:
        with Line(threading.Event()) as line:
            client = connect(options, line, clock.monotonic)
            try:
                client.select_folder(options.folder, readonly=True)
            finally:
                client.logout()
        return f"logged in to {options.host}:{options.port}, {options.folder} can be read"

    what = f"login {settings.user}@{settings.host}"
    try:
        return Finding(what, Health.OK, look())
    except Exception as error:  # whatever a server answers is a finding
        return Finding(what, Health.FAIL, describe(error, options), "check it in the configuration")


def _tried(what: str, attempt: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(what, Health.OK, attempt())
    except InboxdError as error:
        return Finding(what, Health.FAIL, str(error), advice)
