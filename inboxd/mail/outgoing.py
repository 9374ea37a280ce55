"""An outgoing mail as values: what is to be said.

How such a mail is written down is `compose`'s, how it is kept `drafts`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from inboxd.mail.model import Address

MARKER: Final = "##- Reply above this line. Everything below stays here. -##"
"""First line of every mail to an agent. What an answer quotes from here on reaches nobody."""

Automatic = Literal["no", "auto-replied", "auto-generated"]


KEPT_FILE: Final = 0xFFFFFFFE
"""The part number that no mail has: the bytes are a kept file's, and `journal_id` is its number."""


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file of a journaled mail that is sent on, or one that is kept for canned replies.

    `filename` is for people and may hold anything; `content_type` is `type/subtype`; `journal_id`
    and `part` say where the bytes lie, as in `PartRef`; `content_id` stands without angle brackets.
    """

    filename: str
    content_type: str
    journal_id: int
    part: int
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """All that a mail says before it is written down.

    Message ids stand without angle brackets; `references` are oldest first and end with the mail
    that is answered. `date` is aware. `html` says the same as `text`. `automatic` is the value of
    Auto-Submitted (RFC 3834). `headers` are further fields, name and value. `fills` says what
    stands, in this mail alone, in place of words of `text` and `html` that nobody can guess: so
    that colleagues who are told the same share both.
    """

    from_: Address
    to: tuple[Address, ...]
    subject: str
    message_id: str
    date: datetime
    text: str
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    html: str | None = None
    attachments: tuple[OutgoingAttachment, ...] = ()
    automatic: Automatic = "no"
    headers: tuple[tuple[str, str], ...] = ()
    fills: Mapping[str, str] = field(default_factory=dict)
