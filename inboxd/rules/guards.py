"""What must be seen of a mail for a rule's conditions to hold at all, by which rules are indexed.

A guard is no answer: where one of its keys is seen, the rule is asked as ever. Where none is, the
rule cannot match, and need not be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from inboxd.rules.conditions import Condition
from inboxd.rules.leaves import Leaf, leaves
from inboxd.rules.literals import LEAST_LETTERS, needed
from inboxd.rules.searches import basic, split_words, wanted
from inboxd.rules.subjects import PARTIES, has_texts
from inboxd.rules.text import shortened
from inboxd.rules.verdict import MAX_WHY_CHARS


class Key(NamedTuple):
    """Something that may be seen: `word` in what a condition looks at, as all or as a part of it.

    Without a word, it is anything at all.
    """

    what: str
    whole: bool
    word: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Keys of which one must be seen, and what is said of a rule that was not asked for want."""

    keys: frozenset[Key]
    unmet: str


_MOST_KEYS: Final = 200
# How little it tells to see a word in this, and what it costs to look; the least is taken.
_RANKS: Final = {
    "subject": 1,
    "header": 1,
    "body": 2,
    "body.all": 3,
    "contact.tags": 4,
    "contact.fields": 4,
    "language": 5,
    "mailbox": 6,
    "kind": 6,
    "state": 6,
    "priority": 6,
    "assignee": 6,
    "team": 6,
    "sla": 6,
}


def guard_of(condition: Condition | None) -> Guard | None:
    """Return what must be seen for `condition` to hold, or None where that cannot be said."""
    if condition is None:
        return None
    guards = [*_single(condition), *_of_all(condition), *_of_any(condition)]
    return min(guards, key=_rank, default=None)


def _single(condition: Condition) -> Iterator[Guard]:
    for leaf in leaves(condition):
        keys = _keys(leaf)
        if keys is not None and len(keys) <= _MOST_KEYS:
            yield Guard(keys, f"{leaf.label}: not found")


def _of_all(condition: Condition) -> Iterator[Guard]:
    for each in condition.all_ or ():
        guard = guard_of(each)
        if guard is not None:
            yield guard


def _of_any(condition: Condition) -> Iterator[Guard]:
    if condition.any_ is None:
        return
    keys: frozenset[Key] = frozenset()
    reasons: list[str] = []
    for each in condition.any_:
        guard = guard_of(each)
        if guard is None:
            return
        keys |= guard.keys
        reasons.append(guard.unmet)
    if len(keys) <= _MOST_KEYS:
        inner = "; ".join(reasons)
        yield Guard(keys, shortened(f"none of ({inner})", MAX_WHY_CHARS))


def _rank(guard: Guard) -> tuple[int, int, int]:
    worst = max(_RANKS.get(each.what, _RANKS.get(_group(each.what), 0)) for each in guard.keys)
    shortest = min(len(each.word) + (100 if each.whole else 0) for each in guard.keys)
    return worst, -shortest, len(guard.keys)


def _group(what: str) -> str:
    return what.rpartition(".")[0] if what.startswith("contact.fields.") else what.partition(".")[0]


def _keys(leaf: Leaf) -> frozenset[Key] | None:
    what, operator, value = leaf.what, leaf.operator, leaf.value
    if not has_texts(what) or operator in ("is_not", "none_of", "changed_to"):
        return None
    if operator in ("above", "below", "between"):
        return None if what == "priority" else frozenset({Key(what, False, "")})
    if operator == "exists":
        return frozenset({Key(what, False, "")}) if value else None
    if operator == "matches":
        return _of_patterns(what, value)
    if operator == "all_of":
        value = [max(value, key=len)]
    if what in PARTIES:
        domains, addresses, names = split_words(value)
        exact = [*(f"@{each}" for each in domains), *addresses]
        keys = {Key(what, True, each) for each in exact} | _of_words(what, operator, names)
    else:
        keys = _of_words(what, operator, wanted(value))
    return None if any(_says_nothing(each) for each in keys) else frozenset(keys)


def _of_words(what: str, operator: str, words: Iterable[str]) -> set[Key]:
    return {Key(what, basic(operator, what) == "is", each) for each in words}


def _of_patterns(what: str, patterns: Iterable[str]) -> frozenset[Key] | None:
    keys: set[Key] = set()
    for each in patterns:
        found = needed(each)
        if found is None:
            return None
        keys |= {Key(what, False, word) for word in found}
    return frozenset(keys)


def _says_nothing(key: Key) -> bool:
    """Return whether a part is so short that nearly every text has it."""
    return not key.whole and key.word.isascii() and len(key.word) < LEAST_LETTERS
