"""What passes between a mirrored mail folder and the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from inboxd.ingest.imap_mirror_plan import Mirroring
from inboxd.store.mirror import Place


@dataclass(frozen=True, slots=True)
class Found:
    """A mail (by its place's id) that shows `state`.

    `at` is (folder, UIDVALIDITY, UID) where it lies now, None where that has not changed.
    """

    place: int
    state: str
    at: tuple[str, int, int] | None = None


class MirrorStore(Protocol):
    """The database as a mirrored mail folder sees it; every method may raise `Transient`."""

    settings: Mirroring

    def known(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Return those of `uids` whose mails are known to lie in the folder."""
        ...

    def has_news(self) -> bool:
        """Return whether anything has happened in conversations since `due` was asked last."""
        ...

    def due(self, *, everything: bool) -> list[Place]:
        """Return mails that do not show their conversation's state."""
        ...

    def of_size(self, sizes: Iterable[int]) -> list[Place]:
        """Return the mails of these sizes in bytes."""
        ...

    def newest(self, uidvalidity: int) -> list[Place]:
        """Return the newest mails of the source's own folder."""
        ...

    def progress(self, folder: str) -> tuple[int, int] | None:
        """Return (UIDVALIDITY, UID) up to which a folder was looked through, None where never."""
        ...

    def announce(self, places: Sequence[int], state: str) -> None:
        """Note that mails are about to show `state` (empty: that nothing has come of it)."""
        ...

    def put(self, found: Iterable[Found]) -> None:
        """Note what we have brought about ourselves."""
        ...

    def forget(self, places: Collection[int]) -> None:
        """Forget mails that are gone."""
        ...

    def observe(self, found: Sequence[Found], looked: tuple[str, int, int] | None = None) -> None:
        """Take note of what mails show without our doing, and do what people ask for by that."""
        ...
