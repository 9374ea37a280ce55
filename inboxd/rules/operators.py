"""Operators compiled to searches: what each kind of fact is asked, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from inboxd.rules.conditions import Operators
from inboxd.rules.patterns import Pattern
from inboxd.rules.text import folded
from inboxd.rules.view import Party, View, ViewedText

Found: TypeAlias = tuple[str, Mapping[str, str]]
Find: TypeAlias = Callable[[View], Found | None]
_Texts: TypeAlias = Callable[[View], Sequence[ViewedText]]
_Parties: TypeAlias = Callable[[View], Sequence[Party]]

# What every search returns that caught nothing: shared, and changed by nobody.
_NOTHING: Mapping[str, str] = {}


class Subject(Enum):
    """What a condition can look at."""

    MAILBOX = "mailbox"
    TAGS = "tags"
    FROM = "from"
    TO = "to"
    CONTACT = "contact"
    SUBJECT = "subject"
    BODY = "body"
    BODY_ALL = "body.all"


_PARTIES: dict[Subject, _Parties] = {
    Subject.FROM: lambda view: view.senders,
    Subject.TO: lambda view: view.recipients,
    Subject.CONTACT: lambda view: view.contacts,
}
# Facts that are names: any_of asks for one of them as a whole.
_NAMES: dict[Subject, _Texts] = {
    Subject.MAILBOX: lambda view: (view.mailbox,),
    Subject.TAGS: lambda view: view.tags,
}
# Facts that are prose: any_of asks for a part of it.
_PROSE: dict[Subject, _Texts] = {
    Subject.SUBJECT: lambda view: (view.subject,),
    Subject.BODY: lambda view: (view.body,),
    Subject.BODY_ALL: lambda view: (view.body_all,),
}


def finds(subject: Subject, operators: Operators) -> Iterator[tuple[str, tuple[str, ...], Find]]:
    """Yield each operator's name, its words, and the search for them in `subject`.

    A search returns the first word that it found and what a pattern's groups caught, or None.
    """
    asked = (
        ("is", operators.is_),
        ("contains", operators.contains),
        ("any_of", operators.any_of),
        ("none_of", operators.none_of),
        ("matches", operators.matches),
    )
    for name, words in asked:
        if words is None:
            continue
        if name == "matches":
            yield name, words, _matching(subject, words)
        elif subject in _PARTIES:
            yield name, words, _party(_PARTIES[subject], words, whole=name == "is")
        elif subject in _PROSE:
            yield name, words, _text(_PROSE[subject], words, whole=name == "is")
        else:
            yield name, words, _text(_NAMES[subject], words, whole=name != "contains")


def _text(texts: _Texts, words: Sequence[str], *, whole: bool) -> Find:
    wanted = tuple(dict.fromkeys(map(folded, words)))

    def equal(view: View) -> Found | None:
        for text in texts(view):
            if text.folded in wanted:
                return text.folded, _NOTHING
        return None

    def contained(view: View) -> Found | None:
        for text in texts(view):
            said = text.folded
            for word in wanted:
                if word in said:
                    return word, _NOTHING
        return None

    return equal if whole else contained


def _party(parties: _Parties, words: Sequence[str], *, whole: bool) -> Find:
    """Return the search for `words` among addresses.

    `@domain` is the whole of a domain and `local@domain` the whole of an address, whatever the
    operator, so that no longer domain can pass for one of ours. Other words are names, or with
    `whole` false parts of a name or an address.
    """
    wanted = tuple(dict.fromkeys(map(folded, words)))
    domains = frozenset(word[1:] for word in wanted if word.startswith("@"))
    addresses = frozenset(word for word in wanted if "@" in word[1:-1])
    names = tuple(word for word in wanted if "@" not in word[:-1])

    def find(view: View) -> Found | None:
        for party in parties(view):
            if party.address in addresses or party.domain in domains:
                return party.address, _NOTHING
            for name in names:
                if whole and name in (party.name.folded, party.address):
                    return name, _NOTHING
                if not whole and (name in party.address or name in party.name.folded):
                    return name, _NOTHING
        return None

    return find


def _matching(subject: Subject, sources: Sequence[str]) -> Find:
    patterns = tuple(map(Pattern, sources))
    texts = _searched(subject)

    def find(view: View) -> Found | None:
        for text in texts(view):
            for pattern in patterns:
                found = pattern.search(text.searchable)
                if found is not None:
                    return found
        return None

    return find


def _searched(subject: Subject) -> _Texts:
    if subject not in _PARTIES:
        return (_NAMES | _PROSE)[subject]
    parties = _PARTIES[subject]
    return lambda view: [text for each in parties(view) for text in (each.written, each.name)]
