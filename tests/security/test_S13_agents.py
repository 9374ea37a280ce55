"""S13: a mail that claims to be an agent's changes nothing without proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, JANE, SHOP, Desk, Sent, letter, make

from inboxd.conversations.tokens import Purpose

WORDS = "We refund you 5000 Euro.\n\n#close\n#tag forged\n"
TRUSTED = CONFIG + "trust: {authserv_ids: [mx.shop.example]}\n"
PASS = (
    "Authentication-Results: mx.shop.example; dkim=pass header.d=shop.example; "
    "dmarc=pass header.from=shop.example\n"
)
FAIL = "Authentication-Results: mx.shop.example; dkim=fail header.d=shop.example; spf=fail\n"
FOREIGN = PASS.replace("mx.shop.example;", "mx.evil.example;", 1)


def asked(tmp_path: Path, config: str = CONFIG) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config)
    desk.customer(message_id="first@customer.example")
    desk.fresh()
    return desk, desk.to("anna@shop.example")


def held(desk: Desk, asks: list[str]) -> str:
    """Assert that nothing but a held note came of a mail; return the mail that asks."""
    found = desk.conversation()
    assert (found.state, found.tags, found.assignee) == ("open", (), None)
    assert desk.count() == 1
    assert desk.kinds() == asks
    assert [each.direction for each in desk.messages()] == ["inbound", "note"]
    note = desk.messages()[-1]
    assert note.kind == "held"
    assert note.agent is None
    assert "not proven" in note.author.name
    assert desk.has_event("held")
    return desk.outbox()[-1].mail.text if asks else ""


def test_S13_without_a_token_the_agent_is_asked_at_the_configured_address(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, to=SHOP)
    text = held(desk, ["held anna@shop.example"])
    assert "was not sent to that agent's own reply address" in " ".join(text.split())
    assert "We refund you 5000 Euro." in text


def test_S13_asking_reaches_the_configured_address_not_the_alias(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, to=SHOP, sender="a.private@home.example")
    held(desk, ["held anna@shop.example"])


def test_S13_answering_the_question_from_the_right_address_does_it(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, to=SHOP)
    desk.answer_as("anna", desk.to("anna@shop.example", "held"), "It was me.\n\n#close")
    assert desk.state() == "closed"
    assert desk.to("jane@customer.example").mail.text.startswith("It was me.")


def test_S13_a_colleagues_token_is_no_proof(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("ben", notification, WORDS)
    held(desk, ["held ben@shop.example"])


def test_S13_an_expired_token_is_no_proof(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.clock.advance(timedelta(days=91))
    desk.answer_as("anna", notification, WORDS)
    assert "has expired" in held(desk, ["held anna@shop.example"])
    desk.answer_as("anna", desk.to("anna@shop.example", "held"), "It was me.")
    assert desk.to("jane@customer.example").mail.text.startswith("It was me.")


def test_S13_a_token_lives_ninety_days(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.clock.advance(timedelta(days=90))
    desk.answer_as("anna", notification, "Late, but here.")
    assert desk.to("jane@customer.example", "reply")


def test_S13_an_agents_token_in_strange_hands_asks_the_agent(tmp_path: Path) -> None:
    """It may be the agent, from an address that nobody has configured (pitfalls 18 and 19)."""
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, sender="Anna <anna@freemail.example>")
    text = " ".join(held(desk, ["held anna@shop.example"]).split())
    assert "from an address that is no agent's" in text


def test_S13_the_customer_with_an_agents_token_is_no_agent(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.reply(notification, WORDS, sender=JANE)
    assert desk.state() == "open"
    assert desk.conversation().tags == ()
    assert not [each for each in desk.fresh() if "jane@customer.example" in each.recipients]


SPOOFS: dict[str, Callable[[Desk], str]] = {
    "another purpose": lambda desk: desk.reply_address(Purpose.CUSTOMER, party="agent:anna"),
    "the bounce address": lambda desk: desk.reply_address(Purpose.BOUNCE, party="agent:anna"),
    "another agent's name": lambda desk: desk.reply_address(
        Purpose.AGENT, party="agent:root", days=9
    ),
    "a customer's token": lambda desk: desk.reply_address(Purpose.CUSTOMER),
}


@pytest.mark.parametrize("spoof", SPOOFS)
def test_S13_no_other_token_serves(tmp_path: Path, spoof: str) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, to=SPOOFS[spoof](desk))
    held(desk, ["held anna@shop.example"])


def test_S13_a_damaged_token_is_none(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    address = notification.reply_to
    other = address.replace("+", "+a" if address.split("+")[1][0] != "a" else "+b", 1)
    desk.answer_as("anna", notification, WORDS, to=other[:9] + other[10:])
    held(desk, ["held anna@shop.example"])


def test_S13_two_authors_are_nobody(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    sender = "anna@shop.example, mallory@evil.example"
    desk.answer_as("anna", notification, WORDS, sender=sender)
    assert desk.state() == "open"
    assert desk.conversation().tags == ()
    assert not [each for each in desk.fresh() if "jane@customer.example" in each.recipients]


@pytest.mark.parametrize("headers", ["", FAIL, FOREIGN], ids=["missing", "failing", "foreign"])
def test_S13_where_results_are_trusted_they_have_to_pass(tmp_path: Path, headers: str) -> None:
    desk, notification = asked(tmp_path, TRUSTED)
    desk.answer_as("anna", notification, WORDS, headers=headers)
    assert "not authenticated" in held(desk, ["held anna@shop.example"])


def test_S13_with_a_trusted_pass_the_answer_goes_out(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path, TRUSTED)
    raw = letter(
        "Anna <anna@shop.example>", text="Tomorrow.", to=notification.reply_to, subject="Re: x"
    )
    desk.send(PASS.encode() + raw, to=[notification.reply_to])
    assert desk.to("jane@customer.example", "reply").mail.text.startswith("Tomorrow.")


def test_S13_held_words_do_not_pass_for_the_agents_among_colleagues(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, "Ben, pay him at once.", to=SHOP)
    desk.customer("Well?\n", in_reply_to="first@customer.example")
    text = desk.to("ben@shop.example", "notification").mail.text
    assert "anna@shop.example (held, not proven), just now (internal note):" in text


def test_S13_a_first_mail_under_an_agents_name_says_that_it_is_unproven(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("#close\nHello.\n", sender="Anna <anna@shop.example>")
    assert desk.state() == "open"
    assert "without proof" in desk.to("ben@shop.example").mail.text


def test_S13_mail_through_a_list_is_held_and_told(tmp_path: Path) -> None:
    desk, notification = asked(tmp_path)
    desk.answer_as("anna", notification, WORDS, headers="List-Id: <office.shop.example>\n")
    assert "mailing list" in held(desk, ["held anna@shop.example"])


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: auto-replied\n", "X-Autoreply: yes\n", "Precedence: bulk\n"],
)
def test_S13_an_agents_vacation_notice_is_ignored(tmp_path: Path, headers: str) -> None:
    desk, notification = asked(tmp_path)
    before = desk.conversation()
    for to in (notification.reply_to, notification.envelope_from, SHOP):
        desk.answer_as("anna", notification, "I am away.", to=to, headers=headers)
    assert desk.kinds() == []
    assert desk.conversation() == before
    assert [each.direction for each in desk.messages()] == ["inbound"]
    assert desk.has_event("ignored", "never reaches a customer")


def test_S13_pitfall_18_an_answering_machine_without_any_mark_is_asked_a_few_times(
    tmp_path: Path,
) -> None:
    desk, notification = asked(tmp_path)
    for number in range(20):
        desk.answer_as("anna", notification, f"I am away {number}.", to=SHOP)
    assert desk.kinds() == ["held anna@shop.example"] * 5
    desk.clock.advance(timedelta(hours=2))
    desk.answer_as("anna", notification, "I am here.", to=SHOP)
    assert desk.kinds() == ["held anna@shop.example"]
