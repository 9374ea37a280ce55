"""Which conversation a mail belongs to, and why.

Six steps are tried in order, and the first that finds a conversation wins: a reply address, the
ids that the mail names, our signed ids among them, a subject tag, the same subject where the
mailbox asks for it, and else a new conversation. A name is no key: whoever is not a party to the
conversation that ids or numbers lead to gets a new one, linked to it, and only a valid token lets
a stranger in, pending an agent's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inboxd.conversations.decision import (
    Candidates,
    Known,
    Step,
    StepTrace,
    ThreadDecision,
    ThreadPolicy,
)
from inboxd.conversations.lookup import FoundToken, LookupKeys, MailboxIdentity, lookup_keys
from inboxd.conversations.states import ConversationState
from inboxd.conversations.tokens import Purpose, Token
from inboxd.mail.model import Kind, ParsedMail, Verdict

__all__ = [
    "Candidates",
    "FoundToken",
    "Known",
    "LookupKeys",
    "MailboxIdentity",
    "Step",
    "StepTrace",
    "ThreadDecision",
    "ThreadPolicy",
    "lookup_keys",
    "thread",
]

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
_COPY_WITHIN = timedelta(days=1)
_MOST_LINKS = 5


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one step found: a conversation and on which terms, or only what to link."""

    result: str
    found: Known | None = None
    linked: tuple[int, ...] = ()
    same_thread: tuple[int, ...] = ()
    pending: bool = False
    agent: str | None = None
    unproven: bool = False
    expired: bool = False

    @property
    def doubtful(self) -> bool:
        return self.pending or self.unproven


@dataclass(frozen=True, slots=True)
class _Search:
    """One mail and all that is known about where it may belong."""

    mail: ParsedMail
    verdict: Verdict
    keys: LookupKeys
    known: Candidates
    policy: ThreadPolicy
    now: datetime

    def admits(self, conversation: Known) -> bool:
        """Return whether ids and numbers may lead this mail into the conversation.

        Agents pass, to be held there as unproven. A bounce speaks for those whom it names.
        """
        if not self.policy.stranger_gate or self.keys.agent is not None:
            return True
        if self.verdict.kind is Kind.BOUNCE and self.verdict.bounce:
            recipients = self.verdict.bounce.recipients
            return any(r.address.casefold() in conversation.parties for r in recipients)
        return self.is_party(conversation)

    def is_party(self, conversation: Known) -> bool:
        """Return whether the one author that From names is a party to the conversation."""
        author = self.mail.author
        return author is not None and author.key in conversation.parties

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


def thread(
    mail: ParsedMail,
    verdict: Verdict,
    keys: LookupKeys,
    known: Candidates,
    policy: ThreadPolicy,
    now: datetime,
) -> ThreadDecision:
    """Return the mail's conversation and the trace of the steps that were looked at.

    `keys` come from `lookup_keys` for this mail and `known` from the store for these keys; `now`
    is aware. Nothing is raised for any content of the mail.
    """
    search = _Search(mail, verdict, keys, known, policy, now)
    traces: list[StepTrace] = []
    linked: list[int] = []
    for step, look in _STEPS:
        finding = look(search)
        traces.append(StepTrace(step, finding.result))
        linked += finding.linked
        if finding.found is not None:
            return _settle(search, step, finding, finding.found, traces, linked)
    unproven = keys.agent is not None
    why = "an agent's address without a token: held" if unproven else "nothing above matched"
    opens = not _is_our_bounce(search)
    if not opens:
        why = "what bounces off our own mail opens no conversation"
    traces.append(StepTrace(Step.NEW, why))
    return ThreadDecision(
        None,
        Step.NEW,
        linked=_numbers(linked),
        unproven_agent=unproven,
        opens=opens,
        steps=tuple(traces),
    )


