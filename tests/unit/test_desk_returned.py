"""Reports that came to no address made for them: what they return leads to the conversation."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, JANE, SHOP, Desk, Sent, letter, make

FAILED = (
    "Reporting-MTA: dns; relay.example\n\n"
    "Final-Recipient: rfc822; jane@customer.example\nAction: failed\nStatus: 5.1.1\n"
)
READ = (
    "Final-Recipient: rfc822; jane@customer.example\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\n"
)
COMPLAINT = "Feedback-Type: abuse\nUser-Agent: provider/1\nVersion: 1\n"


def answered(tmp_path: Path) -> tuple[Desk, Sent]:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "It comes tomorrow.")
    desk.fresh()
    return desk, desk.to("jane@customer.example", "reply")


def report(kind: str, fields: str, returned: str) -> bytes:
    """Return a `multipart/report` to the plain address; `returned` are our mail's headers."""
    part = {"disposition-notification": "disposition-notification"}.get(kind, kind)
    return (
        f"From: MAILER-DAEMON@relay.example\nTo: {SHOP}\nSubject: Report\n"
        "Message-ID: <report@relay.example>\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nThis is a report.\n"
        f"--b\nContent-Type: message/{part}\n\n{fields}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}\n--b--\n"
    ).encode()


def headers(answer: Sent, *names: str) -> str:
    """Return some of the headers of our answer, as a report returns them."""
    found = {
        "Reply-To": f"Tea Shop <{answer.reply_to}>",
        "Message-ID": f"<{answer.mail.message_id}>",
        "Return-Path": f"<{answer.envelope_from}>",
        "To": JANE,
    }
    return "".join(f"{name}: {found[name]}\n" for name in names) + "Subject: returned\n"


@pytest.mark.parametrize("name", ["Reply-To", "Message-ID", "Return-Path"])
def test_a_bounce_is_found_by_what_it_returns(tmp_path: Path, name: str) -> None:
    desk, answer = answered(tmp_path)
    desk.send(report("delivery-status", FAILED, headers(answer, name)), envelope_from="")

    assert (desk.count(), desk.state()) == (1, "pending")
    assert desk.has_event("delivery.failed", "jane@customer.example: failed (5.1.1)")
    assert desk.bounced("jane@customer.example")


def test_a_bounce_that_returns_our_address_but_names_a_stranger_marks_nobody(
    tmp_path: Path,
) -> None:
    desk, answer = answered(tmp_path)
    fields = FAILED.replace("jane@customer.example", "max@else.example")
    desk.send(report("delivery-status", fields, headers(answer, "Reply-To")), envelope_from="")

    assert not desk.bounced("jane@customer.example")
    assert not desk.bounced("max@else.example")
    assert (desk.count(), desk.kinds()) == (1, [])


@pytest.mark.parametrize("name", ["Reply-To", "Message-ID"])
def test_a_read_receipt_is_found_by_what_it_returns(tmp_path: Path, name: str) -> None:
    desk, answer = answered(tmp_path)
    desk.send(report("disposition-notification", READ, headers(answer, name)), envelope_from="")

    assert (desk.count(), desk.state(), desk.kinds()) == (1, "pending", [])
    assert desk.has_event("delivery.receipt")


@pytest.mark.parametrize("names", [("Reply-To", "To"), ("Message-ID",), ("Return-Path",)])
def test_a_complaint_stops_automatic_mail_and_is_told(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    desk, answer = answered(tmp_path)
    desk.send(report("feedback-report", COMPLAINT, headers(answer, *names)))

    assert (desk.count(), desk.state()) == (1, "pending")
    assert desk.has_event("complaint.received", "jane@customer.example")
    assert desk.bounced("jane@customer.example")
    assert len(desk.fresh("notification")) == 2
    text = " ".join(desk.to("anna@shop.example").mail.text.split())
    assert "no automatic mail goes there" in text


def test_a_complaint_about_mail_of_nobody_here_disturbs_nobody(tmp_path: Path) -> None:
    desk, _ = answered(tmp_path)
    desk.send(report("feedback-report", COMPLAINT, "Message-ID: <other@else.example>\n"))

    assert (desk.state(2), desk.kinds()) == ("closed", [])
    assert desk.state(1) == "pending"


def test_somebody_who_writes_again_gets_automatic_mail_again(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.send(report("feedback-report", COMPLAINT, headers(answer, "Reply-To", "To")))
    desk.fresh()
    desk.send(letter(subject="Another question"), to=[SHOP])

    assert [each.recipients for each in desk.fresh("auto_reply")] == [("jane@customer.example",)]


def test_S14_a_forged_report_shows_nothing_and_lets_nobody_in(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    forged = report("feedback-report", COMPLAINT, headers(answer, "Reply-To"))
    forged = forged.replace(b"MAILER-DAEMON@relay.example", b"mallory@evil.example")
    desk.send(forged, envelope_from="mallory@evil.example")

    assert "mallory@evil.example" not in desk.parties()
    for sent in desk.fresh():
        assert "mallory@evil.example" not in sent.recipients
