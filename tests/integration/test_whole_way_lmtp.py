"""The whole way with real servers: swaks, Postfix, LMTP, inboxd, Postfix, Dovecot, and back."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from clients import Answer, File, gmail
from loopback import eventually
from servers import Dovecot, Postfix
from shop import SIGNATURE, Shop, html_of, read, sent_form, text_of

from inboxd.conversations.tags import cheat_sheet
from inboxd.mail.outgoing import MARKER

pytestmark = pytest.mark.servers

QUESTION = "Hello,\n\nmy parcel with the green tea has not come yet.\n\nJane\n"
WORDS = "Hello Jane,\n\nit was held up in Bremen — it arrives tomorrow.\n\nSee the label."
TAGS = "#tag carrier late\n#priority high"


def own_fields(raw: bytes) -> list[str]:
    """Return the names of the header fields that inboxd wrote."""
    return [name.lower() for name in read(sent_form(raw))]


def ids(value: object) -> list[str]:
    """Return the message ids in a field, in their order."""
    return re.findall(r"<[^<>\s]+>", str(value or ""))


def assert_plain_wire(raw: bytes) -> None:
    """Assert that a mail is 7-bit, ends its lines with CRLF alone, and has no overlong line."""
    sent = sent_form(raw)
    assert sent.isascii()
    assert sent.count(b"\n") == sent.count(b"\r") == sent.count(b"\r\n")
    assert max(len(line) for line in sent.split(b"\r\n")) <= 998


def assert_nothing_internal(raw: bytes, shop: Shop, *more: str) -> None:
    """Assert that no word meant for agents stands anywhere in a mail to a customer."""
    internal = [
        MARKER, "#tag", "#priority", "carrier", "unassigned", "support-team", "Opened ",
        shop.anna, shop.bert, shop.cleo, "X-Inboxd-Conversation", "via Tea Shop",
        *cheat_sheet().splitlines(), *more,
    ]  # fmt: skip
    whole = raw.decode("ascii") + text_of(raw) + html_of(raw)
    assert [word for word in internal if word in whole] == []


def test_question_answer_and_thanks(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    shop = Shop(tmp_path, dovecot, postfix)
    shop.route()
    label = File("Etikett für Jane.pdf", "application/pdf", b"%PDF-1.7\r\n" + os.urandom(70_000))
    with shop.running():
        question = bytes(shop.compose(shop.jane, "Where is my parcel?", QUESTION))
        shop.swaks(shop.jane, shop.address, question)
        _acknowledgement(shop, question)
        notified = _notifications(shop)
        answer = gmail(Answer(notified, shop.anna, "Anna", f"{WORDS}\n\n{TAGS}", [label]))
        shop.answer(shop.anna, answer)
        _answer(shop, question, label)
        _copies(shop)
        _receipt(shop, notified)
        shop.answer(
            shop.jane, gmail(Answer(shop.inbox(shop.jane)[1], shop.jane, "Jane", "Thanks!"))
        )
        _thanks(shop)
        shop.wait_until_quiet()
        _end(shop)


def _acknowledgement(shop: Shop, question: bytes) -> None:
    raw = shop.wait_for(shop.jane, 1)
    mail = read(raw)
    assert_plain_wire(raw)
    assert mail["Return-Path"] == "<>"  # nothing answers it (RFC 3834 section 3.3)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] is not None
    assert mail["From"] == f"Tea Shop <{shop.address}>"
    assert mail["To"] == f"Jane Doe <{shop.jane}>"
    assert mail["Subject"] == "Re: Where is my parcel?"
    assert ids(mail["In-Reply-To"]) == ids(mail["References"]) == ids(read(question)["Message-ID"])
    assert "thank you, your mail has reached us" in text_of(raw)
    assert_nothing_internal(raw, shop)


def _notifications(shop: Shop) -> bytes:
    """Check what the agents got and return Anna's."""
    raws = {who: shop.wait_for(who, 1) for who in (shop.anna, shop.bert, shop.cleo)}
    targets = set()
    for who, raw in raws.items():
        mail = read(raw)
        assert_plain_wire(raw)
        targets.add(mail["Reply-To"].addresses[0].addr_spec)
        bounces_to = mail["Return-Path"].strip("<>")
        assert bounces_to.startswith("support+")
        assert bounces_to.endswith(f"@{shop.domain}")
        assert bounces_to not in targets
        assert mail["From"] == f"Jane Doe via Tea Shop <{shop.address}>"
        assert mail["To"].addresses[0].addr_spec == who
        assert mail["Subject"] == "[#1] Where is my parcel?"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert text_of(raw).splitlines()[0] == MARKER
        assert "#1 · open · unassigned · delivery" in text_of(raw)
        assert "my parcel with the green tea has not come yet." in text_of(raw)
        assert "green tea" in html_of(raw)
    assert len(targets) == 3, "each agent has a reply address of their own"
    assert all(re.fullmatch(rf"support\+[a-z0-9]+@{shop.domain}", each) for each in targets)
    return raws[shop.anna]


