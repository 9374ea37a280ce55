"""Whether a mail's paragraphs stand apart: Word and Outlook on the web write each line as one."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Final

# How far into a document its style sheets are looked at, and how far into an attribute list.
_HEAD: Final = 60_000
_LONGEST: Final = 1000
# Outlook on the web writes this rule into every mail, with `P {` before it.
_NO_MARGINS: Final = re.compile(
    r"margin-top:\s{0,9}0(?:px)?;\s{0,9}margin-bottom:\s{0,9}0(?:px)?\s{0,9}[;}]"
)
_OF_ALL: Final = re.compile(r"(?:^|[\s},>])[pP]\s{0,9}\{\s{0,9}$")
_RULES: Final = 20
_WORD: Final = ("p.MsoNormal", "P.MsoNormal")
_WORD_CLASSES: Final = ("msonormal", "msolistparagraph", "msoplaintext", "msonospacing")
_MARGIN: Final = re.compile(r"(?<![\w-])margin(-top|-bottom)?\s{0,9}:\s{0,9}([^;:\"'{}]{1,60})")
_LENGTH: Final = re.compile(r"-?(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})")


class Margins:
    """The margins of a document's paragraphs, as far as its style sheet and attributes tell."""

    __slots__ = ("_all_tight", "_word_tight")

    def __init__(self, html: str) -> None:
        head = html[:_HEAD]
        self._all_tight = _are_all_tight(head)
        self._word_tight = _is_word_tight(head)

    def are_tight(self, attributes: str) -> bool:
        """Tell whether a `p` with these attributes stands without a blank line around it."""
        if not attributes:
            return self._all_tight
        return _are_tight(attributes[:_LONGEST], self._all_tight, self._word_tight)


def _are_all_tight(head: str) -> bool:
    """Tell whether a style sheet takes the margins from all paragraphs."""
    found = islice(_NO_MARGINS.finditer(head), _RULES)
    return any(_OF_ALL.search(head[max(0, rule.start() - 24) : rule.start()]) for rule in found)


def _is_word_tight(head: str) -> bool:
    """Tell whether Word's own style sheet leaves no space between paragraphs, as in most mail."""
    at = max(head.find(rule) for rule in _WORD)
    start = head.find("{", at, at + 400) if at >= 0 else -1
    end = head.find("}", start, start + 1000) if start >= 0 else -1
    return end >= 0 and _vanish(head[start:end].lower(), default=False)


@lru_cache(maxsize=256)
def _are_tight(attributes: str, all_tight: bool, word_tight: bool) -> bool:
    text = attributes.lower()
    tight = all_tight or (word_tight and any(name in text for name in _WORD_CLASSES))
    return _vanish(text, default=tight) if "margin" in text else tight


def _vanish(style: str, *, default: bool) -> bool:
    """Tell whether the margins above and below come to nothing in what `style` says last."""
    top = bottom = default
    for side, value in _MARGIN.findall(style):
        lengths = [_is_nothing(length) for length in value.split()[:4]]
        if not lengths:
            continue
        if side != "-bottom":
            top = lengths[0]
        if side != "-top":
            bottom = lengths[2] if len(lengths) > 2 else lengths[0]
    return top and bottom


def _is_nothing(length: str) -> bool:
    found = _LENGTH.match(length)
    return found is not None and abs(float(found[0])) < 0.1
