"""Attribution lines: "On … wrote:", in whatever language and over however many lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .quotes_languages import OPENERS, PROSE, UNSPACED_VERBS, VERBS, WEEKDAYS

_MAX_LINES: Final = 5
_MAX_CHARS: Final = 500
_STUB: Final = 16
_ENDINGS: Final = (":", "：")
# A colon, dashes around the line, bold marks, or an address in brackets.
_LAST_SIGNS: Final = frozenset(":：-—_*>")
_ANNOUNCING: Final = OPENERS | WEEKDAYS
# What an attribution begins with: an opener or a weekday, at most four words, then a number; or a
# date in numbers. Nothing is given back, so that no run of letters is tried in all its divisions.
_FIRST: Final = re.compile(r"\W{0,8}+([^\W\d_]+(?:-feira)?|\d)")
_TO_NUMBER: Final = re.compile(
    r"[.,]{0,2}+\s{0,3}+(?:[^\W\d_]{1,14}+(?:-feira)?[.,]{0,2}+\s{0,2}+){0,4}+[\d'(]"
)
_NUMBERS: Final = re.compile(r"\W{0,8}+\d{1,4}+\s?[-./年년月\s]\s?\w")
# In the middle of a line only the English forms that clients are known to glue on.
_GLUED: Final = re.compile(
    r"(?:-{2,}\s*|\s)((?:On|Am|Le|El|Il|Op|Em|Den|På)\s+"
    r"(?:[^\W\d_]{2,10}[.,]{0,2}\s+){0,2}\d{1,4}\b.{4,300})",
)
_TIME: Final = re.compile(
    r"\d{1,2}\s?[:.h時时시點点]\s?\d{2}|\d{1,2}[:h]\d{2}|\d\s?[ap]\.?m\b", re.I
)
_ADDRESS: Final = re.compile(r"[^\s<>()@]@[^\s<>()@]+\.\w|@\w")
_CLOSED_ADDRESS: Final = re.compile(r"<\s?[^<>\s]+@[^<>\s]+\s?>\s*[:：]?$")
_BRACKETED: Final = re.compile(r"<\s?[^<>\s]+@[^<>\s]+\s?>")
# Not "No" or "In", which are answers and sentences too.
_OPENER_ALONE: Final = re.compile(
    r"(?:On|Am|Le|El|Il(?: giorno)?|Op|Em|No dia|Den|På|W dniu|Dnia|Dne|Dňa|În)\b"
)
_EVIDENCE: Final = re.compile(r"[\d@]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:\(\w+\))?")
_PROSE: Final = re.compile("|".join(PROSE), re.IGNORECASE)
# "Jane Doe schrieb am 05.03.2024 10:12:33:" of Lotus Notes, "… kirjoitti 5.3.2024 klo 10.12:"
_NAME_FIRST: Final = re.compile(
    r"^[^\W\d_a-z].{2,60} \w+ \w{0,4} ?\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\W{1,2}(?:\w{1,4} )?"
    r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\s?:$"
)
# "Shop Support <help@shop.example>, 5 Mar 2024 Sal, 10:12 tarihinde şunu yazdı:"
_SENDER: Final = re.compile(r"[<(]\s?[^<>()\s]{1,100}@[^<>()\s]{1,100}\s?[>)]")
_BEFORE_ADDRESS: Final = re.compile(r"[<(]")
_NAME_DECORATION: Final = " \t\u00a0\"'“”„«»*_-,"
_LONGEST_VERB: Final = 24
_NAME_WORDS: Final = 12
_LONGEST_NAME: Final = 120


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# With these a person begins to speak of somebody; a client begins with the name.
_OWNERS: Final = _words(
    "my your our his her their this that the then and but mein meine ihr ihre dein deine unser"
    " unsere der die das mon ma votre notre son sa le la mi mis su nuestro nuestra el mio mia"
    " suo sua il mijn uw jouw ons onze de meu minha seu sua nosso nossa o a min din vår er vores"
    " mój moja twój mé můj váš мой моя ваш ваша наш наша"
)
_PARTICLES: Final = _words(
    "of the and for at in on from via von van de der den del della di da dos du la le les und y e"
    " et en och og und für zu bei i z w sur au aux"
)
_DATE_FIRST: Final = re.compile(r"\W{0,4}\d{1,4}\s?[-./年년]\s?\d{1,2}")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where an attribution begins: at `column` of line `line`; it ends with its last line."""

    line: int
    column: int = 0


def may_end(line: str) -> bool:
    """Tell cheaply whether the stripped `line` could be an attribution's last one."""
    return line.endswith(_ENDINGS) or (line.endswith("-") and not line.startswith("- "))


