"""The pipeline: from raw bytes through the journal to committed conversations."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_shop import shop_folder

BATCH = 50


def bench_pipeline(mails: list[bytes]) -> dict[str, float]:
    """From raw bytes through the journal to committed conversations and queued notifications.

    Turn by turn with bare mail-parser, so that the machine's ups and downs meet both alike.
    """
    import mailparser

    with tempfile.TemporaryDirectory() as folder:
        shop = _Shop(Path(folder))
        spent = {"bare": 0.0, "journal": 0.0, "process": 0.0}

        def timed(what: str, work: Callable[[], Any]) -> None:
            begun = time.perf_counter()
            work()
            spent[what] += time.perf_counter() - begun

        for start in range(0, len(mails), BATCH):
            batch = mails[start : start + BATCH]
            timed("bare", lambda: [mailparser.parse_from_bytes(mail) for mail in batch])  # noqa: B023
            timed("journal", lambda: shop.take_in(batch))  # noqa: B023
            timed("process", shop.process)
        queued = shop.queued(len(mails))
        size = shop.close()
    return {
        "bare": len(mails) / spent["bare"],
        "journal": len(mails) / spent["journal"],
        "process": len(mails) / spent["process"],
        "whole": len(mails) / (spent["journal"] + spent["process"]),
        "queued": queued,
        "raw_bytes": sum(map(len, mails)),
        "database_bytes": size,
        "peak_memory_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


class _Shop:
    """A shop with an empty database, and what the pipeline does with mail."""

    def __init__(self, folder: Path) -> None:
        from inboxd.clock import SystemClock
        from inboxd.config import load_config
        from inboxd.desk.shop import load_shop
        from inboxd.store.db import Database
        from inboxd.store.migrations import upgrade

        config = load_config(shop_folder(folder), {})
        self.clock = SystemClock()
        self.shop = load_shop(config)
        self.database = Database(config.database_url)
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

    def queued(self, mails: int) -> int:
        """Return how many mails wait in the outbox; all `mails` have been applied."""
        from inboxd.store import journal, outbox

        with self.database.read() as connection:
            states = journal.counts(connection)
            queued = outbox.counts(connection).get("queued", 0)
        assert states == {"applied": mails}, states
        return queued

    def close(self) -> int:
        """Close the database and return its size in bytes."""
        with self.database.write():
            pass
        self.database.engine.raw_connection().cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = self.database.path.stat().st_size
        self.database.close()
        return size
