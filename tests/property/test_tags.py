from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from inboxd.conversations.commands import (
    AddTags,
    Assign,
    Canned,
    Close,
    Command,
    Open,
    Priority,
    RemoveTags,
    SetPriority,
    TagContext,
)
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import help_text, parse_tags
from inboxd.conversations.when import parse_when

AGENTS = ("anna", "ben", "carol.x")
CANNED = ("refund-received", "still-there")
NOW = datetime(2030, 5, 8, 8, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CONTEXT = TagContext(AGENTS, ("billing",), CANNED, "anna", NOW, BERLIN)

WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)


def written(command: Command) -> str:
    """Return the tag that asks for `command`."""
    match command:
        case Assign(agent=agent):
            return f"#assign {agent or 'none'}"
        case AddTags(tags=tags):
            return f"#tag {' '.join(tags)}"
        case RemoveTags(tags=tags):
            return f"#untag {' '.join(tags)}"
        case SetPriority(priority=priority):
            return f"#priority {priority}"
        case Canned(name=name):
            return f"#canned {name}"
        case _:
            return f"#{type(command).__name__.lower()}"


@st.composite
def requests(draw: st.DrawFn) -> list[Command]:
    """Draw commands that go together, at most one of a kind."""
    added = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    removed = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    assume(not set(added) & set(removed))
    possible: list[Command] = [
        draw(st.sampled_from([Close(), Open()])),
        Assign(agent=draw(st.sampled_from([*AGENTS, None]))),
        AddTags(tuple(added)),
        RemoveTags(tuple(removed)),
        SetPriority(draw(st.sampled_from(Priority))),
        Canned(draw(st.sampled_from(CANNED))),
    ]
    return draw(st.lists(st.sampled_from(possible), unique=True))


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
PROSE = st.lists(LINES.map(lambda line: f"a{line}z"), max_size=5).map("\n".join)


@given(st.data(), requests(), PROSE)
def test_what_is_written_is_read(data: st.DataObject, commands: list[Command], prose: str):
    """In any grouping into lines, above or below the text, in any letter case."""
    lines: list[str] = []
    for tag in map(written, commands):
        shown = tag.upper() if data.draw(st.booleans()) else tag
        if lines and data.draw(st.booleans()):
            lines[-1] += " " + shown
        else:
            lines.append(shown)
    cut = data.draw(st.integers(0, len(lines)))
    gap = data.draw(st.sampled_from(["\n", "\n\n", "\r\n", "\n\u00a0\n"]))

    parsed = parse_tags(gap.join([*lines[:cut], prose, *lines[cut:]]), CONTEXT)

    assert parsed.errors == ()
    assert parsed.commands == tuple(commands)
    assert parsed.body == prose
    canned = any(isinstance(command, Canned) for command in commands)
    assert parsed.answers == (bool(prose) or canned)


@given(st.lists(LINES.map(str.strip) | LINES.map("#{}".format), max_size=6))
def test_text_with_its_number_signs_escaped_is_sent_as_it_was(lines: list[str]):
    assume(
        not any(
            unicodedata.category(line[0]) == "Cf" or line[0] in "\\＼﹨＃﹟"
            for line in lines
            if line
        )
    )
    escaped = [f"\\{line}" if line.startswith("#") else line for line in lines]

    parsed = parse_tags("\n".join(escaped), CONTEXT)

    assert (parsed.commands, parsed.errors) == ((), ())
    assert parsed.body == "\n".join(lines).strip()


SCRAPS = st.sampled_from(
    [
        "#",
        "＃",
        "\n",
        "\n",
        "text",
        " ",
        "\u00a0",
        "\u200b",
        ":",
        ".",
        ",",
        "-",
        *(f"#{t}" for t in TAGS),
    ]
)


@given(
    st.lists(SCRAPS | st.text(st.characters(exclude_characters="\\＼﹨"), max_size=5), max_size=15)
)
def test_no_line_that_starts_with_a_tag_is_ever_sent(scraps: list[str]):
    parsed = parse_tags("".join(scraps), CONTEXT)

    if parsed.answers:
        first_words = [
            line.split()[0].casefold() for line in parsed.body.split("\n") if line.split()
        ]
        assert not {f"#{tag}" for tag in TAGS} & set(first_words)


@given(st.text())
def test_any_text_is_read(text: str):
    parsed = parse_tags(text, CONTEXT)

    assert not (parsed.errors and parsed.answers)
    assert all(error.reason and str(error) for error in parsed.errors)


@given(st.text(max_size=20))
def test_help_is_given_for_anything(word: str):
    assert help_text(word)


@given(
    text=st.text(max_size=20)
    | st.from_regex(
        r"[0-9]{1,4}[-.][0-9]{1,2}[-.]([0-9]{1,4})?( [0-9]{1,2}:[0-9]{2})?", fullmatch=True
    )
    | st.from_regex(r"[0-9]{1,5} ?(min|h|d|days|weeks|business days)", fullmatch=True)
    | st.from_regex(
        r"(mon|tue|sunday|tomorrow|today|next week)( at)? [0-9]{1,2}(pm)?", fullmatch=True
    ),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_moment_lies_in_the_next_five_years_or_is_refused(text: str, now: datetime, zone: str):
    try:
        moment = parse_when(text, now, ZoneInfo(zone))
    except ValueError:
        return
    assert now < moment <= now + timedelta(days=5 * 366)
    assert moment.utcoffset() == timedelta()
