"""Texts in rules that hold `{{ match.NAME }}`.

This is no template language: a placeholder is a name, and what is put in its place is never looked
at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{\{\s*match\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_LOOKALIKE = re.compile(r"\{\{.*?(?:\}\}|$)|\{%|\{#", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in pieces: plain ones at even places, placeholders' names at odd ones."""

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that the text asks for."""
        return self.pieces[1::2]

    def filled(self, match: Mapping[str, str]) -> str | None:
        """Return the text with the values of `match`, or None where one of them is missing."""
        if not all(name in match for name in self.names):
            return None
        return "".join(match[each] if i % 2 else each for i, each in enumerate(self.pieces))


def parse_text(source: str) -> Text:
    """Return the pieces of `source`; ValueError where it holds anything but `{{ match.NAME }}`."""
    pieces = _PLACEHOLDER.split(source)
    for plain in pieces[::2]:
        if found := _LOOKALIKE.search(plain):
            raise ValueError(
                f"{found[0][:40]!r} means nothing here: a text may hold {{{{ match.NAME }}}} alone"
            )
    return Text(tuple(pieces))
