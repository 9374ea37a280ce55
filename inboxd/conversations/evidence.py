"""One mail, and what is known about where it may belong: what the steps of threading look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inboxd.conversations.decision import Candidates, Known, ThreadPolicy
from inboxd.conversations.lookup import FoundToken, LookupKeys
from inboxd.conversations.states import ConversationState
from inboxd.mail.model import Kind, ParsedMail, Verdict

# Kinds that a program wrote: they join a closed conversation and leave it closed.
UNATTENDED = frozenset(
    {
        Kind.AUTO_REPLY,
        Kind.OUT_OF_OFFICE,
        Kind.BOUNCE,
        Kind.RECEIPT,
        Kind.FEEDBACK,
        Kind.BULK,
        Kind.LOOP,
        Kind.EMPTY,
        Kind.SPAM,
    }
)
# What servers and mail programs write about mail of ours.
REPORTS = frozenset({Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK})
_MOST_LINKS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found: a conversation and on which terms, or only what to link.

    `token` without a conversation is one of an agent that belongs to none.
    """

    result: str
    found: Known | None = None
    linked: tuple[int, ...] = ()
    same_thread: tuple[int, ...] = ()
    pending: bool = False
    agent: str | None = None
    unproven: bool = False
    expired: bool = False
    as_contact: bool = False
    token: FoundToken | None = None

    @property
    def doubtful(self) -> bool:
        """Whether the mail is held or waits for an agent's word."""
        return self.pending or self.unproven


@dataclass(frozen=True, slots=True)
class Search:
    """One mail and all that is known about where it may belong."""

    mail: ParsedMail
    verdict: Verdict
    keys: LookupKeys
    known: Candidates
    policy: ThreadPolicy
    now: datetime

    def admits(self, conversation: Known) -> bool:
        """Return whether ids and numbers may lead this mail into the conversation.

        Agents pass, to be held there as unproven. A report speaks for those whom it names.
        """
        if not self.policy.stranger_gate or self.keys.agent is not None:
            return True
        if self.verdict.kind in REPORTS and self.verdict.about is not None:
            named = self.verdict.about.recipients
            return any(address.casefold() in conversation.parties for address in named)
        return self.is_party(conversation)

    def is_party(self, conversation: Known) -> bool:
        """Return whether the one author that From names is a party to the conversation.

        Forms and platforms write for many people under one From: whoever asks there for answers at
        a stranger's address is one. The contact may ask for them anywhere.
        """
        author, asks_at = self.mail.author, self.keys.asks_at
        if author is None or author.key not in conversation.parties:
            return False
        at_home = asks_at is None or author.key == conversation.contact
        return at_home or asks_at in conversation.parties

    def is_contact(self, conversation: Known) -> bool:
        """Return whether the author is the one whom the conversation is with.

        That may be an agent, who has asked the shop something.
        """
        author = self.mail.author
        return author is not None and author.key == conversation.contact

    def is_over(self, conversation: Known) -> bool:
        """Return whether it was closed for longer than a conversation can be reopened."""
        if conversation.state is not ConversationState.CLOSED:
            return False
        closed_at = conversation.closed_at or conversation.last_activity
        return self.now - closed_at > self.policy.reopen_for

    def best(self, conversations: Iterable[Known]) -> Known:
        """Return the conversation that is likeliest to go on."""
        return max(conversations, key=lambda c: (not self.is_over(c), c.last_activity, c.number))

    def named_by(self, message_id: str) -> list[Known]:
        """Return the conversations in which the id was sent, received or referenced."""
        found = (self.known.conversations.get(n) for n in self.known.by_id.get(message_id, ()))
        return [conversation for conversation in found if conversation is not None]


def numbers(numbers: Iterable[int], without: int | None = None) -> tuple[int, ...]:
    """Return the first few different numbers, in order."""
    return tuple(n for n in dict.fromkeys(numbers) if n != without)[:_MOST_LINKS]
