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


def decode_transfer(body: bytes, encoding: str, reading: Reading, where: str) -> bytes:
    """Return the bytes that `body` carries; an unknown encoding is read as none, with a defect."""
    if encoding in _IDENTITY:
        return body
    if encoding == "base64":
        return decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        found = _UU_BEGIN.search(body)
        return decode_uu(body[found.end() :] if found else body)
    token = encoding.split(";")[0].split()[:1]
    if token and token[0] != encoding:
        return decode_transfer(body, token[0], reading, where)
    reading.note(f"transfer encoding: {where}: unknown, read as it stands")
    return body


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
