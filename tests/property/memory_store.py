"""A store in memory that keeps what threading asks for, as the real one does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inboxd.conversations.states import ConversationState
from inboxd.conversations.subjects import subject_key
from inboxd.conversations.threading import (
    Candidates,
    Known,
    MailboxIdentity,
    ThreadDecision,
    ThreadPolicy,
    lookup_keys,
    thread,
)
from inboxd.conversations.tokens import TokenKey
from inboxd.mail.model import Kind, ParsedMail, Verdict

KEY = TokenKey(b"a secret for tests only")
MAILBOX = MailboxIdentity("support", "support@shop.example")
START = datetime(2030, 5, 6, 8, tzinfo=UTC)


class MemoryStore:
    """Takes mails in the order in which they arrive and keeps conversations."""

    def __init__(self, policy: ThreadPolicy | None = None) -> None:
        self.policy = policy or ThreadPolicy()
        self.now = START
        self.conversations: dict[int, Known] = {}
        self.merged: dict[int, int] = {}
        self.ids: dict[str, set[int]] = {}
        self.borne: set[str] = set()
        self.placed: dict[str, int] = {}

    def receive(self, mail: ParsedMail) -> ThreadDecision:
        """Thread the mail, apply the decision, and return it."""
        self.now += timedelta(minutes=1)
        verdict = Verdict(Kind.CUSTOMER)
        keys = lookup_keys(mail, (MAILBOX.address,), MAILBOX, KEY, self.now.date(), verdict)
        decision = thread(mail, verdict, keys, self._candidates(), self.policy, self.now)
        number = decision.conversation or self._open(mail)
        for other in decision.same_thread:
            self._merge(other, number)
        known = self.conversations[number]
        parties = known.parties | ({mail.author.key} if mail.author else set())
        self.conversations[number] = replace(known, parties=parties, last_activity=self.now)
        for each in (mail.message_id, *mail.in_reply_to, *mail.references):
            if each:
                self.ids.setdefault(each, set()).add(number)
        if mail.message_id:
            self.borne.add(mail.message_id)
            self.placed[mail.message_id] = number
        return decision

    def groups(self) -> set[frozenset[str]]:
        """Return the message ids of each conversation."""
        found: dict[int, set[str]] = {}
        for message_id, number in self.placed.items():
            found.setdefault(self._living(number), set()).add(message_id)
        return {frozenset(group) for group in found.values()}

    def _open(self, mail: ParsedMail) -> int:
        number = len(self.conversations) + 1
        contact = mail.author.key if mail.author else ""
        key = subject_key(mail.subject)
        self.conversations[number] = Known(
            number, ConversationState.OPEN, self.now, contact=contact, subject_key=key
        )
        return number

    def _merge(self, gone: int, into: int) -> None:
        self.merged[gone] = into
        known, old = self.conversations[into], self.conversations[gone]
        self.conversations[into] = replace(known, parties=known.parties | old.parties)

    def _living(self, number: int) -> int:
        while number in self.merged:
            number = self.merged[number]
        return number

    def _candidates(self) -> Candidates:
        return Candidates(
            by_id={each: tuple(sorted(numbers)) for each, numbers in self.ids.items()},
            conversations={n: self.conversations[self._living(n)] for n in self.conversations},
            borne=frozenset(self.borne),
        )
