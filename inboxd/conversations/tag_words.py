"""What the readers of reply tags share: tidy words, names as they are configured, moments."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime

from inboxd.conversations.commands import BadTagError, TagContext
from inboxd.conversations.when import UnreadableTimeError, parse_when
from inboxd.suggest import nearest

SHOWN = 40
# What phones put in the place of plain typing.
_TYPOGRAPHY = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("\"'“”„‟‘’‚‛«»", ""))


def visible(text: str) -> str:
    """Return the text without invisible characters, and with single spaces."""
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cf").split())


def tidy(text: str) -> str:
    """Return what was meant: plain hyphens, no quotes, no invisible characters, single spaces."""
    return visible(unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY))


def one_word(text: str) -> str:
    """Return a name or a word in small letters, without the punctuation that ends a sentence."""
    return tidy(text).rstrip(".,;!").casefold()


def by_key(names: Iterable[str]) -> Mapping[str, str]:
    """Return the names as they are configured, by the form in which they are compared."""
    return {name.casefold(): name for name in names}


def named(key: str, known: Mapping[str, str], what: str, usage: str) -> str:
    """Return the configured spelling of a name, or raise BadTagError with the nearest one."""
    if key in known:
        return known[key]
    close = nearest(key, known.values())
    raise BadTagError(f"there is no {what} {key[:SHOWN]!r}", f"{usage}{close}" if close else None)


def moment(text: str, tag: str, context: TagContext, example: str) -> datetime:
    """Return the moment, in UTC, that is written behind `#tag`.

    Raises BadTagError with the tag's `example` where there is none, or one that cannot be.
    """
    words = tidy(text).rstrip(",;!")
    if not words:
        raise BadTagError(f"#{tag} needs a time", f"#{tag} {example}")
    try:
        return read_moment(words, context)
    except ValueError as error:
        raise BadTagError(f"#{tag}: {error}", f"#{tag} {example}") from None


def read_moment(words: str, context: TagContext) -> datetime:
    """Return the moment that tidy `words` mean; raises what `parse_when` raises."""
    try:
        return parse_when(words, context.now, context.zone, calendar=context.calendar)
    except UnreadableTimeError:
        # A full stop ends a German date, and a sentence.
        if not words.endswith("."):
            raise
    return parse_when(words.rstrip("."), context.now, context.zone, calendar=context.calendar)
