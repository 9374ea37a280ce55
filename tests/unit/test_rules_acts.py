"""Every action, carried out at the desk: a row for each shows that it really happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import zstandard
from desk_kit import CONFIG, Desk, letter, make

from inboxd.desk.action_links import new_address
from inboxd.rules.actions import Action
from inboxd.rules.reference import words_of
from inboxd.store.tables import Trace, table_of

Check = Callable[[Desk], bool]
JANE = "jane@customer.example"
PROMISES = CONFIG + "sla: {day: {first_response: 24 h}}\n"


def told(desk: Desk, address: str) -> bool:
    return any(address in each.recipients for each in desk.outbox())


def is_stopped(desk: Desk) -> bool:
    return "after" not in desk.conversation().tags


def is_dropped(desk: Desk) -> bool:
    return desk.count() == 0 and desk.entry(1).state == "dropped"


# What stands in `then`, and what shows that it happened.
ACTS: dict[str, tuple[str, Check]] = {
    "tag": ("[{tag: green}]", lambda desk: "green" in desk.conversation().tags),
    "untag": ("[{tag: [a, b]}, {untag: a}]", lambda desk: "a" not in desk.conversation().tags),
    "assign": ("[{assign: carl}]", lambda desk: desk.conversation().assignee == "carl"),
    "unassign": (
        "[{assign: {team: billing}}, {assign: carl}, unassign]",
        lambda desk: (desk.conversation().assignee, desk.conversation().team) == (None, "billing"),
    ),
    "set": (
        '[{set: {fields.who: "{{ contact.address }}"}}]',
        lambda desk: desk.conversation().fields == {"who": JANE},
    ),
    "priority": ("[{priority: urgent}]", lambda desk: desk.conversation().priority == "urgent"),
    "contact": (
        "[{contact: reply_to}]",
        lambda desk: desk.conversation().contact_address == "home@customer.example",
    ),
    "reply": ("[{reply: received}]", lambda desk: desk.to(JANE).kind == "auto_reply"),
    "note": (
        '[{note: "From {{ contact.name }}, {{ fields.none }}."}]',
        lambda desk: "note: From Jane Doe, ." in desk.texts(),
    ),
    "notify": ("[{notify: carl}]", lambda desk: told(desk, "carl@shop.example")),
    "forward": ("[{forward: w@partner.example}]", lambda desk: told(desk, "w@partner.example")),
    "close": ("[close]", lambda desk: desk.state() == "closed"),
    "open": ("[close, open]", lambda desk: desk.has_event("state.changed", "closed → open")),
    "pending": ("[pending]", lambda desk: desk.state() == "pending"),
    "spam": (
        "[{notify: carl}, spam]",
        lambda desk: desk.state() == "spam" and not desk.outbox(),
    ),
    "snooze": ("[{snooze: 1 day}]", lambda desk: desk.state() == "snoozed"),
    "sla": ("[{sla: day}]", lambda desk: desk.has_event("sla.chosen", "day")),
    "timer": (
        "[{timer: {name: t, after: 2 h}}]",
        lambda desk: [each.rule for each in desk.timers()] == ["t"],
    ),
    "cancel_timer": (
        "[{timer: {name: t, after: 2 h}}, {cancel_timer: t}]",
        lambda desk: not desk.timers() and desk.has_event("timer.cancelled", "t"),
    ),
    "link": ("[{link: 1}]", lambda desk: desk.links(2) == [1]),
    "run": ("[{run: more}]", lambda desk: "more" in desk.conversation().tags),
    "stop": ("[stop]", is_stopped),
    "drop": ("[{tag: x}, {reply: received}, drop]", is_dropped),
}


def test_there_is_a_row_for_every_action() -> None:
    assert set(ACTS) == set(words_of(Action))


@pytest.mark.parametrize("action", sorted(ACTS))
def test_the_action_happens(action: str, tmp_path: Path) -> None:
    then, check = ACTS[action]
    rules = f"""\
    sets: {{more: [{{name: More, then: {{tag: more}}}}]}}
    rules:
      - {{name: R, when: conversation.opened, then: {then}}}
      - {{name: After, when: conversation.opened, then: {{tag: after}}}}
    """
    desk = make(tmp_path, rules=rules, config=PROMISES)
    if action == "link":
        desk.customer(subject="An older one")
    desk.customer(headers="Reply-To: home@customer.example\n" if action == "contact" else "")
    assert check(desk)


@pytest.mark.parametrize("action", sorted(set(ACTS) - {"drop", "contact"}))
def test_the_action_happens_when_a_timer_fires(action: str, tmp_path: Path) -> None:
    then, check = ACTS[action]
    rules = f"""\
    sets: {{more: [{{name: More, then: {{tag: more}}}}]}}
    rules:
      - {{name: Arm, when: message.received, then: [{{timer: {{name: now, after: 1 h}}}}]}}
      - {{name: R, when: timer.fired, timer: now, then: {then}}}
      - {{name: After, when: timer.fired, then: {{tag: after}}}}
    """
    desk = make(tmp_path, rules=rules, config=PROMISES.replace("notify: [support-team]", ""))
    if action == "link":
        desk.customer(subject="An older one")
    desk.customer()
    desk.later(hours=1)
    assert check(desk)


def test_a_rule_answers_once_in_a_conversation_unless_it_is_told_to_repeat(tmp_path: Path) -> None:
    rules = """\
    - {name: Once, when: message.received, then: [{reply: received}]}
    - {name: Often, when: message.received, then: [{reply: {canned: still-there, repeat: true}}]}
    """
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    sent = []
    for days in (0, 1, 0.5, 2):
        desk.clock.advance(timedelta(days=days, seconds=1))
        desk.customer("Hello?\n", in_reply_to=asked)
        sent.append([each.mail.text.split("\n")[0] for each in desk.fresh("auto_reply")])
    again = ["Are you still there?"]
    assert sent == [["Hello Jane Doe,", *again], again, [], again]


def test_a_timer_is_moved_by_its_name_fires_once_and_rules_know_which(tmp_path: Path) -> None:
    rules = """\
    - {name: Arm, when: message.received, then: [{timer: {name: a, after: 2 h}}]}
    - {name: A, when: timer.fired, timer: a, then: [{tag: a}, {timer: {name: b, after: 1 h}}]}
    - {name: B, when: timer.fired, timer: [b, c], then: [{tag: b}, {notify: carl}]}
    - {name: Any, when: timer.fired, then: [{note: "{{ change.name }}"}]}
    """
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    desk.later(hours=1)
    desk.customer("Hello?\n", in_reply_to=asked)
    desk.later(hours=1)
    assert desk.conversation().tags == ()
    desk.later(hours=1)
    assert desk.conversation().tags == ("a",)
    desk.later(hours=1)
    assert desk.conversation().tags == ("a", "b")
    assert [each for each in desk.texts() if each.startswith("note")] == ["note: a", "note: b"]
    assert desk.later(days=9) == 0
    assert told(desk, "carl@shop.example")


def test_timers_go_on_in_the_conversation_that_theirs_was_merged_into(tmp_path: Path) -> None:
    rules = "- {name: A, when: conversation.opened, then: [{timer: {name: a, after: 2 h}}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.customer(subject="Another")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#merge 1")
    assert [each.rule for each in desk.timers(1)] == ["a"]
    assert desk.timers(2) == []
    assert desk.later(hours=2) == 1


def test_a_timer_of_what_became_spam_does_nothing(tmp_path: Path) -> None:
    rules = """\
    - {name: A, when: conversation.opened, then: [{timer: {name: a, after: 2 h}}]}
    - {name: B, when: timer.fired, then: [open]}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "#spam")
    assert desk.later(hours=2) == 1
    assert desk.state() == "spam"


