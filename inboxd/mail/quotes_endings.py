"""What ends a mail and is not its message: signatures, devices' footers, legal notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from .quotes_headers import is_rule
from .quotes_phrases import (
    APOLOGIES,
    BANNER_OPENINGS,
    BANNER_WORDS,
    CLOSINGS,
    COMMA_CLOSINGS,
    DEVICE_ENDINGS,
    DEVICE_OPENINGS,
    NOTICE_HEADINGS,
    NOTICE_STEMS,
    POSTSCRIPTS,
    RECEIVER,
    SCANNER_OPENINGS,
    SECRECY,
    THANKS,
    UNSPACED_OPENINGS,
)

_DELIMITERS: Final = frozenset(("--", "—", "—-", "––", "__"))
_LOOSE_LINES: Final = 12
_STRICT_LINES: Final = 40
_FOOTER_LINES: Final = 10
_SIGN_OFF_LINES: Final = 14
_SHORT: Final = 80
_MAX_ENDINGS: Final = 6
_LOOK_BACK: Final = 80
_LIST_WORDS: Final = ("mailing list", "listinfo", "unsubscribe", "http://", "https://", "@")
# "-Anna", "/John Doe", "— Bob": capitalised words and nothing else.
_DASHED_NAME: Final = re.compile(
    r"(?:[-/~]|[–—]\s?)[^\W\d_a-z][\w.'’]{0,20}(?: [^\W\d_a-z][\w.'’-]{0,20}){0,3}"
)
_DEVICE: Final = re.compile(rf"(?:{'|'.join(map(re.escape, DEVICE_OPENINGS))})\b")
_DEVICE_BLANKS: Final = 10
_SENTENCE_END: Final = re.compile(r"[.!?…。！？]$")

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
    steps = _ALL_STEPS if any(stem in tail for stem in NOTICE_STEMS) else _STEPS
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
        apologises = len(line) < _SHORT and any(word in line.casefold() for word in APOLOGIES)
        if not (apologises or line.startswith(("http", "<http")) or line in _DELIMITERS):
            return None
    return None


def is_device_footer(line: str) -> bool:
    """Tell whether the stripped `line` is what a device or program signs with.

    "Sent from my desk, is much easier" is not: they write neither commas nor long sentences.
    """
    if not 6 <= len(line) <= 120:
        return False
    text = line.casefold().strip("*_ ")
    words = text.partition("<")[0].rstrip()
    if len(words) > _SHORT or "," in words or words.count(" ") > _DEVICE_BLANKS:
        return text.startswith(SCANNER_OPENINGS)
    if words.endswith(DEVICE_ENDINGS) or text.startswith(SCANNER_OPENINGS):
        return True
    return words.startswith(UNSPACED_OPENINGS) or _DEVICE.match(words) is not None


def _sign_off(lines: Sequence[str], filled: list[int]) -> int | None:
    """A closing on a line of its own with names, titles and numbers below it."""
    found: int | None = None
    named = False
    for place in range(len(filled) - 1, max(-1, len(filled) - 1 - _SIGN_OFF_LINES), -1):
        line = lines[filled[place]].strip()
        if _closes(line):
            if named:
                found = filled[place]
            continue
        if not _could_be_signature(line):
            break
        named = True
    return found


def _closes(line: str) -> bool:
    if len(line) > 45:
        return False
    text = line.strip("*_ ").casefold()
    words = text.rstrip(" ,.!-–—;:，。、！")
    if words in CLOSINGS or text.rstrip(" ,，、") in THANKS:
        return True
    return text.endswith((",", "，")) and words in COMMA_CLOSINGS


def _could_be_signature(line: str) -> bool:
    """Tell whether a line may stand below a closing: short, no sentence, no list, no `#tag`."""
    if len(line) > _SHORT or line.startswith(("#", "\\#", "?", "* ", "- ")):
        return False
    if line.casefold().startswith(POSTSCRIPTS):
        return False
    return not (line.endswith(("?", "？")) or (_SENTENCE_END.search(line) and line.count(" ") > 4))


def _dashed_name(lines: Sequence[str], filled: list[int]) -> int | None:
    """A name behind a dash or a stroke, as the last line, after a blank one, and in no list."""
    last = filled[-1]
    line = lines[last].strip()
    if len(line) > 60 or line[:1] not in "-/~–—" or _DASHED_NAME.fullmatch(line) is None:
        return None
    above = lines[filled[-2]].strip() if len(filled) > 1 else ""
    if above.endswith((":", "：")) or above[:1] in ("-", "/", "–", "—"):
        return None
    return last if last == 0 or not lines[last - 1].strip() else None


_STEPS: Final[tuple[Step, ...]] = (
    _delimiter,
    _device,
    _list_footer,
    _sign_off,
    _dashed_name,
)
_SIGN_OFFS: Final = (_sign_off, _dashed_name)
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