def _settle(
    search: _Search,
    step: Step,
    finding: _Finding,
    found: Known,
    traces: list[StepTrace],
    linked: Sequence[int],
) -> ThreadDecision:
    """Decide what a step's winner means for a conversation that may have been closed."""
    unproven = finding.unproven or (search.keys.agent is not None and finding.agent is None)
    attended = search.verdict.kind not in UNATTENDED and search.keys.agent is None
    closed = found.state is ConversationState.CLOSED
    if attended and not unproven and search.is_over(found):
        traces.append(StepTrace(Step.NEW, f"#{found.number} was closed too long ago: follows it"))
        numbers = _numbers([found.number, *linked])
        return ThreadDecision(None, step, linked=numbers, opens=True, steps=tuple(traces))
    return ThreadDecision(
        found.number,
        step,
        linked=_numbers(linked, found.number),
        same_thread=() if unproven else finding.same_thread,
        pending_party=finding.pending,
        reopen=closed and attended and not unproven,
        agent=finding.agent,
        unproven_agent=unproven,
        expired_token=finding.expired,
        steps=tuple(traces),
    )


def _by_reply_address(search: _Search) -> _Finding:
    findings = [_by_token(search, found) for found in search.keys.tokens]
    winners = [finding for finding in findings if finding.found is not None]
    if not winners:
        refused = "; ".join(finding.result for finding in findings)
        return _Finding(refused or "no reply address of this mailbox among the recipients")
    winner = min(winners, key=lambda finding: finding.doubtful)
    others = (finding.found.number for finding in winners if finding.found)
    return _Finding(
        winner.result,
        winner.found,
        linked=tuple(others),
        pending=winner.pending,
        agent=winner.agent,
        unproven=winner.unproven,
        expired=winner.expired,
    )


def _by_token(search: _Search, found: FoundToken) -> _Finding:
    """Judge one token: its purpose against who wrote the mail and what kind of mail it is."""
    token = found.token
    conversation = search.known.conversations.get(token.conversation)
    if conversation is None:
        return _Finding(f"a token for #{token.conversation}, which this mailbox does not have")
    name = f"#{conversation.number}"
    if token.purpose is Purpose.AGENT and found.own:
        agent = None if found.expired else search.keys.agent
        why = "the agent's token, expired" if found.expired else "the agent's own token"
        return _Finding(
            f"{why}, for {name}", conversation, agent=agent, unproven=not agent, expired=not agent
        )
    if found.expired:
        return _Finding(f"an expired token for {name}")
    if search.keys.agent is not None:
        return _Finding(f"a token for {name}, not this agent's own", conversation, unproven=True)
    if search.is_party(conversation):
        return _Finding(f"a token for {name}, from a party", conversation)
    if search.verdict.kind is Kind.BOUNCE:
        return _bounced(search, token, conversation)
    if token.purpose is Purpose.BOUNCE and search.verdict.kind not in UNATTENDED:
        return _Finding(f"a token for {name} that takes delivery reports only")
    unproven = token.purpose is Purpose.AGENT
    return _Finding(
        f"a token for {name}, from a stranger", conversation, pending=True, unproven=unproven
    )


def _bounced(search: _Search, token: Token, conversation: Known) -> _Finding:
    """Take a delivery report at the address made for it; elsewhere if it names a party."""
    if token.purpose is Purpose.BOUNCE or search.admits(conversation):
        return _Finding(f"a delivery report to a token for #{conversation.number}", conversation)
    return _Finding(f"a token for #{conversation.number} that takes no delivery reports")


def _by_ids(search: _Search) -> _Finding:
    """Take the likeliest id that leads to a conversation whose party the sender is."""
    ids, own = search.keys.ids, search.keys.own_id
    hits = [hit for each in ids if (hit := _named(search, search.named_by(each)))]
    how = "names mail of" if hits else "bears an id that was named before in"
    awaited = _named(search, _awaiting(search, own)) if own else None
    if awaited:
        hits.append(awaited)
    strangers = _numbers(
        c.number
        for each in search.keys.all_ids
        for c in search.named_by(each)
        if not search.admits(c)
    )
    if not hits:
        return _Finding(_why_no_id(search, strangers), linked=strangers)
    found, others = hits[0], _numbers((hit.number for hit in hits), hits[0].number)
    parent = awaited is not None and own not in search.known.borne
    same = [h.number for h in hits if parent and _may_merge(search, found, h)]
    return _Finding(
        f"{how} #{found.number}",
        found,
        linked=others + strangers,
        same_thread=_numbers(same, found.number),
    )


def _named(search: _Search, conversations: Iterable[Known]) -> Known | None:
    """Return the one of an id's conversations that the mail may join, or None."""
    admitted = [each for each in conversations if search.admits(each)]
    return search.best(admitted) if admitted else None


