"""Patterns in RE2, which matches in time linear in the text, whatever the text is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

import re2

from inboxd.rules.text import shortened

MAX_PATTERN_CHARS = 2000
MAX_PROGRAM_STEPS = 500
MAX_GROUP_CHARS = 500
# For a pattern's cached automaton; beyond it RE2 goes on without one, slower but still linear.
_MAX_MEMORY = 2 << 20

_GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# What RE2 names when it refuses a construct that would need backtracking.
_NOT_LINEAR = (
    (re.compile(r"\(\?<?[=!]"), "look-around"),
    (re.compile(r"\\[1-9k]|\(\?P"), "a back-reference"),
    (re.compile(r"\(\?>"), "an atomic group"),
    (re.compile(r"(\*|\+|\?|\{[0-9,]+\})\+"), "a possessive repetition"),
    (re.compile(r"\(\?\("), "a conditional group"),
)


class Pattern:
    """A compiled pattern; ValueError says why a text is none."""

    __slots__ = ("_compiled", "_names", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        if len(source) > MAX_PATTERN_CHARS:
            raise ValueError(f"the pattern is longer than {MAX_PATTERN_CHARS} characters")
        # Texts are in NFKC, so a pattern in decomposed letters would never match.
        raw = normalize("NFC", source).encode("utf-8", "replace")
        compiled = _program(raw)
        self._names = {name.decode(): index for name, index in compiled.groupindex.items()}
        for name in self._names:
            if not _GROUP_NAME.fullmatch(name):
                raise ValueError(f"the group name {name!r} is not made of letters, digits and '_'")
        if not self._names:
            # Without groups to fill in, RE2 needs its fast automaton alone.
            compiled = re2.compile(raw, _options(never_capture=True))
        self._compiled = compiled

    @property
    def groups(self) -> frozenset[str]:
        """The names of the pattern's named groups."""
        return frozenset(self._names)

    def search(self, text: bytes) -> tuple[str, Mapping[str, str]] | None:
        """Return what matched in `text` (UTF-8) and what the named groups caught, or None.

        Groups that took no part or caught nothing are left out. What is returned is on one line
        and at most `MAX_GROUP_CHARS` long.
        """
        match = self._compiled.search(text)
        if match is None:
            return None
        caught = {name: _caught(match[index]) for name, index in self._names.items()}
        return _caught(match[0]), {name: value for name, value in caught.items() if value}


def _options(*, latin1: bool = False, never_capture: bool = False) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.never_capture = never_capture
    if latin1:
        options.encoding = re2.Options.Encoding.LATIN1
    return options


def _program(raw: bytes) -> Any:
    try:
        compiled = re2.compile(raw, _options())
    except re2.error as error:
        raise ValueError(_reason(error)) from None
    steps = _steps(raw, compiled)
    if steps > MAX_PROGRAM_STEPS:
        raise ValueError(
            f"the pattern is too large ({steps} steps, at most {MAX_PROGRAM_STEPS}): "
            "shorten its repetitions, such as {1,1000}, or its alternatives"
        )
    return compiled


def _steps(raw: bytes, compiled: Any) -> int:
    r"""Return the size of the pattern's program as the cost of one character.

    The program for UTF-8 spells classes such as \p{L} out in a thousand steps of which few are
    ever active; read as Latin-1 it has the same shape without them.
    """
    try:
        return int(re2.compile(raw, _options(latin1=True)).programsize)
    except re2.error:  # it names characters beyond Latin-1
        return int(compiled.programsize)


def _reason(error: re2.error) -> str:
    said = error.args[0] if error.args else b""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    _, _, refused = text.partition(": ")
    for construct, name in _NOT_LINEAR:
        if construct.match(refused):
            return (
                f"the pattern has {name}, {shortened(refused, 20)}, which RE2 does not know: "
                "patterns run in time linear in the text"
            )
    return f"the pattern is wrong: {shortened(text, 120)}"


def _caught(value: bytes | None) -> str:
    return shortened((value or b"").decode("utf-8", "replace"), MAX_GROUP_CHARS)
