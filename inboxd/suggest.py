"""What somebody probably meant who wrote a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like `word`, or None where none comes near."""
    by_key = {each.casefold(): each for each in known}
    close = get_close_matches(word.casefold()[:100], by_key, n=1, cutoff=0.6)
    return by_key[close[0]] if close else None


def hint(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about the unknown `word`: what to write in its place.

    It begins with a semicolon and names the nearest known word, or else the known words; it is
    empty where nothing is known.
    """
    words = sorted(set(known))
    meant = nearest(word, words)
    if meant is not None:
        return f"; did you mean {meant!r}?"
    if not words:
        return ""
    more = ", …" if len(words) > _SHOWN else ""
    return f"; known here: {', '.join(words[:_SHOWN])}{more}"
