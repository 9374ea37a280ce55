"""Which conversation a mail belongs to, and why.

Six steps are tried in order, and the first that finds a conversation wins: a reply address, the
ids that the mail names, our signed ids among them, a subject tag, the same subject where the
mailbox asks for it, and else a new conversation. A name is no key: whoever is not a party to the
conversation that ids or numbers lead to gets a new one, linked to it, and only a valid token lets
a stranger in, pending an agent's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from inboxd.conversations.decision import (
    Candidates,
    Known,
    Step,
    StepTrace,
    ThreadDecision,
    ThreadPolicy,
)
from inboxd.conversations.evidence import REPORTS, UNATTENDED, Finding, Search, numbers
from inboxd.conversations.lookup import (
    DESK_PURPOSES,
    FoundToken,
    LookupKeys,
    MailboxIdentity,
    lookup_keys,
)
from inboxd.conversations.states import ConversationState
from inboxd.conversations.tokens import Purpose, Token
from inboxd.mail.model import Kind, ParsedMail, Verdict

__all__ = [
    "UNATTENDED",
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

_OF_AGENTS = (Purpose.AGENT, Purpose.ACTION)  # in a conversation
_COPY_WITHIN = timedelta(days=1)
_SHOWN = 100  # of an id, in an explanation


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
    search = Search(mail, verdict, keys, known, policy, now)
    traces: list[StepTrace] = []
    linked: list[int] = []
    for step, look in _STEPS:
        finding = look(search)
        traces.append(StepTrace(step, finding.result))
        linked += finding.linked
        if finding.found is not None:
            return _settle(search, step, finding, finding.found, traces, linked)
        if finding.token is not None:
            return _for_the_desk(step, finding, traces)
    unproven = keys.agent is not None
    why = "an agent wrote it, without proof: no customer" if unproven else "nothing above matched"
    opens = not _is_on_our_mail(search)
    if not opens:
        why = "a report on our own mail opens no conversation"
    traces.append(StepTrace(Step.NEW, why))
    return ThreadDecision(
        None,
        Step.NEW,
        linked=numbers(linked),
        unproven_agent=unproven,
        opens=opens,
        steps=tuple(traces),
    )


def _for_the_desk(step: Step, finding: Finding, traces: list[StepTrace]) -> ThreadDecision:
    """Let an agent's mail belong to no conversation: it begins one, or answers a list of them."""
    return ThreadDecision(
        None,
        step,
        agent=finding.agent,
        unproven_agent=finding.unproven,
        expired_token=finding.expired,
        token=finding.token,
        opens=True,
        steps=tuple(traces),
    )


def _settle(
    search: Search,
    step: Step,
    finding: Finding,
    found: Known,
    traces: list[StepTrace],
    linked: Sequence[int],
) -> ThreadDecision:
    """Decide what a step's winner means for a conversation that may have been closed."""
    is_agents = search.keys.agent is not None and not finding.as_contact
    unproven = finding.unproven or (is_agents and finding.agent is None)
    aside = finding.token is not None and finding.token.token.purpose is Purpose.SIDE
    attended = search.verdict.kind not in UNATTENDED and not is_agents and not aside
    if attended and not unproven and search.is_over(found):
        traces.append(StepTrace(Step.NEW, f"#{found.number} was closed too long ago: follows it"))
        follows = numbers([found.number, *linked])
        return ThreadDecision(None, step, linked=follows, opens=True, steps=tuple(traces))
    same = () if unproven else finding.same_thread
    # The oldest number is the one that people are likeliest to hold on to.
    number = min((found.number, *same))
    merged = tuple(each for each in (found.number, *same) if each != number)
    if merged:
        names = ", ".join(f"#{each}" for each in merged)
        traces.append(StepTrace(step, f"is the mail that #{number} and {names} have in common"))
    return ThreadDecision(
        number,
        step,
        linked=numbers(each for each in linked if each not in (number, *merged)),
        same_thread=merged,
        pending_party=finding.pending,
        reopen=attended and not unproven and found.state is ConversationState.CLOSED,
        agent=finding.agent,
        unproven_agent=unproven,
        expired_token=finding.expired,
        token=finding.token,
        steps=tuple(traces),
    )


