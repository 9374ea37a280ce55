"""When everything happened: the order in which a rebuilding does it all again.

Times are microseconds since 1970, as in the database.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from inboxd.rebuild.original import Original
from inboxd.store.acts import ActRecord
from inboxd.store.types import from_micros, to_micros

_SCHEDULED = "SELECT rule FROM rule_schedule"
_SCHEDULE = re.compile(r"schedule:(.*):(\d{4}-\d\d-\d\dT\d\d:\d\dZ):#\d+", re.DOTALL)
RESTORE = "restore"
"""The journal's source of the entry that marks a restored backup."""


class What(IntEnum):
    """What happens at a moment; at the same one in this order."""

    TIMER = 0
    CLOCK = 1
    ACT = 2
    MARKER = 3
    MAIL = 4


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happened; `id` is a journal entry's, a timer's, or an act's place."""

    at: int
    what: What
    id: int


def mails(original: Original) -> Iterator[Moment]:
    """Yield when each mail was worked on, in that order as far as it is on record.

    Imported history was worked on between its neighbours, whatever its own date.
    """
    now = 0
    found = []
    query = "SELECT id, state, history, received_at, finished_at, source FROM journal ORDER BY id"
    for entry, state, history, received_at, finished_at, source in original.needed(query):
        if state == "quarantined" or (state == "received" and finished_at is None):
            continue
        at = now if history and source != RESTORE else finished_at or received_at
        now = max(now, at)
        what = What.MARKER if source == RESTORE else What.MAIL
        found.append(Moment(at or received_at, what, entry))
    yield from sorted(found)


def acts(original: Original) -> list[ActRecord]:
    """Return what was done besides by mail."""
    query = "SELECT at, name, agent, conversation, words, cause FROM act ORDER BY id"
    return [
        ActRecord(from_micros(at), name, agent, number, tuple(json.loads(words)), cause)
        for at, name, agent, number, words, cause in original.rows("act", query)
    ]


def clock_work(original: Original) -> Iterator[Moment]:
    """Yield when time alone brought something about: digests, and what rules do by schedule."""
    digests = "SELECT DISTINCT at FROM digest WHERE day IS NOT NULL"
    ticks = {at for (at,) in original.rows("digest", digests)}
    others = (
        "SELECT DISTINCT at FROM trace WHERE cause NOT LIKE 'journal:%' "
        "AND cause NOT LIKE 'timer:%' AND cause NOT LIKE 'command:%' AND cause NOT LIKE 'mirror:%'"
    )
    ticks |= {at for (at,) in original.rows("trace", others)}
    yield from (Moment(at, What.CLOCK, 0) for at in sorted(ticks))


class Schedules:
    """For which due moments rules with a schedule acted, and when that was."""

    def __init__(self, original: Original) -> None:
        self.rules = {rule for (rule,) in original.rows("rule_schedule", _SCHEDULED)}
        self._due: dict[int, set[tuple[str, int]]] = {}
        query = "SELECT DISTINCT at, cause FROM trace WHERE cause LIKE 'schedule:%'"
        for at, cause in original.rows("trace", query):
            match = _SCHEDULE.fullmatch(cause)
            if match is not None:
                due = to_micros(datetime.fromisoformat(match[2]))
                self._due.setdefault(at, set()).add((match[1], due))
                self.rules.add(match[1])

    def due_at(self, moment: int) -> set[tuple[str, int]]:
        """Return the rules that acted at `moment`, each with the due moment that it was for."""
        return self._due.get(moment, set())


class Timers:
    """When timers fired: each in the rebuilt database is told by what it is and when it was armed.

    One that the original does not know, since the rules are others today, fires when it is due.
    """

    def __init__(self, original: Original) -> None:
        query = "SELECT conversation, kind, rule, armed_at, state, finished_at FROM timer"
        self._known = {
            (conversation, kind, rule, armed_at): finished_at if state == "fired" else None
            for conversation, kind, rule, armed_at, state, finished_at in original.rows(
                "timer", query
            )
        }

    @property
    def last(self) -> int:
        """When the last timer fired, 0 where none is known."""
        return max((at for at in self._known.values() if at is not None), default=0)

    def fires_at(
        self, conversation: int, kind: str, rule: str, armed_at: int, due_at: int
    ) -> int | None:
        """Return when a timer fired, or None where it never did."""
        return self._known.get((conversation, kind, rule, armed_at), due_at)


def in_order(*sources: Iterator[Moment]) -> Iterator[Moment]:
    """Yield the moments of sources that are each in order."""
    yield from heapq.merge(*sources)
