"""Whether questions about one thing can have their answers at the same time.

Where a thing has few values (a state, a mailbox) or is asked to be one of a few words, each of them
is tried with the very checks that rules are asked by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from inboxd.calendars import weekdays
from inboxd.mail.model import Kind
from inboxd.rules.bounds import ages_may_hold, counts_may_hold, flags_may_hold, numbers_may_hold
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts
from inboxd.rules.leaves import Leaf
from inboxd.rules.logic import Literal, contradicts
from inboxd.rules.subjects import MOMENTS, NUMBERS, is_prose
from inboxd.rules.terms import Known, Priority
from inboxd.rules.view import View

STATES: Final = ("open", "pending", "snoozed", "closed", "spam")
LIVE: Final = frozenset({"open", "pending", "snoozed"})
_ELSE: Final = "-"  # somebody who is not there any more may still have a conversation
_CONVERSATION: Final = ConversationFacts(number=1)
_UTC: Final = ZoneInfo("UTC")
_MONDAY: Final = datetime(2030, 6, 3, tzinfo=_UTC)
_DAY_MINUTES: Final = 24 * 60
_SINGLE: Final = ("subject", "language")  # texts of which a mail has one at most
_CLOSED: Final = ("state", "priority", "mailbox", "kind", "assignee", "team")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a rule is asked: its mailboxes and, for a timer, the states it waits in."""

    known: Known
    mailboxes: frozenset[str] = frozenset()
    states: frozenset[str] = field(default_factory=lambda: frozenset(STATES))


def clash(asked: Sequence[Literal], scope: Scope) -> tuple[Literal, ...]:
    """Return literals that never hold together, as few as can be; none where all may hold."""
    by_what: dict[str, list[Literal]] = {}
    for each in asked:
        by_what.setdefault(each.leaf.what, []).append(each)
    for what, about in by_what.items():
        if found := _clash_about(what, about, scope):
            return found
    return ()


def _clash_about(what: str, asked: list[Literal], scope: Scope) -> tuple[Literal, ...]:
    for i, one in enumerate(asked):
        if not _may_hold(what, [one], scope):
            return (one,)
        for other in asked[:i]:
            if contradicts(one, other) or not _may_hold(what, [other, one], scope):
                return other, one
    return () if _may_hold(what, asked, scope) else tuple(asked)


def _may_hold(what: str, asked: Sequence[Literal], scope: Scope) -> bool:
    """Return False where it can be proven that the answers never come together."""
    tried = [each for each in asked if each.leaf.operator != "changed_to"]
    if what in MOMENTS:
        return ages_may_hold(tried)
    if what == "business_hours":
        return flags_may_hold(tried)
    if what in NUMBERS:
        return what == "attachments.size" or counts_may_hold(tried)
    if what.startswith("fields.") and not numbers_may_hold(tried):
        return False
    views = _views(what, tried, scope)
    if views is None:
        return True
    checks = [(each.leaf.check(), each.holds) for each in tried if _is_exact(what, each.leaf)]
    return any(all(check(view).held is holds for check, holds in checks) for view in views)


def _is_exact(what: str, leaf: Leaf) -> bool:
    """Whether one word stands for all that compare like it: not where a pattern sees its case."""
    return leaf.operator != "matches" or what in _CLOSED


def _views(what: str, asked: Sequence[Literal], scope: Scope) -> Iterable[View] | None:
    """Return views that stand for all that there can be; None where that is too much."""
    if what == "time":
        return _moments(_DAY_MINUTES, timedelta(minutes=1))
    if what == "weekday":
        return _moments(7, timedelta(days=1))
    values = _values(what, asked, scope)
    return None if values is None else [_view(what, value) for value in values]


@cache
def _moments(count: int, step: timedelta) -> tuple[View, ...]:
    calendar = weekdays(_UTC)
    return tuple(
        View(Facts("-", "-", _CONVERSATION, now=_MONDAY + i * step, calendar=lambda _: calendar))
        for i in range(count)
    )


def _values(what: str, asked: Sequence[Literal], scope: Scope) -> Sequence[str | None] | None:
    match what:
        case "state":
            return sorted(scope.states)
        case "priority":
            return get_args(Priority)
        case "mailbox":
            return sorted(scope.mailboxes or scope.known.mailboxes) or None
        case "assignee":
            return (*sorted(scope.known.agents), _ELSE, None)
        case "team":
            return (*sorted(scope.known.teams), _ELSE, None)
        case "kind":
            return (*(each.value for each in Kind), None)
    single = what in _SINGLE or what.startswith("fields.")
    return _named_words(what, asked) if single else None


def _named_words(what: str, asked: Sequence[Literal]) -> list[str] | None:
    """Return the words of which the thing has to be one, where a question says so."""
    whole = ("is",) if is_prose(what) else ("is", "any_of")
    for each in asked:
        if each.holds and each.leaf.operator in whole and isinstance(each.leaf.value, tuple):
            return [str(value) for value in each.leaf.value]
    return None


def _view(what: str, value: str | None) -> View:
    """Return a view in which `what` is `value`; None is nothing at all."""
    message: MessageFacts | None = MessageFacts()
    changed: dict[str, Any] = {}
    mailbox = "-"
    group, _, name = what.partition(".")
    match group:
        case "mailbox":
            mailbox = value or "-"
        case "kind":
            message = MessageFacts(kind=value) if value is not None else None
        case "subject":
            message = MessageFacts(subject=value or "")
        case "language":
            message = MessageFacts(language=lambda: value or "")
        case "fields":
            changed = {"fields": {name: value or ""}}
        case _:
            changed = {what: value}
    return View(Facts("-", mailbox, replace(_CONVERSATION, **changed), message))
