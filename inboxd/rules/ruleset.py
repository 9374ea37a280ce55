"""Rules made ready: conditions and actions compiled, and an index of who listens to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Never, TypeAlias

from inboxd.durations import Duration
from inboxd.rules.facts import Facts
from inboxd.rules.guards import Guard, guard_of
from inboxd.rules.index import Bits, Index
from inboxd.rules.making import Slot, slots_of
from inboxd.rules.match import compiled
from inboxd.rules.schedules import Schedule
from inboxd.rules.schema import Rule
from inboxd.rules.verdict import Check

# Fewer rules than these are asked one by one: that takes less than to look what is in the mail.
INDEXED_FROM = 12


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to be asked.

    `position` is its place among all rules; `timers` are the only named timers that it is for.
    `guard` is what must be seen for it to match.
    `mailboxes` are those in which it listens, and `allowed` those in which a set that it is in may
    be run (None: all of them).
    """

    position: int
    name: str
    events: tuple[str, ...]
    delay: Duration | None
    mailboxes: frozenset[str] | None
    check: Check
    slots: tuple[Slot, ...]
    stop: bool
    timers: frozenset[str] | None = None
    allowed: frozenset[str] | None = None
    once: bool = False
    shadow: bool = False
    schedule: Schedule | None = None
    guard: Guard | None = None

    def hears(self, facts: Facts) -> bool:
        """Return whether the event is one for the rule, where its name alone does not tell."""
        if self.timers is None:
            return True
        return facts.change is not None and facts.change.name in self.timers

    def applies_to(self, mailbox: str) -> bool:
        """Return whether the rule works in `mailbox` at all."""
        return self.mailboxes is None or mailbox in self.mailboxes


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are asked about the same event, in their order; few of them need no index.

    `by_timer` says that some are only for timers of certain names; `places` of rules are bits.
    """

    rules: Sequence[CompiledRule]
    index: Index | None = None
    by_timer: bool = False
    bits: Mapping[str, Bits] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Sequence[CompiledRule]) -> Group:
        """Return rules ready to be asked together, indexed where they are many."""
        index = Index([rule.guard for rule in rules]) if len(rules) >= INDEXED_FROM else None
        by_timer = any(rule.timers is not None for rule in rules)
        return cls(rules, index, by_timer, {rule.name: 1 << i for i, rule in enumerate(rules)})

    def hearing(self, facts: Facts) -> Group:
        """Return those whose event this is, where its name alone does not tell."""
        if not self.by_timer:
            return self
        return Group([rule for rule in self.rules if rule.hears(facts)])

    @property
    def all(self) -> Bits:
        """All rules of the group."""
        return (1 << len(self.rules)) - 1

    def places(self, names: Iterable[str]) -> Bits:
        """Return those of the rules that are called one of `names`."""
        found = 0
        for name in names:
            found |= self.bits.get(name, 0)
        return found


_NONE: Mapping[str, Never] = {}
_Listeners: TypeAlias = Mapping[str, Mapping[str | None, tuple[CompiledRule, ...]]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All enabled rules in their order; `digest` changes when any of their files does.

    `sets` holds the rules of each set, `once` the names of those that act once, and `scheduled`
    those that are due by a schedule. `files` says of each rule where it stands: the file with its
    line, and the beginning of the SHA-256 of what the file held.
    """

    rules: tuple[CompiledRule, ...] = ()
    digest: str = ""
    by_name: Mapping[str, CompiledRule] = field(default_factory=dict)
    sets: Mapping[str, tuple[CompiledRule, ...]] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    scheduled: tuple[CompiledRule, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    _immediate: _Listeners = field(default_factory=dict)
    _delayed: _Listeners = field(default_factory=dict)
    _groups: dict[tuple[str | tuple[str, ...], str | None], Group] = field(
        default_factory=dict, compare=False
    )

    def group(self, events: tuple[str, ...], mailbox: str) -> Group:
        """Return the rules that act on one of `events` in `mailbox` at once, ready to be asked."""
        known = any(mailbox in listeners for listeners in self._immediate.values())
        key = (events, mailbox if known else None)
        if key not in self._groups:
            self._groups[key] = Group.of(self.listening(events, mailbox))
        return self._groups[key]

    def runnable(self, name: str, mailbox: str) -> Group:
        """Return the rules of a set that may be run in `mailbox`; those that wait do so alone."""
        key = (name, mailbox)
        if key not in self._groups:
            rules = self.sets.get(name, ())
            here = [each for each in rules if each.allowed is None or mailbox in each.allowed]
            self._groups[key] = Group.of(
                [each for each in here if each.delay is None and each.schedule is None]
            )
        return self._groups[key]

    def has_listeners(self, events: Iterable[str], mailbox: str) -> bool:
        """Return whether any rule acts on one of `events` in `mailbox` at once."""
        return any(_lookup(self._immediate, event, mailbox) for event in events)

    def listening(self, events: Sequence[str], mailbox: str) -> Sequence[CompiledRule]:
        """Return the rules that act on one of `events` in `mailbox` at once, in their order."""
        found = [_lookup(self._immediate, event, mailbox) for event in events]
        if len(found) == 1:
            return found[0]
        merged = {rule.position: rule for rules in found for rule in rules}
        return [merged[position] for position in sorted(merged)]

    def waiting(self, state: str, mailbox: str) -> tuple[CompiledRule, ...]:
        """Return the rules that act in `mailbox` some time after `state` is entered."""
        return _lookup(self._delayed, state, mailbox)

    def has_timer(self, name: str) -> bool:
        """Return whether there is a rule of this name that waits in a state."""
        rule = self.by_name.get(name)
        return rule is not None and rule.delay is not None


def compile_rules(
    rules: Iterable[Rule],
    digest: str = "",
    members: Mapping[str, str] = _NONE,
    included: Mapping[str, frozenset[str]] = _NONE,
) -> RuleSet:
    """Return validated `rules`, ready to be asked; disabled ones are left out.

    `members` names the set that a rule is in by the rule's name, and `included` the mailboxes that
    include a set; a set's rules listen nowhere else.
    """
    enabled = [rule for rule in rules if rule.enabled]
    ready = tuple(
        _compiled_rule(i, rule, members.get(rule.name), included) for i, rule in enumerate(enabled)
    )
    sets: dict[str, list[CompiledRule]] = {name: [] for name in members.values()}
    for rule in ready:
        if rule.name in members:
            sets[members[rule.name]].append(rule)
    return RuleSet(
        rules=ready,
        digest=digest,
        by_name={rule.name: rule for rule in ready},
        sets={name: tuple(rules) for name, rules in sets.items()},
        once=frozenset(rule.name for rule in ready if rule.once),
        scheduled=tuple(rule for rule in ready if rule.schedule is not None),
        _immediate=_index([rule for rule in ready if rule.delay is None]),
        _delayed=_index([rule for rule in ready if rule.delay is not None]),
    )


def _lookup(listeners: _Listeners, event: str, mailbox: str) -> tuple[CompiledRule, ...]:
    by_mailbox = listeners.get(event, {})
    return by_mailbox.get(mailbox, by_mailbox.get(None, ()))


def _index(rules: Sequence[CompiledRule]) -> _Listeners:
    """Return the rules by event and mailbox; None stands for the mailboxes that no rule names."""
    mailboxes = {None, *(name for rule in rules for name in rule.mailboxes or ())}
    events = {event for rule in rules for event in rule.events}

    def hears(rule: CompiledRule, event: str, mailbox: str | None) -> bool:
        named = rule.mailboxes is None or mailbox in rule.mailboxes
        return event in rule.events and named

    return {
        event: {name: tuple(r for r in rules if hears(r, event, name)) for name in mailboxes}
        for event in events
    }


def _compiled_rule(
    position: int, rule: Rule, member_of: str | None, included: Mapping[str, frozenset[str]]
) -> CompiledRule:
    allowed = frozenset(rule.mailboxes) if rule.mailboxes is not None else None
    listens = allowed
    if member_of is not None:
        where = included.get(member_of, frozenset())
        listens = where if allowed is None else where & allowed
    return CompiledRule(
        position=position,
        name=rule.name,
        events=tuple(dict.fromkeys(rule.when)),
        delay=rule.for_,
        mailboxes=listens,
        check=compiled(rule.if_),
        guard=guard_of(rule.if_),
        slots=slots_of(rule),
        stop=rule.stop or any(action.stop or action.drop for action in rule.then),
        timers=frozenset(rule.timer) if rule.timer is not None else None,
        allowed=allowed,
        once=rule.once,
        shadow=rule.shadow,
        schedule=rule.schedule,
    )
