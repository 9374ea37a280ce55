"""Raw mails as the journal keeps them: every byte comes back as it was.

Files that a mail carries in base64 are kept decoded, for a quarter of base64 is air. What is left
is text that much resembles other mails' text, and is compressed with a dictionary.
"""

from __future__ import annotations

import re
import struct
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterator
from typing import Final

import zstandard

from inboxd.store.compression import Packer, decompress

PLAIN: Final = 1
"""One Zstandard frame."""
IN_PIECES: Final = 2
"""`_MAGIC`, the places of the files, a frame with the rest of the mail, a frame with the files."""

_MAGIC: Final = b"IBX2"  # no frame begins like it (RFC 8878 section 3.1.1)
_HEAD: Final = struct.Struct(">HI")
_PLACE: Final = struct.Struct(">IIBB")
_ENDS: Final = (b"\n", b"\r\n")
_MENTION: Final = re.compile(rb"(?i)\ncontent-transfer-encoding:[ \t]*base64")
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_END: Final = re.compile(rb"\n(?:--|\r?\n)")
_SMALLEST: Final = 1_000
_SMALLEST_FILE: Final = 500
_LARGEST: Final = 1_000_000  # bytes of a mail; a larger one would be held in memory too often
_WITHOUT: Final = Packer()


def pack_mail(raw: bytes, packer: Packer | None) -> tuple[int, bytes]:
    """Return a mail's codec and its bytes as they are kept."""
    rest, files, places = raw, b"", b""
    if _SMALLEST < len(raw) <= _LARGEST:
        rest, files, places = _split(raw)
    packer = packer or _WITHOUT
    frame = packer.compress(rest, "mail")
    if not places:
        return PLAIN, frame
    head = _HEAD.pack(len(places) // _PLACE.size, len(frame))
    return IN_PIECES, b"".join((_MAGIC, head, places, frame, packer.compress(files, "mail")))


def unpack_mail(data: bytes, size: int) -> bytes:
    """Return the mail that `pack_mail` was given; raises `ZstdError` where it is damaged."""
    if data[:4] != _MAGIC:
        return decompress(data, size)
    try:
        raw = _joined(data, size)
    except (struct.error, IndexError) as error:
        raise zstandard.ZstdError("a stored mail is cut short") from error
    if len(raw) != size:
        raise zstandard.ZstdError("a stored mail is damaged")
    return raw


def unpack_or_empty(data: bytes, size: int) -> bytes:
    """Return the mail that `pack_mail` was given, or nothing where the stored bytes are damaged."""
    try:
        return unpack_mail(data, size)
    except zstandard.ZstdError:
        return b""


def skeleton_or_empty(data: bytes) -> bytes:
    """Return a mail without its files, or nothing where the stored bytes are damaged."""
    try:
        if data[:4] == _MAGIC:
            count, length = _HEAD.unpack_from(data, 4)
            start = 4 + _HEAD.size + count * _PLACE.size
            data = data[start : start + length]
        return decompress(data)
    except (zstandard.ZstdError, struct.error):
        return b""


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a mail without its files, the files decoded, and where each of them belongs."""
    rest: list[bytes] = []
    files: list[bytes] = []
    places: list[bytes] = []
    at = length = 0
    for start, stop in _regions(raw):
        text = raw[start:stop]
        width = text.index(b"\n")
        end = int(text[width - 1 : width] == b"\r")
        width -= end
        file = _decoded(text, width, end) if 0 < width < 256 else None
        if file is None or len(places) == 2**16 - 1:
            continue
        rest.append(raw[at:start])
        length += len(rest[-1])
        places.append(_PLACE.pack(length, len(file), width, end))
        files.append(file)
        at = stop
    return b"".join([*rest, raw[at:]]), b"".join(files), b"".join(places)


def _regions(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield where a file may stand: from a header that speaks of base64 to the next boundary."""
    at = 0
    while (mention := _MENTION.search(raw, at)) is not None:
        at = mention.end()
        blank = _BLANK_LINE.search(raw, at)
        if blank is None:
            return
        end = _END.search(raw, blank.end())
        at = end.start() + 1 if end is not None else len(raw)
        if at - blank.end() >= _SMALLEST_FILE and raw[at - 1] == 10:
            yield blank.end(), at


def _decoded(text: bytes, width: int, end: int) -> bytes | None:
    """Return the file, or None where it could not be written down again byte by byte."""
    try:
        file = a2b_base64(text)
    except Error:
        return None
    return file if _encoded(file, width, end) == text else None


def _encoded(file: bytes, width: int, end: int) -> bytes:
    flat = b2a_base64(file, newline=False)
    lines = [flat[start : start + width] for start in range(0, len(flat), width)]
    return _ENDS[end].join([*lines, b""])


def _joined(data: bytes, size: int) -> bytes:
    count, length = _HEAD.unpack_from(data, 4)
    start = 4 + _HEAD.size
    frame = start + count * _PLACE.size
    rest = decompress(data[frame : frame + length], size)
    files = decompress(data[frame + length :], size)
    pieces: list[bytes] = []
    at = taken = 0
    for index in range(count):
        offset, long, width, end = _PLACE.unpack_from(data, start + index * _PLACE.size)
        pieces += (rest[at:offset], _encoded(files[taken : taken + long], width, end))
        at, taken = offset, taken + long
    return b"".join([*pieces, rest[at:]])
