"""Comparisons of numbers, ages, times and days with what a rule names.

Each says whether it holds and what it has seen. Where there is nothing to compare, none of them
holds but those that say what is not so (`is_not`, `none_of`, `exists: false`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from inboxd.durations import Duration
from inboxd.rules.quantities import DAYS, Clock
from inboxd.rules.subjects import MOMENTS, NUMBERS, has_texts, texts_of
from inboxd.rules.terms import RANKS
from inboxd.rules.view import View

Seen: TypeAlias = tuple[bool, str]
Ask: TypeAlias = Callable[[View], Seen]
_Reads: TypeAlias = Callable[[View], Sequence[Any]]

NEGATIVE: Final = {"is_not": "is", "none_of": "any_of"}
"""Operators that hold exactly where another one does not."""

_NOTHING: Final = "none"


def is_compared(what: str, operator: str) -> bool:
    """Return whether `operator` compares, rather than searches, what the condition looks at."""
    return not has_texts(what) or operator in ("above", "below", "between")


def comparison(what: str, operator: str, value: Any) -> Ask:
    """Return what compares the thing that the condition `what` looks at with `value`."""
    positive = NEGATIVE.get(operator, operator)
    ask = _comparison(what, positive, value)
    return ask if positive == operator else _not(ask)


def _comparison(what: str, operator: str, value: Any) -> Ask:
    if what in MOMENTS:
        return _age(MOMENTS[what], operator, value)
    if what == "time":
        return _time(operator, value)
    if what == "weekday":
        return _weekday(frozenset(day for each in value for day in each.days))
    if what == "business_hours":
        return _open(value)
    if what == "priority":
        ranks = [RANKS[each] for each in (value if operator == "between" else (value,))]
        return _among(_rank, _test(operator, ranks if operator == "between" else ranks[0]))
    if operator == "exists":
        return _any(_numbers(what), value)
    return _among(_numbers(what), _test(operator, value))


def _not(ask: Ask) -> Ask:
    def other(view: View) -> Seen:
        held, seen = ask(view)
        return not held, seen

    return other


def _test(operator: str, value: Any) -> Callable[[Any], bool]:
    match operator:
        case "above":
            return lambda seen: bool(seen > value)
        case "below":
            return lambda seen: bool(seen < value)
        case "between":
            low, high = value
            return lambda seen: bool(low <= seen <= high)
        case _:
            known = frozenset(value)
            return lambda seen: seen in known


def _among(read: _Reads, test: Callable[[Any], bool]) -> Ask:
    """Return what asks whether one of several values passes."""

    def ask(view: View) -> Seen:
        values = read(view)
        return any(map(test, values)), ", ".join(map(_shown, values)) or _NOTHING

    return ask


def _any(read: _Reads, wanted: bool) -> Ask:
    """Return what asks whether one of several values is more than nothing."""

    def ask(view: View) -> Seen:
        values = read(view)
        return any(values) is wanted, ", ".join(map(_shown, values)) or _NOTHING

    return ask


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _rank(view: View) -> tuple[int, ...]:
    return (RANKS[view.conversation.priority],)


def _numbers(what: str) -> _Reads:
    if what in NUMBERS:
        return NUMBERS[what]
    texts = texts_of(what)
    return lambda view: tuple(_read_numbers(each.folded for each in texts(view)))


def _read_numbers(texts: Iterable[str]) -> Iterable[float]:
    """Yield those of `texts` that are numbers; `1,5` and `1 000` are none, for who knows."""
    for text in texts:
        try:
            number = float(text)
        except ValueError:
            continue
        if math.isfinite(number):
            yield number


def _age(read: Callable[[View], datetime | None], operator: str, value: Any) -> Ask:
    def ask(view: View) -> Seen:
        moment = read(view)
        if operator == "exists":
            return (moment is not None) is value, _moment(moment)
        return moment is not None and _is_aged(view, moment, operator, value), _moment(moment)

    return ask


def _moment(moment: datetime | None) -> str:
    return _NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _is_aged(view: View, moment: datetime, operator: str, value: Any) -> bool:
    """Return whether the time that has passed is as asked; a duration ends where it is full."""
    if operator == "within":
        return not _passed(view, moment, value)
    if operator == "older_than":
        return _passed(view, moment, value)
    least, most = value
    return _passed(view, moment, least) and not _passed(view, moment, most)


def _passed(view: View, moment: datetime, duration: Duration) -> bool:
    calendar = view.facts.calendar(view.conversation.team)
    try:
        return duration.after(moment, calendar) <= view.facts.now
    except (ValueError, OverflowError):  # never open again, or beyond the calendar's last year
        return False


def _time(operator: str, value: Any) -> Ask:
    def ask(view: View) -> Seen:
        clock = view.clock
        return _is_time(clock, operator, value), str(clock)

    return ask


def _is_time(clock: Clock, operator: str, value: Any) -> bool:
    match operator:
        case "above":
            return bool(clock >= value)
        case "below":
            return bool(clock < value)
        case "between":
            return bool(value[0] <= clock < value[1])
        case _:
            return any(clock in span for span in value)


def _weekday(days: frozenset[int]) -> Ask:
    def ask(view: View) -> Seen:
        today = view.local.weekday()
        return today in days, DAYS[today]

    return ask


def _open(wanted: bool) -> Ask:
    def ask(view: View) -> Seen:
        is_open = view.facts.calendar(view.conversation.team).is_open(view.facts.now)
        return is_open is wanted, "open" if is_open else "closed"

    return ask
