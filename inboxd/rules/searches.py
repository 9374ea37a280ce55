"""Searches for words and patterns in what a condition looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from inboxd.rules.patterns import Pattern
from inboxd.rules.subjects import PARTIES, Texts, is_prose, texts_of
from inboxd.rules.text import folded
from inboxd.rules.view import Party, View, ViewedText

Found: TypeAlias = tuple[str, Mapping[str, str]]
"""What was found, and what the named groups of a pattern caught."""
Find: TypeAlias = Callable[[View], Found | None]
_Has: TypeAlias = Callable[[str, str], bool]

# What every search returns that caught nothing: shared, and changed by nobody.
_NOTHING: Mapping[str, str] = {}

_BY_OPERATOR: dict[str, _Has] = {
    "is": lambda said, word: said == word,
    "contains": lambda said, word: word in said,
    "starts_with": lambda said, word: said.startswith(word),
    "ends_with": lambda said, word: said.endswith(word),
}


def basic(operator: str, what: str) -> str:
    """Return which of is, contains, starts_with and ends_with `operator` comes down to."""
    if operator in ("any_of", "all_of"):
        return "contains" if is_prose(what) or what in PARTIES else "is"
    return operator


def search(what: str, operator: str, words: Sequence[str]) -> Find:
    """Return the search for `words` in what the condition `what` looks at."""
    if operator == "matches":
        return _matching(_searched(what), words)
    has = _BY_OPERATOR[basic(operator, what)]
    finds = [
        _party(PARTIES[what], each, has) if what in PARTIES else _text(texts_of(what), each, has)
        for each in ([[word] for word in words] if operator == "all_of" else [words])
    ]
    return finds[0] if len(finds) == 1 else _all_of(finds)


def presence(what: str) -> Find:
    """Return the search for anything at all."""
    texts = _searched(what)

    def find(view: View) -> Found | None:
        for text in texts(view):
            if text.raw.strip():
                return text.raw, _NOTHING
        return None

    return find


def _all_of(finds: Sequence[Find]) -> Find:
    def find(view: View) -> Found | None:
        words: list[str] = []
        for each in finds:
            found = each(view)
            if found is None:
                return None
            words.append(found[0])
        return ", ".join(words), _NOTHING

    return find


def wanted(words: Sequence[str]) -> tuple[str, ...]:
    """Return words as they are compared, each once."""
    return tuple(dict.fromkeys(map(folded, words)))


def _text(texts: Texts, words: Sequence[str], has: _Has) -> Find:
    asked = wanted(words)
    if has is _BY_OPERATOR["is"]:
        known = frozenset(asked)

        def equal(view: View) -> Found | None:
            for text in texts(view):
                if text.folded in known:
                    return text.folded, _NOTHING
            return None

        return equal

    def find(view: View) -> Found | None:
        for text in texts(view):
            said = text.folded
            for word in asked:
                if has(said, word):
                    return word, _NOTHING
        return None

    return find


def split_words(
    words: Sequence[str],
) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """Return the domains, the addresses and the other words of `words`, as they are compared.

    `@domain` is the whole of a domain and `local@domain` the whole of an address, whatever the
    operator, so that no longer domain can pass for one of ours.
    """
    asked = wanted(words)
    domains = frozenset(word[1:] for word in asked if word.startswith("@"))
    addresses = frozenset(word for word in asked if "@" in word[1:-1])
    return domains, addresses, tuple(word for word in asked if "@" not in word[:-1])


def _party(parties: Callable[[View], Sequence[Party]], words: Sequence[str], has: _Has) -> Find:
    """Return the search for `words` among people; see `split_words`.

    Other words than addresses and domains are looked for in the address and in the name.
    """
    domains, addresses, names = split_words(words)

    def find(view: View) -> Found | None:
        for party in parties(view):
            if party.address in addresses or party.domain in domains:
                return party.address, _NOTHING
            for name in names:
                if has(party.address, name) or has(party.name.folded, name):
                    return name, _NOTHING
        return None

    return find


def _matching(texts: Callable[[View], Sequence[ViewedText]], sources: Sequence[str]) -> Find:
    patterns = tuple(map(Pattern, sources))

    def find(view: View) -> Found | None:
        for text in texts(view):
            for pattern in patterns:
                found = pattern.search(text.searchable)
                if found is not None:
                    return found
        return None

    return find


def _searched(what: str) -> Callable[[View], Sequence[ViewedText]]:
    if what not in PARTIES:
        return texts_of(what)
    parties = PARTIES[what]
    return lambda view: [text for each in parties(view) for text in (each.written, each.name)]
