"""Carries out what rules want: each effect once, under its rule's name, and the trace of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import structlog

from inboxd.conversations.handing_out import Strategy
from inboxd.conversations.states import ConversationState
from inboxd.counters import ACTIONS, RULES
from inboxd.desk import actions, handing_out, rule_links, rule_mail, shown
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Raised, Unit
from inboxd.mail.model import Address
from inboxd.rules import effects as do
from inboxd.rules.evaluate import Evaluation
from inboxd.store import rule_log, timers
from inboxd.store.messages import MessageRecord

_log = structlog.get_logger(__name__)

# Makes a person the author of the mail that is being filed, and returns it as it is then.
Attribute: TypeAlias = Callable[[Address], MessageRecord]


class Dropped(Exception):
    """A rule wants the mail that is being filed to be shown nowhere: all of its work is undone.

    `traces` tell how the mail was read and what the rules said.
    """

    def __init__(self, rule: str, why: str, traces: list[Mapping[str, Any]]) -> None:
        super().__init__(f"dropped by the rule “{rule}”: {why}")
        self.traces = traces


def carry_out(
    unit: Unit,
    evaluation: Evaluation,
    raised: Raised,
    last_inbound: MessageRecord | None,
    attribute: Attribute | None = None,
) -> MessageRecord | None:
    """Apply what the rules want, in order, under each rule's name; see `run_event`."""
    _drop_if_wanted(unit, evaluation, raised)
    notes: list[str] = []
    refused: set[str] = set()
    actor, event = unit.actor, raised.events[0]
    for effect in evaluation.effects:
        if isinstance(effect, do.Run):
            continue  # what it leads to is among the effects
        if not unit.fuse.count(effect.rule, unit.shop.config.rules_fuse):
            notes.append(f"{effect.rule}: {effect} was not done: the fuse has blown")
            refused.add(effect.rule)
            continue
        unit.actor = f"rule {effect.rule}"
        unit.chain = (*raised.chain, effect.rule)
        if isinstance(effect, do.SetContact):
            note = _set_contact(unit, effect, opening=event == "conversation.opened")
            if effect.contact is not None and attribute is not None:
                last_inbound = attribute(Address(shown.customer(unit).name, effect.contact.address))
        else:
            note = _apply(unit, effect, last_inbound)
        if note:
            notes.append(f"{effect.rule}: {note}")
    unit.actor, unit.chain = actor, ()
    _remember(unit, evaluation, refused)
    _tell(unit, event, evaluation)
    unit.traces.append(_trace(unit, evaluation, raised, notes))
    return last_inbound


def _remember(unit: Unit, evaluation: Evaluation, refused: set[str]) -> None:
    """Note which rules have acted, and tell of a fuse that has blown and `refused` some of them."""
    acted = {step.rule for step in evaluation.matched if not step.shadow}
    unit.acted |= acted
    if once := sorted(acted & unit.shop.rules.once - refused):
        rule_log.add_acted(unit.connection, unit.number, once, unit.now)
        unit.done_once |= set(once)
    if evaluation.effects and unit.fuse.blows():
        _tell_of_fuse(unit)


def _tell_of_fuse(unit: Unit) -> None:
    """Say once that rules do no more in the conversation for a while."""
    counts = sorted(unit.fuse.counts.items(), key=lambda each: -each[1])
    most = unit.shop.config.rules_fuse
    names = ", ".join(f"{rule} ({number})" for rule, number in counts[:10])
    unit.record("rules.fuse", f"{most} actions within an hour: {names}")
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"fuse:{unit.number}",
        title=f"Rules have done too much in #{unit.number}",
        summary=f"After {most} actions within an hour, rules do nothing more there for that hour.",
        details=(("conversation", f"#{unit.number}"), ("rules (actions)", names)),
        advice=f"inboxd explain {unit.number}",
    )


def _tell(unit: Unit, event: str, evaluation: Evaluation) -> None:
    """Log and count which rules have acted."""
    matched = [step.rule for step in evaluation.matched if not step.shadow]
    if not matched:
        return
    for rule in matched:
        RULES.add(rule)
    did = [type(effect).__name__ for effect in evaluation.effects]
    for action in did:
        ACTIONS.add(action)
    _log.info(
        "rules.acted",
        conversation=unit.number,
        cause=unit.cause,
        journal=unit.journal_id,
        on=event,
        rules=matched,
        actions=did,
    )


