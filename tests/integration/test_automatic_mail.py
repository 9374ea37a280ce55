"""Automatic mail between real servers: no loops, no backscatter, no holiday notes to customers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest
from clients import Answer, gmail
from loopback import eventually
from servers import BOUNCING, Dovecot, Postfix
from shop import Shop, read, text_of

pytestmark = pytest.mark.servers

# As bad as an admin can make it: an automatic answer to every single mail.
ANSWER_EVERYTHING = """\
- name: Acknowledge everything
  when: message.received
  then:
    - reply: {canned: received}
"""


def automatic(shop: Shop) -> list[str]:
    """Return the states of the automatic mails that a shop has sent to people outside."""
    return [each.state for each in shop.outbox() if each.kind == "auto_reply"]


def _settle(*shops: Shop) -> None:
    """Wait until nothing is under way, and stays so."""
    for _ in range(2):
        for shop in shops:
            shop.wait_until_quiet()
        time.sleep(0.3)


@pytest.fixture
def facing(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Iterator[tuple[Shop, Shop]]:
    """Two shops that answer everything, each served by an inboxd of its own."""
    one = Shop(tmp_path, dovecot, postfix, rules=ANSWER_EVERYTHING)
    other = Shop(tmp_path, dovecot, postfix, rules=ANSWER_EVERYTHING)
    one.route()
    other.route()
    with one.running(), other.running():
        yield one, other


def test_S15_two_inboxds_facing_each_other(facing: tuple[Shop, Shop]) -> None:
    """A mail in the one's name to the other, and the same the other way round, at once."""
    one, other = facing
    for sender, receiver in ((one, other), (other, one)):
        forged = sender.compose(sender.address, "Hello", "Anybody there?\n", To=receiver.address)
        sender.send(sender.address, receiver.address, bytes(forged))
    for shop in facing:
        eventually(lambda shop=shop: shop.conversations(), 20, "a conversation")
    _settle(one, other)
    counts = [len(automatic(shop)) for shop in facing]
    print(f"automatic mails: {counts}")
    assert counts == [1, 1]
    time.sleep(1)
    _settle(one, other)
    assert [len(automatic(shop)) for shop in facing] == [1, 1]


def test_S15_an_agent_of_the_one_shop_writes_to_the_other(facing: tuple[Shop, Shop]) -> None:
    """Two helpdesks in a real exchange: people go on, automatic mail stops (pitfall 20)."""
    one, other = facing
    question = one.compose(one.jane, "Ask the other shop", "Can they help?\n")
    one.send(one.jane, one.address, bytes(question))
    one.wait_for(one.anna, 1)
    # The other shop takes part: Jane answers with it in Cc.
    reply = one.compose(one.jane, "Re: Ask the other shop", "They are in Cc.\n", Cc=other.address)
    reply["In-Reply-To"] = str(question["Message-ID"])
    one.send(one.jane, [one.address, other.address], bytes(reply))
    notified = one.wait_for(one.anna, 2)
    other.wait_for(other.anna, 1)
    one.answer(one.anna, gmail(Answer(notified, one.anna, "Anna", "We ask them.")))
    eventually(lambda: "We ask them." in text_of(other.inbox(other.anna)[-1]), 20)
    theirs = other.inbox(other.anna)[-1]
    other.answer(other.anna, gmail(Answer(theirs, other.anna, "Anna", "Yes, we can.")))
    eventually(lambda: any("Yes, we can." in text_of(raw) for raw in one.inbox(one.anna)), 20)
    _settle(one, other)
    to_each_other = [
        address
        for shop, peer in ((one, other), (other, one))
        for each in shop.outbox()
        if each.kind == "auto_reply"
        for address in [_recipient(shop, each.id)]
        if peer.domain in address
    ]
    print(f"automatic mails to the other inboxd: {len(to_each_other)}")
    assert len(to_each_other) <= 2
    assert len({address.rpartition("@")[2] for address in to_each_other}) == len(to_each_other)


def _recipient(shop: Shop, number: int) -> str:
    from inboxd.store import outbox

    with shop.database() as database, database.read() as connection:
        return str(outbox.recipients(connection, [number])[number][0].address)


def _vacation(shop: Shop, notified: bytes, kind: str) -> tuple[str, str, bytes]:
    """Return an agent's holiday note as servers write it: envelope sender, recipient, mail."""
    answered = read(notified)
    mail = EmailMessage()
    mail["From"] = f"Anna <{shop.anna}>"
    mail["Subject"] = f"Automatic reply: {answered['Subject']}"
    mail["Message-ID"] = make_msgid(domain="agents.example")
    mail["In-Reply-To"] = str(answered["Message-ID"])
    mail["References"] = str(answered["Message-ID"])
    mail.set_content("I am on holiday until Monday.\n\nAnna\n")
    reply_to = answered["Reply-To"].addresses[0].addr_spec
    bounces_to = str(answered["Return-Path"]).strip("<>")
    if kind == "RFC 3834":
        mail["To"] = bounces_to
        mail["Auto-Submitted"] = "auto-replied (vacation)"
        return "", bounces_to, bytes(mail)
    mail["To"] = reply_to
    if kind == "Exchange":
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Auto-Submitted"] = "auto-generated"
        return "", reply_to, bytes(mail)
    if kind == "old":
        mail["Precedence"] = "bulk"
        return shop.anna, reply_to, bytes(mail)
    if kind == "X-Autoreply":
        mail["X-Autoreply"] = "yes"
    return shop.anna, reply_to, bytes(mail)