def _answer(shop: Shop, question: bytes, label: File) -> None:
    raw = shop.wait_for(shop.jane, 2)
    mail = read(raw)
    assert_plain_wire(raw)
    assert mail["From"] == f"Tea Shop <{shop.address}>"
    assert mail["To"] == f"Jane Doe <{shop.jane}>"
    assert mail["Cc"] is None
    assert mail["Subject"] == "Re: Where is my parcel?"
    assert mail["Auto-Submitted"] is None
    reply_to = mail["Reply-To"].addresses[0].addr_spec
    assert re.fullmatch(rf"support\+[a-z0-9]+@{shop.domain}", reply_to)
    sender = mail["Return-Path"].strip("<>")
    assert re.fullmatch(rf"support\+[a-z0-9]+@{shop.domain}", sender)
    assert sender != reply_to
    asked, acknowledged = (
        ids(read(question)["Message-ID"]),
        ids(read(shop.inbox(shop.jane)[0])["Message-ID"]),
    )
    assert ids(mail["References"]) == asked + acknowledged
    assert ids(mail["In-Reply-To"])[0] in asked + acknowledged
    assert ids(mail["Message-ID"])[0].endswith(f"@{shop.domain}>")
    assert text_of(raw) == f"{WORDS}\n\n-- \n{SIGNATURE}\n"
    assert "5 Harbour Street" in html_of(raw)
    assert "it was held up in Bremen — it arrives tomorrow." in html_of(raw)
    files = list(mail.iter_attachments())
    assert [each.get_filename() for each in files] == [label.name]
    assert files[0].get_content_type() == label.content_type
    assert files[0].get_payload(decode=True) == label.content
    assert_nothing_internal(raw, shop, "[#1]", "reached us")
    allowed = {
        "from", "to", "reply-to", "subject", "message-id", "in-reply-to", "references", "date",
        "mime-version", "content-type", "content-transfer-encoding",
    }  # fmt: skip
    assert set(own_fields(raw)) <= allowed
    assert len(own_fields(raw)) == len(set(own_fields(raw)))


def _copies(shop: Shop) -> None:
    for who in (shop.bert, shop.cleo):
        raw = shop.wait_for(who, 2)
        assert_plain_wire(raw)
        assert "Anna answered Jane Doe" in text_of(raw)
        assert "it was held up in Bremen — it arrives tomorrow." in text_of(raw)
        assert "Etikett für Jane.pdf" in text_of(raw)
        assert read(raw)["Subject"] == "Re: [#1] Where is my parcel?"


def _receipt(shop: Shop, notified: bytes) -> None:
    raw = shop.wait_for(shop.anna, 2)
    assert_plain_wire(raw)
    done = [line for line in text_of(raw).splitlines() if line.startswith("- ")]
    assert done == [
        "- Your answer is on its way to the customer.",
        "- Tagged: carrier, late.",
        "- Priority: high.",
    ]
    assert "#1 · pending · unassigned · high · " in text_of(raw)
    # The same thread in Anna's client as the notification.
    assert ids(read(raw)["References"])[0] == ids(read(notified)["References"])[0]


def _thanks(shop: Shop) -> None:
    for who in (shop.anna, shop.bert, shop.cleo):
        raw = shop.wait_for(who, 3)
        assert read(raw)["Subject"] == "[#1] Where is my parcel?"
        assert "Thanks!" in text_of(raw)
        assert "#1 · open · unassigned · high · " in text_of(raw)


def _end(shop: Shop) -> None:
    found = shop.conversations()
    assert [each["number"] for each in found] == [1]
    assert found[0]["state"] == "open"
    assert found[0]["priority"] == "high"
    assert sorted(found[0]["tags"]) == ["carrier", "delivery", "late"]
    said = [(each["direction"], each["kind"], each["reply_text"]) for each in found[0]["messages"]]
    assert [each[:2] for each in said] == [
        ("inbound", "customer"),
        ("outbound", "auto-reply"),
        ("outbound", "agent"),
        ("inbound", "customer"),
    ]
    assert said[2][2] == WORDS
    assert said[3][2] == "Thanks!"
    counts = [len(shop.inbox(who)) for who in (shop.jane, shop.anna, shop.bert, shop.cleo)]
    assert counts == [2, 3, 3, 3]
    assert {each.state for each in shop.outbox()} == {"sent"}
    assert shop.journal_states() == {"applied": 3}


def test_a_mail_of_tags_alone_sends_the_customer_nothing(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    shop = Shop(tmp_path, dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "Hours?", "When?\n")))
        notified = shop.wait_for(shop.bert, 1)
        shop.answer(shop.bert, gmail(Answer(notified, shop.bert, "Bert", "#close #assign anna")))
        receipt = shop.wait_for(shop.bert, 2)
        shop.wait_until_quiet()
        assert "- Closed.\n- Assigned to anna." in text_of(receipt)
        found = shop.conversation()
        assert (found["state"], found["assignee"]) == ("closed", "anna")
        assert shop.inbox(shop.jane) == []


def test_a_mistake_in_a_tag_stops_the_whole_mail(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    shop = Shop(tmp_path, dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "Hours?", "When?\n")))
        notified = shop.wait_for(shop.bert, 1)
        words = "From nine to five.\n\n#asign anna\n#tag hours"
        shop.answer(shop.bert, gmail(Answer(notified, shop.bert, "Bert", words)))
        receipt = text_of(shop.wait_for(shop.bert, 2))
        assert "Nothing was sent and nothing was changed" in receipt
        assert "#asign anna" in receipt
        assert "Did you mean #assign" in receipt
        assert "From nine to five." in receipt
        shop.wait_until_quiet()
        found = shop.conversation()
        assert (found["state"], found["assignee"], found["tags"]) == ("open", None, [])
        assert shop.inbox(shop.jane) == []
        # Corrected and sent again, as an answer to the receipt.
        corrected = words.replace("#asign", "#assign")
        again = gmail(Answer(shop.inbox(shop.bert)[1], shop.bert, "Bert", corrected))
        shop.answer(shop.bert, again)
        assert text_of(shop.wait_for(shop.jane, 1)).startswith("From nine to five.\n\n-- \n")
        eventually(lambda: shop.conversation()["assignee"] == "anna")
