"""A mail written down, and the form in which it is kept until it leaves.

A draft is frozen before the first attempt to send it: the bytes that it becomes depend on nothing
but what is stored. Attachments stay in the journal, and texts are kept as they are read: both are
encoded when the mail leaves. What several people are told is kept once, with slots for the few
words that are each reader's own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final, Literal

from inboxd.errors import Permanent
from inboxd.mail.body_writing import base64_pieces, text_part


@dataclass(frozen=True, slots=True)
class PartRef:
    """The place of an attachment's bytes: part `part` of journal entry `journal_id`.

    With `outgoing.KEPT_FILE` as its part, it is the kept file of that number.
    """

    journal_id: int
    part: int


@dataclass(frozen=True, slots=True)
class TextRef:
    """The place of the mail's text or of its HTML, with the Content fields in front of it."""

    subtype: Literal["plain", "html"]


@dataclass(frozen=True, slots=True)
class Texts:
    """A mail's text and its HTML, slots in them; see `with_slots`."""

    plain: str = ""
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail written down: literal bytes, and references to texts and files between them.

    `fills` stand in the slots of `texts`, in order; in the HTML they are escaped.
    """

    segments: tuple[bytes | PartRef | TextRef, ...]
    texts: Texts = Texts()
    fills: tuple[str, ...] = ()

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


# A slot is its number between two control characters; no mail of ours holds these otherwise.
_SLOT: Final = re.compile("\x01([0-9]+)\x02")
_RESERVED: Final = re.compile("[\x00-\x02]")


@lru_cache(maxsize=4)  # the same texts for several readers
def with_slots(plain: str, html: str | None, words: tuple[str, ...] = ()) -> Texts:
    """Return a mail's texts with a slot in place of each of `words`, numbered as they are."""
    numbers = {word: f"\x01{number}\x02" for number, word in enumerate(words)}
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))

    def slotted(text: str) -> str:
        if _RESERVED.search(text):
            text = _RESERVED.sub("", text)  # control characters, which no mail of ours holds
        return pattern.sub(lambda match: numbers[match[0]], text) if words else text

    return Texts(slotted(plain), None if html is None else slotted(html))


def text_of(draft: Draft) -> str:
    """Return the mail's plain text as its reader sees it."""
    return _filled(draft.texts.plain, draft.fills)


def text_without_draft(texts: bytes) -> str:
    """Return the plain text of a mail of which its stored texts alone are left, slots empty."""
    return _SLOT.sub("", _decode_texts(texts).plain)


def assemble(draft: Draft, read_part: Callable[[int, int], bytes]) -> bytes:
    """Return the exact bytes that go over the wire, with CRLF line ends.

    `read_part(journal_id, part)` returns the decoded bytes of an attachment (see `PartRef`); what
    it raises is passed on.
    """
    pieces: list[bytes] = []
    for segment in draft.segments:
        if isinstance(segment, PartRef):
            pieces += base64_pieces(read_part(segment.journal_id, segment.part))
        elif isinstance(segment, TextRef):
            pieces.append(_text_bytes(draft, segment))
        else:
            pieces.append(segment)
    return b"".join(pieces)


def _text_bytes(draft: Draft, ref: TextRef) -> bytes:
    if ref.subtype == "plain":
        return text_part("plain", _filled(draft.texts.plain, draft.fills))
    escaped = [escape(fill) for fill in draft.fills]
    return text_part("html", _filled(draft.texts.html or "", escaped))


def _filled(text: str, fills: Sequence[str]) -> str:
    return _SLOT.sub(lambda match: fills[int(match[1])], text) if fills else text


# The stored form: a version byte, then the texts unless they lie apart, then fills and segments. A
# literal is its length and its bytes; lengths that no literal can have announce what is none. The
# first version knew neither texts nor fills.
_WITHOUT_TEXTS: Final = b"\x01"
_WITH_TEXTS: Final = b"\x02"
_TEXTS_APART: Final = b"\x03"
_LENGTH: Final = struct.Struct(">I")
_PART: Final = struct.Struct(">IQI")
_PART_FOLLOWS: Final = 0xFFFFFFFF
_FILL_FOLLOWS: Final = 0xFFFFFFFE
_REFS: Final = {0xFFFFFFFD: TextRef("plain"), 0xFFFFFFFC: TextRef("html")}
_REF_BYTES: Final = {ref: _LENGTH.pack(number) for number, ref in _REFS.items()}


def encode_draft(draft: Draft, *, texts_apart: bool = False) -> bytes:
    """Return the form in which a draft is stored. It is not compressed.

    With `texts_apart` its texts are not in it, but in what `encode_texts` returns of them.
    """
    pieces = [_TEXTS_APART]
    if not texts_apart:
        pieces = [_WITH_TEXTS, *_literal(encode_texts(draft.texts))]
    for fill in draft.fills:
        pieces += (_LENGTH.pack(_FILL_FOLLOWS), *_literal(fill.encode("utf-8", "replace")))
    for segment in draft.segments:
        if isinstance(segment, PartRef):
            pieces.append(_PART.pack(_PART_FOLLOWS, segment.journal_id, segment.part))
        elif isinstance(segment, TextRef):
            pieces.append(_REF_BYTES[segment])
        else:
            pieces += _literal(segment)
    return b"".join(pieces)


@lru_cache(maxsize=4)
def encode_texts(texts: Texts) -> bytes:
    """Return the form in which texts are stored. It is not compressed, and never empty."""
    both = texts.plain if texts.html is None else f"{texts.plain}\0{texts.html}"
    return b"\x01" + both.encode("utf-8", "replace")


def decode_draft(data: bytes, texts: bytes = b"") -> Draft:
    """Return the draft that `encode_draft` stored, and `encode_texts` where its texts lie apart.

    Raises `Permanent` if the bytes are damaged.
    """
    version, at = data[:1], 1
    if version not in (_WITHOUT_TEXTS, _WITH_TEXTS, _TEXTS_APART):
        raise Permanent("The stored mail has an unknown form.")
    try:
        if version == _WITH_TEXTS:
            texts, at = _read_literal(data, at)
        found = Texts() if version == _WITHOUT_TEXTS else _decode_texts(texts)
        fills, segments = _read_segments(data, at)
    except (struct.error, UnicodeDecodeError) as error:
        raise Permanent("The stored mail is cut short.") from error
    return Draft(segments, found, fills)


def _read_segments(
    data: bytes, at: int
) -> tuple[tuple[str, ...], tuple[bytes | PartRef | TextRef, ...]]:
    fills: list[str] = []
    segments: list[bytes | PartRef | TextRef] = []
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        if length == _PART_FOLLOWS:
            segments.append(PartRef(*_PART.unpack_from(data, at)[1:]))
            at += _PART.size
        elif length == _FILL_FOLLOWS:
            literal, at = _read_literal(data, at + _LENGTH.size)
            fills.append(literal.decode())
        elif length in _REFS:
            segments.append(_REFS[length])
            at += _LENGTH.size
        else:
            literal, at = _read_literal(data, at)
            segments.append(literal)
    return tuple(fills), tuple(segments)


def _literal(data: bytes) -> tuple[bytes, bytes]:
    return _LENGTH.pack(len(data)), data


def _read_literal(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    start = at + _LENGTH.size
    if start + length > len(data):
        raise Permanent("The stored mail is cut short.")
    return data[start : start + length], start + length


def _decode_texts(data: bytes) -> Texts:
    if data[:1] != b"\x01":
        raise Permanent("The stored mail's text is missing.")
    plain, has_html, html = data[1:].decode().partition("\0")
    return Texts(plain, html if has_html else None)
