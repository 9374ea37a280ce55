"""A column of text while it is written: lines, their indentation, and the gaps between them."""

from __future__ import annotations

from typing import Final

_MAX_QUOTES: Final = 20
_MAX_LISTS: Final = 10


class Block:
    """A column of text: the mail itself, or one cell of a table."""

    __slots__ = ("gap", "lead", "lines", "lists", "parts", "quotes", "space")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[str] = []
        self.space = False
        self.gap: str | None = None
        self.lead = ""
        self.quotes = 0
        self.lists: list[int] = []

    @property
    def prefix(self) -> str:
        """What stands before each line: quote marks, then the lists' indentation."""
        if not self.quotes and not self.lists:
            return ""
        return "> " * min(self.quotes, _MAX_QUOTES) + "  " * min(len(self.lists), _MAX_LISTS)

    def add_words(self, text: str) -> None:
        """Add running text; white space is folded."""
        words = text.split()
        if not words:
            self.space = True
            return
        if self.parts and (self.space or text[0].isspace()):
            self.parts.append(" ")
        self.parts.append(" ".join(words))
        self.space = text[-1].isspace()

    def end_line(self, mark: str) -> None:
        """Finish the line that is being written."""
        line = "".join(self.parts)
        self.parts.clear()
        self.put(line, mark)

    def put(self, line: str, mark: str) -> None:
        """Append a finished line, behind the blank line that was asked for."""
        prefix = self.prefix
        if self.gap is not None and self.lines:
            blank = min(self.gap, prefix, key=len).rstrip()
            self.lines.append(blank)
        self.gap = None
        if self.lead:
            prefix = prefix[:-2] + self.lead
            self.lead = ""
        self.lines.append(f"{mark}{prefix}{line}".rstrip(" "))

    def ask_gap(self) -> None:
        """Ask for a blank line before the next one."""
        prefix = self.prefix
        if self.gap is None or len(prefix) < len(self.gap):
            self.gap = prefix
