from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inboxd.conversations.states import ConversationState
from inboxd.conversations.subjects import subject_key, subject_numbers
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
from inboxd.conversations.tokens import Purpose, ReplyAddressPattern, TokenKey
from inboxd.mail.model import (
    Address,
    Bounce,
    BouncedRecipient,
    Kind,
    ParsedMail,
    Returned,
    Verdict,
)

NOW = datetime(2030, 5, 6, 8, tzinfo=UTC)
TODAY = NOW.date()
KEY = TokenKey(b"a secret for tests only")
PATTERN = ReplyAddressPattern.parse("{local}+{token}@{domain}")
CARLA, DAN, ANNA, BEN = (
    Address("", address)
    for address in (
        "Carla@customer.example",
        "dan@else.example",
        "anna@shop.example",
        "ben@shop.example",
    )
)
DAEMON = Address("", "MAILER-DAEMON@relay.example")
SUPPORT = MailboxIdentity(
    "support", "support@shop.example", PATTERN, {ANNA.key: "anna", BEN.key: "ben"}
)
CUSTOMER = Verdict(Kind.CUSTOMER)


def conversation(number: int = 5, **changes: object) -> Known:
    known = Known(
        number,
        ConversationState.PENDING,
        NOW - timedelta(days=1),
        parties=frozenset({CARLA.key}),
        contact=CARLA.key,
        subject_key="where is my parcel",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def joins(decision: ThreadDecision) -> bool:
    """Return whether the mail is in its conversation at once, not held and not pending."""
    held = decision.pending_party or decision.unproven_agent
    return decision.conversation is not None and not held


def closed(days: float, number: int = 5) -> Known:
    at = NOW - timedelta(days=days)
    return conversation(number, state=ConversationState.CLOSED, closed_at=at, last_activity=at)


def token(
    purpose: Purpose = Purpose.CUSTOMER, number: int = 5, party: str = f"mail:{CARLA.key}"
) -> str:
    expires = TODAY if purpose is Purpose.AGENT else None
    return PATTERN.format(SUPPORT.address, KEY.token(purpose, SUPPORT.name, number, party, expires))


def place(
    mail: ParsedMail,
    *conversations: Known,
    ids: dict[str, tuple[int, ...]] | None = None,
    borne: Iterable[str] = (),
    verdict: Verdict = CUSTOMER,
    policy: ThreadPolicy | None = None,
    envelope: tuple[str, ...] = (SUPPORT.address,),
) -> ThreadDecision:
    keys = lookup_keys(mail, envelope, SUPPORT, KEY, TODAY, verdict)
    known = Candidates(ids or {}, {c.number: c for c in conversations}, frozenset(borne))
    return thread(mail, verdict, keys, known, policy or ThreadPolicy(), NOW)


def from_(author: Address = CARLA, **fields: object) -> ParsedMail:
    return ParsedMail(from_=(author,), **fields)  # type: ignore[arg-type]


REPLY = from_(in_reply_to=("q@customer.example",))
IDS = {"q@customer.example": (5,)}


# Reply addresses


@pytest.mark.parametrize("where", ["envelope", "delivered_to", "to", "cc"])
def test_a_reply_address_wins_wherever_it_stands(where: str):
    address = token()
    fields: dict[str, object] = {
        "envelope": {},
        "delivered_to": {"delivered_to": (address,)},
        "to": {"to": (Address("", address.upper()),)},
        "cc": {"cc": (Address("", address),)},
    }[where]
    envelope = (address,) if where == "envelope" else (SUPPORT.address,)

    decision = place(
        from_(in_reply_to=("q@customer.example",), **fields),
        conversation(5),
        conversation(6),
        ids={"q@customer.example": (6,)},
        envelope=envelope,
    )

    assert (decision.conversation, decision.step, joins(decision)) == (5, Step.REPLY_ADDRESS, True)


def test_a_token_from_a_stranger_is_pending():
    decision = place(from_(DAN), conversation(), envelope=(token(),))

    assert (decision.conversation, decision.pending_party, joins(decision)) == (5, True, False)


def test_a_partys_token_goes_before_a_strangers_and_links_it():
    mine = conversation(6, parties=frozenset({DAN.key}))
    envelope = (token(number=5), token(number=6))

    decision = place(from_(DAN), conversation(5), mine, envelope=envelope)

    assert (decision.conversation, decision.pending_party, decision.linked) == (6, False, (5,))


def test_a_token_for_a_conversation_that_is_gone_leaves_the_mail_to_the_next_steps():
    decision = place(
        from_(in_reply_to=("q@customer.example",)),
        conversation(6),
        ids={"q@customer.example": (6,)},
        envelope=(token(number=5),),
    )

    assert (decision.conversation, decision.step) == (6, Step.IDS)
    assert "does not have" in decision.steps[0].result


def test_a_number_given_anew_after_a_restored_backup_lets_nobody_in():
    """The token says 5, which was Carla's before the backup came back and is Dan's now."""
    decision = place(
        from_(), conversation(5, parties=frozenset({DAN.key})), envelope=(token(number=5),)
    )

    assert not joins(decision)


def test_a_merged_conversation_is_found_under_its_old_number():
    keys = lookup_keys(from_(), (token(number=5),), SUPPORT, KEY, TODAY)
    known = Candidates(conversations={5: conversation(9)})

    assert thread(from_(), CUSTOMER, keys, known, ThreadPolicy(), NOW).conversation == 9


# Agents


def test_an_agents_own_token_and_address_make_an_agent():
    envelope = (token(Purpose.AGENT, party="agent:anna"),)

    decision = place(from_(ANNA), conversation(), envelope=envelope)

    assert (decision.agent, decision.conversation, joins(decision)) == ("anna", 5, True)
    assert not decision.reopen


def test_an_agent_without_a_token_is_held_where_the_ids_lead():
    decision = place(replace(REPLY, from_=(ANNA,)), conversation(), ids=IDS)

    assert (decision.conversation, decision.unproven_agent, decision.agent) == (5, True, None)
    assert not joins(decision)


def test_an_agents_mail_that_leads_nowhere_is_marked():
    decision = place(from_(ANNA))

    assert (decision.conversation, decision.unproven_agent, decision.opens) == (None, True, True)


@pytest.mark.parametrize("purpose", [Purpose.CUSTOMER, Purpose.BOUNCE])
def test_purposes_do_not_mix_a_customers_token_makes_no_agent(purpose: Purpose):
    decision = place(from_(ANNA), conversation(), envelope=(token(purpose, party="agent:anna"),))

    assert (decision.agent, decision.unproven_agent) == (None, True)


def test_one_agents_token_is_not_anothers():
    decision = place(
        from_(BEN), conversation(), envelope=(token(Purpose.AGENT, party="agent:anna"),)
    )

    assert (decision.conversation, decision.agent, decision.unproven_agent) == (5, None, True)


def test_pitfall_18_an_agents_token_from_an_unknown_address_is_held():
    decision = place(
        from_(DAN), conversation(), envelope=(token(Purpose.AGENT, party="agent:anna"),)
    )

    assert (decision.conversation, decision.agent) == (5, None)
    assert decision.pending_party
    assert decision.unproven_agent


def test_a_customer_who_answers_all_with_an_agents_address_is_a_customer():
    decision = place(from_(), conversation(), envelope=(token(Purpose.AGENT, party="agent:anna"),))

    assert (decision.conversation, decision.agent, joins(decision)) == (5, None, True)


def test_an_agents_expired_token_is_held_and_told_so():
    text = KEY.token(Purpose.AGENT, "support", 5, "agent:anna", TODAY - timedelta(days=1))
    envelope = (PATTERN.format(SUPPORT.address, text),)

    decision = place(from_(ANNA), conversation(), envelope=envelope)

    assert (decision.conversation, decision.agent) == (5, None)
    assert decision.expired_token
    assert decision.unproven_agent


def test_a_strangers_expired_token_is_worth_nothing():
    text = KEY.token(Purpose.AGENT, "support", 5, "agent:anna", TODAY - timedelta(days=1))

    decision = place(from_(DAN), conversation(), envelope=(PATTERN.format(SUPPORT.address, text),))

    assert (decision.conversation, decision.expired_token) == (None, False)


@pytest.mark.parametrize(
    "how",
    [
        {"envelope": (token(party=f"mail:{ANNA.key}"),)},
        {"in_reply_to": ("q@customer.example",)},
        {"subject": "Re: [#5] toner"},
    ],
    ids=["reply address", "ids", "subject tag"],
)
def test_an_agent_who_asked_the_shop_answers_as_one_who_asks(how: dict[str, object]):
    """The conversation is with her, and nothing but her words gets into it."""
    envelope = how.pop("envelope", ())
    asked = conversation(contact=ANNA.key, parties=frozenset())

    decision = place(from_(ANNA, **how), asked, ids=IDS, envelope=envelope)

    assert (decision.conversation, decision.agent, joins(decision)) == (5, None, True)


def test_pitfall_15_an_agent_in_copy_is_no_customer():
    known = conversation(parties=frozenset({CARLA.key, ANNA.key}))

    decision = place(from_(ANNA), known, envelope=(token(),))

    assert decision.unproven_agent
    assert not joins(decision)


# Ids


def test_in_reply_to_goes_before_references_and_the_newest_before_the_oldest():
    ids = {"a": (1,), "b": (2,), "c": (3,)}
    all_ = [conversation(n) for n in (1, 2, 3)]

    both = place(from_(in_reply_to=("c",), references=("a", "b")), *all_, ids=ids)
    chain = place(from_(references=("a", "b")), *all_, ids=ids)

    assert (both.conversation, both.linked) == (3, (2, 1))
    assert (chain.conversation, chain.linked) == (2, (1,))
    assert both.same_thread == chain.same_thread == ()


def test_a_stranger_with_a_known_id_gets_a_linked_conversation_of_their_own():
    decision = place(replace(REPLY, from_=(DAN,)), conversation(), ids=IDS)

    assert (decision.conversation, decision.step, decision.linked) == (None, Step.NEW, (5,))
    assert decision.opens


def test_without_the_gate_ids_are_enough():
    policy = ThreadPolicy(stranger_gate=False)

    assert joins(place(replace(REPLY, from_=()), conversation(), ids=IDS, policy=policy))


def test_an_id_in_several_conversations_leads_to_the_senders_liveliest():
    ids = {"q@customer.example": (4, 5, 6)}
    strangers = conversation(4, parties=frozenset({DAN.key}), last_activity=NOW)

    decision = place(REPLY, strangers, closed(90, 5), conversation(6), ids=ids)

    assert (decision.conversation, decision.linked) == (6, (4,))


def test_pitfall_22_a_late_parent_joins_the_answer_that_came_first():
    decision = place(from_(message_id="root@x"), conversation(), ids={"root@x": (5,)})

    assert (decision.conversation, decision.step) == (5, Step.IDS)


def test_a_late_parent_shows_that_two_conversations_are_one():
    mail = from_(message_id="b", in_reply_to=("a",))
    ids = {"a": (1,), "b": (2,)}

    decision = place(mail, conversation(1), conversation(2), ids=ids)

    assert (decision.conversation, decision.linked, decision.same_thread) == (1, (), (2,))


def test_the_oldest_of_the_merged_conversations_goes_on():
    mail = from_(message_id="b", in_reply_to=("a",))

    decision = place(mail, conversation(8), conversation(2), ids={"a": (8,), "b": (2,)})

    assert (decision.conversation, decision.same_thread) == (2, (8,))
    assert "have in common" in str(decision.steps[-1])


def test_a_late_parent_merges_no_conversations_of_different_people():
    """Dan, whom Carla once copied, must not be answered what Carla asks."""
    both = frozenset({CARLA.key, DAN.key})
    hers = conversation(1, parties=both)
    his = conversation(2, contact=DAN.key, parties=frozenset({DAN.key}))
    mail = replace(from_(message_id="b", in_reply_to=("a",)), from_=(DAN,))

    decision = place(mail, hers, his, ids={"a": (1,), "b": (2,)})

    assert (decision.conversation, decision.linked, decision.same_thread) == (1, (2,), ())


def test_a_late_parent_merges_those_of_one_person_with_two_addresses():
    home = "carla@home.example"
    both = frozenset({CARLA.key, home})
    ids = {"a": (1,), "b": (2,)}
    mail = from_(message_id="b", in_reply_to=("a",))

    decision = place(
        mail, conversation(1, parties=both), conversation(2, parties=both, contact=home), ids=ids
    )

    assert (decision.conversation, decision.same_thread) == (1, (2,))


@pytest.mark.parametrize(
    "other",
    [
        conversation(2, linked=frozenset({1})),
        conversation(2, state=ConversationState.SPAM),
        closed(90, 2),
    ],
    ids=["linked already", "spam", "closed long ago"],
)
def test_conversations_that_were_parted_on_purpose_stay_apart(other: Known):
    mail = from_(message_id="b", in_reply_to=("a",))

    decision = place(mail, conversation(1), other, ids={"a": (1,), "b": (2,)})

    assert (decision.linked, decision.same_thread) == ((2,), ())


def test_pitfall_2_a_reused_id_joins_nothing():
    mail = from_(message_id="same@parcels.example", subject="Parcel 4711")
    ids = {"same@parcels.example": (5,)}

    decision = place(mail, conversation(), ids=ids, borne=ids)

    assert decision.conversation is None


def test_pitfall_1_another_copy_of_a_mail_joins_the_first():
    mail = from_(message_id="copy@x", subject="Where is my parcel")
    known = conversation(last_activity=NOW - timedelta(minutes=1))

    decision = place(mail, known, ids={"copy@x": (5,)}, borne={"copy@x"})

    assert decision.conversation == 5


def test_a_flood_of_references_is_cut_and_keeps_both_ends():
    mail = from_(references=tuple(f"{n}@x" for n in range(10_000)))

    keys = lookup_keys(mail, (), SUPPORT, KEY, TODAY)

    assert len(keys.ids) < 200
    assert keys.ids[0] == "9999@x"
    assert keys.ids[-1] == "0@x"


# Signed ids and subject tags

OURS = KEY.message_id("support", "shop.example", 5, "reply:1")


def test_our_signed_id_finds_its_conversation_without_its_row():
    decision = place(from_(references=(OURS,)), conversation())

    assert (decision.conversation, decision.step) == (5, Step.SIGNED_ID)


def test_our_signed_id_lets_no_stranger_in():
    decision = place(from_(DAN, references=(OURS,)), conversation())

    assert (decision.conversation, decision.linked) == (None, (5,))


def test_a_subject_tag_is_for_parties():
    mine = place(from_(subject="Re: [#5] parcel"), conversation())
    theirs = place(from_(DAN, subject="Re: [#5] parcel"), conversation())

    assert (mine.conversation, mine.step) == (5, Step.SUBJECT_TAG)
    assert (theirs.conversation, theirs.linked) == (None, (5,))


def test_the_first_tag_that_lets_the_sender_in_wins():
    others = conversation(4, parties=frozenset({DAN.key}))

    decision = place(from_(subject="[#4] [#5] [#6]"), others, conversation(5))

    assert (decision.conversation, decision.linked) == (5, (4,))


# The same subject

BY_SUBJECT = ThreadPolicy(match_subject_days=7)
AGAIN = from_(subject="AW: Where is my  PARCEL")


def test_the_same_subject_joins_where_the_mailbox_asks_for_it():
    on, off = place(AGAIN, conversation(), policy=BY_SUBJECT), place(AGAIN, conversation())

    assert (on.conversation, on.step) == (5, Step.SAME_SUBJECT)
    assert off.conversation is None


@pytest.mark.parametrize(
    ("mail", "known"),
    [
        (replace(AGAIN, from_=(DAN,)), conversation()),
        (replace(AGAIN, from_=(ANNA,)), conversation(contact=ANNA.key)),
        (replace(AGAIN, from_=()), conversation(contact="")),
        (replace(AGAIN, subject="Another parcel"), conversation()),
        (replace(AGAIN, subject="Re:"), conversation(subject_key="")),
        (AGAIN, conversation(last_activity=NOW - timedelta(days=8))),
        (AGAIN, conversation(state=ConversationState.SPAM)),
    ],
)
def test_the_same_subject_needs_the_same_contact_and_time(mail: ParsedMail, known: Known):
    assert place(mail, known, policy=BY_SUBJECT).conversation is None


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("Where is my parcel?", "where is my parcel?"),
        ("Re: AW: [#1042] Fwd: Where  is my parcel?", "where is my parcel?"),
        ("RE[2]: SV (3): Where is my PARCEL?", "where is my parcel?"),
        ("回复：Where is my parcel?", "where is my parcel?"),
        ("Recipe: soup", "recipe: soup"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_subjects_are_compared_without_what_mail_programs_add(subject: str, key: str):
    assert subject_key(subject) == key


def test_subject_keys_of_hostile_subjects_are_short_and_quick():
    assert len(subject_key("Re: " * 100_000 + "x")) <= 200
    assert len(subject_key("ﷺ" * 900)) <= 200


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("Re: [#1042] parcel", (1042,)),
        ("[#7] Fwd: [#8] [#7]", (7, 8)),
        ("#1042 (#7) [7] [#] [#0] [#-1] [#٣]", ()),
        ("[#1] [#2] [#3] [#4] [#5] [#6]", (1, 2, 3, 4, 5)),
        ("[#99999999999999999999]", ()),
    ],
)
def test_subject_tags(subject: str, numbers: tuple[int, ...]):
    assert subject_numbers(subject) == numbers


