"""From bytes to text: charset labels as mail uses them, and text whose label is wrong or missing.

Every text that leaves this module can be stored as UTF-8: no NUL, no lone surrogates.
"""

from __future__ import annotations

import re
import unicodedata

from inboxd.mail.charset_guess import guessed_codec
from inboxd.mail.charset_labels import codec_name, shown_label
from inboxd.mail.reading import Reading

# Codecs that read text out of plain ASCII bytes, or out of bytes of two and four.
_STATEFUL = re.compile(r"utf-?(?:16|32)|iso2022|hz")
MULTIBYTE = {"gb18030", "big5", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_jis_2004", "johab"}
# Repairing goes piece by piece; behind this a damaged text is read with gaps.
_REPAIRED_BYTES = 200_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_NON_ASCII = bytes(range(128))
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF7_RUN = re.compile(r"\+(?:[A-Za-z0-9+/]{1,4000}-?|-)")
_EUC_ROWS = re.compile(rb"(?:\x8e[\xa1-\xdf])+|(?:[\xa1-\xfe]{2})+")
# Damage is judged by the beginning of a text.
_COUNTED_CHARS = 100_000
_ESCAPE_JP = re.compile(rb"\x1b(\$[@B]|\$\([A-Z]|\([A-Z]|&@\x1b\$B)")


def storable(text: str) -> str:
    """Return `text` with spaces for its NULs and U+FFFD for its lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", " ")
    return text if text.isascii() else _SURROGATE.sub("�", text)


def decode_text(
    data: bytes, declared: str | None, reading: Reading, where: str, sample: bytes = b""
) -> str:
    """Return `data` as text: UTF-8 if it is that, else as declared, else as guessed.

    `declared` is the label that the mail gives, `where` the place that a defect names, `sample`
    more text of the same mail to guess by. A wrong, unknown or missing label is noted in `reading`.
    Never raises.
    """
    codec = codec_name(declared) if declared else None
    if codec == "ascii":
        codec = None
    text = _decode_stateful(data, codec, reading, where)
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
    codec = codec if _little_damaged(data, codec) else _guessed(data, codec, reading, sample)
    known = f"not {shown_label(declared)}" if declared else "not declared"
    reading.note(f"charset: {where}: {known}, read as {codec}")
    return storable(data.decode(codec or "utf-8", "replace"))


def _reads_as_utf8(data: bytes, codec: str | None) -> bool:
    """Whether `data` is UTF-8, whatever its label says.

    A word can be UTF-8 and Chinese, Korean or Japanese at once: there the label wins. Text that is
    labelled UTF-8, or not at all, may be damaged in places: other charsets hardly ever form more
    characters of UTF-8 than bytes that are none.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if codec not in (None, "utf-8"):
            return False
        text = data.decode("utf-8", "replace")
        bad = text.count("�")
        good = sum(char > "\x7f" for char in text[:_COUNTED_CHARS]) - bad
        return good > bad if codec else good > 2 * bad
    high = len(data.translate(None, _NON_ASCII)) if codec in MULTIBYTE else 0
    if codec is not None and 0 < high < 12 and 2 * high > len(data):
        return _decode_strictly(data, codec) is None
    return True


def _little_damaged(data: bytes, codec: str | None) -> bool:
    """Whether a Far Eastern label is right, though a few characters are broken."""
    if codec not in MULTIBYTE:
        return False
    text = data.decode(codec, "replace")[:_COUNTED_CHARS]
    return text.count("�") * 5 <= sum(char > "\x7f" for char in text)


def _decode_strictly(data: bytes, codec: str) -> str | None:
    """Return `data` read with `codec`, or None if it does not fit."""
    try:
        text = data.decode(codec)
    # UnicodeError: the bytes do not fit. ValueError, LookupError: codecs that refuse to decode.
    except (ValueError, LookupError):
        if codec == "euc_jp":
            return _decode_eucjp_ms(data[:_REPAIRED_BYTES])
        return data.decode(codec, "replace") if codec == "cp1252" and _few_holes(data) else None
    return unicodedata.normalize("NFC", text) if codec == "cp1258" else text


def _few_holes(data: bytes) -> bool:
    """Whether the five bytes that cp1252 leaves open are too rare to doubt the label."""
    return sum(data.count(bytes([hole])) for hole in b"\x81\x8d\x8f\x90\x9d") * 50 <= len(data)


def _decode_stateful(data: bytes, codec: str | None, reading: Reading, where: str) -> str | None:
    """Read what is not made of ASCII and high bytes alone, or return None."""
    if codec is None or codec == "utf-8":
        return _decode_unlabelled(data, reading, where)
    if codec == "utf-7":
        return _decode_utf7(data)
    if not _STATEFUL.match(codec):
        return None
    if codec.startswith("utf"):
        if data.isascii() and b"\0" not in data:
            return None
        codec = _with_byte_order(data, codec)
        try:
            return data.decode(codec).removeprefix("\ufeff")
        except UnicodeError:
            return data.decode(codec, "replace") if b"\0" in data else None
    try:
        return data.decode(codec)
    except UnicodeError:
        if not data.isascii():
            return None
        if codec.startswith("iso2022_jp"):
            repaired, rest = data[:_REPAIRED_BYTES], data[_REPAIRED_BYTES:]
            return _decode_cp50221(repaired) + rest.decode(codec, "replace")
        return data.decode(codec, "replace")


def _decode_unlabelled(data: bytes, reading: Reading, where: str) -> str | None:
    """Read what shows its charset itself: byte order marks, the escapes of ISO-2022-JP."""
    if data.startswith(_UTF16_MARKS) and b"\0" in data:
        reading.note(f"charset: {where}: read as utf-16")
        return data.decode("utf-16", "replace")
    if data.find(b"\x1b$", 0, _REPAIRED_BYTES) >= 0 and data.isascii():
        reading.note(f"charset: {where}: read as iso-2022-jp")
        return _decode_stateful(data, "iso2022_jp_ext", reading, where)
    return None


def _with_byte_order(data: bytes, codec: str) -> str:
    """Return the codec for UTF-16 without a mark: Latin letters tell by where their zeros are."""
    if codec != "utf-16" or data.startswith(_UTF16_MARKS):
        return codec
    sample = data[:2000]
    return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _decode_utf7(data: bytes) -> str | None:
    """Read UTF-7, where a stray "+" stands for itself."""
    if not data.isascii():
        return None
    try:
        return data.decode("utf-7")
    except UnicodeError:
        return _UTF7_RUN.sub(_utf7_run, data.decode("ascii"))


def _utf7_run(run: re.Match[str]) -> str:
    if run.group() == "+-":
        return "+"
    try:
        return run.group().encode("ascii").decode("utf-7")
    except UnicodeError:
        return run.group()


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


def _decode_eucjp_ms(data: bytes) -> str | None:
    """Read EUC-JP with the NEC and IBM characters that Windows adds, or None if it is none."""
    text = _EUC_ROWS.sub(_shift_jis_of_euc, data)
    try:
        return text.decode("cp932")
    except UnicodeError:
        return None


def _shift_jis_of_euc(run: re.Match[bytes]) -> bytes:
    found = run.group()
    if found.startswith(b"\x8e"):
        return found[1::2]
    return _shift_jis(bytes(byte & 0x7F for byte in found))


def _shift_jis(rows: bytes) -> bytes:
    moved = bytearray()
    for row, cell in zip(rows[::2], rows[1::2], strict=False):
        if row < 0x21:
            moved += bytes((row, cell))
            continue
        moved.append(((row + 1) >> 1) + (0x70 if row < 0x5F else 0xB0))
        moved.append(cell + (0x7E if row % 2 == 0 else 0x1F + (cell > 0x5F)))
    return bytes(moved)


def _guessed(data: bytes, declared: str | None, reading: Reading, sample: bytes) -> str:
    """Name the codec that reads `data` best: a guess if one is left, else what is declared."""
    found = None
    if reading.guesses > 0:
        reading.guesses -= 1
        found = guessed_codec(b"\n".join((data, sample)))
    return found or (declared if declared not in (None, "utf-8") else "cp1252")
