"""What the analysis calls impossible never happens, and what it calls implied always does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.mail.model import Address, Headers
from inboxd.rules.analysis import never
from inboxd.rules.conditions import Condition
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts, WholeMail
from inboxd.rules.feasible import Scope
from inboxd.rules.logic import formula_of, implies
from inboxd.rules.match import compiled
from inboxd.rules.terms import Known
from inboxd.rules.view import View

KNOWN = Known(agents=frozenset({"anna"}), mailboxes=frozenset({"a", "b"}))
SCOPE = Scope(KNOWN, KNOWN.mailboxes)
WORDS = st.sampled_from(["a", "b", "ab", "abc", "B", "1", "2"])
TEXTS = ("is", "is_not", "contains", "starts_with", "ends_with", "any_of", "none_of", "all_of")


def asked(*operators: str, values: st.SearchStrategy[Any] = WORDS) -> st.SearchStrategy[Any]:
    many = st.lists(values, min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(operators), many, min_size=1, max_size=2)


def texts(*more: str) -> st.SearchStrategy[Any]:
    operators = asked(*TEXTS, *more)
    exists = st.fixed_dictionaries({"exists": st.booleans()})
    return operators | exists | st.tuples(operators, exists).map(lambda both: both[0] | both[1])


NAMES = asked("is", "is_not", "any_of", "none_of", values=st.sampled_from(["open", "closed"]))
MAILBOX = asked("is", "is_not", "any_of", "none_of", values=st.sampled_from(["a", "b"]))
COUNTS = st.dictionaries(
    st.sampled_from(["above", "below"]), st.integers(0, 3), min_size=1, max_size=2
) | asked("is", "is_not", values=st.integers(0, 3))
LEAVES = st.dictionaries(
    st.sampled_from(["subject", "body", "tags", "fields.x", "header.X-A", "from", "from.name"]),
    texts(),
    min_size=1,
    max_size=2,
) | st.one_of(
    NAMES.map(lambda each: {"state": each}),
    MAILBOX.map(lambda each: {"mailbox": each}),
    COUNTS.map(lambda each: {"messages": each}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"all": each}),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"any": each}),
        inner.map(lambda each: {"not": each}),
    ),
    max_leaves=5,
).map(Condition.model_validate)
SAID = st.sampled_from(["", "a", "A", "b", "ab", "abc", "xabcx", "1", "2", "a b"])


@st.composite
def views(draw: st.DrawFn) -> View:
    words = draw(st.lists(SAID, min_size=8, max_size=8))
    headers = Headers([("X-A", word) for word in words[:2] if word])
    message = MessageFacts(
        from_=tuple(Address(word, f"{word or 'x'}@a.example") for word in words[2:4]),
        subject=words[4],
        reply_text=words[5],
        whole=lambda: WholeMail(text=words[5], headers=headers),
    )
    history = draw(st.integers(0, 4))
    conversation = ConversationFacts(
        number=1,
        state=draw(st.sampled_from(["open", "closed", "pending"])),
        tags=frozenset(draw(st.sets(st.sampled_from(["a", "b", "ab"]), max_size=2))),
        fields={"x": words[6]} if words[6] else {},
        history=lambda: history_of(history),
    )
    return View(Facts("message.received", draw(st.sampled_from("ab")), conversation, message))


def history_of(count: int) -> Any:
    from inboxd.rules.facts import History

    return History(messages=count)


@settings(max_examples=250, deadline=None)
@given(CONDITIONS, st.lists(views(), min_size=6, max_size=6))
def test_what_is_called_impossible_never_holds(condition: Condition, seen: list[View]) -> None:
    if not never(formula_of(condition, ()), (), SCOPE):
        return
    check = compiled(condition)
    assert not any(check(view).held for view in seen)


@settings(max_examples=250, deadline=None)
@given(CONDITIONS, CONDITIONS, st.lists(views(), min_size=6, max_size=6))
def test_what_is_called_implied_holds(one: Condition, other: Condition, seen: list[View]) -> None:
    if not implies(formula_of(one, ()), formula_of(other, ())):
        return
    for view in seen:
        if compiled(one)(view).held:
            assert compiled(other)(view).held


@settings(max_examples=120, deadline=None)
@given(CONDITIONS, st.lists(views(), min_size=4, max_size=4))
def test_a_formula_says_what_its_condition_says(condition: Condition, seen: list[View]) -> None:
    formula, negation = formula_of(condition, ()), formula_of(condition, (), holds=False)
    assert implies(formula, formula)
    for view in seen:
        held = compiled(condition)(view).held
        assert holds(formula, view) is held
        assert holds(negation, view) is not held


def holds(formula: Any, view: View) -> bool:
    if hasattr(formula, "leaf"):
        return formula.leaf.check()(view).held is formula.holds
    parts = [holds(part, view) for part in formula.parts]
    return all(parts) if type(formula).__name__ == "And" else any(parts)
