"""Finds our own "reply above this line" in an answer, whatever a client has made of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from .quotes_attribution import attribution, is_dated, is_tail
from .quotes_devices import is_device_footer
from .quotes_headers import field_of, header_block, opens_forward, opens_original

# Between two characters of the marker: white space, quote marks, soft hyphens, broken lines, bold
# marks, and what an encoding leaves of a blank.
_BETWEEN: Final = r"(?:=20|=C2=A0|=A0|&nbsp;|&#160;|&gt;|[\W_])*+"
_LOST_LETTER: Final = r"\S{0,3}?"
_BLOCK_LINES: Final = 24
_MAX_PIECES: Final = 20
_DECORATION: Final = "> |*_-=#~\t\r\u00a0\u00ad\u200b\u202f\u3000\ufeff"
_COLONS: Final = (":", "：")


def cut_at_marker(text: str, marker: str) -> tuple[str, bool]:
    """Return what stands above the first `marker` in `text`, and whether the marker was found.

    The marker's letters and digits are compared, without case; between them anything else may
    stand. What introduces the quote right above it (attribution, header block, separator, device's
    footer, quoted lines) goes with it. Without the marker `text` comes back as it is.
    """
    start = _marker_at(text, marker)
    if start is None:
        return text, False
    above = text[:start].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    bars = above[-1].lstrip().startswith("|")
    above[-1] = above[-1].rstrip(_DECORATION)
    return "\n".join(_without_introduction(above, bars=bars)).rstrip(), True


def between_quotes(text: str, marker: str) -> tuple[tuple[str, str], ...]:
    """Return the lines below the marker that stand, unquoted, between quoted ones.

    Each comes with the line right above it ("" if that is blank), by which a quoted line that a
    client has broken can be told from an answer written into the quote. Only quotes with `>` are
    looked at: elsewhere old and new words look alike. Lines that introduce a quote are left out,
    and so is what follows the last quoted line, for signatures stand there.
    """
    start = _marker_at(text, marker)
    if start is None:
        return ()
    below = [line.strip() for line in text[text.rfind("\n", 0, start) + 1 :].splitlines()]
    quoted = [number for number, line in enumerate(below) if line.startswith(">")]
    if not quoted or quoted[0] > 0:
        return ()
    return tuple(
        (below[number - 1].lstrip("> "), line)
        for number, line in enumerate(below[: quoted[-1]])
        if line and not line.startswith(">") and not line.endswith(_COLONS)
    )


def _marker_at(text: str, marker: str) -> int | None:
    """Return where the marker stands: the first that opens a line or bears its decoration.

    Otherwise the first at all: rather cut too much than let a quote through.
    """
    first: int | None = None
    opening = marker[: next((i for i, char in enumerate(marker) if char.isalnum()), 0)].strip()
    for found in _pattern(marker).finditer(text):
        start = found.start()
        line = text[max(text.rfind("\n", 0, start) + 1, start - 1000) : start].rstrip(
            "\u00a0\u00ad "
        )
        if not line.strip(_DECORATION) or line.rstrip(_DECORATION).endswith(_COLONS):
            return start
        if opening and line.endswith(opening):
            return start
        first = start if first is None else first
    return first


@lru_cache(maxsize=64)
def _pattern(marker: str) -> re.Pattern[str]:
    """Return the pattern of `marker`.

    What may stand between two letters is no letter and is never given back, so that a search is
    linear in the text. Where most letters are ASCII, the others may have been lost or doubled by a
    wrong charset.
    """
    letters = [char for char in marker if char.isalnum()]
    if not letters:
        return re.compile(re.escape(marker) or r"(?!)")
    mostly_ascii = sum(map(str.isascii, letters)) * 2 > len(letters)
    pieces = [
        re.escape(char) if char.isascii() or not mostly_ascii else _LOST_LETTER for char in letters
    ]
    return re.compile(_BETWEEN.join(pieces), re.IGNORECASE)


def _without_introduction(lines: list[str], *, bars: bool) -> list[str]:
    """Take from the end of `lines` what introduces a quote, piece by piece."""
    quotes = (">", "|") if bars else (">",)
    for _ in range(_MAX_PIECES):
        while lines and _is_chaff(lines[-1].strip(), quotes):
            lines.pop()
        if not lines:
            break
        last = lines[-1].strip()
        found = attribution(lines, len(lines) - 1, quoted=True)
        if found is not None:
            rest = lines[found.line][: found.column]
            del lines[found.line :]
            lines.append(rest.rstrip(_DECORATION))
        elif (start := _block_at(lines)) is not None:
            del lines[start:]
        elif _separates(last):
            lines.pop()
        else:
            break
    return lines


def _separates(line: str) -> bool:
    if opens_original(line) or opens_forward(line):
        return True
    return line.endswith(_COLONS) and is_dated(line)


def _is_chaff(line: str, quotes: tuple[str, ...]) -> bool:
    """Tell whether a line above the marker is blank, quoted or a device's footer."""
    if not line.strip(_DECORATION):
        return True
    return is_device_footer(line) or (line.startswith(quotes) and not is_tail(line))


def _block_at(lines: list[str]) -> int | None:
    """Return where the header block begins that ends with `lines`."""
    end = len(lines)
    if not any(field_of(line.strip()) for line in lines[-3:]):
        return None
    for start in range(max(0, end - _BLOCK_LINES), end):
        if field_of(lines[start].strip("> \t*|")) is not None:
            block = header_block(lines, start)
            if block is not None and block.end >= end - 2:
                return start
    return None
