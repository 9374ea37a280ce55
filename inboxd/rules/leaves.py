"""The single questions of a condition, each ready to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from inboxd.rules.comparisons import NEGATIVE, Ask, comparison, is_compared
from inboxd.rules.conditions import GROUPS, Condition
from inboxd.rules.families import OPERATORS, Operators
from inboxd.rules.searches import Find, presence, search, wanted
from inboxd.rules.text import folded, shortened
from inboxd.rules.verdict import Check, Verdict
from inboxd.rules.view import View

_NOTHING: Final[dict[str, str]] = {}
_STRUCTURE: Final = ("all_", "any_", "not_")
# What an event's change is called, where a condition has another name for it.
_CHANGED: Final = {"tags": "tag", "team": "assignee"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One operator of one condition: what is looked at, how, and for which values."""

    what: str
    operator: str
    value: Any

    @property
    def label(self) -> str:
        """The question in words."""
        value = self.value
        shown = ", ".join(map(_word, value if isinstance(value, tuple) else (value,)))
        return shortened(f"{self.what} {self.operator} [{shown}]", 120)

    def check(self) -> Check:
        """Return what answers the question."""
        if self.operator == "changed_to":
            return _compared(self.label, _changed_to(self.what, self.value))
        if is_compared(self.what, self.operator):
            return _compared(self.label, comparison(self.what, self.operator, self.value))
        if self.operator == "exists":
            return _found(self.label, presence(self.what), negated=not self.value)
        positive = NEGATIVE.get(self.operator, self.operator)
        find = search(self.what, positive, self.value)
        return _found(self.label, find, negated=positive != self.operator)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield the questions of a condition itself, in the order in which they are asked."""
    for attribute, info in Condition.model_fields.items():
        asked = getattr(condition, attribute)
        if asked is None or attribute in _STRUCTURE:
            continue
        what = info.alias or attribute
        if what in GROUPS:
            for name, operators in asked.items():
                yield from _questions(f"{what}.{name}", operators)
        else:
            yield from _questions(what, asked)


def _questions(what: str, operators: Operators) -> Iterator[Leaf]:
    given = {info.alias or name: name for name, info in type(operators).model_fields.items()}
    for operator in OPERATORS:
        value = getattr(operators, given[operator]) if operator in given else None
        if value is not None:
            yield Leaf(what, operator, value)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _found(label: str, find: Find, *, negated: bool) -> Check:
    absent = Verdict(negated, label if negated else f"{label}: not found")
    words = f"{label}: found"

    def check(view: View) -> Verdict:
        found = find(view)
        if found is None:
            return absent
        word, match = found
        return Verdict(not negated, words, (), match, word)

    return check


def _compared(label: str, ask: Ask) -> Check:
    words = f"{label}: found"

    def check(view: View) -> Verdict:
        held, seen = ask(view)
        return Verdict(held, words, (), _NOTHING, seen)

    return check


def _changed_to(what: str, words: tuple[str, ...]) -> Ask:
    known = frozenset(wanted(words))
    group, _, name = what.partition(".")
    kind = "field" if group == "fields" else _CHANGED.get(what, what)

    def ask(view: View) -> tuple[bool, str]:
        change = view.facts.change
        if change is None:
            return False, "no change"
        seen = f"{change.what} {change.name}: {change.after or 'nothing'}"
        of_ours = what == "change" or (change.what == kind and (not name or change.name == name))
        return of_ours and change.after is not None and folded(change.after) in known, seen

    return ask
