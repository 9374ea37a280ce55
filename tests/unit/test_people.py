"""Whom an answer to a mail goes to: one mail after another, as people and programs write them."""

from __future__ import annotations

import pytest

from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail
from inboxd.mail.people import (
    Correspondent,
    Source,
    correspondent,
    is_forward,
    named_in,
    one_address,
    same_mailbox,
)

OURS = frozenset({"support@shop.example", "help@shop.example", "anna@shop.example"})
AGENTS = frozenset({"anna@shop.example"})
LIST = "List-Id: Tea lovers <tea.lists.example>\nList-Post: <mailto:tea@lists.example>\n"


def mail(headers: str, text: str = "Hello") -> ParsedMail:
    return parse(f"{headers.strip()}\nSubject: Tea\n\n{text}\n".encode())


def who(headers: str, envelope_from: str | None = None, text: str = "Hello") -> Correspondent:
    return correspondent(
        mail(headers, text),
        lambda address: address.casefold() in OURS,
        lambda address: address.casefold() in AGENTS,
        envelope_from,
    )


def answered(headers: str, envelope_from: str | None = None) -> str:
    found = who(headers, envelope_from).address
    return str(found) if found else "nobody"


JANE = "Jane Doe <jane@x.example>"

PLAIN = {
    "plain": (f"From: {JANE}", JANE),
    "reply-to": (f"From: {JANE}\nReply-To: j@y.example", "Jane Doe <j@y.example>"),
    "reply-to with its own name": (f"From: {JANE}\nReply-To: J <j@y.example>", "J <j@y.example>"),
    "reply-to is From": (f"From: {JANE}\nReply-To: JANE@X.example", JANE),
    "reply-to is ours": (f"From: {JANE}\nReply-To: support@shop.example", JANE),
    "reply-to is an agent": (f"From: {JANE}\nReply-To: anna@shop.example", JANE),
    "reply-to is nobody": (f"From: {JANE}\nReply-To: noreply@x.example", JANE),
    "reply-to is empty": (f"From: {JANE}\nReply-To: <>", JANE),
    "reply-to is an empty group": (f"From: {JANE}\nReply-To: undisclosed-recipients:;", JANE),
    "several": (
        f"From: {JANE}\nReply-To: support@shop.example, j@y.example",
        "Jane Doe <j@y.example>",
    ),
    "a sender on behalf": (f"From: {JANE}\nSender: assistant@x.example", JANE),
    "original headers beside a person": (f"From: {JANE}\nX-Original-From: v@evil.example", JANE),
    "a name with via and nothing else": (
        "From: Jane via Tea <jane@x.example>",
        "Jane via Tea <jane@x.example>",
    ),
    "a marketplace's address for one order": (
        "From: Jane <k3z8@marketplace.amazon.de>\nReply-To: Jane <k3z8@marketplace.amazon.de>",
        "Jane <k3z8@marketplace.amazon.de>",
    ),
    "a marketplace's relay": (
        "From: jane at the market <member@market.example>\n"
        "Reply-To: jane-77z@members.market.example",
        "jane at the market <jane-77z@members.market.example>",
    ),
}
STAND_INS = {
    "our own form": (f"From: Shop <support@shop.example>\nReply-To: {JANE}", JANE),
    "our own form, no name": (
        "From: Shop <support@shop.example>\nReply-To: jane@x.example",
        "jane@x.example",
    ),
    "a form as an agent": (f"From: anna@shop.example\nReply-To: {JANE}", JANE),
    "a form's own field": (f"From: support@shop.example\nX-Reply-To: {JANE}", JANE),
    "a platform": (f"From: Market <noreply@market.example>\nReply-To: {JANE}", JANE),
    "a platform with two": (
        f"From: no-reply@market.example\nReply-To: noreply@market.example, {JANE}",
        JANE,
    ),
    "a platform's sender": (f"From: noreply@market.example\nSender: {JANE}", JANE),
    "a platform alone": ("From: noreply@market.example", "noreply@market.example"),
    "a group of ours": (
        "From: \"'Jane Doe' via Support\" <support@shop.example>\n"
        "X-Original-From: Jane Doe <jane@x.example>\nReply-To: Jane Doe <jane@x.example>",
        JANE,
    ),
    "a group of ours, address alone": (
        "From: \"'Jane Doe' via Support\" <support@shop.example>\n"
        "X-Original-Sender: jane@x.example",
        JANE,
    ),
    "a rewritten From elsewhere": (
        "From: Jane Doe via Tea <tea@lists.example>\nX-Original-From: jane@x.example",
        JANE,
    ),
    "the field for it": (f"From: tea@lists.example\nAuthor: {JANE}\n{LIST}", JANE),
    "an original of two": (
        "From: support@shop.example\nX-Original-From: a@x.example, b@x.example",
        "nobody",
    ),
    "an original of ours": (
        "From: support@shop.example\nX-Original-From: help@shop.example",
        "nobody",
    ),
    "ourselves": ("From: support@shop.example", "nobody"),
    "ourselves to ourselves": (
        "From: support@shop.example\nReply-To: help@shop.example",
        "nobody",
    ),
    "several, and who sent it": (
        "From: a@x.example, b@x.example\nSender: b@x.example",
        "b@x.example",
    ),
    "several": ("From: a@x.example, b@x.example", "a@x.example"),
    "several, one of them ours": ("From: support@shop.example, b@x.example", "b@x.example"),
    "a secretary for several": (
        "From: a@x.example, b@x.example\nSender: office@x.example",
        "a@x.example",
    ),
    "a group": ("From: Team: a@x.example, b@x.example;", "a@x.example"),
    "no From, a Sender": ("Sender: jane@x.example", "jane@x.example"),
    "an agent": ("From: anna@shop.example", "anna@shop.example"),
}
LISTS = {
    "an answer to the list": (f"From: {JANE}\nReply-To: tea@lists.example\n{LIST}", JANE),
    "by its id alone": (
        f"From: {JANE}\nReply-To: tea@lists.example\nList-Id: <tea.lists.example>",
        JANE,
    ),
    "under another address": (
        f"From: {JANE}\nReply-To: tea2@lists.example\nTo: tea2@lists.example\n{LIST}",
        JANE,
    ),
    "rewritten, the author beside": (
        f"From: Jane Doe via Tea <tea@lists.example>\nReply-To: tea@lists.example, {JANE}\n{LIST}",
        JANE,
    ),
    "an old one": (
        f"From: {JANE}\nReply-To: tea@groups.example\n"
        "Mailing-List: list tea@groups.example; contact tea-owner@groups.example",
        JANE,
    ),
    "the author's own Reply-To": (
        f"From: {JANE}\nReply-To: j@y.example\n{LIST}",
        "Jane Doe <j@y.example>",
    ),
}


