"""What the benches share: a shop in a folder of its own, and silence."""

from __future__ import annotations

import gc
import itertools
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

ROOT = Path(__file__).resolve().parent.parent
RULES = 50
_SUBJECTS = "invoice, delivery, return, exchange, voucher, password, account, newsletter, warranty"
_BODIES = (
    "opening hours, gift card, price list, spare part, size chart, store credit, customs, "
    "data protection, wholesale, damaged on arrival"
)


def quiet() -> None:
    gc.set_threshold(50_000, 20, 20)  # as `inboxd` itself does
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def shop_folder(folder: Path, **replace: str) -> Path:
    """Copy the shipped configuration and return its path, with texts in it replaced.

    The made-up senders share a few domains and all come at once: they are acknowledged all the
    same, as people of many domains would be.
    """
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / "config" / "inboxd.yaml"
    text = path.read_text(encoding="utf-8").replace("port: 2525", "port: 0")
    for old, new in replace.items():
        text = text.replace(old, new)
    (folder / "config" / "rules" / "50-more.yaml").write_text(_more_rules(), encoding="utf-8")
    text += "\nauto_mail: {per_domain_hour: 1000000, per_domain_day: 1000000}\n"
    path.write_text(text, encoding="utf-8")
    return path


def _more_rules() -> str:
    """Return as many rules as make 50 with the shipped three: what shops ask of each mail."""
    words = itertools.cycle(_SUBJECTS.split(", "))
    phrases = itertools.cycle(_BODIES.split(", "))
    rules = []
    for number in range(RULES - 3):
        condition = (
            f"subject: [{next(words)} {number}, '{next(words)} no. {number}']",
            f"body: [{next(phrases)} {number}]",
            f"body: {{matches: '(?i)order\\s+#?(?P<order>{number:02}\\d{{4}})'}}",
            f"from.domain: [shop{number}.example]",
            f"all: [{{subject: [{next(words)}]}}, {{body: [{next(phrases)} {number}]}}]",
        )[number % 5]
        rules.append(
            f"- name: Rule {number}\n  when: message.received\n  if:\n    {condition}\n"
            f"  then:\n    - tag: topic-{number}\n"
        )
    return "\n".join(rules)


class Shop:
    """A shop with fifty rules and two agents, and what the pipeline does with mail.

    It begins with an empty database, or with the one named.
    """

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        from inboxd.clock import SystemClock
        from inboxd.config import load_config
        from inboxd.desk.shop import load_shop
        from inboxd.store.db import Database
        from inboxd.store.migrations import upgrade

        config = load_config(shop_folder(folder), {})
        self.clock = SystemClock()
        self.shop = load_shop(config)
        self.database = Database(f"sqlite:///{database}" if database else config.database_url)
        upgrade(self.database)

    def take_in(self, batch: list[bytes]) -> None:
        """Append mails to the journal, in one transaction."""
        from inboxd.ingest.journal import append_now
        from inboxd.store.journal import Arrival

        now, sender, to = self.clock.now(), "jane@customer.example", ("support@shop.example",)
        append_now(self.database, [Arrival("support", "bench", m, sender, to, now) for m in batch])

    def process(self) -> None:
        """Work on all that waits."""
        from inboxd.pipeline import process_due

        while process_due(self.database, self.shop, self.clock):
            pass

    def deliver(self) -> None:
        """Hand all that is queued to a relay that takes everything."""
        from inboxd.delivery.courier import deliver_due

        class Relay:
            def send(self, sender: str, recipients: Any, content: bytes) -> Any:
                from inboxd.delivery.transport import Outcome, results_for

                return results_for(recipients, Outcome.SENT, "250 OK")

            def close(self) -> None:
                pass

        relay: Any = Relay()
        work = (self.database, self.shop, relay, self.clock)
        while deliver_due(*work, owner="bench:1", jitter=lambda: 0.5):
            pass

    def count(self, table: str) -> int:
        """Return the highest number of a table's rows."""
        with self.database.read() as connection:
            row = connection.exec_driver_sql(f"SELECT max(rowid) FROM {table}")
            return int(row.scalar() or 0)

    def queued(self, mails: int) -> int:
        """Return how many mails wait in the outbox; all `mails` have been applied."""
        from inboxd.store import journal, outbox

        with self.database.read() as connection:
            states = journal.counts(connection)
            queued = outbox.counts(connection).get("queued", 0)
        assert states == {"applied": mails}, states
        return queued

    def size(self) -> int:
        """Return how many bytes the database takes, all of it copied into its file."""
        with self.database.write():
            pass
        raw = self.database.engine.raw_connection()
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
        return self.database.path.stat().st_size

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def rate(work: Callable[[], Any], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)
