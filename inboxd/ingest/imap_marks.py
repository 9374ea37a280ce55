"""What becomes of a mail on the server once it is in the journal: seen, moved, or left alone."""

from __future__ import annotations

import enum
import imaplib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from inboxd.failpoints import reach
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_wire import Client

_SEEN = b"\\Seen"
_DELETED = b"\\Deleted"


class Marking(enum.Enum):
    """The way in which this server lets us do what the options ask for."""

    NOTHING = "nothing was asked for"
    SEEN = "flag as seen"
    MOVE = "MOVE (RFC 6851)"
    COPY = "COPY and UID EXPUNGE (RFC 4315)"
    READ_ONLY = "the folder is read-only"
    NO_SEEN = "the server does not keep the flag \\Seen here"
    NO_MOVE = "the server has neither MOVE nor UIDPLUS"

    @property
    def is_possible(self) -> bool:
        """Whether there is something that can be done."""
        return self in (Marking.SEEN, Marking.MOVE, Marking.COPY)

    @property
    def is_denied(self) -> bool:
        """Whether something was asked for that the server does not permit."""
        return not self.is_possible and self is not Marking.NOTHING


def choose(
    options: ImapOptions,
    selected: Mapping[bytes, Any],
    capabilities: Collection[bytes],
    *,
    read_only: bool,
) -> Marking:
    """Return how to mark mails in a folder, from the answers to SELECT and CAPABILITY.

    A plain EXPUNGE is out of the question: it would also remove what people have flagged.
    """
    if options.after == "keep" or options.move_to == options.folder:
        return Marking.NOTHING
    if read_only:
        return Marking.READ_ONLY
    # Without PERMANENTFLAGS all flags can be kept (RFC 3501 section 7.1).
    keeps = {flag.strip(b"()").lower() for flag in selected.get(b"PERMANENTFLAGS", ())}
    if not options.move_to:
        return Marking.SEEN if not keeps or _SEEN.lower() in keeps else Marking.NO_SEEN
    if b"MOVE" in capabilities:
        return Marking.MOVE
    if b"UIDPLUS" in capabilities and (not keeps or _DELETED.lower() in keeps):
        return Marking.COPY
    return Marking.NO_MOVE


def apply(client: Client, marking: Marking, target: str, uids: Sequence[int]) -> list[int]:
    """Mark `uids` on the server and return those that it let us mark.

    One refused mail does not hold up the others. UIDs that are gone count as marked.
    """
    try:
        _apply_at_once(client, marking, target, uids)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        if len(uids) == 1:
            return []
        return [uid for uid in uids if apply(client, marking, target, [uid])]
    return list(uids)


def _apply_at_once(client: Client, marking: Marking, target: str, uids: Sequence[int]) -> None:
    if marking is Marking.SEEN:
        client.add_flags(uids, [_SEEN], silent=True)
    elif marking is Marking.MOVE:
        client.move(uids, target)
    elif marking is Marking.COPY:
        _copy_and_expunge(client, target, uids)


def _copy_and_expunge(client: Client, target: str, uids: Sequence[int]) -> None:
    r"""Move without MOVE.

    A mail that is flagged \Deleted already is left as it is: either a person did that, or we were
    cut off after copying it, and a second copy would be a duplicate.
    """
    flags = client.get_flags(uids)
    ours = [uid for uid in uids if uid in flags and _DELETED not in flags[uid]]
    if ours:
        client.copy(ours, target)
        reach("imap.copied")
        client.add_flags(ours, [_DELETED], silent=True)
        reach("imap.deleted")
        client.uid_expunge(ours)


def make_target(client: Client, target: str, *, subscribe: bool = False) -> None:
    """Create the folder that mails are moved to, where it is missing and may be made.

    Many clients show only what the user has subscribed to; `subscribe` does that for a new folder.
    """
    try:
        if not client.folder_exists(target):
            client.create_folder(target)
            if subscribe:
                client.subscribe_folder(target)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        return  # moving will be refused, and that is said once
