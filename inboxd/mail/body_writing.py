"""Text bodies in a form that every relay leaves as it is: 7-bit, short lines, CRLF (RFC 2045)."""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterator
from functools import lru_cache

# A line of this many characters stands as it is (RFC 5322 section 2.1.1).
MAX_TEXT_LINE = 78
# No quoted-printable or base64 text can hold this, nor any text that is written as it is.
BOUNDARY_MARK = "=_"

_PIECE = 57 * 1000  # 57 bytes fill a line of 76 characters

_LINE_ENDS = re.compile("\r\n?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FROM_LINES = re.compile(b"^(?:From )+", re.MULTILINE)


def clean_text(text: str) -> str:
    """Return `text` with LF line ends, a last one included, and no other control but tabs."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    if not text.replace("\n", "").isprintable():
        text = _CONTROLS.sub("", text)
    return text if text.endswith("\n") else f"{text}\n"


def _stands_as_it_is(text: str) -> bool:
    """Whether clean text needs no encoding.

    Blanks at line ends and lines that begin with `From ` are changed by some relays and mail
    stores, and what could hold a boundary is encoded.
    """
    return (
        text.isascii()
        and BOUNDARY_MARK not in text
        and " \n" not in text
        and "\t" not in text
        and not ("From " in text and (text.startswith("From ") or "\nFrom " in text))
        and max(map(len, text.split("\n"))) <= MAX_TEXT_LINE
    )


def base64_lines(data: bytes) -> bytes:
    """Return `data` in base64, in lines of at most 76 characters, each ended by CRLF."""
    return b"".join(base64_pieces(data))


def base64_pieces(data: bytes) -> Iterator[bytes]:
    """Yield the lines of `base64_lines`, many at a time: a large file is never all in lines."""
    view = memoryview(data)
    for begin in range(0, len(view), _PIECE):
        flat = b2a_base64(view[begin : begin + _PIECE], newline=False)
        lines = [flat[start : start + 76] for start in range(0, len(flat), 76)]
        yield b"\r\n".join([*lines, b""])


def text_part(subtype: str, text: str) -> bytes:
    """Return a body part: its Content fields, a blank line, and the encoded text."""
    encoding, body = encode_text(text)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode("ascii") + body


@lru_cache(maxsize=4)  # what several people are told is written down once
def encode_text(text: str) -> tuple[str, bytes]:
    """Return the transfer encoding (`7bit`, `quoted-printable`, `base64`) and the encoded body.

    The charset is UTF-8; lone surrogates become question marks. The body ends with CRLF.
    """
    text = clean_text(text)
    if _stands_as_it_is(text):
        return "7bit", text.replace("\n", "\r\n").encode("ascii")
    raw = text.encode("utf-8", "replace")
    beyond_ascii = 0 if text.isascii() else len(raw.translate(None, _ASCII))
    if beyond_ascii * 4 > len(raw):  # there quoted-printable takes half as much room again
        return "base64", base64_lines(raw.replace(b"\n", b"\r\n"))
    return "quoted-printable", _quoted_printable(raw)


_ASCII = bytes(range(128))


def _quoted_printable(raw: bytes) -> bytes:
    """Encode text with LF line ends; no line of the result begins with `From `."""
    encoded = b2a_qp(raw, istext=True)
    if b"From " in encoded:
        encoded = _FROM_LINES.sub(lambda m: b"=46rom=20=\n" * (len(m[0]) // 5), encoded)
    return encoded.replace(b"\n", b"\r\n")
