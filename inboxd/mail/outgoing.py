"""An outgoing mail as values: what is to be said, and the bytes that say it.

A draft is frozen before the first attempt to send it. Attachments stay in the journal: a draft
only names them, and their bytes are put in place, base64-encoded, when the mail leaves.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from inboxd.errors import Permanent
from inboxd.mail.model import Address

MARKER: Final = "##- Reply above this line. Everything below stays here. -##"
"""First line of every mail to an agent. What an answer quotes from here on reaches nobody."""

_PIECE: Final = 57 * 1000  # 57 bytes fill a line of 76 characters

Automatic = Literal["no", "auto-replied", "auto-generated"]


KEPT_FILE: Final = 0xFFFFFFFE
"""The part number that no mail has: the bytes are a kept file's, and `journal_id` is its number."""


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file of a journaled mail that is sent on, or one that is kept for canned replies.

    `filename` is for people and may hold anything; `content_type` is `type/subtype`; `journal_id`
    and `part` say where the bytes lie, as in `PartRef`; `content_id` stands without angle brackets.
    """

    filename: str
    content_type: str
    journal_id: int
    part: int
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """All that a mail says before it is written down.

    Message ids stand without angle brackets; `references` are oldest first and end with the mail
    that is answered. `date` is aware. `html` says the same as `text`. `automatic` is the value of
    Auto-Submitted (RFC 3834). `headers` are further fields, name and value.
    """

    from_: Address
    to: tuple[Address, ...]
    subject: str
    message_id: str
    date: datetime
    text: str
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    html: str | None = None
    attachments: tuple[OutgoingAttachment, ...] = ()
    automatic: Automatic = "no"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PartRef:
    """The place of an attachment's bytes: part `part` of journal entry `journal_id`.

    With `KEPT_FILE` as its part, it is the kept file of that number.
    """

    journal_id: int
    part: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail written down: literal bytes, and references to attachments between them."""

    segments: tuple[bytes | PartRef, ...]

    @property
    def parts(self) -> tuple[PartRef, ...]:
        """The attachments that have to be put in place, in their order."""
        return tuple(each for each in self.segments if isinstance(each, PartRef))

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the headers hold an address that only SMTPUTF8 can carry (RFC 6531).

        Everything else that we write is 7-bit, so one byte beyond ASCII tells.
        """
        return not all(s.isascii() for s in self.segments if isinstance(s, bytes))


def base64_lines(data: bytes) -> bytes:
    """Return `data` in base64, in lines of at most 76 characters, each ended by CRLF."""
    return b"".join(_base64_pieces(data))


def _base64_pieces(data: bytes) -> Iterator[bytes]:
    """Yield the lines of `base64_lines`, many at a time: a large file is never all in lines."""
    view = memoryview(data)
    for begin in range(0, len(view), _PIECE):
        flat = b2a_base64(view[begin : begin + _PIECE], newline=False)
        lines = [flat[start : start + 76] for start in range(0, len(flat), 76)]
        yield b"\r\n".join([*lines, b""])


def assemble(draft: Draft, read_part: Callable[[int, int], bytes]) -> bytes:
    """Return the exact bytes that go over the wire, with CRLF line ends.

    `read_part(journal_id, part)` returns the decoded bytes of an attachment (see `PartRef`); what
    it raises is passed on.
    """
    pieces: list[bytes] = []
    for segment in draft.segments:
        if isinstance(segment, PartRef):
            pieces += _base64_pieces(read_part(segment.journal_id, segment.part))
        else:
            pieces.append(segment)
    return b"".join(pieces)


# The stored form: a version byte, then segments. A literal is its length and its bytes; the
# length that no literal can have announces a reference.
_VERSION: Final = b"\x01"
_LENGTH: Final = struct.Struct(">I")
_REFERENCE: Final = struct.Struct(">IQI")
_REFERENCE_FOLLOWS: Final = 0xFFFFFFFF


def encode_draft(draft: Draft) -> bytes:
    """Return the form in which a draft is stored. It is not compressed."""
    pieces = [_VERSION]
    for segment in draft.segments:
        if isinstance(segment, PartRef):
            pieces.append(_REFERENCE.pack(_REFERENCE_FOLLOWS, segment.journal_id, segment.part))
        else:
            pieces += (_LENGTH.pack(len(segment)), segment)
    return b"".join(pieces)


def decode_draft(data: bytes) -> Draft:
    """Return the draft that `encode_draft` stored; raise `Permanent` if the bytes are damaged."""
    if data[:1] != _VERSION:
        raise Permanent("The stored mail has an unknown form.")
    segments: list[bytes | PartRef] = []
    at = 1
    try:
        while at < len(data):
            (length,) = _LENGTH.unpack_from(data, at)
            if length == _REFERENCE_FOLLOWS:
                _, journal_id, part = _REFERENCE.unpack_from(data, at)
                segments.append(PartRef(journal_id, part))
                at += _REFERENCE.size
            else:
                at += _LENGTH.size + length
                segments.append(data[at - length : at])
    except struct.error as error:
        raise Permanent("The stored mail is cut short.") from error
    if at != len(data):
        raise Permanent("The stored mail is cut short.")
    return Draft(tuple(segments))
