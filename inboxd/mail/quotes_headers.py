"""Header blocks and separator lines above a quoted or forwarded mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .quotes_languages import (
    FIELD_NAMES,
    FORWARD_LINES,
    FORWARDED_WORDS,
    MESSAGE_WORDS,
    ORIGINAL_WORDS,
    Field,
)

LONGEST_NAME: Final = 26
_DECORATION: Final = " \t*_>|\u00a0\u3000"
_RULE: Final = "-_=*—–~ \t\u00a0"
_LONGEST: Final = 160
_MAX_LINES: Final = 24
_MAX_CONTINUATIONS: Final = 3
_PEOPLE: Final = (Field.FROM, Field.TO, Field.OTHER)


def _alternatives(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_MESSAGE: Final = rf"(?:{_alternatives(MESSAGE_WORDS)})"
# The adjective stands before or behind its noun, with at most two small words beside them.
_ORIGINAL: Final = re.compile(
    rf"(?:\w+ )?(?:{_alternatives(ORIGINAL_WORDS)})[ -]?(?:\w+ )?{_MESSAGE}(?: \w+)?"
    rf"|{_MESSAGE} ?(?:{_alternatives(ORIGINAL_WORDS)})|original(?: appointment)?"
)
_FORWARDED: Final = re.compile(
    rf"(?:\w+ )?(?:{_alternatives(FORWARDED_WORDS)})[ -]?(?:\w+ )?{_MESSAGE}.{{0,60}}"
    rf"|{_MESSAGE} (?:{_alternatives(FORWARDED_WORDS)}).{{0,60}}"
    r"|treść przekazanej wiadomości|(?:forwarded|weitergeleitet|transféré) (?:by|von|par) .{3,80}"
    r"|fwd?:? message"
)
_PROCESSED: Final = re.compile(r"original message processed by \S+")


@dataclass(frozen=True, slots=True)
class Block:
    """Header lines of a quoted mail: from the line `start` up to, not including, `end`."""

    start: int
    end: int


def bare(line: str) -> str:
    """Return `line` without dashes at its ends, in lower case, white space folded.

    A Turkish `İ` lowers to an `i` and a dot of its own.
    """
    words = line.replace("&nbsp;", " ") if "&" in line else line
    return " ".join(words.strip(_RULE).casefold().replace("i\u0307", "i").split())


def is_original(line: str) -> bool:
    """Tell whether the words of `line` are "Original Message", with dashes or without.

    BlackBerry writes them bare: that counts above a header block only.
    """
    return len(line) < _LONGEST and _ORIGINAL.fullmatch(bare(line).rstrip(" :：")) is not None


def announces_forward(line: str) -> bool:
    """Tell whether `line` says "Forwarded message:": that counts above a header block only."""
    return (
        len(line) < _LONGEST
        and line.endswith((":", "："))
        and _FORWARDED.fullmatch(bare(line).rstrip(" :：")) is not None
    )


def is_rule(line: str) -> bool:
    """Tell whether `line` is nothing but dashes, underscores or the like, three at least."""
    return len(line) > 2 and not line.strip(_RULE)


def opens_forward(line: str) -> bool:
    """Tell whether the stripped `line` stands above a forwarded mail."""
    if not 6 < len(line) < _LONGEST:
        return False
    dashed = line[:2] in _DASHES and line[-1] in "-=_*—"
    if not dashed and line[-1] not in ":：":
        return False
    words = bare(line)
    if words.rstrip(" :：") in FORWARD_LINES:
        return True
    return dashed and _FORWARDED.fullmatch(words.rstrip(" :：")) is not None


def opens_original(line: str) -> bool:
    """Tell whether the stripped `line` stands above the mail that is answered."""
    if len(line) > _LONGEST:
        return False
    if line[:3] in _LONG_DASHES and line[-3:] in _LONG_DASHES:
        return _ORIGINAL.fullmatch(bare(line).rstrip(" :：")) is not None
    if "rocessed" not in line:
        return False
    words = bare(line)
    return words.startswith("original message pro") and _PROCESSED.match(words) is not None


_DASHES: Final = frozenset(("--", "==", "__", "**", "——", "- "))
_LONG_DASHES: Final = frozenset(("---", "===", "___", "***", "———", "- -", "–––"))


def field_of(line: str) -> tuple[Field, str] | None:
    """Return which field the stripped `line` tells, and its value; None where it is none."""
    at = line.find(":", 0, LONGEST_NAME)
    if at < 0:
        at = -1 if line.isascii() else line.find("：", 0, LONGEST_NAME)
        if at < 0:
            return None
    field = FIELD_NAMES.get(line[:at].strip(_DECORATION).casefold())
    return None if field is None else (field, line[at + 1 :])


def header_block(lines: Sequence[str], start: int) -> Block | None:
    """Return the header block that begins at line `start`; None where those lines are none.

    It needs a sender or receiver, and a date or subject; and an address, or else sender, date and
    subject all. So a journey "From … To … Date …" is none.
    """
    fields: set[Field] = set()
    address = False
    current, end, continued = Field.OTHER, start, 0
    for index in range(start, min(start + _MAX_LINES, len(lines))):
        line = lines[index].strip(_DECORATION)
        if not line:
            if index > end or index + 1 >= len(lines):
                break
            continue
        told = field_of(line)
        if told is None:
            continued += 1
            if continued > _MAX_CONTINUATIONS or index > end + (current in _PEOPLE) + 1:
                break
            address = address or (current in _PEOPLE and "@" in line)
            continue
        if told[0] in fields and told[0] is not Field.OTHER:
            break
        current, continued, end = told[0], 0, index + 1
        fields.add(current)
        address = address or (current in _PEOPLE and "@" in told[1])
    return Block(start, end) if _is_convincing(fields, address=address) else None


def _is_convincing(fields: set[Field], *, address: bool) -> bool:
    people = Field.FROM in fields or Field.TO in fields
    time = Field.SENT in fields or Field.DATE in fields
    subject = Field.SUBJECT in fields
    if not people or not (time or subject):
        return False
    return address or (Field.FROM in fields and time and subject)
