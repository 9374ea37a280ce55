"""The lines of an answer to a list, read without anything around them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.conversations.commands import AddTags, Assign, Close, Note, Snooze, TagContext
from inboxd.conversations.digest_lines import ParsedLines, looks_like_order, parse_digest_lines

CONTEXT = TagContext(
    agents=["anna", "ben"],
    teams=["billing"],
    canned=["received"],
    me="anna",
    now=datetime(2030, 5, 6, 8, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
)
LIST = (1042, 1040, 3, 1051)


def read(text: str, conversations: tuple[int, ...] = LIST) -> ParsedLines:
    return parse_digest_lines(text, conversations, CONTEXT)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 close", {1: Close()}),
        ("1 CLOSE", {1: Close()}),
        ("1 cl", {1: Close()}),
        ("#1 close", {1: Close()}),
        ("1: #close", {1: Close()}),
        ("1. close", {1: Close()}),
        ("1) close", {1: Close()}),
        ("  1\tclose  ", {1: Close()}),
        ("1\u00a0close\u200b", {1: Close()}),
        ("#1040 close", {2: Close()}),
        ("#1040: close", {2: Close()}),
        ("3 assign ben", {3: Assign(agent="ben")}),
        ("3 assign team:billing", {3: Assign(team="billing")}),
        ("1,2 close", {1: Close(), 2: Close()}),
        ("1, 2 and 4 close", {1: Close(), 2: Close(), 4: Close()}),
        ("1 & 2 close", {1: Close(), 2: Close()}),
        ("2-4 tag a", {2: AddTags(("a",)), 3: AddTags(("a",)), 4: AddTags(("a",))}),
        ("2\u20134 close", {2: Close(), 3: Close(), 4: Close()}),
        ("1,1 close\n1 close", {1: Close()}),
        ("4 snooze mon 9:00", {4: Snooze(datetime(2030, 5, 13, 7, tzinfo=UTC))}),
    ],
)
def test_what_is_understood(text: str, wanted: dict[int, object]) -> None:
    parsed = read(text)
    assert parsed.errors == ()
    assert {each.line: each.commands for each in parsed.orders} == {
        line: (command,) for line, command in wanted.items()
    }
    assert all(each.conversation == LIST[each.line - 1] for each in parsed.orders)


def test_several_tags_and_lines_for_one_conversation_keep_their_order() -> None:
    (orders,) = read("1 tag a #priority high\n1 note call her").orders
    assert [type(each).__name__ for each in orders.commands] == ["AddTags", "SetPriority", "Note"]
    assert orders.commands[-1] == Note("call her")
    assert orders.note == "call her"


@pytest.mark.parametrize(
    ("text", "reason", "meant"),
    [
        ("1 colse", "there is no tag #colse", "1 close"),
        ("1,2 colse", "there is no tag #colse", "1,2 close"),
        ("1 assign bne", "there is no agent 'bne'", "1 assign ben"),
        ("9 close", "there is no line 9", None),
        ("0 close", "there is no line 0", None),
        ("1040 close", "there is no line 1040", "2 close"),
        ("3-9 close", "no part of the list", None),
        ("4-2 close", "no part of the list", None),
        ("1-900 close", "no part of the list", None),
        ("close", "this is no order", None),
        ("close 3", "this is no order", None),
        ("3", "this is no order", None),
        ("3close", "this is no order", None),
        ("3 2d", "this is no order", None),
        ("1 #1042 Close", "this is no order", None),  # as the list itself writes it
        ("  1  #1042  Close", "this is no order", None),
        ("Hello Jane,", "this is no order", None),
        ("1 send mon 9:00", "a customer is answered", None),
        ("1 forward x@y.example", "a customer is answered", None),
        ("1 canned received", "a customer is answered", None),
        ("1 help", "cannot be done from a list", None),
        ("1 list", "cannot be done from a list", None),
        ("1 merge 2", "cannot be done from a list", None),
        ("1 undo", "", None),
        ("1 close\n1 open", "do not go together", None),
        ("1 assign ben\n1-2 assign anna", "with different words", None),
        ("", "the mail has no words of yours", None),
        (" \n\u200b\n", "the mail has no words of yours", None),
    ],
)
def test_a_mistake_leaves_nothing_to_do(text: str, reason: str, meant: str | None) -> None:
    parsed = read(f"2 tag fine\n{text}" if text.strip(" \n\u200b") else text)
    assert parsed.orders == ()
    assert len(parsed.errors) == 1
    assert reason in parsed.errors[0].reason
    assert parsed.errors[0].suggestion == meant


def test_a_number_that_may_be_line_or_conversation_is_asked_about() -> None:
    numbers = (3, 7, 9)
    (mistake,) = read("#3 close", numbers).errors
    assert "line 3, or the conversation #3 in line 1" in mistake.reason
    assert mistake.suggestion == "3 close"
    assert read("3 close", numbers).orders[0].conversation == 9
    assert read("1 close", numbers).orders[0].conversation == 3
    assert read("#7 close", numbers).orders[0].conversation == 7
    assert read("#3 close", (5, 6, 3)).orders[0].conversation == 3


def test_every_mistake_is_named() -> None:
    assert [each.line for each in read("1 colse\n2 close\n8 close\nBye").errors] == [
        "1 colse",
        "8 close",
        "Bye",
    ]


def test_an_empty_list_has_no_lines() -> None:
    assert "the list has 0 lines" in read("1 close", ()).errors[0].reason


@pytest.mark.parametrize(("line", "is_one"), [("4 close", True), ("Question 4", False)])
def test_what_looks_like_an_order(line: str, is_one: bool) -> None:
    assert looks_like_order(line) is is_one


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789#-,.:) \n\tcloseand\u2013\uff03", max_size=80) | st.text())
def test_anything_is_read_and_done_only_without_a_mistake(text: str) -> None:
    parsed = read(text)
    assert bool(parsed.orders) != bool(parsed.errors)
    assert {each.conversation for each in parsed.orders} <= set(LIST)


def test_long_nonsense_takes_no_time() -> None:
    assert read("1," * 50_000 + " close").errors
    assert read("1 close\n" * 100_000).orders
    assert read("1 " + "#" * 100_000).errors