@pytest.mark.parametrize("case", PLAIN)
def test_a_persons_mail_is_answered_at(case: str) -> None:
    headers, expected = PLAIN[case]
    assert answered(headers) == expected
    assert who(headers).by_author


@pytest.mark.parametrize("case", STAND_INS)
def test_behind_a_from_that_is_no_person_stands(case: str) -> None:
    headers, expected = STAND_INS[case]
    assert answered(headers) == expected
    assert who(headers).by_author is (case == "no From, a Sender")


def test_a_group_of_one_is_a_person() -> None:
    found = who("From: Team: a@x.example;")
    assert (found.address and found.address.address, found.by_author) == ("a@x.example", True)


@pytest.mark.parametrize("case", LISTS)
def test_a_list_is_nobody_to_answer_to(case: str) -> None:
    headers, expected = LISTS[case]
    assert answered(headers) == expected


@pytest.mark.parametrize(
    "field", ["From: undisclosed-recipients:;", "From:", "From: <>", "From: Jane", "X-Y: z"]
)
def test_the_envelope_tells_where_the_header_names_nobody(field: str) -> None:
    assert answered(field, "jane@x.example") == "jane@x.example"
    assert "envelope" in who(field, "jane@x.example").why


@pytest.mark.parametrize("envelope", [None, "", "mailer-daemon@x.example", "support@shop.example"])
def test_an_envelope_of_nobody_tells_nothing(envelope: str | None) -> None:
    assert answered("From: undisclosed-recipients:;", envelope) == "nobody"


def test_the_envelope_is_not_asked_where_from_has_an_address() -> None:
    assert answered("From: support@shop.example", "jane@x.example") == "nobody"


