"""The pipeline: from raw bytes through the journal to committed conversations."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_shop import Shop

BATCH = 50


def bench_pipeline(mails: list[bytes]) -> dict[str, float]:
    """From raw bytes through the journal to committed conversations and queued notifications.

    Turn by turn with bare mail-parser, so that the machine's ups and downs meet both alike.
    """
    import mailparser

    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
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
        size, memory = shop.size(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        shop.close()
        sent = _size_when_sent(Path(folder) / "sent", mails)
    return {
        "bare": len(mails) / spent["bare"],
        "journal": len(mails) / spent["journal"],
        "process": len(mails) / spent["process"],
        "whole": len(mails) / (spent["journal"] + spent["process"]),
        "queued": queued,
        "raw_bytes": sum(map(len, mails)),
        "database_bytes": size,
        "sent_database_bytes": sent,
        "peak_memory_kb": memory,
    }


def _size_when_sent(folder: Path, mails: list[bytes]) -> int:
    """Return the size of a database where each mail's notifications left before the next came."""
    folder.mkdir()
    shop = Shop(folder)
    for mail in mails:
        shop.take_in([mail])
        shop.process()
        shop.deliver()
    size = shop.size()
    shop.close()
    return size
