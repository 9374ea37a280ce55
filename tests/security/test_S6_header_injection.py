"""S6: nothing that a name, a subject, a file name or a template value holds becomes a header.

Twenty payloads in four places. For each the exact set of header fields is compared, by two
parsers and by hand.
"""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import UTC, datetime
from email import policy

import pytest

from inboxd.mail.compose import OutgoingAttachment, OutgoingMail, assemble, compose
from inboxd.mail.model import Address
from inboxd.templates.contexts import NotificationContext, Person
from inboxd.templates.render import Renderer

PAYLOADS = [
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example",
    "x\rBcc: evil@evil.example",
    "x\r\n\r\nBcc: evil@evil.example",
    "x\n\n<script>",
    "x\x0bBcc: evil@evil.example",
    "x\x0cBcc: evil@evil.example",
    "x\x00Bcc: evil@evil.example",
    "x\x00\r\nBcc: evil@evil.example",
    "x\x1c\x1d\x1eBcc: evil@evil.example",
    "x\u0085Bcc: evil@evil.example",
    "x\u2028Bcc: evil@evil.example",
    "x\u2029Bcc: evil@evil.example",
    "x\r\n Bcc: evil@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_evil@evil.example?=",
    "=?utf-8?b?eA0KQmNjOiBldmlsQGV2aWwuZXhhbXBsZQ==?=",
    "=?utf-8?q?x?=\r\n =?utf-8?q?=0ABcc:_evil@evil.example?=",
    'x" <evil@evil.example>, "y',
    'x"\r\nBcc: evil@evil.example; filename="y',
    "x" * 2000 + "\r\nBcc: evil@evil.example",
]
MAIL = OutgoingMail(
    from_=Address("Shop", "support@shop.example"),
    to=(Address("Eva", "eva@customer.example"),),
    reply_to=Address("Shop", "support+t@shop.example"),
    subject="Re: order",
    message_id="1.abc@shop.example",
    date=datetime(2026, 3, 1, tzinfo=UTC),
    text="It arrives tomorrow.",
    html="<p>It arrives tomorrow.</p>",
    attachments=(OutgoingAttachment("a.pdf", "application/pdf", 1, 1),),
)
RENDERER = Renderer(None)
MAIN = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
PARTS = [
    ["Content-Type"],
    ["Content-Type", "Content-Transfer-Encoding"],
    ["Content-Type", "Content-Transfer-Encoding"],
    ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"],
]


def in_name(payload: str) -> OutgoingMail:
    named = Address(payload, "eva@customer.example")
    return replace(MAIL, from_=replace(MAIL.from_, name=payload), to=(named,), reply_to=named)


def in_subject(payload: str) -> OutgoingMail:
    return replace(MAIL, subject=payload)


def in_filename(payload: str) -> OutgoingMail:
    return replace(MAIL, attachments=(replace(MAIL.attachments[0], filename=payload),))


def in_template_value(payload: str) -> OutgoingMail:
    context = NotificationContext(
        agent_name=payload,
        number=1,
        subject=payload,
        tags=(payload,),
        mailbox_name=payload,
        customer=Person(payload, payload),
        opened=payload,
        reason=payload,
        cheat_sheet=payload,
        new_text=payload,
    )
    rendered = RENDERER.render("notification", context)
    return replace(MAIL, subject=rendered.subject, text=rendered.text, html=rendered.html)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("place", [in_name, in_subject, in_filename, in_template_value])
def test_S6_no_value_becomes_a_header(place, payload: str) -> None:  # type: ignore[no-untyped-def]
    raw = assemble(compose(place(payload)), lambda journal_id, part: b"%PDF")

    assert raw.isascii()
    assert b"\x00" not in raw
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line.partition(b":")[0].decode() for line in head if line[:1] != b" "] == MAIN
    for parser in (policy.default, policy.compat32):
        message = email.message_from_bytes(raw, policy=parser)  # type: ignore[call-overload]
        assert message.keys() == MAIN
        parts = list(message.walk())
        assert [part.keys() for part in parts[1:]] == PARTS
        assert [part.get_content_type() for part in parts[1:]] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
            "application/pdf",
        ]
    values = email.message_from_bytes(raw, policy=policy.default)
    for field in ("From", "To", "Reply-To", "Subject"):
        assert not set(str(values[field])) & set("\r\n\x0b\x0c\x00\x1c\x1d\x1e\u0085\u2028\u2029")
    for field in ("From", "To", "Reply-To"):
        assert len(values[field].addresses) == 1
        assert values[field].addresses[0].domain in ("shop.example", "customer.example")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_S6_a_subject_reaches_the_reader_as_one_line_of_text(payload: str) -> None:
    raw = assemble(compose(in_subject(payload)), lambda journal_id, part: b"")
    shown = email.message_from_bytes(raw, policy=policy.default)["Subject"]
    assert shown.startswith(payload[:1])
    if payload.startswith("=?"):  # what looked encoded is shown, not decoded
        assert shown == " ".join(payload.split())
