"""Conditions as formulas, and what follows from what: only what can be proven.

A condition becomes `And`, `Or` and literals, `not` pushed down to these. A literal is a question
with its answer. Nothing here knows any mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from inboxd.rules.comparisons import NEGATIVE
from inboxd.rules.conditions import GROUPS, Condition
from inboxd.rules.leaves import Leaf, leaves
from inboxd.rules.searches import basic, wanted
from inboxd.rules.subjects import MOMENTS, NUMBERS, PARTIES
from inboxd.yaml_values import Loc

_SEARCHES: Final = frozenset({"is", "contains", "starts_with", "ends_with"})
_COMPARED: Final = frozenset({*NUMBERS, *MOMENTS, "time", "weekday", "business_hours"})


@dataclass(frozen=True, slots=True)
class Literal:
    """A question (never a negative one) and its answer, with the place where it is asked."""

    leaf: Leaf
    holds: bool
    loc: Loc
    written: str

    @property
    def label(self) -> str:
        """The question as it is written."""
        return self.written


@dataclass(frozen=True, slots=True)
class And:
    """All of these hold; none at all holds always."""

    parts: tuple[Formula, ...]
    loc: Loc


@dataclass(frozen=True, slots=True)
class Or:
    """One of these holds; of none at all, none does."""

    parts: tuple[Formula, ...]
    loc: Loc


Formula: TypeAlias = Literal | And | Or


def formula_of(condition: Condition | None, loc: Loc, *, holds: bool = True) -> Formula:
    """Return what `condition`, written at `loc`, says; or (`holds` false) that it does not hold."""
    if condition is None:
        return And((), loc) if holds else Or((), loc)
    parts: list[Formula] = [_literal(leaf, loc, holds=holds) for leaf in leaves(condition)]
    if condition.all_ is not None:
        parts += [
            formula_of(each, (*loc, "all", i), holds=holds) for i, each in enumerate(condition.all_)
        ]
    if condition.any_ is not None:
        place = (*loc, "any")
        inner = tuple(
            formula_of(each, (*place, i), holds=holds) for i, each in enumerate(condition.any_)
        )
        parts.append(Or(inner, place) if holds else And(inner, place))
    if condition.not_ is not None:
        parts.append(formula_of(condition.not_, (*loc, "not"), holds=not holds))
    if len(parts) == 1:
        return parts[0]
    return And(tuple(parts), loc) if holds else Or(tuple(parts), loc)


def _literal(leaf: Leaf, loc: Loc, *, holds: bool) -> Literal:
    place = (*loc, *_steps(leaf.what), leaf.operator)
    positive = NEGATIVE.get(leaf.operator)
    written = leaf.label if holds else f"not {leaf.label}"
    if positive is not None:
        asked = Leaf(leaf.what, positive, leaf.value)
        return Literal(asked, not holds, place, written)
    if leaf.operator == "exists" and leaf.value is False:
        return Literal(Leaf(leaf.what, "exists", True), not holds, place, written)
    return Literal(leaf, holds, place, written)


def _steps(what: str) -> Loc:
    for group in sorted(GROUPS, key=len, reverse=True):
        if what.startswith(f"{group}."):
            return group, what.removeprefix(f"{group}.")
    return (what,)


def literals(formula: Formula) -> Iterator[Literal]:
    """Yield the literals that hold wherever `formula` does."""
    if isinstance(formula, Literal):
        yield formula
    elif isinstance(formula, And):
        for each in formula.parts:
            yield from literals(each)


def alternatives(formula: Formula) -> Iterator[Or]:
    """Yield the alternatives that are open wherever `formula` holds."""
    if isinstance(formula, Or):
        yield formula
    elif isinstance(formula, And):
        for each in formula.parts:
            yield from alternatives(each)


def implies(given: Formula, sought: Formula) -> bool:
    """Return whether it can be proven that `sought` holds wherever `given` does."""
    if isinstance(sought, And):
        return all(implies(given, each) for each in sought.parts)
    if isinstance(sought, Or) and any(implies(given, each) for each in sought.parts):
        return True
    if isinstance(sought, Literal) and any(follows(each, sought) for each in literals(given)):
        return True
    return any(
        each.parts and all(implies(part, sought) for part in each.parts)
        for each in alternatives(given)
    )


def follows(given: Literal, sought: Literal) -> bool:
    """Return whether one literal follows from another."""
    if given.holds != sought.holds:
        return False
    if given.holds:
        return asserts(given.leaf, sought.leaf)
    return asserts(sought.leaf, given.leaf)


def contradicts(one: Literal, other: Literal) -> bool:
    """Return whether two literals never hold together, because one is the other's opposite."""
    if one.holds == other.holds:
        return False
    holding, failing = (one, other) if one.holds else (other, one)
    return asserts(holding.leaf, failing.leaf)


def asserts(given: Leaf, sought: Leaf) -> bool:
    """Return whether the answer yes to `given` is the answer yes to `sought`, too."""
    if given.what != sought.what or "changed_to" in (given.operator, sought.operator):
        return given == sought
    if given == sought:
        return True
    if given.what in _COMPARED or not isinstance(given.value, tuple):
        return _same_choice(given, sought)
    if sought.operator == "exists":
        return given.operator not in ("exists", "matches")  # a pattern may match nothing
    if not isinstance(sought.value, tuple) or "between" in (given.operator, sought.operator):
        return False
    return _words_assert(given, sought)


def _same_choice(given: Leaf, sought: Leaf) -> bool:
    """Return whether the choices of `given` are among those of `sought`."""
    alike = {given.operator, sought.operator} <= {"is", "any_of"}
    values = (given.value, sought.value)
    if not alike or not all(isinstance(each, tuple) for each in values):
        return False
    return set(map(str, given.value)) <= set(map(str, sought.value))


@lru_cache(maxsize=20_000)
def _compared_words(value: tuple[object, ...]) -> tuple[str, ...]:
    return wanted([*map(str, value)])


def _words_assert(given: Leaf, sought: Leaf) -> bool:
    if "matches" in (given.operator, sought.operator):
        same = given.operator == sought.operator
        return same and set(given.value) <= set(sought.value)
    has, asked = _compared_words(given.value), _compared_words(sought.value)
    found = [[each for each in asked if _finds(given, word, sought, each)] for word in has]
    if given.operator == "all_of":
        together = {each for each_found in found for each in each_found}
        return set(asked) <= together if sought.operator == "all_of" else bool(together)
    if sought.operator == "all_of":
        return all(len(each) == len(asked) for each in found)
    return all(found)


def _finds(given: Leaf, word: str, sought: Leaf, asked: str) -> bool:
    """Return whether a text in which `given` finds `word` is one in which `asked` is found."""
    has, asks = basic(given.operator, given.what), basic(sought.operator, sought.what)
    if word == asked and has == asks:
        return True
    # An address or a domain is looked for as a whole, whatever the operator.
    if given.what in PARTIES or not {has, asks} <= _SEARCHES:
        return False
    if has == "is":
        return _is_in(asks, asked, word)
    return asked in word if asks == "contains" else has == asks and _is_in(asks, asked, word)


def _is_in(operator: str, asked: str, text: str) -> bool:
    match operator:
        case "contains":
            return asked in text
        case "starts_with":
            return text.startswith(asked)
        case "ends_with":
            return text.endswith(asked)
        case _:
            return asked == text
