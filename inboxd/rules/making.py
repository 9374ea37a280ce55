"""What makes the effects of a rule, out of its `then`: one slot for each, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from inboxd.rules.actions import Action, Person, Reply
from inboxd.rules.correspondents import chosen
from inboxd.rules.effects import (
    AddTags,
    ArmTimer,
    Assign,
    CancelTimers,
    ChooseSla,
    Drop,
    Effect,
    Forward,
    KeepNote,
    Link,
    Notify,
    RemoveTags,
    Run,
    SendCanned,
    SetContact,
    SetField,
    SetPriority,
    SetState,
    Snooze,
    Unassign,
)
from inboxd.rules.facts import Facts
from inboxd.rules.placeholders import Text, parse_text, values
from inboxd.rules.schema import Rule

# Makes an effect of what a rule's patterns have caught and of the facts; None: it has none here.
Slot: TypeAlias = Callable[[Mapping[str, str], Facts], Effect | None]
_Maker: TypeAlias = Callable[[str, int], Slot | Effect]
_STATES = {"close": "closed", "open": "open", "pending": "pending", "spam": "spam"}


def slots_of(rule: Rule) -> tuple[Slot, ...]:
    """Return what makes each of the rule's effects.

    The place of a slot is its effect's index: with the rule's name it tells the effect from all
    others, and does not depend on the facts.
    """
    makers = [maker for action in rule.then for maker in _makers(action)]
    return tuple(_slot(maker(rule.name, index)) for index, maker in enumerate(makers))


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
    if action.unassign is not None:
        yield Unassign
    if action.reply is not None:
        yield partial(_canned, action.reply)
    if action.note is not None:
        yield partial(_note, parse_text(action.note))
    if action.notify is not None:
        yield partial(Notify, names=action.notify)
    if action.forward is not None:
        yield partial(Forward, addresses=action.forward)
    if action.sla is not None:
        yield partial(ChooseSla, policy=None if action.sla == "none" else action.sla)
    if action.run is not None:
        yield partial(Run, set=action.run)
    if action.stop is not None:
        yield lambda rule, index: lambda match, facts: None
    if action.drop is not None:
        yield Drop
    yield from _settings(action)
    yield from _states_and_timers(action)


def _settings(action: Action) -> Iterator[_Maker]:
    if action.priority is not None:
        yield partial(SetPriority, priority=action.priority)
    if action.set_ is not None:
        if action.set_.priority is not None:
            yield partial(SetPriority, priority=action.set_.priority)
        for name, text in (action.set_.fields or {}).items():
            yield partial(_field, name, parse_text(text))
    if action.link is not None:
        yield partial(_link, parse_text(action.link))


def _states_and_timers(action: Action) -> Iterator[_Maker]:
    for word, state in _STATES.items():
        if getattr(action, word) is not None:
            yield partial(SetState, state=state)
    if action.snooze is not None:
        yield partial(Snooze, duration=action.snooze)
    if action.timer is not None:
        yield partial(ArmTimer, name=action.timer.name, after=action.timer.after)
    if action.cancel_timer is not None:
        yield partial(CancelTimers, names=action.cancel_timer)


def _canned(reply: Reply, rule: str, index: int) -> Slot:
    return lambda match, facts: SendCanned(
        rule, index, reply.canned, dict(match), repeat=reply.repeat
    )


def _note(text: Text, rule: str, index: int) -> Slot:
    return lambda match, facts: KeepNote(rule, index, text.filled_in(values(match, facts)))


def _link(text: Text, rule: str, index: int) -> Slot:
    def made(match: Mapping[str, str], facts: Facts) -> Effect | None:
        found = (text.filled(values(match, facts)) or "").strip().removeprefix("#")
        if not (found.isascii() and found.isdigit() and len(found) < 19):
            return None
        return Link(rule, index, int(found), of_mail=bool(text.names))

    return made


def _contact(person: Person, rule: str, index: int) -> Slot:
    find = chosen(person)

    def made(match: Mapping[str, str], facts: Facts) -> Effect:
        found = find(match, facts)
        return SetContact(rule, index, person.place, found.contact, found.why_not)

    return made


def _field(name: str, text: Text, rule: str, index: int) -> Slot:
    def made(match: Mapping[str, str], facts: Facts) -> Effect | None:
        value = text.filled(values(match, facts))
        return None if value is None else SetField(rule, index, name, value)

    return made
