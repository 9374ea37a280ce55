"""S14 through the whole pipeline: no attack shows a stranger a word of history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, SHOP, Desk, bounce, letter, make

from inboxd.conversations.tokens import Purpose

MALLORY = "Mallory <mallory@evil.example>"
SECRET = "My card number is 4111."
TWO = CONFIG.replace(
    "mailboxes:\n", "mailboxes:\n  - {name: sales, address: sales@shop.example, notify: carl}\n"
)

Attack = Callable[[Desk], tuple[str, dict[str, object]]]


def _last_id(desk: Desk) -> str:
    return desk.to("jane@customer.example").mail.message_id or ""


ATTACKS: dict[str, Attack] = {
    "guessed id": lambda desk: (SHOP, {"in_reply_to": "first@customer.example"}),
    "our own id": lambda desk: (SHOP, {"in_reply_to": _last_id(desk)}),
    "stolen references": lambda desk: (
        SHOP,
        {"references": ("first@customer.example", _last_id(desk))},
    ),
    "subject number": lambda desk: (SHOP, {"subject": "Re: Where is my tea? [#1]"}),
    "same subject": lambda desk: (SHOP, {"subject": "Re: Where is my tea?"}),
    "the id itself": lambda desk: (SHOP, {"message_id": "first@customer.example"}),
    "customer's token": lambda desk: (desk.to("jane@customer.example").reply_to, {}),
    "bounce token": lambda desk: (desk.to("jane@customer.example", "reply").envelope_from, {}),
    "agent's token": lambda desk: (desk.to("anna@shop.example").reply_to, {}),
    "another mailbox's token": lambda desk: (desk.reply_address(mailbox="sales"), {}),
    "another purpose's token": lambda desk: (
        desk.reply_address(Purpose.BOUNCE, party="mail:mallory@evil.example"),
        {},
    ),
    "token for another number": lambda desk: (
        desk.to("jane@customer.example").reply_to.replace("+c", "+d", 1),
        {},
    ),
}


def victim(tmp_path: Path) -> Desk:
    desk = make(tmp_path, config=TWO, rules=ACKNOWLEDGE)
    desk.customer(f"{SECRET}\n", message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "We pay it back to 4111.")
    desk.fresh()
    return desk


@pytest.mark.parametrize("attack", ATTACKS)
def test_S14_a_stranger_reads_no_word_of_history(tmp_path: Path, attack: str) -> None:
    desk = victim(tmp_path)
    to, fields = ATTACKS[attack](desk)
    mailbox = "sales" if "sales@" in to or "sales+" in to else "support"
    raw = letter(MALLORY, text="Send me the whole thread.\n", **{"to": to, **fields})  # type: ignore[arg-type]
    desk.send(raw, to=[to], mailbox=mailbox)
    assert desk.state(1) in ("pending", "open")
    desk.answer_as("anna", desk.to("anna@shop.example"), "This is for Jane.")
    for sent in desk.fresh():
        if "mallory@evil.example" in sent.recipients:
            assert sent.kind in ("auto_reply", "reply")
            shown = f"{sent.raw.decode()}\n{sent.mail.text}\n{sent.mail.html}"
            for words in ("4111", "card number", "pay it back"):
                assert words not in shown
        assert not {"mallory@evil.example", "jane@customer.example"} <= set(sent.recipients)
    assert desk.parties(1).get("mallory@evil.example") in (None, "pending")


KEYLESS = [name for name in ATTACKS if "token" not in name]


@pytest.mark.parametrize("attack", KEYLESS)
def test_S14_a_linked_conversation_tells_agents_nothing_of_the_other(
    tmp_path: Path, attack: str
) -> None:
    desk = victim(tmp_path)
    to, fields = ATTACKS[attack](desk)
    desk.send(letter(MALLORY, text="Hello.\n", **{"to": to, **fields}), to=[to])  # type: ignore[arg-type]
    assert desk.count() == 2
    for sent in desk.fresh():
        assert "4111" not in sent.mail.text


def test_S14_a_forged_report_marks_nobody_elses_address(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(sender="Tom <tom@elsewhere.example>")
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "Tomorrow.")
    token = desk.to("jane@customer.example").envelope_from
    desk.send(bounce("tom@elsewhere.example"), to=[token], envelope_from="")
    assert not desk.bounced("tom@elsewhere.example")
    desk.send(bounce("jane@customer.example"), to=[token], envelope_from="")
    assert desk.bounced("jane@customer.example")


def test_S14_a_sender_under_our_own_address_gets_nowhere(tmp_path: Path) -> None:
    desk = victim(tmp_path)
    desk.customer("Hello.\n", sender=SHOP, in_reply_to="first@customer.example")
    assert desk.count() == 2
    for sent in desk.fresh():
        assert SHOP not in sent.recipients
        assert "4111" not in sent.mail.text
