from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from inboxd.conversations.commands import (
    AddTags,
    Assign,
    Canned,
    Close,
    Command,
    Help,
    Note,
    Open,
    Priority,
    RemoveTags,
    SetPriority,
    Snooze,
    TagContext,
)
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import Parsed, cheat_sheet, help_text, parse_tags

CONTEXT = TagContext(
    agents=("anna", "ben", "billing", "Dr. Çelik"),
    teams=("billing", "Returns"),
    canned=("refund-received", "still-there"),
    me="anna",
    now=datetime(2030, 5, 8, 8, 30, tzinfo=UTC),  # a Wednesday
    zone=ZoneInfo("Europe/Berlin"),
)
MONDAY = Snooze(datetime(2030, 5, 13, 7, tzinfo=UTC))


def parse(text: str) -> Parsed:
    return parse_tags(text, CONTEXT)


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("#close", (Close(),)),
        ("#open", (Open(),)),
        ("#note", (Note(),)),
        ("#assign anna", (Assign(agent="anna"),)),
        ("#assign ANNA.", (Assign(agent="anna"),)),
        ("#assign: anna", (Assign(agent="anna"),)),
        ("#assign:anna", (Assign(agent="anna"),)),
        ("#assign dr. çelik", (Assign(agent="Dr. Çelik"),)),
        ("#assign team:billing", (Assign(team="billing"),)),
        ("#assign team: billing", (Assign(team="billing"),)),
        ("#assign billing", (Assign(agent="billing"),)),
        ("#assign returns", (Assign(team="Returns"),)),
        ("#assign me", (Assign(agent="anna"),)),
        ("#assign none", (Assign(),)),
        ("#tag refund", (AddTags(("refund",)),)),
        ("#tag Refund, urgent;vip refund", (AddTags(("refund", "urgent", "vip")),)),
        ("#tag größe.xl a/b-c_d", (AddTags(("größe.xl", "a/b-c_d")),)),
        ("#untag urgent", (RemoveTags(("urgent",)),)),
        ("#priority urgent", (SetPriority(Priority.URGENT),)),
        ("#prio h", (SetPriority(Priority.HIGH),)),
        ("#snooze mon", (MONDAY,)),
        ("#snooze Mon 9:00.", (MONDAY,)),
        ("#snooze 13.5.", (MONDAY,)),
        ("#snooze 2030–05–13", (MONDAY,)),
        ("#canned refund-received", (Canned("refund-received"),)),
        ("#canned “Refund—Received”", (Canned("refund-received"),)),
        ("#help", (Help(),)),
        ("#help snooze", (Help("snooze"),)),
        ("#help prio?", (Help("priority"),)),
        ("#as ben", (Assign(agent="ben"),)),
        ("#Close.", (Close(),)),
        ("＃ｃｌｏｓｅ", (Close(),)),
        ("﹟close", (Close(),)),
        ("\u00a0#tag\u00a0a\u202fb\u3000c", (AddTags(("a", "b", "c")),)),
        ("\ufeff\u200b#close\u200b", (Close(),)),
        ("#assign anna #tag refund urgent", (Assign(agent="anna"), AddTags(("refund", "urgent")))),
        ("#tag a #close #untag b", (AddTags(("a",)), Close(), RemoveTags(("b",)))),
        ("#close #close", (Close(),)),
    ],
)
@pytest.mark.parametrize("where", ["{}", "{}\n\nHello", "Hello\n{}\n\n", "Hello\r\n\r\n  {}\r\n"])
def test_tags_mean_the_same_above_and_below_the_text(
    line: str, commands: tuple[Command, ...], where: str
):
    text = where.format(line)
    if any(isinstance(command, Help) for command in commands):
        text = line

    parsed = parse(text)

    assert parsed.errors == ()
    assert parsed.commands == commands
    assert parsed.body == ("Hello" if "Hello" in text else "")


