"""winmail.dat: what Outlook packs into one part ([MS-OXTNEF], [MS-OXCMAIL]).

Own code: docs/parsing.md has what was measured of the libraries for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from inboxd.mail.charsets import decode_text, storable
from inboxd.mail.reading import Reading
from inboxd.mail.rtf import rtf_text

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 1000
_MAX_ATTRIBUTES = 20_000
_MAX_PROPERTIES = 5_000

# Attribute ids, the lower half of the identifier ([MS-OXTNEF] section 2.1.3.1).
_BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x800C, 0x800F, 0x8010
_ATTACH_REND_DATA, _MAPI_PROPS, _ATTACHMENT, _OEM_CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007

# MAPI property ids ([MS-OXPROPS]).
_PR_BODY, _PR_RTF_COMPRESSED, _PR_BODY_HTML = 0x1000, 0x1009, 0x1013
_PR_INTERNET_CODEPAGE = 0x3FDE
_PR_ATTACH_DATA, _PR_ATTACH_FILENAME, _PR_ATTACH_LONG_FILENAME = 0x3701, 0x3704, 0x3707
_PR_ATTACH_MIME_TAG, _PR_ATTACH_CONTENT_ID, _PR_DISPLAY_NAME = 0x370E, 0x3712, 0x3001

# MAPI property types and the bytes their values take ([MS-OXCDATA] section 2.11.1).
_STRING8, _UNICODE, _OBJECT, _BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_VARIABLE = {_STRING8, _UNICODE, _OBJECT, _BINARY}
_FIXED = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x000A: 4,
    0x000B: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_MULTIPLE, _NAMED = 0x1000, 0x8000
_OBJECT_ID_BYTES = 16
# IID_IMessage, by which an attached message is known.
_MESSAGE_ID = bytes.fromhex("0703020000000000c000000000000046")
_MAX_DEPTH = 5


@dataclass(slots=True)
class TnefFile:
    """A file in a winmail.dat: name and type as it says, `data` its bytes."""

    name: str = ""
    content_type: str = ""
    content_id: str | None = None
    data: bytes = b""


@dataclass(slots=True)
class Unpacked:
    """What a winmail.dat holds; `whole` says that it could be read to its end."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)
    whole: bool = True


def unpack_tnef(data: bytes, reading: Reading, depth: int = 0) -> Unpacked:
    """Unpack a winmail.dat; what is damaged is left out, with a defect. Never raises.

    An attached message is such a stream again: its files follow, its words are a text file.
    """
    unpacked = Unpacked()
    codepage = "cp1252"
    try:
        for level, attribute, value in _attributes(data):
            if attribute == _OEM_CODEPAGE:
                codepage = f"cp{struct.unpack_from('<I', value)[0]}"
            elif attribute == _ATTACH_REND_DATA:
                if len(unpacked.files) >= MAX_FILES:
                    raise ValueError("too many files")
                unpacked.files.append(TnefFile())
            elif level == 2 and unpacked.files:
                _fill_file(unpacked.files[-1], attribute, value, codepage, reading)
            elif attribute == _BODY:
                unpacked.text = unpacked.text or _string(value, codepage, reading)
            elif attribute == _MAPI_PROPS:
                _fill_bodies(unpacked, dict(_properties(value)), codepage, reading)
    # ValueError: not TNEF, or a length or count that cannot be. struct.error: cut off.
    except (ValueError, struct.error):
        reading.note("winmail.dat: damaged: read as far as it goes")
        unpacked.whole = False
    if depth < _MAX_DEPTH:
        _unpack_messages(unpacked, reading, depth + 1)
    return unpacked


