"""S14, as far as threading decides it: nobody joins a stranger's conversation.

Mallory knows everything that a forwarded or leaked mail can tell: ids, numbers, tokens. Whoever
joins is answered with the conversation's words; so each attack must end in a conversation of her
own, or held until an agent decides.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from inboxd.conversations.states import ConversationState
from inboxd.conversations.threading import (
    Candidates,
    Known,
    MailboxIdentity,
    ThreadDecision,
    ThreadPolicy,
    lookup_keys,
    thread,
)
from inboxd.conversations.tokens import Purpose, ReplyAddressPattern, TokenKey
from inboxd.mail.model import Address, Bounce, Kind, ParsedMail, Returned, Verdict

NOW = datetime(2030, 5, 6, 8, tzinfo=UTC)
KEY = TokenKey(b"a secret for tests only")
PATTERN = ReplyAddressPattern.parse("{local}+{token}@{domain}")
VICTIM = Address("Carla", "carla@customer.example")
MALLORY = Address("Mallory", "mallory@evil.example")
ANNA = Address("Anna", "anna@shop.example")
SUPPORT = MailboxIdentity("support", "support@shop.example", PATTERN, {ANNA.key: "anna"})
QUESTION = "question@customer.example"
AWAITED = "sent-but-not-yet-here@customer.example"
ANSWER = KEY.message_id("support", "shop.example", 1042, "reply:1")
KNOWN = Known(
    1042,
    ConversationState.PENDING,
    NOW - timedelta(hours=1),
    parties=frozenset({VICTIM.key}),
    contact=VICTIM.key,
    subject_key="my order",
)
CANDIDATES = Candidates(
    by_id={QUESTION: (1042,), ANSWER: (1042,), AWAITED: (1042,)},
    conversations={1042: KNOWN},
    borne=frozenset({QUESTION, ANSWER}),
)
RESTORED = Candidates(conversations={1042: KNOWN})
CUSTOMER = Verdict(Kind.CUSTOMER)
POLICY = ThreadPolicy(match_subject_days=30)


@dataclass(frozen=True)
class Attack:
    mail: ParsedMail
    recipient: str = SUPPORT.address
    verdict: Verdict = CUSTOMER
    known: Candidates = CANDIDATES


def mallory(**fields: object) -> ParsedMail:
    return ParsedMail(from_=(MALLORY,), **fields)  # type: ignore[arg-type]


def address(purpose: Purpose, mailbox: str = "support", party: str = f"mail:{VICTIM.key}") -> str:
    expires = NOW.date() if purpose is Purpose.AGENT else None
    return PATTERN.format(SUPPORT.address, KEY.token(purpose, mailbox, 1042, party, expires))


def renumbered_token() -> str:
    """A token for a conversation of Mallory's own, made to say the victim's number."""
    own = KEY.token(Purpose.CUSTOMER, "support", 1043, f"mail:{MALLORY.key}").upper()
    data = bytearray(base64.b32decode(own + "=" * (-len(own) % 8)))
    data[1:3] = (1042).to_bytes(2, "big")
    return PATTERN.format(SUPPORT.address, base64.b32encode(data).decode().rstrip("=").lower())


ATTACKS: dict[str, Callable[[], Attack]] = {
    "guessed id in In-Reply-To": lambda: Attack(mallory(in_reply_to=(QUESTION,))),
    "stolen References": lambda: Attack(mallory(references=(QUESTION, ANSWER))),
    "our signed id after a restored backup": lambda: Attack(
        mallory(references=(ANSWER,)), known=RESTORED
    ),
    "number in the subject": lambda: Attack(mallory(subject="Re: [#1042] my order")),
    "the victim's subject": lambda: Attack(mallory(subject="Re: my order")),
    "the id that a conversation waits for": lambda: Attack(mallory(message_id=AWAITED)),
    "the id of a mail that is there": lambda: Attack(
        mallory(message_id=QUESTION, subject="my order")
    ),
    "forwarded token": lambda: Attack(mallory(), recipient=address(Purpose.CUSTOMER)),
    "token with another number written into it": lambda: Attack(
        mallory(), recipient=renumbered_token()
    ),
    "token of another mailbox": lambda: Attack(
        mallory(), recipient=address(Purpose.CUSTOMER, mailbox="sales")
    ),
    "token for delivery reports": lambda: Attack(mallory(), recipient=address(Purpose.BOUNCE)),
    "token of an agent": lambda: Attack(
        mallory(), recipient=address(Purpose.AGENT, party="agent:anna")
    ),
    "an agent's From": lambda: Attack(
        ParsedMail(from_=(ANNA,), in_reply_to=(QUESTION,), subject="[#1042]"),
    ),
    "an agent's From and a customer's token": lambda: Attack(
        ParsedMail(from_=(ANNA,)), recipient=address(Purpose.CUSTOMER)
    ),
    "two mailboxes in From": lambda: Attack(
        ParsedMail(from_=(VICTIM, MALLORY), in_reply_to=(QUESTION,), subject="[#1042]")
    ),
    "the victim as Sender, Reply-To and display name": lambda: Attack(
        ParsedMail(
            from_=(Address(VICTIM.address, MALLORY.address),),
            sender=(VICTIM,),
            reply_to=(VICTIM,),
            in_reply_to=(QUESTION,),
        )
    ),
    "no From at all": lambda: Attack(ParsedMail(in_reply_to=(QUESTION,), subject="[#1042]")),
    "an automatic answer to the bounce address": lambda: Attack(
        mallory(), address(Purpose.BOUNCE), Verdict(Kind.AUTO_REPLY)
    ),
    "a delivery report that names nobody": lambda: Attack(
        mallory(),
        verdict=Verdict(Kind.BOUNCE, bounce=Bounce((), (QUESTION,)), about=Returned((QUESTION,))),
    ),
}


def joins(decision: ThreadDecision) -> bool:
    """Return whether the mail is in its conversation at once, not held and not pending."""
    held = decision.pending_party or decision.unproven_agent
    return decision.conversation is not None and not held


def decide(attack: Attack) -> ThreadDecision:
    keys = lookup_keys(attack.mail, (attack.recipient,), SUPPORT, KEY, NOW.date(), attack.verdict)
    return thread(attack.mail, attack.verdict, keys, attack.known, POLICY, NOW)


@pytest.mark.parametrize("name", ATTACKS)
def test_S14_no_stranger_joins(name: str):
    decision = decide(ATTACKS[name]())

    assert not joins(decision)
    assert decision.agent is None
    assert not decision.same_thread


@pytest.mark.parametrize(
    "name", ["guessed id in In-Reply-To", "stolen References", "number in the subject"]
)
def test_S14_what_names_a_strangers_conversation_is_linked(name: str):
    decision = decide(ATTACKS[name]())

    assert (decision.conversation, decision.linked) == (None, (1042,))


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("forwarded token", True),
        ("token with another number written into it", False),
        ("token of another mailbox", False),
        ("token for delivery reports", False),
        ("token of an agent", True),
    ],
)
def test_S14_only_a_valid_token_is_held_for_an_agent(name: str, held: bool):
    decision = decide(ATTACKS[name]())

    assert (decision.pending_party, decision.conversation is not None) == (held, held)


def test_S14_the_victim_gets_in_by_each_of_these_ways():
    """Otherwise the attacks above would prove nothing."""
    ways = [
        Attack(ParsedMail(from_=(VICTIM,), in_reply_to=(QUESTION,))),
        Attack(ParsedMail(from_=(VICTIM,), references=(ANSWER,)), known=RESTORED),
        Attack(ParsedMail(from_=(VICTIM,), subject="[#1042]")),
        Attack(ParsedMail(from_=(VICTIM,), subject="Re: my order")),
        Attack(ParsedMail(from_=(VICTIM,), message_id=AWAITED)),
        Attack(ParsedMail(from_=(VICTIM,)), recipient=address(Purpose.CUSTOMER)),
    ]

    assert [decide(way).conversation for way in ways] == [1042] * len(ways)
    assert all(joins(decide(way)) for way in ways)
