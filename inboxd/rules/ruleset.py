"""Rules made ready: conditions and actions compiled, and an index of who listens to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from inboxd.durations import Duration
from inboxd.rules.correspondents import chosen
from inboxd.rules.effects import (
    AddTags,
    Assign,
    ChooseSla,
    Close,
    Effect,
    Notify,
    RemoveTags,
    SendCanned,
    SetContact,
    SetField,
    SetPriority,
    Snooze,
)
from inboxd.rules.facts import Facts
from inboxd.rules.match import Check, compiled
from inboxd.rules.placeholders import Text, parse_text
from inboxd.rules.schema import Action, Person, Rule

Slot: TypeAlias = Callable[[Mapping[str, str], Facts], Effect | None]
_Maker: TypeAlias = Callable[[str, int], Slot | Effect]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to be asked. `position` is its place among all rules."""

    position: int
    name: str
    events: tuple[str, ...]
    delay: Duration | None
    mailboxes: frozenset[str] | None
    check: Check
    slots: tuple[Slot, ...]
    stop: bool

    def effects(self, match: Mapping[str, str], facts: Facts) -> tuple[Effect, ...]:
        """Return what the rule does, `match` being what its conditions' groups caught."""
        made = (slot(match, facts) for slot in self.slots)
        return tuple(effect for effect in made if effect is not None)

    def applies_to(self, mailbox: str) -> bool:
        """Return whether the rule works in `mailbox` at all."""
        return self.mailboxes is None or mailbox in self.mailboxes


_Listeners: TypeAlias = Mapping[str, Mapping[str | None, tuple[CompiledRule, ...]]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All enabled rules in their order; `digest` changes when any of their files does."""

    rules: tuple[CompiledRule, ...] = ()
    digest: str = ""
    by_name: Mapping[str, CompiledRule] = field(default_factory=dict)
    _immediate: _Listeners = field(default_factory=dict)
    _delayed: _Listeners = field(default_factory=dict)

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


def compile_rules(rules: Iterable[Rule], digest: str = "") -> RuleSet:
    """Return validated `rules` as a set ready to be asked; disabled ones are left out."""
    enabled = [rule for rule in rules if rule.enabled]
    ready = tuple(_compiled_rule(i, rule) for i, rule in enumerate(enabled))
    return RuleSet(
        rules=ready,
        digest=digest,
        by_name={rule.name: rule for rule in ready},
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


def _compiled_rule(position: int, rule: Rule) -> CompiledRule:
    makers = [maker for action in rule.then for maker in _makers(action)]
    return CompiledRule(
        position=position,
        name=rule.name,
        events=tuple(dict.fromkeys(rule.when)),
        delay=rule.for_,
        mailboxes=frozenset(rule.mailboxes) if rule.mailboxes is not None else None,
        check=compiled(rule.if_),
        slots=tuple(_slot(maker(rule.name, index)) for index, maker in enumerate(makers)),
        stop=rule.stop or any(action.stop for action in rule.then),
    )


def _slot(made: Slot | Effect) -> Slot:
    return made if callable(made) else lambda match, facts: made


def _makers(action: Action) -> Iterator[_Maker]:
    """Yield what makes the effects of `action`: one, except for `set`, which sets several things.

    `stop` is counted as one that has no effect, so that an index is a place in `then` where
    nothing is set twice.
    """
    if action.tag is not None:
        yield partial(AddTags, tags=action.tag)
    if action.untag is not None:
        yield partial(RemoveTags, tags=action.untag)
    if action.assign is not None:
        to = action.assign
        yield partial(Assign, agent=to.agent, team=to.team, by=to.strategy, skill=to.skill)
    if action.contact is not None:
        yield partial(_contact, action.contact)
    if action.reply is not None:
        yield partial(_canned, action.reply.canned)
    if action.notify is not None:
        yield partial(Notify, names=action.notify)
    if action.close is not None:
        yield Close
    if action.snooze is not None:
        yield partial(Snooze, duration=action.snooze)
    if action.sla is not None:
        yield partial(ChooseSla, policy=None if action.sla == "none" else action.sla)
    if action.stop is not None:
        yield lambda rule, index: lambda match, facts: None
    if action.set_ is not None:
        if action.set_.priority is not None:
            yield partial(SetPriority, priority=action.set_.priority)
        for name, text in (action.set_.fields or {}).items():
            yield partial(_field, name, parse_text(text))


def _canned(name: str, rule: str, index: int) -> Slot:
    return lambda match, facts: SendCanned(rule, index, name, dict(match))


def _contact(person: Person, rule: str, index: int) -> Slot:
    find = chosen(person)

    def made(match: Mapping[str, str], facts: Facts) -> Effect:
        found = find(match, facts)
        return SetContact(rule, index, person.place, found.contact, found.why_not)

    return made


def _field(name: str, text: Text, rule: str, index: int) -> Slot:
    def made(match: Mapping[str, str], facts: Facts) -> Effect | None:
        value = text.filled(match)
        return None if value is None else SetField(rule, index, name, value)

    return made
