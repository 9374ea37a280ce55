"""The database as an IMAP source sees it: journal, cursor and marks in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from inboxd.clock import Clock
from inboxd.counters import RECEIVED
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.failpoints import reach
from inboxd.ingest.imap_cursor import Cursor, FetchedMail
from inboxd.ingest.imap_mirror_store import JournalMirrorStore, mirroring_of
from inboxd.store import folders, journal
from inboxd.store.db import Database
from inboxd.store.journal import Arrival, Packed
from inboxd.store.mirror import NewPlace

_log = structlog.get_logger(__name__)
_TELL_AFTER = timedelta(minutes=30)


class JournalImapStore:
    """Keeps one mailbox's IMAP folders.

    Mail that was older than `backlog` when its folder was visited for the first time is filed as
    history, whenever it is read: found and threaded, but neither answered nor told.
    """

    def __init__(
        self,
        database: Database,
        shop: Callable[[], Shop],
        mailbox: str,
        clock: Clock,
        backlog: timedelta,
        on_commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._shop = shop
        self._mailbox = mailbox
        self._clock = clock
        self._backlog = backlog
        self._on_commit = on_commit

    def cursor(self, source: str) -> Cursor | None:
        """Return where reading goes on, or None where the folder was never read."""
        with self._database.read() as connection:
            place = folders.place(connection, source)
        return None if place is None else Cursor(place.uidvalidity, place.last_uid)

    def append(
        self,
        source: str,
        mails: Sequence[FetchedMail],
        cursor: Cursor,
        first_visit: bool,
        mark: bool,
    ) -> None:
        """Journal `mails` and move the cursor, durably."""
        now = self._clock.now()
        mirror = self.mirror(source)
        if mirror is not None:  # what we have moved here ourselves is not new
            uids = [mail.uid for mail in mails]
            moved = mirror.known(mirror.settings.folder, cursor.uidvalidity, uids)
            mails = [mail for mail in mails if mail.uid not in moved]
        with self._database.read() as connection:
            begun = folders.first_seen_at(connection, source) or now
        arrivals = [self._arrival(source, mail, begun, now) for mail in mails]
        packer = self._database.packer
        packed = [(arrival, journal.pack(arrival.raw, packer)) for arrival in arrivals]
        place = folders.Place(cursor.uidvalidity, cursor.last_uid)
        with self._database.write() as connection:
            entries = journal.append(connection, packed)
            reach("imap.appended")
            if mirror is not None:
                places = _places(mails, packed, entries)
                mirror.add(connection, cursor.uidvalidity, places)
            folders.move_on(connection, source, place, now)
            reach("imap.moved_on")
            if mark:
                uids = [mail.uid for mail in mails]
                folders.add_marks(connection, source, cursor.uidvalidity, uids)
            reach("imap.marks_noted")
        reach("imap.committed")
        if mails:
            RECEIVED.add("imap", by=len(mails))
            _log.info("imap.journaled", source=source, journal=entries)
            self._on_commit()

    def mirror(self, source: str) -> JournalMirrorStore | None:
        """Return what keeps the states that the folder shows, None where it shows none."""
        settings = mirroring_of(self._shop().config, source)
        if settings is None:
            return None
        return JournalMirrorStore(
            self._database, self._shop, self._clock, source, settings, self._on_commit
        )

    def pending_marks(self, source: str, uidvalidity: int) -> list[int]:
        """Return the UIDs that have still to be marked under `uidvalidity`."""
        with self._database.read() as connection:
            return folders.marks(connection, source, uidvalidity)

    def marked(self, source: str, uidvalidity: int, uids: Sequence[int]) -> None:
        """Forget pending marks that are done."""
        with self._database.write() as connection:
            folders.drop_marks(connection, source, uidvalidity, uids)

    def report(self, source: str, problem: str | None) -> None:
        """Note how the source fares; the admin is told when it has been ill for half an hour."""
        now = self._clock.now()
        with self._database.write() as connection:
            folders.set_problem(connection, source, problem, now)
            since = folders.problem_since(connection, source)
            if problem is None or since is None or now - since < _TELL_AFTER:
                return
            alert(
                connection,
                self._shop(),
                now,
                key=f"source:{source}",
                title=f"Mail cannot be fetched for {self._mailbox}",
                summary=f"{problem} It is tried again and again; nothing is lost meanwhile.",
                details=(("source", source), ("since", f"{since:%Y-%m-%d %H:%M} UTC")),
                advice="inboxd doctor",
            )

    def _arrival(self, source: str, mail: FetchedMail, begun: datetime, now: datetime) -> Arrival:
        return Arrival(
            mailbox=self._mailbox,
            source=source,
            raw=mail.raw,
            envelope_from=None,
            envelope_to=(),
            received_at=min(mail.internal_date, now),
            history=begun - mail.internal_date > self._backlog,
            oversize=mail.oversize,
        )


def _places(
    mails: Sequence[FetchedMail], packed: Sequence[tuple[Arrival, Packed]], entries: Sequence[int]
) -> list[NewPlace]:
    """Return where mails lie that are to show states; history stays as it was found."""
    return [
        NewPlace(mail.uid, entry, mail.oversize or bytes_.size, bytes_.sha256)
        for mail, (arrival, bytes_), entry in zip(mails, packed, entries, strict=True)
        if not arrival.history
    ]
