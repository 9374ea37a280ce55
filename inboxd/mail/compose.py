"""The only builder of outgoing mail (RFC 5322, RFC 2045 to 2049).

Strings are joined rather than `email.message` objects built: a mail is made in the transaction
that causes it, and those objects take longer than everything else in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from inboxd.errors import Permanent
from inboxd.mail.body_writing import BOUNDARY_MARK
from inboxd.mail.drafts import (
    Draft,
    PartRef,
    TextRef,
    assemble,
    decode_draft,
    encode_draft,
    with_slots,
)
from inboxd.mail.encoded_words import fold, shortened
from inboxd.mail.header_writing import (
    MAX_SUBJECT_CHARS,
    address_field,
    ascii_filename,
    extra_field,
    filename_for_people,
    filename_parameter,
    is_message_id,
    message_ids_field,
    text_field,
)
from inboxd.mail.outgoing import (
    Automatic,
    OutgoingAttachment,
    OutgoingMail,
)

__all__ = [
    "Automatic",
    "Draft",
    "OutgoingAttachment",
    "OutgoingMail",
    "PartRef",
    "assemble",
    "compose",
    "decode_draft",
    "encode_draft",
]

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_OWN_NAMES: Final = (
    "from sender to cc bcc reply-to subject date message-id in-reply-to references return-path "
    "received mime-version auto-submitted x-auto-response-suppress precedence"
)
_OWN_FIELDS: Final = frozenset(_OWN_NAMES.split())
# X-Auto-Response-Suppress stops Exchange, Precedence the many old programs that look at nothing
# else; `auto_reply` is the value that no filter takes for mass mail. RFC 3834 section 3.1.8 warns
# against relying on it, so Auto-Submitted comes first.
_AUTOMATIC_FIELDS: Final = "X-Auto-Response-Suppress: All\r\nPrecedence: auto_reply\r\n"

_Segments = list[bytes | PartRef | TextRef]


def compose(mail: OutgoingMail) -> Draft:
    """Return the mail written down: 7-bit, CRLF line ends, no line above 998 characters.

    The same mail gives the same bytes. Only an address whose local part is beyond ASCII is written
    as UTF-8; see `Draft.needs_smtputf8`. Raises `Permanent` if an address, the message id or the
    name of a further field cannot be written.
    """
    header = _header(mail).encode()
    texts = with_slots(mail.text, mail.html, tuple(mail.fills))
    return Draft(tuple(_merged([header, *_body(mail)])), texts, tuple(mail.fills.values()))


def _header(mail: OutgoingMail) -> str:
    if not is_message_id(mail.message_id):
        raise Permanent(f"{shortened(mail.message_id, 80)!r} cannot be a message id.")
    fields = [
        address_field("From", (mail.from_,)),
        _recipients(mail),
        address_field("Reply-To", (mail.reply_to,)) if mail.reply_to else "",
        text_field("Subject", shortened(mail.subject, MAX_SUBJECT_CHARS)),
        f"Date: {_date(mail.date)}\r\n",
        f"Message-ID: <{mail.message_id}>\r\n",
        message_ids_field("In-Reply-To", (mail.in_reply_to,)) if mail.in_reply_to else "",
        message_ids_field("References", mail.references),
    ]
    if mail.automatic != "no":
        fields.append(f"Auto-Submitted: {mail.automatic}\r\n{_AUTOMATIC_FIELDS}")
    fields += [_further(name, value) for name, value in mail.headers]
    fields.append("MIME-Version: 1.0\r\n")
    return "".join(fields)


def _recipients(mail: OutgoingMail) -> str:
    if not mail.to and not mail.cc:
        return "To: undisclosed-recipients:;\r\n"
    to = address_field("To", mail.to) if mail.to else ""
    return to + address_field("Cc", mail.cc) if mail.cc else to


@lru_cache(maxsize=4)  # one moment, many mails
def _date(date: datetime) -> str:
    if date.tzinfo is None:
        raise ValueError("The date of a mail needs a time zone.")
    return format_datetime(date.astimezone(UTC))


def _further(name: str, value: str) -> str:
    if name.lower() in _OWN_FIELDS or name.lower().startswith("content-"):
        raise Permanent(f"The field {name} is not free: it follows from the mail itself.")
    return extra_field(name, value)


def _body(mail: OutgoingMail) -> _Segments:
    """Return the body, its Content fields in front."""
    text = TextRef("plain")
    if mail.html is None and not mail.attachments:
        return [text]
    key = blake2b(mail.message_id.encode("ascii"), digest_size=12).hexdigest()
    embedded = [a for a in mail.attachments if _is_embedded(a, mail.html)]
    attached = [a for a in mail.attachments if a not in embedded]
    content: _Segments = [text]
    if mail.html is not None:
        html: _Segments = [TextRef("html")]
        if embedded:
            parts = [html, *(_file_part(a, embedded=True) for a in embedded)]
            html = _multipart("related", f"{key}-r", parts, 'type="text/html";')
        content = _multipart("alternative", f"{key}-a", [[text], html])
    if not attached:
        return content
    parts = [content, *(_file_part(a, embedded=False) for a in attached)]
    return _multipart("mixed", f"{key}-m", parts)


def _is_embedded(attachment: OutgoingAttachment, html: str | None) -> bool:
    """Whether the HTML text shows the file. One that it does not show must not hide beside it."""
    content_id = attachment.content_id
    return bool(html and content_id and is_message_id(content_id) and f"cid:{content_id}" in html)


def _multipart(subtype: str, key: str, parts: Iterable[_Segments], *options: str) -> _Segments:
    boundary = f"{BOUNDARY_MARK}{key}"
    delimiter = f"--{boundary}\r\n".encode("ascii")
    tokens = (f"multipart/{subtype};", *options, f'boundary="{boundary}"')
    segments: _Segments = [f"{fold('Content-Type', tokens)}\r\n".encode("ascii")]
    for part in parts:
        segments += [delimiter, *part, b"\r\n"]
    segments.append(f"--{boundary}--\r\n".encode("ascii"))
    return segments


def _file_part(attachment: OutgoingAttachment, *, embedded: bool) -> _Segments:
    filename = filename_for_people(attachment.filename)
    content_type = _writable_type(attachment.content_type)
    disposition = "inline" if embedded or attachment.inline else "attachment"
    fields = [
        fold("Content-Type", [f"{content_type};", f'name="{ascii_filename(filename)}"']),
        fold("Content-Disposition", [f"{disposition};", *filename_parameter(filename)]),
        f"Content-ID: <{attachment.content_id}>\r\n" if embedded else "",
        "Content-Transfer-Encoding: base64\r\n\r\n",
    ]
    return ["".join(fields).encode("ascii"), PartRef(attachment.journal_id, attachment.part)]


def _writable_type(content_type: str) -> str:
    """Return the type of a base64 part: multipart and message types may not be one (RFC 2046)."""
    lowered = content_type.lower()
    if not _CONTENT_TYPE.fullmatch(lowered) or lowered.startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return lowered


def _merged(segments: _Segments) -> _Segments:
    """Join neighbouring literals."""
    merged: _Segments = []
    literal: list[bytes] = []
    for segment in segments:
        if isinstance(segment, bytes):
            literal.append(segment)
        else:
            merged += (b"".join(literal), segment)
            literal.clear()
    merged.append(b"".join(literal))
    return merged