def attribution(lines: Sequence[str], last: int, *, quoted: bool) -> Attribution | None:
    """Return where the attribution that ends with line `last` begins; None where there is none.

    `quoted`: quoted lines follow it. Without them everything below would be cut away, so the
    evidence has to be a client's: opening, date, time or address, and verb.
    """
    if lines[last].rstrip()[-1:] not in _LAST_SIGNS:
        return None
    if not quoted and not _is_plausible(lines, last):
        return None
    spans = _spans(lines, last)
    dashed = lines[last].rstrip().endswith("-")
    if not (quoted or dashed) and not (spans and _EVIDENCE.search(spans[-1][1])):
        return None
    named: int | None = None
    for place, (_, text) in enumerate(spans):
        if _leads(text) and _accepts(text, quoted=quoted, leads=True):
            # What looks like the line of a date may have the name and its address above it.
            if "@" not in text:
                named = _named(lines, spans, last, quoted=quoted)
                if named is not None:
                    break
            return Attribution(_with_fragments(lines, spans, place))
    named = _named(lines, spans, last, quoted=quoted) if named is None else named
    if named is not None:
        return Attribution(named)
    for start, text in spans:
        glued = _GLUED.search(text)
        if glued and _accepts(glued[1], quoted=quoted, leads=True):
            column = _column(lines[start], glued.start())
            if column is not None:
                return Attribution(start, column)
        if _is_whole(text) and _accepts(text, quoted=quoted, leads=False):
            return Attribution(start)
    return None


def _named(
    lines: Sequence[str], spans: list[tuple[int, str]], last: int, *, quoted: bool
) -> int | None:
    """Return where an attribution begins that starts with a name and its address.

    A name may itself be broken across lines. Whether a line above belongs to it shows in that the
    first word below had no room on it, as wide as the attribution's other lines are.
    """
    if not spans or not any("@" in text for _, text in spans):
        return None
    for start, text in reversed(spans):
        rest = _after_sender(text)
        if rest is None or not _is_filled(lines, start, last):
            continue
        if _leads(text) or _PROSE.search(rest) or not _has_verb(rest):
            continue
        timed = _TIME.search(rest) is not None
        if quoted or timed or (len(rest) <= _LONGEST_VERB and not _EVIDENCE.search(rest)):
            return start
    return None


def _after_sender(text: str) -> str | None:
    """Return what follows a name and its address, without the last colon; None without those."""
    at = _BEFORE_ADDRESS.search(text)
    if at is None or at.start() > _LONGEST_NAME or not text.endswith(_ENDINGS):
        return None
    address = _SENDER.match(text, at.start())
    if address is None or not _is_sender(text[: at.start()].strip(_NAME_DECORATION)):
        return None
    rest = text[address.end() : -1].strip()
    return None if len(rest) > _LONGEST_NAME or "@" in rest or "<" in rest else rest


def _is_sender(name: str) -> bool:
    """Tell whether `name` is one as clients write it: one word, or capitalised ones."""
    words = name.split()
    if ":" in name or "@" in name:
        return False
    if not 0 < len(words) <= _NAME_WORDS or words[0].casefold() in _OWNERS:
        return False
    if len(words) <= 2 or " via " in name:
        return True
    if name.endswith((".", "!", "?", ",")) or (". " in name and len(words) > 4):
        return False
    return all(not word[:1].islower() or word in _PARTICLES for word in words)


def _is_filled(lines: Sequence[str], start: int, last: int) -> bool:
    """Tell whether the lines from `start` to `last` were broken because they were full."""
    taken = [text for line in lines[start : last + 1] if (text := line.strip())]
    for above, below in pairwise(taken):
        if above.endswith("<") or below.startswith(("<", "(")):
            continue
        widest = max(len(line) for line in taken if line is not above)
        if len(above) + 1 + len(below.split(maxsplit=1)[0]) <= widest:
            return False
    return True


def _is_plausible(every: Sequence[str], last: int) -> bool:
    """Tell cheaply whether the last lines have a verb or an address, as attributions have."""
    if not every[last].endswith("-") and not _has_evidence(every, last):
        return False
    lines = every[max(0, last - (2 if len(every[last]) < _STUB else 1)) : last + 1]
    return any(len(line) <= _MAX_CHARS and ("@" in line or _has_verb(line)) for line in lines)


def _has_evidence(lines: Sequence[str], last: int) -> bool:
    """Tell whether a digit or an address's sign stands in the paragraph that ends with `last`."""
    blank = 0
    for index in range(last, max(-1, last - _MAX_LINES - 1), -1):
        line = lines[index]
        if _EVIDENCE.search(line, 0, _MAX_CHARS):
            return True
        if not line.strip():
            blank += 1
            if blank > 1:
                break
    return False


def _with_fragments(lines: Sequence[str], spans: list[tuple[int, str]], place: int) -> int:
    """Return where an attribution begins whose wrapping left its first words on lines above.

    Those are the beginning of a date ("On", "Am Di., 5. März", "5 mars"), or a name with its
    address; a line of the writer's own right above is neither.
    """
    while place + 1 < len(spans):
        above = lines[spans[place + 1][0]].strip()
        broken = _BRACKETED.search(above) is not None or above.endswith("<")
        opening = _is_opening(above) or _is_weekday(above, spans[place][1])
        if not (broken or opening or _is_date(above, spans[place][1])):
            break
        place += 1
    return spans[place][0]


