"""Shows conversations' states in a mail folder, between two looks for new mail.

What is shown and what should be stands in rows, so this can be cut off anywhere: a change is
announced in its row before it is made, made on the server, and written down after that.
"""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from inboxd.clock import Clock
from inboxd.failpoints import reach
from inboxd.ingest.imap_cursor import chunks
from inboxd.ingest.imap_mirror_keywords import KeywordShow
from inboxd.ingest.imap_mirror_moves import FolderShow
from inboxd.ingest.imap_mirror_types import Found, MirrorStore
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_wire import Client
from inboxd.store.mirror import Place

_log = structlog.get_logger(__name__)
_AT_ONCE = 50
_UNREADABLE = (imaplib.IMAP4.error, ValueError, LookupError)


class Show(Protocol):
    """One way to show states on a server."""

    def begin(self, client: Client) -> str | None:
        """Prepare a look; returns why this server does not let us show states, if so."""
        ...

    def look(self, client: Client) -> None:
        """Find out what people have changed, and have it done."""
        ...

    def sort(self, client: Client, places: Sequence[Place]) -> list[tuple[str, list[Place]]]:
        """Return what there is to do: states, each with mails of one folder that are to show it."""
        ...

    def apply(self, client: Client, state: str, places: Sequence[Place]) -> list[Found]:
        """Let mails of one folder show `state`; returns those whose new place is known."""
        ...


class StateMirror:
    """Keeps one source's mails showing their conversations' states, and follows people's moves."""

    def __init__(
        self,
        options: ImapOptions,
        store: MirrorStore,
        clock: Clock,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._options = options
        self._store = store
        self._clock = clock
        self._is_stopped = is_stopped
        self._show: Show = (
            FolderShow(options, store) if store.settings.by_folders else KeywordShow(options, store)
        )
        self._said: set[str] = set()
        self._everything_at = 0.0
        self._rests_until = 0.0

    def connected(self) -> None:
        """Begin anew on a new connection: the server may permit now what it did not."""
        self._everything_at = self._rests_until = 0.0

    def has_news(self) -> bool:
        """Return whether there is something to show, or may be."""
        return self._clock.monotonic() >= self._rests_until and self._store.has_news()

    def work(self, client: Client) -> None:
        """Follow what people did, then show what has changed; another folder may be selected then.

        Raises what ends a connection. Whatever else the server does wrong ends this round only:
        new mail is read all the same.
        """
        try:
            refusal = self._show.begin(client)
            if refusal is None:
                self._show.look(client)
                self._bring_about(client)
        except imaplib.IMAP4.abort:
            raise
        except _UNREADABLE as error:
            refusal = f"an answer makes no sense ({type(error).__name__})"
        if refusal is not None:
            self._rest("imap.not_mirrored", refusal)

    def _bring_about(self, client: Client) -> None:
        now = self._clock.monotonic()
        everything = now >= self._everything_at
        places = self._store.due(everything=everything)
        if everything:
            self._everything_at = now + self._options.poll_interval
        for state, mails in self._show.sort(client, places) if places else ():
            for some in chunks(mails, _AT_ONCE):
                if self._is_stopped():
                    return
                self._change(client, state, some)

    def _change(self, client: Client, state: str, places: Sequence[Place]) -> None:
        """Let mails show `state`; one that the server refuses does not hold up the others."""
        ids = [place.id for place in places]
        self._store.announce(ids, state)
        reach("mirror.announced")
        try:
            found = self._show.apply(client, state, places)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            self._store.announce(ids, "")
            if len(places) == 1:
                self._rest("imap.mirror_refused", state)
                return
            for place in places:
                self._change(client, state, [place])
            return
        reach("mirror.shown")
        self._store.put(found)
        reach("mirror.put")
        _log.info("imap.mirrored", source=self._options.key, state=state, mails=len(places))

    def _rest(self, event: str, reason: str) -> None:
        """Leave it until the next poll, and say so once."""
        self._rests_until = self._clock.monotonic() + self._options.poll_interval
        if (event + reason) not in self._said:
            self._said.add(event + reason)
            _log.warning(event, source=self._options.key, reason=reason)
