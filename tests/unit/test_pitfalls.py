"""Pitfalls 1 to 3, 13, 17, 22 and 29 through the whole desk; each test bears its number."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, JANE, SHOP, Desk, Sent, bounce, letter, make

LIST_FIELDS = (
    b"List-Id: Everybody at the shop <all.shop.example>\n"
    b"List-Post: <mailto:all@lists.example>\nPrecedence: list\n"
)
FOOTER = "_______________________________________________\nall mailing list\nall@lists.example\n"


def inbound(desk: Desk) -> list[str]:
    """Return the customers' texts in all conversations."""
    texts = [text for n in range(1, desk.count() + 1) for text in desk.texts(n)]
    return sorted(t.removeprefix("inbound: ") for t in texts if t.startswith("inbound: "))


def told(desk: Desk) -> int:
    """Return how often Anna was told of something."""
    return sum(1 for each in desk.outbox() if "anna@shop.example" in each.recipients)


# -- 1: one mail, imported twice


def through_list(raw: bytes) -> bytes:
    """Return the copy that a mailing list makes of a mail: subject, footer, fields of its own."""
    changed = raw.replace(b"Subject: ", b"Subject: [all] ", 1)
    return b"Received: from lists.example by mx.example\n" + LIST_FIELDS + changed + FOOTER.encode()


@pytest.mark.parametrize("list_first", [True, False], ids=["list first", "list last"])
def test_pitfall_1_a_mail_that_comes_through_a_list_too_is_one_message(
    tmp_path: Path, list_first: bool
) -> None:
    desk = make(tmp_path)
    raw = letter(to=SHOP, cc="all@lists.example")
    copies = [through_list(raw), raw] if list_first else [raw, through_list(raw)]
    for copy in copies:
        desk.send(copy, to=[SHOP])
    assert desk.count() == 1
    assert len(inbound(desk)) == 1
    assert told(desk) == 1