def _by_reply_address(search: Search) -> Finding:
    findings = [_by_token(search, found) for found in search.keys.tokens]
    winners = [finding for finding in findings if finding.found is not None]
    if not winners:
        for finding in findings:
            if finding.token is not None:
                return finding
        refused = "; ".join(finding.result for finding in findings)
        return Finding(refused or "no reply address of this mailbox among the recipients")
    winner = min(winners, key=lambda finding: finding.doubtful)
    others = (finding.found.number for finding in winners if finding.found)
    return replace(winner, linked=tuple(others))


def _by_token(search: Search, found: FoundToken) -> Finding:
    """Judge one token: its purpose against who wrote the mail and what kind of mail it is."""
    token = found.token
    if token.purpose in DESK_PURPOSES:
        return _by_desk_token(search, found)
    finding = _by_conversation_token(search, found)
    return replace(finding, token=found) if finding.found is not None else finding


def _by_desk_token(search: Search, found: FoundToken) -> Finding:
    """Judge a token that an agent has for what is no conversation.

    A stranger at an address for new conversations begins one of their own, as at the mailbox's.
    """
    what = f"an agent's token for a {found.token.purpose.name.lower()} address"
    agent = search.keys.agent
    if agent is None and found.token.purpose is Purpose.NEW:
        return Finding(f"{what}, from somebody who is no agent")
    if found.own and not found.expired:
        return Finding(what, agent=agent, token=found)
    why = "expired" if found.own else "not this agent's own"
    return Finding(f"{what}, {why}", unproven=True, expired=found.own, token=found)


def _by_conversation_token(search: Search, found: FoundToken) -> Finding:
    token = found.token
    conversation = search.known.conversations.get(token.conversation)
    if conversation is None:
        return Finding(f"a token for #{token.conversation}, which this mailbox does not have")
    name = f"#{conversation.number}"
    if token.purpose in _OF_AGENTS and found.own:
        agent = None if found.expired else search.keys.agent
        why = "the agent's token, expired" if found.expired else "the agent's own token"
        why += f" to {found.action}" if found.action else ""
        return Finding(
            f"{why}, for {name}", conversation, agent=agent, unproven=not agent, expired=not agent
        )
    if found.expired and token.purpose is Purpose.SIDE and search.keys.agent is not None:
        return Finding(f"an expired token for {name}", conversation, unproven=True, expired=True)
    if found.expired:
        return Finding(f"an expired token for {name}")
    if search.keys.agent is not None:
        if found.own and token.purpose is Purpose.CUSTOMER and search.is_contact(conversation):
            result = f"a token for {name}, which this agent has opened as one who asks"
            return Finding(result, conversation, as_contact=True)
        return Finding(f"a token for {name}, not this agent's own", conversation, unproven=True)
    if token.purpose is Purpose.SIDE and search.verdict.kind not in REPORTS:
        return Finding(f"an answer to what was forwarded from {name}", conversation)
    if search.is_party(conversation):
        return Finding(f"a token for {name}, from a party", conversation)
    if search.verdict.kind in REPORTS:
        return _reported(search, token, conversation)
    if token.purpose is Purpose.BOUNCE and search.verdict.kind not in UNATTENDED:
        return Finding(f"a token for {name} that takes delivery reports only")
    unproven = token.purpose in _OF_AGENTS
    return Finding(
        f"a token for {name}, from a stranger", conversation, pending=True, unproven=unproven
    )


def _reported(search: Search, token: Token, conversation: Known) -> Finding:
    """Take a report at the address made for it; elsewhere if it names a party.

    Complaints often name nobody: the token in our own mail, which they return, has to do.
    """
    complaint = search.verdict.kind is Kind.FEEDBACK and token.purpose is Purpose.CUSTOMER
    if token.purpose is Purpose.BOUNCE or complaint or search.admits(conversation):
        return Finding(f"a report that bears a token for #{conversation.number}", conversation)
    return Finding(f"a token for #{conversation.number} that takes no reports")


