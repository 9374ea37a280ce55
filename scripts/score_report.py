"""The figures of a scored corpus: as lines, as JSON, and against what is aimed at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from score_checks import Check
from score_run import SLOW_SECONDS, Result

# Of the checks in a group (or under a name) this share has to be right, in each folder.
AIMS = {
    "subject": 0.95,
    "sender": 0.95,
    "to": 0.95,
    "cc": 0.95,
    "reply_to": 0.95,
    "attachment names": 0.95,
    "reply": 0.90,
    "bounce": 0.97,
    "recipients": 0.95,
    "automatic": 1.0,
    "threads": 1.0,
}
MOST_FALSE_BOUNCES = 1


@dataclass(slots=True)
class Tally:
    """How many of something were right."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.of += 1

    @property
    def share(self) -> float:
        """The share that was right, from 0 to 1."""
        return self.right / self.of if self.of else 1.0


@dataclass(slots=True)
class Score:
    """What came of a folder; `groups` and `names` are tallies of its checks."""

    folder: str
    results: list[Result] = field(default_factory=list)
    files: Tally = field(default_factory=Tally)
    only_read: int = 0
    crashes: list[str] = field(default_factory=list)
    slow: list[tuple[str, float]] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    groups: dict[str, Tally] = field(default_factory=dict)
    names: dict[str, Tally] = field(default_factory=dict)
    false_bounces: list[str] = field(default_factory=list)
    unscored: set[str] = field(default_factory=set)


def summed(folder: str, results: Iterable[Result]) -> Score:
    """Add the results of a folder up."""
    score = Score(folder)
    for result in results:
        score.results.append(result)
        score.crashes += result.crashes
        score.unscored |= result.unscored
        score.slowest = max(score.slowest, result.slowest)
        score.slow += [(f, s) for f, s in result.seconds.items() if s > SLOW_SECONDS]
        if result.checks or result.crashes:
            score.files.add(result.right)
        else:
            score.only_read += 1
        groups: dict[str, bool] = {}
        for each in result.checks:
            score.names.setdefault(each.name, Tally()).add(each.right)
            groups[each.group] = groups.get(each.group, True) and each.right
        for group, right in groups.items():
            score.groups.setdefault(group, Tally()).add(right)
    score.false_bounces = _false_bounces(score)
    return score


def _false_bounces(score: Score) -> list[str]:
    """Return the mails that are called bounces wrongly.

    In a folder of bounces the collector says so. Elsewhere a bounce carries a delivery status.
    """
    if "bounce" not in score.groups and "recipients" not in score.groups:
        return [result.file for result in score.results if result.bounce]
    return [
        result.file
        for result in score.results
        for each in result.checks
        if each.name == "is_bounce" and not each.right and each.expected == "False"
    ]


HEADING = f"{'folder':<24}{'files':>6}{'right':>7}{'wrong':>7}{'crashed':>9}{'%':>8}   slowest"


def lines(score: Score) -> Iterator[str]:
    """Yield a folder's line, and one for each thing checked where these are several."""
    files = score.files
    crashed = sum(1 for result in score.results if result.crashes)
    share = f"{100 * files.share:.1f}" if files.of else "–"
    yield (
        f"{score.folder:<24}{len(score.results):>6}{files.right:>7}"
        f"{files.of - files.right - crashed:>7}{crashed:>9}{share:>8}"
        f"   {score.slowest[1]} {1000 * score.slowest[0]:.0f} ms"
    )
    for name, tally in _details(score):
        yield f"  {name:<36}{tally.right:>5} of {tally.of:<5}{100 * tally.share:>6.1f} %"
    if score.only_read:
        yield f"  {'nothing asked but reading':<36}{score.only_read:>5}"
    if score.false_bounces:
        yield f"  taken for a bounce wrongly: {', '.join(score.false_bounces)}"
    if score.unscored:
        yield f"  not scored: {', '.join(sorted(score.unscored))}"
    yield from (f"  slow: {file} {spent:.1f} s" for file, spent in score.slow)
    yield from (f"  crashed: {crash}" for crash in score.crashes)


def _details(score: Score) -> list[tuple[str, Tally]]:
    """Return the tallies to show: by name, and by group where a group has several names."""
    names = score.names
    several = {
        group: tally
        for group, tally in score.groups.items()
        if group not in names and len(names) > 1
    }
    shown = {**several, **names}
    return sorted(shown.items()) if len(shown) > 1 else []


def disagreements(score: Score) -> Iterator[str]:
    """Yield every check that failed: the file, what was expected, what we have."""
    for result in score.results:
        for each in result.checks:
            if not each.right:
                expected, got = _apart(each)
                yield f"    {result.file}: {each.name}"
                yield f"      expected  {expected}"
                yield f"      got       {got}"


def _apart(check: Check, most: int = 110) -> tuple[str, str]:
    """Return both texts shortened to where they differ."""
    expected, got = check.expected, check.got
    same = next(
        (i for i, (a, b) in enumerate(zip(expected, got, strict=False)) if a != b),
        min(len(expected), len(got)),
    )
    start = max(0, same - 30)

    def cut(text: str) -> str:
        head = "…" if start else ""
        tail = "…" if len(text) > start + most else ""
        return head + text[start : start + most] + tail

    return cut(expected), cut(got)


def as_json(scores: Sequence[Score]) -> dict[str, Any]:
    """Return all figures as one document."""
    return {"folders": [_json_of(score) for score in scores], "missed": list(missed(scores))}


def _json_of(score: Score) -> dict[str, Any]:
    crashed = sum(1 for result in score.results if result.crashes)
    return {
        "folder": score.folder,
        "files": len(score.results),
        "scored": score.files.of,
        "right": score.files.right,
        "wrong": score.files.of - score.files.right - crashed,
        "crashed": crashed,
        "slowest": {"file": score.slowest[1], "ms": round(1000 * score.slowest[0], 1)},
        "slow": [file for file, _ in score.slow],
        "false_bounces": score.false_bounces,
        "checks": {n: {"right": t.right, "of": t.of} for n, t in sorted(score.names.items())},
        "groups": {n: {"right": t.right, "of": t.of} for n, t in sorted(score.groups.items())},
        "disagreements": [
            {"file": r.file, "check": c.name, "expected": c.expected, "got": c.got}
            for r in score.results
            for c in r.checks
            if not c.right
        ],
        "crashes": score.crashes,
    }


def missed(scores: Sequence[Score]) -> Iterator[str]:
    """Yield a sentence for each aim that was missed."""
    for score in scores:
        for group, aim in AIMS.items():
            tally = score.groups.get(group)
            if tally is not None and tally.share < aim:
                reached = f"{tally.right} of {tally.of} ({100 * tally.share:.1f} %)"
                yield f"{score.folder}: {group} {reached}; the aim is {100 * aim:.0f} %"
        if score.crashes:
            yield f"{score.folder}: {len(score.crashes)} crashed"
        if score.slow:
            yield f"{score.folder}: {len(score.slow)} slower than {SLOW_SECONDS:g} s"
    wrong = [f"{score.folder}/{file}" for score in scores for file in score.false_bounces]
    if len(wrong) > MOST_FALSE_BOUNCES:
        yield f"{len(wrong)} taken for bounces wrongly: {', '.join(wrong)}"
