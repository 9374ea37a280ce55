"""What a text must hold for a pattern to match it: plain letters that stand in the pattern itself.

With them, thousands of patterns need not be tried on a mail that has none of their letters. What
this reader does not understand yields nothing, and its pattern is then always tried.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias
from unicodedata import normalize

Literals: TypeAlias = frozenset[str]
"""Letters, folded, of which at least one must be in the folded text."""

LEAST_LETTERS: Final = 3
_MOST = 40
_LONGEST = 64
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|(?!\[:\^?\w+:\])[^\]\\])*\]", re.DOTALL)
_FLAGS = re.compile(r"\(\?[imsU-]+(?P<end>[:)])")
_OPENS = re.compile(r"\((?:\?:|\?P?<\w+>)?(?!\?)")
_ESCAPED = re.compile(r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP](?:\{\^?\w+\}|\w)|[0-7]{1,3}|.)")
_REPEATED = re.compile(r"(?:\*|\+|\?|\{(?P<least>\d+)(?P<more>,\d*)?\})\??")
_NO_WIDTH: Final = (r"\b", r"\B", r"\A", r"\z")


class _UnknownError(Exception):
    """Something stands in the pattern that this reader does not know."""


def needed(pattern: str) -> Literals | None:
    """Return letters without one of which `pattern` matches no text, or None where none are sure.

    They are plain ASCII, for which the forms that patterns and words are compared in agree.
    """
    pattern = normalize("NFC", pattern)
    try:
        found, end = _Reader(pattern).alternatives(0)
    except (_UnknownError, RecursionError):
        return None
    if end != len(pattern) or found is None or min(map(len, found)) < LEAST_LETTERS:
        return None
    return found


class _Run:
    """Letters that follow one another, and the best set of them that was found so far."""

    def __init__(self) -> None:
        self.letters = ""
        self.best: Literals | None = None

    def end(self) -> None:
        """Let whatever comes next not follow directly."""
        # Between two letters a blank stays one; several become one in a folded text.
        for part in self.letters.split("  "):
            if letters := part[:_LONGEST].strip():
                self.offer(frozenset({letters}))
        self.letters = ""

    def offer(self, found: Literals | None) -> None:
        """Keep `found` where it tells more than what was found before."""
        if found and (self.best is None or _worth(found) > _worth(self.best)):
            self.best = found


def _worth(found: Literals) -> tuple[int, int]:
    return min(map(len, found)), -len(found)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def alternatives(self, at: int) -> tuple[Literals | None, int]:
        """Return what the alternatives from `at` on need, and where they end."""
        sets: list[Literals | None] = []
        while True:
            found, at = self._sequence(at)
            sets.append(found)
            if not self.pattern.startswith("|", at):
                break
            at += 1
        union: frozenset[str] = frozenset()
        for each in sets:
            if each is None:
                return None, at
            union |= each
        return (union if len(union) <= _MOST else None), at

    def _sequence(self, at: int) -> tuple[Literals | None, int]:
        run, pattern = _Run(), self.pattern
        while at < len(pattern) and pattern[at] not in "|)":
            at = self._item(run, at)
        run.end()
        return run.best, at

    def _item(self, run: _Run, at: int) -> int:
        """Read one item with its repetition; returns where the next one begins."""
        char = self.pattern[at]
        if char == "(":
            return self._group(run, at)
        letter, at = self._single(char, at)
        least, most_is_least, at = self._repetition(at)
        if letter is None:
            return at
        if not letter or least == 0:
            run.end()
        elif most_is_least and least <= _LONGEST:
            run.letters += letter * least
        else:
            run.letters += letter
            run.end()
            run.letters = letter
        return at

    def _single(self, char: str, at: int) -> tuple[str | None, int]:
        """Return the letter at `at` ("" for any of several, None for nothing) and its end."""
        if char in "^$":
            return None, at + 1
        if char == "[":
            match = _CLASS.match(self.pattern, at)
            if match is None:
                raise _UnknownError
            return "", match.end()
        if char == "\\":
            match = _ESCAPED.match(self.pattern, at)
            if match is None or match[0] in (r"\Q", r"\E", r"\C"):
                raise _UnknownError
            if match[0] in _NO_WIDTH:
                return None, match.end()
            plain = len(match[0]) == 2 and not match[0][1].isalnum()
            return (_folded(match[0][1]) if plain else ""), match.end()
        return ("" if char == "." else _folded(char)), at + 1

    def _repetition(self, at: int) -> tuple[int, bool, int]:
        """Return how often the item before `at` stands at least, whether exactly, and the end."""
        match = _REPEATED.match(self.pattern, at)
        if match is None:
            return 1, True, at
        if _REPEATED.match(self.pattern, match.end()):
            raise _UnknownError
        if match["least"] is not None:
            return int(match["least"]), match["more"] is None, match.end()
        return (1 if match[0][0] == "+" else 0), False, match.end()

    def _group(self, run: _Run, at: int) -> int:
        flags = _FLAGS.match(self.pattern, at)
        opens = flags or _OPENS.match(self.pattern, at)
        if opens is None:
            raise _UnknownError
        if flags is not None and flags["end"] == ")":
            return flags.end()
        run.end()
        found, at = self.alternatives(opens.end())
        if not self.pattern.startswith(")", at):
            raise _UnknownError
        least, _, at = self._repetition(at + 1)
        if least:
            run.offer(found)
        return at


def _folded(char: str) -> str:
    """Return a letter as texts are compared, or "" where that depends on what stands around it."""
    return char.lower() if char.isascii() and char.isprintable() else ""
