"""What the rules want done about what happened, and why. Pure: facts in, effects out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from inboxd.durations import Duration
from inboxd.rules.effects import Effect, applied
from inboxd.rules.facts import ConversationFacts, Facts
from inboxd.rules.ruleset import CompiledRule, RuleSet
from inboxd.rules.verdict import Verdict
from inboxd.rules.view import View

# How many rules that did not match are written down one by one.
MISSES_KEPT = 50
_NONE_SPENT: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at."""

    rule: str
    verdict: Verdict

    @property
    def matched(self) -> bool:
        """Whether the rule's conditions held."""
        return self.verdict.held

    @property
    def why(self) -> str:
        """Which condition decided, with which value, in at most 200 characters."""
        return self.verdict.why


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules want.

    `effects` are in the order in which they take effect; `trace` holds each rule looked at;
    `stopped` is the name of the rule after which none was looked at; `conversation` is how the
    conversation stands when all effects have been applied.
    """

    effects: tuple[Effect, ...]
    trace: tuple[Step, ...]
    stopped: str | None
    conversation: ConversationFacts

    def to_json(self) -> dict[str, Any]:
        """Return the trace as a few plain values, for whoever asks later why this was done.

        `matched` has rule, why and what it did; `missed` has rule and why of the first rules that
        did not match, and `missed_more` counts the others. Mail text in it is cut short.
        """
        did: dict[str, list[str]] = {}
        for effect in self.effects:
            did.setdefault(effect.rule, []).append(str(effect))
        missed = [step for step in self.trace if not step.matched]
        told: dict[str, Any] = {
            "matched": [
                {"rule": step.rule, "why": step.why, "did": did.get(step.rule, [])}
                for step in self.trace
                if step.matched
            ],
            "missed": [{"rule": s.rule, "why": s.why} for s in missed[:MISSES_KEPT]],
        }
        if len(missed) > MISSES_KEPT:
            told["missed_more"] = len(missed) - MISSES_KEPT
        if self.stopped is not None:
            told["stopped"] = self.stopped
        return told


@dataclass(frozen=True, slots=True)
class StateTimer:
    """A rule that looks at a conversation when it has been in a state for `duration`."""

    rule: str
    duration: Duration


def evaluate(rules: RuleSet, facts: Facts, spent: Mapping[str, str] = _NONE_SPENT) -> Evaluation:
    """Return what `rules` want done about `facts`.

    The rules that listen to the event are asked in their order, each once, also where the cause
    raised several events. A rule sees the tags, assignment, priority, fields and state that the
    ones before it left. `spent` names the rules that may not act any more, each with the reason.
    """
    events = (facts.event, *(each for each in facts.also if each != facts.event))
    return _asked(rules.listening(events, facts.mailbox), facts, spent)


def state_timers(rules: RuleSet, state: str, mailbox: str) -> tuple[StateTimer, ...]:
    """Return the timers to set when a conversation of `mailbox` enters `state`, in rule order."""
    return tuple(
        StateTimer(rule.name, rule.delay)
        for rule in rules.waiting(state, mailbox)
        if rule.delay is not None
    )


def evaluate_timer(rules: RuleSet, rule_name: str, facts: Facts) -> Evaluation:
    """Return what the rule wants whose timer has run out; its conditions are looked at again.

    `facts.event` is the state that it waited in.

    A rule that is gone, no longer waits for anything, or waits for another state or mailbox wants
    nothing; the trace says so.
    """
    rule = rules.by_name.get(rule_name)
    if rule is None or not rules.has_timer(rule_name):
        return _declined(rule_name, "there is no such rule with a timer any more", facts)
    state = facts.event if facts.event == "unassigned" else facts.conversation.state
    if state not in rule.events:
        return _declined(rule_name, f"the conversation is {state}", facts)
    if not rule.applies_to(facts.mailbox):
        return _declined(rule_name, f"it leaves mailbox {facts.mailbox} alone", facts)
    return _asked((rule,), facts, _NONE_SPENT)


def _asked(rules: Iterable[CompiledRule], facts: Facts, spent: Mapping[str, str]) -> Evaluation:
    view = View(facts)
    effects: list[Effect] = []
    trace: list[Step] = []
    stopped: str | None = None
    for rule in rules:
        if not rule.hears(facts):
            continue
        verdict = Verdict(False, spent[rule.name]) if rule.name in spent else rule.check(view)
        trace.append(Step(rule.name, verdict))
        if not verdict.held:
            continue
        wanted = rule.effects(verdict.match, facts)
        effects += wanted
        for effect in wanted:
            view.move_on(applied(view.conversation, effect))
        if rule.stop:
            stopped = rule.name
            break
    return Evaluation(tuple(effects), tuple(trace), stopped, view.conversation)


def _declined(rule: str, why: str, facts: Facts) -> Evaluation:
    return Evaluation((), (Step(rule, Verdict(False, why)),), None, facts.conversation)