def _awaiting(search: _Search, own: str) -> list[Known]:
    """Return the conversations that the mail's own Message-ID leads to.

    They named it before it came. Where a message already bears the id, this is either another
    copy of that message (a list's, say) or a sender who reuses ids: a copy has the same subject
    and comes at about the same time.
    """
    named = search.named_by(own)
    if own not in search.known.borne:
        return named
    key, now = search.keys.subject_key, search.now
    return [c for c in named if c.subject_key == key and now - c.last_activity <= _COPY_WITHIN]


def _may_merge(search: _Search, found: Known, other: Known) -> bool:
    """Return whether two conversations of one thread were parted by nothing but late mail."""
    parted = other.number in found.linked or found.number in other.linked
    spam = ConversationState.SPAM in (found.state, other.state)
    return not (parted or spam or search.is_over(found) or search.is_over(other))


def _why_no_id(search: _Search, strangers: Sequence[int]) -> str:
    if strangers:
        numbers = ", ".join(f"#{number}" for number in strangers)
        return f"names mail of {numbers}, to which the sender is no party: linked only"
    if search.keys.ids:
        return f"names {len(search.keys.ids)} ids, none of them known in this mailbox"
    return "names no earlier mail"


def _by_signed_id(search: _Search) -> _Finding:
    """Trust our signature where the row of the id is gone, as after restoring a backup."""
    if not search.keys.signed:
        return _Finding("names no id of ours")
    numbers = [number for _, number in search.keys.signed]
    if search.verdict.kind is Kind.BOUNCE:
        return _first_of(search, numbers, "signed id", proven=True)
    return _first_of(search, numbers, "signed id")


def _by_subject_tag(search: _Search) -> _Finding:
    if not search.keys.tagged:
        return _Finding("no tag in the subject")
    return _first_of(search, search.keys.tagged, "subject tag")


def _first_of(
    search: _Search, numbers: Sequence[int], what: str, *, proven: bool = False
) -> _Finding:
    """Take the first of the numbered conversations that the mail may join."""
    there = [c for n in numbers if (c := search.known.conversations.get(n)) is not None]
    strangers = tuple(c.number for c in there if not (proven or search.admits(c)))
    found = next((c for c in there if proven or search.admits(c)), None)
    if found is not None:
        return _Finding(f"a {what} of #{found.number}", found, linked=strangers)
    if strangers:
        text = f"a {what} of #{strangers[0]}, to which the sender is no party: linked only"
        return _Finding(text, linked=strangers)
    return _Finding(f"a {what} of #{numbers[0]}, which this mailbox does not have")


def _by_same_subject(search: _Search) -> _Finding:
    """Where the mailbox asks for it: the same contact, the same subject, not long ago."""
    days, keys = search.policy.match_subject_days, search.keys
    if days is None:
        return _Finding("this mailbox does not match by subject alone")
    if not keys.subject_key or keys.sender is None or keys.agent is not None:
        return _Finding("needs a subject and one sender who is no agent")
    since = search.now - timedelta(days=days)
    same = [
        c
        for c in search.known.conversations.values()
        if c.contact == keys.sender
        and c.subject_key == keys.subject_key
        and c.last_activity >= since
        and c.state is not ConversationState.SPAM
    ]
    if not same:
        return _Finding(f"this sender wrote nothing under this subject within {days} days")
    found = search.best(same)
    return _Finding(f"the same sender and subject as #{found.number}", found)


def _is_our_bounce(search: _Search) -> bool:
    proven = bool(search.keys.tokens or search.keys.signed)
    return search.verdict.kind is Kind.BOUNCE and proven


def _numbers(numbers: Iterable[int], without: int | None = None) -> tuple[int, ...]:
    """Return the first few different numbers, in order."""
    return tuple(n for n in dict.fromkeys(numbers) if n != without)[:_MOST_LINKS]


_STEPS = (
    (Step.REPLY_ADDRESS, _by_reply_address),
    (Step.IDS, _by_ids),
    (Step.SIGNED_ID, _by_signed_id),
    (Step.SUBJECT_TAG, _by_subject_tag),
    (Step.SAME_SUBJECT, _by_same_subject),
)
