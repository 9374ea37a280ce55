"""Rules meet a conversation: their effects go into it, and the trace that explains them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from inboxd.conversations.states import ConversationState
from inboxd.desk import actions, automail, mailings, shown
from inboxd.desk.facts import gather
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError
from inboxd.failpoints import reach
from inboxd.mail.model import Address
from inboxd.rules import effects as do
from inboxd.rules.evaluate import Evaluation, evaluate, evaluate_timer
from inboxd.rules.facts import MessageFacts
from inboxd.store.messages import MessageRecord

_DEEPEST = 5
# Makes a person the author of the mail that is being filed, and returns it as it is then.
Attribute: TypeAlias = Callable[[Address], MessageRecord]


def run_event(
    unit: Unit,
    event: str,
    message: MessageFacts | None,
    last_inbound: MessageRecord | None,
    also: tuple[str, ...] = (),
    attribute: Attribute | None = None,
) -> MessageRecord | None:
    """Let every rule for `event` act, and those for the states that this leads to.

    `attribute` is given while a conversation is being opened: a rule may say whose the mail is.
    Returns the last inbound mail as it is then.
    """
    before = unit.conversation.state
    facts = gather(unit, event, message, also)
    evaluation = evaluate(unit.shop.rules, facts)
    reach("rules.evaluated")
    last_inbound = carry_out(unit, evaluation, event, last_inbound, attribute)
    follow_state(unit, before, message, last_inbound)
    return last_inbound


def follow_state(
    unit: Unit,
    before: str,
    message: MessageFacts | None,
    last_inbound: MessageRecord | None,
) -> None:
    """Let the rules act that fire at once on entering a state, at most five deep."""
    for _ in range(_DEEPEST):
        state = unit.conversation.state
        if state == before:
            return
        before = state
        facts = gather(unit, state, message)
        carry_out(unit, evaluate(unit.shop.rules, facts), state, last_inbound)
    if unit.conversation.state != before:
        unit.record("rules.stopped", f"rules changed the state {_DEEPEST} times in a row")


def run_timer(
    unit: Unit, rule: str, message: MessageFacts | None, last_inbound: MessageRecord | None
) -> None:
    """Let the rule act whose time has come; its conditions are asked again."""
    before = unit.conversation.state
    facts = gather(unit, before, message)
    evaluation = evaluate_timer(unit.shop.rules, rule, facts)
    carry_out(unit, evaluation, f"{before} (timer)", last_inbound)
    follow_state(unit, before, message, last_inbound)


def carry_out(
    unit: Unit,
    evaluation: Evaluation,
    event: str,
    last_inbound: MessageRecord | None,
    attribute: Attribute | None = None,
) -> MessageRecord | None:
    """Apply what the rules want, in order, under each rule's name; see `run_event`."""
    notes: list[str] = []
    actor = unit.actor
    for effect in evaluation.effects:
        unit.actor = f"rule {effect.rule}"
        if isinstance(effect, do.SetContact):
            note = _set_contact(unit, effect, opening=event == "conversation.opened")
            if effect.contact is not None and attribute is not None:
                last_inbound = attribute(Address(shown.customer(unit).name, effect.contact.address))
        else:
            note = _apply(unit, effect, last_inbound)
        if note:
            notes.append(f"{effect.rule}: {note}")
    unit.actor = actor
    trace = {"event": event, "rules": evaluation.to_json(), "digest": unit.shop.rules.digest}
    if notes:
        trace["notes"] = notes
    unit.traces.append(trace)
    return last_inbound


def _apply(unit: Unit, effect: do.Effect, last_inbound: MessageRecord | None) -> str | None:
    """Carry out one effect; returns why it was not, where it was not."""
    match effect:
        case do.AddTags():
            actions.add_tags(unit, effect.tags)
        case do.RemoveTags():
            actions.remove_tags(unit, effect.tags)
        case do.Assign():
            team = effect.team if effect.agent is None else unit.conversation.team
            actions.assign(unit, effect.agent, team)
        case do.SetPriority():
            actions.set_priority(unit, effect.priority)
        case do.SetField():
            actions.set_field(unit, effect.name, effect.value)
        case do.Notify():
            for agent in unit.shop.config.agents_named(list(effect.names)):
                unit.tell(agent.name, f"The rule “{effect.rule}” says so.")
        case do.Close():
            actions.set_state(unit, ConversationState.CLOSED)
        case do.Snooze():
            actions.snooze(unit, effect.duration.after(unit.now, unit.calendar))
        case do.SendCanned():
            return _send_canned(unit, effect, last_inbound)
    return None


def _set_contact(unit: Unit, effect: do.SetContact, *, opening: bool) -> str | None:
    if effect.contact is None:
        unit.record("contact.kept", effect.why_not)
        return f"the contact stays: {effect.why_not}"
    actions.set_contact(unit, effect.contact, effect.source, opening=opening)
    return None


def _send_canned(
    unit: Unit, effect: do.SendCanned, last_inbound: MessageRecord | None
) -> str | None:
    why_not = automail.refusal(unit, effect.rule, last_inbound)
    if "@" not in unit.conversation.contact_address:
        why_not = why_not or "nobody is known whom it could go to"
    if why_not is None:
        try:
            key = f"rule:{effect.rule}:{effect.index}"
            mailings.send_canned(unit, effect.name, effect.rule, key, dict(effect.match))
            return None
        except ConfigError as error:  # a fault of the shop's words must not cost the mail
            why_not = f"it cannot be filled in: {error.faults[0].message}"
            _tell_admin(unit, effect, error)
    unit.record("auto_reply.withheld", f"{effect.name}: {why_not}")
    return f"{effect.name} was not sent: {why_not}"


def _tell_admin(unit: Unit, effect: do.SendCanned, error: ConfigError) -> None:
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"canned:{effect.name}",
        title="A canned reply cannot be filled in",
        summary="A rule wanted to send it, and nothing was sent.",
        details=(
            ("rule", effect.rule),
            ("conversation", f"#{unit.number}"),
            *(("fault", str(fault)) for fault in error.faults[:5]),
        ),
        advice="Let the canned reply do without the value, or let the rule set it.",
    )
