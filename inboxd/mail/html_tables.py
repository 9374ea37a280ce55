"""Lays a table out as text: data side by side in columns, layout one below the other."""

from __future__ import annotations

from typing import Final

from .html_marks import Mark

_MAX_WIDTH: Final = 40
_MAX_LINE: Final = 160


class Table:
    """The rows of one table while it is read; a cell is its lines of text."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: list[list[list[str]]] = []

    def start_row(self) -> None:
        """Begin a new row."""
        self._rows.append([])

    def add_cell(self, lines: list[str]) -> None:
        """Add a cell to the current row; one without text is left out."""
        if not self._rows:
            self._rows.append([])
        if any(lines):
            self._rows[-1].append(lines)

    def lines(self) -> list[str]:
        """Return the table as lines; an empty one asks for a blank line."""
        rows = [row for row in self._rows if row]
        widths = _column_widths(rows)
        out: list[str] = []
        for row in rows:
            if all(len(cell) == 1 for cell in row) and _is_narrow(row):
                out.append(_side_by_side(row, widths))
                continue
            if out and out[-1]:
                out.append("")
            for cell in row:
                out.extend(cell)
            out.append("")
        return out


def _is_narrow(row: list[list[str]]) -> bool:
    return len(row) == 1 or sum(len(cell[0]) for cell in row) <= _MAX_LINE


def _column_widths(rows: list[list[list[str]]]) -> list[int]:
    """Return the columns' widths where the rows are data: one line a cell, as many cells a row."""
    if len(rows) < 2 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return []
    if any(len(cell) != 1 for row in rows for cell in row):
        return []
    return [
        min(_MAX_WIDTH, max(len(cell[0]) for cell in column)) for column in zip(*rows, strict=True)
    ]


def _side_by_side(row: list[list[str]], widths: list[int]) -> str:
    mark = ""
    texts: list[str] = []
    for index, cell in enumerate(row):
        own, text = Mark.parted(cell[0])
        mark = mark or own
        texts.append(text.ljust(widths[index]) if index < len(widths) - 1 else text)
    return mark + "  ".join(texts)