def test_forwarded_mail_is_a_side_thread_that_the_customer_never_sees(tmp_path: Path) -> None:
    rules = "- {name: F, when: message.received, then: [{forward: w@partner.example}]}\n"
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    first = desk.to("w@partner.example", "forward")
    assert "where is my green tea?" in first.mail.text.lower()
    assert first.mail.headers.get("Auto-Submitted") == "auto-generated"
    assert first.mail.headers.get("X-Loop") == "support@shop.example"
    desk.customer("And the black one?\n", in_reply_to=asked)
    second = desk.to("w@partner.example", "forward")
    assert second.mail.in_reply_to == (first.mail.message_id,)
    desk.fresh()
    desk.reply(second, "On its way.", sender="Will <w@partner.example>")
    assert {each.kind for each in desk.fresh()} == {"side"}
    assert "note: On its way." in desk.texts()
    assert desk.parties().get("w@partner.example") is None


def test_nothing_is_forwarded_to_ourselves(tmp_path: Path) -> None:
    rules = "- {name: F, when: message.received, then: [{forward: support+x@shop.example}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert "forward" not in {each.kind for each in desk.outbox()}


def test_what_a_customer_writes_is_put_in_as_it_is_and_never_read_again(tmp_path: Path) -> None:
    rules = """\
    - name: N
      when: message.received
      if: {body: {matches: 'word (?P<w>.+)'}}
      then: [{set: {fields.w: "{{ match.w }}"}}, {note: "{{ match.w }} {{ fields.w }}"}]
    """
    desk = make(tmp_path, rules=rules)
    desk.customer("word {{ contact.address }} {{ 7*7 }} @carl\n")
    written = "{{ contact.address }} {{ 7*7 }} @carl"
    assert desk.conversation().fields == {"w": written}
    assert f"note: {written} {written}" in desk.texts()
    assert not told(desk, "carl@shop.example")


