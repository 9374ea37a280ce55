"""Finds, in a delivery report, the headers of the mail that it is about.

They come as a part of their own (`message/rfc822`, `text/rfc822-headers`), inside the text of the
report, or quoted there. What they hold was written by a stranger: it is a hint, never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inboxd.mail.model import ParsedMail

_MAX_CHARS = 1_000_000
_MAX_IDS = 10
_MAX_ADDRESSES = 50

_MESSAGE_ID = re.compile(
    r"^[>\s|]{0,12}(?:x-)?(?:original-|google-original-)?message-id\s?:\s{0,3}<([^<>\s]{1,998})>",
    re.IGNORECASE | re.MULTILINE,
)
_SENDER_FIELD = re.compile(
    r"^[>\s|]{0,12}(?:return-path|sender|from|reply-to|errors-to|x-original-from)\s?:"
    r"([^\r\n]{0,2000}(?:\r?\n[ \t][^\r\n]{0,2000}){0,4})",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,128}@[A-Za-z0-9.-]{1,255}")
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def returned_message_ids(mail: ParsedMail, raw: bytes | None = None) -> tuple[str, ...]:
    """Return the ids of the mail that the report `mail` is about, most trustworthy place first.

    They stand without angle brackets. `raw` is the report as it came: without it a mail that was
    attached outside of a `multipart/report` is not seen.
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
    found: dict[str, None] = {}
    for text in _places(mail, raw):
        for field in _SENDER_FIELD.finditer(text):
            found.update(dict.fromkeys(_ADDRESS.findall(field.group(1))))
            if len(found) >= _MAX_ADDRESSES:
                return tuple(found)[:_MAX_ADDRESSES]
        if found:
            break
    return tuple(found)


def _places(mail: ParsedMail, raw: bytes | None) -> Iterator[str]:
    """Yield the texts in which the returned headers may stand, the surest first."""
    for report in mail.reports:
        yield report.text[:_MAX_CHARS]
    yield mail.text[:_MAX_CHARS]
    if raw is not None and (end := _HEADER_END.search(raw[:_MAX_CHARS])):
        yield raw[end.end() : end.end() + _MAX_CHARS].decode("utf-8", "replace")