def _by_ids(search: Search) -> Finding:
    """Take the likeliest id that leads to a conversation whose party the sender is."""
    own = search.keys.own_id
    known = ((each, _named(search, search.named_by(each))) for each in search.keys.ids)
    named = [(each, hit) for each, hit in known if hit is not None]
    how = f"names <{named[0][0][:_SHOWN]}>, known in" if named else "its own id was named before in"
    awaited = _named(search, _awaiting(search, own)) if own else None
    hits = [hit for _, hit in named] + ([awaited] if awaited else [])
    strangers = numbers(
        c.number
        for each in search.keys.all_ids
        for c in search.named_by(each)
        if not search.admits(c)
    )
    if not hits:
        return Finding(_why_no_id(search, strangers), linked=strangers)
    found, others = hits[0], numbers((hit.number for hit in hits), hits[0].number)
    parent = awaited is not None and own not in search.known.borne
    same = [h.number for h in hits if parent and _may_merge(search, found, h)]
    return Finding(
        f"{how} #{found.number}",
        found,
        linked=others + strangers,
        same_thread=numbers(same, found.number),
        as_contact=search.keys.agent is not None and search.is_contact(found),
    )


def _named(search: Search, conversations: Iterable[Known]) -> Known | None:
    """Return the one of an id's conversations that the mail may join, or None."""
    admitted = [each for each in conversations if search.admits(each)]
    return search.best(admitted) if admitted else None


def _awaiting(search: Search, own: str) -> list[Known]:
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


def _may_merge(search: Search, found: Known, other: Known) -> bool:
    """Return whether two conversations of one thread were parted by nothing but late mail.

    Those of different people stay apart: each would be answered what the other has asked.
    """
    parted = other.number in found.linked or found.number in other.linked
    spam = ConversationState.SPAM in (found.state, other.state)
    over = search.is_over(found) or search.is_over(other)
    same_people = found.contact in other.parties and other.contact in found.parties
    return not (parted or spam or over) and (same_people or not search.policy.stranger_gate)


def _why_no_id(search: Search, strangers: Sequence[int]) -> str:
    if strangers:
        names = ", ".join(f"#{number}" for number in strangers)
        return f"names mail of {names}, to which the sender is no party: linked only"
    count = len(search.keys.ids)
    if count:
        return f"names {count} {'id' if count == 1 else 'ids'}, not known in this mailbox"
    return "names no earlier mail"


def _by_signed_id(search: Search) -> Finding:
    """Trust our signature where the row of the id is gone, as after restoring a backup."""
    if not search.keys.signed:
        return Finding("names no id of ours")
    signed = [number for _, number in search.keys.signed]
    proven = search.verdict.kind in REPORTS
    return _first_of(search, signed, "signed id", proven=proven)


def _by_subject_tag(search: Search) -> Finding:
    if not search.keys.tagged:
        return Finding("no tag in the subject")
    return _first_of(search, search.keys.tagged, "subject tag")


def _first_of(search: Search, wanted: Sequence[int], what: str, *, proven: bool = False) -> Finding:
    """Take the first of the numbered conversations that the mail may join."""
    there = [c for n in wanted if (c := search.known.conversations.get(n)) is not None]
    strangers = tuple(c.number for c in there if not (proven or search.admits(c)))
    found = next((c for c in there if proven or search.admits(c)), None)
    if found is not None:
        as_contact = search.keys.agent is not None and search.is_contact(found)
        return Finding(
            f"a {what} of #{found.number}", found, linked=strangers, as_contact=as_contact
        )
    if strangers:
        text = f"a {what} of #{strangers[0]}, to which the sender is no party: linked only"
        return Finding(text, linked=strangers)
    return Finding(f"a {what} of #{wanted[0]}, which this mailbox does not have")


def _by_same_subject(search: Search) -> Finding:
    """Where the mailbox asks for it: the same contact, the same subject, not long ago."""
    days, keys = search.policy.match_subject_days, search.keys
    if days is None:
        return Finding("this mailbox does not match by subject alone")
    if not keys.subject_key or keys.sender is None or keys.agent is not None:
        return Finding("needs a subject and one sender who is no agent")
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
        return Finding(f"this sender wrote nothing under this subject within {days} days")
    found = search.best(same)
    return Finding(f"the same sender and subject as #{found.number}", found)


def _is_on_our_mail(search: Search) -> bool:
    proven = bool(search.keys.tokens or search.keys.signed)
    return search.verdict.kind in REPORTS and proven


_STEPS = (
    (Step.REPLY_ADDRESS, _by_reply_address),
    (Step.IDS, _by_ids),
    (Step.SIGNED_ID, _by_signed_id),
    (Step.SUBJECT_TAG, _by_subject_tag),
    (Step.SAME_SUBJECT, _by_same_subject),
)
