"""What ends a mail and is not its message: signatures, devices' footers, legal notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .quotes_devices import is_apology, is_device_footer
from .quotes_farewells import dashed_name, ruled_signature, sign_off
from .quotes_headers import is_rule
from .quotes_phrases import (
    BANNER_OPENINGS,
    BANNER_WORDS,
    FOREIGN_NOTICE_STEMS,
    NOTICE_HEADINGS,
    NOTICE_STEMS,
    RECEIVER,
    SECRECY,
)

_DELIMITERS: Final = frozenset(("--", "—", "—-", "––", "__"))
_LOOSE_LINES: Final = 12
_STRICT_LINES: Final = 40
_FOOTER_LINES: Final = 10
_SHORT: Final = 80
_MAX_ENDINGS: Final = 6
_LOOK_BACK: Final = 80
_LIST_WORDS: Final = ("mailing list", "listinfo", "unsubscribe", "http://", "https://", "@")
Step = Callable[[Sequence[str], list[int]], int | None]


def ending_at(lines: Sequence[str], *, all_of_it: bool = False, keep_sign_off: bool = False) -> int:
    """Return the line at which the ending of the text `lines` begins; `len(lines)` if it has none.

    What is found is taken off and the rest is looked at again, for endings pile up: a closing with
    a name, a device's footer, a list's footer, a legal notice. A text that is nothing but ending
    is none, unless `all_of_it` says that it may be. With `keep_sign_off` a closing with a name
    ("Kind regards, Anna") stays.
    """
    end = len(lines)
    first = max(0, end - _LOOK_BACK)
    filled = [index for index in range(first, end) if lines[index].strip()]
    tail = "\n".join(lines[-_LOOK_BACK:]).casefold()
    steps = _ALL_STEPS if _may_hold_notice(tail) else _STEPS
    if keep_sign_off:
        steps = tuple(step for step in steps if step not in _SIGN_OFFS)
    for _ in range(_MAX_ENDINGS):
        if not filled:
            break
        cut = next((at for step in steps if (at := step(lines, filled)) is not None), None)
        if cut is None or not (all_of_it or cut > filled[0] or _has_text(lines, first)):
            break
        end = cut
        filled = [index for index in filled if index < end]
    return end


def _may_hold_notice(tail: str) -> bool:
    if any(map(tail.__contains__, NOTICE_STEMS)):
        return True
    return not tail.isascii() and any(map(tail.__contains__, FOREIGN_NOTICE_STEMS))


def _has_text(lines: Sequence[str], end: int) -> bool:
    return any(lines[index].strip() for index in range(end))


def _delimiter(lines: Sequence[str], filled: list[int]) -> int | None:
    """A signature below "-- " (RFC 3676 section 4.3), whose blank clients like to lose."""
    for below, index in enumerate(reversed(filled[-_STRICT_LINES - 1 :])):
        line = lines[index]
        if len(line) > 4 or line.rstrip() not in _DELIMITERS:
            continue
        if below <= (_STRICT_LINES if line == "-- " else _LOOSE_LINES):
            return index
    return None


def _notice(lines: Sequence[str], filled: list[int]) -> int | None:
    """A legal notice: its heading, or a paragraph that names both secrecy and the receiver."""
    for place, index in enumerate(filled):
        line = lines[index].strip()
        if len(line) < _SHORT:
            if line.strip(" *:_-.").casefold() in NOTICE_HEADINGS:
                return _with_rule(lines, filled, place)
            if len(line) < 24:
                continue
        if place and filled[place - 1] == index - 1 and not is_rule(lines[index - 1].strip()):
            continue
        paragraph = _paragraph(lines, index)
        if any(word in paragraph for word in SECRECY) and any(w in paragraph for w in RECEIVER):
            return _with_rule(lines, filled, place)
    return None


def _paragraph(lines: Sequence[str], start: int) -> str:
    end = start
    while end < len(lines) and end < start + 30 and lines[end].strip():
        end += 1
    return " ".join(lines[start:end])[:4000].casefold()


def _with_rule(lines: Sequence[str], filled: list[int], place: int) -> int:
    if place and is_rule(lines[filled[place - 1]].strip()):
        return filled[place - 1]
    return filled[place]


def _list_footer(lines: Sequence[str], filled: list[int]) -> int | None:
    """A mailing list's footer below a line of underscores."""
    for place in range(max(0, len(filled) - _FOOTER_LINES), len(filled)):
        line = lines[filled[place]].strip()
        if len(line) < 20 or line.strip("_-"):
            continue
        below = " ".join(lines[index] for index in filled[place + 1 :])[:4000].casefold()
        return filled[place] if any(word in below for word in _LIST_WORDS) else None
    return None


def _device(lines: Sequence[str], filled: list[int]) -> int | None:
    """A phone's or a program's own line, and an apology for it below."""
    for place in range(len(filled) - 1, max(-1, len(filled) - 4), -1):
        line = lines[filled[place]].strip()
        if is_device_footer(line):
            return _with_rule(lines, filled, place)
        if not (is_apology(line) or line.startswith(("http", "<http")) or line in _DELIMITERS):
            return None
    return None


_STEPS: Final[tuple[Step, ...]] = (
    _delimiter,
    _device,
    _list_footer,
    sign_off,
    ruled_signature,
    dashed_name,
)
_SIGN_OFFS: Final = (sign_off, dashed_name)
_ALL_STEPS: Final[tuple[Step, ...]] = (*_STEPS[:3], _notice, *_STEPS[3:])


def banner_end(lines: Sequence[str]) -> int:
    """Return the number of lines at the top that a gateway put there: "CAUTION: external …"."""
    index = 0
    while index < len(lines) and not lines[index].strip():
        index += 1
    if index >= len(lines) or len(lines[index]) > 1000:
        return 0
    first = lines[index].strip(" *[]!⚠\ufe0f").casefold()
    if not first.startswith(BANNER_OPENINGS):
        return 0
    end = index
    while end < len(lines) and end < index + 4 and lines[end].strip():
        end += 1
    text = " ".join(lines[index:end]).casefold()
    return end if any(word in text for word in BANNER_WORDS) else 0
