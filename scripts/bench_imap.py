"""An IMAP folder full of mail, fetched from a real Dovecot and worked on at the same time."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from bench_shop import ROOT, Shop

sys.path.insert(0, str(ROOT / "tests" / "integration"))

USER = "support@shop.example"


def bench_imap(mails: list[bytes]) -> dict[str, float]:
    """The backlog of a folder from empty to processed, and the pipeline alone on the same mails.

    The pipeline alone takes its mails out of memory, fifty a commit. They take turns: half of the
    mails by one way, half by the other, and then the other way round.
    """
    from servers import Dovecot

    half = len(mails) // 2
    parts = (mails[:half], mails[half:])
    spent = {"imap": 0.0, "pipeline": 0.0}
    for first, second in (parts, parts[::-1]):
        spent["pipeline"] += _pipeline(first)
        dovecot = Dovecot([USER])
        try:
            _fill(dovecot, second)
            spent["imap"] += _imap(dovecot, second)
        finally:
            dovecot.close()
    return {name: 2 * half / seconds for name, seconds in spent.items()}


def _fill(dovecot: object, mails: list[bytes]) -> None:
    """Put the mails where Dovecot finds them, without asking it."""
    home = dovecot.folder / "homes" / USER  # type: ignore[attr-defined]
    for name in ("cur", "new", "tmp"):
        (home / "Maildir" / name).mkdir(parents=True)
    for number, mail in enumerate(mails):
        path = home / "Maildir" / "new" / f"{1_700_000_000 + number}.M{number}P1.bench"
        path.write_bytes(mail)
    for folder, _, names in os.walk(home):
        for name in ("", *names):
            os.chown(os.path.join(folder, name), 65534, 65534)


def _pipeline(mails: list[bytes]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        begun = time.perf_counter()
        for start in range(0, len(mails), 50):
            shop.take_in(mails[start : start + 50])
            shop.process()
        seconds = time.perf_counter() - begun
        shop.queued(len(mails))
        shop.close()
    return seconds


def _imap(dovecot: object, mails: list[bytes]) -> float:
    from inboxd.ingest.imap import ImapSource
    from inboxd.ingest.imap_options import ImapOptions
    from inboxd.ingest.imap_store import JournalImapStore
    from inboxd.pipeline import process_due

    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        arrived, stop = threading.Event(), threading.Event()
        store = JournalImapStore(
            shop.database,
            lambda: shop.shop,
            "support",
            shop.clock,
            timedelta(days=7),
            arrived.set,
        )
        options = ImapOptions(
            host="127.0.0.1",
            port=dovecot.imap_port,  # type: ignore[attr-defined]
            tls="none",
            user=USER,
            password="secret",
        )
        source = ImapSource(options, store, lambda: 0.5)
        thread = threading.Thread(target=source.run, args=(stop,), daemon=True)
        done = 0
        begun = time.perf_counter()
        thread.start()
        while done < len(mails):
            arrived.wait(10)
            arrived.clear()
            while count := process_due(shop.database, shop.shop, shop.clock):
                done += count
        seconds = time.perf_counter() - begun
        stop.set()
        source.interrupt()
        thread.join(10)
        shop.queued(len(mails))
        shop.close()
    return seconds
