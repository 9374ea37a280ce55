"""Measures `inboxd rules backtest` over a generated journal: python scripts/bench_backtest.py.

The mails of 30 days come in by the real pipeline, a third is answered, then other rules are tried.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench_corpus import generate
from bench_shop import quiet, shop_folder

DAYS = 30
OTHER = """
- name: Let go
  when: pending
  for: 5 business days
  then: [close]
- name: What speaks of invoices, quoted words included
  when: message.received
  if: {body.all: invoice}
  then: [{tag: invoice}]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder: made once, measured again and again")
    options = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        place.mkdir(exist_ok=True)
        if not (place / "config").exists():
            fill(place, options.count, options.seed)
        for name, extra in (("history", []), ("rules", ["--rules", str(place / "other")])):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "inboxd", "rules", "backtest", "--since", "31d", *extra],
                env={"INBOXD_CONFIG": str(place / "config" / "inboxd.yaml"), "PATH": ""},
                check=True,
            )
            print(f"compared with {name}: {time.perf_counter() - began:.1f} s")


def fill(place: Path, count: int, seed: int) -> None:
    """Let `count` mails come over 30 days, which end now."""
    from inboxd.clock import ManualClock
    from inboxd.config import load_config
    from inboxd.desk.commands import shell
    from inboxd.desk.shop import load_shop
    from inboxd.ingest.journal import append_now
    from inboxd.pipeline import process_due
    from inboxd.store.db import Database
    from inboxd.store.journal import Arrival
    from inboxd.store.migrations import upgrade
    from inboxd.timers import fire_until

    config = load_config(shop_folder(place), {})
    other = place / "other"
    shutil.copytree(config.rules, other)
    with (other / "10-shop.yaml").open("a", encoding="utf-8") as file:
        file.write(OTHER)
    shop, database = load_shop(config), Database(config.database_url)
    upgrade(database)
    begins = datetime.now(UTC) - timedelta(days=DAYS)
    clock = ManualClock(begins)
    somebody = shell(database, shop, clock, None)
    to = ("support@shop.example",)
    answered = 0
    for i, raw in enumerate(generate(count, seed)):
        fire_until(database, shop, clock, begins + i * timedelta(days=DAYS) / count)
        sender = f"p{i % 2000}@customer{i % 500}.example"
        append_now(database, [Arrival("support", "bench", raw, sender, to, clock.now())])
        while process_due(database, shop, clock):
            pass
        if i % 3 == 0:
            number = i // 3 + 1
            clock.advance(timedelta(seconds=1))
            with_number = number if number <= _newest(database) else None
            if with_number is not None:
                somebody.reply(with_number, "Thank you, it is on its way.")
                answered += 1
    print(f"{count} mails in {_newest(database)} conversations, {answered} answered")
    database.close()


def _newest(database: object) -> int:
    with database.read() as connection:  # type: ignore[attr-defined]
        return connection.exec_driver_sql("SELECT max(number) FROM conversation").scalar() or 0


if __name__ == "__main__":
    main()