# Closed conversations


def test_a_closed_conversation_reopens_in_time_and_is_followed_later():
    soon = place(REPLY, closed(29), ids=IDS)
    late = place(REPLY, closed(31), ids=IDS)

    assert (soon.conversation, soon.reopen) == (5, True)
    assert (late.conversation, late.reopen, late.linked, late.opens) == (None, False, (5,), True)
    assert late.step is Step.IDS
    assert late.steps[-1].step is Step.NEW


def test_the_second_late_answer_finds_the_follow_up():
    ids = {"q@customer.example": (5, 6)}
    follow_up = conversation(6, linked=frozenset({5}), last_activity=NOW - timedelta(days=31))

    decision = place(REPLY, closed(31), follow_up, ids=ids)

    assert (decision.conversation, decision.same_thread) == (6, ())


def test_a_pending_stranger_is_seen_in_a_closed_conversation():
    decision = place(from_(DAN), closed(1), envelope=(token(),))

    assert (decision.pending_party, decision.reopen) == (True, True)


@pytest.mark.parametrize(
    "kind", [Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE, Kind.RECEIPT, Kind.BULK, Kind.LOOP]
)
@pytest.mark.parametrize("days", [1, 400])
def test_pitfall_30_automatic_mail_reopens_nothing(kind: Kind, days: int):
    decision = place(from_(), closed(days), envelope=(token(),), verdict=Verdict(kind))

    assert (decision.conversation, decision.reopen) == (5, False)


