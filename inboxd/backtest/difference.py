"""Two sets of rules over the same past: what one did and the other did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inboxd.backtest.changes import Change, Deeds

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation in which something is otherwise, and the rule that makes the difference."""

    number: int
    subject: str
    rule: str


@dataclass(slots=True)
class Otherwise:
    """One thing that is done in more (`more`) or fewer (`fewer`) conversations than before."""

    what: str
    value: str
    more: list[Sample] = field(default_factory=list)
    fewer: list[Sample] = field(default_factory=list)
    more_count: int = 0
    fewer_count: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """All that is otherwise.

    `kinds` counts the conversations by what is done otherwise in them; `ends` counts those that
    end otherwise by what it is, and from what to what.
    """

    conversations: int
    mails: int
    touched: int
    items: tuple[Otherwise, ...]
    kinds: dict[str, int]
    ends: tuple[tuple[str, str, str, int, tuple[Sample, ...]], ...]


def difference(before: Deeds, after: Deeds, subjects: Mapping[int, str]) -> Difference:
    """Return what `after` does otherwise than `before`."""
    items: dict[Change, Otherwise] = {}
    kinds: dict[str, set[int]] = {}
    touched: set[int] = set()
    none: Counter[Change] = Counter()
    for number in sorted({*before.changes, *after.changes}):
        was, is_now = before.changes.get(number, none), after.changes.get(number, none)
        for deeds, changes, more in ((after, is_now - was, True), (before, was - is_now, False)):
            for change in changes:
                touched.add(number)
                kinds.setdefault(change[0], set()).add(number)
                rule = deeds.rules.get((number, change), "")
                sample = Sample(number, subjects.get(number, ""), rule)
                _note(items.setdefault(change, Otherwise(*change)), sample, more=more)
    ends = _ends(before, after, subjects, touched)
    ordered = sorted(items.values(), key=lambda each: -(each.more_count + each.fewer_count))
    return Difference(
        conversations=len(after.ends),
        mails=after.mails,
        touched=len(touched),
        items=tuple(ordered),
        kinds={kind: len(numbers) for kind, numbers in sorted(kinds.items())},
        ends=tuple(ends),
    )


def _note(item: Otherwise, sample: Sample, *, more: bool) -> None:
    samples = item.more if more else item.fewer
    if len(samples) < _SAMPLES:
        samples.append(sample)
    if more:
        item.more_count += 1
    else:
        item.fewer_count += 1


def _ends(
    before: Deeds, after: Deeds, subjects: Mapping[int, str], touched: set[int]
) -> Iterable[tuple[str, str, str, int, tuple[Sample, ...]]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for number, end in after.ends.items():
        was = before.ends.get(number)
        for what in end if was is not None else ():
            if was is not None and was[what] != end[what]:
                touched.add(number)
                found.setdefault((what, was[what], end[what]), []).append(number)
    for (what, from_, to), numbers in sorted(found.items(), key=lambda each: -len(each[1])):
        samples = tuple(Sample(n, subjects.get(n, ""), "") for n in numbers[:_SAMPLES])
        yield what, from_, to, len(numbers), samples
