"""Reading a mail: from raw bytes to what it says. Total: any bytes give a `ParsedMail`.

The structure is found by offsets (entity.py), so that depth, number of parts and time stay bounded;
addresses and dates go through mail-parser's strict readers. What does not follow the standards is
read as people would read it and marked in `ParsedMail.defects`.
"""

from __future__ import annotations

import html as html_entities
import re
from dataclasses import replace
from urllib.parse import unquote

from inboxd.mail.addresses import read_addresses, read_author
from inboxd.mail.bodies import Body, fill_body, read_body
from inboxd.mail.charsets import decode_text
from inboxd.mail.dates import parse_date
from inboxd.mail.entity import Entity, normalized, read_header, scan
from inboxd.mail.headers import (
    MAX_REFERENCES,
    decode_words,
    display,
    message_id,
    message_ids,
)
from inboxd.mail.layout import Layout, lay_out
from inboxd.mail.model import Address, Attachment, Headers, MimeBudget, ParsedMail
from inboxd.mail.parts import (
    describe,
    describe_unpacked,
    describe_uuencoded,
    is_tnef,
    read_part,
    report_part,
    unpack,
)
from inboxd.mail.reading import DEFAULT_BUDGET, Reading

__all__ = ["parse", "parse_headers", "read_part"]

# In which relays and forwarders write the address that a mail was really delivered to.
_DELIVERED_TO = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-forwarded-to",
)
_NEVER_ENCODED = {
    "arc-authentication-results",
    "authentication-results",
    "delivered-to",
    "dkim-signature",
    "in-reply-to",
    "message-id",
    "received",
    "received-spf",
    "references",
    "return-path",
}
# Fields that RFC 5322 section 3.6 allows once; a second From is dealt with where it is read.
_ONCE = ("subject", "date", "message-id", "content-type")
_SPLIT_CHARS = 100_000
_CONTENT_ID = re.compile(r"cid:([^\"'\s<>)]{1,998})")


def parse(raw: bytes, budget: MimeBudget = DEFAULT_BUDGET) -> ParsedMail:
    """Read a mail (RFC 5322, RFC 2045 ff.) from its raw bytes.

    Never raises and depends on nothing but its arguments; every text in the result can be stored
    as UTF-8. What exceeds `budget` is left out and marked as a defect.
    """
    reading = Reading(budget)
    try:
        return _parse(normalized(raw), len(raw), reading)
    # Broad on purpose: the last resort, so that no mail is ever lost to a fault in its reading.
    except Exception as error:
        reading.note(f"parse: {type(error).__name__}: shown as raw text")
        text = decode_text(raw[: budget.max_text_chars], None, reading, "raw mail")
        return ParsedMail(text=text, reply_text=text, size=len(raw), defects=tuple(reading.defects))


def parse_headers(raw: bytes) -> ParsedMail:
    """Read the header section alone, without looking at the body. Never raises."""
    reading = Reading()
    try:
        entity = read_header(normalized(raw), reading)
        mail = _read_header_fields(entity, len(raw), reading)
    # Broad on purpose: see `parse`.
    except Exception as error:
        reading.note(f"parse: {type(error).__name__}: header not read")
        mail = ParsedMail(size=len(raw))
    return replace(mail, defects=tuple(reading.defects))


def _parse(raw: bytes, size: int, reading: Reading) -> ParsedMail:
    entities = scan(raw, reading)
    mail = _read_header_fields(entities[0], size, reading)
    layout = lay_out(entities[0])
    body = read_body(raw, layout.pieces, reading)
    attachments = _read_files(raw, layout, body, reading)
    reports = tuple(report_part(raw, entity, reading) for entity in layout.reports)
    reply_text, elided_text = _split(body, mail.subject, reading)
    return replace(
        mail,
        text=body.text,
        reply_text=reply_text,
        elided_text=elided_text,
        html=body.html,
        attachments=attachments,
        reports=reports,
        report_type=mail.report_type or _nested_report_type(entities),
        defects=tuple(reading.defects),
    )


