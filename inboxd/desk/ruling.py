"""Rules meet a conversation: their effects go into it, and the trace that explains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from inboxd.conversations.states import ConversationState
from inboxd.desk import actions, automail, canned_replies, shown
from inboxd.desk.facts import gather, of_message
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Raised, Unit, is_unassigned
from inboxd.errors import ConfigError
from inboxd.failpoints import reach
from inboxd.mail.model import Address
from inboxd.rules import effects as do
from inboxd.rules.evaluate import Evaluation, evaluate, evaluate_timer
from inboxd.rules.facts import Facts, MessageFacts
from inboxd.rules.schema import STATES
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
    """Let every rule for `event` act, and those for all that this leads to.

    `attribute` is given while a conversation is being opened: a rule may say whose the mail is.
    Returns the last inbound mail as it is then.
    """
    last_inbound = _ask(unit, Raised((event, *also)), message, last_inbound, attribute)
    follow(unit, last_inbound, message)
    return last_inbound


def follow(
    unit: Unit, last_inbound: MessageRecord | None, message: MessageFacts | None = None
) -> None:
    """Let the rules act for what has happened, and for what they change in turn, breadth first.

    A rule acts at most once on one cause. Rules that set each other off are cut after five steps.
    `message` is the last inbound mail as rules look at it, where the caller has it.
    """
    message = message or of_message(unit.connection, last_inbound)
    for _ in range(_DEEPEST):
        wave, unit.raised = unit.raised, []
        for raised in wave:
            _ask(unit, raised, message, last_inbound)
    _cut_off(unit, message)


def _cut_off(unit: Unit, message: MessageFacts | None) -> None:
    """Let nothing more follow; where rules would have acted, the admin is told which."""
    wave, unit.raised = unit.raised, []
    for raised in wave:
        if not unit.shop.rules.listening(raised.events, unit.conversation.mailbox):
            continue
        wanted = evaluate(unit.shop.rules, _facts(unit, raised, message), _spent(unit))
        names = [step.rule for step in wanted.trace if step.matched]
        if names:
            chain = " → ".join((*raised.chain, names[0]))
            unit.record("rules.stopped", f"after {_DEEPEST} steps: {chain}")
            _tell_of_chain(unit, raised.chain, names)


def _tell_of_chain(unit: Unit, chain: tuple[str, ...], stopped: list[str]) -> None:
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"chain:{'/'.join(chain)}"[:500],
        title="Rules that set each other off were stopped",
        summary=f"What follows from one mail or command ends after {_DEEPEST} rules in a row.",
        details=(
            ("rules", " → ".join(chain)),
            ("not done any more", ", ".join(stopped)),
            ("conversation", f"#{unit.number}"),
        ),
        advice=f"inboxd explain {unit.number}",
    )


def run_timer(unit: Unit, rule: str, state: str, last_inbound: MessageRecord | None) -> None:
    """Let the rule act whose time in `state` has come; its conditions are asked again."""
    message = of_message(unit.connection, last_inbound)
    facts = _facts(unit, Raised((state,)), message)
    evaluation = evaluate_timer(unit.shop.rules, rule, facts)
    carry_out(unit, evaluation, Raised((f"{state} (timer)",)), last_inbound)
    follow(unit, last_inbound, message)


def _ask(
    unit: Unit,
    raised: Raised,
    message: MessageFacts | None,
    last_inbound: MessageRecord | None,
    attribute: Attribute | None = None,
) -> MessageRecord | None:
    """Let the rules act that are for one thing that has happened; see `run_event`."""
    events = tuple(event for event in raised.events if _is_so(unit, event))
    if not events or not unit.shop.rules.listening(events, unit.conversation.mailbox):
        return last_inbound
    raised = replace(raised, events=events)
    evaluation = evaluate(unit.shop.rules, _facts(unit, raised, message), _spent(unit))
    reach("rules.evaluated")
    return carry_out(unit, evaluation, raised, last_inbound, attribute)


def _is_so(unit: Unit, event: str) -> bool:
    """Whether a state that was entered is still the conversation's."""
    if event == "unassigned":
        return is_unassigned(unit.conversation)
    return event not in STATES or event == unit.conversation.state


def _spent(unit: Unit) -> dict[str, str]:
    return dict.fromkeys(unit.acted, "it has acted on the same cause already")


def _facts(unit: Unit, raised: Raised, message: MessageFacts | None) -> Facts:
    return gather(unit, raised.events[0], message, raised.events[1:], raised.change)


def carry_out(
    unit: Unit,
    evaluation: Evaluation,
    raised: Raised,
    last_inbound: MessageRecord | None,
    attribute: Attribute | None = None,
) -> MessageRecord | None:
    """Apply what the rules want, in order, under each rule's name; see `run_event`."""
    notes: list[str] = []
    actor, event = unit.actor, raised.events[0]
    for effect in evaluation.effects:
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
    unit.acted.update(step.rule for step in evaluation.trace if step.matched)
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
        case do.ChooseSla():
            actions.set_sla(unit, effect.policy)
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
            canned_replies.send(unit, effect.name, effect.rule, key, dict(effect.match))
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