def test_an_agent_reaches_a_conversation_that_closed_long_ago():
    envelope = (token(Purpose.AGENT, party="agent:anna"),)

    decision = place(from_(ANNA), closed(400), envelope=envelope)

    assert (decision.conversation, decision.agent) == (5, "anna")


# Bounces


def bounce(of: str = CARLA.address, action: str = "failed", ids: tuple[str, ...] = ()) -> Verdict:
    recipient = BouncedRecipient(of, action, "5.1.1")
    about = Returned(message_ids=ids, recipients=(of,))
    return Verdict(Kind.BOUNCE, (), may_answer=False, bounce=Bounce((recipient,), ids), about=about)


@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_pitfall_21_a_bounce_comes_home_and_reopens_nothing(action: str):
    envelope = (token(Purpose.BOUNCE),)

    decision = place(from_(DAEMON), closed(400), envelope=envelope, verdict=bounce(action=action))

    assert (decision.conversation, joins(decision), decision.reopen) == (5, True, False)


def test_pitfall_21_a_bounce_of_ours_opens_nothing_even_where_its_conversation_is_gone():
    by_token = place(from_(DAEMON), envelope=(token(Purpose.BOUNCE),), verdict=bounce())
    by_id = place(from_(DAEMON), verdict=bounce(ids=(OURS,)))
    unknown = place(from_(DAEMON), verdict=bounce(ids=("else@where.example",)))

    assert (by_token.conversation, by_token.opens) == (None, False)
    assert (by_id.conversation, by_id.opens) == (None, False)
    assert unknown.opens


