"""Where an agent's own words cannot be told from our mail with certainty: held, and asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import Desk, File, Sent, make

JANE = "jane@customer.example"


def asked(tmp_path: Path) -> tuple[Desk, Sent]:
    """Return a shop with a private note, and Anna's notification that shows it."""
    desk = make(tmp_path)
    desk.customer(message_id="first@customer.example")
    words = "#note The carrier has lost three parcels of hers, so be generous."
    desk.answer_as("ben", desk.to("ben@shop.example"), words)
    desk.customer("Well, where is it?\n", in_reply_to="first@customer.example")
    desk.fresh()
    return desk, desk.to("anna@shop.example", "notification")


def refused(desk: Desk) -> str:
    assert not [each for each in desk.outbox() if each.kind == "reply"]
    assert desk.kinds() == ["receipt anna@shop.example"]
    return " ".join(desk.to("anna@shop.example", "receipt").mail.text.split())


@pytest.mark.parametrize(
    "leak",
    [
        "The carrier has lost three parcels of\nhers, so be generous.",
        "Ben says: The carrier has lost three parcels of hers, so be generous. Is that so?",
    ],
)
def test_pitfall_17_parts_of_our_lines_hold_the_answer_where_the_marker_is_gone(
    tmp_path: Path, leak: str
) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"Dear Jane,\n\nit comes.\n\n{leak}\n\nBye", quote=False)
    refused(desk)


def test_a_client_that_names_no_mail_is_compared_with_the_last_ones(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    leak = "The carrier has lost three parcels of hers, so be generous."
    desk.answer_as(
        "anna", told, f"It comes.\n\n{leak}\n\nBye", quote=False, in_reply_to="", references=()
    )
    assert "our notification" in refused(desk)


@pytest.mark.parametrize(
    "line",
    [
        "An: Anna <anna@shop.example>",
        "*To:* Anna <a.private@home.example>",
        "Jane Doe via Tea Shop <support@shop.example> skrev 6. mai:",
    ],
)
def test_a_line_that_introduces_our_mail_holds_the_answer(tmp_path: Path, line: str) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"It comes.\n\n{line}\n\nBye", quote=False)
    refused(desk)


def test_ones_own_words_and_the_customers_are_sent(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    words = "Well, where is it?\n\nIn the depot. Write to support@shop.example, to Anna, any time."
    desk.answer_as("anna", told, words, quote=False)
    assert "In the depot." in desk.to(JANE, "reply").mail.text


@pytest.mark.parametrize("depth", [0, 1])
def test_a_mail_of_ours_that_is_attached_is_not_sent_on(tmp_path: Path, depth: int) -> None:
    desk, told = asked(tmp_path)
    inner = told.raw
    for _ in range(depth):
        head = b"Subject: fwd\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
        inner = head + inner
    file = File("told.eml", "message/rfc822", inner)
    desk.answer_as("anna", told, "See there.", quote=False, files=[file])
    assert "our own mail" in refused(desk)


def test_a_text_that_quotes_a_mail_of_ours_is_not_sent_on(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    head = "Content-Disposition: attachment; filename=log.txt\n"
    file = File("log.txt", "text/plain", told.mail.text.encode(), head)
    desk.answer_as("anna", told, "See there.", quote=False, files=[file])
    assert "our own mail" in refused(desk)


def test_another_mail_that_is_attached_is_sent_on(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    mail = b"From: maker@maker.example\nSubject: warranty\n\nUntil May.\n"
    file = File("warranty.eml", "message/rfc822", mail)
    desk.answer_as("anna", told, "See there.", quote=False, files=[file])
    assert len(desk.to(JANE, "reply").mail.attachments) == 1
