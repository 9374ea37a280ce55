"""An agent forwards a customer's mail to the plain address, and is asked whose it is."""

from __future__ import annotations

from pathlib import Path

from desk_kit import Desk, make

FORWARD = (
    "Please take this one.\n\n---------- Forwarded message ---------\n"
    "From: Carla <carla@customer.example>\nDate: Mon, 6 May 2030 at 09:00\n"
    "Subject: My kettle\nTo: <carl@shop.example>\n\nMy kettle leaks.\n"
)
CARL = "Carl <carl@shop.example>"


def forwarded(tmp_path: Path) -> Desk:
    """Return a shop to which Carl, who hears of nothing there, has forwarded a mail."""
    desk = make(tmp_path)
    desk.customer(FORWARD, sender=CARL, subject="Fwd: My kettle")
    return desk


def test_whoever_forwards_is_asked_who_the_customer_is(tmp_path: Path) -> None:
    desk = forwarded(tmp_path)

    text = " ".join(desk.to("carl@shop.example", "notification").mail.text.split())
    assert "Who is the customer? Answer with #to and the address." in text
    assert desk.conversation().contact_address == ""
    assert desk.outbox() == [s for s in desk.outbox() if s.kind == "notification"]


def test_pitfall_16_the_answer_with_its_proof_says_it(tmp_path: Path) -> None:
    desk = forwarded(tmp_path)
    asked = desk.to("carl@shop.example", "notification")
    desk.answer_as("carl", asked, "#to carla@customer.example\n\nHello Carla, we are on it.")

    assert desk.conversation().contact_address == "carla@customer.example"
    assert "we are on it" in desk.to("carla@customer.example").mail.text


def test_S13_a_forged_forward_asks_the_agent_and_believes_nobody_else(tmp_path: Path) -> None:
    desk = forwarded(tmp_path)
    asked = desk.to("carl@shop.example", "notification")
    desk.reply(asked, "#to mallory@evil.example\n\nHello.", sender="M <mallory@evil.example>")

    assert desk.conversation().contact_address == ""
    assert all("mallory@evil.example" not in sent.recipients for sent in desk.outbox())
