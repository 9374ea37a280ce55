"""What a subject says about a mail's conversation."""

from __future__ import annotations

import re
import unicodedata

_TAG = re.compile(r"\[#([1-9][0-9]{0,11})\]")
_MOST_TAGS = 5
_LONGEST = 998  # RFC 5322 section 2.1.1: a line's limit; nobody reads the rest
_LONGEST_KEY = 200

# "Re" and "Fwd" as mail programs write them in many languages, with counters: Re[2]:, AW (3):
_WORDS = (
    "re|r|fwd|fw|aw|wg|antw|antwort|sv|vs|vb|vl|odp|pd|rv|enc|res|tr|rif|ref|i|ynt|ilt|bls|trs"
    "|atb|vá|re sp|doorst|回复|回覆|答复|答覆|转发|轉寄|返信|転送"
)
_PREFIXES = re.compile(rf"(?:\s|(?:{_WORDS})(?:\s?[\[(^][0-9]{{1,3}}[\])]?)?\s?:)*")


def subject_numbers(subject: str) -> tuple[int, ...]:
    """Return the conversation numbers of subject tags such as `[#1042]`, at most five."""
    found = (int(number) for number in _TAG.findall(subject[:_LONGEST]))
    return tuple(dict.fromkeys(found))[:_MOST_TAGS]


def without_tags(subject: str) -> str:
    """Return the subject without subject tags, its white space made single spaces."""
    return " ".join(_TAG.sub(" ", subject).split())


def subject_key(subject: str) -> str:
    """Return the subject as it is compared: without reply prefixes, tags, case and extra space.

    Empty where nothing is left to compare.
    """
    text = unicodedata.normalize("NFKC", _TAG.sub(" ", subject[:_LONGEST])).casefold()
    prefixes = _PREFIXES.match(text)
    return " ".join(text[prefixes.end() if prefixes else 0 :].split())[:_LONGEST_KEY]
