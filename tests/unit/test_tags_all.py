"""The tags beyond the first ones: people, times, fields, other conversations, questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from inboxd.conversations import commands as ask
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import Parsed, parse_tags

CONTEXT = ask.TagContext(
    agents=("anna", "ben", "Dr. Çelik"),
    teams=("billing",),
    canned=("greeting", "refund-received"),
    me="anna",
    now=datetime(2030, 5, 8, 8, 30, tzinfo=UTC),  # a Wednesday
    zone=ZoneInfo("Europe/Berlin"),
    views=("mine", "Overdue", "eu-returns"),
)
BOSS = replace(CONTEXT, supervisor=True)
MONDAY = datetime(2030, 5, 13, 7, tzinfo=UTC)
THURSDAY = datetime(2030, 5, 9, 7, tzinfo=UTC)
IN_2_DAYS = datetime(2030, 5, 10, 8, 30, tzinfo=UTC)
# Tags that say something of an answer, and stand in one.
OF_ANSWERS = ("to", "cc", "nocc", "send")


def parse(text: str) -> Parsed:
    return parse_tags(text, CONTEXT)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("#pending", ask.Pending()),
        ("#spam.", ask.Spam()),
        ("#mine", ask.Assign(agent="anna")),
        ("#assign @ben", ask.Assign(agent="ben")),
        ("#remind 2d call Carla", ask.Remind(IN_2_DAYS, "call Carla")),
        ("#remind mon 9:00 - “stock” of tea?", ask.Remind(MONDAY, "“stock” of tea?")),
        ("#remind in 2 days: 5 boxes", ask.Remind(IN_2_DAYS, "5 boxes")),
        ("#remind until mon", ask.Remind(MONDAY)),
        ("#remind morgen 9 Uhr Carla anrufen", ask.Remind(THURSDAY, "Carla anrufen")),
        ("#set order=4711", ask.SetField("order", "4711")),
        ("#set Fields.Order-No = 4711 a", ask.SetField("order-no", "4711 a")),
        ('#set size=5" and 3’', ask.SetField("size", '5" and 3’')),
        ("#set size=“5 or 6”", ask.SetField("size", "5 or 6")),
        ("#set url=https://x.example/?a=1", ask.SetField("url", "https://x.example/?a=1")),
        ("#set order=", ask.SetField("order", "")),
        ("#merge 1040", ask.Merge(1040)),
        ("#merge #1040.", ask.Merge(1040)),
        ("#merge into [#1040]", ask.Merge(1040)),
        ("#link with #1040", ask.Link(1040)),
        ("#split", ask.Split()),
        ("#history", ask.History()),
        ("#hist", ask.History()),
        ("#contact", ask.ShowContact()),
        ("#search  “green tea”  pot", ask.Search("“green tea” pot")),
        ("#list", ask.ListView()),
        ("#list overdue", ask.ListView("Overdue")),
        ("#undo", ask.Undo()),
        ("#allow", ask.Allow()),
        ("#away", ask.Away()),
        ("#away until mon", ask.Away(MONDAY)),
        ("#away mon 9:00", ask.Away(MONDAY)),
        ("#away anna until mon", ask.Away(MONDAY)),
        ("#away me", ask.Away()),
        ("#back", ask.Back()),
        ("#back anna", ask.Back()),
        ("#forward info@maker.example", ask.Forward(("info@maker.example",))),
    ],
)
def test_tags_without_an_answer(line: str, command: ask.Command):
    parsed = parse(line)

    assert parsed.errors == ()
    assert parsed.commands == (command,)
    assert not parsed.answers


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("#block", ask.Block()),
        ("#away ben until mon", ask.Away(MONDAY, "ben")),
        ("#away @Ben.", ask.Away(None, "ben")),
        ("#away dr. çelik mon", ask.Away(MONDAY, "Dr. Çelik")),
        ("#back BEN", ask.Back("ben")),
    ],
)
def test_what_only_a_supervisor_may_say(line: str, command: ask.Command):
    assert parse_tags(line, BOSS).commands == (command,)

    (error,) = parse(line).errors
    assert error.reason.startswith("only a supervisor may")


@pytest.mark.parametrize(
    ("words", "addresses"),
    [
        ("jane@customer.example", ("jane@customer.example",)),
        ("Jane@Customer.example, bob@b.example", ("Jane@Customer.example", "bob@b.example")),
        ("jane@c.example;bob@b.example.", ("jane@c.example", "bob@b.example")),
        ("jane@c.example and bob@b.example", ("jane@c.example", "bob@b.example")),
        ("<jane@c.example> jane@C.example", ("jane@c.example",)),
        ("Jane O'Neil <jane.o'neil@c.example>", ("jane.o'neil@c.example",)),
        ('"Neil, Jane" <jane@c.example>', ("jane@c.example",)),
        ("jane@c.example <mailto:jane@c.example>", ("jane@c.example",)),
        ("mailto:jane@c.example", ("jane@c.example",)),
        ("jane＠bücher.example", ("jane@bücher.example",)),
        ("\u200bjane+tea_pot@mail.c.example\u200b", ("jane+tea_pot@mail.c.example",)),
    ],
)
@pytest.mark.parametrize(
    ("tag", "kind"), [("to", ask.To), ("cc", ask.Cc), ("forward", ask.Forward)]
)
def test_addresses_as_people_and_programs_write_them(
    tag: str, kind: type[ask.To | ask.Cc | ask.Forward], words: str, addresses: tuple[str, ...]
):
    parsed = parse(f"#{tag} {words}\nHello")

    assert parsed.errors == ()
    assert parsed.commands == (kind(addresses),)
    assert parsed.forwards == (tag == "forward")
    assert parsed.answers == (tag != "forward")


def test_addresses_on_several_lines_are_one_list():
    parsed = parse("#cc a@x.example\n#cc b@x.example A@x.example\nHello\n#to c@x.example")

    assert parsed.commands == (ask.Cc(("a@x.example", "b@x.example")), ask.To(("c@x.example",)))


@pytest.mark.parametrize(
    ("words", "reason", "suggestion"),
    [
        ("", "needs a mail address, such as #cc name@company.example", None),
        ("jane", "'jane' is no mail address", None),
        ("jane@gmail", "has no full domain", None),
        ("jane@shop,example", "'jane@shop' has no full domain", "#cc jane@shop.example"),
        ("jane@shop..example", "is no mail address", "#cc jane@shop.example"),
        ("jane@@shop.example", "is no mail address", "#cc jane@shop.example"),
        ("jane (at) shop.example", "'jane' is no mail address", "#cc jane@shop.example"),
        ("jane at shop dot example", "'jane' is no mail address", "#cc jane@shop.example"),
        ("jane @shop.example", "'jane' is no mail address", "#cc jane@shop.example"),
        ("jane@-shop-.example", "is no mail address", None),
        ("jane@127.0.0.1", "is no mail address", None),
        ("@shop.example", "is no mail address", None),
        ("ben", "ben is a colleague", "#assign ben"),
        ("a@x.example Jane", "'Jane' is no mail address", None),
        (" ".join(f"p{n}@x.example" for n in range(30)), "up to 20 addresses, not 30", None),
        ("a@x.example " * 300, "up to 20 addresses", None),
    ],
)
def test_what_is_no_address_stops_the_mail(words: str, reason: str, suggestion: str | None):
    (error,) = parse(f"#cc {words}\nHello").errors

    assert reason in error.reason
    assert error.suggestion == suggestion


@pytest.mark.parametrize(
    ("line", "reason", "suggestion"),
    [
        ("#remind", "needs a time", "#remind 2d call back"),
        ("#remind call Carla", "'call Carla' is none", "#remind 2d call back"),
        ("#remind today 9:00 call", "is past", "#remind 2d call back"),
        ("#set", "write #set FIELD=VALUE", "#set order=4711"),
        ("#set order 12 a", "write #set FIELD=VALUE", "#set order=12 a"),
        ("#set größe=5", "'größe' cannot be a field", None),
        ("#set =5", "'' cannot be a field", None),
        ("#set priority=high", "tag of its own", "#priority high"),
        ("#set a=" + "x" * 2000, "up to 1000 characters", None),
        ("#merge", "needs the number of one conversation", "#merge 1040"),
        ("#merge that one, 1041", "needs the number", "#merge 1041"),
        ("#merge 0", "needs the number", "#merge 1040"),
        ("#link 1040 1041", "needs the number of one", "#link 1040"),
        ("#search", "needs words", "#search green teapot"),
        ("#list overdeu", "no view 'overdeu'", "#list Overdue"),
        ("#list 7", "no view '7'", None),
        ("#away bem", "no time that I can read", "#away ben"),
        ("#away bem until mon", "no time that I can read", "#away ben until mon"),
        ("#away whenever", "no time that I can read", "#away until mon 9:00"),
        ("#away 2020-01-01", "is past", "#away until mon 9:00"),
        ("#back bem", "no agent 'bem'", "#back ben"),
        ("#send", "needs a time", "#send tomorrow 9:00"),
        ("#send today 9:00", "is past", "#send tomorrow 9:00"),
        ("#send next friday", "this week or in the next one", "#send tomorrow 9:00"),
        ("#canned greting a=1", "no canned reply 'greting'", "#canned greeting"),
        ("#canned greeting a=1 a=2", "a stands here twice", None),
        ("#history of Carla", "nothing stands behind", None),
        ("#mine now", "nothing stands behind", None),
        ("#un", "#un could be #undo or #untag", "#undo"),
        ("#se", "#se could be #send or #set or #search", "#send"),
        ("#rimend 2d", "no tag #rimend", "#remind"),
        ("#foward a@x.example", "no tag #foward", "#forward"),
    ],
)
def test_mistakes_and_what_was_meant(line: str, reason: str, suggestion: str | None):
    (error,) = parse(f"Hello\n\n{line}").errors

    assert reason in error.reason
    assert error.suggestion == suggestion


@pytest.mark.parametrize(
    "text",
    [
        "#close\n#pending",
        "#spam #snooze mon",
        "#mine #assign ben",
        "#note\n#cc a@x.example\nHello",
        "#note\n#to a@x.example\nHello",
        "#note\n#send tomorrow\nHello",
        "#note\n#forward a@x.example\nHello",
        "#to a@x.example #nocc\nHello",
        "#cc a@x.example #nocc\nHello",
        "#forward a@x.example #to b@x.example\nHello",
        "#forward a@x.example #send tomorrow\nHello",
        "#merge 1040 #split",
        "#allow #split",
        "#away #back",
        "#away until mon\n#away until tue",
        "#set a=1 #set a=2",
        "#send mon #send tue\nHello",
        "#spam\nHello",
        "#split\nHello",
        "#spam #canned greeting",
        "#undo #close",
        "#undo\nHello",
        "#help #list",
        "#history\nHello",
        "#search tea\nHello",
        "#list\n#canned greeting",
        "#contact\n#note\nHello",
        "#send tomorrow",
        "#to a@x.example",
        "#cc a@x.example #close",
    ],
)
def test_tags_that_do_not_go_together_stop_the_mail(text: str):
    parsed = parse(text)

    assert parsed.errors
    assert not parsed.answers


@pytest.mark.parametrize("tag", ["block", "allow", "spam"])
def test_no_answer_goes_to_somebody_who_is_blocked(tag: str):
    assert (parse_tags(f"#block #{tag}", BOSS).errors == ()) == (tag != "allow")
    assert parse_tags(f"#block #{tag}\nHello", BOSS).errors


@pytest.mark.parametrize(
    "text",
    [
        "#history #contact #search tea #list mine #close",
        "#remind 1d tea #remind 2d cups",
        "#link 1040 #link 1041",
        "#set a=1 #set b=2",
        "#note\nHe called.\n#close #mine #remind 2d call",
        "#to a@x.example #cc b@x.example #send tomorrow #close\nHello",
        "#cc a@x.example #canned greeting",
        "#merge 1040 #close\nHello",
        "#forward a@x.example #pending",
        "#forward a@x.example #canned greeting #snooze 2d",
    ],
)
def test_tags_that_go_together(text: str):
    parsed = parse(text)

    assert parsed.errors == ()
    assert len(parsed.commands) == text.count("#")
    assert {*parsed.acts, *parsed.options} == set(parsed.commands)
    assert not {*parsed.acts} & {*parsed.options}


@pytest.mark.parametrize("tag", OF_ANSWERS)
def test_files_are_an_answer(tag: str):
    context = replace(CONTEXT, has_files=True)

    assert parse_tags(TAGS[tag].example, context).errors == ()
    assert parse(TAGS[tag].example).errors


@pytest.mark.parametrize("tag", ["list", "history", "undo", "help", "spam", "split"])
def test_files_are_not_sent_with_tags_that_send_nothing(tag: str):
    assert parse_tags(f"#{tag}", replace(CONTEXT, has_files=True)).errors
    assert parse(f"#{tag}").errors == ()


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("order=4711", (("order", "4711"),)),
        ("order=4711 name=Jane Doe", (("order", "4711"), ("name", "Jane Doe"))),
        ('a="x y=z" b="" c=', (("a", "x y=z"), ("b", ""), ("c", ""))),
        ("a=“5 pm” b=it’s", (("a", "5 pm"), ("b", "it’s"))),
        ("link=https://x.example/?q=1&r=2", (("link", "https://x.example/?q=1&r=2"),)),
        ("a＝1", (("a", "1"),)),
    ],
)
def test_values_of_a_canned_reply(words: str, values: tuple[tuple[str, str], ...]):
    parsed = parse(f"#canned greeting {words}")

    assert (parsed.errors, parsed.commands) == ((), (ask.Canned("greeting", values),))


@pytest.mark.parametrize(
    ("text", "body", "places"),
    [
        ("Hello\n\n#canned greeting\n\nBye", "Hello\n\nBye", [1]),
        ("Hello\n#canned greeting\nBye", "Hello\nBye", [1]),
        ("#close\n\nA\n\n#canned greeting a=1\n\n#canned greeting\n\nB", "A\n\nB", [1, 1]),
        ("A\nB\n#canned greeting\nC\n\n#canned refund-received\n\nD", "A\nB\nC\n\nD", [2, 3]),
        ("#canned greeting\nHello", "Hello", [None]),
        ("Hello\n#canned greeting", "Hello", [None]),
        ("Hello\n #CANNED greeting\nBye\n\\#1", "Hello\nBye\n#1", [1]),
    ],
)
def test_a_canned_reply_stands_where_its_tag_stood(text: str, body: str, places: list[int | None]):
    parsed = parse(text)

    assert parsed.errors == ()
    assert parsed.body == body
    assert [c.place for c in parsed.options if isinstance(c, ask.Canned)] == places


@pytest.mark.parametrize(
    "line",
    [
        "#canned greting",
        "#canned greeting #close",
        "#canned",
        "#close #canned greeting",
        "#cc a@x.y",
    ],
)
def test_only_a_whole_canned_reply_alone_may_stand_in_the_text(line: str):
    parsed = parse(f"Hello\n{line}\nBye")

    (error,) = parsed.errors
    assert error.line == line
    assert not parsed.answers


@pytest.mark.parametrize("spec", TAGS.values(), ids=TAGS)
def test_the_tables_examples_are_obeyed(spec: object):
    name = next(name for name, each in TAGS.items() if each is spec)
    answer = "Hello\n" if name in OF_ANSWERS else ""

    parsed = parse_tags(answer + TAGS[name].example, BOSS)

    assert (len(parsed.commands), parsed.errors) == (1, ())


def test_every_command_has_a_tag():
    answers = dict.fromkeys(OF_ANSWERS, "Hello\n")
    kinds = {
        type(command)
        for name, spec in TAGS.items()
        for command in parse_tags(answers.get(name, "") + spec.example, BOSS).commands
    }

    assert kinds == {*ask.Act.__args__, *ask.AnswerOption.__args__}


@pytest.mark.parametrize(
    ("short", "name"),
    [("prio", "priority"), ("as", "assign"), ("cl", "close"), ("fo", "forward"), ("sn", "snooze")],
)
def test_abbreviations_in_use_stay_unambiguous(short: str, name: str):
    assert [tag for tag in TAGS if tag.startswith(short)] == [name]
