"""Rules meet a conversation: their effects go into it, and the trace that explains them."""

from __future__ import annotations

from dataclasses import replace

from inboxd.desk.carrying import Attribute, carry_out
from inboxd.desk.facts import gather, of_message
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Raised, Unit, is_unassigned
from inboxd.failpoints import reach
from inboxd.rules.evaluate import evaluate, evaluate_schedule, evaluate_timer
from inboxd.rules.facts import Change, Facts, MessageFacts
from inboxd.rules.schema import STATES
from inboxd.store.messages import MessageRecord

_DEEPEST = 5


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
        if not unit.shop.rules.has_listeners(raised.events, unit.conversation.mailbox):
            continue
        wanted = evaluate(unit.shop.rules, _facts(unit, raised, message), _spent(unit))
        names = [step.rule for step in wanted.matched]
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
    evaluation = evaluate_timer(unit.shop.rules, rule, facts, _spent(unit))
    carry_out(unit, evaluation, Raised((f"{state} (timer)",)), last_inbound)
    follow(unit, last_inbound, message)


def run_named_timer(unit: Unit, name: str, last_inbound: MessageRecord | None) -> None:
    """Let the rules act that are for a timer of the name `name`."""
    unit.happened("timer.fired", change=Change("timer", name))
    follow(unit, last_inbound)


def run_schedule(unit: Unit, rule: str, last_inbound: MessageRecord | None) -> None:
    """Let the rule act on the conversation whose schedule is due."""
    message, raised = of_message(unit.connection, last_inbound), Raised(("schedule",))
    facts = _facts(unit, raised, message)
    evaluation = evaluate_schedule(unit.shop.rules, rule, facts, _spent(unit))
    if evaluation.matched:  # what did not match would fill the traces
        carry_out(unit, evaluation, raised, last_inbound)
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
    if not events or not unit.shop.rules.has_listeners(events, unit.conversation.mailbox):
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
    """Return the rules that may not act any more, each with the reason."""
    spent = dict.fromkeys(unit.acted, "it has acted on the same cause already")
    if unit.shop.rules.once:
        spent |= dict.fromkeys(unit.done_once, "it acts once, and has acted here before")
    return spent


def _facts(unit: Unit, raised: Raised, message: MessageFacts | None) -> Facts:
    return gather(unit, raised.events[0], message, raised.events[1:], raised.change)
