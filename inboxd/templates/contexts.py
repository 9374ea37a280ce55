"""What each template is told: plain values, frozen.

Every text in here may come from outside and is data wherever it appears. Times are given as text
("3 h ago"), because only the caller knows the shop's time zone and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from inboxd.mail.outgoing import MARKER

__all__ = [
    "CONTEXTS",
    "MARKER",
    "ActionLink",
    "AlertContext",
    "AnsweredContext",
    "AttachmentLine",
    "AutoReplyContext",
    "BaseContext",
    "ConversationContext",
    "DigestContext",
    "DigestGroup",
    "DigestLine",
    "DigestReceiptContext",
    "ForwardContext",
    "HeldContext",
    "HistoryEntry",
    "NotificationContext",
    "Person",
    "ReceiptContext",
    "ReplyContext",
    "SideContext",
    "TagError",
    "TemplateName",
    "WaitingContext",
]

TemplateName = Literal[
    "notification",
    "reply",
    "auto_reply",
    "receipt",
    "answered",
    "alert",
    "held",
    "waiting",
    "digest",
    "digest_receipt",
    "forward",
    "side",
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
class ActionLink:
    """An address that does one thing for the agent who writes to it.

    `label` says what, in a few words; `mailto` is the address as a link that opens a mail with
    subject and text (RFC 6068).
    """

    label: str
    address: str
    mailto: str


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
    why this agent hears of it, as a sentence. `due` says by when we owe an answer, or that it is
    overdue, in the agent's time zone; it is empty where nothing is promised. `actions` are this
    agent's addresses for what is done most; `begin` is the one to which the agent writes to begin
    a conversation.
    """

    mailbox_name: str
    customer: Person
    opened: str
    reason: str
    cheat_sheet: str
    due: str = ""
    new_text: str = ""
    elided_text: str = ""
    attachments: tuple[AttachmentLine, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    actions: tuple[ActionLink, ...] = ()
    begin: ActionLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContext(BaseContext):
    """`reply`: an agent's answer to the customer. Nothing internal stands in here.

    `subject` is the conversation's; `subject_tag` is `[#1042]` where the mailbox wants it. `html`
    is the HTML form, or empty where it is made from `text`. `begins` says that it answers nothing:
    it is the conversation's first mail.
    """

    subject: str
    text: str
    html: str = ""
    signature: str = ""
    agent_name: str = ""
    subject_tag: str = ""
    begins: bool = False


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
    """`receipt`: what an agent's mail did (`done`), or why nothing was done (`errors`).

    `told` is what the agent has asked to be told, in lines. `undo` is the address that takes back
    what was done, while that can be done.
    """

    done: tuple[str, ...] = ()
    told: str = ""
    undo: ActionLink | None = None
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

    `reason` says what was missing, `instruction` how to confirm, both as sentences. A `proven` mail
    is the agent's, and waits for what it did not say.
    """

    reason: str
    instruction: str
    text: str
    proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardContext(BaseContext):
    """`forward`: an agent's mail to somebody outside, of which the customer sees nothing.

    `forwarded` is the customer's mail below the agent's words, empty in what follows the first
    mail; `sender` and `date` are its own, as text. Nothing internal stands in here.
    """

    subject: str
    text: str
    signature: str = ""
    sender: str = ""
    date: str = ""
    forwarded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideContext(ConversationContext):
    """`side`: tells agents what somebody outside answers to a forwarded mail.

    `answers_to` is the address that an agent's answer to this mail goes to.
    """

    writer: Person
    answers_to: str
    text: str
    attachments: tuple[AttachmentLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingContext(ConversationContext):
    """`waiting`: an agent's answer is held, because `who` had answered `when` ("40 s ago").

    `text` is what `who` wrote, `original_text` the held answer with its tags; `actions` are the
    addresses that send it all the same, or discard it.
    """

    who: str
    when: str
    customer: Person
    text: str
    original_text: str
    actions: tuple[ActionLink, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One conversation of a list: `line` is its place, `facts` what else is worth knowing."""

    line: int
    number: int
    subject: str
    facts: str


@dataclass(frozen=True, slots=True)
class DigestGroup:
    """The part of a list that waits for one person; `heading` may be empty."""

    heading: str
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext(BaseContext):
    """`digest`: a numbered list of conversations, whose lines can be answered.

    `title` says how many there are of what; `left_out` is how many are not shown; `answerable` says
    that an answer to the mail is understood.
    """

    title: str
    groups: tuple[DigestGroup, ...] = ()
    left_out: int = 0
    answerable: bool = True
    marker: str = MARKER


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestReceiptContext(BaseContext):
    """`digest_receipt`: what an answer to a list did (`done`), or why nothing was done.

    That is because of `errors`, or (`reason`, a sentence) for want of proof who wrote it.
    """

    done: tuple[str, ...] = ()
    errors: tuple[TagError, ...] = ()
    reason: str = ""
    original_text: str = ""
    marker: str = MARKER


CONTEXTS: Final[Mapping[TemplateName, type[BaseContext]]] = {
    "notification": NotificationContext,
    "reply": ReplyContext,
    "auto_reply": AutoReplyContext,
    "receipt": ReceiptContext,
    "answered": AnsweredContext,
    "alert": AlertContext,
    "held": HeldContext,
    "waiting": WaitingContext,
    "forward": ForwardContext,
    "side": SideContext,
    "digest": DigestContext,
    "digest_receipt": DigestReceiptContext,
}
