"""How a promise reads to people (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from inboxd.conversations.sla import KIND_NAMES, Target, next_due
from inboxd.conversations.states import SlaState
from inboxd.desk.words import span

_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_WEEK = 6


def day_and_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a moment as it reads in `zone` at `now`: `today 16:00`, `Tue 9:00`, with a date."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if days in _DAYS:
        day = _DAYS[days]
    else:
        day = f"{local:%a}" if abs(days) <= _WEEK else f"{local:%a %Y-%m-%d}"
    return f"{day} {local.hour}:{local:%M}"


def due(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return when something is due, in the words of a list: `due today 16:00`."""
    word = "due" if at > now else "overdue since"
    return f"{word} {day_and_time(at, now, zone)}"


def sentence(targets: Iterable[Target], now: datetime, zone: ZoneInfo) -> str:
    """Return the promise that is due first, such as `Answer due today 16:00 (in 2 h)`, or ""."""
    targets = list(targets)
    answer = next_due(targets)
    target = answer or next_due(targets, ["resolution"])
    if target is None or target.due_at is None:
        return ""
    what = "Answer" if answer else "Resolution"
    left = target.due_at - now
    if left <= timedelta():
        return f"{what} {due(target.due_at, now, zone)}"
    soon = "in less than a minute" if left < timedelta(minutes=1) else f"in {span(left)}"
    return f"{what} {due(target.due_at, now, zone)} ({soon})"


def story(target: Target, now: datetime, zone: ZoneInfo) -> str:
    """Return how one promise stands or ended: `first response met Mon 9:30 (standard)`."""
    what = KIND_NAMES[target.kind]
    match target.state:
        case SlaState.RUNNING if target.due_at is not None:
            stands = due(target.due_at, now, zone)
        case SlaState.PAUSED:
            stands = "paused"
        case _:
            ended = target.ended_at or now
            late = target.is_late(ended) and target.state is SlaState.MET
            stands = f"{target.state}{' late' if late else ''} {day_and_time(ended, now, zone)}"
    return f"{what} {stands} ({target.policy})"
