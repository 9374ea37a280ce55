from __future__ import annotations

import json

import pytest
from rules_kit import facts, message, rules

from inboxd.durations import parse_duration
from inboxd.rules.evaluate import (
    Evaluation,
    StateTimer,
    evaluate,
    evaluate_timer,
    state_timers,
)
from inboxd.rules.evaluation import MISSES_KEPT
from inboxd.rules.loader import RuleSet


def did(evaluation: Evaluation) -> list[str]:
    return [f"{each.rule}: {each}" for each in evaluation.effects]


def test_only_rules_for_the_event_are_asked_in_their_order() -> None:
    ready = rules("""
        - {name: a, when: message.received, then: {tag: a}}
        - {name: b, when: conversation.opened, then: {tag: b}}
        - {name: c, when: [conversation.opened, message.received], then: {tag: c}}
        - {name: d, when: open, then: {tag: d}}
    """)
    assert did(evaluate(ready, facts(message()))) == ["a: tag a", "c: tag c"]
    assert did(evaluate(ready, facts(message(), event="conversation.opened"))) == [
        "b: tag b",
        "c: tag c",
    ]
    assert did(evaluate(ready, facts(None, event="open"))) == ["d: tag d"]
    assert did(evaluate(ready, facts(None, event="snoozed"))) == []


def test_a_cause_with_several_events_asks_each_rule_once_and_in_order() -> None:
    ready = rules("""
        - {name: a, when: message.received, then: {tag: a}}
        - {name: b, when: conversation.opened, then: {tag: b}}
        - {name: c, when: [conversation.opened, message.received], then: {tag: c}}
        - {name: d, when: open, then: {tag: d}}
    """)
    seen = facts(message(), event="conversation.opened", also=("message.received",))
    assert did(evaluate(ready, seen)) == ["a: tag a", "b: tag b", "c: tag c"]
    seen = facts(message(), event="open", also=("open", "message.received"))
    assert did(evaluate(ready, seen)) == ["a: tag a", "c: tag c", "d: tag d"]


def test_rules_keep_to_their_mailboxes() -> None:
    ready = rules("""
        - {name: a, when: message.received, then: {tag: a}, mailboxes: sales}
        - {name: b, when: message.received, then: {tag: b}}
        - {name: c, when: message.received, then: {tag: c}, mailboxes: [support, sales]}
    """)
    assert did(evaluate(ready, facts(message()))) == ["b: tag b", "c: tag c"]
    assert did(evaluate(ready, facts(message(), mailbox="sales"))) == [
        "a: tag a",
        "b: tag b",
        "c: tag c",
    ]
    assert did(evaluate(ready, facts(message(), mailbox="another"))) == ["b: tag b"]


@pytest.mark.parametrize("stop", ["{tag: a}, stop: true", "[{tag: a}, stop]", "[stop, {tag: a}]"])
def test_stop_keeps_the_rules_after_from_being_asked(stop: str) -> None:
    ready = rules(f"""
        - {{name: no, when: message.received, if: {{subject: zzz}}, then: {{tag: x}}, stop: true}}
        - {{name: yes, when: message.received, then: {stop}}}
        - {{name: after, when: message.received, then: {{tag: b}}}}
    """)
    evaluation = evaluate(ready, facts(message()))
    assert did(evaluation) == ["yes: tag a"]
    assert evaluation.stopped == "yes"
    assert [step.rule for step in evaluation.trace] == ["no", "yes"]


def test_a_disabled_rule_is_left_out_but_its_name_is_taken() -> None:
    ready = rules("""
        - {name: off, when: message.received, then: {tag: a}, enabled: false}
        - {name: off timer, when: pending, for: 1 h, then: {tag: a}, enabled: false}
    """)
    assert evaluate(ready, facts(message())).trace == ()
    assert state_timers(ready, "pending", "support") == ()
    assert not ready.has_timer("off timer")


def test_rules_see_what_the_ones_before_them_did() -> None:
    ready = rules("""
        - {name: a, when: message.received, then: {tag: refund}}
        - {name: b, when: message.received, if: {tags: refund}, then: {untag: refund, tag: done}}
        - {name: c, when: message.received, if: {tags: refund}, then: {tag: wrong}}
        - {name: d, when: message.received, if: {tags: done}, then: [{assign: anna}, close]}
    """)
    before = facts(message(), tags=frozenset({"old"}))
    evaluation = evaluate(ready, before)
    assert did(evaluation) == [
        "a: tag refund",
        "b: untag refund",
        "b: tag done",
        "d: assign anna",
        "d: close",
    ]
    assert evaluation.conversation.tags == {"old", "done"}
    assert evaluation.conversation.assignee == "anna"
    assert evaluation.conversation.state == "closed"
    assert before.conversation.tags == {"old"}