def _read_header_fields(entity: Entity, size: int, reading: Reading) -> ParsedMail:
    fields = entity.fields

    def values(name: str) -> list[str]:
        return [value for value in fields.get_all(name) if value]

    def addresses(name: str) -> tuple[Address, ...]:
        return read_addresses(name, ", ".join(values(name)), reading)

    def ids(name: str) -> tuple[str, ...]:
        decoded = [decode_words(value, reading, name) for value in values(name)]
        return message_ids(" ".join(decoded))[-MAX_REFERENCES:]

    for name in _ONCE:
        if name in fields.repeated:
            reading.note(f"{name}: several fields: the first taken")
    sender, reply_to = addresses("sender"), addresses("reply-to")
    return ParsedMail(
        from_=read_author(values("from"), sender or reply_to, reading),
        sender=sender,
        reply_to=reply_to,
        to=addresses("to"),
        cc=addresses("cc"),
        delivered_to=tuple(
            dict.fromkeys(a.address for name in _DELIVERED_TO for a in addresses(name))
        ),
        subject=display(fields.get("subject"), reading, "subject"),
        date=parse_date(fields.get("date"), reading) if fields.get("date") else None,
        message_id=_message_id(fields.get("message-id"), reading),
        in_reply_to=ids("in-reply-to"),
        references=ids("references"),
        content_type=entity.type,
        report_type=_report_type(entity),
        headers=Headers(
            [(name, _field_text(name, value, reading)) for name, value in fields.items]
        ),
        size=size,
    )


def _field_text(name: str, value: str, reading: Reading) -> str:
    """Return a field's value as text. Encoded words have no meaning in structured trace fields.

    Decoding them there would let a sender write, as an address, what our own server seems to say.
    """
    if "=?" not in value or name.lower() in _NEVER_ENCODED:
        return value
    return display(value, reading, name[:40].lower())


def _message_id(value: str, reading: Reading) -> str | None:
    found = message_id(decode_words(value, reading, "message-id")) if value else None
    if value and found is None:
        reading.note("message-id: no id in it: read as missing")
    return found


def _report_type(entity: Entity) -> str:
    if entity.type != "multipart/report":
        return ""
    return entity.content.get("report-type").strip().lower()


def _nested_report_type(entities: list[Entity]) -> str:
    """Return the type of a report that a relay wrapped once more, for instance to add a footer."""
    return next(filter(None, map(_report_type, entities)), "")


def _read_files(raw: bytes, layout: Layout, body: Body, reading: Reading) -> tuple[Attachment, ...]:
    """Describe the files of a mail; a winmail.dat gives way to what it holds.

    The words in it become the body where the mail has none of its own.
    """
    attachments: list[Attachment] = []
    referred = _referred_ids(body.html)
    for entity in layout.files:
        unpacked = unpack(raw, entity, reading) if is_tnef(entity) else None
        if unpacked is None:
            attachments.append(describe(raw, entity, reading))
            continue
        if not unpacked.whole or not (unpacked.files or unpacked.text or unpacked.html):
            attachments.append(describe(raw, entity, reading))
        attachments += describe_unpacked(entity, unpacked.files, reading)
        if not body.text.strip():
            fill_body(body, unpacked.text, unpacked.html, reading)
    shown = [replace(a, inline=True) if a.content_id in referred else a for a in attachments]
    return (*shown, *describe_uuencoded(body.uuencoded, reading))


def _referred_ids(html: str | None) -> set[str | None]:
    """Return the content ids that the HTML shows, wherever their parts stand (RFC 2392)."""
    if html is None or "cid:" not in html:
        return set()
    return {unquote(html_entities.unescape(found)) for found in _CONTENT_ID.findall(html)}


def _split(body: Body, subject: str, reading: Reading) -> tuple[str, str]:
    """Return what the sender newly wrote, and what was set aside.

    Behind `_SPLIT_CHARS` nobody writes anew: that is set aside without being looked at.
    """
    text, rest = body.text[:_SPLIT_CHARS], body.text[_SPLIT_CHARS:]
    try:
        from inboxd.mail.quotes import split_reply

        # Of HTML alone the clients' own marks of quotes are read, rather than their rendering.
        reply = split_reply("" if body.converted else text, body.html, subject=subject)
        return reply.reply_text, reply.elided_text + rest
    # Broad on purpose: a fault in finding quotes must not lose the words themselves.
    except Exception as error:
        reading.note(f"quotes: {type(error).__name__}: nothing set aside")
        return body.text, ""