@pytest.mark.parametrize("kind", ["RFC 3834", "Exchange", "old", "X-Autoreply", "unmarked"])
def test_S15_an_agents_holiday_note_never_reaches_a_customer(
    kind: str, tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    shop = Shop(tmp_path, dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "Hours?", "When?\n")))
        notified = shop.wait_for(shop.anna, 1)
        shop.send(*_vacation(shop, notified, kind))
        eventually(lambda: shop.journal_states().get("applied") == 2, 20, "the note is filed")
        _settle(shop)
        assert shop.inbox(shop.jane) == []
        assert [len(shop.inbox(who)) for who in (shop.anna, shop.bert, shop.cleo)] == [1, 1, 1]
        (found,) = shop.conversations()
        assert found["state"] == "open"
        assert [each["direction"] for each in found["messages"]].count("outbound") == 0
        # The agent still answers, holiday or not.
        shop.answer(shop.anna, gmail(Answer(notified, shop.anna, "Anna", "From nine to five.")))
        assert text_of(shop.wait_for(shop.jane, 1)).startswith("From nine to five.")


def test_S15_a_customers_holiday_note_is_filed_and_answered_by_nobody(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """Pitfall 30: it reopens nothing and disturbs nobody."""
    shop = Shop(tmp_path, dovecot, postfix, rules=ANSWER_EVERYTHING)
    shop.route()
    with shop.running():
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "Hours?", "When?\n")))
        notified = shop.wait_for(shop.bert, 1)
        shop.answer(shop.bert, gmail(Answer(notified, shop.bert, "Bert", "At nine.\n\n#close")))
        answered = read(shop.wait_for(shop.jane, 2))
        note = shop.compose(shop.jane, "Out of office: Hours?", "I am away until Monday.\n")
        note["Auto-Submitted"] = "auto-replied"
        note["In-Reply-To"] = str(answered["Message-ID"])
        shop.wait_until_quiet()
        before = [len(shop.inbox(who)) for who in (shop.jane, shop.anna, shop.bert, shop.cleo)]
        shop.send("", answered["Reply-To"].addresses[0].addr_spec, bytes(note))
        eventually(lambda: shop.journal_states().get("applied") == 3, 20, "the note is filed")
        _settle(shop)
        after = [len(shop.inbox(who)) for who in (shop.jane, shop.anna, shop.bert, shop.cleo)]
        assert after == before
        assert [each["state"] for each in shop.conversations()] == ["closed"]


def test_pitfall_21_a_bounce_of_an_answer_is_an_event_and_the_agents_are_told(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """Postfix takes the answer, the next hop refuses it, and a real DSN comes back."""
    shop = Shop(tmp_path, dovecot, postfix, rules="[]\n")
    shop.route()
    gone = f"gone-{shop.number}@{BOUNCING}"
    with shop.running():
        shop.send(gone, shop.address, bytes(shop.compose(gone, "Hours?", "When?\n")))
        notified = shop.wait_for(shop.anna, 1)
        words = "From nine to five."
        shop.answer(shop.anna, gmail(Answer(notified, shop.anna, "Anna", words)))
        eventually(lambda: "delivery.failed" in [kind for kind, _ in shop.events()], 30, "the DSN")
        told = [
            shop.wait_for(shop.anna, 2),
            shop.wait_for(shop.bert, 3),
            shop.wait_for(shop.cleo, 3),
        ]
        _settle(shop)
        texts = [text for kind, text in shop.events() if kind == "delivery.failed"]
        assert texts == [f"{gone}: failed (5.1.1)"]
        for raw in told:
            assert "Our mail could not be delivered" in text_of(raw)
            assert gone in text_of(raw)
        (found,) = shop.conversations()
        assert [each["kind"] for each in found["messages"]] == ["customer", "agent"]
        assert shop.journal_states() == {"applied": 3}
        assert [len(shop.inbox(who)) for who in (shop.anna, shop.bert, shop.cleo)] == [2, 3, 3]


def test_S17_a_forged_bounce_opens_nothing_and_is_answered_by_nobody(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """Backscatter: reports on mail that we never sent, to our plain address."""
    shop = Shop(tmp_path, dovecot, postfix, rules=ANSWER_EVERYTHING)
    shop.route()
    report = (
        f"From: MAILER-DAEMON@elsewhere.example\r\nTo: {shop.address}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-replied\r\nMessage-ID: <forged@elsewhere.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nYour message could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; elsewhere.example\r\n\r\n"
        f"Final-Recipient: rfc822; {shop.jane}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: {shop.address}\r\nTo: {shop.jane}\r\nSubject: Pills\r\n"
        f"Message-ID: <pills@{shop.domain}>\r\n\r\nBuy.\r\n--b--\r\n"
    )
    with shop.running():
        shop.send("", shop.address, report.encode())
        eventually(lambda: shop.journal_states().get("applied") == 1, 20, "the report is filed")
        _settle(shop)
        assert [each for each in shop.outbox() if each.kind != "alert"] == []
        assert [each for each in shop.conversations() if each["state"] == "open"] == []
        assert shop.inbox(shop.jane) == shop.inbox(shop.bert) == []
