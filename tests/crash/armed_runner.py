"""Serves shops with armed failpoints, a forked process each time, without the wait for imports.

Reads one JSON object a line from standard input and answers each with one line:
`{"config", "plan", "now", "trail"}` forks a daemon and gives its process id; `{"look": pid}` gives
`-` while it runs, else its exit code (negative: the signal that ended it). `plan` is what
`inboxd.failpoints` takes; the name of every point that is passed is appended to the file `trail`.

The daemon's clock stands still at `now`, so that two runs write the same bytes. It is what
`inboxd serve` runs, but for one look at its timers as soon as it is ready, which saves a second.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from inboxd import daemon as composition
from inboxd import failpoints
from inboxd.clock import SystemClock
from inboxd.config import Config, load_config
from inboxd.daemon import Daemon
from inboxd.delivery.courier import deliver_due
from inboxd.delivery.maildir import MaildirTransport
from inboxd.desk.shop import Shop, load_shop
from inboxd.foreground import run
from inboxd.ingest.journal import append_now
from inboxd.logs import log_lines
from inboxd.pipeline import process_due
from inboxd.store.db import Database
from inboxd.store.journal import Arrival
from inboxd.store.migrations import upgrade

MAIL = b"From: a@b.example\nTo: support@shop.example\nMessage-ID: <1@b.example>\n\nHi\n"


class StandingClock(SystemClock):
    """A clock that shows one moment, while durations are measured as ever."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@cache
def known_config(path: Path) -> Config:
    """Load a configuration once: it does not change."""
    return load_config(path, {})


@cache
def known_shop(path: Path) -> Shop:
    """Load rules, canned replies and templates once, which takes longer than all the rest."""
    shop = load_shop(known_config(path))
    _warm(shop)
    return shop


def _warm(shop: Shop) -> None:
    """Work on one mail in a database aside: what is loaded or compiled then, every fork has."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/aside.db")
        upgrade(database)
        now = datetime(2030, 5, 6, 8, tzinfo=UTC)
        append_now(database, [Arrival("support", "smtp", MAIL, "", ("support@shop.example",), now)])
        clock = StandingClock(now)
        process_due(database, shop, clock)
        transport = MaildirTransport(Path(folder) / "sent")
        deliver_due(database, shop, transport, clock, owner="aside", jitter=lambda: 0.0)
        database.close()


def serve(order: dict[str, Any]) -> NoReturn:
    """Run the daemon until a signal or a failpoint ends it, then leave without coming back."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)  # standard output is the runner's
        assert failpoints.armed is not None
        trail = os.open(order["trail"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        failpoints.armed.arm(order["plan"], trail)
        clock = StandingClock(datetime.fromisoformat(order["now"]))
        run(Daemon(known_config(Path(order["config"])), clock), lambda daemon: daemon.tick())
        code = 0
    finally:
        os._exit(code)


def start(order: dict[str, Any]) -> int:
    """Fork a daemon and return its process id."""
    known_shop(Path(order["config"]))
    gc.collect()
    gc.freeze()  # so that a fork shares what it does not change
    child = os.fork()
    if child == 0:
        serve(order)
    return child


def look(child: int) -> str:
    """Return the exit code of a daemon that has ended, or `-`."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return str(os.waitstatus_to_exitcode(status)) if pid else "-"


def main() -> None:
    """Obey until standard input ends."""
    log_lines()
    composition.load_shop = lambda config: known_shop(config.path)
    for line in sys.stdin:
        order = json.loads(line)
        print(look(order["look"]) if "look" in order else start(order), flush=True)


if __name__ == "__main__":
    main()
