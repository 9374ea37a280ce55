"""How a rule's words and a mail's text are made comparable."""

from __future__ import annotations

from unicodedata import normalize

# What a pattern looks at, in characters: with the limit on a pattern's size it bounds the time
# that one pattern takes on one mail.
MATCHED_CHARS = 100_000


def folded(text: str) -> str:
    """Return `text` as it is compared: NFKC, without case, every run of white space one space."""
    if text.isascii():  # which these forms leave alone
        return " ".join(text.lower().split())
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())


def searchable(text: str) -> bytes:
    """Return the UTF-8 that patterns run on: NFKC in its own case, cut to `MATCHED_CHARS`."""
    return normalize("NFKC", text[:MATCHED_CHARS])[:MATCHED_CHARS].encode("utf-8", "replace")


def shortened(text: str, limit: int) -> str:
    """Return `text` on one line, without control characters, of at most `limit` characters."""
    line = " ".join(text[: 4 * limit].split())
    if not line.isprintable():
        line = "".join([each for each in line if each.isprintable()])
    return line if len(line) <= limit else line[: limit - 1] + "…"
