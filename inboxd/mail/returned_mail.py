"""Finds, in a report, the headers of the mail that it is about.

They come as a part of their own (`message/rfc822`, `text/rfc822-headers`), inside the text of the
report, or quoted there. What they hold was written by a stranger: it is a hint, never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inboxd.mail.delivery_status import field_groups, recipient_address
from inboxd.mail.model import ParsedMail, Returned

_MAX_CHARS = 1_000_000
_MAX_IDS = 10
_MAX_ADDRESSES = 50

_FIELD = r"^[>\s|]{0,12}"
_VALUE = r"\s?:([^\r\n]{0,2000}(?:\r?\n[ \t][^\r\n]{0,2000}){0,4})"
_MESSAGE_ID = re.compile(
    rf"{_FIELD}(?:x-)?(?:original-|google-original-)?message-id\s?:\s{{0,6}}<([^<>\s]{{1,998}})>",
    re.IGNORECASE | re.MULTILINE,
)
# RFC 5322, RFC 5965 (`Original-Mail-From`), and what servers add to their reports.
_SENDER_FIELD = re.compile(
    rf"{_FIELD}(?:return-path|reply-to|errors-to|(?:x-original-)?from|(?:original-)?mail[ -]from"
    rf"|(?:x-postfix-|x-original-|original )?sender|x-envelope-from|envelope-from){_VALUE}",
    re.IGNORECASE | re.MULTILINE,
)
_RECIPIENT_FIELD = re.compile(
    rf"{_FIELD}(?:original-rcpt-to|x-hmxmroriginalrecipient|x-rcpt-to|to){_VALUE}",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,128}@[A-Za-z0-9.-]{1,255}")
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def returned_mail(mail: ParsedMail, raw: bytes | None = None) -> Returned:
    """Return what the receipt or complaint `mail` tells about the mail that it speaks of.

    `raw` is the report as it came: without it a mail that was attached outside of a
    `multipart/report` is not seen.
    """
    return Returned(
        message_ids=returned_message_ids(mail, raw),
        senders=returned_addresses(mail, raw),
        recipients=_recipients(mail, raw),
    )


def returned_message_ids(mail: ParsedMail, raw: bytes | None = None) -> tuple[str, ...]:
    """Return the ids of the mail that the report `mail` is about, most trustworthy place first.

    They stand without angle brackets. `raw` is as for `returned_mail`.
    """
    found: dict[str, None] = {}
    for text in _places(mail, raw):
        for match in _MESSAGE_ID.finditer(text):
            if match.group(1) != mail.message_id:
                found[match.group(1)] = None
            if len(found) >= _MAX_IDS:
                return tuple(found)
        if found:
            break
    return tuple(found)


def returned_addresses(mail: ParsedMail, raw: bytes | None = None) -> tuple[str, ...]:
    """Return the sender's addresses in the returned headers: our reply address is among them."""
    return _first_named(_SENDER_FIELD, mail, raw)


def _recipients(mail: ParsedMail, raw: bytes | None) -> tuple[str, ...]:
    """Whom the mail had gone to: as a disposition notification says, or as its headers say."""
    groups = (fields for report in mail.reports for fields in field_groups(report.text))
    told = tuple(dict.fromkeys(filter(None, map(recipient_address, groups))))[:_MAX_ADDRESSES]
    return told or _first_named(_RECIPIENT_FIELD, mail, raw)


def _first_named(field: re.Pattern[str], mail: ParsedMail, raw: bytes | None) -> tuple[str, ...]:
    """Return the addresses in such fields of the first place that has some."""
    return next((found for text in _places(mail, raw) if (found := _named(field, text))), ())


def _named(field: re.Pattern[str], text: str) -> tuple[str, ...]:
    """Return the addresses in all fields of a kind, each once."""
    found: dict[str, None] = {}
    for match in field.finditer(text):
        found.update(dict.fromkeys(_ADDRESS.findall(match.group(1))))
        if len(found) >= _MAX_ADDRESSES:
            break
    return tuple(found)[:_MAX_ADDRESSES]


def _places(mail: ParsedMail, raw: bytes | None) -> Iterator[str]:
    """Yield the texts in which the returned headers may stand, the surest first."""
    if mail.reports:
        yield "\n".join(report.text for report in mail.reports)[:_MAX_CHARS]
    yield mail.text[:_MAX_CHARS]
    if raw is not None and (end := _HEADER_END.search(raw[:_MAX_CHARS])):
        yield raw[end.end() : end.end() + _MAX_CHARS].decode("utf-8", "replace")
