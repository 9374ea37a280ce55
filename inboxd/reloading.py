"""Reads the shop's files again while the daemon works: all of them, or none."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.config import Config, load_config
from inboxd.desk.shop import Shop, load_shop
from inboxd.desk.trouble import alert
from inboxd.errors import ConfigError, Transient
from inboxd.store import messages, timers
from inboxd.store.db import Database
from inboxd.store.messages import NewEvent

_log = structlog.get_logger(__name__)
_SHOWN = 20


class Reloads:
    """Makes a new shop out of edited files, and remembers which edit was refused.

    `served` is the configuration that the listeners and sources were made from.
    """

    def __init__(self, database: Database, clock: Clock, served: Config) -> None:
        self._database = database
        self._clock = clock
        self._served = served
        self._refused: list[str] = []

    def read(self, shop: Shop) -> tuple[Shop, list[str]]:
        """Return the shop as the files have it, and no faults; or `shop` as it was, and all faults.

        The admin is told of each distinct edit that is refused once, and the log also when all is
        well again. Timers of rules that are gone are cancelled.
        """
        try:
            new = self._read(shop)
        except ConfigError as error:
            faults = [str(fault) for fault in error.faults]
            self._refuse(shop, faults)
            return shop, faults
        if self._refused:
            _log.info("reload.faults_mended", faults=len(self._refused))
        self._refused = []
        self._retire(new)
        _log.info("reloaded", rules=len(new.rules.rules), digest=new.rules.digest[:12])
        return new, []

    def _read(self, shop: Shop) -> Shop:
        """Read everything; mailboxes stay as they are where the listeners would not know."""
        config = load_config(self._served.path)
        new = load_shop(config)
        if _ways_in(config) == _ways_in(self._served):
            return new
        _log.warning("reload.needs_restart", what="mailboxes")
        kept = {"mailboxes": shop.config.mailboxes}
        return dataclasses.replace(new, config=config.model_copy(update=kept))

    def _refuse(self, shop: Shop, faults: list[str]) -> None:
        if faults == self._refused:
            return
        # Where they are; `inboxd check` says what, and may quote what stands there.
        places = [fault.partition(": ")[0] for fault in faults[:_SHOWN]]
        _log.error("reload.refused", places=places, more=max(0, len(faults) - _SHOWN))
        self._refused = faults
        digest = hashlib.sha256("\n".join(faults).encode()).hexdigest()
        with self._database.write() as connection:
            alert(
                connection,
                shop,
                self._clock.now(),
                key=f"reload:{digest[:32]}",
                title="A change of the configuration was refused",
                summary="The files have faults, so the old ones stay in force.",
                details=tuple(("fault", fault) for fault in faults[:_SHOWN]),
                advice="inboxd check",
                every=timedelta(seconds=1),  # it is told of once, and again if it comes back
            )

    def _retire(self, shop: Shop) -> None:
        """Cancel the timers of rules that are gone; where that cannot be done, they do nothing."""
        try:
            with self._database.write() as connection:
                count = retire_timers(connection, shop, self._clock.now())
        except Transient as error:
            _log.error("reload.timers_not_cancelled", reason=str(error)[:200])
        else:
            if count:
                _log.info("reload.timers_cancelled", timers=count)


def retire_timers(connection: sa.Connection, shop: Shop, now: datetime) -> int:
    """Cancel the armed timers of rules that wait for nothing any more; returns how many.

    Each conversation's history says why.
    """
    known = {rule.name for rule in shop.rules.rules if shop.rules.has_timer(rule.name)}
    why = "there is no such rule with a timer any more"
    gone = timers.retire(connection, known, now, why)
    lines = [
        NewEvent(now, each.conversation, "inboxd", "timer.cancelled", f"{each.rule}: {why}")
        for each in gone
    ]
    messages.add_events(connection, lines)
    return len(gone)


def _ways_in(config: Config) -> list[object]:
    """Return what the listeners and sources are made from."""
    return [(m.name, m.addresses, m.reply_address, m.sources) for m in config.mailboxes]
