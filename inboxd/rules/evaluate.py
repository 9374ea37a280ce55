"""What the rules want done about what happened, and why. Pure: facts in, effects out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inboxd.durations import Duration
from inboxd.rules.effects import Effect, Run, applied
from inboxd.rules.evaluation import Evaluation, Passed, Step
from inboxd.rules.facts import Facts
from inboxd.rules.index import Bits
from inboxd.rules.ruleset import CompiledRule, Group, RuleSet
from inboxd.rules.verdict import Verdict
from inboxd.rules.view import View

__all__ = ["Evaluation", "StateTimer", "Step", "evaluate", "evaluate_timer", "state_timers"]

_NONE_SPENT: Mapping[str, str] = {}


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
    return asking.result(asking.ask(rules.group(events, facts.mailbox)))


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
    return asking.result(asking.ask(Group.of((rule,))))


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
        self._looks: list[Step | Passed] = []
        self._moves: list[frozenset[str]] = []

    def result(self, stopped: str | None) -> Evaluation:
        """Return what was found."""
        return Evaluation(
            tuple(self._effects),
            tuple(self._looks),
            stopped,
            self._view.conversation,
            tuple(self._shadowed),
        )

    def ask(self, group: Group, *, shadow: bool = False) -> str | None:
        """Ask the rules of `group`; returns the name of the one after which no other was asked.

        With `shadow`, what they want is noted and not done.
        """
        group = group.hearing(self._facts)
        rules, left, at = group.rules, self._first(group), 0
        while left:
            bit = left & -left
            left ^= bit
            place = bit.bit_length() - 1
            if place > at:
                self._looks.append(Passed(rules, at, place, shadow))
            at = place + 1
            moves, matched = len(self._moves), len(self._matched)
            if self._is_last(rules[place], shadow=shadow):
                return rules[place].name
            if group.index is not None and (moves, matched) != self._marks():
                moved = frozenset[str]().union(*self._moves[moves:])
                more = group.index.besides(self._view, moved) | group.places(self._matched)
                left |= more & ~((bit << 1) - 1)
        if at < len(rules):
            self._looks.append(Passed(rules, at, len(rules), shadow))
        return None

    def _first(self, group: Group) -> Bits:
        if group.index is None:
            return group.all
        seen = group.index.candidates(self._view)
        return seen | group.places(self._spent) | group.places(self._matched)

    def _marks(self) -> tuple[int, int]:
        return len(self._moves), len(self._matched)

    def _is_last(self, rule: CompiledRule, *, shadow: bool) -> bool:
        """Ask a rule and let it act; returns whether no other is to be asked after it."""
        if rule.name in self._matched:  # in a set that was run
            return rule.stop and not rule.shadow
        gone = self._spent.get(rule.name)
        verdict = rule.check(self._view) if gone is None else Verdict(False, gone)
        unreal = shadow or rule.shadow
        self._looks.append(Step(rule.name, verdict, shadow=unreal))
        if not verdict.held:
            return False
        self._matched.add(rule.name)
        self._let_act(rule, verdict.match, shadow=unreal)
        return rule.stop and not unreal

    def _let_act(self, rule: CompiledRule, match: Mapping[str, str], *, shadow: bool) -> None:
        facts = self._facts
        for slot in rule.slots:
            if facts.conversation is not self._view.conversation:
                facts = replace(facts, conversation=self._view.conversation)
            effect = slot(match, facts)
            if effect is None:
                continue
            (self._shadowed if shadow else self._effects).append(effect)
            if isinstance(effect, Run):
                self.ask(self._rules.runnable(effect.set, self._facts.mailbox), shadow=shadow)
            elif not shadow:
                moved = self._view.move_on(applied(self._view.conversation, effect))
                if moved:
                    self._moves.append(moved)


def evaluate_schedule(
    rules: RuleSet, rule_name: str, facts: Facts, spent: Mapping[str, str] = _NONE_SPENT
) -> Evaluation:
    """Return what the rule wants whose schedule is due; see `evaluate`."""
    rule = rules.by_name.get(rule_name)
    if rule is None or rule.schedule is None or not rule.applies_to(facts.mailbox):
        return _declined(rule_name, "there is no such rule with a schedule here any more", facts)
    asking = _Asking(rules, facts, spent)
    return asking.result(asking.ask(Group.of((rule,))))


def _declined(rule: str, why: str, facts: Facts) -> Evaluation:
    return Evaluation((), (Step(rule, Verdict(False, why)),), None, facts.conversation)