def _is_opening(line: str) -> bool:
    """Tell whether `line` is an opener, alone or with a weekday."""
    opener = _OPENER_ALONE.match(line)
    if opener is None or len(line) > 24:
        return False
    rest = line[opener.end() :].strip(" .,").casefold()
    return not rest or rest in WEEKDAYS


def _is_weekday(line: str, below: str) -> bool:
    """Tell whether `line` is a weekday alone and its date stands `below`."""
    if len(line) > 16 or not below[:1].isdigit():
        return False
    return line.strip(" .,").casefold() in WEEKDAYS


def _is_date(line: str, below: str) -> bool:
    """Tell whether `line` is the beginning of a date that goes on `below`."""
    goes_on = not below[:1].isupper()
    return goes_on and len(line) < 40 and any(map(str.isdigit, line)) and _leads(line)


def _spans(lines: Sequence[str], last: int) -> list[tuple[int, str]]:
    """Return the texts that end with line `last`, from one line up to five, with their starts.

    A blank line ends the search, unless an address in angle brackets was broken across it.
    """
    found: list[tuple[int, str]] = []
    text = ""
    taken = 0
    for index in range(last, max(-1, last - 2 * _MAX_LINES), -1):
        raw = lines[index]
        if len(raw) > _MAX_CHARS or len(text) > _MAX_CHARS or taken == _MAX_LINES:
            break
        line = raw.strip()
        if line.startswith(">") and index != last:
            break
        if not line:
            if not text.startswith(("<", ">", "mailto:")):
                break
            continue
        taken += 1
        text = f"{line} {text}" if text else line
        found.append((index, text))
    return found


def _leads(text: str) -> bool:
    """Tell whether `text` begins as clients begin: with a date, or a word that announces one."""
    first = _FIRST.match(text)
    if first is None or text.startswith("["):  # so begin the lines of logs
        return False
    if first[1].isdigit():
        return _NUMBERS.match(text) is not None
    return first[1].casefold() in _ANNOUNCING and _TO_NUMBER.match(text, first.end()) is not None


def _accepts(text: str, *, quoted: bool, leads: bool) -> bool:
    """Weigh whether `text` is an attribution."""
    core = text.strip("-_*—– \t\u00a0")
    dashed = core != text and text.startswith("--")
    colon = core.endswith(_ENDINGS)
    address = _ADDRESS.search(text) is not None
    digits = any(map(str.isdigit, text))
    if not colon and not dashed:
        return quoted and address and digits and _CLOSED_ADDRESS.search(core) is not None and leads
    if not address and not digits and not (quoted or dashed):
        return False
    verb = _has_verb(core)
    if not verb:
        return colon and address and digits and (quoted or _ends_in_address(core)) and leads
    if not address and _PROSE.search(core):
        return quoted and leads and _TIME.search(core) is not None
    if dashed:
        return address or digits or len(core) < 80
    if quoted:
        return address or digits or _is_name(core)
    timed = _TIME.search(core) is not None
    if leads:
        return address or (timed and _is_dated(core))
    return digits and timed and (address or _NAME_FIRST.search(core) is not None)


def _has_verb(text: str) -> bool:
    if not VERBS.isdisjoint(_WORD.findall(text.casefold())):
        return True
    return not text.isascii() and any(verb in text for verb in UNSPACED_VERBS)


def is_dated(text: str) -> bool:
    """Tell whether `text` names a time of day and so many digits that it may name a day."""
    return len(text) < 200 and _TIME.search(text) is not None and sum(map(str.isdigit, text)) > 6


def has_address(text: str) -> bool:
    """Tell whether `text` holds what looks like a mail address."""
    return _ADDRESS.search(text) is not None


def _is_dated(core: str) -> bool:
    """Tell whether what begins with a number begins with a date: "3 times …" does not."""
    return not core[:1].isdigit() or _DATE_FIRST.match(core) is not None


def _ends_in_address(core: str) -> bool:
    return _CLOSED_ADDRESS.search(core) is not None and _TIME.search(core) is not None


def _is_name(core: str) -> bool:
    """Tell whether an attribution without date or address is short and starts like a name."""
    if len(core) > 60 or "," in core or ". " in core:
        return False
    return core[:1].isupper() or " via " in core


def _is_whole(text: str) -> bool:
    """Tell whether no address was broken off at the start of `text`."""
    return not text.startswith(("<", ">", "(", "[", "mailto:")) and text.count("<") == text.count(
        ">"
    )


def _column(line: str, stripped_at: int) -> int | None:
    """Return the place in `line` of a place in its stripped form; None if beyond that line."""
    column = stripped_at + len(line) - len(line.lstrip())
    return column if column < len(line) else None


def is_tail(line: str) -> bool:
    """Tell whether a line that starts with `>` only closes an attribution's broken address."""
    rest = line[1:].strip()
    return 0 < len(rest) < 40 and rest.endswith(_ENDINGS) and _has_verb(rest)
