"""History out of mbox files and Maildirs (RFC 4155, and the Maildir format)."""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inboxd.clock import Clock
from inboxd.desk.shop import Shop
from inboxd.errors import Permanent
from inboxd.ingest.files import mailboxes_of
from inboxd.ingest.journal import append_now
from inboxd.mail.mime import parse_headers
from inboxd.store.db import Database
from inboxd.store.journal import Arrival

_BATCH_MAILS = 200
_BATCH_BYTES = 16_000_000
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Archive:
    """One mbox file or Maildir, opened; `count` is the number of mails in it."""

    path: Path
    count: int
    _box: mailbox.Mailbox[mailbox.Message]

    def mails(self) -> Iterator[bytes]:
        """Yield the raw mails in their order."""
        is_mbox = isinstance(self._box, mailbox.mbox)
        for key in sorted(self._box.keys()):
            raw = self._box.get_bytes(key)
            yield _unquoted(raw) if is_mbox else raw

    def close(self) -> None:
        """Let go of the file."""
        self._box.close()


def open_archive(path: Path) -> Archive:
    """Open an mbox file or a Maildir; raises `Permanent` where `path` is neither."""
    box: mailbox.Mailbox[mailbox.Message]
    if path.is_dir():
        for inner in ("cur", "new"):
            if not (path / inner).is_dir():
                raise Permanent(f"{path} is a folder, but not a Maildir (it has no {inner}/ in it)")
        box = mailbox.Maildir(path, create=False)
    elif path.is_file():
        with path.open("rb") as file:
            if file.read(5) not in (b"From ", b""):
                raise Permanent(f"{path} is not an mbox file: it does not begin with 'From '")
        box = mailbox.mbox(path, create=False)
    elif path.exists():
        raise Permanent(f"{path} is neither a file nor a folder")
    else:
        raise Permanent(f"{path} does not exist")
    return Archive(path, len(box), box)


def import_archive(
    database: Database, shop: Shop, clock: Clock, archive: Archive, mailbox_name: str | None
) -> Iterator[int]:
    """Journal an archive's mails as history and yield how many each commit has made durable.

    Mails that the journal holds already come in as duplicates. All of them go to `mailbox_name`;
    without it, each to the mailboxes that its header names, or to the first one.
    """
    batch: list[Arrival] = []
    size = count = 0
    for raw in archive.mails():
        count += 1
        batch += _arrivals(shop, clock, raw, mailbox_name)
        size += len(raw)
        if count >= _BATCH_MAILS or size >= _BATCH_BYTES:
            append_now(database, batch)
            yield count
            batch, size, count = [], 0, 0
    if batch:
        append_now(database, batch)
        yield count


def _unquoted(raw: bytes) -> bytes:
    """Return a mail of an mbox as it was before: without `>From`, and the blank line behind it."""
    if raw.endswith(b"\r\n\r\n"):  # `mailbox` takes the line away itself where it ends in LF
        raw = raw[:-2]
    return _QUOTED_FROM.sub(rb"\1", raw)


def _arrivals(shop: Shop, clock: Clock, raw: bytes, name: str | None) -> list[Arrival]:
    header = parse_headers(raw)
    now = clock.now()
    at = header.date if header.date and _EARLIEST < header.date < now else now
    names = [name] if name else mailboxes_of(shop, header)
    return [Arrival(each, "import", raw, None, (), received_at=at, history=True) for each in names]