def _trace(unit: Unit, evaluation: Evaluation, raised: Raised, notes: list[str]) -> dict[str, Any]:
    """Return what is kept of an evaluation: what led to it, and which files the rules stand in."""
    rules = unit.shop.rules
    trace: dict[str, Any] = {
        "event": raised.events[0],
        "rules": evaluation.to_json(),
        "digest": rules.digest,
        "files": {s.rule: rules.files[s.rule] for s in evaluation.matched if s.rule in rules.files},
    }
    if raised.change is not None:
        change = raised.change
        trace["change"] = [change.name, change.before, change.after]
    if raised.chain:
        trace["after"] = list(raised.chain)
    return {**trace, "notes": notes} if notes else trace


def _drop_if_wanted(unit: Unit, evaluation: Evaluation, raised: Raised) -> None:
    """Raise `Dropped` where a rule says so about a customer's mail that is being filed."""
    if not unit.may_drop or raised.chain:
        return
    for effect in evaluation.effects:
        if isinstance(effect, do.Drop):
            step = next(step for step in evaluation.matched if step.rule == effect.rule)
            trace = _trace(unit, evaluation, raised, [])
            raise Dropped(effect.rule, step.why, [*unit.traces, trace])


def _apply(unit: Unit, effect: do.Effect, last_inbound: MessageRecord | None) -> str | None:
    """Carry out one effect; returns why it was not, where it was not."""
    match effect:
        case do.AddTags():
            actions.add_tags(unit, effect.tags)
        case do.RemoveTags():
            actions.remove_tags(unit, effect.tags)
        case do.Assign(team=str() as name, by=str() as by):
            return handing_out.assign_by(unit, name, cast(Strategy, by), effect.skill)
        case do.Assign():
            team = effect.team if effect.agent is None else unit.conversation.team
            actions.assign(unit, effect.agent, team)
        case do.Unassign():
            actions.assign(unit, None, unit.conversation.team)
        case do.SetPriority():
            actions.set_priority(unit, effect.priority)
        case do.SetField():
            actions.set_field(unit, effect.name, effect.value)
        case do.ChooseSla():
            actions.set_sla(unit, effect.policy)
        case do.SetState() | do.Snooze():
            _change_state(unit, effect)
        case do.ArmTimer() | do.CancelTimers():
            _set_timer(unit, effect)
        case _:
            return _say(unit, effect, last_inbound)
    return None


def _say(unit: Unit, effect: do.Effect, last_inbound: MessageRecord | None) -> str | None:
    """Carry out an effect that tells somebody something, or says what belongs together."""
    match effect:
        case do.Notify():
            for agent in unit.shop.config.agents_named(list(effect.names)):
                unit.tell(agent.name, f"The rule “{effect.rule}” says so.")
        case do.KeepNote():
            actions.add_note(unit, f"rule {effect.rule}", effect.text)
        case do.SendCanned():
            return rule_mail.send_canned(unit, effect, last_inbound)
        case do.Forward():
            return rule_mail.forward(unit, effect, last_inbound)
        case do.Link():
            return rule_links.link(unit, effect)
        case do.Drop():
            return "it is not dropped: no mail of a customer's is coming in"
    return None


def _change_state(unit: Unit, effect: do.SetState | do.Snooze) -> None:
    if isinstance(effect, do.Snooze):
        actions.snooze(unit, effect.duration.after(unit.now, unit.calendar))
    else:
        actions.set_state(unit, ConversationState(effect.state))
        if effect.state == ConversationState.SPAM.value:
            unit.told.clear()  # nobody is to be disturbed


def _set_timer(unit: Unit, effect: do.ArmTimer | do.CancelTimers) -> None:
    """Arm or cancel timers with names, which live as long as the conversation."""
    if isinstance(effect, do.CancelTimers):
        for name in effect.names:
            if timers.cancel_one(unit.connection, unit.number, timers.NAMED, name, unit.now):
                unit.record("timer.cancelled", name)
        return
    due = effect.after.after(unit.now, unit.calendar)
    timers.cancel_one(unit.connection, unit.number, timers.NAMED, effect.name, unit.now)
    timers.arm(unit.connection, unit.number, timers.NAMED, [(effect.name, due)], unit.now)
    unit.record("timer.set", f"{effect.name} for {due:%Y-%m-%d %H:%M} UTC")


def _set_contact(unit: Unit, effect: do.SetContact, *, opening: bool) -> str | None:
    if effect.contact is None:
        unit.record("contact.kept", effect.why_not)
        return f"the contact stays: {effect.why_not}"
    actions.set_contact(unit, effect.contact, effect.source, opening=opening)
    return None
