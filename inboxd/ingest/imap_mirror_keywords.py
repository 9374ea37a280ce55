"""States as keywords (RFC 3501 section 2.3.2) on the mails of the source's own folder."""

from __future__ import annotations

import imaplib
from collections.abc import Mapping, Sequence
from typing import Any

from inboxd.ingest.imap_mirror_plan import asked_by_keywords, can_keep
from inboxd.ingest.imap_mirror_types import Found, MirrorStore
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_wire import Client
from inboxd.store.mirror import Place


class KeywordShow:
    """Gives every mail the keyword of its conversation's state and takes the others away."""

    def __init__(self, options: ImapOptions, store: MirrorStore) -> None:
        self._options = options
        self._store = store
        self._names = store.settings.names
        self._uidvalidity = 0
        self._flags: set[bytes] = set()

    def begin(self, client: Client) -> str | None:
        """Open the folder; returns why keywords cannot be set there, if so."""
        try:
            selected: Mapping[bytes, Any] = client.select_folder(self._options.folder)
        except imaplib.IMAP4.readonly:
            return "the folder is read-only"
        self._uidvalidity = selected.get(b"UIDVALIDITY", 0)
        self._flags = {flag.strip(b"()").lower() for flag in selected.get(b"FLAGS", ())}
        if not can_keep(selected.get(b"PERMANENTFLAGS", ()), self._names.values()):
            return "the server keeps no new keywords in this folder"
        return None

    def look(self, client: Client) -> None:
        """Find the newest mails to which somebody gave another state's keyword."""
        places = self._store.newest(self._uidvalidity)
        if not places:
            return
        borne = self._borne(client, min(place.uid for place in places))
        asked, unclear = [], []
        for place in places:
            states = borne.get(place.uid, set())
            if not place.state or states <= {place.state}:
                continue
            state = asked_by_keywords(place.state, states)
            if state is None:
                unclear.append(Found(place.id, ""))
            else:
                asked.append(Found(place.id, state))
        if unclear:
            self._store.put(unclear)
        if asked:
            self._store.observe(asked)

    def _borne(self, client: Client, lowest: int) -> dict[int, set[str]]:
        """Return which states' keywords mails bear, by UID; a keyword not in FLAGS nobody bears."""
        borne: dict[int, set[str]] = {}
        for state, name in self._names.items():
            if self._flags and name.lower().encode() not in self._flags:
                continue
            for uid in client.search(["UID", f"{lowest}:*", "KEYWORD", name]):
                borne.setdefault(uid, set()).add(state)
        return borne

    def sort(self, client: Client, places: Sequence[Place]) -> list[tuple[str, list[Place]]]:
        """Return the mails that need another keyword, by state; those of void UIDs are forgotten.

        The folder has been read again under its new UIDVALIDITY before this.
        """
        void = [place.id for place in places if place.uidvalidity != self._uidvalidity]
        if void:
            self._store.forget(void)
        sorted_: dict[str, list[Place]] = {}
        for place in places:
            if place.uidvalidity == self._uidvalidity:
                sorted_.setdefault(place.wanted, []).append(place)
        return list(sorted_.items())

    def apply(self, client: Client, state: str, places: Sequence[Place]) -> list[Found]:
        """Give the mails the keyword of `state`; what is gone meanwhile does not matter."""
        uids = [place.uid for place in places]
        others = [name for other, name in self._names.items() if other != state]
        client.add_flags(uids, [self._names[state]], silent=True)
        client.remove_flags(uids, others, silent=True)
        return [Found(place.id, state) for place in places]
