"""Rules that would go on for ever: within one cause, from one to the next, between two shops."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, Sent, make

from inboxd.work import replay

FUSE = CONFIG + "rules_fuse: 20\n"
ROUNDS = """\
- name: Ping
  when: [message.received, timer.fired]
  then: [{timer: {name: again, after: 0 s}}]
"""
SNOOZES = """\
- {name: Aside, when: open, then: [{snooze: 1 min}]}
"""
STATES = """\
- {name: There, when: open, for: 1 min, then: [pending]}
- {name: Back, when: pending, for: 1 min, then: [open]}
"""


@pytest.mark.parametrize("rules", [ROUNDS, SNOOZES, STATES], ids=["timer", "snooze", "states"])
def test_what_goes_on_from_timer_to_timer_is_ended_by_the_fuse_and_told_once(
    rules: str, tmp_path: Path
) -> None:
    desk = make(tmp_path, rules=rules, config=FUSE)
    desk.customer()
    for _ in range(40):
        desk.later(minutes=1)
    assert len([each for each in desk.events() if each.startswith("rules.fuse")]) == 1
    assert [each.recipients for each in desk.fresh("alert")] == [("anna@shop.example",)]


def test_a_timer_that_sets_itself_at_once_does_not_hang_the_daemon(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ROUNDS, config=FUSE)
    desk.customer()
    assert desk.later() <= 21
    assert desk.timers() == []


def test_two_rules_that_undo_each_other_act_once_each(tmp_path: Path) -> None:
    rules = """\
    - {name: High, when: [message.received, priority.changed], then: [{priority: high}]}
    - {name: Low, when: priority.changed, then: [{priority: low}]}
    - {name: Up, when: assignee.changed, then: [unassign]}
    - {name: Anna, when: [unassigned, assignee.changed], then: [{assign: anna}]}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    changes = [each for each in desk.events() if "changed" in each]
    assert len(changes) == 4
    assert (desk.conversation().priority, desk.conversation().assignee) == ("low", None)


# -- between shops


def other_shop(folder: Path) -> Desk:
    config = CONFIG.replace("shop.example", "other.example")
    rules = "- {name: B, when: message.received, then: [{forward: help@shop.example}]}\n"
    return make(folder, rules=rules, config=config)


def hand_over(mail: Sent, desk: Desk) -> None:
    desk.send(mail.raw, to=mail.recipients, envelope_from=mail.envelope_from)


def test_two_shops_that_forward_to_each_other_stop(tmp_path: Path) -> None:
    rules = "- {name: A, when: message.received, then: [{forward: support@other.example}]}\n"
    here = make(tmp_path / "a", rules=rules)
    there = other_shop(tmp_path / "b")
    here.customer()
    hand_over(here.to("support@other.example", "forward"), there)
    back = there.to("help@shop.example", "forward")
    marks = back.mail.headers.get_all("X-Loop")
    assert marks == ["support@other.example", "support@shop.example"]
    here.fresh()
    hand_over(back, here)
    assert here.count() == 1
    assert here.entry(2).state == "quarantined"
    assert {each.kind for each in here.fresh()} == {"alert"}


def test_what_comes_from_there_does_not_go_there(tmp_path: Path) -> None:
    rules = "- {name: A, when: message.received, then: [{forward: w@partner.example}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer(sender="Will <w@partner.example>")
    assert "forward" not in {each.kind for each in desk.outbox()}
    assert desk.has_event("forward.withheld", "w@partner.example")


def test_forwarding_has_a_cap_an_hour_and_the_admin_hears_of_it(tmp_path: Path) -> None:
    rules = "- {name: A, when: message.received, then: [{forward: w@partner.example}]}\n"
    desk = make(tmp_path, rules=rules, config=CONFIG + "auto_mail: {forwards_hour: 3}\n")
    for number in range(5):
        desk.customer(subject=f"No {number}")
    kinds = [each.kind for each in desk.fresh()]
    assert (kinds.count("forward"), kinds.count("alert")) == (3, 1)
    desk.later(hours=2)
    desk.customer(subject="Later")
    assert [each.kind for each in desk.fresh()].count("forward") == 1


# -- dropped by mistake


def test_dropped_mail_can_be_taken_in_after_all(tmp_path: Path) -> None:
    rules = "- {name: D, when: message.received, if: {subject: tea}, then: [drop]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()

    def again(*entries: int) -> dict[int, str]:
        return replay(desk.database, desk.shop, desk.clock, entries, lambda _: None)

    assert again() == {}
    assert again(1) == {1: "dropped"}
    desk.shop = make(tmp_path / "other", rules="[]\n").shop
    assert again(1) == {1: "applied"}
    assert desk.count() == 1
