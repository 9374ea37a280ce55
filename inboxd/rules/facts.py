"""What a rule may look at: plain values, read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from inboxd.mail.model import Address, Headers


def _nobody(address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message: its addresses, `text` as a whole, and `reply_text`, the words that are new.

    `original_from` is what stood in a From that was rewritten; `headers` are all header fields.
    `by_contact` says that the conversation's contact wrote it, or that it opens the conversation.
    """

    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    reply_text: str = ""
    kind: str = "customer"
    reply_to: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    original_from: tuple[Address, ...] = ()
    headers: Headers = field(default_factory=lambda: Headers([]), hash=False)
    by_contact: bool = True


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation as it stands; `assignee` is an agent's name, `team` a team's.

    `contact` is whom answers go to, None where nobody can be answered.
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


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, where, and to what.

    `event` is an event's or a state's name. `also` names further events of the same cause: a mail
    that opens a conversation raises `conversation.opened` and `message.received`, and every rule
    acts on it at most once. `message` is the mail that caused it; for a timer or a state it is the
    last inbound one, or None. `is_ours` tells the addresses of the shop and its agents.
    """

    event: str
    mailbox: str
    conversation: ConversationFacts
    message: MessageFacts | None = None
    also: tuple[str, ...] = ()
    is_ours: Callable[[str], bool] = _nobody
