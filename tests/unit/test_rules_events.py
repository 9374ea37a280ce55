"""Every event, raised by what really happens at the desk: a rule for it acts, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, bounce, letter, make

from inboxd.conversations.states import ConversationState
from inboxd.desk import mirroring
from inboxd.desk.action_links import new_address
from inboxd.desk.commands import shell
from inboxd.desk.digest import send_due
from inboxd.rules.reference import literals
from inboxd.rules.schema import STATES, Event
from inboxd.store import timers

Happen = Callable[[Desk], None]


def by_agent(words: str) -> Happen:
    def happen(desk: Desk) -> None:
        desk.customer()
        desk.answer_as("anna", desk.to("anna@shop.example"), words)

    return happen


def by_bounce(desk: Desk) -> None:
    by_agent("Which tea?")(desk)
    answer = desk.to("jane@customer.example", "reply")
    desk.send(
        bounce("jane@customer.example", original=answer.mail.message_id or ""),
        to=[answer.envelope_from],
        envelope_from="",
    )


def by_timer(desk: Desk) -> None:
    desk.customer()
    with desk.database.write() as connection:
        due = [("a name", desk.clock.now())]
        timers.arm(connection, 1, timers.NAMED, due, desk.clock.now())
    desk.later()


def by_schedule(desk: Desk) -> None:
    desk.customer()
    desk.later(hours=24)


def by_giving_up(desk: Desk) -> None:
    by_agent("#assign anna")(desk)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#assign none")


def by_waiting(desk: Desk) -> None:
    desk.customer()
    desk.later(hours=25)


PROMISES = CONFIG.replace("    notify:", "    sla: day\n    notify:") + (
    "sla: {day: {first_response: 24 h, warn_at: 50%}}\n"
)

# What makes each event happen, the conversation's first mail aside.
HAPPENS: dict[str, Happen] = {
    "conversation.opened": lambda desk: desk.customer(),  # type: ignore[dict-item,return-value]
    "message.received": lambda desk: desk.customer(),  # type: ignore[dict-item,return-value]
    "contact.created": lambda desk: desk.customer(),  # type: ignore[dict-item,return-value]
    "reply.sent": by_agent("Which tea?"),
    "note.added": by_agent("#note\nShe means the green one."),
    "state.changed": by_agent("#close"),
    "assignee.changed": by_agent("#assign anna"),
    "tag.added": by_agent("#tag green"),
    "field.changed": by_agent("#set order=4711"),
    "priority.changed": by_agent("#priority high"),
    "timer.fired": by_timer,
    "bounce.received": by_bounce,
    "schedule": by_schedule,
    "sla.warning": by_waiting,
    "sla.breached": by_waiting,
    "open": lambda desk: desk.customer(),  # type: ignore[dict-item,return-value]
    "pending": by_agent("Which tea?"),
    "snoozed": by_agent("#snooze 2 days"),
    "closed": by_agent("#close"),
    "unassigned": by_giving_up,
}


def heard(desk: Desk, number: int = 1) -> int:
    """How often the rule has acted."""
    return desk.events(number).count("tag.added: heard")


def test_there_is_a_row_for_every_event() -> None:
    assert set(HAPPENS) == set(literals(Event))


@pytest.mark.parametrize("event", sorted(HAPPENS))
def test_a_rule_for_the_event_acts_once(event: str, tmp_path: Path) -> None:
    when = "schedule, schedule: 0 9 * * *" if event == "schedule" else event
    rules = f"- {{name: R, when: {when}, then: {{tag: heard}}}}\n"
    desk = make(tmp_path, rules=rules, config=PROMISES)
    HAPPENS[event](desk)
    assert heard(desk) == 1


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_state_lasts_sets_a_timer_and_leaving_it_cancels_it(state: str, tmp_path: Path) -> None:
    desk = make(tmp_path, rules=f"- {{name: R, when: {state}, for: 1 h, then: {{tag: heard}}}}\n")
    HAPPENS[state](desk)
    (timer,) = [each for each in desk.timers() if each.rule == "R"]
    assert timer.due_at == desk.clock.now() + timedelta(hours=1)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#spam")
    assert [each for each in desk.timers() if each.rule == "R"] == []
    desk.later(days=1)
    assert heard(desk) == 0


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_state_that_lasts_lets_the_rule_act_once(state: str, tmp_path: Path) -> None:
    desk = make(tmp_path, rules=f"- {{name: R, when: {state}, for: 1 h, then: {{tag: heard}}}}\n")
    HAPPENS[state](desk)
    desk.later(minutes=59)
    assert heard(desk) == 0
    desk.later(minutes=1)
    assert heard(desk) == 1
    desk.later(days=1)
    assert heard(desk) == 1


def test_a_customer_who_answers_opens_the_conversation_again(tmp_path: Path) -> None:
    desk = make(tmp_path, rules="- {name: R, when: open, then: {tag: heard}, if: {tags: waited}}\n")
    by_agent("Which tea?\n\n#tag waited")(desk)
    assert heard(desk) == 0
    desk.reply(desk.to("jane@customer.example"), "The green one.")
    assert heard(desk) == 1


def test_a_command_a_moved_mail_and_the_end_of_a_snooze_raise_events(tmp_path: Path) -> None:
    rules = """\
    - {name: T, when: tag.added, if: {tags: by-hand}, then: {tag: heard}}
    - {name: C, when: closed, then: {tag: was-closed}}
    - {name: O, when: open, if: {tags: by-hand}, then: {tag: woke}}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    someone = shell(desk.database, desk.shop, desk.clock, None)
    someone.tag(1, "tag", "by-hand")
    assert desk.conversation().tags == ("by-hand", "heard")
    someone.tag(1, "snooze", "2h")
    desk.later(hours=2)
    assert "woke" in desk.conversation().tags
    with desk.database.write() as connection:
        mirroring.follow(connection, desk.shop, 1, ConversationState.CLOSED, desk.clock.now())
    assert "was-closed" in desk.conversation().tags


