"""What a mail points at: the tokens, ids and numbers by which its conversation may be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from inboxd.conversations.action_addresses import action_of
from inboxd.conversations.subjects import subject_key, subject_numbers
from inboxd.conversations.tokens import (
    ExpiredToken,
    Purpose,
    ReplyAddressPattern,
    Token,
    TokenKey,
)
from inboxd.mail.model import ParsedMail, Returned, Verdict

# An honest chain is far shorter. Its newest ids are the likeliest to be known, and its oldest are
# what branches of one thread have in common.
_MOST_NEWEST = 150
_MOST_OLDEST = 20
_LONGEST_ID = 998
_MOST_TOKENS = 10
# What agents write to that is no conversation: their tokens bear no conversation's number.
DESK_PURPOSES = frozenset({Purpose.NEW, Purpose.DIGEST})
_AGENTS_PURPOSES = frozenset({Purpose.AGENT, *DESK_PURPOSES})


@dataclass(frozen=True, slots=True)
class MailboxIdentity:
    """A mailbox as threading knows it: `agents` maps case-folded addresses to agents' names."""

    name: str
    address: str
    pattern: ReplyAddressPattern = field(default_factory=ReplyAddressPattern)
    agents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token of ours among the recipients; `own` says that it was made for the mail's author.

    `action` is what it lets its agent do (`action_addresses`).
    """

    token: Token
    own: bool
    expired: bool = False
    action: str | None = None


@dataclass(frozen=True, slots=True)
class LookupKeys:
    """What the store is asked for, in one query, before a mail can be threaded.

    `ids` are those that the mail names, likeliest first; `own_id` is its own Message-ID; `signed`
    pairs ids of ours with the conversations that they were signed for. `sender` is the author's
    case-folded address, None where From leaves a doubt; `agent` the agent whose address that is.
    `asks_at` is the other address, case-folded, at which the author asks for answers.
    """

    sender: str | None = None
    asks_at: str | None = None
    agent: str | None = None
    tokens: tuple[FoundToken, ...] = ()
    ids: tuple[str, ...] = ()
    own_id: str | None = None
    signed: tuple[tuple[str, int], ...] = ()
    tagged: tuple[int, ...] = ()
    subject_key: str = ""

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The ids to look for among those sent, received or referenced in this mailbox."""
        own = (self.own_id,) if self.own_id and self.own_id not in self.ids else ()
        return self.ids + own

    @property
    def numbers(self) -> tuple[int, ...]:
        """The conversations to fetch besides those that the ids lead to."""
        tokens = (
            found.token.conversation
            for found in self.tokens
            if found.token.purpose not in DESK_PURPOSES
        )
        signed = (number for _, number in self.signed)
        return tuple(dict.fromkeys((*tokens, *signed, *self.tagged)))


def lookup_keys(
    mail: ParsedMail,
    recipients: Sequence[str],
    mailbox: MailboxIdentity,
    key: TokenKey,
    today: date,
    verdict: Verdict | None = None,
) -> LookupKeys:
    """Return what to fetch for `mail`, which came for the envelope's `recipients`.

    `today` is the date in UTC. The verdict on a report adds what it tells about our mail: its ids,
    and the reply address in its headers.
    """
    about = (verdict.about if verdict else None) or Returned()
    author = mail.author.key if mail.author else None
    agent = mailbox.agents.get(author) if author else None
    ids = _named_ids(mail, about)
    signed = ((each, key.read_message_id(each, mailbox.name)) for each in ids)
    return LookupKeys(
        sender=author,
        agent=agent,
        tokens=_tokens(_recipients(mail, recipients, about), mailbox, key, today, author, agent),
        ids=ids,
        own_id=mail.message_id if _is_storable(mail.message_id) else None,
        signed=tuple((each, number) for each, number in signed if number is not None),
        tagged=subject_numbers(mail.subject),
        subject_key=subject_key(mail.subject),
    )


def _recipients(mail: ParsedMail, envelope: Sequence[str], about: Returned) -> Iterable[str]:
    """Return every recipient, those first that say best where this copy was sent.

    After them, where a report came to no address made for it, the sender of what it returns.
    """
    headers = (address.address for address in (*mail.to, *mail.cc))
    return dict.fromkeys((*envelope, *mail.delivered_to, *headers, *about.senders))


def _named_ids(mail: ParsedMail, about: Returned) -> tuple[str, ...]:
    likeliest = (*about.message_ids, *mail.in_reply_to, *reversed(mail.references))
    ids = tuple(each for each in dict.fromkeys(likeliest) if _is_storable(each))
    if len(ids) <= _MOST_NEWEST + _MOST_OLDEST:
        return ids
    return ids[:_MOST_NEWEST] + ids[-_MOST_OLDEST:]


def _is_storable(message_id: str | None) -> bool:
    return bool(message_id) and len(message_id or "") <= _LONGEST_ID


def _tokens(
    recipients: Iterable[str],
    mailbox: MailboxIdentity,
    key: TokenKey,
    today: date,
    author: str | None,
    agent: str | None,
) -> tuple[FoundToken, ...]:
    found: dict[Token, FoundToken] = {}
    for recipient in recipients:
        text = mailbox.pattern.extract(recipient, mailbox.address)
        read = key.read(text, mailbox.name, today) if text else None
        if read is None:
            continue
        expired = isinstance(read, ExpiredToken)
        token = read.token if isinstance(read, ExpiredToken) else read
        found.setdefault(token, _judged(token, expired, mailbox, key, author, agent))
        if len(found) == _MOST_TOKENS:
            break
    return tuple(found.values())


def _judged(
    token: Token,
    expired: bool,
    mailbox: MailboxIdentity,
    key: TokenKey,
    author: str | None,
    agent: str | None,
) -> FoundToken:
    """Say whether the token was made for the mail's author, as an agent or as somebody outside."""
    if token.purpose is Purpose.ACTION:
        action = action_of(token, agent, mailbox.agents.values(), key) if agent else None
        return FoundToken(token, action is not None, expired, action)
    of_agents = token.purpose in _AGENTS_PURPOSES
    known, party = (agent, f"agent:{agent}") if of_agents else (author, f"mail:{author}")
    return FoundToken(token, known is not None and key.is_for(token, party), expired)
