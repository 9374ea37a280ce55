"""An ImapStore in memory that keeps the database's promises, and a thread for a source."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dovecot_server import PASSWORD
from loopback import HOST

from inboxd.errors import Transient
from inboxd.ingest.imap import Cursor, FetchedMail, ImapOptions, ImapSource


def mail(text: str, size: int = 0) -> bytes:
    """A mail with this subject, of about `size` bytes."""
    head = f"From: jane@customers.example\r\nTo: support@shop.example\r\nSubject: {text}\r\n\r\n"
    return head.encode() + b"Hello\r\n" + b"line of some length\r\n" * (size // 21)


def mails(count: int, name: str = "mail", size: int = 0) -> list[bytes]:
    """Several mails that differ in their subject."""
    return [mail(f"{name} {number}", size) for number in range(count)]


def options(user: str, port: int, **changes: Any) -> ImapOptions:
    """Options for a plain connection on loopback that leaves the folder as it is."""
    values: dict[str, Any] = {
        "host": HOST,
        "port": port,
        "tls": "none",
        "user": user,
        "password": PASSWORD,
        "after": "keep",
        "timeout": 5,
    }
    return ImapOptions(**values | changes)


@dataclass
class Appended:
    """One call of append."""

    mails: list[FetchedMail]
    cursor: Cursor
    first_visit: bool
    mark: bool


@dataclass
class MemoryStore:
    """Recognises mails by content; `fail_next` makes that many appends fail before they write."""

    calls: list[Appended] = field(default_factory=list)
    contents: dict[str, FetchedMail] = field(default_factory=dict)
    repeats: int = 0
    fail_next: int = 0
    lose_marks: int = 0
    place: Cursor | None = None
    pending: set[tuple[int, int]] = field(default_factory=set)
    reports: list[str | None] = field(default_factory=list)

    def cursor(self, source: str) -> Cursor | None:
        return self.place

    def append(
        self,
        source: str,
        mails: Sequence[FetchedMail],
        cursor: Cursor,
        first_visit: bool,
        mark: bool,
    ) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise Transient("the disk is full")
        self.calls.append(Appended(list(mails), cursor, first_visit, mark))
        for mail in mails:
            known = hashlib.sha256(mail.raw).hexdigest()
            self.repeats += known in self.contents
            self.contents.setdefault(known, mail)
            if mark:
                self.pending.add((cursor.uidvalidity, mail.uid))
        self.place = cursor

    def pending_marks(self, source: str, uidvalidity: int) -> list[int]:
        if self.lose_marks:  # as if the process had died between the commit and the mark
            self.lose_marks -= 1
            raise Transient("gone")
        return sorted(uid for epoch, uid in self.pending if epoch == uidvalidity)

    def marked(self, source: str, uidvalidity: int, uids: Sequence[int]) -> None:
        self.pending -= {(uidvalidity, uid) for uid in uids}

    def mirror(self, source: str) -> None:
        return None

    def report(self, source: str, problem: str | None) -> None:
        self.reports.append(problem)

    @property
    def mails(self) -> list[FetchedMail]:
        """Every new content, in the order of arrival."""
        return list(self.contents.values())

    @property
    def health(self) -> str | None:
        """What was reported last."""
        return self.reports[-1] if self.reports else "never reported"


def has(store: MemoryStore, count: int) -> Callable[[], bool]:
    """A probe: does the store hold so many contents?"""
    return lambda: len(store.contents) >= count


def contents(store: MemoryStore) -> set[bytes]:
    """All that the store holds."""
    return {mail.raw for mail in store.mails}


@contextmanager
def running(options: ImapOptions, store: MemoryStore) -> Iterator[ImapSource]:
    """Run a source in a thread, and assert that it ends within two seconds of being told."""
    source = ImapSource(options, store, jitter=lambda: 0.0)
    stop = threading.Event()
    thread = threading.Thread(target=source.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield source
    finally:
        stop.set()
        source.interrupt()
        thread.join(2)
        assert not thread.is_alive(), "the source did not stop within 2 s"
