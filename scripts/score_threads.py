"""A small store that threads a folder of messages in the order in which they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inboxd.conversations.states import ConversationState
from inboxd.conversations.subjects import subject_key
from inboxd.conversations.threading import (
    Candidates,
    Known,
    LookupKeys,
    MailboxIdentity,
    ThreadPolicy,
    lookup_keys,
    thread,
)
from inboxd.conversations.tokens import TokenKey
from inboxd.mail.model import ParsedMail, Verdict

_KEY = TokenKey(b"for measuring: signs nothing that leaves this process")
_MAILBOX = MailboxIdentity("archive", "archive@inboxd.invalid")
_POLICY = ThreadPolicy(stranger_gate=False)
_START = datetime(2000, 1, 1, tzinfo=UTC)


class Archive:
    """Conversations of one mailbox in memory; conversations of one thread are merged.

    Strangers are let in: an archive of other people's mail knows no parties.
    """

    def __init__(self) -> None:
        self._now = _START
        self._known: dict[int, Known] = {}
        self._merged: dict[int, int] = {}
        self._ids: dict[str, set[int]] = {}
        self._borne: set[str] = set()

    def receive(self, mail: ParsedMail, verdict: Verdict) -> int | None:
        """Thread a mail; returns a conversation for `living`, or None where it opens none."""
        self._now += timedelta(minutes=1)
        keys = lookup_keys(mail, (_MAILBOX.address,), _MAILBOX, _KEY, self._now.date(), verdict)
        decision = thread(mail, verdict, keys, self._candidates(keys), _POLICY, self._now)
        number = decision.conversation
        if number is None:
            if not decision.opens:
                return None
            number = self._open(mail)
        for other in decision.same_thread:
            self._merge(other, number)
        number = self.living(number)
        self._known[number] = replace(self._known[number], last_activity=self._now)
        for each in filter(None, (keys.own_id, *mail.in_reply_to, *mail.references)):
            self._ids.setdefault(each, set()).add(number)
        if keys.own_id:
            self._borne.add(keys.own_id)
        return number

    def send(self, message_id: str) -> int:
        """Keep a mail of ours under its id, as the outbox would; returns its conversation."""
        number = self._open(ParsedMail())
        self._ids.setdefault(message_id, set()).add(number)
        self._borne.add(message_id)
        return number

    def living(self, number: int) -> int:
        """Return the conversation that `number` was merged into, or itself."""
        while number in self._merged:
            number = self._merged[number]
        return number

    def _open(self, mail: ParsedMail) -> int:
        number = len(self._known) + 1
        contact = mail.author.key if mail.author else ""
        self._known[number] = Known(
            number,
            ConversationState.OPEN,
            self._now,
            contact=contact,
            subject_key=subject_key(mail.subject),
        )
        return number

    def _merge(self, gone: int, into: int) -> None:
        gone, into = self.living(gone), self.living(into)
        if gone != into:
            self._merged[gone] = into

    def _candidates(self, keys: LookupKeys) -> Candidates:
        """Return what is known for the keys, as the database would."""
        ids = {each: self._ids[each] for each in keys.all_ids if each in self._ids}
        numbers = {*keys.numbers, *(number for found in ids.values() for number in found)}
        return Candidates(
            by_id={each: tuple(sorted(found)) for each, found in ids.items()},
            conversations={n: self._known[self.living(n)] for n in numbers if n in self._known},
            borne=frozenset(self._borne.intersection(keys.all_ids)),
        )
