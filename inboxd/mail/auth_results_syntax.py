"""The syntax of `Authentication-Results` (RFC 8601 section 2.2) and of other structured fields.

Comments nest and may stand between any two words, quoted strings may hold every separator: whoever
looks for `dkim=pass` in the text of the field finds what the sender of the mail wrote there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPACE = " \t\r\n"
_VERSION = "1"
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """What stands between white space, comments and semicolons, with its quotes taken off.

    `equals` is the place of the first `=` that is not quoted, or -1.
    """

    text: str
    equals: int = -1


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method with its result, as in `dkim=pass header.d=shop.example`, names in lower case."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """Return every value of the property `name`: a sender may have smuggled in a second one."""
        return [value for key, value in self.properties if key == name]


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One field: who checked (`authserv_id`, case-folded), and what came of it."""

    authserv_id: str
    results: tuple[MethodResult, ...] = ()


class _Scanner:
    """Reads a field character by character into segments of words."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._at = 0
        self._text: list[str] = []
        self._equals = -1
        self._in_word = False
        self.segments: list[list[Word]] = [[]]
        self.comments: list[str] = []

    def scan(self) -> bool:
        """Read the whole field; False where a quote or a comment is left open."""
        while self._at < len(self._value):
            character = self._value[self._at]
            if character == '"':
                if not self._quoted():
                    return False
            elif character == "(":
                self._end_word()
                if not self._comment():
                    return False
            else:
                self._plain(character)
                self._at += 1
        self._end_word()
        return True

    def _plain(self, character: str) -> None:
        if character in _SPACE:
            self._end_word()
        elif character == ";":
            self._end_word()
            self.segments.append([])
        else:
            if character == "=" and self._equals < 0:
                self._equals = sum(map(len, self._text))
            self._text.append(character)
            self._in_word = True

    def _end_word(self) -> None:
        if self._in_word:
            self.segments[-1].append(Word("".join(self._text), self._equals))
        self._text, self._equals, self._in_word = [], -1, False

    def _quoted(self) -> bool:
        end = _closing(self._value, self._at + 1, '"')
        if end < 0:
            return False
        self._text.append(_unescaped(self._value[self._at + 1 : end]))
        self._in_word = True
        self._at = end + 1
        return True

    def _comment(self) -> bool:
        start, depth = self._at, 0
        while self._at < len(self._value):
            character = self._value[self._at]
            if character == "\\":
                self._at += 1
            depth += (character == "(") - (character == ")")
            self._at += 1
            if depth == 0:
                self.comments.append(self._value[start + 1 : self._at - 1])
                return True
        return False


def _closing(value: str, start: int, mark: str) -> int:
    """Return the place of the next `mark` that no backslash precedes, or -1."""
    at = start
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == mark:
            return at
        at += 1
    return -1


def _unescaped(text: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", text)


def split_words(value: str) -> tuple[list[list[Word]], list[str]] | None:
    """Split a structured field into the words between its semicolons, and its comments.

    None where a quoted string or a comment is never closed.
    """
    scanner = _Scanner(value)
    return (scanner.segments, scanner.comments) if scanner.scan() else None


def parse_authentication_results(value: str) -> AuthenticationResults | None:
    """Read the value of one `Authentication-Results` field; None where it breaks the grammar.

    A statement that cannot be read is left out: it proves nothing.
    """
    split = split_words(value)
    if split is None:
        return None
    (head, *statements), _comments = split
    if not head or len(head) > 2 or head[0].equals >= 0:
        return None
    if len(head) == 2 and head[1].text != _VERSION:
        return None
    results = (_method_result(statement) for statement in statements)
    return AuthenticationResults(head[0].text.casefold(), tuple(r for r in results if r))


def _method_result(words: list[Word]) -> MethodResult | None:
    pairs = _pairs(words)
    if not pairs:
        return None
    (method, result), *properties = pairs
    # "dkim/1=pass" names the version of the method (RFC 8601 section 2.2).
    name, _slash, version = method.partition("/")
    if version not in ("", _VERSION):
        return None
    return MethodResult(name, result.lower(), tuple(properties))


def _pairs(words: list[Word]) -> list[tuple[str, str]]:
    """Return `name=value` for each pair; white space may stand around the `=`. Empty if unfit."""
    pairs: list[tuple[str, str]] = []
    waiting: str | None = None  # a name whose value has not come yet
    bare: str | None = None  # a name whose "=" has not come yet
    for word in words:
        if waiting is not None:
            pairs.append((waiting, word.text))
            waiting = None
        elif word.equals < 0:
            if bare is not None:
                return []
            bare = word.text
        else:
            name = word.text[: word.equals] or bare
            if not name or (bare is not None and word.equals > 0):
                return []
            bare = None
            if len(word.text) == word.equals + 1:
                waiting = name.lower()
            else:
                pairs.append((name.lower(), word.text[word.equals + 1 :]))
    return pairs if waiting is None and bare is None else []
