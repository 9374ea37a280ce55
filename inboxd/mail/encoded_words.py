"""Text beyond ASCII in header fields: encoded words (RFC 2047), and lines folded at blanks."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MAX_LINE: Final = 76  # RFC 2047 section 2 for a line with an encoded word; 78 for other lines
MAX_WORD: Final = 64  # so that a word stands on one line with the name of any address field
MAX_LITERAL: Final = 900  # far from the 998 of RFC 5322 section 2.1.1, with any field name

# Blanks and whatever some reader takes for a line end or for a control character: C0, DEL, C1
# (with U+0085), and the line and paragraph separators.
_BLANKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_OPENING = "=?utf-8?{}?"
_OVERHEAD = len(_OPENING.format("q")) + len("?=")
# What stands for itself in a Q word, wherever the word stands (RFC 2047 section 5 (3)).
_Q_LITERAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q_FORM = [chr(b) if b in _Q_LITERAL else f"={b:02X}" for b in range(256)]
_Q_FORM[0x20] = "_"


def one_line(text: str) -> str:
    """Return `text` without control characters, with single blanks, as it may stand in a field."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _BLANKS.sub(" ", text).strip()


def shortened(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters with an ellipsis as the last where it is longer."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _q_form(raw: bytes) -> str:
    return "".join([_Q_FORM[b] for b in raw])


def _b_form(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode("ascii")


def encoded_words(text: str, max_word: int = MAX_WORD) -> list[str]:
    """Return `text` as encoded words of at most `max_word` characters, no character split.

    A reader joins them without the blanks between them. Lone surrogates become question marks.
    """
    raw = text.encode("utf-8", "replace")
    q_length = sum([len(_Q_FORM[b]) for b in raw])
    # Q is easier on people who see it undecoded, so it may take half as much room again.
    use_q = q_length <= len(raw) * 2
    room = max_word - _OVERHEAD
    room = room if use_q else room // 4 * 3
    opening = _OPENING.format("q" if use_q else "b")
    form = _q_form if use_q else _b_form
    return [f"{opening}{form(chunk)}?=" for chunk in _chunks(text, room, use_q=use_q)]


def _chunks(text: str, room: int, *, use_q: bool) -> list[bytes]:
    """Cut `text` between characters into UTF-8 pieces that take at most `room` when encoded."""
    chunks: list[bytes] = []
    chunk = b""
    taken = 0
    for char in text:
        raw = char.encode("utf-8", "replace")
        cost = len(_q_form(raw)) if use_q else len(raw)
        if taken + cost > room:
            chunks.append(chunk)
            chunk, taken = b"", 0
        chunk += raw
        taken += cost
    chunks.append(chunk)
    return chunks


def needs_encoding(word: str, longest: int) -> bool:
    """Whether a word cannot stand as it is.

    Besides text beyond ASCII this is what a reader would take for an encoded word, and what no
    line can hold.
    """
    return not word.isascii() or "=?" in word or len(word) > longest


@lru_cache(maxsize=4096)
def text_tokens(text: str, max_word: int, longest: int) -> tuple[str, ...]:
    """Return the words of a clean line of text as an unstructured field holds them.

    Words at both ends that need no encoding stay readable.
    """
    words = text.split(" ")
    marked = [i for i, word in enumerate(words) if needs_encoding(word, longest)]
    if not marked:
        return tuple(words)
    first, last = marked[0], marked[-1] + 1
    middle = encoded_words(" ".join(words[first:last]), max_word)
    return (*words[:first], *middle, *words[last:])


def fold(name: str, tokens: Iterable[str]) -> str:
    """Return the field `name` with its tokens parted by blanks, folded, ended by CRLF.

    The first token stays on the line of the name: some servers mistake a name alone.
    """
    line = f"{name}:"
    lines: list[str] = []
    for token in tokens:
        if len(line) + len(token) < MAX_LINE or (not lines and len(line) == len(name) + 1):
            line = f"{line} {token}"
        else:
            lines.append(line)
            line = f" {token}"
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"
