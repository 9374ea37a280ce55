"""SLA policies: when a promise starts, stands still and ends, and who hears of its danger."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import Desk, bounce, letter
from sla_kit import POLICIES, armed, promises, shop

from inboxd.config import load_config
from inboxd.desk.shop import load_shop
from inboxd.store import sla


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    # It is Monday, 10:00 in Berlin.
    return shop(tmp_path)


def answer(desk: Desk, text: str = "It is on its way.", **mail: str) -> None:
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), text, **mail)


def customer_again(desk: Desk, text: str) -> None:
    desk.reply(desk.to("jane@customer.example"), text)


def test_a_new_conversation_starts_two_promises_and_arms_their_timers(desk: Desk) -> None:
    desk.customer()
    # Lunch is from twelve to one.
    assert promises(desk) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]
    assert armed(desk) == [
        "first_response.warning Mon 14:00",
        "first_response.breached Mon 15:00",
        "resolution.warning Wed 12:00",
        "resolution.breached Thu 10:00",
    ]
    assert desk.has_event("sla.started", "first response due 2030-05-06 15:00 (standard)")


def test_our_answer_keeps_the_promise_and_the_resolution_waits_with_the_customer(
    desk: Desk,
) -> None:
    desk.customer()
    desk.later(hours=1)
    answer(desk)
    assert promises(desk) == ["first_response met Mon 15:00", "resolution paused"]
    assert armed(desk) == []
    assert desk.has_event("sla.met", "first response, in time")
    # A day later the customer writes again: eight hours of the three days were taken by waiting.
    desk.later(hours=24)
    customer_again(desk, "But where is it?")
    assert promises(desk) == [
        "first_response met Mon 15:00",
        "resolution running Fri 10:00",
        "next_response running Wed 11:00",
    ]
    desk.later(hours=1)
    answer(desk, "Here.\n#close")
    assert promises(desk)[1:] == ["resolution met Fri 10:00", "next_response met Wed 11:00"]
    assert armed(desk) == []


def test_a_second_mail_before_our_answer_does_not_start_the_clock_anew(desk: Desk) -> None:
    desk.customer()
    desk.later(hours=2)
    customer = desk.messages()[0]
    desk.send(letter(text="Hello?", in_reply_to=str(customer.message_id)))
    assert desk.count() == 1
    assert promises(desk) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]


def test_warnings_and_breaches_are_told_once_each(desk: Desk) -> None:
    desk.customer()
    desk.later(hours=3, minutes=59)
    assert desk.conversation().tags == ()
    desk.later(minutes=1)
    assert desk.conversation().tags == ("warned",)
    assert promises(desk)[0] == "first_response running Mon 15:00!"
    desk.fresh()
    desk.later(hours=1)
    assert desk.conversation().tags == ("breached", "warned")
    assert desk.kinds() == ["notification anna@shop.example"]
    for _ in range(3):
        desk.later(hours=1)
    assert sum(each.startswith("sla.breached") for each in desk.events()) == 1
    assert promises(desk)[0] == "first_response running Mon 15:00!!!"
    answer(desk)
    assert desk.has_event("sla.met", "first response, late")


def test_what_came_due_while_the_daemon_was_down_is_told_late_and_once(desk: Desk) -> None:
    desk.customer()
    again = desk.reopened()
    again.later(days=12)
    told = [each.split(":")[0] for each in again.events() if each.startswith("sla.")]
    assert told[2:] == ["sla.warning", "sla.breached", "sla.warning", "sla.breached"]
    assert again.later(days=1) == 0


def test_a_rule_chooses_another_policy_or_none(desk: Desk) -> None:
    desk.customer(subject="Gold tea")
    assert promises(desk) == ["first_response running Mon 10:30"]
    assert armed(desk) == ["first_response.warning Mon 10:20", "first_response.breached Mon 10:30"]
    desk.customer(subject="Answer me someday")
    assert promises(desk, 2) == []
    assert desk.has_event("sla.chosen", "standard → none", 2)


def test_the_priority_changes_what_is_due_and_so_does_the_team(desk: Desk) -> None:
    desk.customer("This is urgent!")
    assert promises(desk)[0] == "first_response running Mon 11:00"
    desk.customer("Take your time.")
    desk.later(minutes=30)
    answer(desk, "#assign billing")
    assert promises(desk, 2)[0] == "first_response running Mon 14:00"
    assert desk.has_event("sla.moved", "first response due 2030-05-06 14:00 (standard)", 2)


def test_a_snooze_stops_the_clock_and_its_end_lets_it_go_on(desk: Desk) -> None:
    desk.customer()
    desk.later(hours=1)
    answer(desk, "#snooze tomorrow 14:00")
    assert promises(desk) == ["first_response paused", "resolution paused"]
    assert armed(desk) == []
    desk.later(hours=27)
    assert desk.state() == "open"
    # Three of four hours were left at eleven on Monday; it is 14:00 on Tuesday.
    assert promises(desk)[0] == "first_response running Tue 17:00"


def test_closing_keeps_all_promises_and_a_reopening_makes_new_ones(desk: Desk) -> None:
    desk.customer()
    answer(desk, "#close")
    assert promises(desk) == ["first_response met Mon 15:00", "resolution met Thu 10:00"]
    desk.later(hours=24)
    customer = desk.messages()[0]
    desk.send(letter(text="Hello?", in_reply_to=str(customer.message_id)))
    # Nobody has ever answered: it is the first word that is owed.
    assert promises(desk)[2:] == [
        "first_response running Tue 15:00",
        "resolution running Fri 10:00",
    ]


def test_automatic_mail_of_ours_is_no_answer(tmp_path: Path) -> None:
    rules = "- {name: Ack, when: conversation.opened, then: [{reply: {canned: received}}]}\n"
    desk = shop(tmp_path, rules=rules)
    desk.customer()
    assert desk.to("jane@customer.example").kind == "auto_reply"
    assert promises(desk)[0] == "first_response running Mon 15:00"


def test_PITFALL_30_out_of_office_notices_and_reports_start_no_clock(desk: Desk) -> None:
    desk.customer()
    answer(desk)
    before = promises(desk)
    ours = desk.to("jane@customer.example")
    desk.later(hours=1)
    desk.reply(ours, "I am away.", headers="Auto-Submitted: auto-replied\n")
    desk.send(bounce("jane@customer.example", original=str(ours.mail.message_id)))
    assert promises(desk) == before
    desk.send(letter(subject="Out of office", headers="Auto-Submitted: auto-replied\n"))
    assert [promises(desk, n) for n in range(2, desk.count() + 1)] == [[]]


@pytest.mark.parametrize("closing", ["", "\n#close"])
def test_PITFALL_28_thanks_start_no_clock(desk: Desk, closing: str) -> None:
    desk.customer()
    answer(desk, f"It is on its way.{closing}")
    desk.later(hours=1)
    customer_again(desk, "Thank you!")
    assert not any(each.startswith("next_response") for each in promises(desk))


def test_spam_is_promised_nothing_until_it_turns_out_to_be_none(desk: Desk) -> None:
    desk.customer()
    answer(desk, "#spam")
    assert promises(desk) == ["first_response dropped Mon 15:00", "resolution dropped Thu 10:00"]
    desk.later(hours=1)
    answer(desk, "#open")
    # The customer has waited since the mail came.
    assert promises(desk)[2:] == [
        "first_response running Mon 15:00",
        "resolution running Thu 10:00",
    ]


def test_what_was_closed_without_an_answer_and_opened_again_has_waited_all_along(
    desk: Desk,
) -> None:
    desk.customer()
    answer(desk, "#close")
    desk.later(hours=1)
    answer(desk, "#open")
    assert promises(desk)[2:] == [
        "first_response running Mon 15:00",
        "resolution running Thu 10:00",
    ]
    answer(desk, "Here it is.\n#close")
    answer(desk, "#open")
    # The customer has our answer and waits for nothing.
    assert all(" met " in each for each in promises(desk))


def test_undoing_an_answer_takes_the_promise_up_again(tmp_path: Path) -> None:
    desk = shop(tmp_path, policies=POLICIES)
    desk.customer()
    notice = desk.to("anna@shop.example", "notification")
    desk.later(hours=1)
    desk.answer_as("anna", notice, "#close")
    assert promises(desk)[0] == "first_response met Mon 15:00"
    desk.later(minutes=5)
    desk.answer_as("anna", notice, "#undo")
    assert desk.state() == "open"
    assert promises(desk) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]
    assert len(armed(desk)) == 4


def test_a_merge_goes_on_with_the_older_promise(desk: Desk) -> None:
    desk.customer("The first one.")
    desk.later(hours=1)
    desk.customer("The same again.", subject="Other")
    desk.later(hours=1)
    answer(desk, "#merge 1")
    assert promises(desk, 1) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]
    assert promises(desk, 2) == ["first_response dropped Mon 16:00", "resolution dropped Thu 11:00"]
    assert armed(desk, 2) == []


def test_a_late_mail_that_merges_conversations_leaves_one_promise_of_a_kind(desk: Desk) -> None:
    desk.customer("First.", message_id="a@customer.example")
    desk.later(hours=1)
    desk.send(letter(text="Third.", message_id="c@customer.example", in_reply_to="b@x.example"))
    desk.later(hours=1)
    desk.send(letter(text="Second.", message_id="b@x.example", in_reply_to="a@customer.example"))
    assert desk.has_event("merged")
    assert promises(desk, 1) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]
    assert [each.split()[1] for each in promises(desk, 2)] == ["dropped", "dropped"]
    assert len(armed(desk, 1)) == 4
    assert armed(desk, 2) == []


def test_a_later_choice_counts_from_when_the_customer_began_to_wait(tmp_path: Path) -> None:
    rules = "- {name: Vip, when: tag.added, if: {tags: vip}, then: {sla: standard}}\n"
    rules += "- {name: No, when: conversation.opened, then: {sla: none}}\n"
    desk = shop(tmp_path, rules=rules)
    desk.customer()
    assert promises(desk) == []
    desk.later(hours=1)
    answer(desk, "#tag vip")
    assert promises(desk) == ["first_response running Mon 15:00", "resolution running Thu 10:00"]


def edited(desk: Desk, *changes: tuple[str, str]) -> None:
    """Let the shop be read again with its configuration changed, and without rules."""
    path = desk.folder / "inboxd.yaml"
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    (desk.folder / "rules" / "10.yaml").write_text("[]\n")
    desk.shop = load_shop(load_config(path, {}))


GOLD = "  gold: {first_response: 30 min, warn_at: 10 min}\n"


def test_a_policy_that_is_gone_leaves_the_mailboxs(desk: Desk) -> None:
    desk.customer(subject="Gold tea")
    edited(desk, (GOLD, ""))
    desk.later(hours=1)
    assert promises(desk) == ["first_response running Mon 15:00"]
    assert not desk.has_event("sla.breached")
    desk.later(hours=4)
    assert desk.has_event("sla.breached", "was due 2030-05-06 15:00 (standard)")


def test_where_no_policy_is_left_nothing_is_promised_any_more(desk: Desk) -> None:
    desk.customer(subject="Gold tea")
    edited(desk, (GOLD, ""), ("    sla: standard\n", ""))
    desk.later(hours=1)
    assert promises(desk) == ["first_response dropped Mon 10:30"]
    assert not desk.has_event("sla.breached")


def test_without_any_policy_in_the_configuration_promises_end_in_silence(desk: Desk) -> None:
    desk.customer(subject="Gold tea")
    text = (desk.folder / "inboxd.yaml").read_text()
    policies = text[text.index("sla:\n") :]
    edited(desk, (policies, ""), ("    sla: standard\n", ""))
    desk.later(hours=1)
    assert promises(desk) == ["first_response dropped Mon 10:30"]
    assert not desk.has_event("sla.breached")


def test_an_edited_policy_is_not_broken_at_its_old_time(desk: Desk) -> None:
    desk.customer(subject="Gold tea")
    edited(desk, ("first_response: 30 min", "first_response: 60 min"))
    desk.later(minutes=30)
    assert promises(desk) == ["first_response running Mon 11:00"]
    assert armed(desk) == ["first_response.warning Mon 10:50", "first_response.breached Mon 11:00"]
    desk.later(minutes=30)
    assert promises(desk) == ["first_response running Mon 11:00!!!"]


def test_dropped_mail_leaves_no_promise(tmp_path: Path) -> None:
    rules = "- {name: D, when: conversation.opened, if: {subject: noise}, then: drop}\n"
    desk = shop(tmp_path, rules=rules)
    desk.customer(subject="Noise")
    desk.customer()
    desk.later(days=30)
    with desk.database.read() as connection:
        assert sla.counts(connection, desk.clock.now()) == (2, 2)


def test_imported_history_promises_nothing(desk: Desk) -> None:
    desk.send(letter(), history=True)
    assert promises(desk) == []


CONDITIONS = """\
- name: Late first answers alone
  when: sla.breached
  if: {sla.kind: first_response, sla.policy: standard}
  then: {tag: late-first}
- name: Late anything of gold
  when: sla.breached
  if: {sla.policy: gold}
  then: {tag: late-gold}
- name: Nothing is promised
  when: conversation.opened
  if: {sla.policy: none}
  then: {tag: unpromised}
"""


def test_rules_ask_which_promise_and_of_which_policy(tmp_path: Path) -> None:
    desk = shop(tmp_path, rules=CONDITIONS)
    desk.customer()
    desk.later(hours=5)
    assert desk.conversation().tags == ("late-first",)
    desk.later(days=5)
    assert desk.conversation().tags == ("late-first",)


def test_a_rule_knows_where_nothing_is_promised(tmp_path: Path) -> None:
    desk = shop(tmp_path, rules=CONDITIONS, policies=POLICIES.replace("sla: standard", ""))
    path = tmp_path / "inboxd.yaml"
    path.write_text(path.read_text().replace("    sla: standard\n", ""))
    desk.shop = load_shop(load_config(path, {}))
    desk.customer()
    assert desk.conversation().tags == ("unpromised",)
