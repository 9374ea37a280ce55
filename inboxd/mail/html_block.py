"""A column of text while it is written: lines, their indentation, and the gaps between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .html_lists import Numbering

_MAX_QUOTES: Final = 20
_MAX_LISTS: Final = 10


class Block:
    """A column of text: the mail itself, or one cell of a table."""

    __slots__ = ("blank", "gap", "lead", "lines", "link", "lists", "parts", "quotes", "space")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[str] = []
        self.space = False
        self.blank = False
        self.link = False
        self.gap: str | None = None
        self.lead = ""
        self.quotes = 0
        self.lists: list[Numbering] = []

    @property
    def prefix(self) -> str:
        """What stands before each line: quote marks, then the lists' indentation."""
        if not self.quotes and not self.lists:
            return ""
        return "> " * min(self.quotes, _MAX_QUOTES) + "  " * min(len(self.lists), _MAX_LISTS)

    def add_words(self, text: str) -> None:
        """Add running text; white space is folded.

        A line of nothing but unbreakable blanks is one that the writer left blank.
        """
        words = text.split()
        if not words:
            self.space = True
            self.blank = self.blank or "\xa0" in text
            return
        if self.parts and (
            self.space or text[0].isspace() or (self.link and _stands_apart(words[0][0]))
        ):
            self.parts.append(" ")
        self.parts.append(" ".join(words))
        self.space = text[-1].isspace()
        self.link = False

    def add_target(self, target: str) -> None:
        """Add where a link leads, behind its words; the words after it stand apart."""
        self.add_words(f" <{target}>")
        self.link = True

    def end_line(self, mark: str) -> None:
        """Finish the line that is being written."""
        line = "".join(self.parts)
        self.parts.clear()
        self.space = self.blank = self.link = False
        self.put(line, mark)

    def skip_line(self) -> None:
        """Finish a line on which nothing was written."""
        self.space = False
        if self.blank:
            self.blank = False
            self.ask_gap()

    def put(self, line: str, mark: str) -> None:
        """Append a finished line, behind the blank line that was asked for."""
        prefix = self.prefix
        gap = self.gap
        if gap is not None:
            if self.lines:
                self.lines.append(min(gap, prefix, key=len).rstrip() if gap else "")
            self.gap = None
        if self.lead:
            prefix = prefix[:-2] + self.lead
            self.lead = ""
        self.lines.append(f"{mark}{prefix}{line}".rstrip(" "))

    def ask_gap(self) -> None:
        """Ask for a blank line before the next one."""
        if self.gap == "":
            return
        prefix = self.prefix
        if self.gap is None or len(prefix) < len(self.gap):
            self.gap = prefix


def _stands_apart(char: str) -> bool:
    """Tell whether a word that begins with `char` may not touch what stands before it."""
    return char.isalnum() or char in "[("
