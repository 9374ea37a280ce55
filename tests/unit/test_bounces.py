"""Delivery reports: RFC 3464, the forms that ignore it, and mail that only talks about them."""

from __future__ import annotations

import time

import pytest

from inboxd.mail.bounce_text import read_failure_text
from inboxd.mail.bounces import bounce_from_raw, find_bounce
from inboxd.mail.delivery_status import enhanced_status, read_delivery_status
from inboxd.mail.mime import parse
from inboxd.mail.model import Bounce, BouncedRecipient
from inboxd.mail.returned_mail import returned_addresses, returned_message_ids

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
To: support+k4r7@shop.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report1@relay.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

This is the mail system at host relay.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<carol@my-firm.example>: host mx.my-firm.example said: 550 5.1.1 unknown

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

{groups}

--b1
Content-Type: message/rfc822

From: Shop Support <support+k4r7@shop.example>
Reply-To: support+k4r7@shop.example
To: carol@my-firm.example
Subject: Your parcel
Message-ID: <1042.abc.def@shop.example>

It is on its way.
--b1--
"""


def report(groups: str) -> bytes:
    return REPORT.replace("{groups}", groups).replace("\n", "\r\n").encode()


def plain(text: str, *, sender: str = "MAILER-DAEMON@relay.example", subject: str) -> bytes:
    head = f"From: {sender}\r\nTo: support@shop.example\r\nSubject: {subject}\r\n\r\n"
    return head.encode() + text.replace("\n", "\r\n").encode()


def bounce_of(raw: bytes, *, null_sender: bool = False, with_raw: bool = True) -> Bounce | None:
    found = find_bounce(parse(raw), null_sender=null_sender, raw=raw if with_raw else None)
    return found[0] if found else None


def test_a_standard_report_is_read_with_the_mail_it_is_about() -> None:
    raw = report(
        "Final-Recipient: rfc822; carol@my-firm.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 unknown"
    )
    bounce = bounce_of(raw)
    assert bounce is not None
    assert bounce.recipients == (BouncedRecipient("carol@my-firm.example", "failed", "5.1.1"),)
    assert bounce.original_message_ids == ("1042.abc.def@shop.example",)
    assert bounce.permanent
    assert "support+k4r7@shop.example" in returned_addresses(parse(raw))


def test_a_delay_is_not_permanent() -> None:
    groups = "Final-Recipient: rfc822; carol@my-firm.example\nAction: delayed\nStatus: 4.4.1"
    bounce = bounce_of(report(groups))
    assert bounce is not None
    assert bounce.recipients[0].action == "delayed"
    assert not bounce.permanent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Original-Recipient: rfc822;a@x.example\nFinal-Recipient: rfc822;b@y.example\n"
            "Action: failed\nStatus: 5.7.1",
            [("a@x.example", "failed", "5.7.1")],
        ),
        (
            "Original-Recipient: rfc822;\nFinal-Recipient: LOCAL; <b@y.example>\n"
            "X-Actual-Recipient: rfc822; c@z.example\nAction: failed\nStatus: 5.0.0",
            [("c@z.example", "failed", "5.0.0")],
        ),
        (
            "Reporting-MTA: dns; r.example\nFinal-Recipient: rfc822; a@x.example\nAction: failed\n"
            "Status: 5.1.1\nFinal-Recipient: rfc822; b@x.example\nAction: delayed\nStatus: 4.2.2",
            [("a@x.example", "failed", "5.1.1"), ("b@x.example", "delayed", "4.2.2")],
        ),
        ("Final-Recipient: <a@x.example>\nAction: error", [("a@x.example", "failed", "")]),
        (
            "Final-Recipient: rfc822; a@x.example (Anna)\nAction: failed (bad mailbox)\n"
            "Diagnostic-Code: smtp;\n 552 mailbox full",
            [("a@x.example", "failed", "5.0.0")],
        ),
        (
            "final-recipient: RFC822;a@x.example\nstatus: 4.4.7",
            [("a@x.example", "delayed", "4.4.7")],
        ),
        (
            "Final-Recipient: rfc822;a@x.example\nStatus: 2.1.5",
            [("a@x.example", "delivered", "2.1.5")],
        ),
        (
            "Final-Recipient: utf-8; j\\x{F6}rg@x.example\nAction: failed\nStatus: 5.1.1",
            [("jörg@x.example", "failed", "5.1.1")],
        ),
        (
            "Final-Recipient: rfc822; a@x.example\nAction: failed\n\n\n"
            "Final-Recipient: rfc822; A@X.example\nAction: delayed",
            [("a@x.example", "failed", "")],
        ),
        ("Final-Recipient: x400; /S=anna/PRMD=x/\nAction: failed", []),
        ("Final-Recipient: rfc822; two words@x.example\nAction: failed", []),
        ("", []),
    ],
)
def test_delivery_status_is_read_as_servers_write_it(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    found = read_delivery_status(text)
    assert [(r.address, r.action, r.status) for r in found] == expected


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 (bad mailbox)", "5.1.1"),
        ("smtp; 550-5.7.1 no", "5.7.1"),
        ("smtp; 550 no", "5.0.0"),
        ("said: 421 later", "4.0.0"),
        ("host 15.5.5.5 is down", ""),
        ("", ""),
    ],
)
def test_status_codes(text: str, status: str) -> None:
    assert enhanced_status(text) == status


def test_a_report_of_nothing_but_deliveries_names_them_so() -> None:
    bounce = bounce_of(report("Final-Recipient: rfc822; carol@my-firm.example\nAction: delivered"))
    assert bounce is not None
    assert [r.action for r in bounce.recipients] == ["delivered"]


def test_a_report_whose_status_part_is_useless_is_read_from_its_text() -> None:
    bounce = bounce_of(report("X-Nothing: here"))
    assert bounce is not None
    assert [(r.address, r.status) for r in bounce.recipients] == [
        ("carol@my-firm.example", "5.1.1")
    ]


QMAIL = """\
Hi. This is the qmail-send program at relay.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<carol@firm.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <support+k4r7@shop.example>
Message-ID: <1042.abc.def@shop.example>
To: carol@firm.example

