"""Conditions compiled to checks: each says whether it holds, why, and what its groups caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from inboxd.rules.conditions import Condition, Operators
from inboxd.rules.operators import Find, Subject, finds
from inboxd.rules.text import shortened
from inboxd.rules.view import View

MAX_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, the reason, and what the named groups of its patterns caught.

    The reason is `words` and those of the `parts` that decided; it is put together when asked for,
    because of a thousand rules on one mail few are ever explained.
    """

    held: bool
    words: str = ""
    parts: tuple[Verdict, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """The reason in at most `MAX_WHY_CHARS` characters."""
        inner = "; ".join(each.why for each in self.parts)
        text = f"{self.words} ({inner})" if self.words and inner else self.words or inner
        return shortened(text, MAX_WHY_CHARS)


Check: TypeAlias = Callable[[View], Verdict]

_NO_CONDITIONS = Verdict(True, "it has no conditions")


def always(view: View) -> Verdict:
    """Hold without looking."""
    return _NO_CONDITIONS


def compiled(condition: Condition | None) -> Check:
    """Return the check that says whether `condition` holds; None holds always."""
    return always if condition is None else _all_of(_checks(condition))


_SUBJECTS: tuple[tuple[str, str, Subject], ...] = (
    ("mailbox", "mailbox", Subject.MAILBOX),
    ("tags", "tags", Subject.TAGS),
    ("from_", "from", Subject.FROM),
    ("to", "to", Subject.TO),
    ("contact", "contact", Subject.CONTACT),
    ("subject", "subject", Subject.SUBJECT),
    ("body", "body", Subject.BODY),
    ("body_all", "body.all", Subject.BODY_ALL),
)


def _checks(condition: Condition) -> list[Check]:
    checks: list[Check] = []
    for attribute, name, subject in _SUBJECTS:
        operators: Operators | None = getattr(condition, attribute)
        if operators is not None:
            checks += [
                _leaf(f"{name} {operator}", words, find, negated=operator == "none_of")
                for operator, words, find in finds(subject, operators)
            ]
    if condition.all_ is not None:
        checks += [compiled(each) for each in condition.all_]
    if condition.any_ is not None:
        checks.append(_any_of([compiled(each) for each in condition.any_]))
    if condition.not_ is not None:
        checks.append(_not(compiled(condition.not_)))
    return checks


def _leaf(name: str, words: Sequence[str], find: Find, *, negated: bool) -> Check:
    label = shortened(f"{name} [{', '.join(words)}]", 120)
    absent = Verdict(negated, label if negated else f"{label}: not found")

    def check(view: View) -> Verdict:
        found = find(view)
        if found is None:
            return absent
        word, match = found
        return Verdict(not negated, f"{label}: found {shortened(word, 60)}", (), match)

    return check


def _all_of(checks: Sequence[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(view: View) -> Verdict:
        held: list[Verdict] = []
        for each in checks:
            verdict = each(view)
            if not verdict.held:
                return verdict
            held.append(verdict)
        match: dict[str, str] = {}
        for verdict in held:
            match = {**verdict.match, **match}  # who caught a group first keeps it
        return Verdict(True, "", tuple(held), match)

    return check


def _any_of(checks: Sequence[Check]) -> Check:
    def check(view: View) -> Verdict:
        missed: list[Verdict] = []
        for each in checks:
            verdict = each(view)
            if verdict.held:
                return verdict
            missed.append(verdict)
        return Verdict(False, "none of", tuple(missed))

    return check


def _not(inner: Check) -> Check:
    def check(view: View) -> Verdict:
        verdict = inner(view)
        return Verdict(not verdict.held, "not", (verdict,))

    return check
