r"""How far an IMAP folder has been read, and what to fetch next: pure decisions, no network.

UIDs grow strictly within one UIDVALIDITY (RFC 3501 section 2.3.1.1), so (UIDVALIDITY, last UID)
says what has been read. Flags such as \Seen say nothing: people toggle them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")
MAX_BATCH_COUNT = 50
MAX_BATCH_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Every mail up to `last_uid` under `uidvalidity` is in the journal."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One mail as the server gave it.

    `internal_date` is when the server received it, aware, in UTC. `oversize` is the mail's size in
    bytes where it was too large to be fetched; `raw` is its header alone then, otherwise all of it.
    """

    uid: int
    raw: bytes
    internal_date: datetime
    oversize: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What the server says of a mail before its body is asked for.

    `size` is in bytes; `sequence` is the mail's number in the folder at that moment.
    """

    size: int
    internal_date: datetime
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """UIDs to fetch with one command: whole mails, or the header of one that is too large."""

    uids: tuple[int, ...]
    header_only: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """The cursor, and what was read above a mail that could not be read yet.

    The cursor stays below such a mail, so that it is never lost; those behind it do not wait.
    """

    cursor: Cursor
    beyond: frozenset[int] = frozenset()

    def unread(self, found: Iterable[int]) -> list[int]:
        """Return what has still to be read of `found`, ascending.

        "UID SEARCH UID n:*" may answer with a UID below n, since * is the last mail's UID whatever
        it is and a range has no direction (RFC 3501 section 6.4.8).
        """
        return sorted(
            uid for uid in set(found) if uid > self.cursor.last_uid and uid not in self.beyond
        )

    def settled(self, uids: Iterable[int], missing: Collection[int]) -> Progress:
        """Return the progress after `uids` were journaled, while `missing` could not be read.

        `missing` names every mail tried and not read, from earlier rounds too; every other one
        below the highest of `uids` must have been settled before.
        """
        done = self.beyond.union(uids)
        floor = min(missing, default=None)
        passed = [uid for uid in done if floor is None or uid < floor]
        last = max(passed, default=self.cursor.last_uid)
        last = max(last, self.cursor.last_uid)
        return Progress(
            Cursor(self.cursor.uidvalidity, last), frozenset(uid for uid in done if uid > last)
        )


def resume(known: Cursor | None, uidvalidity: int, before: Progress | None) -> Progress:
    """Return where to go on in a folder that has just been selected.

    `known` is the stored cursor, `before` what this process still remembers. Under another
    UIDVALIDITY all UIDs are void and the folder is read again from its first mail; the store
    recognises by content what it has (RFC 3501 section 2.3.1.1).
    """
    if known is None or known.uidvalidity != uidvalidity:
        return Progress(Cursor(uidvalidity, 0))
    if before is not None and before.cursor == known:
        return before
    return Progress(known)


def chunks(items: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    """Cut `items` into pieces of at most `length`."""
    for start in range(0, len(items), length):
        yield items[start : start + length]


def batches(
    listed: Mapping[int, Listed],
    max_size: int,
    alone: Collection[int] = (),
    *,
    max_count: int = MAX_BATCH_COUNT,
    max_bytes: int = MAX_BATCH_BYTES,
) -> list[Batch]:
    """Group mails into commands of bounded count and bytes, ascending by UID.

    A mail larger than `max_size` bytes is asked for its header alone; one in `alone`, or larger
    than `max_bytes`, comes by itself.
    """
    made: list[Batch] = []
    group: list[int] = []
    weight = 0
    for uid in sorted(listed):
        size = listed[uid].size
        single = size > max_size or uid in alone
        if group and (single or len(group) == max_count or weight + size > max_bytes):
            made.append(Batch(tuple(group), header_only=False))
            group, weight = [], 0
        if single:
            made.append(Batch((uid,), header_only=size > max_size))
        else:
            group.append(uid)
            weight += size
    if group:
        made.append(Batch(tuple(group), header_only=False))
    return made
