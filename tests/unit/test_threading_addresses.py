"""Which tokens belong to no conversation, and what the others are good for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from inboxd.conversations.action_addresses import ACTIONS, action_of, assign_to, party_of
from inboxd.conversations.states import ConversationState
from inboxd.conversations.threading import (
    Candidates,
    Known,
    MailboxIdentity,
    Step,
    ThreadDecision,
    ThreadPolicy,
    lookup_keys,
    thread,
)
from inboxd.conversations.tokens import Purpose, ReplyAddressPattern, Token, TokenKey
from inboxd.mail.model import Address, Kind, ParsedMail, Verdict

NOW = datetime(2030, 5, 6, 8, tzinfo=UTC)
KEY = TokenKey(b"a secret for tests only")
PATTERN = ReplyAddressPattern.parse("{local}+{token}@{domain}")
ANNA, BEN, CARLA, SUPPLIER = (
    Address("", f"{name}.example") for name in ("anna@shop", "ben@shop", "carla@home", "x@supplier")
)
SUPPORT = MailboxIdentity(
    "support", "support@shop.example", PATTERN, {ANNA.key: "anna", BEN.key: "ben"}
)
NAMES = ["anna", "ben"]


def address(purpose: Purpose, party: str, number: int = 5, expires: date | None = None) -> str:
    token = KEY.token(purpose, SUPPORT.name, number, party, expires)
    return PATTERN.format(SUPPORT.address, token)


def decide(
    author: Address,
    to: str,
    kind: Kind = Kind.CUSTOMER,
    state: ConversationState = ConversationState.OPEN,
    age: timedelta = timedelta(days=1),
) -> ThreadDecision:
    mail = ParsedMail(from_=(author,), message_id="one@x.example")
    verdict = Verdict(kind)
    keys = lookup_keys(mail, [to], SUPPORT, KEY, NOW.date(), verdict)
    known = Known(
        5, state, NOW - age, frozenset({CARLA.key}), contact=CARLA.key, closed_at=NOW - age
    )
    numbers = {number: known for number in keys.numbers if number == 5}
    return thread(mail, verdict, keys, Candidates(conversations=numbers), ThreadPolicy(), NOW)


def read(text: str) -> Token:
    found = KEY.read(PATTERN.extract(text, SUPPORT.address) or "", SUPPORT.name, NOW.date())
    assert isinstance(found, Token)
    return found


@pytest.mark.parametrize("action", [*ACTIONS, assign_to("ben")])
def test_an_action_is_told_by_its_token(action: str) -> None:
    to = address(Purpose.ACTION, party_of("anna", action))
    decision = decide(ANNA, to)
    assert decision.token is not None
    assert (decision.conversation, decision.agent) == (5, "anna")
    assert decision.token.action == action
    assert action_of(read(to), "ben", NAMES, KEY) is None


def test_another_purpose_with_the_same_party_is_no_action() -> None:
    to = address(Purpose.AGENT, party_of("anna", "close"))
    assert action_of(read(to), "anna", NAMES, KEY) is None
    assert decide(ANNA, to).unproven_agent


def test_a_conversation_is_given_to_no_agent_who_is_gone() -> None:
    to = address(Purpose.ACTION, party_of("anna", assign_to("dora")))
    assert decide(ANNA, to).unproven_agent


def test_old_secrets_still_sign_actions() -> None:
    to = address(Purpose.ACTION, party_of("anna", "close"))
    key = TokenKey(b"a new secret for the tests", [b"a secret for tests only"])
    assert action_of(read(to), "anna", NAMES, key) == "close"


@pytest.mark.parametrize("purpose", [Purpose.NEW, Purpose.DIGEST])
def test_what_belongs_to_no_conversation_asks_for_none(purpose: Purpose) -> None:
    to = address(purpose, "agent:anna")
    mail = ParsedMail(from_=(ANNA,))
    keys = lookup_keys(mail, [to], SUPPORT, KEY, NOW.date())
    assert keys.numbers == ()
    decision = decide(ANNA, to)
    assert (decision.conversation, decision.step) == (None, Step.REPLY_ADDRESS)
    assert (decision.agent, decision.unproven_agent) == ("anna", False)
    assert decision.token is not None
    assert decision.token.token.purpose is purpose


@pytest.mark.parametrize("purpose", [Purpose.NEW, Purpose.DIGEST])
def test_a_colleagues_or_expired_one_proves_nothing(purpose: Purpose) -> None:
    decision = decide(BEN, address(purpose, "agent:anna"))
    assert (decision.agent, decision.unproven_agent) == (None, True)
    expired = address(purpose, "agent:anna", expires=NOW.date() - timedelta(days=1))
    decision = decide(ANNA, expired)
    assert (decision.agent, decision.unproven_agent, decision.expired_token) == (None, True, True)


def test_a_stranger_at_an_agents_new_address_begins_an_own_conversation() -> None:
    decision = decide(CARLA, address(Purpose.NEW, "agent:anna"))
    assert (decision.conversation, decision.step, decision.token) == (None, Step.NEW, None)


def test_a_side_threads_answer_is_told_and_reopens_nothing() -> None:
    to = address(Purpose.SIDE, "side:1")
    closed = ConversationState.CLOSED
    decision = decide(SUPPLIER, to, state=closed, age=timedelta(days=99))
    assert (decision.conversation, decision.reopen, decision.pending_party) == (5, False, False)
    assert decision.token is not None
    assert decision.token.token.purpose is Purpose.SIDE
    assert decide(CARLA, to).token == decision.token
    assert decide(ANNA, to).token == decision.token


def test_whose_side_thread_it_is_an_agent_has_yet_to_prove() -> None:
    decision = decide(ANNA, address(Purpose.SIDE, "agent:anna:side:1"))
    assert (decision.agent, decision.unproven_agent, decision.conversation) == (None, True, 5)
    gone = NOW.date() - timedelta(days=1)
    decision = decide(ANNA, address(Purpose.SIDE, "agent:anna:side:1", expires=gone))
    assert (decision.unproven_agent, decision.expired_token) == (True, True)
    assert decide(SUPPLIER, address(Purpose.SIDE, "side:1", expires=gone)).conversation is None
