"""The rule language against a plain model of what it means, on generated rules and mails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from inboxd.calendars import weekdays
from inboxd.durations import parse_duration
from inboxd.errors import ConfigError
from inboxd.mail.model import Address
from inboxd.rules.conditions import GROUPS, Condition
from inboxd.rules.effects import applied
from inboxd.rules.evaluate import Evaluation, evaluate, evaluate_timer, state_timers
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts
from inboxd.rules.families import OPERATORS
from inboxd.rules.loader import Known, read_rules
from inboxd.rules.ruleset import RuleSet, compile_rules
from inboxd.rules.schema import Rule
from inboxd.rules.view import View
from inboxd.yaml_positions import parse_yaml

WORDS = ("red", "green", "blue", "refund")
FILE = Path("rules.yaml")
EVENTS = ("conversation.opened", "message.received", "open", "pending", "closed")

words = st.sampled_from(WORDS)
sentences = st.lists(words, max_size=3).map(" ".join)
some_words = st.lists(words, min_size=1, max_size=3)

leaves = st.one_of(
    st.fixed_dictionaries({"subject": some_words}),
    st.fixed_dictionaries({"body": st.fixed_dictionaries({"contains": some_words})}),
    st.fixed_dictionaries({"body": st.fixed_dictionaries({"matches": words})}),
    st.fixed_dictionaries({"tags": some_words}),
    st.fixed_dictionaries({"tags": st.fixed_dictionaries({"none_of": some_words})}),
    st.fixed_dictionaries({"mailbox": st.sampled_from(["support", "sales"])}),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
actions = st.one_of(
    st.fixed_dictionaries({"tag": some_words}),
    st.fixed_dictionaries({"untag": words}),
    st.fixed_dictionaries({"set": st.just({"priority": "high", "fields.x": "y"})}),
    st.fixed_dictionaries({"assign": st.sampled_from(["anna", "none"])}),
    st.just("close"),
)
bodies = st.fixed_dictionaries(
    {
        "when": st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3),
        "then": st.lists(actions, min_size=1, max_size=3),
    },
    optional={
        "if": conditions,
        "stop": st.booleans(),
        "enabled": st.booleans(),
        "mailboxes": st.sampled_from(["support", "sales"]),
    },
)
rule_lists = st.lists(bodies, max_size=6).map(
    lambda found: [{**body, "name": f"rule {i}"} for i, body in enumerate(found)]
)
mails = st.builds(
    MessageFacts,
    from_=st.just((Address("Jo", "jo@mail.example"),)),
    subject=sentences,
    reply_text=sentences,
)
all_facts = st.builds(
    Facts,
    event=st.sampled_from(EVENTS),
    mailbox=st.sampled_from(["support", "sales"]),
    conversation=st.builds(ConversationFacts, number=st.just(1), tags=st.frozensets(words)),
    message=st.none() | mails,
    also=st.lists(st.sampled_from(EVENTS), max_size=2).map(tuple),
)


def compiled(rules: list[dict[str, Any]]) -> RuleSet:
    return compile_rules([Rule.model_validate(rule) for rule in rules])


def meant(condition: dict[str, Any], facts: Facts, tags: frozenset[str]) -> bool:
    """What a condition of this test means, in as few words as possible."""
    ((key, value),) = condition.items()
    mail = facts.message or MessageFacts()
    if key == "all":
        return all(meant(each, facts, tags) for each in value)
    if key == "any":
        return any(meant(each, facts, tags) for each in value)
    if key == "not":
        return not meant(value, facts, tags)
    if key == "mailbox":
        return bool(value == facts.mailbox)
    if key == "tags":
        if isinstance(value, dict):
            return not tags & set(value["none_of"])
        return bool(tags & set(value))
    if key == "subject":
        return any(word in mail.subject for word in value)
    asked = value.get("contains") or [value["matches"]]
    return any(word in mail.reply_text for word in asked)


@given(rule_lists, all_facts)
def test_rules_mean_what_the_page_says(rules: list[dict[str, Any]], facts: Facts) -> None:
    evaluation = evaluate(compiled(rules), facts)
    raised = {facts.event, *facts.also}
    steps = iter(evaluation.trace)
    conversation = facts.conversation
    for rule in rules:
        heard = raised & set(rule["when"])
        here = rule.get("mailboxes") in (None, facts.mailbox)
        if not (rule.get("enabled", True) and heard and here):
            continue
        step = next(steps)
        assert step.rule == rule["name"]
        expected = "if" not in rule or meant(rule["if"], facts, conversation.tags)
        assert step.matched is expected
        for effect in evaluation.effects if expected else ():
            if effect.rule == rule["name"]:
                conversation = applied(conversation, effect)
        if expected and rule.get("stop"):
            assert evaluation.stopped == rule["name"]
            break
    assert next(steps, None) is None
    assert conversation == evaluation.conversation


@given(rule_lists, all_facts)
def test_an_evaluation_is_repeatable_explained_and_keyed(
    rules: list[dict[str, Any]], facts: Facts
) -> None:
    ready = compiled(rules)
    first, again = evaluate(ready, facts), evaluate(ready, facts)
    assert first == again
    keys = [(effect.rule, effect.index) for effect in first.effects]
    assert len(keys) == len(set(keys))
    matched = {step.rule for step in first.trace if step.matched}
    assert {effect.rule for effect in first.effects} == matched
    for step in first.trace:
        assert 0 < len(step.why) <= 200
    assert json.loads(json.dumps(first.to_json())) == first.to_json()


@given(rule_lists, st.sampled_from(["open", "pending", "closed"]), all_facts)
def test_a_timer_fires_what_was_armed_and_nothing_else(
    rules: list[dict[str, Any]], state: str, facts: Facts
) -> None:
    waiting = [
        {**rule, "for": "2 h"}
        for rule in rules
        if set(rule["when"]) <= {"open", "pending", "closed"}
    ]
    ready = compiled(waiting)
    armed = [timer.rule for timer in state_timers(ready, state, facts.mailbox)]
    assert armed == [
        rule["name"]
        for rule in waiting
        if state in rule["when"]
        and rule.get("enabled", True)
        and rule.get("mailboxes") in (None, facts.mailbox)
    ]
    there = ConversationFacts(1, state=state, tags=facts.conversation.tags)
    now = Facts(state, facts.mailbox, there, facts.message)
    assert evaluate(ready, now).trace == ()
    for rule in waiting:
        fired: Evaluation = evaluate_timer(ready, rule["name"], now)
        assert len(fired.trace) == 1
        if rule["name"] not in armed:
            assert fired.effects == ()


_scraps = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["refund", "anna", "3 days", "(", "{{ match.x }}", "pending", "none", "close"]),
    st.sampled_from(["9:00-12:00", "9:00", "mon-fri", "5 MB", "3 business days", "high", "de", ""]),
)
_CONDITIONS = [each.alias or name for name, each in Condition.model_fields.items()]
_keys = st.sampled_from(
    [
        *("name", "when", "for", "if", "then", "tag", "assign", "set", "reply", "canned", "close"),
        *("stop", "run", "once", "shadow", "timer", "wrong", "exist", "contian"),
        *_CONDITIONS,
        *(f"{group}.x" for group in GROUPS),
        *("header.", "header.X Y", "fields.", "contact.fields.", "body.", ".", ""),
        *OPERATORS,
    ]
)
_anything = st.recursive(
    _scraps,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_keys, inner, max_size=3)),
    max_leaves=12,
)


_conditions = st.dictionaries(
    st.sampled_from([*_CONDITIONS, *(f"{group}.x" for group in GROUPS)]),
    _scraps
    | st.lists(_scraps, max_size=3)
    | st.dictionaries(st.sampled_from(OPERATORS), _scraps | st.lists(_scraps, max_size=2)),
    max_size=3,
)
_almost = st.fixed_dictionaries(
    {
        "name": st.just("r"),
        "when": st.just("message.received"),
        "if": _conditions,
        "then": st.just([{"tag": "x"}]),
    }
)


@given(st.lists(_anything, max_size=3) | _almost.map(lambda rule: [rule]))
def test_S9_whatever_a_file_holds_it_loads_or_its_faults_have_places(items: list[Any]) -> None:
    raw = json.dumps(items, indent=1).encode()  # JSON is YAML
    lines = raw.decode().splitlines()
    known = Known(agents=frozenset({"anna"}))
    try:
        faults = [] if read_rules([parse_yaml(raw, FILE)], known).digest else ["no digest"]
    except ConfigError as error:
        faults = [
            str(fault)
            for fault in error.faults
            if not 1 <= fault.line <= len(lines)
            or not 1 <= fault.column <= len(lines[fault.line - 1])
            or not fault.message
        ]
    assert faults == []


@given(_almost, all_facts)
def test_whatever_loads_can_be_asked(rule: dict[str, Any], facts: Facts) -> None:
    raw = json.dumps([rule]).encode()
    try:
        ready = read_rules([parse_yaml(raw, FILE)], Known(agents=frozenset({"anna"})))
    except ConfigError:
        return
    for each in ready.rules:
        verdict = each.check(View(facts))
        assert 0 < len(verdict.why) <= 200


_moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
_durations = st.builds(
    "{} {}".format,
    st.integers(0, 400),
    st.sampled_from(
        [*("s", "min", "h", "days", "weeks"), *(f"business {x}" for x in ("min", "h", "days"))]
    ),
)


@given(_moments, _moments, _durations, _durations)
def test_an_age_is_within_or_older_and_between_is_both(
    moment: datetime, now: datetime, short: str, long: str
) -> None:
    berlin = weekdays(ZoneInfo("Europe/Berlin"))
    facts = Facts(
        "pending",
        "support",
        ConversationFacts(1, opened_at=moment),
        now=now,
        calendar=lambda team: berlin,
    )

    def holds(**asked: Any) -> bool:
        rule = {"name": "r", "when": "pending", "then": [{"tag": "x"}]}
        condition = {"age.opened": asked}
        (ready,) = compile_rules([Rule.model_validate({**rule, "if": condition})]).rules
        return ready.check(View(facts)).held

    assert holds(within=short) is not holds(older_than=short)
    assert holds(older_than=short) is (parse_duration(short).after(moment, berlin) <= now)
    try:
        between = holds(between=[short, long])
    except ValidationError:  # the longer one comes first
        return
    assert between is (holds(older_than=short) and holds(within=long))
