"""Content-Transfer-Encoding (RFC 2045 section 6), decoded as leniently as mail clients do it."""

from __future__ import annotations

import binascii
import re
from itertools import islice

from inboxd.mail.reading import Reading

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]*)\r?\n", re.M)
_LINE = re.compile(rb"[^\r\n]+")
# What 25 MB hold of full lines.
_MAX_UU_LINES = 410_000
_IDENTITY = {"", "7bit", "8bit", "binary"}
# How else the encodings are written; the keys have letters and digits only.
_SPELT = {
    "7bits": "7bit",
    "8bits": "8bit",
    "base64": "base64",
    "b64": "base64",
    "qp": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quotedprintible": "quoted-printable",
    "quoteprintable": "quoted-printable",
    "quotedprinted": "quoted-printable",
    "uuencode": "uuencode",
    "xuuencode": "uuencode",
    "xuue": "uuencode",
    "uue": "uuencode",
    "7bit": "7bit",
    "8bit": "8bit",
    "binary": "binary",
}
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")
_BLANKS_BEFORE_END = re.compile(rb"(?<![ \t])[ \t]+(?=\r?\n)")
_EMPTY_LINE = re.compile(rb"\n[ \t]*\r?\n")
_NOT_IN_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BLANK_INSIDE = re.compile(rb"(?<=\S)[ \t](?=\S)")
# So many blanks for each hundred characters are words, not base64.
_WORDS_PERCENT = 5


def decode_transfer(body: bytes, encoding: str, reading: Reading, where: str) -> bytes:
    """Return the bytes that `body` carries; an unknown encoding is read as none, with a defect."""
    if encoding in _IDENTITY:
        return body
    if encoding == "base64":
        if where.startswith("text/"):
            return _decode_base64_text(body, reading, where)
        return decode_base64_file(body, reading, where)
    if encoding == "quoted-printable":
        return decode_quoted_printable(body)
    if encoding == "uuencode":
        found = _UU_BEGIN.search(body)
        decoded = decode_uu(body[found.end() :] if found else body)
        if decoded or found or not body.strip():
            return decoded
        reading.note(f"transfer encoding: {where}: not uuencoded, read as it stands")
        return body
    token = _NOT_ALPHANUMERIC.sub("", encoding.partition(";")[0].partition(" ")[0])
    usual = _SPELT.get(token, _SPELT.get(_NOT_ALPHANUMERIC.sub("", encoding), ""))
    if usual and usual != encoding:
        return decode_transfer(body, usual, reading, where)
    reading.note(f"transfer encoding: {where}: unknown, read as it stands")
    return body


def decode_quoted_printable(body: bytes) -> bytes:
    """Decode quoted-printable; blanks at the ends of lines are transport's (RFC 2045, 6.7 (3))."""
    if b" \n" in body or b"\t\n" in body or b" \r" in body or b"\t\r" in body:
        body = _BLANKS_BEFORE_END.sub(b"", body)
    return binascii.a2b_qp(body)


def _decode_base64_text(body: bytes, reading: Reading, where: str) -> bytes:
    """Decode a text in base64, also where a relay put words behind it, or where all is words."""
    end = _EMPTY_LINE.search(body.rstrip())
    if end and _NOT_IN_BASE64.search(body, end.end()):
        reading.note(f"transfer encoding: {where}: words behind the base64: read as they stand")
        return decode_base64_file(body[: end.start()], reading, where) + b"\n" + body[end.start() :]
    if _are_words(body[:10_000]):
        reading.note(f"transfer encoding: {where}: not base64, read as it stands")
        return body
    return decode_base64_file(body, reading, where)


def _are_words(text: bytes) -> bool:
    """Whether blanks stand between words in `text`, which base64 has none of."""
    if text.count(b" ") + text.count(b"\t") < 2:
        return False
    blanks = len(_BLANK_INSIDE.findall(text))
    return blanks > 1 and blanks * 100 > _WORDS_PERCENT * len(text)


def decode_base64_file(body: bytes | memoryview, reading: Reading, where: str) -> bytes:
    """Return the bytes of a body in base64; one that is cut off is read as far as it goes."""
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        reading.note(f"transfer encoding: {where}: base64 cut off: read as far as it goes")
        return decode_base64(bytes(body))


def decode_base64(body: bytes) -> bytes:
    """Decode base64 up to its padding, skipping what is not in its alphabet (RFC 2045, 6.8).

    Missing padding is supplied; a lone last character carries no byte and is dropped.
    """
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        kept = _NOT_BASE64.sub(b"", body.partition(b"=")[0])
        if len(kept) % 4 == 1:
            kept = kept[:-1]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def decode_uu(lines: bytes) -> bytes:
    """Decode uuencoded `lines` up to the `end` line; lines that are damaged give what they can."""
    out: list[bytes] = []
    for found in islice(_LINE.finditer(lines), _MAX_UU_LINES):
        line = found.group()
        if line.rstrip() == b"end":
            break
        if line in (b"`", b" "):
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            out.append(_uu_by_length(line))
    return b"".join(out)


def _uu_by_length(line: bytes) -> bytes:
    """Decode a line whose tail is wrong: its first character says how many bytes it holds."""
    needed = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:needed].ljust(needed))
    except binascii.Error:
        return b""
