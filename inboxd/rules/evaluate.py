"""What the rules want done about what happened, and why. Pure: facts in, effects out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from inboxd.durations import Duration
from inboxd.rules.effects import Effect, Run, applied
from inboxd.rules.facts import ConversationFacts, Facts
from inboxd.rules.ruleset import CompiledRule, RuleSet
from inboxd.rules.verdict import Verdict
from inboxd.rules.view import View

# How many rules that did not match are written down one by one.
MISSES_KEPT = 50
_NONE_SPENT: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at; what a `shadow` one wants is not done."""

    rule: str
    verdict: Verdict
    shadow: bool = False

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
    shadowed: tuple[Effect, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the trace as a few plain values, for whoever asks later why this was done.

        `matched` has rule, why and what it did; `missed` has rule and why of the first rules that
        did not match, and `missed_more` counts the others. Mail text in it is cut short.
        """
        did: dict[str, list[str]] = {}
        for effect in (*self.effects, *self.shadowed):
            did.setdefault(effect.rule, []).append(str(effect))
        missed = [step for step in self.trace if not step.matched]
        told: dict[str, Any] = {
            "matched": [
                {
                    "rule": step.rule,
                    "why": step.why,
                    "did": did.get(step.rule, []),
                    **({"shadow": True} if step.shadow else {}),
                }
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
    asking = _Asking(rules, facts, spent)
    return asking.result(asking.ask(rules.listening(events, facts.mailbox)))


def state_timers(rules: RuleSet, state: str, mailbox: str) -> tuple[StateTimer, ...]:
    """Return the timers to set when a conversation of `mailbox` enters `state`, in rule order."""
    return tuple(
        StateTimer(rule.name, rule.delay)
        for rule in rules.waiting(state, mailbox)
        if rule.delay is not None
    )


def evaluate_timer(
    rules: RuleSet, rule_name: str, facts: Facts, spent: Mapping[str, str] = _NONE_SPENT
) -> Evaluation:
    """Return what the rule wants whose timer has run out; its conditions are looked at again.

    `facts.event` is the state that it waited in; see `evaluate` for `spent`. A rule that is gone,
    no longer waits for anything, or waits for another state or mailbox wants nothing; the trace
    says so.
    """
    rule = rules.by_name.get(rule_name)
    if rule is None or not rules.has_timer(rule_name):
        return _declined(rule_name, "there is no such rule with a timer any more", facts)
    state = facts.event if facts.event == "unassigned" else facts.conversation.state
    if state not in rule.events:
        return _declined(rule_name, f"the conversation is {state}", facts)
    if not rule.applies_to(facts.mailbox):
        return _declined(rule_name, f"it leaves mailbox {facts.mailbox} alone", facts)
    asking = _Asking(rules, facts, spent)
    return asking.result(asking.ask((rule,)))


class _Asking:
    """One evaluation under way: what has been found so far, and the conversation as it moves on."""

    def __init__(self, rules: RuleSet, facts: Facts, spent: Mapping[str, str]) -> None:
        self._rules = rules
        self._facts = facts
        self._spent = spent
        self._view = View(facts)
        self._matched: set[str] = set()
        self._effects: list[Effect] = []
        self._shadowed: list[Effect] = []
        self._trace: list[Step] = []

    def result(self, stopped: str | None) -> Evaluation:
        """Return what was found."""
        return Evaluation(
            tuple(self._effects),
            tuple(self._trace),
            stopped,
            self._view.conversation,
            tuple(self._shadowed),
        )

    def ask(self, rules: Iterable[CompiledRule], *, shadow: bool = False) -> str | None:
        """Ask each of `rules`; returns the name of the one after which no other was asked.

        With `shadow`, what they want is noted and not done.
        """
        for rule in rules:
            if rule.name in self._matched:  # in a set that was run
                if rule.stop and not rule.shadow:
                    return rule.name
                continue
            if not rule.hears(self._facts):
                continue
            gone = self._spent.get(rule.name)
            verdict = rule.check(self._view) if gone is None else Verdict(False, gone)
            unreal = shadow or rule.shadow
            self._trace.append(Step(rule.name, verdict, shadow=unreal))
            if not verdict.held:
                continue
            self._matched.add(rule.name)
            self._let_act(rule, verdict.match, shadow=unreal)
            if rule.stop and not unreal:
                return rule.name
        return None

    def _let_act(self, rule: CompiledRule, match: Mapping[str, str], *, shadow: bool) -> None:
        facts = replace(self._facts, conversation=self._view.conversation)
        for slot in rule.slots:
            effect = slot(match, facts)
            if effect is None:
                continue
            (self._shadowed if shadow else self._effects).append(effect)
            if isinstance(effect, Run):
                self.ask(self._runnable(effect.set), shadow=shadow)
            elif not shadow:
                self._view.move_on(applied(self._view.conversation, effect))

    def _runnable(self, name: str) -> list[CompiledRule]:
        """Return the rules of a set that may be asked here; those that wait do so on their own."""
        mailbox = self._facts.mailbox
        return [
            rule
            for rule in self._rules.sets.get(name, ())
            if rule.delay is None
            and rule.schedule is None
            and (rule.allowed is None or mailbox in rule.allowed)
        ]


def evaluate_schedule(
    rules: RuleSet, rule_name: str, facts: Facts, spent: Mapping[str, str] = _NONE_SPENT
) -> Evaluation:
    """Return what the rule wants whose schedule is due; see `evaluate`."""
    rule = rules.by_name.get(rule_name)
    if rule is None or rule.schedule is None or not rule.applies_to(facts.mailbox):
        return _declined(rule_name, "there is no such rule with a schedule here any more", facts)
    asking = _Asking(rules, facts, spent)
    return asking.result(asking.ask((rule,)))


def _declined(rule: str, why: str, facts: Facts) -> Evaluation:
    return Evaluation((), (Step(rule, Verdict(False, why)),), None, facts.conversation)