def test_the_trace_says_of_every_rule_whether_and_why() -> None:
    ready = rules("""
        - {name: a, when: message.received, if: {subject: refund}, then: {tag: a}}
        - {name: b, when: message.received, if: {subject: order}, then: [{tag: b}, close, stop]}
    """)
    told = evaluate(ready, facts(message("My order"))).to_json()
    assert told == {
        "matched": [
            {"rule": "b", "why": "subject contains [order]: found order", "did": ["tag b", "close"]}
        ],
        "missed": [{"rule": "a", "why": "subject contains [refund]: not found"}],
        "stopped": "b",
    }
    always = evaluate(rules("- {name: a, when: open, then: close}"), facts(None, event="open"))
    assert always.trace[0].why == "it has no conditions"


def test_the_trace_of_a_thousand_rules_stays_small() -> None:
    lines = [
        f"- {{name: r{n}, when: message.received, if: {{subject: w{n:04}}}, then: {{tag: t{n}}}}}"
        for n in range(1000)
    ]
    told = evaluate(rules("\n".join(lines)), facts(message("w0500 " + "x" * 50_000))).to_json()
    assert [each["rule"] for each in told["matched"]] == ["r500"]
    assert len(told["missed"]) == MISSES_KEPT
    assert told["missed_more"] == 999 - MISSES_KEPT
    assert len(json.dumps(told)) < 6000


TIMERS = """
    - {name: nudge, when: pending, for: 3 business days, then: {reply: {canned: still-there}}}
    - {name: at once, when: pending, then: {tag: waiting}}
    - {name: slow, when: [open, pending], for: 2 h, if: {tags: vip}, then: {notify: anna}}
    - {name: sales, when: pending, for: 1 day, mailboxes: sales, then: close}
"""


def test_entering_a_state_sets_timers_and_fires_the_rest_at_once() -> None:
    ready = rules(TIMERS)
    assert state_timers(ready, "pending", "support") == (
        StateTimer("nudge", parse_duration("3 business days")),
        StateTimer("slow", parse_duration("2 h")),
    )
    assert [each.rule for each in state_timers(ready, "pending", "sales")] == [
        "nudge",
        "slow",
        "sales",
    ]
    assert [each.rule for each in state_timers(ready, "open", "support")] == ["slow"]
    assert state_timers(ready, "closed", "support") == ()
    assert did(evaluate(ready, facts(None, event="pending", state="pending"))) == [
        "at once: tag waiting"
    ]
    assert ready.has_timer("nudge")
    assert not ready.has_timer("at once")
    assert not ready.has_timer("unheard of")


def test_conditions_are_looked_at_when_the_timer_runs_out() -> None:
    ready = rules(TIMERS)
    seen = facts(None, event="open", state="open")
    assert did(evaluate_timer(ready, "slow", seen)) == []
    seen = facts(None, event="open", state="open", tags=frozenset({"vip"}))
    assert did(evaluate_timer(ready, "slow", seen)) == ["slow: notify anna"]


@pytest.mark.parametrize(
    ("rule", "state", "mailbox", "why"),
    [
        ("gone", "pending", "support", "there is no such rule with a timer any more"),
        ("at once", "pending", "support", "there is no such rule with a timer any more"),
        ("nudge", "open", "support", "the conversation is open"),
        ("sales", "pending", "support", "it leaves mailbox support alone"),
    ],
)
def test_R15_a_timer_that_no_longer_fits_does_nothing(
    rule: str, state: str, mailbox: str, why: str
) -> None:
    evaluation = evaluate_timer(
        rules(TIMERS), rule, facts(None, event="pending", state=state, mailbox=mailbox)
    )
    assert evaluation.effects == ()
    assert [(step.rule, step.matched, step.why) for step in evaluation.trace] == [
        (rule, False, why)
    ]


def test_no_rules_want_nothing() -> None:
    evaluation = evaluate(RuleSet(), facts(message()))
    assert evaluation.effects == ()
    assert evaluation.to_json() == {"matched": [], "missed": []}
