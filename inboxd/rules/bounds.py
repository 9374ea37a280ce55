"""Whether comparisons of one number, age or flag can hold at the same time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from inboxd.durations import Duration
from inboxd.rules.logic import Literal


def counts_may_hold(asked: Sequence[Literal]) -> bool:
    """Return whether some whole number from 0 on gives all the answers."""
    marks = {0, *(n for each in asked for n in _numbers(each.leaf.value))}
    near = {max(0, int(mark) + step) for mark in marks for step in (-1, 0, 1)}
    return any(
        all(_counts(each.leaf.operator, each.leaf.value, n) is each.holds for each in asked)
        for n in near
    )


def _numbers(value: Any) -> Iterator[float]:
    values = value if isinstance(value, tuple) else (value,)
    yield from (each for each in values if isinstance(each, int | float))


def _counts(operator: str, value: Any, n: int) -> bool:
    match operator:
        case "above":
            return bool(n > value)
        case "below":
            return bool(n < value)
        case "between":
            return bool(value[0] <= n <= value[1])
        case "exists":
            return (n > 0) is value
        case _:
            return n in value


def numbers_may_hold(asked: Sequence[Literal]) -> bool:
    """Return False where no number lies above and below what is asked for."""
    low, high = -math.inf, math.inf
    strict = False
    for each in asked:
        value = each.leaf.value
        if not each.holds:
            continue  # what is no number at all is not above or below anything
        match each.leaf.operator:
            case "above":
                low, strict = max(low, value), True
            case "below":
                high, strict = min(high, value), True
            case "between":
                low, high = max(low, value[0]), min(high, value[1])
    return low < high or (low == high and not strict)


def flags_may_hold(asked: Sequence[Literal]) -> bool:
    """Return whether yes or no gives all the answers."""
    return any(
        all((each.leaf.value is flag) is each.holds for each in asked) for flag in (True, False)
    )


def ages_may_hold(asked: Sequence[Literal]) -> bool:
    """Return False where no age is as old and as young as asked, in one unit of time."""
    positive = any(each.holds for each in asked)
    absent = any(each.leaf.operator == "exists" and not each.holds for each in asked)
    if not positive:
        return True  # nothing has happened yet
    if absent:
        return False
    least = [each for literal in asked for each in _least(literal)]
    most = [each for literal in asked for each in _most(literal)]
    return not any(_is_over(low, high) for low in least for high in most)


def _least(literal: Literal) -> Iterator[Duration]:
    """Yield the durations that an age has at least."""
    operator, value = literal.leaf.operator, literal.leaf.value
    if operator == ("older_than" if literal.holds else "within"):
        yield value
    elif operator == "between" and literal.holds:
        yield value[0]


def _most(literal: Literal) -> Iterator[Duration]:
    """Yield the durations that an age stays below."""
    operator, value = literal.leaf.operator, literal.leaf.value
    if operator == ("within" if literal.holds else "older_than"):
        yield value
    elif operator == "between" and literal.holds:
        yield value[1]


def _is_over(low: Duration, high: Duration) -> bool:
    """Whether `low` is never below `high`; durations of different kinds are not compared."""
    alike = (low.unit, low.business) == (high.unit, high.business)
    exact = low.unit.exact and high.unit.exact and low.business == high.business
    return (alike or exact) and low.amount * low.unit.value >= high.amount * high.unit.value