def test_several_lines_of_tags_at_both_ends():
    parsed = parse("#close\n\n#tag a\nHello Carla,\n\nit is #1042.\n\n#assign ben\n\n#prio low\n")

    assert parsed.body == "Hello Carla,\n\nit is #1042."
    assert parsed.commands == (
        Close(),
        AddTags(("a",)),
        Assign(agent="ben"),
        SetPriority(Priority.LOW),
    )
    assert parsed.answers


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n#1 priority is your refund\nBye",
        "Hello\n# Returns\nBye",
        "Hello\n#blackfriday\nBye",
        "Hello\n# Open questions\nBye",
        "Hello\n#help-desk #open_air\nBye",
        "It ships with #1042",
        "We love #blackfriday and #close deals",
        "#\ufe0f\u20e3 1: press the button",
        "",
        "\n \u00a0\n",
    ],
)
def test_text_stays_text(text: str):
    parsed = parse(text)

    assert (parsed.commands, parsed.errors) == ((), ())
    assert parsed.body == text.strip()


@pytest.mark.parametrize("line", ["#1 is yours", "# Heading", "#close", "##", "＃close"])
@pytest.mark.parametrize("where", ["{}", "{}\nHello", "Hello\n{}", "Hello\n  {}\nBye"])
def test_a_backslash_makes_a_number_sign_literal(line: str, where: str):
    parsed = parse(where.format("\\" + line))

    assert (parsed.commands, parsed.errors) == ((), ())
    assert parsed.body == where.format(line)


def test_a_literal_number_sign_ends_the_lines_of_tags():
    parsed = parse("#close\n\\#1 of 3\n#tag a")

    assert parsed.body == "#1 of 3"
    assert parsed.commands == (Close(), AddTags(("a",)))


@pytest.mark.parametrize(
    ("line", "reason", "suggestion"),
    [
        ("#clsoe", "no tag #clsoe", "#close"),
        ("#asign anna", "no tag #asign", "#assign"),
        ("#assign-anna", "no tag #assign-anna", "#assign"),
        ("#closed", "no tag #closed", "#close"),
        ("#blackfriday", "no tag #blackfriday", None),
        ("#c", "no tag #c", "#cc"),
        ("#1042", "begins a tag", None),
        ("# heading", "begins a tag", None),
        ("#", "begins a tag", None),
        ("####", "begins a tag", None),
        ("##close", "begins a tag", None),
        ("#close now", "nothing stands behind", None),
        ("#assign", "needs a name", "#assign me"),
        ("#assign ana", "no agent 'ana'", "#assign anna"),
        ("#assign team:biling", "no team 'biling'", "#assign team:billing"),
        ("#assign team:", "no team ''", None),
        ("#tag", "at least one word", "#tag refund"),
        ("#tag a #1042", "'#1042' cannot be a tag", None),
        ("#tag <b>", "'<b>' cannot be a tag", None),
        ("#priority", "one of low, normal, high, urgent", None),
        ("#priority hihg", "one of low, normal, high, urgent", "#priority high"),
        ("#snooze", "needs a time", "#snooze 3 days"),
        ("#snooze whenever", "no time that I can read", "#snooze 3 days"),
        ("#snooze 2020-01-01", "is past", "#snooze 3 days"),
        ("#canned", "needs the name", None),
        ("#canned refund-recieved", "no canned reply", "#canned refund-received"),
        ("#help clsoe", "no tag #clsoe", "#close"),
        ("#close #tga a", "no tag #tga", "#tag"),
    ],
)
@pytest.mark.parametrize("where", ["{}", "{}\nHello", "Hello\n\n{}"])
def test_a_mistake_stops_the_mail(line: str, reason: str, suggestion: str | None, where: str):
    parsed = parse(where.format(line))

    (error,) = parsed.errors
    assert error.line == line
    assert reason in error.reason
    assert error.suggestion == suggestion
    assert not parsed.answers


