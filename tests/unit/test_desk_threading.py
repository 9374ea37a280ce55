"""Which conversation a customer's mail joins, and what its joining does there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, SHOP, Desk, Sent, letter, make

from inboxd.store import messages

PAIR = ["notification anna@shop.example", "notification ben@shop.example"]
MALLORY = "Mallory <mallory@evil.example>"


def answered(tmp_path: Path, **options: object) -> tuple[Desk, Sent]:
    """Return a shop where Anna has answered Jane, and the answer."""
    desk = make(tmp_path, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "It comes tomorrow.")
    desk.fresh()
    return desk, desk.to("jane@customer.example", "reply")


HOWS = {
    "reply address": {"in_reply_to": "", "references": ()},
    "In-Reply-To": {"to": SHOP, "references": ()},
    "References": {"to": SHOP, "in_reply_to": ""},
    "subject tag": {"to": SHOP, "in_reply_to": "", "references": (), "subject": "Tea [#1]"},
}


@pytest.mark.parametrize("how", HOWS)
def test_a_customers_answer_finds_its_conversation_by(tmp_path: Path, how: str) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Thank you.", **HOWS[how])
    assert desk.count() == 1
    assert desk.texts()[-1] == "inbound: Thank you."
    assert desk.state() == "open"
    assert desk.kinds() == PAIR


def test_pitfall_22_a_relay_that_rewrites_our_message_id_parts_no_thread(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Thanks.", in_reply_to="0100-ses@eu.relay.example", references=())
    assert desk.count() == 1


def test_another_address_in_letter_case_is_the_same_party(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Thanks.", sender="JANE@Customer.Example", to=SHOP)
    assert desk.count() == 1


def test_only_new_words_are_kept_and_told(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Short answer.")
    assert desk.texts()[-1] == "inbound: Short answer."


@pytest.mark.parametrize(
    "how",
    [
        {"in_reply_to": "first@customer.example"},
        {"references": ("first@customer.example",)},
        {"subject": "Re: [#1] Where is my tea?"},
    ],
    ids=["In-Reply-To", "References", "subject tag"],
)
def test_pitfall_13_a_strangers_reference_opens_a_linked_conversation(
    tmp_path: Path, how: dict[str, object]
) -> None:
    desk, _ = answered(tmp_path)
    desk.customer("Let me in.\n", sender=MALLORY, **how)
    assert desk.count() == 2
    assert (desk.links(1), desk.links(2)) == ([2], [1])
    assert desk.state(1) == "pending"
    assert desk.parties(1).keys() == {
        "jane@customer.example",
        "anna@shop.example",
        "ben@shop.example",
    }
    for sent in desk.fresh():
        assert "comes tomorrow" not in sent.mail.text
        assert "green tea" not in sent.mail.text


def test_a_stranger_with_a_token_joins_as_pending_under_an_own_name(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "I got this forwarded.", sender=MALLORY)
    assert desk.count() == 1
    assert desk.parties()["mallory@evil.example"] == "pending"
    text = desk.to("anna@shop.example", "notification").mail.text
    assert "Mallory <mallory@evil.example> wrote:" in text
    assert "gets no copies" in " ".join(text.split())
    assert "Jane Doe <jane@customer.example> wrote:" not in text


def test_pitfall_14_answers_still_go_to_the_contact_and_not_to_the_stranger(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "I got this forwarded.", sender=MALLORY, cc="pal@evil.example")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Hello Jane.")
    sent = desk.to("jane@customer.example", "reply")
    assert sent.recipients == ("jane@customer.example",)
    assert [each.address for each in sent.mail.to] == ["jane@customer.example"]
    assert sent.mail.cc == ()


def test_a_pending_stranger_whom_the_customer_puts_in_cc_gets_copies(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "I got this forwarded.", sender="Tom <tom@customer.example>")
    desk.reply(answer, "Tom may read this.", cc="tom@customer.example")
    assert desk.parties()["tom@customer.example"] == "cc"


def test_a_colleague_of_the_customers_is_shown_by_name_and_joins_freely(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer(cc="Tom <tom@customer.example>")
    desk.fresh()
    desk.customer("I am Tom.\n", sender="Tom <tom@customer.example>", in_reply_to=asked)
    assert desk.count() == 1
    text = desk.to("anna@shop.example").mail.text
    assert "Tom <tom@customer.example> wrote:" in text
    assert str(desk.messages()[-1].author) == "Tom <tom@customer.example>"


def test_pitfall_23_who_is_added_later_gets_later_answers(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Tom should know.", cc=f"{SHOP}, Tom <tom@customer.example>")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Hello both.")
    sent = desk.to("jane@customer.example", "reply")
    assert set(sent.recipients) == {"jane@customer.example", "tom@customer.example"}
    assert [each.address for each in sent.mail.cc] == ["tom@customer.example"]


def close(desk: Desk) -> None:
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#close")
    assert desk.state() == "closed"
    desk.fresh()


def test_a_closed_conversation_reopens_within_30_days(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    close(desk)
    desk.clock.advance(timedelta(days=29))
    desk.reply(answer, "It is broken.")
    assert (desk.count(), desk.state()) == (1, "open")
    assert desk.has_event("state.changed", "closed → open")
    assert desk.kinds() == PAIR


def test_later_it_becomes_a_linked_follow_up(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    close(desk)
    desk.clock.advance(timedelta(days=31))
    desk.reply(answer, "It is broken.")
    assert (desk.count(), desk.state(1), desk.state(2)) == (2, "closed", "open")
    assert desk.links(2) == [1]
    assert desk.kinds() == PAIR
    assert desk.conversation(2).subject == "Where is my tea?"


def test_R4_the_same_mail_again_is_a_duplicate(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    raw = letter()
    first = desk.send(raw)
    for _ in range(20):
        entry = desk.send(raw)
        assert desk.entry(entry).state == "duplicate"
        assert f"journal entry {first}" in desk.entry(entry).error
    assert len(desk.messages()) == 2
    assert len(desk.outbox()) == 3


def test_pitfall_1_the_same_mail_by_another_way_is_a_duplicate(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter(to=f"{SHOP}, help@shop.example")
    desk.send(b"Received: from a by b; Mon, 6 May 2030 08:00:00 +0000\n" + raw, to=[SHOP])
    entry = desk.send(
        b"Received: from c by d; Mon, 6 May 2030 08:00:09 +0000\n" + raw.replace(b"\n", b"\r\n"),
        to=["help@shop.example"],
    )
    assert desk.entry(entry).state == "duplicate"
    assert desk.count() == 1


def test_pitfall_2_the_same_message_id_with_other_words_is_kept(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for number in range(5):
        desk.customer(f"Parcel {number} is on its way.\n", message_id="again@parcel.example")
    kept = [text for n in range(1, desk.count() + 1) for text in desk.texts(n)]
    assert sorted(kept) == [f"inbound: Parcel {n} is on its way." for n in range(5)]


def test_pitfall_3_a_mail_without_message_id_is_imported_once(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter(message_id="")
    entries = [desk.send(raw) for _ in range(3)]
    assert [desk.entry(each).state for each in entries] == ["applied", "duplicate", "duplicate"]


def test_a_late_parent_joins_the_conversation_that_named_it(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("The second.\n", in_reply_to="one@customer.example", subject="Re: Tea")
    desk.customer("The first.\n", message_id="one@customer.example", subject="Tea")
    assert desk.count() == 1


@pytest.mark.parametrize("address", ["jane@customer.example", "Jane@Customer.Example"])
def test_the_same_sender_and_subject_join_where_the_mailbox_asks(
    tmp_path: Path, address: str
) -> None:
    config = CONFIG.replace("    display_name", "    match_subject: 3 days\n    display_name")
    desk = make(tmp_path, config=config)
    desk.customer(sender=address)
    desk.clock.advance(timedelta(days=2))
    desk.customer("Hello?\n", sender=address, subject="RE: where is my tea?")
    assert desk.count() == 1
    desk.clock.advance(timedelta(days=4))
    desk.customer("Hello?\n", sender=address)
    assert desk.count() == 2


def test_without_being_asked_the_same_subject_opens_another(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.customer("Hello?\n")
    assert desk.count() == 2


def test_two_mailboxes_share_no_conversations(tmp_path: Path) -> None:
    config = CONFIG.replace(
        "mailboxes:\n", "mailboxes:\n  - {name: sales, address: sales@shop.example, notify: carl}\n"
    )
    desk = make(tmp_path, config=config)
    asked = desk.customer()
    desk.send(letter(in_reply_to=asked, to="sales@shop.example"), mailbox="sales")
    assert desk.count() == 2
    assert desk.links(1) == []
    assert desk.conversation(2).mailbox == "sales"
    token = desk.reply_address(mailbox="support")
    desk.send(letter(to=token, text="To sales, by support's token.\n"), mailbox="sales", to=[token])
    assert desk.count() == 3


def test_pitfall_24_what_a_customer_wrote_between_quotes_reaches_the_agents(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    body = "Thanks.\n\n> It comes tomorrow.\nNot tomorrow, please!\n> The Tea Shop\n"
    desk.send(letter(text=body, to=answer.reply_to, in_reply_to=answer.mail.message_id or ""))
    text = desk.to("anna@shop.example", "notification").mail.text
    assert "Not tomorrow, please!" in text
    desk.reply(answer, "Short.")
    text = desk.to("anna@shop.example", "notification").mail.text
    assert "Quoted in the same mail" in text
    assert "> > It comes tomorrow." in text


def test_history_does_not_take_a_customer_for_the_agent_of_that_name(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(sender="anna <mallory@evil.example>")
    with desk.database.read() as connection:
        actors = {event.actor for event in messages.events(connection, 1)}
    assert actors == {"mallory@evil.example", "inboxd"}


def test_a_mail_to_the_whole_world_copies_the_answer_to_nobody(tmp_path: Path) -> None:
    desk = make(tmp_path)
    crowd = ", ".join(f"p{n}@world.example" for n in range(21))
    desk.customer(cc=crowd)
    assert not [each for each in desk.parties() if each.endswith("world.example")]
    assert desk.has_event("parties.refused", "21 people")
    desk.answer_as("anna", desk.to("anna@shop.example"), "Hello.")
    assert desk.to("jane@customer.example").recipients == ("jane@customer.example",)
