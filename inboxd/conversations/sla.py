"""What became of the promises in a conversation, and by when each is to be kept. Pure.

A promise starts when a customer waits, stands still in the states that its policy names, and ends
when we have answered or are done. Its due moment follows from when it started, from the pauses and
from what the policy says at the time, so that it can be worked out again when any of it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from inboxd.calendars import Calendar
from inboxd.config.sla import SlaPolicy
from inboxd.conversations.states import ConversationState, SlaState
from inboxd.durations import Duration

SlaKind = Literal["first_response", "next_response", "resolution"]
RESPONSES: Final = ("first_response", "next_response")
KIND_NAMES: Final = {
    "first_response": "first response",
    "next_response": "next response",
    "resolution": "resolution",
}
NONE: Final = "none"
"""The name that stands for no policy at all."""

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Target:
    """One promise in a conversation; `id` is 0 until it is kept in the database.

    `pauses` are the times in which it stood still, the last one open-ended while it does. `due_at`
    is None then. `warned_at` and `breached_at` say when rules were told, once each.
    """

    kind: SlaKind
    policy: str
    started_at: datetime
    due_at: datetime | None
    warn_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    state: SlaState = SlaState.RUNNING
    ended_at: datetime | None = None
    id: int = 0

    @property
    def active(self) -> bool:
        """Whether it is still to be kept."""
        return self.state in (SlaState.RUNNING, SlaState.PAUSED)

    def is_late(self, now: datetime) -> bool:
        """Return whether its time was over at `now` while it ran."""
        return self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy by its name, with what it depends on: the priority and the calendar."""

    name: str
    policy: SlaPolicy
    priority: str
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Happened:
    """What has happened to a conversation, in which order does not matter.

    `waiting_since` is since when the customer waits for a word of ours, where that has just begun
    or was not looked at before; `first` says that nobody has answered yet. `answered` is an answer
    by a person, and `state` how the conversation stands now.
    """

    now: datetime
    state: ConversationState
    answered: bool = False
    waiting_since: datetime | None = None
    first: bool = False


def settled(
    targets: Iterable[Target], terms: Terms | None, happened: Happened
) -> tuple[Target, ...]:
    """Return the promises as they stand after what happened: ended, moved, paused and new ones."""
    found = [_ended(each, terms, happened) for each in targets]
    if terms is None or happened.state in (ConversationState.CLOSED, ConversationState.SPAM):
        return tuple(found)
    if happened.waiting_since is not None:
        found += _begun(found, terms, happened, happened.waiting_since)
    return tuple(_moved(each, terms, happened) if each.active else each for each in found)


def _ended(target: Target, terms: Terms | None, happened: Happened) -> Target:
    """Return a promise that was kept, or that is none any more, as ended."""
    if not target.active:
        return target
    if happened.answered and target.kind in RESPONSES:
        return _end(target, SlaState.MET, happened.now)
    if happened.state is ConversationState.CLOSED:
        return _end(target, SlaState.MET, happened.now)
    promised = terms is not None and terms.policy.length(target.kind, terms.priority) is not None
    if happened.state is ConversationState.SPAM or not promised:
        return _end(target, SlaState.DROPPED, happened.now)
    return target


def _end(target: Target, state: SlaState, now: datetime) -> Target:
    pauses = _resumed(target.pauses, now)
    return replace(target, state=state, ended_at=now, pauses=pauses)


def _begun(
    targets: Sequence[Target], terms: Terms, happened: Happened, since: datetime
) -> Iterator[Target]:
    """Yield the promises that begin where a customer waits who did not before."""
    active = {each.kind for each in targets if each.active}
    kinds: list[SlaKind] = []
    if not active & set(RESPONSES) and not happened.answered:
        kinds.append("first_response" if happened.first else "next_response")
    if "resolution" not in active:
        kinds.append("resolution")
    for kind in kinds:
        if terms.policy.length(kind, terms.priority) is not None:
            yield Target(kind, terms.name, since, None)


def _moved(target: Target, terms: Terms, happened: Happened) -> Target:
    """Return a promise as it is due by the terms that hold now, or standing still."""
    length = terms.policy.length(target.kind, terms.priority)
    assert length is not None  # what is not promised any more has ended
    target = replace(target, policy=terms.name)
    paused = happened.state.value in terms.policy.pause
    if paused and target.state is SlaState.PAUSED:
        return target
    if paused:
        pauses = (*target.pauses, (happened.now, None))
        return replace(target, state=SlaState.PAUSED, pauses=pauses, due_at=None, warn_at=None)
    pauses = _resumed(target.pauses, happened.now)
    whole = length.after(target.started_at, terms.calendar)
    due = _after_pauses(target.started_at, whole, length, pauses, terms.calendar)
    warn = _warning(target.started_at, whole, due, length, terms)
    return replace(target, state=SlaState.RUNNING, pauses=pauses, due_at=due, warn_at=warn)


def _resumed(pauses: tuple[Pause, ...], now: datetime) -> tuple[Pause, ...]:
    return tuple((since, now if until is None else until) for since, until in pauses)


def due_moment(
    start: datetime, length: Duration, pauses: Iterable[Pause], calendar: Calendar
) -> datetime:
    """Return when something is due that may take `length` from `start`, but for the pauses.

    What is left of the time is kept: a pause moves the moment by as much working time as it took,
    or by all of its time where `length` is no business time. A pause after the end moves nothing.
    """
    return _after_pauses(start, length.after(start, calendar), length, pauses, calendar)


def _after_pauses(
    start: datetime, due: datetime, length: Duration, pauses: Iterable[Pause], calendar: Calendar
) -> datetime:
    for since, until in pauses:
        if until is None or since >= due:
            break
        since = max(since, start)
        if until <= since:  # somebody has put the clock back
            continue
        if length.business:
            due = calendar.advance(due, calendar.open_between(since, until))
        else:
            due += until - since
    return due


def _warning(
    start: datetime, whole: datetime, due: datetime, length: Duration, terms: Terms
) -> datetime | None:
    """Return when to warn of a promise that is due at `due`, and were at `whole` but for pauses."""
    warn_at, calendar = terms.policy.warn_at, terms.calendar
    if warn_at is None:
        return None
    if isinstance(warn_at, int):
        business = length.business
        total = calendar.open_between(start, whole) if business else whole - start
        if business and whole == due:
            return calendar.advance(start, total * warn_at / 100)
        before = total * (100 - warn_at) / 100
    else:
        business = warn_at.business
        # A day is what is open on one: that much before the end is a matter of working time, too.
        before = _working_time(warn_at, due, calendar) if business else _seconds(warn_at)
    if not business:
        return max(start, due - before)
    total = calendar.open_between(start, due)
    return calendar.advance(start, total - before) if before < total else start


def _seconds(duration: Duration) -> timedelta:
    return timedelta(seconds=duration.seconds)


def _working_time(duration: Duration, near: datetime, calendar: Calendar) -> timedelta:
    """Return how much working time a business duration is in the days around `near`."""
    start = near - timedelta(days=1)
    return calendar.open_between(start, duration.after(start, calendar))


def next_due(targets: Iterable[Target], kinds: Iterable[str] = RESPONSES) -> Target | None:
    """Return the running promise of one of `kinds` that is due first, or None."""
    wanted = set(kinds)
    running = [each for each in targets if each.due_at is not None and each.active]
    of_kinds = [each for each in running if each.kind in wanted]
    return min(of_kinds, key=lambda each: each.due_at or each.started_at, default=None)
