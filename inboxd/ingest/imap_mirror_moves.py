"""States as folders: mails lie in the folder of their conversation's state."""

from __future__ import annotations

from collections.abc import Sequence

from inboxd.ingest import imap_marks
from inboxd.ingest.imap_mirror_look import FolderLook, open_to_change, remove
from inboxd.ingest.imap_mirror_plan import new_uids
from inboxd.ingest.imap_mirror_types import Found, MirrorStore
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_wire import Client
from inboxd.store.mirror import Place


class FolderShow:
    """Moves mails, with MOVE (RFC 6851) or with COPY and UID EXPUNGE (RFC 4315)."""

    def __init__(self, options: ImapOptions, store: MirrorStore) -> None:
        self._store = store
        self._settings = store.settings
        self._look = FolderLook(options, store)
        self._missing: set[int] = set()
        self._made: Client | None = None

    def begin(self, client: Client) -> str | None:
        """Make the folders that are missing; returns why mails cannot be moved, if so."""
        capabilities = client.capabilities()
        if b"MOVE" not in capabilities and b"UIDPLUS" not in capabilities:
            return "the server has neither MOVE nor UIDPLUS"
        if self._made is not client:
            for name in self._settings.names.values():
                imap_marks.make_target(client, name, subscribe=True)
            self._made = client
        return None

    def look(self, client: Client) -> None:
        """Find the mails that somebody has moved from one folder to another."""
        self._look.look(client)

    def sort(self, client: Client, places: Sequence[Place]) -> list[tuple[str, list[Place]]]:
        """Return the mails to be moved, each group in one folder; settle those that need no move.

        A mail that is not where it was is forgotten when it is missed for the second time: in
        between all folders have been looked through for it.
        """
        groups: dict[tuple[str, str], list[Place]] = {}
        for folder in dict.fromkeys(place.folder for place in places):
            inside = [place for place in places if place.folder == folder]
            present = self._look.present(client, folder, inside)
            self._miss([place.id for place in inside if place.id not in present])
            there = [place for place in inside if place.id in present]
            at_home = [place for place in there if self._settings.names[place.wanted] == folder]
            if at_home:
                self._store.put([Found(place.id, place.wanted) for place in at_home])
            for place in there:
                if place not in at_home:
                    groups.setdefault((folder, place.wanted), []).append(place)
        return [(state, mails) for (_, state), mails in groups.items()]

    def _miss(self, ids: Sequence[int]) -> None:
        again = self._missing.intersection(ids)
        if again:
            self._store.forget(again)
        self._missing = (self._missing | set(ids)) - again

    def apply(self, client: Client, state: str, places: Sequence[Place]) -> list[Found]:
        """Move mails of one folder; where no new UIDs are told, the next look finds them."""
        target = self._settings.names[state]
        uids = [place.uid for place in places]
        open_to_change(client, places[0].folder)
        answers = client.wire.untagged_responses
        answers.pop("COPYUID", None)
        if b"MOVE" in client.capabilities():
            client.move(uids, target)
        else:
            client.copy(uids, target)
            remove(client, uids)
        told = answers.pop("COPYUID", [])
        validity, fresh = new_uids([each for each in told if isinstance(each, bytes)])
        return [
            Found(place.id, state, (target, validity, fresh[place.uid]))
            for place in places
            if place.uid in fresh
        ]
