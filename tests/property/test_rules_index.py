"""The index of rules against trying each of them: what is done is the same, always."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inboxd.mail.model import Address, Attachment, Headers
from inboxd.rules import index, ruleset
from inboxd.rules.evaluate import Evaluation, Step, evaluate
from inboxd.rules.facts import (
    Change,
    ContactFacts,
    ConversationFacts,
    Facts,
    History,
    MessageFacts,
    WholeMail,
)
from inboxd.rules.literals import needed
from inboxd.rules.patterns import Pattern
from inboxd.rules.ruleset import RuleSet, compile_rules
from inboxd.rules.schema import Rule
from inboxd.rules.text import folded, searchable

NOW = datetime(2030, 5, 6, 8, 0, tzinfo=UTC)
# Words that are parts of one another, in several scripts and forms.
WORDS = (
    *("refund", "fund", "refunds", "Straße", "STRASSE", "ＲＥＦＵＮＤ", "café", "cafe\u0301"),
    *("返金", "money back", "ab", "a", "vip", "gold", "ﬁnd", "İstanbul", "x@b.example"),
)
PATTERNS = (
    *(r"ref(?:und|urb)s?", r"(?i)REFUND", r"\bfund\b", r"caf[eé]", r"(?P<x>money)\s+back"),
    *(r"go+ld", r"fund|gold|vip", r"a{3}b", r"^$", r"(gold)?vip", r"re(fund){1,2}", r"\x72efund"),
)
ADDRESSES = (
    *("jo@a.example", "Jo@A.example", "x@b.example", "ｊo@a.example", "sub@x.a.example"),
    *("vip@refund.example", ""),
)

words = st.sampled_from(WORDS)
sentences = st.lists(words, max_size=4).map(" ".join)
some = st.lists(words, min_size=1, max_size=3)
flags = st.booleans()

texts = st.one_of(
    some,
    *(
        st.fixed_dictionaries({operator: some})
        for operator in (
            *("is", "is_not", "contains", "starts_with", "ends_with"),
            *("any_of", "none_of", "all_of"),
        )
    ),
    st.fixed_dictionaries({"matches": st.sampled_from(PATTERNS)}),
    st.fixed_dictionaries({"exists": flags}),
    st.fixed_dictionaries({"contains": some, "none_of": some}),
)
people = st.one_of(
    texts,
    st.sampled_from(["@a.example", "jo@a.example", "example", "jo@", "x"]),
    st.fixed_dictionaries({"ends_with": st.sampled_from(["@a.example", "example"])}),
    st.fixed_dictionaries({"matches": st.sampled_from(["jo@", "(?i)EXAMPLE$", "^vip"])}),
)
numbers = st.fixed_dictionaries({"above": st.integers(0, 3)})
by_name = {
    **dict.fromkeys(
        ("subject", "body", "body.all", "header.X-Order", "tags", "fields.plan", "from.name"), texts
    ),
    **dict.fromkeys(("contact.tags", "contact.fields.plan", "attachments.name", "change"), texts),
    **dict.fromkeys(("from", "to", "cc", "contact", "from.address", "contact.domain"), people),
    "header.X-Score": numbers,
    "attachments": numbers,
    "messages": numbers,
    "mailbox": st.just("support"),
    "kind": st.sampled_from(["customer", "list", {"is_not": "bounce"}]),
    "state": st.sampled_from(["open", "closed", {"none_of": ["open", "pending"]}]),
    "assignee": st.sampled_from(["anna", "none", {"is_not": "anna"}]),
    "priority": st.sampled_from(["high", {"above": "normal"}]),
    "language": st.sampled_from(["de", {"exists": False}]),
    "age.customer": st.just({"older_than": "2 h"}),
    "attachments.type": st.sampled_from(["image/*", {"is": "application/pdf"}]),
}
leaves = st.sampled_from(sorted(by_name)).flatmap(
    lambda name: st.fixed_dictionaries({name: by_name[name]})
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
        st.tuples(leaves, inner).map(lambda both: {**both[1], **both[0]}),
    ),
    max_leaves=5,
)
actions = st.one_of(
    st.fixed_dictionaries({"tag": st.sampled_from(["vip", "gold", "refund"])}),
    st.fixed_dictionaries({"untag": st.sampled_from(["vip", "gold"])}),
    st.fixed_dictionaries({"set": st.just({"priority": "high", "fields.plan": "gold"})}),
    st.fixed_dictionaries({"assign": st.sampled_from(["anna", "none"])}),
    st.fixed_dictionaries({"contact": st.sampled_from(["from", "reply_to"])}),
    st.just("close"),
    st.fixed_dictionaries({"run": st.just("set")}),
)
places = st.integers(0, 11)
bodies = st.fixed_dictionaries(
    {"when": st.just("message.received"), "then": st.lists(actions, min_size=1, max_size=2)},
    optional={
        "if": conditions,
        "stop": st.sampled_from([False, False, True]),
        "shadow": st.sampled_from([False, False, True]),
    },
)
rule_lists = st.lists(bodies, min_size=1, max_size=12).map(
    lambda found: [
        Rule.model_validate({**body, "name": f"rule {i}"}) for i, body in enumerate(found)
    ]
)

addresses = st.builds(Address, st.sampled_from(["", *WORDS]), st.sampled_from(ADDRESSES))
lists_of_addresses = st.lists(addresses, max_size=2).map(tuple)
headers = st.lists(
    st.tuples(st.sampled_from(["X-Order", "x-order", "X-Score"]), sentences | st.just("2.5")),
    max_size=3,
)
wholes = st.builds(
    WholeMail,
    text=sentences,
    headers=headers.map(Headers),
    reply_to=lists_of_addresses,
)
files = st.builds(
    Attachment,
    part=st.just(1),
    filename=words,
    content_type=st.sampled_from(["image/png", "application/pdf"]),
    size=st.integers(0, 10**7),
    sha256=st.just(""),
)
messages = st.builds(
    MessageFacts,
    from_=lists_of_addresses,
    to=lists_of_addresses,
    cc=lists_of_addresses,
    subject=sentences,
    reply_text=sentences,
    kind=st.sampled_from(["customer", "list", "bounce"]),
    attachments=st.lists(files, max_size=2).map(tuple),
    whole=wholes.map(lambda whole: lambda: whole),
    language=st.sampled_from(["de", ""]).map(lambda code: lambda: code),
)
tags = st.frozensets(st.sampled_from(["vip", "gold", "refund"]), max_size=2)
contacts = st.builds(
    ContactFacts, fields=st.dictionaries(st.just("plan"), words, max_size=1), tags=tags
)
conversations = st.builds(
    ConversationFacts,
    number=st.just(1),
    state=st.sampled_from(["open", "closed"]),
    tags=tags,
    assignee=st.sampled_from([None, "anna"]),
    subject=sentences,
    fields=st.dictionaries(st.just("plan"), words, max_size=1),
    contact=st.none() | addresses,
    history=st.just(lambda: History(2, NOW - timedelta(hours=3), None)),
)
all_facts = st.builds(
    Facts,
    event=st.just("message.received"),
    mailbox=st.sampled_from(["support", "sales"]),
    conversation=conversations,
    message=st.none() | messages,
    now=st.just(NOW),
    change=st.none() | st.just(Change("tag", "vip", None, "vip")),
    known_of=contacts.map(lambda known: lambda contact: known),
)


@pytest.mark.parametrize("automaton_from", [1, 1000], ids=["automaton", "search"])
def test_with_an_index_the_same_is_done_as_by_asking_each_rule(
    automaton_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_AUTOMATON_FROM", automaton_from)

    def evaluated(rules: RuleSet, facts: Facts, spent: dict[str, str], start: int) -> Evaluation:
        monkeypatch.setattr(ruleset, "INDEXED_FROM", start)
        return evaluate(replace(rules, _groups={}), facts, spent)

    @settings(max_examples=150)
    @given(rule_lists, all_facts, st.sets(places, max_size=2), st.sets(places, max_size=4))
    def check(rules: list[Rule], facts: Facts, spent: set[int], inside: set[int]) -> None:
        members = {f"rule {number}": "set" for number in inside if number < len(rules)}
        ready = compile_rules(rules, "", members, {"set": frozenset({"support"})})
        not_again = {f"rule {number}": "it has acted" for number in spent}
        plain = evaluated(ready, facts, not_again, 1000)
        assert all(isinstance(look, Step) for look in plain.looks)
        assert_same(plain, evaluated(ready, facts, not_again, 0))

    check()


def assert_same(plain: Evaluation, indexed: Evaluation) -> None:
    assert indexed.effects == plain.effects
    assert indexed.stopped == plain.stopped
    assert indexed.conversation == plain.conversation
    assert indexed.matched == plain.matched
    assert indexed.shadowed == plain.shadowed
    for step, expected in zip(indexed.trace, plain.trace, strict=True):
        assert (step.rule, step.matched) == (expected.rule, expected.matched)
        assert step.shadow == expected.shadow
        assert 0 < len(step.why) <= 200
    assert all(look in plain.trace for look in indexed.looks if isinstance(look, Step))
    told, all_told = indexed.to_json(), plain.to_json()
    assert told["matched"] == all_told["matched"]
    assert len(told["missed"]) == len(all_told["missed"])


_ATOMS = st.sampled_from(
    [
        *("ref", "und", "a", "bc", "É", " ", ".", r"\.", r"\d", r"\w", r"\x61", r"\pL", r"\p{Lu}"),
        *("[abc]", "[^a]", "[[:alpha:]]", "[]a]", r"[\]a]", r"\b", "^", "$", r"\bref", "ß", "K"),
    ]
)
_QUANTIFIERS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "+?"])
_patterns = st.recursive(
    st.tuples(_ATOMS, _QUANTIFIERS).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join),
        st.tuples(
            st.sampled_from(["(", "(?:", "(?P<g>", "(?i:", "(?i)("]), inner, _QUANTIFIERS
        ).map(lambda parts: f"{parts[0]}{parts[1]}){parts[2]}"),
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(_patterns, st.text("refundabcREFAB .É1ßK]\u0301", max_size=40))
def test_a_pattern_matches_no_text_without_the_letters_that_it_is_said_to_need(
    pattern: str, text: str
) -> None:
    try:
        ready = Pattern(pattern)
    except ValueError:
        assume(False)
    found = needed(pattern)
    if found is not None and ready.search(searchable(text)) is not None:
        assert any(word in folded(text) for word in found)


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        (r"(?i)order\s+#?(?P<order>\d{6})", {"order"}),
        (r"PARCEL-(?P<parcel>[0-9]{8})", {"parcel-"}),
        (r"(?i)tracking (?:no|number):? (?P<parcel>\w+)", {"tracking"}),
        (r" a  refund  or ", {"refund"}),
        (r"K-001 \s+medium", {"medium"}),
        (r"(?m)^E-mail: *(?P<email>\S+)", {"e-mail:"}),
        (r"refund|money back", {"refund", "money back"}),
        (r"(?:invoice|receipt) no", {"invoice", "receipt"}),
        (r"colou?r scheme", {"r scheme"}),
        (r"a{3}", {"aaa"}),
        (r"go+gle", {"ogle"}),
        (r"\d+", None),
        (r"x|refund", None),
        (r"(refund)?", None),
        (r"\Qrefund\E", None),
    ],
)
def test_the_letters_that_patterns_need(pattern: str, letters: set[str] | None) -> None:
    assert Pattern(pattern)
    found = needed(pattern)
    assert found == (frozenset(letters) if letters else None)
