"""Agents' answers: what reaches the customer, what reply tags do, and what is held back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, START, Desk, File, Sent, make

from inboxd.mail.outgoing import MARKER
from inboxd.store import outbox


def asked(tmp_path: Path, **options: object) -> tuple[Desk, Sent]:
    """Return a shop that Jane has written to, and Anna's notification."""
    desk = make(tmp_path, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example", cc="Tom <tom@customer.example>")
    desk.fresh()
    return desk, desk.to("anna@shop.example")


def test_an_answer_goes_to_contact_and_cc_from_the_shops_address(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Hello Jane,\n\nit comes tomorrow.")
    (sent,) = desk.fresh("reply")
    assert set(sent.recipients) == {"jane@customer.example", "tom@customer.example"}
    assert str(sent.mail.from_[0]) == "Tea Shop <support@shop.example>"
    assert str(sent.mail.to[0]) == "Jane Doe <jane@customer.example>"
    assert str(sent.mail.cc[0]) == "Tom <tom@customer.example>"
    assert sent.mail.text.startswith("Hello Jane,\n\nit comes tomorrow.")
    assert "-- \nThe Tea Shop, 5 Harbour Street" in sent.mail.text
    assert sent.mail.subject == "Re: Where is my tea?"
    assert sent.mail.in_reply_to == sent.mail.references == ("first@customer.example",)
    assert sent.envelope_from.startswith("support+")
    assert sent.envelope_from != sent.reply_to
    assert "Auto-Submitted" not in sent.mail.headers
    for internal in (b"anna@", b"Reply above", b"#close", b"X-Inboxd"):
        assert internal not in sent.raw


def test_an_answer_leaves_the_conversation_to_the_customer(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.")
    assert desk.state() == "pending"
    message = desk.messages()[-1]
    assert (message.direction, message.agent, message.text) == ("outbound", "anna", "Tomorrow.")
    assert desk.has_event("reply.sent", "by Anna to jane@customer.example, tom@customer.example")


def test_the_other_agents_get_a_copy_and_the_writer_no_receipt(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.")
    (copy,) = desk.fresh("answered")
    assert copy.recipients == ("ben@shop.example",)
    assert "Anna answered Jane Doe <jane@customer.example>" in copy.mail.text
    assert "Tomorrow." in copy.mail.text


def test_a_copy_can_be_answered_by_the_colleague(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.")
    desk.answer_as("ben", desk.to("ben@shop.example", "answered"), "No, today!")
    assert "No, today!" in desk.to("jane@customer.example", "reply").mail.text
    assert desk.messages()[-1].agent == "ben"


def test_pitfall_18_an_agents_alias_is_as_good_as_the_address(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.", sender="A <A.Private@Home.example>")
    assert desk.to("jane@customer.example", "reply").mail.text.startswith("Tomorrow.")
    assert desk.messages()[-1].agent == "anna"


def test_pitfall_15_an_agents_words_are_never_the_customers(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.")
    desk.reply(desk.to("jane@customer.example"), "Thank you.")
    directions = [(each.direction, each.author.name) for each in desk.messages()]
    assert directions == [("inbound", "Jane Doe"), ("outbound", "Anna"), ("inbound", "Jane Doe")]


TAGS = {
    "#close": {"state": "closed"},
    "#open": {"state": "open"},
    "#assign ben": {"assignee": "ben"},
    "#assign me": {"assignee": "anna"},
    "#assign team:billing": {"team": "billing", "assignee": None},
    "#assign none": {"assignee": None, "team": None},
    "#tag Refund urgent": {"tags": ("refund", "urgent")},
    "#untag nothing": {"tags": ()},
    "#priority high": {"priority": "high"},
    "#snooze 2h": {"state": "snoozed", "snoozed_until": START + timedelta(hours=2)},
    "#note": {"state": "open"},
    "#assign ben #tag a #close": {"assignee": "ben", "tags": ("a",), "state": "closed"},
}


@pytest.mark.parametrize("line", TAGS)
def test_a_tag_alone_does_what_it_says_sends_nothing_and_is_confirmed(
    tmp_path: Path, line: str
) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, line)
    found = desk.conversation()
    assert {name: getattr(found, name) for name in TAGS[line]} == TAGS[line]
    sent = desk.fresh()
    assert not [each for each in sent if "jane@customer.example" in each.recipients]
    (receipt,) = [each for each in sent if each.kind == "receipt"]
    assert receipt.recipients == ("anna@shop.example",)
    assert "Done:" in receipt.mail.text
    assert receipt.mail.references == notification.mail.references  # in the agent's own thread


@pytest.mark.parametrize("place", ["{tags}\n\n{text}", "{text}\n\n{tags}"])
def test_tags_around_an_answer_are_carried_out_and_cut_away(tmp_path: Path, place: str) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, place.format(tags="#tag carrier\n#close", text="Soon."))
    sent = desk.to("jane@customer.example", "reply")
    assert "carrier" not in sent.raw.decode()
    assert "#close" not in sent.raw.decode()
    assert (desk.state(), desk.conversation().tags) == ("closed", ("carrier",))


def test_a_tagged_answer_is_confirmed_unless_errors_alone_are_wanted(tmp_path: Path) -> None:
    config = CONFIG.replace("    display_name", "    receipts: errors\n    display_name")
    desk, notification = asked(tmp_path, config=config)
    desk.answer_as("anna", notification, "Soon.\n\n#tag carrier")
    assert desk.kinds() == [
        "answered ben@shop.example",
        "reply jane@customer.example,tom@customer.example",
    ]
    desk.answer_as("anna", notification, "#tagg carrier")
    assert desk.kinds() == ["receipt anna@shop.example"]
    desk.answer_as("anna", notification, "#help")
    assert desk.kinds() == ["receipt anna@shop.example"]


def test_an_unknown_tag_stops_the_whole_mail_and_gives_the_text_back(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    before = desk.conversation()
    desk.answer_as("anna", notification, "Dear Jane, it comes.\n\n#clsoe\n#tag carrier")
    assert desk.kinds() == ["receipt anna@shop.example"]
    text = desk.to("anna@shop.example", "receipt").mail.text
    for words in ("Nothing was sent", "#clsoe", "#close", "Dear Jane, it comes."):
        assert words in text
    assert desk.conversation() == before
    assert [each.direction for each in desk.messages()] == ["inbound"]
    desk.answer_as("anna", desk.to("anna@shop.example"), "Dear Jane, it comes.\n\n#close")
    assert desk.state() == "closed"


def test_a_note_never_leaves(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    picture = File("proof.png", "image/png", b"p" * 50_000)
    desk.answer_as("anna", notification, "#note\nThis customer is difficult.", files=[picture])
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert desk.texts()[-1] == "note: This customer is difficult."
    assert desk.state() == "open"
    desk.customer("Well?\n", in_reply_to="first@customer.example")
    desk.answer_as("ben", desk.to("ben@shop.example"), "Hello.")
    for sent in desk.outbox():
        if "jane@customer.example" in sent.recipients:
            assert b"difficult" not in sent.raw
            assert b"proof" not in sent.raw
    assert "(internal note)" in desk.to("anna@shop.example", "notification").mail.text


def test_a_canned_reply_alone_and_below_a_text(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#canned received")
    alone = desk.to("jane@customer.example", "reply")
    assert alone.mail.text.startswith("Hello Jane Doe,\n\nwe have your mail.")
    assert "Auto-Submitted" not in alone.mail.headers
    desk.answer_as("anna", notification, "One more thing.\n\n#canned still-there")
    below = desk.to("jane@customer.example", "reply").mail.text
    assert below.startswith("One more thing.\n\nAre you still there?")


def test_a_canned_reply_that_cannot_be_filled_is_refused_with_the_reason(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#canned with-order")
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert "cannot be filled in" in desk.to("anna@shop.example", "receipt").mail.text
    assert desk.state() == "open"


def test_help_keeps_the_lines_of_the_list(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#help")
    assert desk.kinds() == ["receipt anna@shop.example"]
    lines = desk.to("anna@shop.example", "receipt").mail.text.splitlines()
    for tag in ("#close", "#assign anna", "#snooze 3 business days"):
        assert [line for line in lines if line.startswith(f"{tag} ")]
    desk.answer_as("anna", notification, "#help snooze")
    assert "next week" in desk.to("anna@shop.example", "receipt").mail.text


def test_assigning_tells_the_assignee_with_the_customers_words(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#assign carl")
    assert desk.kinds() == ["notification carl@shop.example", "receipt anna@shop.example"]
    text = desk.to("carl@shop.example").mail.text
    assert "It was assigned to you." in text
    assert "where is my green tea?" in text.casefold()
    desk.customer("Hello?\n", in_reply_to="first@customer.example")
    assert desk.kinds() == ["notification carl@shop.example"]


def test_assigning_to_oneself_sends_no_notification(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "#assign me")
    assert desk.kinds() == ["receipt anna@shop.example"]


def test_an_agents_files_go_along_and_logos_of_signatures_do_not(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    logo = "Content-Disposition: inline; filename=logo.png\nContent-ID: <logo@shop>\n"
    files = [
        File("invoice.pdf", "application/pdf", b"%PDF-1.4 invoice"),
        File("logo.png", "image/png", b"tiny", logo),
        File("smime.p7s", "application/pkcs7-signature", b"signature"),
    ]
    desk.answer_as("anna", notification, "Your invoice.", files=files)
    sent = desk.to("jane@customer.example", "reply")
    assert [each.filename for each in sent.mail.attachments] == ["invoice.pdf"]
    assert [each.filename for each in desk.messages()[-1].attachments] == ["invoice.pdf"]


def test_a_file_alone_is_an_answer(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "", files=[File("a.pdf", "application/pdf", b"%PDF")])
    assert [a.filename for a in desk.to("jane@customer.example").mail.attachments] == ["a.pdf"]


def test_a_large_logo_beside_tags_alone_sends_nothing(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    logo = "Content-Disposition: inline; filename=logo.png\nContent-ID: <logo@shop>\n"
    file = File("logo.png", "image/png", b"x" * 30_000, logo)
    desk.answer_as("anna", notification, "#close", files=[file])
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert desk.state() == "closed"


def test_a_mail_without_words_is_refused(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "")
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert "no text and no tags" in desk.to("anna@shop.example", "receipt").mail.text


LEAKS = [
    f"See this: {MARKER}",
    "#1 · open · unassigned",
    "> #close                   closes the conversation",
    "Opened just now, mailbox Tea Shop. New conversation. Answers also go to tom@customer.example.",
]


@pytest.mark.parametrize("leak", LEAKS)
def test_pitfall_17_no_line_of_a_notification_reaches_the_customer(
    tmp_path: Path, leak: str
) -> None:
    """Some of them are cut off as quotes, others hold the answer back."""
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, f"Dear Jane,\n\nsee below.\n\n{leak}\n\nAnna")
    for sent in desk.fresh():
        if "jane@customer.example" in sent.recipients:
            assert leak.strip("> ")[-20:] not in sent.mail.text


@pytest.mark.parametrize("line", ["| #1 · open · unassigned", LEAKS[-1]])
def test_a_leaking_answer_comes_back_with_the_line_that_leaks(tmp_path: Path, line: str) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, f"Dear Jane,\n\nplease see:\n\n{line}\n\nGood bye.")
    assert desk.kinds() == ["receipt anna@shop.example"]
    text = desk.to("anna@shop.example", "receipt").mail.text
    assert "this line of our notification" in text
    assert desk.state() == "open"


def test_a_reply_address_in_an_answer_holds_it_back_even_expired(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    address = notification.reply_to
    for words in (f"Write to {address}.", f"Write to <mailto:{address.upper()}>"):
        desk.answer_as("anna", notification, words)
        assert desk.kinds() == ["receipt anna@shop.example"]


def test_a_plus_address_of_the_shops_own_is_no_secret(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Write to support+returns@shop.example, please.")
    assert "support+returns@" in desk.to("jane@customer.example").mail.text


def test_the_customers_own_sentences_may_be_quoted(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "You wrote:\n\nwhere is my green tea?\n\nIt comes.")
    assert "reply" in {each.kind for each in desk.fresh()}


def test_the_send_delay_delays_answers_and_nothing_else(tmp_path: Path) -> None:
    config = CONFIG.replace("    display_name", "    send_delay: 2 min\n    display_name")
    desk, notification = asked(tmp_path, config=config)
    desk.answer_as("anna", notification, "Tomorrow.\n\n#tag a")
    assert desk.to("jane@customer.example", "reply").not_before == START + timedelta(minutes=2)
    assert desk.to("anna@shop.example", "receipt").not_before == START


def test_rules_on_a_state_see_the_customers_mail_when_an_agent_closes(tmp_path: Path) -> None:
    rules = """\
    - name: Farewell
      when: closed
      if: {body: {contains: [green tea]}}
      then: [{reply: {canned: received}}]
    """
    desk, notification = asked(tmp_path, rules=rules)
    desk.answer_as("anna", notification, "#close")
    assert desk.kinds() == ["auto_reply jane@customer.example", "receipt anna@shop.example"]


def test_R5_a_repeated_cause_sends_nothing_twice(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Tomorrow.")
    sent = desk.to("jane@customer.example")
    with desk.database.write() as connection:
        again = outbox.NewMail(
            effect_key=sent.effect_key,
            kind="reply",
            mailbox="support",
            conversation=1,
            message_id="other@shop.example",
            envelope_from="",
            recipients=("jane@customer.example",),
            draft=b"other bytes",
            created_at=datetime.fromisoformat("2030-06-01T00:00:00+00:00"),
            not_before=START,
        )
        assert outbox.add(connection, again) is False
    assert len(desk.outbox()) == 4
    assert desk.to("jane@customer.example").raw == sent.raw


ATTRIBUTION = "On Mon, 1 Jun 2026 at 10:00 Jane via Tea Shop <support@shop.example> wrote:"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


@pytest.mark.parametrize("above", ["See my answers below.\n\n", ""])
def test_pitfall_24_answers_between_the_quoted_lines_are_given_back_not_lost(
    tmp_path: Path, above: str
) -> None:
    desk = make(tmp_path)
    desk.customer("Is it green?\n\nIs it hot?\n", subject="Tea")
    told = desk.to("anna@shop.example", "notification")
    body = quoted(told.mail.text).replace("> Is it hot?", "> Is it hot?\n\nAlways, certainly.\n")

    desk.answer_as("anna", told, f"{above}{ATTRIBUTION}\n{body}\n", quote=False)

    assert not [each for each in desk.outbox() if each.kind == "reply"]
    receipt = desk.to("anna@shop.example", "receipt").mail.text
    assert "Always, certainly." in receipt
    assert "below the marked line" in receipt


def test_quoted_lines_that_a_client_has_broken_are_no_answers(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("A long question about tea that goes on and on, longer than any line.\n")
    told = desk.to("anna@shop.example", "notification")
    broken = quoted(told.mail.text).replace("that goes on", "that\ngoes on")
    assert broken != quoted(told.mail.text)

    desk.answer_as(
        "anna", told, f"It is green.\n\n{ATTRIBUTION}\n{broken}\n\n-- \nAnna\n", quote=False
    )

    assert "It is green." in desk.to("jane@customer.example", "reply").mail.text
