from __future__ import annotations

import pytest
from rules_kit import facts, message, rules

from inboxd.durations import parse_duration
from inboxd.rules.effects import (
    AddTags,
    Assign,
    Effect,
    Notify,
    RemoveTags,
    SendCanned,
    SetField,
    SetPriority,
    SetState,
    Snooze,
    applied,
)
from inboxd.rules.evaluate import evaluate
from inboxd.rules.facts import ConversationFacts


def done(then: str, condition: str = "{}") -> tuple[Effect, ...]:
    test = f"  if: {condition}\n" if condition != "{}" else ""
    text = f"- name: r\n  when: message.received\n{test}  then: {then}\n"
    return evaluate(rules(text), facts(message("Order 123456"))).effects


@pytest.mark.parametrize(
    ("then", "effect"),
    [
        ("{tag: Refund}", AddTags("r", 0, ("refund",))),
        ("{tag: [a, B]}", AddTags("r", 0, ("a", "b"))),
        ("{untag: refund}", RemoveTags("r", 0, ("refund",))),
        ("{assign: anna}", Assign("r", 0, agent="anna")),
        ("{assign: {agent: ben}}", Assign("r", 0, agent="ben")),
        ("{assign: {team: billing}}", Assign("r", 0, team="billing")),
        ("{assign: none}", Assign("r", 0)),
        (
            "{assign: {team: billing, by: round_robin}}",
            Assign("r", 0, team="billing", by="round_robin"),
        ),
        (
            "{assign: {team: billing, by: least_loaded}}",
            Assign("r", 0, team="billing", by="least_loaded"),
        ),
        ("{assign: {team: billing, by: skill}}", Assign("r", 0, team="billing", by="skill")),
        (
            "{assign: {team: billing, skill: Returns}}",
            Assign("r", 0, team="billing", by="skill", skill="returns"),
        ),
        (
            "{assign: {team: billing, by: round_robin, skill: german}}",
            Assign("r", 0, team="billing", by="round_robin", skill="german"),
        ),
        ("{set: {priority: urgent}}", SetPriority("r", 0, "urgent")),
        ("{set: {fields.source: mail}}", SetField("r", 0, "source", "mail")),
        ("{set: {fields: {source: mail}}}", SetField("r", 0, "source", "mail")),
        ("{reply: {canned: received}}", SendCanned("r", 0, "received", {})),
        ("{notify: anna}", Notify("r", 0, ("anna",))),
        ("{notify: [anna, billing]}", Notify("r", 0, ("anna", "billing"))),
        ("close", SetState("r", 0, "closed")),
        ("[close]", SetState("r", 0, "closed")),
        ("{close: true}", SetState("r", 0, "closed")),
        ("[{close: }]", SetState("r", 0, "closed")),
        ("{snooze: 3 days}", Snooze("r", 0, parse_duration("3 days"))),
    ],
)
def test_each_action_has_its_effect(then: str, effect: Effect) -> None:
    assert done(then) == (effect,)
    assert str(effect)


def test_actions_take_effect_in_their_order() -> None:
    kinds = [type(each) for each in done("[{tag: a}, close, {untag: a}, {assign: none}]")]
    assert kinds == [AddTags, SetState, RemoveTags, Assign]
    kinds = [type(each) for each in done("{close: true, tag: a, notify: anna}")]
    assert kinds == [SetState, AddTags, Notify]


def test_an_effects_index_is_unique_and_does_not_depend_on_the_mail() -> None:
    then = (
        "[{tag: a}, {set: {priority: low, fields.order: '{{ match.order }}', fields.b: x}}, "
        "stop, {tag: z}]"
    )
    either = r"{any: [{subject: {matches: 'Order (?P<order>\d+)'}}, {subject: Order}]}"
    neither = r"{any: [{subject: Order}, {subject: {matches: 'Order (?P<order>\d+)'}}]}"
    assert [each.index for each in done(then, either)] == [0, 1, 2, 3, 5]
    # The group caught nothing: its field is left alone, and nobody else's index moves.
    assert [each.index for each in done(then, neither)] == [0, 1, 3, 5]


def test_a_field_is_filled_from_what_the_pattern_caught() -> None:
    condition = r"{subject: {matches: 'Order (?P<order>\d+)'}}"
    (effect,) = done(
        "{set: {fields.order: 'no. {{match.order}} / {{  match.order  }}'}}", condition
    )
    assert effect == SetField("r", 0, "order", "no. 123456 / 123456")


def test_S8_what_a_customer_writes_is_not_looked_at_again() -> None:
    text = r"""
        - name: r
          when: message.received
          if: {body: {matches: 'say (?P<a>.+)'}}
          then:
            - set: {fields.said: "{{ match.a }}"}
            - reply: {canned: received}
    """
    for said in ("{{ match.a }}", "{{ 7*7 }} {%x%}", "{% raw %}"):
        field, reply = evaluate(rules(text), facts(message(body=f"say {said}"))).effects
        assert isinstance(field, SetField)
        assert isinstance(reply, SendCanned)
        assert field.value == said
        assert reply.match == {"a": said}


def test_a_canned_reply_gets_what_was_caught() -> None:
    condition = r"{subject: {matches: 'Order (?P<order>\d+)'}}"
    (effect,) = done("{reply: {canned: received}}", condition)
    assert effect == SendCanned("r", 0, "received", {"order": "123456"})


def test_effects_applied_to_a_conversation() -> None:
    before = ConversationFacts(
        1, tags=frozenset({"a"}), assignee="anna", team="billing", fields={"x": "1"}
    )
    after = before
    for effect in done(
        "[{tag: [b, c]}, {untag: a}, {assign: ben}, {set: {priority: high, fields.y: '2'}}, "
        "{notify: anna}, {reply: {canned: received}}]"
    ):
        after = applied(after, effect)
    assert after.tags == {"b", "c"}
    assert (after.assignee, after.team) == ("ben", "billing")
    assert after.priority == "high"
    assert after.fields == {"x": "1", "y": "2"}
    assert before.fields == {"x": "1"}
    team = applied(after, Assign("r", 0, team="support-team"))
    assert (team.assignee, team.team) == (None, "support-team")
    nobody = applied(team, Assign("r", 0))
    assert (nobody.assignee, nobody.team) == (None, None)
    assert applied(after, SetState("r", 0, "closed")).state == "closed"
    assert applied(after, Snooze("r", 0, parse_duration("1 h"))).state == "snoozed"
