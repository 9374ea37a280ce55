"""docs/agents.md shows the code's own tags, and its examples do what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inboxd.conversations.commands import (
    Assign,
    Canned,
    Cc,
    Close,
    Forward,
    Note,
    SendAt,
    TagContext,
    To,
)
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import parse_tags, tags_markdown

PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text("utf-8")
CONTEXT = TagContext(
    agents=("anna", "ben"),
    teams=("billing",),
    canned=("refund-received",),
    me="anna",
    now=datetime(2029, 5, 8, 8, 30, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
    views=("mine", "unassigned"),
)
MOST_WORDS = 1000  # of prose and examples; the table is for looking up


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_holds_the_codes_table_of_tags():
    shown = PAGE.partition("<!-- tags: begin -->\n")[2].partition("\n<!-- tags: end -->")[0]

    assert shown == tags_markdown()
    assert all(f"| `#{name}" in shown for name in TAGS)


@pytest.mark.parametrize("example", blocks("mail"))
def test_every_example_is_obeyed(example: str):
    parsed = parse_tags(example, CONTEXT)

    assert parsed.errors == ()
    assert parsed.commands


def test_the_examples_do_what_the_page_says():
    answer, tags_alone, note, short_note, copied, asked, later, canned, first, literal = (
        parse_tags(each, CONTEXT) for each in blocks("mail")
    )

    assert (answer.answers, answer.commands[0]) == (True, Close())
    assert (tags_alone.answers, tags_alone.commands[0]) == (False, Assign(agent="anna"))
    assert (note.answers, note.commands) == (False, (Note(),))
    assert short_note.body == "Carla called, same story as #1042"
    assert (copied.answers, copied.options) == (True, (Cc(("jane@customer.example",)),))
    assert (asked.answers, asked.options) == (False, (Forward(("info@maker.example",)),))
    assert (later.answers, later.options) == (
        True,
        (SendAt(datetime(2029, 5, 9, 7, tzinfo=UTC)),),
    )
    assert canned.options == (Canned("refund-received", (("order", "4711"),), 1),)
    assert (first.answers, first.options) == (True, (To(("carla@customer.example",)),))
    assert literal.body == "#1 of 3: unplug the kettle."


@pytest.mark.parametrize("line", "".join(blocks("list")).splitlines())
def test_what_a_list_is_answered_with_is_a_tag_behind_a_number(line: str):
    number, _, tag = line.partition(" ")

    assert number.isdecimal()
    assert parse_tags(f"#{tag}", CONTEXT).errors == ()


@pytest.mark.parametrize(
    "tag",
    [
        tag
        for tag in re.findall(r"`(#[a-z][^`]*)`", PAGE.partition("## When something is wrong")[0])
        if tag not in ("#to", "#nocc", "#send", "#canned", "#send now")  # named, not shown in use
    ],
)
def test_every_tag_in_the_text_is_obeyed(tag: str):
    if tag in ("#prio", "#as"):
        tag = {"#prio": "#prio high", "#as": "#as anna"}[tag]

    assert parse_tags(tag, CONTEXT).errors == ()


def test_the_page_is_read_in_three_minutes():
    read, _, table = PAGE.partition("<!-- tags: begin -->")

    assert len(read.split()) <= MOST_WORDS
    assert table


def test_a_mistake_is_explained_as_the_page_shows():
    (mail,), (reason,) = blocks("mistake"), blocks("reason")
    parsed = parse_tags(mail, CONTEXT)

    assert [str(error) for error in parsed.errors] == [reason.strip()]
    assert not parsed.answers


@pytest.mark.parametrize(
    "line",
    ["#assign", "#close now", "#assign nobody", "#close #open", "#note #canned refund-received"],
)
def test_what_the_page_calls_a_mistake_is_one(line: str):
    assert parse_tags(line, CONTEXT).errors


@pytest.mark.parametrize("line", ["your order #4711 has left", "# Returns", "#1 of 3"])
def test_what_the_page_calls_text_is_text(line: str):
    parsed = parse_tags(f"Hello\n{line}\nBye", CONTEXT)

    assert line in PAGE
    assert (parsed.body, parsed.errors) == (f"Hello\n{line}\nBye", ())


def test_every_time_that_the_page_mentions_can_be_read():
    details = PAGE.partition("Times are in your zone")[2].partition("\n")[0]
    times = re.findall(r"`([^`]+)`", details)

    assert len(times) > 5
    assert [when for when in times if parse_tags(f"#snooze {when}", CONTEXT).errors] == []


def test_every_time_that_help_mentions_can_be_read():
    details = TAGS["snooze"].details.partition("WHEN is")[2].partition("A day without")[0]
    times = re.findall(r"`([^`]+)`", details)

    assert len(times) > 5
    assert [when for when in times if parse_tags(f"#snooze {when}", CONTEXT).errors] == []
