"""What somebody at a shell can do to a conversation."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, make

from inboxd.desk.commands import Shell, shell
from inboxd.errors import Permanent


def asked(tmp_path: Path, name: str | None = "anna") -> tuple[Desk, Shell]:
    desk = make(tmp_path)
    desk.customer("Where is my tea?\n#1 is my number.\n")
    desk.fresh()
    return desk, shell(desk.database, desk.shop, desk.clock, name)


def test_an_answer_from_a_shell_is_like_one_by_mail(tmp_path: Path) -> None:
    desk, anna = asked(tmp_path)
    done = anna.reply(1, "It comes tomorrow.\n# no tag here\n")
    assert done.conversation.state == "pending"
    assert desk.kinds() == ["answered ben@shop.example", "reply jane@customer.example"]
    text = desk.to("jane@customer.example").mail.text
    assert text.startswith("It comes tomorrow.\n# no tag here")
    assert desk.messages()[-1].agent == "anna"


def test_the_same_words_twice_are_two_answers(tmp_path: Path) -> None:
    desk, anna = asked(tmp_path)
    anna.reply(1, "Hello.")
    anna.reply(1, "Hello.")
    assert len(desk.fresh("reply")) == 2


def test_every_tag_can_be_done_from_a_shell(tmp_path: Path) -> None:
    desk, anna = asked(tmp_path)
    for name, words in (
        ("tag", "refund"),
        ("assign", "carl"),
        ("priority", "high"),
        ("snooze", "2 days"),
    ):
        anna.tag(1, name, words)
    found = desk.conversation()
    assert (found.tags, found.assignee, found.priority) == (("refund",), "carl", "high")
    assert found.state == "snoozed"
    assert desk.kinds() == ["notification carl@shop.example"]
    assert anna.tag(1, "close").did == "Closed."
    assert desk.timers() == []


def test_a_note_stays_here(tmp_path: Path) -> None:
    desk, anna = asked(tmp_path)
    anna.note(1, " A difficult one. ")
    assert desk.texts()[-1] == "note: A difficult one."
    assert desk.kinds() == []


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda anna: anna.reply(9, "x"), "there is no conversation #9"),
        (lambda anna: anna.reply(1, "  "), "no text"),
        (lambda anna: anna.note(1, "\n"), "no text"),
        (lambda anna: anna.tag(1, "assign", "annna"), "did you mean 'anna'"),
        (lambda anna: anna.tag(1, "snooze", ""), "needs a time"),
        (lambda anna: anna.tag(1, "send", "tomorrow 9:00"), "part of an answer"),
        (lambda anna: anna.tag(1, "merge", "9"), "there is no conversation #9"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    tmp_path: Path, act: object, reason: str
) -> None:
    desk, anna = asked(tmp_path)
    before = desk.conversation()
    with pytest.raises(Permanent, match=reason):
        act(anna)  # type: ignore[operator]
    assert desk.conversation() == before
    assert desk.kinds() == []


def test_an_internal_line_is_held_back_here_too(tmp_path: Path) -> None:
    desk, anna = asked(tmp_path)
    with pytest.raises(Permanent, match="stands in your answer"):
        anna.reply(1, f"Write to {desk.to('anna@shop.example').reply_to}")


def test_rules_follow_what_a_shell_does(tmp_path: Path) -> None:
    rules = "- {name: Bye, when: closed, then: [{tag: done}, {reply: {canned: received}}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.fresh()
    shell(desk.database, desk.shop, desk.clock, "anna").tag(1, "close")
    assert desk.conversation().tags == ("done",)
    assert desk.kinds() == ["auto_reply jane@customer.example"]


def test_who_acts_is_the_admin_unless_somebody_is_named(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for name, expected in ((None, "anna"), ("BEN", "ben")):
        agent = shell(desk.database, desk.shop, desk.clock, name).agent
        assert agent is not None
        assert agent.name == expected
    with pytest.raises(Permanent, match="no agent called benn"):
        shell(desk.database, desk.shop, desk.clock, "benn")


def test_without_agents_a_shell_can_do_all_but_answer(tmp_path: Path) -> None:
    config = CONFIG.split("agents:")[0].replace("    notify: [support-team]\n", "")
    desk = make(tmp_path, config=config)
    desk.customer()
    nobody = shell(desk.database, desk.shop, desk.clock, None)
    nobody.tag(1, "close")
    nobody.note(1, "Seen.")
    assert (desk.state(), desk.texts()[-1]) == ("closed", "note: Seen.")
    with pytest.raises(Permanent, match="needs an agent"):
        nobody.reply(1, "Hello.")
