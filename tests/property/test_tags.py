from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from inboxd.conversations import commands as ask
from inboxd.conversations.commands import Canned, Command, Priority, TagContext
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import help_text, parse_tags
from inboxd.conversations.when import parse_when

AGENTS = ("anna", "ben", "carol.x")
CANNED = ("refund-received", "still-there")
NOW = datetime(2030, 5, 8, 8, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CONTEXT = TagContext(
    AGENTS, ("billing",), CANNED, "anna", NOW, BERLIN, views=("mine", "overdue"), supervisor=True
)

WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)
ADDRESSES = st.builds("{}@{}.example".format, WORDS, st.sampled_from(["shop", "mail.shop", "käse"]))
MOMENTS = st.integers(1, 1000).map(lambda hours: NOW + timedelta(hours=hours))
VALUES = st.from_regex(r"[a-z0-9]([a-z0-9 :/?&-]{0,20}[a-z0-9])?", fullmatch=True).map(
    lambda value: " ".join(value.split())
)


def written(command: Command) -> str:
    """Return the tag that asks for `command`."""
    match command:
        case ask.Assign(agent=agent):
            return f"#assign {agent or 'none'}"
        case ask.AddTags(tags=tags):
            return f"#tag {' '.join(tags)}"
        case ask.RemoveTags(tags=tags):
            return f"#untag {' '.join(tags)}"
        case ask.SetPriority(priority=priority):
            return f"#priority {priority}"
        case ask.SetField(name=name, value=value):
            return f"#set {name}={value}"
        case Canned(name=name, values=values):
            return " ".join([f"#canned {name}", *(f"{key}={value}" for key, value in values)])
        case ask.To(addresses=addresses) | ask.Cc(addresses=addresses):
            return f"#{type(command).__name__.lower()} {', '.join(addresses)}"
        case ask.SendAt(at=at):
            return f"#send {local(at)}"
        case ask.Remind(at=at, text=text):
            return f"#remind {local(at)} {text}".rstrip()
        case ask.Merge(number=number) | ask.Link(number=number):
            return f"#{type(command).__name__.lower()} #{number}"
        case ask.Away(until=until, agent=agent):
            return " ".join(["#away", agent or "", f"until {local(until)}" if until else ""])
        case _:
            return f"#{type(command).__name__.lower()}"


def local(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}"


@st.composite
def requests(draw: st.DrawFn) -> list[Command]:
    """Draw commands that go together, at most one of a kind."""
    added = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    removed = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    assume(not set(added) & set(removed))
    values = st.dictionaries(st.sampled_from(["order", "name", "x1"]), VALUES, max_size=3)
    possible: list[Command] = [
        draw(st.sampled_from([ask.Close(), ask.Open(), ask.Pending()])),
        ask.Assign(agent=draw(st.sampled_from([*AGENTS, None]))),
        ask.AddTags(tuple(added)),
        ask.RemoveTags(tuple(removed)),
        ask.SetPriority(draw(st.sampled_from(Priority))),
        ask.SetField(draw(WORDS), draw(VALUES)),
        ask.Remind(draw(MOMENTS), draw(VALUES.filter(lambda v: v[0].isalpha()) | st.just(""))),
        ask.Merge(draw(st.integers(1, 10**6))),
        ask.Link(draw(st.integers(1, 10**6))),
        draw(st.builds(ask.Away, st.none() | MOMENTS, st.sampled_from([None, "ben", "carol.x"]))),
        draw(st.builds(Canned, st.sampled_from(CANNED), values.map(lambda v: tuple(v.items())))),
    ]
    return draw(st.lists(st.sampled_from(possible), unique=True))


@st.composite
def answer_options(draw: st.DrawFn) -> list[Command]:
    """Draw what may be said about an answer."""
    addresses = st.lists(ADDRESSES, min_size=1, max_size=3, unique=True).map(tuple)
    possible: list[Command] = [
        ask.To(draw(addresses)),
        ask.Cc(draw(addresses)),
        ask.SendAt(draw(MOMENTS)),
    ]
    return draw(st.lists(st.sampled_from(possible), unique=True))


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
PROSE = st.lists(LINES.map(lambda line: f"a{line}z"), max_size=5).map("\n".join)


@given(st.data(), requests(), PROSE)
def test_what_is_written_is_read(data: st.DataObject, commands: list[Command], prose: str):
    """In any grouping into lines, above or below the text, in any letter case."""
    lines: list[str] = []
    for tag in map(written, commands):
        name, _, words = tag.partition(" ")
        shown = f"{name.upper()} {words}" if data.draw(st.booleans()) else tag
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


@given(answer_options(), requests(), PROSE.filter(bool))
def test_what_is_said_about_an_answer_is_read(
    options: list[Command], acts: list[Command], prose: str
):
    text = "\n".join([*map(written, acts), prose, *map(written, options)])

    parsed = parse_tags(text, CONTEXT)

    assert parsed.errors == ()
    assert parsed.body == prose
    assert {*parsed.acts, *parsed.options} == {*acts, *options}
    assert parsed.answers


@given(st.lists(PROSE.filter(bool), min_size=2, max_size=5), st.data())
def test_canned_replies_stand_between_the_sentences_where_they_were_asked_for(
    sentences: list[str], data: st.DataObject
):
    gap = data.draw(st.sampled_from(["\n", "\n\n"]))
    names = [data.draw(st.sampled_from(CANNED)) for _ in sentences[1:]]
    pieces = [sentences[0]]
    for name, sentence in zip(names, sentences[1:], strict=True):
        pieces += [f"#canned {name}", sentence]

    parsed = parse_tags(gap.join(pieces), CONTEXT)

    assert parsed.errors == ()
    assert parsed.body == gap.join(sentences)
    lines = parsed.body.split("\n")
    placed = [c for c in parsed.options if isinstance(c, Canned)]
    assert [c.name for c in placed] == names
    for count, command in enumerate(placed, start=1):
        above = "\n".join(lines[: command.place]).rstrip("\n")
        assert above == gap.join(sentences[:count])


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

    assert parsed == parse_tags(text, CONTEXT)
    assert not (parsed.errors and parsed.answers)
    assert all(error.reason and str(error) for error in parsed.errors)


@given(st.sampled_from(sorted(TAGS)), st.text())
def test_whatever_stands_behind_a_tag_is_read(tag: str, words: str):
    parsed = parse_tags(f"Hello\n#{tag} {words}", CONTEXT)

    assert parsed == parse_tags(f"Hello\n#{tag} {words}", CONTEXT)
    assert f"#{tag}" not in [line.split(" ")[0] for line in parsed.body.split("\n")]
    assert parsed.commands or parsed.errors


@given(
    st.lists(st.sampled_from([spec.example for spec in TAGS.values()]), max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_tags_in_any_company_are_obeyed_or_refused(
    examples: list[str], has_files: bool, with_text: bool
):
    context = replace(CONTEXT, has_files=has_files)

    parsed = parse_tags("\n".join([*examples, "Hello" if with_text else ""]), context)

    if parsed.errors:
        assert not parsed.answers
    else:
        assert len(parsed.commands) == len(set(examples))
        assert parsed.body == ("Hello" if with_text else "")


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
        r"(next |in |bis )?(friday|mar|1er août|3 dec|end of week|month)( 9h)?", fullmatch=True
    )
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
