"""What stands before the items of lists: dashes, numbers, letters."""

from __future__ import annotations

from typing import Final

from .html_tokens import Tag, attributes

_LAST_LETTER: Final = 26
_LAST_ROMAN: Final = 50
_ROMANS: Final = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_DIGITS: Final = 6


class Numbering:
    """The marks of one list's items, one after the other."""

    __slots__ = ("_kind", "_number")

    def __init__(self, tag: Tag) -> None:
        values = attributes(tag) if tag.name == "ol" and tag.attributes else {}
        self._kind = values.get("type", "1").strip()[:1] if tag.name == "ol" else ""
        self._number = _whole(values.get("start", "")) or 1

    def next(self, item: Tag) -> str:
        """Return the mark of the next item, which may set its own number."""
        if not self._kind:
            return "- "
        if "value" in item.attributes:
            self._number = _whole(attributes(item).get("value", "")) or self._number
        number = self._number
        self._number += 1
        return f"{_written(number, self._kind)}. "


def _whole(value: str) -> int:
    """Return a number as an attribute gives it, 0 where it gives none."""
    value = value.strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _DIGITS else 0


def _written(number: int, kind: str) -> str:
    """Return an item's number in digits, letters or Roman numerals."""
    text = str(number)
    if kind in ("a", "A") and number <= _LAST_LETTER:
        text = chr(ord("a") + number - 1)
    elif kind in ("i", "I") and number <= _LAST_ROMAN:
        text = _roman(number)
    return text.upper() if kind.isupper() else text


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMANS:
        while number >= value:
            text += letters
            number -= value
    return text
