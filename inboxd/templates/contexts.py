"""What each template is told: plain values, frozen.

Every text in here may come from outside and is data wherever it appears. Times are given as text
("3 h ago"), because only the caller knows the shop's time zone and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from inboxd.mail.outgoing import MARKER

__all__ = [
    "CONTEXTS",
    "MARKER",
    "AlertContext",
    "AnsweredContext",
    "AttachmentLine",
    "AutoReplyContext",
    "BaseContext",
    "CannedContext",
    "CannedConversation",
    "CannedShop",
    "ConversationContext",
    "HeldContext",
    "HistoryEntry",
    "NotificationContext",
    "Person",
    "ReceiptContext",
    "ReplyContext",
    "TagError",
    "TemplateName",
]

TemplateName = Literal[
    "notification", "reply", "auto_reply", "receipt", "answered", "alert", "held"
]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact or an agent; `name` may be empty."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """A file as a list shows it; `size` is text such as "120 kB"."""

    filename: str
    size: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An earlier message; `when` is text such as "2 days ago"."""

    who: str
    when: str
    text: str
    direction: Literal["inbound", "outbound", "note"]


@dataclass(frozen=True, slots=True)
class TagError:
    """Why a line of tags was refused; `suggestion` is the nearest valid tag, or empty."""

    line: str
    reason: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseContext:
    """What every template is told."""

    shop_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationContext(BaseContext):
    """What every mail about a conversation tells an agent.

    An empty `assignee` means that nobody is assigned; an empty `priority` that it is the usual one.
    `agent_name` is the agent who reads the mail.
    """

    agent_name: str
    number: int
    subject: str
    state: str = "open"
    assignee: str = ""
    team: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    marker: str = MARKER


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationContext(ConversationContext):
    """`notification`: something happened that an agent should see, mostly a customer's mail.

    `new_text` are the customer's new words (empty when the news is something else), `elided_text`
    what was set aside of the same mail. `history` are earlier messages, newest last. `reason` says
    why this agent hears of it, as a sentence.
    """

    mailbox_name: str
    customer: Person
    opened: str
    reason: str
    cheat_sheet: str
    new_text: str = ""
    elided_text: str = ""
    attachments: tuple[AttachmentLine, ...] = ()
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContext(BaseContext):
    """`reply`: an agent's answer to the customer. Nothing internal stands in here.

    `subject` is the conversation's; `subject_tag` is `[#1042]` where the mailbox wants it.
    """

    subject: str
    text: str
    signature: str = ""
    agent_name: str = ""
    subject_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReplyContext(BaseContext):
    """`auto_reply`: a canned reply that a rule sends.

    `canned_subject` is the canned reply's own, or empty; `html` is its HTML form, or empty where
    it is made from `text`.
    """

    subject: str
    text: str
    html: str = ""
    canned_subject: str = ""
    signature: str = ""
    subject_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptContext(ConversationContext):
    """`receipt`: what an agent's mail did (`done`), or why nothing was done (`errors`)."""

    done: tuple[str, ...] = ()
    errors: tuple[TagError, ...] = ()
    original_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredContext(ConversationContext):
    """`answered`: tells the other agents what `who` answered to the customer."""

    who: str
    when: str
    customer: Person
    text: str
    attachments: tuple[AttachmentLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertContext(BaseContext):
    """`alert`: tells an admin that something needs a hand; `advice` says which.

    `details` are label and value. No words of a customer belong in here.
    """

    title: str
    summary: str
    details: tuple[tuple[str, str], ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldContext(ConversationContext):
    """`held`: a mail that claims to be this agent's, without proof, waits for a confirmation.

    `reason` says what was missing, `instruction` how to confirm, both as sentences.
    """

    reason: str
    instruction: str
    text: str


CONTEXTS: Final[Mapping[TemplateName, type[BaseContext]]] = {
    "notification": NotificationContext,
    "reply": ReplyContext,
    "auto_reply": AutoReplyContext,
    "receipt": ReceiptContext,
    "answered": AnsweredContext,
    "alert": AlertContext,
    "held": HeldContext,
}


@dataclass(frozen=True, slots=True)
class CannedConversation:
    """What a canned reply may say of the conversation.

    `answer_by` is the promised time of an answer as text, or empty.
    """

    number: int
    subject: str
    state: str = "open"
    answer_by: str = ""


@dataclass(frozen=True, slots=True)
class CannedShop:
    """What a canned reply may say of the shop: the mailbox's display name and address."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class CannedContext:
    """What the placeholders of a canned reply stand for.

    `fields` are the conversation's custom fields, `match` the named groups of the rule's pattern.
    Where no agent has a hand in it, `agent` has an empty name.
    """

    contact: Person
    conversation: CannedConversation
    shop: CannedShop
    agent: Person = Person("")
    fields: Mapping[str, str] = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
