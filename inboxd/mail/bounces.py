"""Tells delivery reports from mail, and reads whom they are about (RFC 3464, and who ignores it).

Ordinary mail is looked at for a few signs only. Where a sign is found the report is read: its
`message/delivery-status` first, then by the detectors of flufl.bounce, then by its own words.
"""

from __future__ import annotations

import re

from inboxd.mail.bounce_detectors import detected_failures
from inboxd.mail.bounce_phrases import folded, says
from inboxd.mail.bounce_signs import DELIVERY_STATUS, signs_of_a_bounce
from inboxd.mail.bounce_text import read_failure_text, status_beside
from inboxd.mail.delivery_status import field_groups, read_delivery_status, recipient_address
from inboxd.mail.model import Bounce, BouncedRecipient, ParsedMail
from inboxd.mail.returned_mail import returned_message_ids

DISPOSITION = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_REACHED = frozenset({"delivered", "relayed", "expanded"})
_READ = 16_000
_MOST = 100
_OPENING = 1500
_HEADER_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,128}@[A-Za-z0-9.-]{1,255}")


def bounce_from_reports(mail: ParsedMail) -> tuple[BouncedRecipient, ...]:
    """Return the recipients that the mail's `message/delivery-status` parts name, once each."""
    found: dict[str, BouncedRecipient] = {}
    for report in mail.reports:
        if report.content_type in DELIVERY_STATUS:
            for recipient in read_delivery_status(report.text):
                found.setdefault(recipient.address.casefold(), recipient)
    return tuple(found.values())


def bounce_from_raw(raw: bytes, mail: ParsedMail) -> Bounce | None:
    """Return what a report without a usable `message/delivery-status` says; None if nothing.

    `raw` is the report as it came. The mail must have shown signs of a bounce: reading costs
    milliseconds.
    """
    failed, delayed = detected_failures(raw)
    if not failed and not delayed:
        return None
    lines = _first_lines(mail)
    recipients = [
        BouncedRecipient(address, action, status_beside(lines, address))
        for action, addresses in (("failed", failed), ("delayed", delayed))
        for address in addresses
    ]
    return Bounce(tuple(recipients), returned_message_ids(mail, raw))


def find_bounce(
    mail: ParsedMail, *, null_sender: bool, raw: bytes | None = None
) -> tuple[Bounce, tuple[str, ...]] | None:
    """Return the bounce that `mail` is, with the reasons for taking it for one, or None.

    A bounce without recipients is one all the same: a server reported a failure, but not whose.
    `raw` is the mail as it came; without it fewer forms are understood.
    """
    signs = signs_of_a_bounce(mail, null_sender=null_sender)
    if signs is None or not signs.certain:
        return None
    return Bounce(_recipients(mail, raw), returned_message_ids(mail, raw)), signs.reasons


def is_delivery_receipt(bounce: Bounce) -> bool:
    """Whether a delivery report brings good news only (RFC 3464 section 2.3.3)."""
    return bool(bounce.recipients) and all(r.action in _REACHED for r in bounce.recipients)


def rejected_by_notification(mail: ParsedMail) -> tuple[BouncedRecipient, ...]:
    """Return whom a disposition notification reports as refused (Sieve `reject`, RFC 5429).

    Such a notification has the form of a read receipt; only its text tells of the refusal.
    """
    if not says(folded(mail.text[:_OPENING]), ("automatically rejected", "automatically refused")):
        return ()
    return tuple(
        BouncedRecipient(address, "failed", status_beside(_first_lines(mail), address))
        for report in mail.reports
        if report.content_type in DISPOSITION
        for fields in field_groups(report.text)
        if (address := recipient_address(fields))
    )


def _recipients(mail: ParsedMail, raw: bytes | None) -> tuple[BouncedRecipient, ...]:
    if reported := bounce_from_reports(mail) or _failed_recipients(mail):
        return reported
    if raw is not None and (detected := bounce_from_raw(raw, mail)):
        return detected.recipients
    ours = frozenset(a.key for a in (*mail.from_, *mail.to, *mail.cc))
    return read_failure_text(mail.text, not_these=ours)


def _failed_recipients(mail: ParsedMail) -> tuple[BouncedRecipient, ...]:
    lines = _first_lines(mail)
    values = ",".join(mail.headers.get_all("X-Failed-Recipients"))[:_READ]
    return tuple(
        BouncedRecipient(address, "failed", status_beside(lines, address))
        for address in tuple(dict.fromkeys(_HEADER_ADDRESS.findall(values)))[:_MOST]
    )


def _first_lines(mail: ParsedMail) -> list[str]:
    """Return the lines in which a report gives its reasons."""
    return mail.text[:_READ].splitlines()[:300]
