"""Marks on the lines of a rendered mail; and what its HTML keeps from being seen."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from .html_tokens import Tag, attributes


class Mark(StrEnum):
    """First character of a marked line.

    The characters are separators that folding of white space never lets through from a mail.
    """

    SIGNATURE = "\x1c"
    ATTRIBUTION = "\x1d"
    BORDER = "\x1e"

    @classmethod
    def parted(cls, line: str) -> tuple[str, str]:
        """Return the mark of `line`, or nothing, and the rest."""
        return (line[0], line[1:]) if line[:1] in MARKS else ("", line)

    @classmethod
    def removed_from(cls, text: str) -> str:
        """Return `text` without the characters that serve as marks."""
        return text.translate(_NO_MARKS)


MARKS: Final = frozenset(str(mark) for mark in Mark)
_NO_MARKS: Final = {0x1C: None, 0x1D: None, 0x1E: None}
_LONGEST_EMOJI: Final = 12
_KEYCAPS: Final = "0123456789"
_LONGEST: Final = 2000
_HIDING: Final = ("none", "hidden", "opacity", "max-height")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN_ATTRIBUTE: Final = re.compile(r"(?:^|\s)hidden(?:[\s=/]|$)")
_HIDDEN_STYLE: Final = re.compile(
    r"(?:^|[\s\"';{])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0+(?:\.0+)?\s*(?:[;!\"']|$)"
    r"|max-height\s*:\s*0(?:px)?\s*(?:[;!\"']|$))"
)


def is_hidden(attributes: str) -> bool:
    """Tell whether the attributes of a start tag keep their element from being seen.

    A font size of nothing does not: layouts set it on a container and undo it within.
    """
    if len(attributes) > _LONGEST:
        return _is_hidden.__wrapped__(attributes)
    return _is_hidden(attributes)


@lru_cache(maxsize=512)
def _is_hidden(attributes: str) -> bool:
    text = attributes.lower()
    if "hidden" in text and _HIDDEN_ATTRIBUTE.search(_QUOTED.sub("", text)):
        return True
    if not any(word in text for word in _HIDING):
        return False
    return _HIDDEN_STYLE.search(text) is not None


def is_pixel(values: dict[str, str]) -> bool:
    """Tell whether the attributes of an `img` make it a tracking pixel."""
    return any(
        values.get(side, "").strip() in ("0", "1", "0px", "1px") for side in ("width", "height")
    )


def may_show_emoji(attributes: str) -> bool:
    """Tell cheaply whether the attributes of an `img` may have an emoji among them."""
    return not attributes.isascii() or "&#" in attributes


def is_emoji(text: str) -> bool:
    """Tell whether an image's alternative text is the emoji that it shows."""
    return (
        0 < len(text) <= _LONGEST_EMOJI
        and not any(char.isspace() or (char.isalnum() and char not in _KEYCAPS) for char in text)
        and any(char > "\u2000" for char in text)
    )


def checkbox(tag: Tag) -> str:
    """Return what an `input` shows that is read without being filled in: a box, ticked or not."""
    values = attributes(tag)
    if values.get("type", "").lower() != "checkbox":
        return ""
    return "[x] " if "checked" in values else "[ ] "


def unmarked(text: str) -> str:
    """Return what `marked_text` returned, without marks and without the lines of borders."""
    if not any(mark in text for mark in MARKS):
        return text
    lines = (Mark.parted(line) for line in text.split("\n"))
    return "\n".join(line for mark, line in lines if mark != Mark.BORDER)
