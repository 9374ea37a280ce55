"""An agent writes to a customer first, or files a mail that reached the agent personally."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, SHOP, Desk, File, letter, make

from inboxd.desk.action_links import new_address

ANNA = "Anna <anna@shop.example>"
BEN = "Ben <ben@shop.example>"
JANE = "jane@customer.example"
FORWARD = """\
Please look at this.

---------- Forwarded message ---------
From: Jane Doe <jane@customer.example>
Date: Mon, 6 May 2030 at 07:00
Subject: Where is my tea?
To: Anna <a.private@home.example>

Hello Anna,
where is my green tea?
"""


def address_of(desk: Desk, agent: str = "anna") -> str:
    known = desk.shop.config.agent(agent)
    assert known is not None
    return new_address(desk.shop, desk.shop.desks["support"], known, desk.clock.now().date())


def write(desk: Desk, text: str, subject: str = "Your voucher", **mail: object) -> None:
    """Let Anna write to her address for new conversations."""
    mail = {"sender": ANNA, "to": address_of(desk), **mail}
    raw = letter(subject=subject, text=text, **mail)  # type: ignore[arg-type]
    desk.send(raw, to=[str(mail["to"])])


def words(desk: Desk, address: str, kind: str) -> str:
    return " ".join(desk.to(address, kind).mail.text.split())


# -- writing first


def test_an_agent_writes_first(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    write(desk, f"#to {JANE}\n\nHello Jane,\nhere is your voucher.\n")
    found = desk.conversation()
    assert (found.state, found.assignee, found.subject) == ("pending", "anna", "Your voucher")
    assert found.contact_address == JANE
    sent = desk.to(JANE)
    assert sent.kind == "reply"
    assert sent.mail.subject == "Your voucher"
    assert sent.mail.text.startswith("Hello Jane,\nhere is your voucher.")
    assert sent.mail.from_[0].address == SHOP
    assert "anna@" not in sent.raw.decode()
    assert "#to" not in sent.mail.text
    assert desk.texts() == ["outbound: Hello Jane,\nhere is your voucher."]
    assert not any("ben@shop.example" in each.recipients for each in desk.outbox())


def test_the_customers_answer_comes_back_to_the_conversation(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE}\n\nHello Jane.\n")
    desk.fresh()
    desk.reply(desk.to(JANE), "Thank you, but where is it?")
    assert (desk.count(), desk.state()) == (1, "open")
    assert desk.kinds() == ["notification anna@shop.example"]


def test_other_tags_are_obeyed_and_copies_sent(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE} #cc tom@customer.example #tag voucher #assign ben\n\nHello.\n")
    found = desk.conversation()
    assert (found.tags, found.assignee) == (("voucher",), "ben")
    assert set(desk.to(JANE).recipients) == {JANE, "tom@customer.example"}


def test_files_go_along(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE}\n\nHello.\n", files=[File("v.pdf", "application/pdf", b"%PDF-1.4")])
    assert [each.filename for each in desk.to(JANE).mail.attachments] == ["v.pdf"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hello Jane.\n", "say who gets it: a line such as #to jane@customer.example"),
        ("#to ben@shop.example\n\nHello.\n", "this address is ours"),
        (f"#to {JANE} #clsoe\n\nHello.\n", "there is no tag #clsoe"),
    ],
)
def test_a_mistake_sends_nothing_and_the_text_comes_back(
    tmp_path: Path, text: str, reason: str
) -> None:
    desk = make(tmp_path)
    write(desk, text)
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert desk.state() == "closed"
    receipt = desk.to("anna@shop.example", "receipt")
    assert reason in " ".join(receipt.mail.text.split())
    assert "Hello" in receipt.mail.text
    desk.answer_as("anna", receipt, f"#to {JANE}\n\nHello Jane, here it is.")
    assert desk.to(JANE).mail.text.startswith("Hello Jane, here it is.")
    assert (desk.state(), desk.conversation().contact_address) == ("pending", JANE)


def test_nothing_without_words_is_sent(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE}\n")
    assert not any(JANE in each.recipients for each in desk.outbox())


# -- filing


def test_a_forwarded_mail_becomes_the_customers(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    write(desk, FORWARD, "Fwd: Where is my tea?")
    found = desk.conversation()
    assert (found.state, found.assignee) == ("open", "anna")
    assert (found.contact_address, found.subject) == (JANE, "Where is my tea?")
    note, mail = sorted(desk.messages(), key=lambda each: each.direction, reverse=True)
    assert (mail.author.name, mail.author.address) == ("Jane Doe", JANE)
    assert mail.text == "Hello Anna,\nwhere is my green tea?"
    assert (note.direction, note.agent) == ("note", "anna")
    assert note.text == "Please look at this."
    assert not any(JANE in each.recipients for each in desk.outbox())
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "It comes tomorrow.")
    sent = desk.to(JANE)
    assert sent.mail.text.startswith("It comes tomorrow.")
    assert "Please look" not in sent.raw.decode()


def test_tags_above_a_forwarded_mail_are_obeyed(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, FORWARD.replace("Please look at this.", "#tag lost #assign ben"), "Fwd: tea")
    found = desk.conversation()
    assert (found.tags, found.assignee) == (("lost",), "ben")
    assert [each.direction for each in desk.messages()] == ["inbound"]


def test_an_attached_mail_is_read_whose_it_is(tmp_path: Path) -> None:
    desk = make(tmp_path)
    inner = letter(text="Where is my green tea?\n", message_id="her-own@customer.example")
    write(desk, "For us.\n", "Fwd: tea", files=[File("m.eml", "message/rfc822", inner)])
    found = desk.conversation()
    assert (found.contact_address, found.subject) == (JANE, "Where is my tea?")
    desk.customer("Any news?\n", in_reply_to="her-own@customer.example")
    assert desk.count() == 1


def test_answers_to_a_filed_mail_do_not_name_the_agents_own_mail(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, FORWARD, "Fwd: tea", message_id="private@home.example")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Tomorrow.")
    assert "private@home.example" not in desk.to(JANE).raw.decode()


TWICE = (
    FORWARD
    + "\n\n-----Original Message-----\n"
    + FORWARD.partition("---------\n")[2].replace("jane@", "tom@")
)
NAMELESS = FORWARD.replace(" <jane@customer.example>", "")
OURS = FORWARD.replace("jane@customer.example", "ben@shop.example")
UNREAD = FORWARD.replace("jane@customer.example", "noreply@platform.example")


UNCLEAR = {"two": TWICE, "no address": NAMELESS, "ours": OURS, "unread": UNREAD}


@pytest.mark.parametrize("case", UNCLEAR)
def test_where_it_is_not_clear_whose_it_is_the_agent_is_asked(tmp_path: Path, case: str) -> None:
    desk = make(tmp_path)
    write(desk, UNCLEAR[case], "Fwd: tea")
    assert desk.conversation().contact_address == ""
    assert desk.state() == "open"
    assert desk.kinds() == ["held anna@shop.example"]
    asks = words(desk, "anna@shop.example", "held")
    assert "Who is the customer?" in asks
    assert "somebody uses your name" not in asks
    desk.answer_as("anna", desk.to("anna@shop.example", "held"), f"#to {JANE}")
    assert desk.conversation().contact_address == JANE
    assert desk.messages()[0].author.address == JANE
    assert not any(JANE in each.recipients for each in desk.outbox())
    receipt = desk.to("anna@shop.example", "receipt")
    assert f"{JANE} is the customer now; nothing was sent." in receipt.mail.text
    desk.answer_as("anna", receipt, "Here it is.")
    assert desk.to(JANE).mail.text.startswith("Here it is.")


@pytest.mark.parametrize("answer", ["", "\n\nHello Jane, it is on its way."])
def test_rules_hear_of_the_customer_whom_an_agent_names(tmp_path: Path, answer: str) -> None:
    rules = "- {name: R, when: contact.created, then: [{tag: known}, {notify: carl}]}\n"
    desk = make(tmp_path, rules=rules)
    write(desk, next(iter(UNCLEAR.values())), "Fwd: tea")
    assert desk.conversation().tags == ()
    desk.answer_as("anna", desk.to("anna@shop.example", "held"), f"#to {JANE}{answer}")
    assert desk.conversation().tags == ("known",)
    assert desk.to("carl@shop.example", "notification")


def test_the_agent_may_answer_while_saying_who_the_customer_is(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, NAMELESS, "Fwd: tea")
    held = desk.to("anna@shop.example", "held")
    desk.answer_as("anna", held, f"#to {JANE}\n\nIt comes tomorrow.")
    assert desk.to(JANE).mail.text.startswith("It comes tomorrow.")
    assert desk.state() == "pending"


def test_to_says_who_the_customer_of_a_forwarded_mail_is(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE}\n\n{NAMELESS}", "Fwd: tea")
    assert desk.conversation().contact_address == JANE
    assert desk.messages()[0].author.address == JANE
    assert not any(JANE in each.recipients for each in desk.outbox())


def test_with_a_mistake_it_is_filed_and_no_tag_obeyed(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, FORWARD.replace("Please look at this.", "#tag lost #clsoe"), "Fwd: tea")
    assert (desk.conversation().tags, desk.state()) == ((), "open")
    assert "#close" in words(desk, "anna@shop.example", "receipt")


# -- proof


def test_the_footer_tells_agents_their_address(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    for agent in ("anna", "ben"):
        assert address_of(desk, agent) in desk.to(f"{agent}@shop.example").mail.text.splitlines()
    assert address_of(desk) != address_of(desk, "ben")


def test_the_address_stays_the_same_for_a_year_and_is_good_for_another(tmp_path: Path) -> None:
    desk = make(tmp_path)
    saved = address_of(desk)
    desk.clock.advance(timedelta(days=200))
    assert address_of(desk) == saved
    desk.clock.advance(timedelta(days=365))
    assert address_of(desk) != saved
    write(desk, f"#to {JANE}\n\nHello.\n", to=saved)
    assert desk.to(JANE).kind == "reply"


def test_pitfall_16_a_forward_without_proof_makes_nobody_the_customer(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, FORWARD, "Fwd: tea", to="support+new@shop.example")
    assert desk.conversation().contact_address == ""
    assert desk.kinds() == ["held anna@shop.example"]
    assert [each.kind for each in desk.messages()] == ["held"]


def test_a_held_mail_names_the_address_that_would_have_done(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, f"#to {JANE}\n\nHello.\n", to="support+new@shop.example")
    assert desk.kinds() == ["held anna@shop.example"]
    assert address_of(desk) in desk.to("anna@shop.example", "held").mail.text.splitlines()
    assert desk.state() == "closed"


def test_a_customer_may_write_to_such_an_address_like_to_any(tmp_path: Path) -> None:
    desk = make(tmp_path)
    write(desk, "Hello.\n", sender="Jane <jane@customer.example>")
    assert (desk.state(), desk.conversation().contact_address) == ("open", JANE)