def test_pitfall_1_a_mail_to_two_of_our_addresses_is_answered_once(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    raw = letter(to=f"{SHOP}, help@shop.example", cc="support+orders@shop.example")
    for number, address in enumerate([SHOP, "help@shop.example", "support+orders@shop.example"]):
        trace = f"Delivered-To: {address}\nX-Original-To: {address}\nReceived: from mx{number}\n"
        desk.send(trace.encode() + raw, to=[address])
    assert (desk.count(), len(inbound(desk)), told(desk)) == (1, 1, 1)
    assert len(desk.fresh("auto_reply")) == 1


# -- 2: the same Message-ID for other mails


def test_pitfall_2_a_parcel_service_reuses_its_id_for_other_customers(tmp_path: Path) -> None:
    """Neither is a mail lost, nor does one customer's mail land with another's."""
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    people = [f"person{number}@customer{number}.example" for number in range(5)]
    for number, sender in enumerate(people):
        text = f"Parcel {number} could not be handed over.\n"
        desk.customer(text, sender=sender, message_id="status@parcel.example")
    assert desk.count() == 5
    assert [desk.conversation(n).contact_address for n in range(1, 6)] == people
    assert inbound(desk) == [f"Parcel {n} could not be handed over." for n in range(5)]
    assert [each.recipients for each in desk.fresh("auto_reply")] == [(p,) for p in people]


# -- 3: no Message-ID


def test_pitfall_3_two_mails_without_id_are_two_and_each_is_one(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    mails = [letter(message_id="", text=f"Question {number}\n") for number in range(3)]
    for raw in [*mails, *reversed(mails), *(m.replace(b"\n", b"\r\n") for m in mails)]:
        desk.send(raw, to=[SHOP])
    assert inbound(desk) == ["Question 0", "Question 1", "Question 2"]
    assert told(desk) == 3


# -- 13: strangers in a conversation


def answered(tmp_path: Path, **options: str) -> tuple[Desk, Sent]:
    """Return a shop where Anna has answered Jane, and the answer."""
    desk = make(tmp_path, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "Your tea comes tomorrow.")
    desk.fresh()
    return desk, desk.to("jane@customer.example", "reply")


FORGED = "1.aaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@shop.example"
FORGERIES = {
    "a number in the subject": {"subject": "Re: Where is my tea? [#1]"},
    "another form of number": {"subject": "[Ticket#1] #1 (1)"},
    "the customer's id": {"in_reply_to": "first@customer.example"},
    "our own id": {"in_reply_to": "OURS"},
    "the customer's own id as its own": {"message_id": "first@customer.example"},
    "an id with a forged signature": {"in_reply_to": FORGED},
    "all ids in References": {"references": ("first@customer.example", "OURS")},
}  # fmt: skip


@pytest.mark.parametrize("how", FORGERIES)
def test_pitfall_13_neither_number_nor_id_merges_strangers(tmp_path: Path, how: str) -> None:
    """And whatever follows, no word of the one reaches the other."""
    desk, answer = answered(tmp_path)
    ours = answer.mail.message_id or ""
    fields = {
        key: tuple(ours if v == "OURS" else v for v in value)
        if isinstance(value, tuple)
        else value.replace("OURS", ours)
        for key, value in FORGERIES[how].items()
    }
    stranger = "Mallory <mallory@evil.example>"
    desk.customer("What did you write?\n", sender=stranger, **fields)
    assert desk.count() == 2
    assert "mallory@evil.example" not in desk.parties(1)
    assert "jane@customer.example" not in desk.parties(2)
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Who are you?")
    reply = desk.to("mallory@evil.example", "reply")
    assert reply.recipients == ("mallory@evil.example",)
    assert "tomorrow" not in reply.mail.text + (reply.mail.html or "")
    assert desk.texts(1)[-1] == "outbound: Your tea comes tomorrow."


# -- 17: a forwarded notification


@pytest.mark.parametrize(
    "head",
    [
        "---------- Forwarded message ---------\nFrom: {name} <{address}>\nSubject: {subject}\n\n",
        "-----Original Message-----\nFrom: {name}\nSent: Monday\nTo: anna\nSubject: {subject}\n\n",
        "Anfang der weitergeleiteten Nachricht:\n\nVon: {name} <{address}>\nBetreff: {subject}\n\n",
    ],
    ids=["Gmail", "Outlook", "Apple Mail, German"],
)
@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
def test_pitfall_17_a_forwarded_notification_shows_the_customer_nothing(
    tmp_path: Path, head: str, quoted: bool
) -> None:
    """Anna forwards the notification to the reply address, with a word on top."""
    desk = make(tmp_path)
    desk.customer("Where is my green tea?\n")
    note = desk.to("anna@shop.example")
    desk.fresh()
    who = note.mail.from_[0]
    text = head.format(name=who.name, address=who.address, subject=note.mail.subject)
    text += note.mail.text
    text = "".join(f"> {line}\n" for line in text.splitlines()) if quoted else text
    desk.reply(
        note,
        f"Can you see to this?\n\n{text}",
        sender="Anna <anna@shop.example>",
        quote=False,
        subject=f"Fwd: {note.mail.subject}",
    )
    internal = ("#close", "assign", note.reply_to, "mailbox Tea Shop", "above this line")
    for sent in desk.fresh():
        if "jane@customer.example" in sent.recipients:
            whole = shown(sent)
            assert not [word for word in internal if word in whole]


def shown(sent: Sent) -> str:
    """Return all that a mail shows."""
    return f"{sent.mail.subject}\n{sent.mail.text}\n{sent.mail.html or ''}"


# -- 22: threads that break


SES = "0102018f4a-5b1c-4f2e-9d11-000000@eu-west-1.relay.example"


def test_pitfall_22_a_relay_that_gives_our_mail_another_id(tmp_path: Path) -> None:
    """The customer's client names the relay's id, which nobody here has ever seen."""
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Thanks.", in_reply_to=SES, references=(SES,))
    assert desk.count() == 1
    assert desk.texts()[-1] == "inbound: Thanks."


def test_pitfall_22_a_relay_that_gives_it_another_id_without_reply_addresses(
    tmp_path: Path,
) -> None:
    """Then what stood in our References leads back: the client repeats it before the relay's id."""
    config = CONFIG.replace("    notify:", "    reply_address: none\n    notify:")
    desk = make(tmp_path, config=config, rules=ACKNOWLEDGE)
    asked = desk.customer()
    sent = desk.to("jane@customer.example", "auto_reply")
    assert sent.reply_to == SHOP
    assert asked in sent.mail.references
    desk.reply(sent, "And now?", in_reply_to=SES, references=(*sent.mail.references, SES))
    assert desk.count() == 1
    assert desk.texts()[-1] == "inbound: And now?"


def test_pitfall_22_a_bounce_names_the_relays_id_and_comes_home(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    report = bounce("jane@customer.example", original=SES)
    report = report.replace(SHOP.encode(), answer.envelope_from.encode(), 1)
    desk.send(report, to=[answer.envelope_from], envelope_from="")
    assert desk.count() == 1
    assert desk.bounced("jane@customer.example")


@pytest.mark.parametrize("subject", ["Re: Where is my tea?", "回复: Where is my tea?", ""])
def test_pitfall_22_a_client_that_names_nothing_answers_our_address(
    tmp_path: Path, subject: str
) -> None:
    """As QQ Mail and some mobile clients do: no In-Reply-To, no References."""
    desk, answer = answered(tmp_path)
    desk.reply(answer, "谢谢!", in_reply_to="", references=(), subject=subject)
    assert desk.count() == 1
    assert desk.texts()[-1] == "inbound: 谢谢!"


def test_pitfall_22_a_client_that_names_nothing_without_reply_addresses(tmp_path: Path) -> None:
    """Then a mailbox can ask for the subject, in whatever language the client says Re."""
    config = CONFIG.replace(
        "    notify:", "    reply_address: none\n    match_subject: 3 days\n    notify:"
    )
    desk = make(tmp_path, config=config)
    desk.customer()
    desk.customer("还没有收到。\n", subject="回复: Where is my tea?")
    assert desk.count() == 1


CHAIN = ["one@customer.example", "two@customer.example", "three@customer.example"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("names", ["all", "parent"])
def test_pitfall_22_a_batch_out_of_order_is_one_conversation(
    tmp_path: Path, order: tuple[int, ...], names: str
) -> None:
    """Three mails of one customer, each an answer to the one before, in any order."""
    desk = make(tmp_path)
    mails = []
    for number, own in enumerate(CHAIN):
        before = tuple(CHAIN[:number] if names == "all" else CHAIN[max(0, number - 1) : number])
        subject = "Re: Tea" if number else "Tea"
        mails.append(
            letter(text=f"{own}\n", message_id=own, references=before, subject=subject,
                   in_reply_to=before[-1] if before else "")
        )  # fmt: skip
    for number in order:
        desk.journal(mails[number], to=[SHOP])
    desk.work()
    with_mail = [n for n in range(1, desk.count() + 1) if desk.messages(n)]
    assert len(with_mail) == 1
    assert len(desk.messages(with_mail[0])) == 3


# -- 29: ids that look like spam

# What SpamAssassin's rules on Message-ID look for (MSGID_*, INVALID_MSGID), in words of our own.
SPAMMY = {
    "letters alone": r"<[a-z]{5,}@",
    "capitals alone": r"<[A-Z]+@",
    "one random word of letters, digits, $ and -": r"<[a-z\d][a-z\d$-]{10,29}[a-z\d]@",
    "dollars": r"<[^@]*\$",
    "short": r"<[^@]{0,4}@|<.{0,13}>",
    "no host": r"@>|@[^.>]*>|@\[|@localhost",
    "several @": r"@[^@]*@",
    "white space or control characters": r"[\s\x00-\x1f\x7f]",
    "long hex runs as bulk mailers write them": r"<[0-9a-f]{24,}@|<[0-9A-F-]{36}@",
    "what is no dot-atom": r"<[^@]*(?:\.\.|^\.|\.@)|<\.|[(),:;\"\\]",
}


def test_pitfall_29_no_id_of_ours_has_a_form_that_filters_count_against_it(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(12):
        desk.customer(sender=f"jane{number}@customer{number}.example")
        desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "It comes.\n\n#close")
    ids = {each.mail.message_id for each in desk.outbox()}
    ids |= {named for each in desk.outbox() for named in each.mail.references if "shop." in named}
    assert len(ids) > 50
    for each in sorted(filter(None, ids)):
        found = [what for what, form in SPAMMY.items() if re.search(form, f"<{each}>")]
        assert found == [], each
        assert each.endswith("@shop.example"), "the domain that From has, so that they align"
        assert len(each) < 70, "it stays on one line"


@pytest.mark.parametrize(
    "message_id",
    [
        "abcdefghijkl@shop.example",
        "QWERTYUIOP@shop.example",
        "a1b2c3d4e5f6g7h8@shop.example",
        "1234$abc$1234@shop.example",
        "1042@a.b",
        "1.abc.def@localhost",
        "5b0d9f5e2c1a4b7e8d9c0f1a2b3c@shop.example",
    ],
)
def test_pitfall_29_the_test_knows_forms_that_filters_dislike(message_id: str) -> None:
    assert any(re.search(form, f"<{message_id}>") for form in SPAMMY.values())


def test_pitfall_29_every_mail_of_ours_has_its_own_id(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for _ in range(3):
        desk.customer(sender=JANE)
    ids = [each.mail.message_id for each in desk.outbox()]
    assert None not in ids
    assert len(set(ids)) == len(ids)
