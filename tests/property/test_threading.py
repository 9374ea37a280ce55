from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from inboxd.conversations.threading import ThreadPolicy
from inboxd.conversations.tokens import ExpiredToken, Purpose, Token, TokenKey
from inboxd.mail.model import Address, ParsedMail
from property.memory_store import KEY, MemoryStore

CARLA = Address("Carla", "carla@customer.example")
DAN = Address("Dan", "dan@else.example")


def mail(name: int, ancestors: list[int], author: Address = CARLA) -> ParsedMail:
    """Return the mail `name` whose thread above it is `ancestors`, oldest first."""
    return ParsedMail(
        from_=(author,),
        message_id=f"{name}@x",
        in_reply_to=tuple(f"{a}@x" for a in ancestors[-1:]),
        references=tuple(f"{a}@x" for a in ancestors),
    )


@st.composite
def forests(draw: st.DrawFn, whole_chains: bool) -> list[tuple[ParsedMail, int]]:
    """Draw mails in threads, each with its thread's root; mail programs name all or one parent."""
    parents = [
        draw(st.none() if n == 0 else st.none() | st.integers(0, n - 1))
        for n in range(draw(st.integers(2, 12)))
    ]
    found = []
    for name in range(len(parents)):
        chain: list[int] = []
        above = parents[name]
        while above is not None:
            chain.insert(0, above)
            above = parents[above]
        named = chain if whole_chains else chain[-1:]
        found.append((mail(name, named), chain[0] if chain else name))
    return found


def groups(order: list[ParsedMail], policy: ThreadPolicy | None = None) -> set[frozenset[str]]:
    store = MemoryStore(policy)
    for each in order:
        store.receive(each)
    return store.groups()


def by_root(forest: list[tuple[ParsedMail, int]]) -> set[frozenset[str]]:
    roots = {root for _, root in forest}
    return {frozenset(m.message_id or "" for m, of in forest if of == root) for root in roots}


@given(st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject):
    forest = data.draw(forests(whole_chains=True))
    order = data.draw(st.permutations([m for m, _ in forest]))

    assert groups(order) == by_root(forest)


@given(st.data())
def test_it_does_not_matter_either_where_each_mail_names_its_parent_alone(data: st.DataObject):
    forest = data.draw(forests(whole_chains=False))
    order = data.draw(st.permutations([m for m, _ in forest]))

    assert groups(order) == by_root(forest)


@given(st.data())
def test_mails_that_never_came_keep_their_thread_together(data: st.DataObject):
    forest = data.draw(forests(whole_chains=True))
    came = data.draw(st.lists(st.sampled_from(forest), min_size=1, unique_by=lambda f: id(f)))

    assert groups([m for m, _ in came]) == by_root(came)


def test_a_common_ancestor_that_nobody_here_saw_joins_its_branches():
    assert len(groups([mail(2, [1]), mail(3, [1])])) == 1


def test_a_late_parent_joins_its_answers():
    assert len(groups([mail(2, [1]), mail(3, [1, 2]), mail(1, [])])) == 1


@given(st.data())
def test_strangers_never_share_a_conversation_whatever_they_name(data: st.DataObject):
    forest = data.draw(forests(whole_chains=True))
    authors = data.draw(
        st.lists(st.sampled_from([CARLA, DAN]), min_size=len(forest), max_size=len(forest))
    )
    written = [replace(m, from_=(a,)) for (m, _), a in zip(forest, authors, strict=True)]
    order = data.draw(st.permutations(written))
    author = {m.message_id: m.from_[0].key for m in written}

    for group in groups(order):
        assert len({author[message_id] for message_id in group}) == 1


ADDRESSES = st.sampled_from([CARLA, DAN, Address("", "support@shop.example"), Address("", "")])
IDS = st.lists(st.text(max_size=12), max_size=4).map(tuple)
MAILS = st.builds(
    ParsedMail,
    from_=st.lists(ADDRESSES, max_size=2).map(tuple),
    to=st.lists(ADDRESSES, max_size=2).map(tuple),
    delivered_to=IDS,
    subject=st.text(max_size=30) | st.from_regex(r"(Re: ?)*\[#[0-9]+\].*"),
    message_id=st.none() | st.text(max_size=12),
    in_reply_to=IDS,
    references=IDS,
)


@given(st.lists(MAILS, max_size=8))
def test_any_mail_is_threaded_and_every_decision_explained(mails: list[ParsedMail]):
    store = MemoryStore(ThreadPolicy(match_subject_days=1))
    for each in mails:
        decision = store.receive(each)
        assert decision.steps
        assert decision.conversation not in decision.linked
        assert decision.conversation not in decision.same_thread
        assert not set(decision.same_thread) & set(decision.linked)
        assert (decision.conversation is None) == decision.opens


@given(
    purpose=st.sampled_from(Purpose),
    mailbox=st.text(max_size=20),
    conversation=st.integers(1, 2**64 - 1),
    party=st.text(max_size=40),
    expires=st.none() | st.dates(date(2020, 1, 1), date(2199, 1, 1)),
    today=st.dates(),
)
def test_tokens_say_what_went_in(
    purpose: Purpose, mailbox: str, conversation: int, party: str, expires: date | None, today: date
):
    text = KEY.token(purpose, mailbox, conversation, party, expires)
    read = KEY.read(text, mailbox, today)

    expected = Token(purpose, conversation, KEY.party_hash(party), expires)
    over = expires is not None and today > expires
    assert read == (ExpiredToken(expected) if over else expected)
    assert len(text) <= 32 or conversation >= 2**24


@given(st.text() | st.from_regex(r"[a-z2-7]{20,34}", fullmatch=True))
@example("")
def test_nothing_but_our_own_tokens_and_ids_is_read(text: str):
    assert KEY.read(text, "support", date(2030, 5, 6)) is None
    assert KEY.read_message_id(text, "support") is None
    assert KEY.read_message_id(f"1.{text}@x", "support") is None


@given(st.binary(min_size=16), st.binary(min_size=16))
@example(b"0" * 16, b"0" * 16 + b"\0")
def test_a_token_is_worth_nothing_under_another_secret(one: bytes, other: bytes):
    text = TokenKey(one).token(Purpose.AGENT, "support", 5, "agent:anna")

    assert (TokenKey(other).read(text, "support", date(2030, 5, 6)) is None) == (one != other)
