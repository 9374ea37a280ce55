"""Words of farewell and the names below them, as people end their letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from .quotes_headers import is_rule
from .quotes_phrases import CLOSINGS, COMMA_CLOSINGS, ORIGIN_WORDS, POSTSCRIPTS, THANKS

_LINES: Final = 14
_LONGEST_CLOSING: Final = 60
_LONGEST_LINE: Final = 80
_LONGEST_NAME: Final = 40
_NAME_WORDS: Final = 4
_LOOSE_NAME_WORDS: Final = 2
_RULED_LINES: Final = 8
_SHORT_RULED_LINES: Final = 4
_LONG_RULE: Final = 15
_SHORT_RULE: Final = 4
_TERMINAL: Final = (".", "!", "?", "…", "。", "！", "？")
_RULES: Final = ("-", "_", "=", "*", "—", "–", "~")
_CALM: Final = (".", "!", "。", "！")
_COLONS: Final = (":", "：")
_SENTENCE_END: Final = re.compile(r"[.!?…。！？]$")
# "-Anna", "/John Doe", "— Bob", "- John Doe": capitalised words and nothing else.
_CAPITALISED: Final = r"[^\W\d_a-z][\w.'’-]{0,20}"
_DASHED_NAME: Final = re.compile(
    rf"(?:[-/~]|[–—]\s?){_CAPITALISED}(?: {_CAPITALISED}){{0,3}}"
    rf"|- {_CAPITALISED} {_CAPITALISED}(?: {_CAPITALISED})?"
)
_DASHED_WORD: Final = re.compile(r"-[^\W\d_]{3,12}")
_CONTACT: Final = re.compile(r"@\w|\bwww\.|https?:|(?:\d[\s()/.-]{0,3}){7}|\btel\b|\+\d", re.I)


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


_PARTICLES: Final = _words(
    "von van de der den del della di da dos du la le les of and und y e i et og och ja & al bin"
    " ter ten zu zur"
)
_SPLIT_CLOSINGS: Final = re.compile(r"\s+[/|–-]\s+|\s?/\s?")
_LETTERS: Final = {
    **{code: unicodedata.normalize("NFKD", chr(code))[0] for code in range(0xC0, 0x250)},
    **str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "œ": "oe"}),
    **str.maketrans({"’": "'", "ё": "е", "\u0307": ""}),
}


def _folded(text: str) -> str:
    """Return `text` in lower case without accents, as people type who lack the keys for them."""
    text = text.casefold()
    return text if text.isascii() else text.translate(_LETTERS)


def _table(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_folded, words))


_CLOSINGS: Final = _table(CLOSINGS)
_THANKS: Final = _table(THANKS)
_COMMA_CLOSINGS: Final = _table(COMMA_CLOSINGS)
_ORIGIN_WORDS: Final = _table(ORIGIN_WORDS)
# A closing is looked for in a line that begins like one, decoration aside.
_HEAD: Final = 3
_HEADS: Final = frozenset(
    words[:_HEAD].rstrip() for words in (*_CLOSINGS, *_THANKS, *_COMMA_CLOSINGS)
)
_SHORT_HEADS: Final = frozenset(head for head in _HEADS if len(head) < _HEAD)
_DECORATION: Final = "*_ \u00a0"
_MOST_CLOSING_WORDS: Final = max(closing.count(" ") for closing in _CLOSINGS) + 1


def sign_off(lines: Sequence[str], filled: list[int]) -> int | None:
    """Return where a closing begins that has a line of its own and names, titles, numbers below.

    Above it may stand further closings ("Thanks," / "Best regards," / "Jane"), and, in a language
    that writes both so, its name on the same line ("Mvh Anna").
    """
    found: int | None = None
    named = False
    between = 0
    for place in range(len(filled) - 1, max(-1, len(filled) - 1 - _LINES), -1):
        line = lines[filled[place]].strip()
        below = filled[place + 1] if place + 1 < len(filled) else None
        may_close = len(line) <= _LONGEST_CLOSING and _begins_to_close(line)
        if may_close and _closes(line, lines, filled[place], below):
            if named and (found is None or place):
                found, between = place, 0
        elif (
            may_close
            and place
            and _closes_with_name(line)
            and (named or _stands_apart(lines, filled, place))
        ):
            found, named, between = place, True, 0
        elif found is not None:
            between += 1
            if between > 1 or not _is_name(line):
                break
        elif _could_be_signature(line):
            named = True
        else:
            break
    return None if found is None else filled[found]


def _begins_to_close(line: str) -> bool:
    """Tell cheaply whether `line` may be a closing."""
    head = line[:_HEAD]
    if head.isalpha() and head.isascii():
        return head.casefold() in _HEADS
    head = _folded(line.lstrip(_DECORATION)[:_HEAD])[:_HEAD]
    return head in _HEADS or head[:2].rstrip(" ,/") in _SHORT_HEADS or head[:1] in _SHORT_HEADS


def _closes(line: str, lines: Sequence[str], at: int, below: int | None) -> bool:
    """Tell whether `line` is a closing, and the line `below` it may be a name.

    Thanks are said in the middle of a letter too: below them must stand a name, and right below
    where they end like a sentence.
    """
    text = _folded(line).strip("*_ ")
    words = _without_signs(text)
    if _is_closing(words) or (text.endswith((",", "，")) and words in _COMMA_CLOSINGS):
        return below is None or _may_follow(lines[below].strip())
    if words not in _THANKS:
        return False
    if below is None:
        return True
    name = lines[below].strip()
    if text.rstrip(" ,，、") in _THANKS:
        return _is_name(name) or len(name.split()) <= _LOOSE_NAME_WORDS
    return below == at + 1 and _is_name(name)


def _is_closing(words: str) -> bool:
    """Tell whether `words` are a closing: one, the same in two languages, or with a place."""
    if words in _CLOSINGS:
        return True
    if " " not in words and "/" not in words:
        return False
    parts = _SPLIT_CLOSINGS.split(words)
    if len(parts) == 2 and all(_without_signs(part) in _CLOSINGS for part in parts):
        return True
    tokens = words.split(" ")
    for count in range(1, len(tokens) - 1):
        if tokens[count] in _ORIGIN_WORDS and " ".join(tokens[:count]) in _CLOSINGS:
            return len(tokens) - count <= _NAME_WORDS
    return False


def _without_signs(text: str) -> str:
    """Return `text` without the punctuation and pictures at its end."""
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    return text[:end]


def _closes_with_name(line: str) -> bool:
    """Tell whether `line` is a closing and a name: "Mvh Anna", "Best regards, Jane Doe"."""
    if " " not in line:
        return False
    tokens = line.strip("*_ ").split()
    if len(tokens) > _MOST_CLOSING_WORDS + 3:
        return False
    for count in range(len(tokens) - 1, max(0, len(tokens) - 4), -1):
        closing = _folded(" ".join(tokens[:count]))
        comma = closing.endswith((",", "，"))
        words = _without_signs(closing)
        if words in _CLOSINGS or (comma and words in _COMMA_CLOSINGS):
            return closing[-1:] != ":" and _is_capitalised(tokens[count:])
    return False


def _stands_apart(lines: Sequence[str], filled: list[int], place: int) -> bool:
    """Tell whether the line above ends its sentence or is blank, and announces no list."""
    above = lines[filled[place - 1]].strip()
    apart = filled[place - 1] < filled[place] - 1 or above.endswith(_TERMINAL)
    return apart and not above.endswith(_COLONS)


def _may_follow(line: str) -> bool:
    """Tell whether `line` may stand right below a closing: no sentence that goes on below it."""
    words = line.partition(",")[0].split()
    if not line[:1].islower() or len(words) <= _LOOSE_NAME_WORDS:
        return True
    return words[0].endswith(".")  # "i.A. Max Doe", "gez. Jane Doe"


def _is_name(line: str) -> bool:
    """Tell whether `line` is a few capitalised words, or one word, and nothing else."""
    if not line or len(line) > _LONGEST_NAME or any(map(str.isdigit, line)):
        return False
    if line.endswith((*_COLONS, "?", ",", "!")):
        return False
    words = line.strip("*_ .").split()
    if len(words) == 1:
        return words[0][:1].isalpha()
    return _is_capitalised(words)


def _is_capitalised(words: list[str]) -> bool:
    if not 0 < len(words) <= _NAME_WORDS:
        return False
    return all(
        (word[0].isalpha() and not word[0].islower()) or word.casefold() in _PARTICLES
        for word in words
    ) and any(word[0].isalpha() and not word[0].islower() for word in words)


def _could_be_signature(line: str) -> bool:
    """Tell whether a line may stand below a closing: short, no sentence, no list, no `#tag`."""
    if len(line) > _LONGEST_LINE or line.startswith(("#", "\\#", "?", "* ", "- ")):
        return False
    if line.casefold().startswith(POSTSCRIPTS):
        return False
    if line.endswith(("?", "？")):
        return False
    if _SENTENCE_END.search(line) is None:
        return True
    blanks = line.count(" ")
    return blanks < 2 if line[:1].islower() else blanks <= 4


def ruled_signature(lines: Sequence[str], filled: list[int]) -> int | None:
    """Return where a signature begins that stands below a line of dashes or underscores.

    Rules part other things as well. A signature's is the only one, below a sentence or a blank
    line; and below it stand a name and how to reach its bearer, or a name alone.
    """
    rules = [
        place
        for place in range(max(1, len(filled) - _RULED_LINES - 1), len(filled))
        if lines[filled[place]][:1] in _RULES and is_rule(lines[filled[place]].strip())
    ]
    if len(rules) != 1 or rules[0] == len(filled) - 1:
        return None
    place = rules[0]
    if any(is_rule(lines[index].strip()) for index in filled[:place]):
        return None
    above = lines[filled[place - 1]].strip()
    if above.endswith(_COLONS) or not _stands_apart(lines, filled, place):
        return None
    below = [lines[index].strip() for index in filled[place + 1 :]]
    if not _is_name(below[0]) or not all(map(_could_be_signature, below)):
        return None
    return filled[place] if _is_ruled(lines[filled[place]].strip(), below, above) else None


def _is_ruled(rule: str, below: list[str], above: str) -> bool:
    if any(map(_CONTACT.search, below)):
        return True
    if len(rule) >= _LONG_RULE and not rule.strip("_—─ "):
        return len(below) <= _SHORT_RULED_LINES
    return len(rule) <= _SHORT_RULE and len(below) == 1 and above.endswith(_TERMINAL)


def dashed_name(lines: Sequence[str], filled: list[int]) -> int | None:
    """Return the last line where it is a name behind a dash or a stroke, and in no list.

    It stands below a blank line or the end of a sentence.
    """
    last = filled[-1]
    line = lines[last].strip()
    if len(line) > _LONGEST_CLOSING or line[:1] not in ("-", "/", "~", "–", "—"):
        return None
    above = lines[filled[-2]].strip() if len(filled) > 1 else ""
    if above.endswith(_COLONS) or above[:1] in ("-", "/", "–", "—"):
        return None
    if _DASHED_NAME.fullmatch(line.rstrip(".")) is None:
        lower = _DASHED_WORD.fullmatch(line) is not None and above.endswith(_CALM)
        return last if lower else None
    if line.startswith("- ") and not above.endswith(_TERMINAL):
        return None
    apart = last == 0 or not lines[last - 1].strip() or above.endswith(_TERMINAL)
    return last if apart else None
