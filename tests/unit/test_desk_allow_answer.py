"""An agent lets a stranger in and answers, in one mail."""

from __future__ import annotations

from pathlib import Path

from acts_kit import JOE, stranger
from desk_kit import make


def test_whom_a_mail_lets_in_gets_its_answer(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    stranger(desk, JOE)
    assert desk.parties()["joe@elsewhere.example"] == "pending"
    told = desk.to("anna@shop.example", "notification")
    desk.answer_as("anna", told, "Hello both.\n\n#allow")

    sent = desk.to("joe@elsewhere.example", "reply")
    assert set(sent.recipients) == {"jane@customer.example", "joe@elsewhere.example"}
    assert desk.parties()["joe@elsewhere.example"] == "cc"
