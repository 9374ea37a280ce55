"""Values that a mail is read into. Every text in them can be stored as UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a header names it (RFC 5322 section 3.4).

    `name` is decoded and holds no control characters; `address` is an addr-spec as written.
    """

    name: str
    address: str

    @property
    def key(self) -> str:
        """The address as it is compared: case-folded."""
        return self.address.casefold()

    @property
    def domain(self) -> str:
        """What stands behind the last `@`, case-folded."""
        return self.key.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """One part of a mail that is a file.

    `part` is its index in the mail's depth-first walk, by which its bytes are read out of the raw
    mail; `filename` is for people and never a path; `size` is in decoded bytes.
    """

    part: int
    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool = False
    content_id: str | None = None


class Headers:
    """The header fields of a mail in their order, decoded to text, looked up without case."""

    __slots__ = ("_index", "_items")

    def __init__(self, items: list[tuple[str, str]]) -> None:
        self._items = tuple(items)
        self._index: dict[str, list[str]] = {}
        for name, value in items:
            self._index.setdefault(name.lower(), []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of the field `name`, or `default`."""
        values = self._index.get(name.lower())
        return values[0] if values else default

    def get_all(self, name: str) -> list[str]:
        """Return all values of the field `name`, topmost first."""
        return list(self._index.get(name.lower(), ()))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._index

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class MimeBudget:
    """How much of a mail is read; the rest is kept in the journal and marked as a defect."""

    max_depth: int = 20
    max_parts: int = 1000
    max_header_bytes: int = 100_000
    max_text_chars: int = 1_000_000
    max_decoded_bytes: int = 200_000_000
    max_addresses: int = 1000


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A `message/delivery-status`, `message/disposition-notification` or ARF part as text."""

    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a mail says, read once.

    `text` is the body as plain text (converted where the mail has HTML only), `reply_text` what the
    sender newly wrote and `elided_text` what was set aside (quotes, signatures). `date` is the
    sender's claim, aware, in UTC, or None. Message ids keep their angle brackets off.
    """

    from_: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    reply_text: str = ""
    elided_text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[ReportPart, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    headers: Headers = field(default_factory=lambda: Headers([]))
    size: int = 0
    defects: tuple[str, ...] = ()

    @property
    def author(self) -> Address | None:
        """The one From mailbox, or None where there is none or the header names several."""
        return self.from_[0] if len(self.from_) == 1 else None


class Kind(StrEnum):
    """What a mail is, as far as answering it is concerned."""

    CUSTOMER = "customer"
    AGENT = "agent"
    AUTO_REPLY = "auto-reply"
    OUT_OF_OFFICE = "out-of-office"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    FEEDBACK = "feedback-report"
    LIST = "list"
    BULK = "bulk"
    LOOP = "loop"
    EMPTY = "empty"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """One recipient of a delivery report (RFC 3464); `action` is failed, delayed or another."""

    address: str
    action: str
    status: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says, and the ids by which its mail is found again.

    `original_senders` are the addresses that the returned headers name as the sender's: the one
    that answers were to come to is among them.
    """

    recipients: tuple[BouncedRecipient, ...] = ()
    original_message_ids: tuple[str, ...] = ()
    original_senders: tuple[str, ...] = ()

    @property
    def permanent(self) -> bool:
        """Whether at least one recipient failed for good."""
        return any(r.action == "failed" for r in self.recipients)


@dataclass(frozen=True, slots=True)
class Returned:
    """The mail that a report speaks of, as far as the report tells: hints that a stranger wrote.

    `message_ids` stand without angle brackets, likeliest first; `senders` are the addresses that
    its headers name as the sender's, our reply address among them; `recipients` those that it had
    gone to.
    """

    message_ids: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of mail this is and why; `may_answer` says whether automatic mail may go back.

    `about` is the mail that a bounce, a receipt or a feedback report speaks of, None for other
    kinds.
    """

    kind: Kind
    reasons: tuple[str, ...] = ()
    may_answer: bool = True
    bounce: Bounce | None = None
    about: Returned | None = None