def test_a_bounce_is_found_by_the_id_of_the_mail_that_bounced():
    signed = place(from_(DAEMON), conversation(), verdict=bounce("?", ids=(OURS,)))
    named = place(
        from_(DAEMON), conversation(), verdict=bounce(ids=("sent@relay",)), ids={"sent@relay": (5,)}
    )

    assert (signed.conversation, signed.step) == (5, Step.SIGNED_ID)
    assert (named.conversation, named.step) == (5, Step.IDS)


def test_a_bounce_for_somebody_else_stays_out():
    decision = place(
        from_(DAEMON), conversation(), verdict=bounce(DAN.address, ids=("q@x",)), ids={"q@x": (5,)}
    )

    assert decision.conversation is None


def test_a_report_to_a_customers_token_needs_a_partys_name():
    for_party = place(from_(DAEMON), conversation(), envelope=(token(),), verdict=bounce())
    for_other = place(
        from_(DAEMON), conversation(), envelope=(token(),), verdict=bounce(DAN.address)
    )

    assert for_party.conversation == 5
    assert (for_other.conversation, for_other.opens) == (None, False)


def test_letters_to_the_bounce_address_are_taken_from_parties_only():
    party = place(from_(), conversation(), envelope=(token(Purpose.BOUNCE),))
    stranger = place(from_(DAN), conversation(), envelope=(token(Purpose.BOUNCE),))

    assert joins(party)
    assert stranger.conversation is None


# The trace


def test_every_step_up_to_the_winner_is_explained():
    won = place(from_(subject="[#5] parcel"), conversation())
    new = place(from_())

    assert [trace.step for trace in won.steps] == list(Step)[:4]
    assert [trace.step for trace in new.steps] == list(Step)
    assert all(trace.result for trace in (*won.steps, *new.steps))
    assert str(won.steps[-1]) == "subject-tag: a subject tag of #5"


def test_the_store_is_told_all_that_it_has_to_fetch():
    mail = from_(
        message_id="own@x", in_reply_to=(OURS,), references=("r@x", OURS), subject="[#8] Hi"
    )

    keys = lookup_keys(mail, (token(number=7),), SUPPORT, KEY, TODAY)

    assert keys.all_ids == (OURS, "r@x", "own@x")
    assert keys.numbers == (7, 5, 8)
    assert (keys.sender, keys.subject_key) == (CARLA.key, "hi")