def test_further_addresses_in_reply_to_get_copies() -> None:
    found = who(
        "From: jane@x.example\nReply-To: office@x.example, jane@x.example, noreply@x.example"
    )
    assert [str(each) for each in (found.address, *found.also)] == [
        "jane@x.example",
        "office@x.example",
    ]
    found = who("From: support@shop.example\nReply-To: a@x.example, b@x.example, A@x.example")
    assert [str(each) for each in (found.address, *found.also)] == ["a@x.example", "b@x.example"]


def test_only_one_and_the_same_mailbox_is_the_same_person() -> None:
    same = who("From: jane+tea@x.example\nReply-To: Jane@x.example").same
    assert [each.address for each in same] == ["jane+tea@x.example"]
    assert who("From: mallory@x.example\nReply-To: jane@x.example").same == ()
    assert who("From: jane@evil.example\nReply-To: jane@x.example").same == ()
    assert same_mailbox("Jane+a@X.example", "jane+b@x.example")
    assert not same_mailbox("jane@x.example", "jane@y.example")


@pytest.mark.parametrize(
    "why",
    [
        ("From: jane@x.example", "From"),
        ("From: jane@x.example\nReply-To: support@shop.example", "From; Reply-To names nobody"),
        ("From: jane@x.example\nReply-To: j@y.example", "Reply-To"),
        ("From: support@shop.example\nReply-To: j@y.example", "Reply-To; From is support@shop"),
        ("From: support@shop.example", "no field names anybody outside; From is support@"),
        ("From: noreply@x.example", "no field names anybody who reads mail; From is noreply@"),
        ("From: a@x.example, b@x.example", "From; From names 2"),
    ],
)
def test_every_choice_has_its_reason(why: tuple[str, str]) -> None:
    headers, words = why
    assert who(headers).why.startswith(words)


FORWARDS = {
    "subject": "From: anna@shop.example\nSubject: Fwd: Tea",
    "german": "From: anna@shop.example\nSubject: WG: Tea",
}


@pytest.mark.parametrize("case", FORWARDS)
def test_pitfall_16_a_forward_by_an_agent_is_nobodys_until_somebody_says_whose(case: str) -> None:
    found = correspondent(
        parse(f"{FORWARDS[case]}\n\nFrom: Jane <jane@x.example>\n".encode()),
        lambda address: address in OURS,
        lambda address: address in AGENTS,
    )
    assert found.address is None
    assert "forward" in found.why


def test_pitfall_16_a_body_names_nobody() -> None:
    text = "---------- Forwarded message ----------\nFrom: Tom <tom@y.example>\n\nWhere is it?"
    assert answered(f"From: {JANE}") == JANE
    assert is_forward(mail("From: anna@shop.example", text))
    assert who("From: anna@shop.example", text=text).address is None
    assert str(who(f"From: {JANE}", text=text).address) == JANE


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jane@x.example", "jane@x.example"),
        (" Jane <jane@x.example>. ", "Jane <jane@x.example>"),
        ("jane@x.example,", "jane@x.example"),
        ("jane@büro.example", "jane@büro.example"),
        ("jane@localhost", None),
        ("jane", None),
        ("", None),
        ("a@x.example, b@x.example", None),
        ("a@x.example b@x.example", None),
        ("a@x.example <b@x.example>", None),
        ("jane@x.example\r\nBcc: v@evil.example", None),
        ("jane@x..example", None),
        ("x" * 300 + "@x.example", None),
    ],
)
def test_one_address_is_one_beyond_doubt(text: str, address: str | None) -> None:
    found = one_address(text)
    assert (str(found) if found else None) == address


def test_each_place_can_be_asked_for() -> None:
    fields = ("From", "Reply-To", "Sender", "X-Original-From")
    lines = (f"{name}: {local}@x.example" for name, local in zip(fields, "abcd", strict=True))
    read = mail("\n".join(lines))
    named = [named_in(read, source)[0].address for source in Source]
    assert named == ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]


@pytest.mark.parametrize(
    "field", ["X-Original-From", "List-Post", "List-Id", "Mailing-List", "Reply-To", "Subject"]
)
def test_hostile_fields_cost_no_time_and_no_exception(field: str) -> None:
    for value in ("<" * 60_000, "a@" * 30_000, "via " * 15_000, ", @" * 20_000, "\x00" * 60_000):
        who(f"From: {value[:3000]} via <support@shop.example>\n{field}: {value}")
