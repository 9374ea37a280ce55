"""Mail from outside, as a case writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from inboxd.rehearsal.cases import BODY, SENDER, Attached, Letter


@dataclass(frozen=True, slots=True)
class Earlier:
    """The mail that a later one answers: where answers to it go, and its id and references."""

    reply_to: str
    message_id: str
    references: tuple[str, ...]
    subject: str


def written(
    letter: Letter, shop: str, number: int, now: datetime, earlier: Earlier | None
) -> bytes:
    """Return the mail's bytes: `number` tells its id, `shop` is the address that it goes to."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = letter.from_ or SENDER
    mail["To"] = ", ".join(letter.to or (earlier.reply_to if earlier else shop,))
    if letter.cc:
        mail["Cc"] = ", ".join(letter.cc)
    if letter.reply_to:
        mail["Reply-To"] = letter.reply_to
    mail["Subject"] = _subject(letter, earlier)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<case-{number}@customer.example>"
    if earlier is not None:
        ids = (*earlier.references, earlier.message_id)
        mail["In-Reply-To"] = f"<{earlier.message_id}>"
        mail["References"] = " ".join(f"<{each}>" for each in ids)
    for name, value in (letter.headers or {}).items():
        del mail[name]  # where the case gives a field of its own, ours is not wanted
        mail[name] = value
    mail.set_content(letter.body if letter.body is not None else BODY)
    _attach(mail, letter.attachments or ())
    return mail.as_bytes()


def report(recipient: str, earlier: Earlier, action: str, shop: str, number: int) -> bytes:
    """Return a delivery report (RFC 3464) on a mail of ours to `recipient`."""
    status = "5.1.1" if action == "failed" else "4.4.1"
    return (
        f"From: MAILER-DAEMON@relay.example\r\nTo: {shop}\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <report-{number}@relay.example>\r\nMIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=report\r\n\r\n"
        "--report\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--report\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        "--report\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <{earlier.message_id}>\r\nSubject: {earlier.subject}\r\n\r\n--report--\r\n"
    ).encode("utf-8", "replace")


def _subject(letter: Letter, earlier: Earlier | None) -> str:
    if letter.subject is not None:
        return " ".join(letter.subject.split())
    if earlier is None:
        return "A question"
    return f"Re: {earlier.subject.removeprefix('Re: ')}"


def _attach(mail: EmailMessage, files: Sequence[Attached]) -> None:
    for file in files:
        kind, _, sub = file.type.partition("/")
        data = file.text.encode() if file.text is not None else b"\0" * (file.size or 1000)
        mail.add_attachment(data, maintype=kind, subtype=sub or "octet-stream", filename=file.name)
