"""R13: the disk is full at the Nth page written, N = 1…200: 451, no cursor moves, nothing is lost.

The database lies on a file system of its own on which all but N pages are taken, so that SQLite
itself meets the end of the disk, at each place of its writing in turn. When there is room again
everything goes on by itself: the same process, the same connections.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from intake import Intake, intake, letter
from small_disks import mounted

from inboxd.clock import SystemClock
from inboxd.delivery.courier import deliver_due
from inboxd.delivery.maildir import MaildirTransport
from inboxd.desk.shop import Shop, load_shop
from inboxd.errors import Transient
from inboxd.ingest.imap import Cursor, FetchedMail
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.pipeline import process_due
from inboxd.store import journal

PLACES = 200
PAGE = 4096
SOURCE = "imap:test"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB."""
    with mounted(tmp_path / "disk", "64m") as folder:
        yield folder


class Ballast:
    """A file that takes all of a file system but some pages."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"
        self._folder = folder

    def leave(self, pages: int) -> None:
        """Leave so many pages free; this must not need a page itself."""
        found = os.statvfs(self._folder)
        free = found.f_bavail * found.f_frsize // PAGE
        with self._path.open("ab") as file:
            if free > pages:
                os.posix_fallocate(file.fileno(), file.tell(), (free - pages) * PAGE)
            assert os.statvfs(self._folder).f_bavail * found.f_frsize // PAGE == pages

    def drop(self) -> None:
        """Free everything."""
        self._path.unlink()


def mail(kind: str, number: int) -> bytes:
    """A mail of some pages that does not compress."""
    noise = random.Random(f"{kind} {number}").randbytes(4_000).hex()
    text = "\r\n".join(noise[start : start + 70] for start in range(0, len(noise), 70))
    return letter(f"{kind} {number}") + text.encode() + b"\r\n"


class Shelf:
    """A shop on the small disk: listener, IMAP folder, processor and courier, one after another."""

    def __init__(self, shop: Intake, folder: Path) -> None:
        self.intake = shop
        self.shop: Shop = load_shop(shop.config)
        self.clock = SystemClock()
        self.source = JournalImapStore(
            shop.database, lambda: self.shop, "fetched", self.clock, timedelta(days=7), lambda: None
        )
        self.sent = MaildirTransport(folder)
        self.uid = 0
        self.refused: Counter[str] = Counter()
        self.acknowledged: list[bytes] = []
        self.fetched: list[bytes] = []

    def offer(self, raw: bytes) -> bool:
        """Hand a mail in over SMTP; returns whether it was acknowledged."""
        answer = self.intake.send(raw)
        assert answer[:4] in ("250 ", "451 "), answer
        self.refused["451"] += answer.startswith("451")
        if answer.startswith("250"):
            self.acknowledged.append(raw)
        return answer.startswith("250")

    def fetch(self, raw: bytes) -> bool:
        """Journal a mail as the IMAP source does; where that fails, the cursor has not moved."""
        before = self.source.cursor(SOURCE)
        fetched = FetchedMail(self.uid + 1, raw, datetime.now(UTC), None)
        try:
            self.source.append(SOURCE, [fetched], Cursor(7, self.uid + 1), False, True)
        except Transient:
            self.refused["cursor"] += 1
            assert self.source.cursor(SOURCE) == before
            return False
        self.uid += 1
        self.fetched.append(raw)
        return True

    def work(self) -> bool:
        """Process and send what is due; False where there was no room for it."""
        try:
            while process_due(self.intake.database, self.shop, self.clock):
                pass
            while deliver_due(
                self.intake.database, self.shop, self.sent, self.clock,
                owner="test", jitter=lambda: 0.0,
            ):  # fmt: skip
                pass
        except Transient:
            self.refused["work"] += 1
            return False
        return True


def test_R13_the_disk_is_full_at_each_of_200_pages(tmp_path: Path, disk: Path) -> None:
    (tmp_path / "var").symlink_to(disk)
    with intake(tmp_path) as shop:
        shelf = Shelf(shop, tmp_path / "sent")
        ballast = Ballast(disk)
        for place in range(1, PLACES + 1):
            ballast.leave(place)
            left = [("smtp", n) for n in range(place * 10, place * 10 + 8)]
            while left and shelf.offer(mail(*left[0])):
                del left[0]
                shelf.work()
            here = mail("imap", place)
            fetched = shelf.fetch(here)
            shelf.work()
            ballast.drop()
            # There is room again: what was refused is offered again, as its sender does.
            if left:
                assert shelf.offer(mail(*left[0])), f"{place} pages: it does not go on"
            assert fetched or shelf.fetch(here)
            assert shelf.work()
            if place % 3:  # the log is empty again, and has to grow at the next place
                _checkpoint(shop)
        _settle(shelf)


def _checkpoint(shop: Intake) -> None:
    with closing(sqlite3.connect(shop.database.path)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def _settle(shelf: Shelf) -> None:
    """Every mail that was acknowledged or fetched is one message; everybody was told once."""
    database = shelf.intake.database
    assert database.integrity() is None
    kept = Counter(entry.raw for entry in shelf.intake.entries())
    assert kept == Counter(shelf.acknowledged) + Counter(shelf.fetched)
    with database.read() as connection:
        states = journal.counts(connection)
        opened = connection.execute(sa.text("SELECT count(*) FROM conversation")).scalar_one()
        waiting = connection.execute(
            sa.text("SELECT count(*) FROM outbox WHERE state <> 'sent'")
        ).scalar_one()
    total = len(shelf.acknowledged) + len(shelf.fetched)
    assert states == {"applied": total}
    assert (opened, waiting) == (total, 0)
    refused = shelf.refused
    print(
        f"{PLACES} places: {len(shelf.acknowledged)} mails acknowledged and {len(shelf.fetched)} "
        f"fetched; {refused['451']} times 451, {refused['cursor']} times the cursor stayed, "
        f"{refused['work']} times work had to wait; 0 lost, 0 twice"
    )
    assert refused["451"] > PLACES / 2
    assert refused["cursor"] > PLACES / 4
    assert refused["work"] > PLACES / 4
