"""#nocc: one answer to the contact alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, File, Sent, make

ALL = CONFIG.replace("    display_name", "    receipts: all\n    display_name")
JANE, TOM = "jane@customer.example", "tom@customer.example"


def asked(tmp_path: Path) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=ALL)
    desk.customer(cc=f"Tom <{TOM}>")
    desk.fresh()
    return desk, desk.to("anna@shop.example")


@pytest.mark.parametrize("words", ["For you alone.\n\n#nocc", "#nocc\n#canned received"])
def test_nocc_sends_one_answer_to_the_contact_alone(tmp_path: Path, words: str) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, words)
    sent = desk.to(JANE, "reply")
    assert sent.recipients == (JANE,)
    assert sent.mail.cc == ()
    assert b"tom@" not in sent.raw
    receipt = " ".join(desk.to("anna@shop.example", "receipt").mail.text.split())
    assert f"on its way to {JANE} alone; {TOM} did not get it." in receipt
    assert desk.has_event("reply.sent", "and to nobody in copy")
    desk.answer_as("anna", notification, "For both of you.")
    assert set(desk.to(JANE, "reply").recipients) == {JANE, TOM}
    assert desk.parties()[TOM] == "cc"


def test_colleagues_hear_of_such_an_answer_all_the_same(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "For you alone.\n#nocc")
    assert "answered ben@shop.example" in desk.kinds()


def test_nocc_with_a_file_is_an_answer(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    file = File("bill.pdf", "application/pdf", b"x" * 20_000)
    desk.answer_as("anna", notification, "#nocc", files=[file])
    assert desk.to(JANE, "reply").recipients == (JANE,)


def test_nocc_without_an_answer_comes_back(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#nocc #close")
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert "write the answer in the same mail" in " ".join(
        desk.to("anna@shop.example", "receipt").mail.text.split()
    )
    assert desk.state() == "open"
