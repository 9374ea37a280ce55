"""Runs a backtest: one replay for each set of rules, at the same time."""

from __future__ import annotations

import multiprocessing
import queue
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from inboxd.backtest import past
from inboxd.backtest.changes import Deeds, of_past, of_scratch
from inboxd.backtest.difference import Difference, difference
from inboxd.backtest.replay import Replay
from inboxd.backtest.scratch import copy_people, open_past, open_scratch
from inboxd.config import Config
from inboxd.conversations.tokens import TokenKey
from inboxd.desk.shop import Shop, known_names, load_words
from inboxd.durations import parse_duration
from inboxd.errors import Permanent
from inboxd.logs import log_trouble
from inboxd.rules.loader import load_rules
from inboxd.store.db import Database
from inboxd.suggest import hint

Progress = Callable[[int], None]
_SAID_EACH = 25  # mails
MANY_MAILS = 1500
"""From how many mails on each set of rules gets a process of its own, which takes a second."""
_SECRET = b"a backtest signs nothing that anybody ever sees"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the configuration, since when until when, in which mailbox (None: all).

    `rules` is the folder of the rules that are tried. Without one, those that are there now are
    tried, and what really happened is what they are compared with.
    """

    config: Config
    since: datetime
    until: datetime
    mailbox: str | None = None
    rules: Path | None = None


def question(
    config: Config, now: datetime, since: str, rules: Path | None, mailbox: str | None
) -> Question:
    """Return what somebody asks in words; raises `Permanent` where they cannot be understood."""
    try:
        age = parse_duration(since)
        begin = now - timedelta(seconds=age.seconds)
    except ValueError as error:
        raise Permanent(f"--since: {error}") from None
    if mailbox is not None and config.mailbox(mailbox) is None:
        known = hint(mailbox, [each.name for each in config.mailboxes])
        raise Permanent(f"there is no mailbox called {mailbox}{known}")
    return Question(config, begin, now, mailbox, rules)


def backtest(question: Question, begin: Callable[[int], Progress]) -> Difference:
    """Return what the tried rules do otherwise; `begin` takes the number of mails to go through.

    Nothing of the shop's is changed. Raises `ConfigError` where rules have faults, and `Permanent`
    where the database cannot be read.
    """
    folders = [None] if question.rules is None else [None, question.rules]
    for folder in folders:
        shop_with(question.config, folder)
    before, subjects, mails = _survey(question)
    advance = begin(mails * len(folders))
    at_once = len(folders) > 1 and mails >= MANY_MAILS
    simulate = _in_processes if at_once else _one_by_one
    found = simulate(question, folders, advance)
    return difference(found[0] if len(found) > 1 else before, found[-1], subjects)


def _survey(question: Question) -> tuple[Deeds, dict[int, str], int]:
    """Return what rules really did, what conversations are about, and how many mails came."""
    with (
        _working(question) as (own, folder),
        open_past(own, folder) as database,
        database.write() as connection,
    ):
        past.choose(connection, question.since, question.mailbox)
        rows = past.conversations(connection)
        mails = past.count_mails(connection, question.since)
        return of_past(connection, question.since), {r["number"]: r["subject"] for r in rows}, mails


def _one_by_one(
    question: Question, folders: Sequence[Path | None], advance: Progress
) -> list[Deeds]:
    return [simulated(question, folder, advance) for folder in folders]


def _in_processes(
    question: Question, folders: Sequence[Path | None], advance: Progress
) -> list[Deeds]:
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    with ProcessPoolExecutor(len(folders), context, _begin_worker, (done,)) as pool:
        waiting = [pool.submit(_work, question, folder) for folder in folders]
        while not all(each.done() for each in waiting):
            with suppress(queue.Empty):
                advance(done.get(timeout=0.2))
        return [each.result() for each in waiting]


_done: Any = None  # where a worker says how far it is


def _begin_worker(done: Any) -> None:
    global _done  # a worker's own: it is told once, when its process begins
    _done = done
    log_trouble()


def _work(question: Question, folder: Path | None) -> Deeds:
    waiting = 0

    def advance(count: int) -> None:
        nonlocal waiting
        waiting += count
        if waiting >= _SAID_EACH:
            _done.put(waiting)
            waiting = 0

    found = simulated(question, folder, advance)
    _done.put(waiting)
    return found


def simulated(question: Question, folder: Path | None, advance: Progress) -> Deeds:
    """Return what the rules of `folder` (None: the shop's own) do."""
    shop = shop_with(question.config, folder)
    with (
        _working(question) as (own, place),
        open_past(own, place) as before,
        open_scratch(own, place) as scratch,
    ):
        for database in (before, scratch):
            with database.write() as connection:
                past.choose(connection, question.since, question.mailbox)
        with scratch.write() as connection:
            copy_people(connection, question.since)
        replay, mails = Replay(scratch, shop, question.since), 0
        with before.read() as connection:
            replay.prepare(past.conversations(connection))
            for happening in past.happenings(connection):
                count = replay.take(happening)
                mails += count
                if count:
                    advance(count)
        replay.finish(question.until)
        with scratch.read() as connection:
            return replace(of_scratch(connection, question.since), mails=mails)


def shop_with(config: Config, folder: Path | None) -> Shop:
    """Return the shop with the rules of `folder` (None: its own); raises `ConfigError`."""
    rules, canned, renderer = load_words(config)
    if folder is not None:
        packs = config.rule_folders[1:]
        rules = load_rules([folder, *packs], known_names(config, canned.names))
    # Nobody outside is asked about anything.
    trust = config.trust.model_copy(update={"verify_dkim": False})
    config = config.model_copy(update={"trust": trust})
    return Shop(config, TokenKey(_SECRET), rules, canned, renderer)


@contextmanager
def _working(question: Question) -> Iterator[tuple[Database, Path]]:
    """Yield the shop's own database and a folder to work in."""
    own = Database(question.config.database_url)
    try:
        with tempfile.TemporaryDirectory(prefix="inboxd-backtest-") as folder:
            yield own, Path(folder)
    finally:
        own.close()
