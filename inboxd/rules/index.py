"""Which of many rules a mail may match: found by what is in the mail, not by asking each rule.

Sets of rules are bits of a whole number, the first rule the lowest. What is left out cannot match;
what is left in is asked as if there were no index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, TypeAlias

from inboxd.rules.guards import Guard, Key
from inboxd.rules.subjects import PARTIES, texts_of
from inboxd.rules.text import folded
from inboxd.rules.view import View, ViewedAddress, ViewedText

Bits: TypeAlias = int
# From so many words on, one automaton finds them all faster than a search for each.
_AUTOMATON_FROM: Final = 24
# A text is searched in pieces of so many letters, so that one that is made of nothing but matches
# costs no memory to speak of.
_PIECE: Final = 16_000


class Index:
    """An index of rules by their guards; a rule without one is always to be asked."""

    def __init__(self, guards: Sequence[Guard | None]) -> None:
        self.always: Bits = 0
        rules: dict[str, dict[Key, Bits]] = defaultdict(lambda: defaultdict(int))
        for place, guard in enumerate(guards):
            if guard is None:
                self.always |= 1 << place
                continue
            for key in guard.keys:
                rules[key.what][key] |= 1 << place
        self._rooms = [_Room(what, keys) for what, keys in rules.items()]
        self._by_word: dict[str, list[_Room]] = defaultdict(list)
        for room in self._rooms:
            self._by_word[room.what.partition(".")[0]].append(room)

    def candidates(self, view: View) -> Bits:
        """Return the rules that may match what `view` shows."""
        found = self.always
        for room in self._rooms:
            found |= room.seen(view)
        return found

    def besides(self, view: View, moved: frozenset[str]) -> Bits:
        """Return the rules that may match now that what begins with the words `moved` changed."""
        found = 0
        for word in moved:
            for room in self._by_word.get(word, ()):
                found |= room.seen(view)
        return found


class _Room:
    """What is looked for in one thing that conditions look at."""

    def __init__(self, what: str, keys: Mapping[Key, Bits]) -> None:
        self.what = what
        self._texts = _people_of(what) if what in PARTIES else _said(what)
        self._anything = sum(bits for key, bits in keys.items() if not key.word)
        self._whole = {key.word: bits for key, bits in keys.items() if key.whole}
        parts = {key.word: bits for key, bits in keys.items() if key.word and not key.whole}
        self._words, self._bits = tuple(parts), tuple(parts.values())
        self._longest = max(map(len, parts), default=0)
        self._any_part = reduce(or_, parts.values(), 0)
        self._automaton: Any = None

    def seen(self, view: View) -> Bits:
        """Return the rules for which one of their keys is seen."""
        found = 0
        for text in self._texts(view):
            found |= self._anything | self._whole.get(text, 0)
            if self._words:
                found |= self._parts(text)
        return found

    def _parts(self, text: str) -> Bits:
        found = 0
        if len(self._words) < _AUTOMATON_FROM:
            for word, bits in zip(self._words, self._bits, strict=True):
                if word in text:
                    found |= bits
            return found
        if self._automaton is None:
            self._automaton = _automaton(self._words)
        bits_of = self._bits
        for begin in range(0, len(text), _PIECE):
            piece = text[begin : begin + _PIECE + self._longest]
            for which, _, _ in self._automaton.find_matches_as_indexes(piece, overlapping=True):
                found |= bits_of[which]
            if found == self._any_part:
                break
        return found


def _automaton(words: Sequence[str]) -> Any:
    from ahocorasick_rs import AhoCorasick, MatchKind  # a shop with few rules never needs it

    return AhoCorasick(words, matchkind=MatchKind.Standard)


def _said(what: str) -> Callable[[View], Iterable[str]]:
    texts = texts_of(what)
    return lambda view: [form for text in texts(view) for form in _forms(text)]


def _people_of(what: str) -> Callable[[View], Iterable[str]]:
    parties = PARTIES[what]

    def texts(view: View) -> Iterable[str]:
        for party in parties(view):
            yield from _forms(party.written)
            yield f"@{party.domain}"
            yield party.name.folded

    return texts


def _forms(text: ViewedText) -> tuple[str, ...]:
    """Return a text as words and as patterns see it, which for an address may differ."""
    if isinstance(text, ViewedAddress) and not text.raw.isascii():
        return text.folded, folded(text.raw)
    return (text.folded,)
