"""What a rule may look at: plain values, and what costs something only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from inboxd.calendars import Calendar, weekdays
from inboxd.mail.model import Address, Attachment, Headers

Changed: TypeAlias = Literal["state", "assignee", "team", "priority", "tag", "field", "timer"]

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WholeMail:
    """What only the mail itself tells, and no message of a conversation.

    `text` is its whole text, quotes and signature included; `headers` are all header fields;
    `original_from` is what stood in a From that was rewritten.
    """

    text: str = ""
    headers: Headers = field(default_factory=lambda: Headers([]), hash=False)
    reply_to: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    original_from: tuple[Address, ...] = ()


NO_MAIL = WholeMail()


def _no_mail() -> WholeMail:
    return NO_MAIL


def _unknown() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message: its addresses, and `reply_text`, the words that are new in it.

    `by_contact` says that the conversation's contact wrote it, or that it opens the conversation.
    `whole` reads the mail that it came in, and `language` tells its language (ISO 639, or an empty
    text): both are called when a rule looks at what they return.
    """

    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    reply_text: str = ""
    kind: str = "customer"
    attachments: tuple[Attachment, ...] = ()
    by_contact: bool = True
    whole: Callable[[], WholeMail] = _no_mail
    language: Callable[[], str] = _unknown


@dataclass(frozen=True, slots=True)
class History:
    """What has been said in a conversation: how many mails, and who had a word when.

    `customer_at` is the last word of the customer's, `agent_at` that of a person who answered;
    None where there was none.
    """

    messages: int = 0
    customer_at: datetime | None = None
    agent_at: datetime | None = None


NO_HISTORY = History()


def _no_history() -> History:
    return NO_HISTORY


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation as it stands; `assignee` is an agent's name, `team` a team's.

    `contact` is whom answers go to, None where nobody can be answered. `sla_policy` is the policy
    by which promises are made. `history` is called when a
    rule looks at what it returns.
    """

    number: int
    state: str = "open"
    tags: frozenset[str] = frozenset()
    priority: str = "normal"
    assignee: str | None = None
    team: str | None = None
    subject: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    contact: Address | None = None
    opened_at: datetime | None = None
    sla_policy: str | None = None
    history: Callable[[], History] = _no_history


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What is known of a customer; `conversations` are those before the one at hand."""

    fields: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    conversations: int = 0
    first_seen: datetime | None = None


STRANGER = ContactFacts()


def _stranger(contact: Address) -> ContactFacts:
    return STRANGER


@dataclass(frozen=True, slots=True)
class Change:
    """What an event changed: of what kind, its name (a tag's or a field's), from what to what.

    A tag that was put on has no `before`, and one that was taken off has no `after`. Of a timer
    whose time has come there is the name alone.
    """

    what: Changed
    name: str = ""
    before: str | None = None
    after: str | None = None


_WEEKDAYS = weekdays(ZoneInfo("UTC"))


def _weekdays(team: str | None) -> Calendar:
    return _WEEKDAYS


def _nobody(address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, where, and to what.

    `event` is an event's or a state's name. `also` names further events of the same cause: a mail
    that opens a conversation raises `conversation.opened` and `message.received`, and every rule
    acts on it at most once. `message` is the mail that caused it; for a timer or a state it is the
    last inbound one, or None. `is_ours` tells the addresses of the shop and its agents. `now` is
    aware; `change` is what the event changed; `known_of` tells what is known of a contact;
    `sla_kind` is which promise an `sla.warning` or `sla.breached` is about; `calendar` is the one
    that the conversation goes by where a team (or none) has it.
    """

    event: str
    mailbox: str
    conversation: ConversationFacts
    message: MessageFacts | None = None
    also: tuple[str, ...] = ()
    is_ours: Callable[[str], bool] = _nobody
    now: datetime = _LONG_AGO
    change: Change | None = None
    known_of: Callable[[Address], ContactFacts] = _stranger
    sla_kind: str | None = None
    calendar: Callable[[str | None], Calendar] = _weekdays
