"""From bytes to text: charset labels as mail uses them, and text whose label is wrong or missing.

Every text that leaves this module can be stored as UTF-8: no NUL, no lone surrogates.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

from inboxd.mail.charset_guess import guessed_codec
from inboxd.mail.reading import Reading

# Labels that Python does not know, or knows under another meaning. Where a label names the subset
# of what its users write (gb2312, ks_c_5601, shift_jis, latin-1), the superset is read, as the
# WHATWG Encoding standard does.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "utf-8-sig": "utf-8",
}
_ALIASES = {
    "ansi": "cp1252",
    "cp-850": "cp850",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "csiso2022jpms": "iso2022_jp",
    "dos-874": "cp874",
    "iso-2022-jp-ms": "iso2022_jp",
    "iso-8559-1": "iso8859-1",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ms932": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8n": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-936": "gb18030",
    "windows-949": "cp949",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-ms-cp932": "cp932",
    "x-sjis": "cp932",
    "x-unicode-2-0-utf-7": "utf-7",
    "x-windows-949": "cp949",
    "x-x-big5": "big5",
}
_LABEL = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
# Codecs that read text out of plain ASCII bytes, or out of bytes of two and four.
_STATEFUL = re.compile(r"utf-?(?:7|16|32)|iso2022|hz")
# Codecs of the standard library that are no charsets of mail: some run code paths of URLs and
# source text, some never end as text.
_NO_CHARSET = {
    "idna",
    "punycode",
    "undefined",
    "unicode-escape",
    "raw-unicode-escape",
    "mbcs",
    "oem",
}
_MULTIBYTE = {"gb18030", "big5", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_jis_2004", "johab"}
# Repairing goes piece by piece; behind this a damaged text is read with gaps.
_REPAIRED_BYTES = 200_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_NON_ASCII = bytes(range(128))
_ESCAPE_JP = re.compile(rb"\x1b(\$[@B]|\$\([A-Z]|\([A-Z]|&@\x1b\$B)")


def storable(text: str) -> str:
    """Return `text` with spaces for its NULs and U+FFFD for its lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", " ")
    return text if text.isascii() else _SURROGATE.sub("�", text)


@lru_cache(maxsize=256)
def codec_name(label: str) -> str | None:
    """Return the Python codec that reads what is labelled `label`, or None if nobody knows it."""
    found = _LABEL.search(label)
    if found is None:
        return None
    name = found.group().lower().strip("-_.:")
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    # LookupError: not a codec. ValueError: a name that the import system refuses.
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in _NO_CHARSET:
        return None
    return _SUPERSETS.get(info.name, info.name)


def decode_text(data: bytes, declared: str | None, reading: Reading, where: str) -> str:
    """Return `data` as text: UTF-8 if it is that, else as declared, else as guessed.

    `declared` is the label that the mail gives, `where` the place that a defect names. A wrong,
    unknown or missing label is noted in `reading`. Never raises.
    """
    codec = codec_name(declared) if declared else None
    if codec == "ascii":
        codec = None
    if codec is not None and _STATEFUL.match(codec):
        text = _decode_stateful(data, codec)
        if text is not None:
            return storable(text)
    if data.isascii():
        return storable(data.decode("ascii"))
    if _reads_as_utf8(data, codec):
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
        if codec not in (None, "utf-8", "cp1252") or "�" in text:
            reading.note(f"charset: {where}: read as utf-8")
        return storable(text)
    if codec is not None and codec != "utf-8":
        text = _decode_strictly(data, codec)
        if text is not None:
            return storable(text)
    codec = _guessed(data, codec, reading)
    known = f"not {_shown(declared)}" if declared else "not declared"
    reading.note(f"charset: {where}: {known}, read as {codec}")
    return storable(data.decode(codec, "replace"))


def _shown(label: str | None) -> str:
    found = _LABEL.search(label or "")
    return found.group() if found else "what is declared"


def _reads_as_utf8(data: bytes, codec: str | None) -> bool:
    """Whether `data` is UTF-8, whatever its label says.

    A word can be UTF-8 and Chinese, Korean or Japanese at once: there the label wins. Text that is
    labelled UTF-8, or not at all, may be damaged in places.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if codec not in (None, "utf-8"):
            return False
        high = len(data.translate(None, _NON_ASCII))
        return data.decode("utf-8", "replace").count("�") * 10 <= high
    high = len(data.translate(None, _NON_ASCII)) if codec in _MULTIBYTE else 0
    if codec is not None and 0 < high < 12 and 2 * high > len(data):
        return _decode_strictly(data, codec) is None
    return True


def _decode_strictly(data: bytes, codec: str) -> str | None:
    """Return `data` read with `codec`, or None if it does not fit."""
    try:
        text = data.decode(codec)
    # UnicodeError: the bytes do not fit. ValueError, LookupError: codecs that refuse to decode.
    except (ValueError, LookupError):
        return data.decode(codec, "replace") if codec == "cp1252" and _few_holes(data) else None
    return unicodedata.normalize("NFC", text) if codec == "cp1258" else text


def _few_holes(data: bytes) -> bool:
    """Whether the five bytes that cp1252 leaves open are too rare to doubt the label."""
    return sum(data.count(bytes([hole])) for hole in b"\x81\x8d\x8f\x90\x9d") * 50 <= len(data)


def _decode_stateful(data: bytes, codec: str) -> str | None:
    if codec.startswith("utf"):
        if codec != "utf-7" and data.isascii() and b"\0" not in data:
            return None
        try:
            return data.decode(codec).removeprefix("\ufeff")
        except UnicodeError:
            return None
    try:
        return data.decode(codec)
    except UnicodeError:
        if not data.isascii():
            return None
        if codec.startswith("iso2022_jp"):
            repaired, rest = data[:_REPAIRED_BYTES], data[_REPAIRED_BYTES:]
            return _decode_cp50221(repaired) + rest.decode(codec, "replace")
        return data.decode(codec, "replace")


def _decode_cp50221(data: bytes) -> str:
    """Read ISO-2022-JP as Microsoft writes it: NEC and IBM characters, half-width katakana.

    The two-byte segments are moved to where Shift JIS has the same rows (JIS X 0208 annex 1) and
    read as cp932, which knows those characters.
    """
    pieces = _ESCAPE_JP.split(data)
    text = [pieces[0].decode("ascii", "replace")]
    for designation, segment in zip(pieces[1::2], pieces[2::2], strict=True):
        if designation.endswith((b"$@", b"$B")):
            text.append(_shift_jis(segment).decode("cp932", "replace"))
        elif designation == b"(I":
            text.append(bytes(byte | 0x80 for byte in segment).decode("cp932", "replace"))
        else:
            text.append(segment.decode("ascii", "replace"))
    return "".join(text)


def _shift_jis(rows: bytes) -> bytes:
    moved = bytearray()
    for row, cell in zip(rows[::2], rows[1::2], strict=False):
        if row < 0x21:
            moved += bytes((row, cell))
            continue
        moved.append(((row + 1) >> 1) + (0x70 if row < 0x5F else 0xB0))
        moved.append(cell + (0x7E if row % 2 == 0 else 0x1F + (cell > 0x5F)))
    return bytes(moved)


def _guessed(data: bytes, declared: str | None, reading: Reading) -> str:
    """Name the codec that reads `data` best: a guess if one is left, else what is declared."""
    found = None
    if reading.guesses > 0:
        reading.guesses -= 1
        found = guessed_codec(data)
    return found or (declared if declared not in (None, "utf-8") else "cp1252")
