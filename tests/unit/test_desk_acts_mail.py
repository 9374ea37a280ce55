"""Acts as agents ask for them: with tags in a mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from acts_kit import JOE, stranger
from desk_kit import CONFIG, START, Desk, make

from inboxd.store import absences, blocked


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make(tmp_path)
    desk.customer()
    desk.customer("Is it lost?\n", subject="Lost?")
    desk.fresh()
    return desk


def receipt(desk: Desk, address: str = "anna@shop.example") -> str:
    return " ".join(desk.to(address, "receipt").mail.text.split())


def test_merge_with_an_answer(desk: Desk) -> None:
    desk.answer_as("anna", desk.to("anna@shop.example"), "We look for it.\n\n#merge 1")
    assert desk.texts(2) == []
    assert desk.texts(1)[-1] == "outbound: We look for it."
    assert "#2 is part of #1 (Where is my tea?) now." in receipt(desk)
    assert "[#1]" in desk.to("anna@shop.example", "receipt").mail.subject
    assert desk.to("jane@customer.example", "reply")


def test_a_merge_that_is_refused_sends_nothing(desk: Desk) -> None:
    desk.answer_as("anna", desk.to("anna@shop.example"), "We look for it.\n\n#merge 9")
    assert "there is no conversation #9" in receipt(desk)
    assert [each.kind for each in desk.fresh()] == ["receipt"]
    assert len(desk.texts(2)) == 1


def test_split_and_then_the_answer_to_the_one_who_wrote(desk: Desk) -> None:
    stranger(desk)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#split\n#assign me")
    assert "was taken out of #1 and is #3 now." in receipt(desk)
    assert (desk.conversation(1).assignee, desk.conversation(3).assignee) == (None, "anna")
    told = desk.to("anna@shop.example", "notification")
    assert "[#3]" in told.mail.subject
    desk.fresh()
    desk.answer_as("anna", told, "Here is your answer.")
    (reply,) = desk.fresh("reply")
    assert reply.recipients == ("joe@elsewhere.example",)
    desk.reply(reply, "Thanks, and one more thing.", sender=JOE)
    assert desk.texts(3)[-1] == "inbound: Thanks, and one more thing."
    assert len(desk.texts(1)) == 1


def test_allow_and_then_the_answer_to_both(desk: Desk) -> None:
    stranger(desk)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#allow")
    assert "Let in: joe@elsewhere.example." in receipt(desk)
    desk.fresh()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Hello to both of you.")
    (reply,) = desk.fresh("reply")
    assert set(reply.recipients) == {"jane@customer.example", "joe@elsewhere.example"}


def test_remind(desk: Desk) -> None:
    desk.answer_as("ben", desk.to("ben@shop.example"), "#remind 2d call her back")
    assert "You will be reminded on Wed 2030-05-08" in receipt(desk, "ben@shop.example")
    desk.fresh()
    desk.later(days=2)
    assert desk.kinds() == ["notification ben@shop.example"]
    assert "You asked to be reminded: call her back" in desk.to("ben@shop.example").mail.text


def test_questions_are_answered_where_receipts_are_for_errors_alone(tmp_path: Path) -> None:
    desk = make(
        tmp_path,
        config=CONFIG.replace("display_name: Tea", "receipts: errors\n    display_name: Tea"),
    )
    desk.customer()
    desk.answer_as("ben", desk.to("ben@shop.example"), "#history")
    assert "where is my green tea?" in receipt(desk, "ben@shop.example").casefold()
    desk.fresh()
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "#pending")
    assert desk.kinds() == []


def test_block_is_refused_to_an_agent_and_done_for_an_admin(desk: Desk) -> None:
    desk.answer_as("ben", desk.to("ben@shop.example"), "#block")
    assert desk.state(2) == "open"
    assert "supervisor" in receipt(desk, "ben@shop.example")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#block")
    assert desk.state(2) == "spam"
    with desk.database.read() as connection:
        assert blocked.is_blocked(connection, "jane@customer.example")


def test_away_until_monday(desk: Desk) -> None:
    desk.answer_as("ben", desk.to("ben@shop.example"), "#away until mon 9:00")
    with desk.database.read() as connection:
        assert set(absences.current(connection, START)) == {"ben"}
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "#back")
    with desk.database.read() as connection:
        assert not absences.current(connection, START)
