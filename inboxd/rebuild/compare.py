"""Whether a rebuilt database holds the same conversations as the one that it was rebuilt from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from inboxd.rebuild.original import Original, Row
from inboxd.store.compression import decompress_or_empty
from inboxd.store.db import Database

_CONVERSATION = (
    "SELECT number, mailbox, subject, state, state_since, contact_address, assignee, team, "
    "priority, tags, fields, snoozed_until, created_at FROM conversation ORDER BY number"
)
_MESSAGE = (
    "SELECT conversation, id, journal_id, direction, kind, author_name, author_address, agent, "
    "recipients, subject, message_id, date, created_at, text, attachments FROM message "
    "ORDER BY conversation, id"
)
_PARTY = "SELECT conversation, address, name, role FROM party ORDER BY conversation, address"
_LINK = "SELECT low, high FROM link ORDER BY low, high"
_MERGE = "SELECT gone, survivor FROM merge ORDER BY gone"
_PARTS = {
    "conversation": _CONVERSATION,
    "message": _MESSAGE,
    "party": _PARTY,
    "link": _LINK,
    "merge": _MERGE,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`same` conversations are equal; the numbers of the others, and of those that one lacks."""

    same: int
    different: tuple[int, ...]
    missing: tuple[int, ...]
    more: tuple[int, ...]

    @property
    def is_equal(self) -> bool:
        """Whether both hold the same."""
        return not (self.different or self.missing or self.more)


def compare(original: Original, rebuilt: Database) -> Comparison:
    """Compare every conversation: its state, messages, people, links and where it went."""
    other = Original(rebuilt.path)
    try:
        before, after = _digests(original), _digests(other)
    finally:
        other.close()
    common = before.keys() & after.keys()
    different = sorted(number for number in common if before[number] != after[number])
    return Comparison(
        len(common) - len(different),
        tuple(different),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(after.keys() - before.keys())),
    )


def _digests(database: Original) -> dict[int, bytes]:
    """Return a hash of all that belongs to each conversation."""
    hashes = {row[0]: hashlib.sha256() for row in database.rows("conversation", _CONVERSATION)}
    for table, query in _PARTS.items():
        for row in database.rows(table, query):
            for number in _numbers(table, row):
                if number in hashes:
                    hashes[number].update(repr((table, *map(_plain, row))).encode())
    return {number: each.digest() for number, each in hashes.items()}


def _plain(value: object) -> object:
    """Return a value as it was before it was compressed, which databases do each in their way."""
    return decompress_or_empty(value).decode() if isinstance(value, bytes) else value


def _numbers(table: str, row: Row) -> Iterator[int]:
    """Yield the conversations that a row tells of."""
    yield row[0]
    if table in ("link", "merge"):
        yield row[1]
