"""The database as a mirrored mail folder sees it: where mails lie, and what people ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.config import ImapSource as ImapSettings
from inboxd.conversations.states import ConversationState
from inboxd.desk import mirroring
from inboxd.desk.shop import Shop
from inboxd.failpoints import reach
from inboxd.ingest.imap_mirror_plan import Mirroring, Verdict, Wish, decisive, judge
from inboxd.ingest.imap_mirror_types import Found
from inboxd.store import mirror
from inboxd.store.db import Database, is_database_fault
from inboxd.store.mirror import NewPlace, Place
from inboxd.store.statements import Savepoint

_log = structlog.get_logger(__name__)
_AT_ONCE = 500
_LOOKED_AT = 2000


def mirroring_of(config: Config, source: str) -> Mirroring | None:
    """Return how the IMAP source called `source` shows states, None where it shows none."""
    for mailbox in config.mailboxes:
        for each in mailbox.sources:
            if each.imap is not None and each.imap.key() == source:
                return _mirroring(each.imap)
    return None


def _mirroring(settings: ImapSettings) -> Mirroring | None:
    if settings.mirror is None:
        return None
    folder = "INBOX" if settings.folder.upper() == "INBOX" else settings.folder
    if settings.mirror.folders is not None:
        return Mirroring(folder, True, settings.mirror.folders.by_state())
    assert settings.mirror.keywords is not None
    return Mirroring(folder, False, settings.mirror.keywords.by_state())


class JournalMirrorStore:
    """Keeps what one source shows; `on_commit` is called when conversations have changed."""

    def __init__(
        self,
        database: Database,
        shop: Callable[[], Shop],
        clock: Clock,
        source: str,
        settings: Mirroring,
        on_commit: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._database = database
        self._shop = shop
        self._clock = clock
        self._source = source
        self._on_commit = on_commit
        self._looked_until: int | None = None

    def add(self, connection: sa.Connection, uidvalidity: int, places: Sequence[NewPlace]) -> None:
        """Remember newly journaled mails, in the transaction that journals them."""
        mirror.add(
            connection,
            self._source,
            self.settings.folder,
            uidvalidity,
            places,
            known_elsewhere=self.settings.shows_in_source,
        )

    def known(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Return those of `uids` whose mails are known to lie in the folder."""
        with self._database.read() as connection:
            return mirror.known(connection, self._source, folder, uidvalidity, uids)

    def has_news(self) -> bool:
        """Return whether anything has happened in conversations since `due` was asked last."""
        with self._database.read() as connection:
            return mirror.last_event(connection) != self._looked_until

    def due(self, *, everything: bool) -> list[Place]:
        """Return mails that do not show their conversation's state, some hundreds at most.

        Unless `everything` is asked for, only of conversations with news.
        """
        since = None if everything else self._looked_until
        with self._database.read() as connection:
            last = mirror.last_event(connection)
            places = mirror.due(connection, self._source, _AT_ONCE, since)
        if len(places) < _AT_ONCE:
            self._looked_until = last
        return places

    def of_size(self, sizes: Iterable[int]) -> list[Place]:
        """Return the mails of these sizes in bytes."""
        with self._database.read() as connection:
            return mirror.of_size(connection, self._source, sizes)

    def newest(self, uidvalidity: int) -> list[Place]:
        """Return the newest mails of the source's own folder, two thousand at most."""
        with self._database.read() as connection:
            folder = self.settings.folder
            return mirror.newest(connection, self._source, folder, uidvalidity, _LOOKED_AT)

    def progress(self, folder: str) -> tuple[int, int] | None:
        """Return (UIDVALIDITY, UID) up to which a folder was looked through, None where never."""
        with self._database.read() as connection:
            return mirror.progress(connection, self._source, folder)

    def announce(self, places: Sequence[int], state: str) -> None:
        """Note that mails are about to show `state` (empty: that nothing has come of it)."""
        with self._database.write() as connection:
            mirror.announce(connection, places, state)

    def put(self, found: Iterable[Found]) -> None:
        """Note what we have brought about ourselves."""
        with self._database.write() as connection:
            for each in found:
                mirror.put(connection, each.place, each.state, each.at)

    def forget(self, places: Collection[int]) -> None:
        """Forget mails that people have deleted, or moved where nothing is mirrored."""
        with self._database.write() as connection:
            mirror.forget(connection, places)

    def observe(self, found: Sequence[Found], looked: tuple[str, int, int] | None = None) -> None:
        """Take note of what mails show without our doing, and do what people ask for by that.

        `looked` is (folder, UIDVALIDITY, UID) up to which that folder has been looked through now.
        """
        with self._database.write() as connection:
            places = mirror.get(connection, [each.place for each in found])
            wishes = []
            for each in found:
                place = places.get(each.place)
                if place is not None:
                    wishes += self._judge(connection, place, each)
            if looked is not None:
                mirror.set_progress(connection, self._source, *looked)
            for wish in decisive(wishes):
                self._follow(connection, wish)
            reach("mirror.followed")
        reach("mirror.observed")
        if found:
            self._on_commit()

    def _judge(self, connection: sa.Connection, place: Place, found: Found) -> list[Wish]:
        # A folder shows exactly one state; keywords are put in order again by us.
        shows = found.state if found.at is not None and place.wanted else ""
        mirror.put(connection, place.id, shows, found.at)
        if place.conversation is None or place.message is None:
            return []
        verdict = judge(
            shown=place.state, moving=place.moving, wanted=place.wanted, observed=found.state
        )
        _log.info("imap.mirror_seen", conversation=place.conversation, verdict=verdict.name.lower())
        if verdict is Verdict.REFUSED:
            now = self._clock.now()
            mirroring.refuse_snooze(connection, self._shop(), place.conversation, now)
        if verdict is not Verdict.ASKED:
            return []
        return [Wish(place.conversation, place.message, found.state)]

    def _follow(self, connection: sa.Connection, wish: Wish) -> None:
        """Do what is asked for; where a rule or a template fails, the mail goes back instead."""
        state = ConversationState(wish.state)
        try:
            with Savepoint(connection):
                now = self._clock.now()
                mirroring.follow(connection, self._shop(), wish.conversation, state, now)
        except Exception as error:  # one conversation's fault must not keep the others waiting
            if is_database_fault(error):
                raise
            _log.error(
                "imap.mirror_failed", conversation=wish.conversation, error=type(error).__name__
            )