def test_an_abbreviation_that_could_be_two_tags_is_a_mistake(monkeypatch: pytest.MonkeyPatch):
    tags = {**TAGS, "assume": TAGS["open"]}
    monkeypatch.setattr("inboxd.conversations.tag_table.TAGS", tags)

    (error,) = parse("#ass anna").errors

    assert error.reason == "#ass could be #assign or #assume"


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n#close\n\nAnna Schmidt\nShop Ltd",
        "Hello\n#assign nobody-we-know\nAnna",
        "Hello\n#note he shouted at me\nBye",
        "Hello\n#assign anna #snooze monday\n9:00",
    ],
)
def test_pitfall_17_a_tag_between_the_words_never_reaches_the_customer(text: str):
    parsed = parse(text)

    assert [error.line for error in parsed.errors] == [text.split("\n")[1]]
    assert not parsed.answers


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("#close #open", "#close #open"),
        ("#snooze mon\nHello\n#close", "#close #snooze"),
        ("#assign anna\n#assign ben", "#assign"),
        ("#prio low #prio high", "#priority"),
        ("#tag a b #untag b", "#tag b #untag b"),
        ("#note\n#canned still-there", "#note #canned"),
        ("#note he called\nHello", "#note"),
        ("#help\nHello", "#help"),
        ("#help #close", "#help"),
    ],
)
def test_contradictions_stop_the_mail(text: str, line: str):
    (error,) = parse(text).errors

    assert sorted(error.line.split()) == sorted(line.split())


def test_a_note_is_no_answer():
    whole = parse("#note\nCarla called.\n#tag called")
    inline = parse("#note Carla called – same as #1042…")

    assert (whole.body, whole.is_note, whole.answers) == ("Carla called.", True, False)
    assert inline.body == "Carla called – same as #1042…"
    assert (inline.is_note, inline.answers) == (True, False)


def test_words_of_a_note_end_at_the_next_tag():
    assert parse("#note he called #close").commands == (Note("he called"), Close())


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("#close", False),
        ("#assign anna\n\n", False),
        ("", False),
        ("Hello", True),
        ("Hello\n#close", True),
        ("#canned still-there", True),
        ("#canned still-there #close", True),
    ],
)
def test_tags_alone_send_nothing_but_a_canned_reply(text: str, answers: bool):
    assert parse(text).answers is answers


def test_all_mistakes_are_reported_at_once():
    parsed = parse("#clsoe\n#assign ana\nHello\n#tag")

    assert [error.line for error in parsed.errors] == ["#clsoe", "#assign ana", "#tag"]


def test_errors_are_short_and_say_what_to_write():
    parsed = parse("#" + "x" * 10_000)

    assert len(str(parsed.errors[0])) < 400
    assert str(parse("#clsoe").errors[0]) == "#clsoe: there is no tag #clsoe. Did you mean #close?"


def test_help_explains_one_tag_or_all():
    assert all(f"#{name}" in help_text() for name in TAGS)
    assert help_text("prio").startswith(
        "#priority low | normal | high | urgent\nSets the priority."
    )
    assert help_text("clsoe").startswith("There is no tag #clsoe.\n\n")
    assert all(spec.does in help_text() for spec in TAGS.values())


def test_the_cheat_sheet_holds_the_tags_used_most_and_fits_a_phone():
    lines = cheat_sheet().splitlines()

    assert 10 <= len(lines) <= 12
    assert lines[-1].startswith("#help")
    assert max(map(len, lines)) < 90
    assert len(lines) < len(TAGS)


@pytest.mark.parametrize("text", ["Hello\n#nocc", "#nocc\n\nHello", "#nocc #canned still-there"])
def test_nocc_goes_with_an_answer(text: str):
    parsed = parse(text)

    assert (parsed.errors, parsed.answers, parsed.to_contact_alone) == ((), True, True)
    assert not parse("Hello").to_contact_alone


@pytest.mark.parametrize("text", ["#nocc", "#nocc #close", "#nocc\n#note Carla called"])
def test_nocc_without_an_answer_is_a_mistake_and_says_what_is_missing(text: str):
    parsed = parse(text)

    (error,) = parsed.errors
    assert "#nocc" in error.line
    assert "answer" in error.reason or error.line == "#nocc #note"


def test_files_are_an_answer_that_nocc_may_be_about():
    context = replace(CONTEXT, has_files=True)

    assert parse_tags("#nocc", context).errors == ()
    assert parse_tags("#nocc\n#note secret", context).errors


def test_an_abbreviation_that_might_be_two_tags_is_a_mistake():
    (error,) = parse("Hello\n#no").errors

    assert error.reason == "#no could be #note or #nocc"
