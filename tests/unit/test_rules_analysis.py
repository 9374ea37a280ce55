"""`rules check` says which rules and conditions can never come to act, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_kit import run
from cli_kit import write_shop as write_cli_shop

from inboxd.rules.analysis import doubts
from inboxd.rules.loader import Known, place_rules
from inboxd.yaml_positions import load_yaml, parse_yaml

ROOT = Path(__file__).parents[2]
KNOWN = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"billing", "support-team"}),
    mailboxes=frozenset({"support", "sales"}),
    canned=frozenset({"received"}),
    included={"used": frozenset({"support"})},
)


def doubted(text: str) -> list[str]:
    document = parse_yaml(text.encode(), Path("r.yaml"))
    known, placed = place_rules([document], KNOWN)
    return [str(each).removeprefix("r.yaml:") for each in doubts(placed, known)]


def with_condition(condition: str, head: str = "when: message.received") -> list[str]:
    return doubted(f"- name: x\n  {head}\n  if: {condition}\n  then: [close]\n")


IMPOSSIBLE = [
    "{subject: {is: a, is_not: a}}",
    "{subject: {is: A, is_not: [a, b]}}",
    "[{subject: {is: a}}, {subject: {is: b}}]",
    "{subject: {is: abc, contains: d}}",
    "{subject: {is: [abc, abd], starts_with: b}}",
    "{subject: {contains: [refund now, my refund], none_of: refund}}",
    "{subject: {all_of: [a, b], none_of: b}}",
    "{subject: {exists: false, contains: a}}",
    "{subject: {starts_with: ab}, not: {subject: {starts_with: a}}}",
    "{subject: refund, not: {any: {subject: refund, body: x}}}",
    "{tags: {any_of: x, none_of: [x, y]}}",
    "{tags: {any_of: [x, y], none_of: [y, x, z]}}",
    "{tags: {all_of: [x, y], none_of: y}}",
    "{tags: {exists: false, any_of: x}}",
    "{state: {is: open, is_not: open}}",
    "{state: [open, pending], not: {state: [pending, open, closed]}}",
    "{priority: {above: urgent}}",
    "{priority: {above: normal, below: high}}",
    "{mailbox: {none_of: [support, sales]}}",
    "{assignee: {is: anna, is_not: anna}}",
    "{assignee: none, not: {assignee: none}}",
    "{attachments: {above: 2, below: 3}}",
    "{attachments: {is: 2, exists: false}}",
    "{attachments: {between: [1, 3], above: 3}}",
    "{messages: {below: 0}}",
    "{fields.order: {is: '5', above: 7}}",
    "{fields.order: {above: 7, below: 7}}",
    "{header.X-Kind: {is: a, is_not: a}}",
    "{from: {any_of: '@x.example', none_of: ['@x.example', '@y.example']}}",
    "{age.opened: {older_than: 3 days, within: 2 days}}",
    "{age.customer: {older_than: 90 min, within: 1 h}}",
    "{age.agent: {exists: false, older_than: 1 h}}",
    "{time: {within: '9:00-12:00', above: '13:00'}}",
    "{weekday: {any_of: mon-fri, none_of: [mon-thu, fri]}}",
    "[{business_hours: true}, {business_hours: false}]",
    "{kind: {is: customer, is_not: customer}}",
    "{any: [{state: open, not: {state: open}}, {tags: {any_of: x, none_of: x}}]}",
    "[{state: open}, {any: [{state: closed}, {state: pending}]}]",
]
POSSIBLE = [
    "{subject: {is: [a, b], is_not: a}}",
    "{subject: {contains: a, none_of: b}}",
    "{subject: {contains: [refund, order], none_of: refund}}",
    "{subject: {contains: re, none_of: refund}}",
    "{subject: {matches: '^a', is: a}}",
    "{subject: {matches: '^$', exists: false}}",
    "[{tags: {any_of: a}}, {tags: {any_of: b}}]",
    "[{tags: {is: a}}, {tags: {is: b}}]",
    "{tags: {any_of: [x, y], none_of: x}}",
    "[{header.X-Kind: {is: a}}, {header.X-Kind: {is: b}}]",
    "[{from: {is: a@x.example}}, {from: {is: b@x.example}}]",
    "{from: {contains: '@x.example', none_of: x.example}}",
    "{assignee: {exists: true, none_of: [anna, ben]}}",
    "{attachments: {above: 2, below: 4}}",
    "{attachments.size: {above: 10 kB, below: 5 kB}}",
    "{age.opened: {older_than: 2 days, within: 3 days}}",
    "{age.opened: {older_than: 3 business days, within: 2 days}}",
    "{age.opened: {older_than: 1 day, within: 24 h}}",
    "{not: {age.agent: {older_than: 1 h}}, age.customer: {older_than: 2 h}}",
    "[{not: {age.agent: {older_than: 1 h}}}, {not: {age.agent: {within: 1 h}}}]",
    "{not: {subject: a, body: b}, subject: a}",
    "{time: {within: '22:00-6:00', below: '3:00'}}",
    "{priority: {above: normal, below: urgent}}",
    "{any: [{state: open}, {state: closed}]}",
    "{fields.order: {above: 7, below: 8}}",
    "{fields.order: {matches: '^[0-9]+$', none_of: '7'}}",
    "{mailbox: {none_of: support}}",
]


@pytest.mark.parametrize("condition", IMPOSSIBLE)
def test_what_can_never_hold_is_said(condition: str) -> None:
    (said,) = with_condition(condition)
    assert re.match(r"3:\d+: this rule can never act: ", said)


@pytest.mark.parametrize("condition", POSSIBLE)
def test_what_may_hold_is_left_alone(condition: str) -> None:
    assert with_condition(condition) == []


def test_an_alternative_that_never_holds_is_named_in_its_place() -> None:
    assert with_condition("[{state: open}, {any: [{state: closed}, {tags: x}]}]") == [
        "3:31: this alternative can never hold: state any_of [open] and state any_of [closed] "
        "never hold together (line 3)"
    ]


@pytest.mark.parametrize(
    ("head", "condition", "possible"),
    [
        ("when: pending\n  for: 3 days", "{state: open}", False),
        ("when: pending\n  for: 3 days", "{state: pending}", True),
        ("when: unassigned\n  for: 3 h", "{state: snoozed}", True),
        ("when: unassigned\n  for: 3 h", "{state: closed}", False),
        ("when: pending", "{state: open}", True),  # a rule before may have opened it
        ("when: message.received\n  mailboxes: support", "{mailbox: sales}", False),
        ("when: message.received", "{tags: {changed_to: vip}}", False),
        ("when: tag.added", "{tags: {changed_to: vip}}", True),
        ("when: [message.received, tag.added]", "{tags: {changed_to: vip}}", True),
        ("when: state.changed", "{state: {changed_to: closed}}", True),
        ("when: closed", "{state: {changed_to: closed}}", True),
        ("when: field.changed", "{priority: {changed_to: high}}", False),
        ("when: message.received", "{not: {tags: {changed_to: vip}}}", True),
    ],
)
def test_when_and_where_a_rule_is_asked_counts(head: str, condition: str, possible: bool) -> None:
    assert (with_condition(condition, head) == []) is possible


MAIL = "[conversation.opened, message.received]"
STOPS = f"- {{name: First, when: {MAIL}, IF, then: [close], stop: true}}\n"
SECOND = "- {name: Second, when: message.received, IF, then: [{tag: x}]}\n"


@pytest.mark.parametrize(
    ("first", "second", "reached"),
    [
        ("enabled: true", "enabled: true", False),
        ("enabled: true", "if: {tags: x}", False),
        ("enabled: true", "mailboxes: sales", False),
        ("if: {subject: refund}", "if: {subject: refund}", False),
        ("if: {subject: refund}", "if: {subject: [my refund, refunds], tags: x}", False),
        ("if: {subject: [refund, order]}", "if: {subject: {is: order}}", False),
        ("if: {any: {subject: a, body: b}}", "if: {any: {body: b, subject: a}}", False),
        ("if: {not: {subject: refund}}", "if: {not: {subject: ref}}", False),
        ("if: {attachments: {exists: true}}", "if: {attachments: {exists: true}}", False),
        ("if: {header.X-A: b}", "if: {all: [{header.X-A: b}, {priority: high}]}", False),
        ("mailboxes: support", "mailboxes: support", False),
        ("if: {subject: refund}", "if: {subject: order}", True),
        ("if: {subject: refund}", "enabled: true", True),
        ("if: {subject: my refund}", "if: {subject: refund}", True),
        ("if: {tags: x}", "if: {tags: x}", True),  # a rule between may have changed them
        ("mailboxes: support", "enabled: true", True),
        ("enabled: false", "enabled: true", True),
        ("shadow: true", "enabled: true", True),
        ("once: true", "enabled: true", True),
        ("if: {any: {subject: a, body: b}}", "if: {any: {body: b, subject: c}}", True),
    ],
)
def test_a_rule_behind_one_that_always_stops_is_named(
    first: str, second: str, reached: bool
) -> None:
    said = doubted(STOPS.replace("IF", first) + SECOND.replace("IF", second))
    expected = "2:10: this rule is never reached: 'First' (line 1 of r.yaml) stops"
    assert said == ([] if reached else [expected])


def test_timers_run_alone_and_are_always_reached() -> None:
    first = "- {name: a, when: pending, then: [close], stop: true}\n"
    assert doubted(first + "- {name: b, when: pending, for: 2 days, then: [close]}\n") == []


def test_what_nobody_calls_is_named() -> None:
    text = """\