def test_a_customer_links_with_nobody_elses_conversation(tmp_path: Path) -> None:
    rules = """\
    - name: L
      when: message.received
      if: {body: {matches: 'ticket #?(?P<n>\\w+)'}}
      then: [{link: "{{ match.n }}"}]
    """
    desk = make(tmp_path, rules=rules)
    desk.customer(sender="Tom <tom@else.example>")
    desk.customer("About ticket 1.\n")
    assert desk.links(2) == []
    desk.customer("About ticket #2.\n", subject="Again")
    assert desk.links(3) == [2]
    for odd in ("4", "99999999999999999999999", "x1", "0", "4711"):
        desk.customer(f"About ticket {odd}.\n", subject=odd)
    assert desk.links(3) == [2]
    assert desk.count() == 8


def test_a_dropped_mail_leaves_nothing_but_its_journal_entry_and_the_reason(tmp_path: Path) -> None:
    rules = """\
    - {name: Tag, when: message.received, then: [{tag: x}, {notify: carl}, {reply: received}]}
    - {name: Noise, when: message.received, if: {subject: noise}, then: [drop]}
    - {name: Never, when: message.received, if: {subject: noise}, then: [{tag: never}]}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer(subject="Noise", sender="Bob <bob@noise.example>")
    entry = desk.entry(1)
    assert (entry.state, desk.count(), desk.outbox()) == ("dropped", 0, [])
    assert "Noise" in entry.error
    assert "subject" in entry.error
    table = table_of(Trace)
    with desk.database.read() as connection:
        (trace,) = connection.execute(sa.select(table)).all()
        assert connection.exec_driver_sql("SELECT count(*) FROM contact").scalar() == 0
    steps = json.loads(zstandard.ZstdDecompressor().decompress(trace.data))["steps"]
    assert [each["rule"] for each in steps[-1]["rules"]["matched"]] == ["Tag", "Noise"]
    asked = desk.customer()
    assert desk.conversation(1).tags == ("x",)
    desk.customer("hm", subject="noise", in_reply_to=asked)
    assert not any("hm" in each for each in desk.texts())
    assert not desk.has_event("message.received")


def test_what_an_agent_files_is_not_dropped(tmp_path: Path) -> None:
    rules = "- {name: D, when: conversation.opened, then: [drop]}\n"
    desk = make(tmp_path, rules=rules)
    anna = desk.shop.config.agent("anna")
    assert anna is not None
    address = new_address(desk.shop, desk.shop.desks["support"], anna, desk.clock.now().date())
    mail = letter("Anna <anna@shop.example>", text=f"#to {JANE}\n\nHello!\n")
    desk.send(mail, to=[address])
    assert (desk.state(), desk.entry(1).state) == ("pending", "applied")