It is on its way.
"""
GMAIL = """\
Delivery to the following recipient failed permanently:

     carol@my-firm.example

Technical details of permanent failure:
550 5.1.1 The email account that you tried to reach does not exist.

----- Original message -----
"""
EXCHANGE = """\
Your message to carol@my-firm.example couldn't be delivered.

carol wasn't found at my-firm.example.

Original Message Headers
"""
GERMAN = """\
Diese Nachricht wurde automatisch vom Mailsystem erstellt.

Ihre E-Mail konnte nicht zugestellt werden:

    Carol Kundin (carol@my-firm.example)<mailto:carol@my-firm.example>
    550 Postfach nicht vorhanden
"""
FRENCH = (
    "Votre message n'a pas pu être remis aux destinataires suivants :\n\n* carol@my-firm.example\n"
)
SPANISH = "No se pudo entregar el mensaje a:\n\n<carol@my-firm.example>: 550 5.1.1 no existe\n"
JAPANESE = "次の宛先にメールを配信できませんでした。\n\n  carol@my-firm.example\n"


@pytest.mark.parametrize(
    ("subject", "text", "address", "status"),
    [
        ("failure notice", QMAIL, "carol@firm.example", "5.1.1"),
        ("Delivery Status Notification (Failure)", GMAIL, "carol@my-firm.example", "5.1.1"),
        ("Undeliverable: Your parcel", EXCHANGE, "carol@my-firm.example", ""),
        ("Unzustellbar: Ihr Paket", GERMAN, "carol@my-firm.example", "5.0.0"),
        ("Non remis : votre colis", FRENCH, "carol@my-firm.example", ""),
        ("No se puede entregar: su paquete", SPANISH, "carol@my-firm.example", "5.1.1"),
        ("配信不能: お荷物", JAPANESE, "carol@my-firm.example", ""),
    ],
)
@pytest.mark.parametrize("with_raw", [True, False])
def test_reports_in_words(
    subject: str, text: str, address: str, status: str, with_raw: bool
) -> None:
    raw = plain(text, subject=subject)
    bounce = bounce_of(raw, with_raw=with_raw)
    assert bounce is not None
    assert bounce.recipients == (BouncedRecipient(address, "failed", status),)


def test_the_returned_mail_inside_the_text_tells_its_id() -> None:
    raw = plain(QMAIL, subject="failure notice")
    assert returned_message_ids(parse(raw)) == ("1042.abc.def@shop.example",)
    assert returned_addresses(parse(raw)) == ("support+k4r7@shop.example",)


def test_the_id_of_a_mail_attached_outside_of_a_report_is_found_in_the_raw_mail() -> None:
    raw = (
        b"From: MAILER-DAEMON@relay.example\r\nTo: support@shop.example\r\nSubject: failure notice"
        b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nUnable to deliver to carol@firm.example\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: support+k4r7@shop.example\r\n"
        b"Message-Id:\r\n <1042.abc.def@shop.example>\r\n\r\nhi\r\n--b--\r\n"
    )
    mail = parse(raw)
    assert returned_message_ids(mail, raw) == ("1042.abc.def@shop.example",)
    assert returned_addresses(mail, raw) == ("support+k4r7@shop.example",)


def test_a_warning_is_a_delay() -> None:
    text = (
        "THIS IS A WARNING MESSAGE ONLY.\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n"
        "Delivery to the following recipient has been delayed:\n\n     carol@my-firm.example\n\n"
        "Message will be retried for 2 more day(s)\n"
    )
    bounce = bounce_of(plain(text, subject="Delivery Status Notification (Delay)"))
    assert bounce is not None
    assert bounce.recipients == (BouncedRecipient("carol@my-firm.example", "delayed", ""),)


def test_exims_header_names_the_recipients() -> None:
    raw = (
        b"X-Failed-Recipients: carol@my-firm.example,\r\n dan@firm.example\r\n"
        b"From: mailsystem@relay.example\r\nTo: support@shop.example\r\nSubject: Nachricht\r\n\r\n"
        b"carol@my-firm.example: 550 5.1.1 unbekannt\r\n"
    )
    bounce = bounce_of(raw)
    assert bounce is not None
    assert [(r.address, r.status) for r in bounce.recipients] == [
        ("carol@my-firm.example", "5.1.1"),
        ("dan@firm.example", ""),
    ]


def test_a_bounce_that_names_nobody_is_one_all_the_same() -> None:
    bounce = bounce_of(plain("The mail could not be delivered.\n", subject="Mail failure"))
    assert bounce == Bounce()


def test_postmasters_and_we_are_no_failed_recipients() -> None:
    text = (
        "Your message could not be delivered.\n\n<carol@firm.example>: 550 no\n"
        "<support@shop.example>: sender\n<postmaster@relay.example>: for assistance\n"
    )
    ours = frozenset({"support@shop.example"})
    found = read_failure_text(text, not_these=ours)
    assert [r.address for r in found] == ["carol@firm.example"]


NOT_BOUNCES = {
    "a customer who asks about one": plain(
        "Hello, my mail to anna@shop.example could not be delivered. Can you help?\n",
        sender="Carol <carol@firm.example>",
        subject="Mail delivery failed",
    ),
    "a customer who pastes one": plain(
        "Hi, this came back when I wrote to you, what is wrong with my order?\n\n"
        + "-" * 300
        + f"\n{QMAIL}",
        sender="Carol <carol@firm.example>",
        subject="Undeliverable mail",
    ),
    "a customer who passes one on": plain(
        f"Please see below.\n\n----- Forwarded -----\n{GMAIL}",
        sender="Carol <carol@firm.example>",
        subject="Fwd: Delivery Status Notification (Failure)",
    ),
    "an answer to one": plain(
        "I have a new address: carol@new.example\n\n> Your message could not be delivered\n",
        sender="Carol <carol@firm.example>",
        subject="Re: Undeliverable: Your parcel",
    ),
    "a parcel service": plain(
        "Your parcel could not be delivered to carol@firm.example today.\n",
        sender="Parcels <noreply@parcels.example>",
        subject="Delivery attempt",
    ),
    "a postmaster in person": plain(
        "Good morning, could you send us the invoice for March?\n",
        sender="Postmaster Firm <postmaster@firm.example>",
        subject="Invoice",
    ),
}


@pytest.mark.parametrize("name", NOT_BOUNCES)
def test_mail_about_bounces_is_none(name: str) -> None:
    assert bounce_of(NOT_BOUNCES[name]) is None


def test_a_report_that_a_customer_attaches_is_not_the_mail_itself() -> None:
    inner = report("Final-Recipient: rfc822; anna@shop.example\nAction: failed\nStatus: 5.1.1")
    raw = (
        b"From: Carol <carol@firm.example>\r\nTo: support@shop.example\r\nSubject: What is this?"
        b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n'
        b"--o\r\nContent-Type: text/plain\r\n\r\nI got this.\r\n"
        b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--o--\r\n"
    )
    assert bounce_of(raw) is None


def test_pitfall_21_an_absence_notice_with_a_null_sender_is_no_bounce() -> None:
    raw = plain(
        "I am away until Monday.\n\n> Your parcel could not be delivered to the following address\n"
        "> <carol@firm.example>: nobody at home\n",
        sender="Carol <carol@firm.example>",
        subject="Re: Your parcel",
    )
    assert bounce_of(raw, null_sender=True) is None


HOSTILE = {
    "long line": "a" * 500_000,
    "long lines": ("<" * 399 + "\n") * 2000,
    "blanks": (" " * 399 + "\n") * 2000,
    "addresses": "<a.b@c.example>: 550\n" * 20_000,
    "labels": ("recipient: " * 36 + "\n") * 2000,
    "ids": "Message-ID: <" * 40_000,
    "froms": "From:\n a\n" * 50_000,
    "boundaries": "--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_reports_are_read_in_bounded_time(name: str) -> None:
    raw = plain(f"Your message could not be delivered to\n{HOSTILE[name]}", subject="Undeliverable")
    mail = parse(raw)
    started = time.process_time()
    bounce = find_bounce(mail, null_sender=True, raw=raw)
    assert time.process_time() - started < 1.5
    assert bounce is not None
    assert len(bounce[0].recipients) <= 1000


def test_the_library_meets_a_report_that_it_cannot_read() -> None:
    raw = (
        b"Content-Type: multipart/report; boundary=\xff\r\nX-Failed-Recipients: \xff(((\r\n\r\n\xff"
    )
    assert bounce_from_raw(raw, parse(raw)) is None
