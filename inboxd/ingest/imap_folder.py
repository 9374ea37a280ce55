"""Reading one folder: what is new, fetched in bounded batches, journaled, then marked."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from inboxd.clock import Clock
from inboxd.failpoints import reach
from inboxd.ingest import imap_marks
from inboxd.ingest.imap_cursor import (
    Batch,
    Cursor,
    FetchedMail,
    Listed,
    Progress,
    batches,
    chunks,
    resume,
)
from inboxd.ingest.imap_marks import Marking
from inboxd.ingest.imap_options import ImapOptions, ImapStore
from inboxd.ingest.imap_problems import FolderUnusable, LiteralTooLarge
from inboxd.ingest.imap_wire import Client

_log = structlog.get_logger(__name__)

_LISTED_AT_ONCE = 200
_MARKED_AT_ONCE = 50
_LARGEST_HEADER = 262_144
_TRIES = 3
# imapclient raises these where an answer cannot be understood; the connection is in step again.
_UNREADABLE = (imaplib.IMAP4.error, ValueError, LookupError)


class FolderReader:
    """Reads one folder over one connection after another, and remembers what outlives them."""

    def __init__(
        self,
        options: ImapOptions,
        store: ImapStore,
        clock: Clock,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._options = options
        self._store = store
        self._clock = clock
        self._is_stopped = is_stopped
        self._stored: Cursor | None = None
        self._progress = Progress(Cursor(0, 0))
        self._first_visit = False
        self._marking = Marking.NOTHING
        self._marks_refused = False
        self._tries: dict[int, int] = {}  # UIDs whose mail could not be read, and how often
        self._alone: set[int] = set()  # UIDs that broke a batch: the size was a lie
        self._true_sizes: dict[int, int] = {}
        self._said: set[str] = set()

    @property
    def problem(self) -> str | None:
        """Which mails cannot be read although the others can."""
        stuck = sorted(uid for uid, tries in self._tries.items() if tries >= _TRIES)
        if not stuck:
            return None
        uids = ", ".join(map(str, stuck[:10]))
        return f"{len(stuck)} mails in {self._options.folder} cannot be fetched (UID {uids})"

    def select(self, client: Client) -> None:
        """Open the folder, and find out where to go on and what is permitted.

        Raises `FolderUnusable` where the server does not let us.
        """
        selected, read_only = self._select(client)
        uidvalidity = selected.get(b"UIDVALIDITY")
        if not isinstance(uidvalidity, int):
            raise FolderUnusable(f"the server gives {self._options.folder} no UIDVALIDITY")
        self._resume(uidvalidity)
        reach("imap.selected")
        self._marking = imap_marks.choose(
            self._options, selected, client.capabilities(), read_only=read_only
        )
        if self._marking.is_denied:
            self._say_once("imap.not_marked", reason=self._marking.value)
        if self._marking in (Marking.MOVE, Marking.COPY):
            imap_marks.make_target(client, self._options.move_to)
        self._marks_refused = False
        self._tries = {uid: min(tries, _TRIES - 1) for uid, tries in self._tries.items()}

    def _select(self, client: Client) -> tuple[Mapping[bytes, Any], bool]:
        """Return the answer to SELECT, and whether the folder is read-only against our wish."""
        folder = self._options.folder
        try:
            if self._options.after == "keep":
                return client.select_folder(folder, readonly=True), False
            try:
                return client.select_folder(folder), False
            except imaplib.IMAP4.readonly:
                return client.select_folder(folder, readonly=True), True
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise FolderUnusable(
                f"user {self._options.user} cannot open the folder {folder} at "
                f"{self._options.host}:{self._options.port}"
            ) from None

    def _resume(self, uidvalidity: int) -> None:
        self._stored = self._store.cursor(self._options.key)
        self._first_visit = self._first_visit or self._stored is None
        if uidvalidity != self._progress.cursor.uidvalidity:
            self._tries, self._alone, self._true_sizes = {}, set(), {}
        if self._stored is not None and self._stored.uidvalidity != uidvalidity:
            _log.warning("imap.uidvalidity_changed", source=self._options.key)
        self._progress = resume(self._stored, uidvalidity, self._progress)

    def read(self, client: Client) -> None:
        """Journal what is new and mark what is journaled; ends early where the source stops."""
        client.wire.forget_announcement()
        self._mark(client)
        after = self._progress.cursor.last_uid + 1
        found = set(client.search(["UID", f"{after}:*"]))
        reach("imap.searched")
        self._tries = {uid: tries for uid, tries in self._tries.items() if uid in found}
        given_up = {uid for uid, tries in self._tries.items() if tries >= _TRIES}
        unread = [uid for uid in self._progress.unread(found) if uid not in given_up]
        for uids in chunks(unread, _LISTED_AT_ONCE):
            if not self._read_chunk(client, uids):
                return
        self._settle((), ())
        self._first_visit = False

    def _read_chunk(self, client: Client, uids: Sequence[int]) -> bool:
        """Journal the mails `uids`; False where the source was stopped in between."""
        listed = self._list(client, uids)
        reach("imap.listed")
        self._miss(uid for uid in uids if uid not in listed)
        for batch in batches(listed, self._options.max_size, self._alone):
            if self._is_stopped():
                return False
            mails = self._fetch(client, batch, listed)
            reach("imap.fetched")
            self._miss(set(batch.uids) - {mail.uid for mail in mails})
            self._settle(mails, [mail.uid for mail in mails], mark=not batch.header_only)
            self._mark(client)
        return True

    def _list(self, client: Client, uids: Sequence[int]) -> dict[int, Listed]:
        """Ask for sizes before bodies, so that a 2 GB mail is never asked for.

        An answer that makes no sense is narrowed down by halves to the mail that it is about.
        """
        try:
            return self._list_at_once(client, uids)
        except imaplib.IMAP4.abort:
            raise
        except _UNREADABLE:
            if len(uids) == 1:
                return {}
        half = len(uids) // 2
        return self._list(client, uids[:half]) | self._list(client, uids[half:])

    def _list_at_once(self, client: Client, uids: Sequence[int]) -> dict[int, Listed]:
        answer = client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {
            uid: Listed(
                self._true_sizes.get(uid, items[b"RFC822.SIZE"]),
                self._utc(items.get(b"INTERNALDATE")),
                items.get(b"SEQ", 0),
            )
            for uid, items in answer.items()
            if isinstance(items.get(b"RFC822.SIZE"), int)
        }

    def _utc(self, internal_date: datetime | None) -> datetime:
        try:
            return internal_date.astimezone(UTC) if internal_date else self._clock.now()
        except (OverflowError, ValueError):  # the year 1 or 9999 at the edge of a day
            return self._clock.now()

    def _fetch(
        self, client: Client, batch: Batch, listed: Mapping[int, Listed]
    ) -> list[FetchedMail]:
        """Fetch a batch; where that fails, mail by mail, so that one does not stop the others."""
        try:
            return self._fetch_at_once(client, batch, listed)
        except LiteralTooLarge as error:
            self._learn(batch, error.size)
            raise
        except imaplib.IMAP4.abort:
            raise
        except _UNREADABLE as error:
            if len(batch.uids) == 1:
                _log.warning(
                    "imap.unreadable",
                    source=self._options.key,
                    uid=batch.uids[0],
                    error=type(error).__name__,
                )
                return []
        alone = (Batch((uid,), batch.header_only) for uid in batch.uids)
        return [mail for one in alone for mail in self._fetch(client, one, listed)]

    def _learn(self, batch: Batch, size: int) -> None:
        self._alone.update(batch.uids)
        if len(batch.uids) == 1:
            self._true_sizes[batch.uids[0]] = size

    def _fetch_at_once(
        self, client: Client, batch: Batch, listed: Mapping[int, Listed]
    ) -> list[FetchedMail]:
        part = part_to_fetch(header_only=batch.header_only)
        answer = client.fetch(list(batch.uids), [part])
        if len(batch.uids) > 1 and _are_mixed_up(answer, listed):
            raise LookupError("the mails' numbers are not those that they had")
        mails = []
        for uid in batch.uids:
            raw = fetched_part(answer.get(uid, {}))
            # Nothing, or NIL: the mail was removed meanwhile, or the server has lost it.
            if raw:
                size = listed[uid].size if batch.header_only else None
                mails.append(FetchedMail(uid, raw, listed[uid].internal_date, size))
        return mails

    def _miss(self, uids: Iterable[int]) -> None:
        for uid in uids:
            self._tries[uid] = self._tries.get(uid, 0) + 1

    def _settle(
        self, mails: Sequence[FetchedMail], uids: Sequence[int], *, mark: bool = False
    ) -> None:
        """Make mails and cursor durable together (R6)."""
        self._tries = {uid: tries for uid, tries in self._tries.items() if uid not in uids}
        progress = self._progress.settled(uids, self._tries)
        if mails or progress.cursor != self._stored:
            self._store.append(
                self._options.key,
                mails,
                progress.cursor,
                self._first_visit,
                mark and self._marking.is_possible,
            )
            reach("imap.settled")
            self._stored = progress.cursor
        self._progress = progress
        if mails:
            _log.info("imap.taken", source=self._options.key, mails=len(mails))

    def _mark(self, client: Client) -> None:
        """Mark what the store says is journaled and not yet marked (R8)."""
        if not self._marking.is_possible or self._marks_refused:
            return
        uidvalidity = self._progress.cursor.uidvalidity
        pending = self._store.pending_marks(self._options.key, uidvalidity)
        for uids in chunks(pending, _MARKED_AT_ONCE):
            if self._is_stopped():
                return
            reach("imap.marking")
            done = imap_marks.apply(client, self._marking, self._options.move_to, uids)
            reach("imap.marked")
            if done:
                self._store.marked(self._options.key, uidvalidity, done)
                reach("imap.mark_forgotten")
            if len(done) < len(uids):  # tried again when the folder is opened next
                self._marks_refused = True
                self._say_once("imap.mark_refused", after=self._options.after)
                return

    def _say_once(self, event: str, **values: str) -> None:
        if event not in self._said:
            self._said.add(event)
            _log.warning(event, source=self._options.key, **values)


def _are_mixed_up(answer: Mapping[int, Any], listed: Mapping[int, Listed]) -> bool:
    """Return whether a UID stands at another mail's number than when it was listed.

    Mail that was expunged meanwhile moves the numbers, which costs nothing but a command for each
    mail; but of two mails that a server gives the same UID, one would be lost.
    """
    return any(
        uid in listed and items.get(b"SEQ", 0) != listed[uid].sequence
        for uid, items in answer.items()
    )


def part_to_fetch(*, header_only: bool) -> str:
    """Return what is asked of the server for a mail, or for the header of one too large."""
    return f"BODY.PEEK[HEADER]<0.{_LARGEST_HEADER}>" if header_only else "BODY.PEEK[]"


def fetched_part(items: Mapping[bytes, Any]) -> bytes | None:
    """Return the fetched part: its key is BODY[], BODY[HEADER] or BODY[HEADER]<0>."""
    for key, value in items.items():
        if key.startswith(b"BODY[") and isinstance(value, bytes):
            return value
    return None
