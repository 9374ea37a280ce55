"""The promises of the conversation that a unit works on: read once, kept up with what happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from inboxd.config.sla import SlaPolicy
from inboxd.conversations.sla import (
    KIND_NAMES,
    NONE,
    RESPONSES,
    Happened,
    Target,
    Terms,
    next_due,
    settled,
)
from inboxd.conversations.states import ConversationState, SlaState
from inboxd.store import sla, timers

if TYPE_CHECKING:
    from inboxd.desk.unit import Unit

WARNING: Final = "warning"
BREACHED: Final = "breached"


class Promises:
    """What is promised in a unit's conversation, as it stands after what the unit has done.

    Nothing is read or written where the shop has no policies, and nothing is read before it
    matters.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._before = unit.conversation
        self._base: tuple[Target, ...] | None = None  # from where things go on, if not as stored
        self._since: datetime | None = None
        self._answered = False
        self._touched = False
        self._settled: tuple[object, tuple[Target, ...]] | None = None  # worked out last, of what
        self.told_of: str | None = None  # the kind of the promise that rules are told of
        self._new = False  # whether this unit has opened the conversation: nothing is stored

    # -- what happens

    def begin(self) -> None:
        """Note that the conversation has just been opened, so that nothing can be stored yet."""
        self._new = not self._touched

    def wait(self, since: datetime | None = None) -> None:
        """Note that the customer waits for a word of ours, from now on or since a moment."""
        self._since = since or self._unit.now

    def answered(self) -> None:
        """Note that a person of ours has answered the customer."""
        self._answered = True

    def take_back(self, at: datetime) -> None:
        """Let the promises go on that were kept at `at`, by an answer that was undone."""
        if not self._policies:
            return
        running = {each.kind for each in self._stored}
        ended = sla.ended_at(self._unit.connection, self._unit.number, at)
        self._stored = (*self._stored, *(each for each in ended if each.kind not in running))
        self._base = tuple(_as_before(each, at) for each in self._stored)

    def take_over(self, gone: int) -> None:
        """Keep what was promised in conversation `gone`, which becomes part of this one."""
        if not self._policies:
            return
        connection, now = self._unit.connection, self._unit.now
        timers.cancel(connection, gone, timers.SLA, now)
        if sla.move(connection, gone, self._unit.number, now):
            self.__dict__.pop("_stored", None)
            self._settled, self._new, self._touched = None, False, True

    def mark(self, kind: str, what: str) -> Target | None:
        """Note that rules are told of a promise, of its warning or its breach; returns it.

        None where there is nothing to tell: it has ended, stands still, is due later by now, or
        was told of before.
        """
        # What an edited policy or calendar has changed since is looked at first.
        targets, now, warns = self._settle(), self._unit.now, what == WARNING
        found = next((each for each in targets if each.active and each.kind == kind), None)
        moment = None if found is None else found.warn_at if warns else found.due_at
        if found is None or moment is None or moment > now:
            self._touched = True
            return None
        if (found.warned_at if warns else found.breached_at) is not None:
            return None
        marked = replace(found, warned_at=now) if warns else replace(found, breached_at=now)
        self._base = tuple(marked if each is found else each for each in targets)
        self.told_of = found.kind
        return marked

    # -- how things stand

    @property
    def policy(self) -> str | None:
        """The name of the policy that is in force, or None."""
        chosen, usual = self._unit.conversation.sla, self._unit.desk.mailbox.sla
        if chosen == NONE:
            return None
        # A policy that is not there any more leaves the mailbox's.
        return next((each for each in (chosen, usual) if each in self._policies), None)

    def now(self) -> tuple[Target, ...]:
        """Return the promises as they stand now; none where nothing is promised."""
        if self._unit.quiet or not (self._policies or self._touched):
            return ()
        conversation = self._unit.conversation
        key = (
            conversation.state,
            conversation.priority,
            conversation.team,
            conversation.sla,
            self._since,
            self._answered,
            self._base,
        )
        if self._settled is None or self._settled[0] != key:
            self._settled = (key, self._settle())
        return self._settled[1]

    def _settle(self) -> tuple[Target, ...]:
        targets = self._stored if self._base is None else self._base
        happened = Happened(
            now=self._unit.now,
            state=ConversationState(self._unit.conversation.state),
            answered=self._answered,
        )
        if targets or self._terms is not None:
            since = self._waiting_since(targets)
            if since is not None:
                happened = replace(happened, waiting_since=since, first=self._is_first(targets))
        return settled(targets, self._terms, happened)

    @property
    def answer_by(self) -> datetime | None:
        """When the customer may expect our next word, or None where that is not promised.

        What is overdue is promised no more.
        """
        target = next_due(self.now())
        due = target.due_at if target is not None else None
        return due if due is not None and due > self._unit.now else None

    @property
    def _policies(self) -> Mapping[str, SlaPolicy]:
        return self._unit.shop.config.sla

    @property
    def _terms(self) -> Terms | None:
        name, unit = self.policy, self._unit
        if name is None:
            return None
        return Terms(name, self._policies[name], unit.conversation.priority, unit.calendar)

    @cached_property
    def _stored(self) -> tuple[Target, ...]:
        return () if self._new else sla.active(self._unit.connection, self._unit.number)

    def _waiting_since(self, targets: tuple[Target, ...]) -> datetime | None:
        """Return since when the customer waits, where no promise tells so."""
        conversation = self._unit.conversation
        if self._since is not None or self._answered or conversation.state != "open":
            return self._since
        chosen = conversation.sla != self._before.sla
        revived = self._before.state in ("spam", "closed")
        if not (chosen or revived) or any(
            each.active and each.kind in RESPONSES for each in targets
        ):
            return None
        return sla.waiting_since(self._unit.connection, conversation.number)

    def _is_first(self, targets: tuple[Target, ...]) -> bool:
        """Return whether the customer waits for the first word of ours."""
        if self._new or any(each.active and each.kind in RESPONSES for each in targets):
            return self._new
        return not sla.answered(self._unit.connection, self._unit.number)

    # -- writing

    def write(self) -> None:
        """Keep the promises in the database, arm their timers and tell the history."""
        if (self._policies or self._touched) and not self._unit.quiet and self._is_different():
            stored = {each.id: each for each in self._stored}
            after = self.now()
            changed = [each for each in after if stored.get(each.id) != each]
            sla.save(self._unit.connection, self._unit.number, changed)
            if changed or self._touched:
                self._arm(after)
            for each in changed:
                self._tell(stored.get(each.id), each)
        self._before = self._unit.conversation
        self._base = self._since = self._settled = None
        self._answered = self._touched = self._new = False
        self.__dict__.pop("_stored", None)

    def _is_different(self) -> bool:
        if self._touched or self._base is not None or self._since is not None or self._answered:
            return True
        now, before = self._unit.conversation, self._before
        names = ("state", "priority", "team", "sla")
        return any(getattr(now, name) != getattr(before, name) for name in names)

    def _arm(self, targets: tuple[Target, ...]) -> None:
        unit = self._unit
        if self._stored or self._touched:
            timers.cancel(unit.connection, unit.number, timers.SLA, unit.now)
        timers.arm(unit.connection, unit.number, timers.SLA, list(_moments(targets)), unit.now)

    def _tell(self, before: Target | None, after: Target) -> None:
        """Write the line of history that a change is worth; a pause is worth none."""
        unit, what = self._unit, KIND_NAMES[after.kind]
        zone = unit.shop.config.zone(unit.desk.mailbox)
        if after.state is SlaState.MET:
            late = " late" if (before or after).is_late(unit.now) else " in time"
            unit.record("sla.met", f"{what},{late}", actor="inboxd")
        elif after.state is SlaState.DROPPED:
            unit.record("sla.dropped", f"{what} ({after.policy})", actor="inboxd")
        elif after.due_at is not None and (
            before is None or before.due_at not in (None, after.due_at)
        ):
            kind = "sla.started" if before is None else "sla.moved"
            due = f"{after.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
            unit.record(kind, f"{what} due {due} ({after.policy})", actor="inboxd")


def _moments(targets: Iterable[Target]) -> Iterator[tuple[str, datetime]]:
    """Yield which moments of the promises are still to come, as the timers bear them."""
    for each in targets:
        if each.due_at is None or not each.active or each.breached_at is not None:
            continue
        if each.warn_at is not None and each.warned_at is None:
            yield f"{each.kind}.{WARNING}", each.warn_at
        yield f"{each.kind}.{BREACHED}", each.due_at


def _as_before(target: Target, at: datetime) -> Target:
    """Return a promise as it stood before the moment `at`."""
    pauses = tuple(each for each in target.pauses if each[0] != at)
    state = SlaState.PAUSED if pauses and pauses[-1][1] is None else SlaState.RUNNING
    return replace(target, state=state, ended_at=None, pauses=pauses)