rules:
  - {name: a, when: timer.fired, timer: [call-back, other], then: [close]}
  - {name: b, when: closed, then: [{timer: {name: call-back, after: 2 days}}, {run: called}]}
sets:
  used:
    - {name: c, when: closed, then: [{tag: x}]}
  called:
    - {name: d, when: closed, then: [{tag: x}]}
  forgotten:
    - {name: e, when: closed, then: [{tag: x}]}
"""
    assert doubted(text) == [
        "2:34: no rule sets a timer called 'other'",
        "9:3: no mailbox includes the set 'forgotten', and no rule runs it",
    ]


def test_nothing_is_said_of_the_shipped_rules_and_the_examples() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for example in re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S):
        document = parse_yaml(example.encode(), Path("rules.md"))
        known = Known(
            **{
                **{name: getattr(KNOWN, name) for name in ("agents", "teams", "mailboxes")},
                "canned": None,
                "skills": {"billing": frozenset({"german", "returns"})},
                "slas": frozenset({"standard", "premium", "gold", "none"}),
            }
        )
        known, placed = place_rules([document], known)
        said = [each for each in doubts(placed, known) if "no rule" not in each.message]
        assert said == [], example
    known, placed = place_rules([load_yaml(ROOT / "config" / "rules" / "10-shop.yaml")], SHIPPED)
    assert doubts(placed, known) == []


SHIPPED = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"support-team", "billing"}),
    mailboxes=frozenset({"support"}),
    canned=None,
)


def test_the_command_shows_the_line_and_marks_the_place(tmp_path: Path) -> None:
    shop = write_cli_shop(tmp_path)
    file = shop.folder / "rules" / "shop.yaml"
    text = "- name: x\n  when: closed\n  if: {tags: {any_of: a, none_of: a}}\n  then: [open]\n"
    file.write_text(text, encoding="utf-8")
    ended = shop.run("rules", "check")
    assert ended.code == 0
    assert ended.err == (
        f"{file}:3:26: warning: this rule can never act: tags any_of [a] and tags none_of [a] "
        "never hold together (line 3)\n"
        "      if: {tags: {any_of: a, none_of: a}}\n"
        f"    {' ' * 25}^\n"
    )
    assert "One thing can never come to act" in ended.out
    assert shop.run("rules", "check", "--strict").code == 1
    assert shop.run("check", "--strict").code == 1
    told = shop.run("rules", "check", "--json").json
    assert (told["ok"], told["rules"]) == (True, ["x"])
    assert [(each["line"], each["column"]) for each in told["warnings"]] == [(3, 26)]

    file.write_text("- name: x\n  whn: closed\n  then: [clse]\n", encoding="utf-8")
    ended = shop.run("rules", "check")
    assert ended.code == 78
    assert f"{file}:2:3: unknown key 'whn'; did you mean 'when'?\n      whn: closed\n      ^\n" in (
        ended.err
    )
    assert len(ended.err.splitlines()) >= 6, "all faults at once"
    told = json.loads(shop.run("rules", "check", "--json").out)
    assert told["ok"] is False
    assert {(each["line"], each["column"]) for each in told["faults"]} >= {(2, 3)}

    other = tmp_path / "other.yaml"
    other.write_text("- {name: y, when: closed, then: [open]}\n", encoding="utf-8")
    ended = run("--config", shop.config, "rules", "check", other)
    assert (ended.code, "y" in ended.out) == (0, True)
