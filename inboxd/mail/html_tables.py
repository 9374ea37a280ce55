"""Lays a table out as text: data side by side in columns, layout one below the other."""

from __future__ import annotations

from typing import Final
from unicodedata import east_asian_width

from .html_marks import Mark
from .html_tokens import Tag, attributes

_MAX_WIDTH: Final = 40
_MAX_LINE: Final = 160
_MAX_SPAN: Final = 20
_DIGITS: Final = 4

Row = list[list[str]]
_NOTHING: Final[list[str]] = []


class Table:
    """The rows of one table while it is read; a cell is its lines of text."""

    __slots__ = ("_has_heads", "_head", "_rows", "_span")

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._has_heads = self._head = False
        self._span = 1

    def start_row(self) -> None:
        """Begin a new row."""
        self._rows.append([])

    def start_cell(self, tag: Tag) -> None:
        """Begin a cell: note whether it is a heading and how many columns it takes."""
        self._head = tag.name == "th"
        self._span = 1
        if "colspan" in tag.attributes:
            span = attributes(tag).get("colspan", "").strip()
            if span.isascii() and span.isdigit() and len(span) < _DIGITS:
                self._span = max(1, min(int(span), _MAX_SPAN))

    def add_cell(self, lines: list[str]) -> None:
        """Add the cell that was begun to the current row."""
        if not self._rows:
            self._rows.append([])
        lines = lines if any(lines) else _NOTHING
        self._has_heads = self._has_heads or (self._head and bool(lines))
        self._rows[-1] += [lines, *[_NOTHING] * (self._span - 1)]

    def lines(self) -> list[str]:
        """Return the table as lines; an empty one asks for a blank line."""
        rows = [row for row in self._rows if any(row)]
        widths = self._widths(rows)
        if widths:
            return ["", *(_side_by_side(row, widths) for row in rows), ""]
        out: list[str] = []
        for row in rows:
            cells = [cell for cell in row if cell]
            if all(len(cell) == 1 for cell in cells) and _is_narrow(cells):
                out.append(_side_by_side(cells, []))
                continue
            if out and out[-1]:
                out.append("")
            for above, cell in zip([[], *cells], cells, strict=False):
                if len(above) > 1 and len(cell) > 1:
                    out.append("")
                out.extend(cell)
            out.append("")
        return out

    def _widths(self, rows: list[Row]) -> list[int]:
        """Return the columns' widths where the rows are data; columns without any text have none.

        Data have one line a cell, as many cells a row, and few of them empty, or headings.
        """
        if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) != 1:
            return []
        if any(len(cell) > 1 for row in rows for cell in row):
            return []
        columns = [column for column in zip(*rows, strict=True) if any(column)]
        full = sum(1 for row in zip(*columns, strict=True) if all(row))
        if len(columns) < 2 or not (full == len(rows) or self._has_heads or full * 2 >= len(rows)):
            return []
        widths = [
            min(_MAX_WIDTH, max(_width(cell[0]) for cell in column if cell)) if any(column) else 0
            for column in zip(*rows, strict=True)
        ]
        return widths if max(_line_width(row, widths) for row in rows) <= _MAX_LINE else []


def _is_narrow(cells: Row) -> bool:
    return len(cells) == 1 or sum(len(cell[0]) for cell in cells) <= _MAX_LINE


def _width(text: str) -> int:
    """Return how many columns a text takes: Chinese and the like take two a character."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _line_width(row: Row, widths: list[int]) -> int:
    return sum(
        max(width, _width(cell[0]) if cell else 0) for cell, width in zip(row, widths, strict=True)
    )


def _side_by_side(row: Row, widths: list[int]) -> str:
    """Return a row as one line: in columns of these `widths`, or with two blanks between."""
    mark = ""
    texts: list[str] = []
    for cell, width in zip(row, widths or [1] * len(row), strict=True):
        if not width:
            continue
        own, text = Mark.parted(cell[0]) if cell else ("", "")
        mark = mark or own
        texts.append(text + " " * (width - _width(text)) if widths else text)
    return mark + "  ".join(texts).rstrip()