def _unpack_messages(unpacked: Unpacked, reading: Reading, depth: int) -> None:
    files: list[TnefFile] = []
    for file in unpacked.files:
        if not file.data.startswith(SIGNATURE):
            files.append(file)
            continue
        inside = unpack_tnef(file.data, reading, depth)
        words = inside.text or inside.html
        if words:
            kind, extension = ("text/plain", "txt") if inside.text else ("text/html", "html")
            name = f"{file.name or 'message'}.{extension}"
            files.append(TnefFile(name, kind, None, words.encode("utf-8", "replace")))
        # Of what cannot be read inside, the stream itself is kept.
        files += inside.files if words or inside.files else [file]
    unpacked.files = files[:MAX_FILES]


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield level, attribute id and value of each attribute."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no TNEF signature")
    position = 6
    for _ in range(_MAX_ATTRIBUTES):
        if position + 9 > len(data):
            return
        level, identifier, length = struct.unpack_from("<BII", data, position)
        value = data[position + 9 : position + 9 + length]
        yield level, identifier & 0xFFFF, value
        if len(value) < length:
            raise ValueError("cut off")
        position += 9 + length + 2
    raise ValueError("too many attributes")


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield id, and type with first value, of each property in an encapsulated list (2.1.3.4)."""
    (count,) = struct.unpack_from("<I", data)
    position = 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        if position + 4 > len(data):
            return
        kind, identifier = struct.unpack_from("<HH", data, position)
        position += 4
        if identifier >= _NAMED:
            position = _behind_name(data, position)
        values = 1
        if kind & _MULTIPLE or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", data, position)
            position += 4
        first, position = _values(data, position, kind & ~_MULTIPLE, values)
        yield identifier, (kind, first)


def _behind_name(data: bytes, position: int) -> int:
    (kind, name) = struct.unpack_from("<II", data, position + 16)
    return position + 24 + (0 if kind == 0 else name + -name % 4)


def _values(data: bytes, position: int, kind: int, count: int) -> tuple[bytes, int]:
    """Return the first of `count` values, and the position behind all of them."""
    if kind in _FIXED:
        size = _FIXED[kind] if count == 1 or kind != 0x0002 else 2
        return data[position : position + size], position + (size * count + 3) // 4 * 4
    if kind not in _VARIABLE:
        raise ValueError("unknown property type")
    first = b""
    for number in range(count):
        # Raises struct.error behind the end, so that a false count ends here.
        (length,) = struct.unpack_from("<I", data, position)
        if number == 0:
            first = data[position + 4 : position + 4 + length]
        position += 4 + length + -length % 4
    return first, position


def _string(value: bytes, codepage: str, reading: Reading) -> str:
    return decode_text(value.rstrip(b"\0"), codepage, reading, "winmail.dat")


def _property_text(
    properties: dict[int, tuple[int, bytes]], identifier: int, codepage: str, reading: Reading
) -> str:
    kind, value = properties.get(identifier, (_STRING8, b""))
    if kind == _UNICODE:
        text = value[: len(value) // 2 * 2].decode("utf-16-le", "replace")
        return storable(text.rstrip("\0"))
    return _string(value, codepage, reading)


def _fill_bodies(
    unpacked: Unpacked, properties: dict[int, tuple[int, bytes]], codepage: str, reading: Reading
) -> None:
    _, internet = properties.get(_PR_INTERNET_CODEPAGE, (0, b""))
    label = codepage
    if len(internet) == 4:
        number = struct.unpack("<I", internet)[0]
        label = "utf-8" if number == 65001 else f"cp{number}"
    unpacked.text = unpacked.text or _property_text(properties, _PR_BODY, label, reading)
    unpacked.html = unpacked.html or _property_text(properties, _PR_BODY_HTML, label, reading)
    if not unpacked.text and not unpacked.html and _PR_RTF_COMPRESSED in properties:
        unpacked.text = rtf_text(properties[_PR_RTF_COMPRESSED][1], codepage, reading)


def _fill_file(
    file: TnefFile, attribute: int, value: bytes, codepage: str, reading: Reading
) -> None:
    if attribute == _ATTACH_TITLE:
        file.name = file.name or _string(value, codepage, reading)
    elif attribute == _ATTACH_DATA:
        file.data = value
    elif attribute == _ATTACHMENT:
        properties = dict(_properties(value))
        for identifier in (_PR_ATTACH_LONG_FILENAME, _PR_ATTACH_FILENAME, _PR_DISPLAY_NAME):
            name = _property_text(properties, identifier, codepage, reading)
            if name:
                file.name = name
                break
        file.content_type = _property_text(properties, _PR_ATTACH_MIME_TAG, codepage, reading)
        content_id = _property_text(properties, _PR_ATTACH_CONTENT_ID, codepage, reading)
        file.content_id = content_id.strip("<>") or None
        kind, embedded = properties.get(_PR_ATTACH_DATA, (0, b""))
        if kind == _OBJECT and embedded.startswith(_MESSAGE_ID):
            file.data = embedded[_OBJECT_ID_BYTES:]
        elif embedded and not file.data:
            # Another object is preceded by the id of its interface (2.1.3.4, "IID").
            file.data = embedded[_OBJECT_ID_BYTES:] if kind == _OBJECT else embedded
