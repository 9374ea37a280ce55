"""Finds mails that somebody has moved, in the folders that show states: by their bytes.

A mail counts as moved where the same bytes have come up in another of these folders and are gone
from where they were. A copy is no move, and neither is a stranger's mail with a known Message-ID.
"""

from __future__ import annotations

import hashlib
import imaplib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inboxd.ingest.imap_cursor import chunks
from inboxd.ingest.imap_folder import fetched_part, part_to_fetch
from inboxd.ingest.imap_mirror_plan import uid_set
from inboxd.ingest.imap_mirror_types import Found, MirrorStore
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_wire import Client
from inboxd.store.mirror import Place

_SIZES_AT_ONCE = 200
_MOST_NEW = 2000  # mails of one folder that are looked at in one go, the newest
_MOST_WATCHED = 200
_LOOKS = 20  # how often a copy is looked at again: a client may remove the original later
_UNREADABLE = (imaplib.IMAP4.error, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A mail at (folder, UIDVALIDITY, UID) `at` with the same bytes as those in `places`."""

    at: tuple[str, int, int]
    state: str
    places: tuple[int, ...]
    size: int
    looks: int = 0


class FolderLook:
    """Looks through the folders that show states, each time from where it ended before."""

    def __init__(self, options: ImapOptions, store: MirrorStore) -> None:
        self._options = options
        self._store = store
        self._watched: list[_Sighting] = []

    def look(self, client: Client) -> None:
        """Take note of every mail that has come into these folders without our doing."""
        if self._watched:
            before, self._watched = self._watched, []
            self._resolve(client, before, None)
        for state, folder in self._store.settings.names.items():
            self._look_into(client, folder, state)

    def _look_into(self, client: Client, folder: str, state: str) -> None:
        try:
            status = client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
            validity, last = int(status[b"UIDVALIDITY"]), int(status[b"UIDNEXT"]) - 1
        except imaplib.IMAP4.abort:
            raise
        except _UNREADABLE:
            return  # the folder is not there, or not ours to see
        looked = self._store.progress(folder)
        if looked is None:
            self._store.observe((), (folder, validity, last))
            return
        after = looked[1] if looked[0] == validity else 0
        if looked[0] == validity and last <= after:
            return
        sightings = self._sightings(client, folder, validity, after, state)
        self._resolve(client, sightings, (folder, validity, max(last, after)))

    def _sightings(
        self, client: Client, folder: str, validity: int, after: int, state: str
    ) -> list[_Sighting]:
        """Return the mails above UID `after` that have the bytes of mails known elsewhere."""
        client.select_folder(folder, readonly=True)
        uids = sorted(uid for uid in client.search(["UID", f"{after + 1}:*"]) if uid > after)
        uids = uids[-_MOST_NEW:]
        known = self._store.known(folder, validity, uids)
        sightings = []
        for some in chunks([uid for uid in uids if uid not in known], _SIZES_AT_ONCE):
            sizes = _sizes(client, some)
            places = self._store.of_size(sizes.values()) if sizes else []
            for uid, size in sizes.items():
                alike = [place for place in places if place.size == size]
                same = self._same_bytes(client, uid, alike) if alike else ()
                if same:
                    sightings.append(_Sighting((folder, validity, uid), state, same, size))
        return sightings

    def _same_bytes(self, client: Client, uid: int, places: Sequence[Place]) -> tuple[int, ...]:
        part = part_to_fetch(header_only=places[0].size > self._options.max_size)
        try:
            raw = fetched_part(client.fetch([uid], [part]).get(uid, {}))
        except imaplib.IMAP4.abort:
            raise
        except _UNREADABLE:
            return ()
        digest = hashlib.sha256(raw or b"").digest()
        return tuple(place.id for place in places if place.sha256 == digest)

    def _resolve(
        self,
        client: Client,
        sightings: Sequence[_Sighting],
        looked: tuple[str, int, int] | None,
    ) -> None:
        """Take as moved what is gone from its old place; go on watching what is there still."""
        found: list[Found] = []
        taken: set[int] = set()
        for sighting in sightings:
            moved = self._moved(client, sighting, taken)
            if moved is not None:
                taken.add(moved)
                found.append(Found(moved, sighting.state, sighting.at))
            elif sighting.looks < _LOOKS:
                self._watched.append(replace(sighting, looks=sighting.looks + 1))
        self._watched = self._watched[-_MOST_WATCHED:]
        if found or looked is not None:
            self._store.observe(found, looked)

    def _moved(self, client: Client, sighting: _Sighting, taken: set[int]) -> int | None:
        """Return which of the places with the same bytes the mail has left for its new one."""
        for place in self._store.of_size([sighting.size]):
            if place.id not in sighting.places or place.id in taken:
                continue
            here = (place.folder, place.uidvalidity, place.uid)
            if here == sighting.at:
                return None  # known by now
            if not self.present(client, place.folder, [place]):
                return place.id
            if place.moving == sighting.state and _finish_copy(client, place):
                return place.id
        return None

    def present(self, client: Client, folder: str, places: Sequence[Place]) -> set[int]:
        r"""Return the ids of those `places` whose mails lie in `folder` still.

        What is flagged \Deleted does not: clients without MOVE leave such mails behind.
        """
        try:
            validity = client.select_folder(folder, readonly=True).get(b"UIDVALIDITY")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return set()
        by_uid = {place.uid: place.id for place in places if place.uidvalidity == validity}
        found: set[int] = set()
        for uids in chunks(sorted(by_uid), _SIZES_AT_ONCE):
            answer = client.search(["UID", uid_set(uids), "UNDELETED"])
            found.update(by_uid[uid] for uid in answer if uid in by_uid)
        return found


def _sizes(client: Client, uids: Sequence[int]) -> dict[int, int]:
    """Return the sizes of mails; those of which the server tells none are left out."""
    try:
        answer = client.fetch(list(uids), ["RFC822.SIZE"])
    except imaplib.IMAP4.abort:
        raise
    except _UNREADABLE:
        if len(uids) == 1:
            return {}
        half = len(uids) // 2
        return _sizes(client, uids[:half]) | _sizes(client, uids[half:])
    sizes = {uid: items.get(b"RFC822.SIZE") for uid, items in answer.items() if uid in set(uids)}
    return {uid: size for uid, size in sizes.items() if isinstance(size, int)}


def open_to_change(client: Client, folder: str) -> None:
    """Select a folder for changes; raises imaplib's plain error where it is read-only."""
    try:
        client.select_folder(folder)
    except imaplib.IMAP4.readonly as error:  # to imaplib this would be the connection's end
        raise imaplib.IMAP4.error(f"{folder} is read-only") from error


def remove(client: Client, uids: Sequence[int]) -> None:
    r"""Flag mails of the open folder \Deleted and expunge these alone (RFC 4315)."""
    client.add_flags(list(uids), [b"\\Deleted"], silent=True)
    client.uid_expunge(list(uids))


def _finish_copy(client: Client, place: Place) -> bool:
    """Remove a mail that we had copied when we were cut off; returns whether that was possible."""
    if b"UIDPLUS" not in client.capabilities():
        return False
    try:
        open_to_change(client, place.folder)
        remove(client, [place.uid])
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        return False
    return True
