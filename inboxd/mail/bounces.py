"""Tells delivery reports from mail, and reads whom they are about (RFC 3464, and who ignores it).

Ordinary mail is looked at for a few signs only. Where a sign is found the report is read: its
`message/delivery-status` first, then by the detectors of flufl.bounce, then by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from inboxd.mail.bounce_detectors import detected_failures
from inboxd.mail.bounce_phrases import folded, says
from inboxd.mail.bounce_signs import DELIVERY_STATUS, signs_of_a_bounce
from inboxd.mail.bounce_text import action_told, read_failure_text, status_beside, told_of
from inboxd.mail.delivery_status import (
    field_groups,
    is_elided,
    read_delivery_status,
    recipient_address,
)
from inboxd.mail.model import Bounce, BouncedRecipient, ParsedMail
from inboxd.mail.returned_mail import returned_addresses, returned_message_ids

DISPOSITION = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_REACHED = frozenset({"delivered", "relayed", "expanded"})
_READ = 16_000
_MOST = 100
_OPENING = 1500
# A delivery status that came as plain text.
_STATUS_FIELDS = re.compile(r"^(?:final|original)-recipient\s?:", re.IGNORECASE | re.MULTILINE)
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
    recipients = [
        BouncedRecipient(address, action, status_beside(_first_lines(mail), address))
        for action, addresses in (("failed", failed), ("delayed", delayed))
        for address in addresses
    ]
    return bounce_of(mail, recipients, raw) if recipients else None


def bounce_of(
    mail: ParsedMail, recipients: Iterable[BouncedRecipient], raw: bytes | None = None
) -> Bounce:
    """Return the report `mail` on these recipients, with what it tells of the mail they missed."""
    named = tuple(each for each in recipients if not is_elided(each.address))
    return Bounce(named, returned_message_ids(mail, raw), returned_addresses(mail, raw))


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
    return bounce_of(mail, _recipients(mail, raw), raw), signs.reasons


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
    if _STATUS_FIELDS.search(mail.text[:_READ]):
        return read_delivery_status(mail.text[:_READ])
    bounce = None if raw is None else bounce_from_raw(raw, mail)
    detected = bounce.recipients if bounce else ()
    ours = frozenset(a.key for a in (*mail.from_, *mail.to, *mail.cc))
    return told_of(mail.text, detected) or read_failure_text(mail.text, not_these=ours) or detected


def _failed_recipients(mail: ParsedMail) -> tuple[BouncedRecipient, ...]:
    values = ",".join(mail.headers.get_all("X-Failed-Recipients"))[:_READ]
    addresses = tuple(dict.fromkeys(_HEADER_ADDRESS.findall(values)))[:_MOST]
    if not addresses:
        return ()
    action = action_told(mail.text)
    lines = _first_lines(mail)
    return tuple(BouncedRecipient(each, action, status_beside(lines, each)) for each in addresses)


def _first_lines(mail: ParsedMail) -> list[str]:
    """Return the lines in which a report gives its reasons."""
    return mail.text[:_READ].splitlines()[:300]
