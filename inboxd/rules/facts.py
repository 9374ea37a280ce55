"""What a rule may look at: plain values, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inboxd.mail.model import Address


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message: its addresses, `text` as a whole, and `reply_text`, the words that are new."""

    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    reply_text: str = ""
    kind: str = "customer"


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation as it stands; `assignee` is an agent's name, `team` a team's."""

    number: int
    state: str = "open"
    tags: frozenset[str] = frozenset()
    priority: str = "normal"
    assignee: str | None = None
    team: str | None = None
    subject: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, where, and to what.

    `event` is an event's or a state's name. `also` names further events of the same cause: a mail
    that opens a conversation raises `conversation.opened` and `message.received`, and every rule
    acts on it at most once. `message` is the mail that caused it; for a timer or a state it is the
    last inbound one, or None.
    """

    event: str
    mailbox: str
    conversation: ConversationFacts
    message: MessageFacts | None = None
    also: tuple[str, ...] = ()