def test_a_line_of_a_digest_raises_events(tmp_path: Path) -> None:
    config = CONFIG.replace("teams: [support-team]}", 'teams: [support-team], digest: "10:00"}', 1)
    rules = "- {name: R, when: closed, then: {tag: heard}}\n"
    desk = make(tmp_path, rules=rules, config=config)
    desk.customer()
    desk.clock.advance(timedelta(hours=3))
    send_due(desk.database, desk.shop, desk.clock)
    (digest,) = desk.fresh("digest")
    desk.answer_as("ben", digest, "1 #close")
    assert (desk.state(), heard(desk)) == ("closed", 1)


def test_each_of_several_tags_is_an_event_and_the_rule_acts_once(tmp_path: Path) -> None:
    rules = "- {name: R, when: tag.added, if: {tags: b}, then: [{notify: carl}, {tag: heard}]}\n"
    desk = make(tmp_path, rules=rules)
    by_agent("#tag a b c")(desk)
    assert heard(desk) == 1
    assert [each.recipients for each in desk.outbox()].count(("carl@shop.example",)) == 1


def test_an_agent_who_writes_first_opens_a_conversation_and_rules_answer_nobody(
    tmp_path: Path,
) -> None:
    rules = """\
    - {name: R, when: conversation.opened, then: [{tag: heard}, {reply: {canned: received}}]}
    - {name: S, when: reply.sent, then: {tag: answered}}
    - {name: C, when: contact.created, then: {notify: carl}}
    """
    desk = make(tmp_path, rules=rules)
    anna = desk.shop.config.agent("anna")
    assert anna is not None
    address = new_address(desk.shop, desk.shop.desks["support"], anna, desk.clock.now().date())
    mail = letter("Anna <anna@shop.example>", text="#to jane@customer.example\n\nHello!\n")
    desk.send(mail, to=[address])
    assert desk.conversation().tags == ("answered", "heard")
    kinds = desk.kinds()
    assert "notification carl@shop.example" in kinds
    assert [each for each in kinds if "jane@" in each] == ["reply jane@customer.example"]


def test_a_split_opens_a_conversation_and_answers_nobody(tmp_path: Path) -> None:
    rules = """\
    - {name: R, when: conversation.opened, then: [{tag: heard}, {reply: {canned: received}}]}
    """
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    desk.customer("And where is my cup?\n", in_reply_to=asked)
    desk.fresh()
    desk.answer_as("anna", desk.to("anna@shop.example"), "#split")
    assert desk.conversation(2).tags == ("heard",)
    assert desk.fresh("auto_reply") == []
    assert desk.has_event("auto_reply.withheld", "split", 2)


def test_rules_that_set_each_other_off_end(tmp_path: Path) -> None:
    rules = """\
    - {name: On, when: [message.received, tag.added], if: {not: {tags: on}}, then: {tag: on}}
    - {name: Off, when: tag.added, if: {tags: on}, then: [{untag: on}, {tag: off}]}
    - {name: Again, when: tag.added, if: {tags: off}, then: [{untag: off}, {tag: on}]}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.conversation().tags == ("on",)
    assert not desk.has_event("rules.stopped")


def test_a_chain_of_rules_is_cut_after_five_steps_and_the_admin_told_once(tmp_path: Path) -> None:
    rules = "- {name: R0, when: message.received, then: {tag: t0}}\n" + "".join(
        f"- {{name: R{n + 1}, when: tag.added, if: {{tags: t{n}}}, then: {{tag: t{n + 1}}}}}\n"
        for n in reversed(range(8))  # so that none is set off by the same tag as the one before
    )
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    assert desk.conversation().tags == ("t0", "t1", "t2", "t3", "t4", "t5")
    assert desk.has_event("rules.stopped", "R0 → R1 → R2 → R3 → R4 → R5 → R6")
    (told,) = desk.fresh("alert")
    assert "R0 → R1 → R2 → R3 → R4 → R5" in told.mail.text
    desk.customer("Hello?\n", in_reply_to=asked)
    assert desk.fresh("alert") == []


def test_one_rule_does_not_answer_twice_where_a_cause_raises_two_of_its_events(
    tmp_path: Path,
) -> None:
    rules = """\
    - name: R
      when: [message.received, tag.added, priority.changed]
      then: [{set: {priority: high}}, {tag: x}, {reply: {canned: received}}]
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert [each.kind for each in desk.outbox()].count("auto_reply") == 1
    assert not desk.has_event("auto_reply.withheld")
