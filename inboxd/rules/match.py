"""Conditions compiled to checks: each says whether it holds, why, and what its groups caught."""

from __future__ import annotations

from collections.abc import Sequence

from inboxd.rules.conditions import Condition
from inboxd.rules.leaves import leaves
from inboxd.rules.verdict import Check, Verdict
from inboxd.rules.view import View

_NO_CONDITIONS = Verdict(True, "it has no conditions")


def always(view: View) -> Verdict:
    """Hold without looking."""
    return _NO_CONDITIONS


def compiled(condition: Condition | None) -> Check:
    """Return the check that says whether `condition` holds; None holds always."""
    return always if condition is None else _all_of(_checks(condition))


def _checks(condition: Condition) -> list[Check]:
    checks = [leaf.check() for leaf in leaves(condition)]
    if condition.all_ is not None:
        checks += [compiled(each) for each in condition.all_]
    if condition.any_ is not None:
        checks.append(_any_of([compiled(each) for each in condition.any_]))
    if condition.not_ is not None:
        checks.append(_not(compiled(condition.not_)))
    return checks


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
