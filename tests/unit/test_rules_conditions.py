from __future__ import annotations

import pytest
from rules_kit import caught, facts, holds, message, why


@pytest.mark.parametrize(
    ("condition", "subject", "expected"),
    [
        ("{subject: refund}", "My REFUND please", True),
        ("{subject: refund}", "Hello", False),
        ("{subject: [return, refund]}", "refunds", True),
        ("{subject: {contains: [return, refund]}}", "a return", True),
        ("{subject: {is: hello}}", "  Hello ", True),
        ("{subject: {is: hello}}", "hello there", False),
        ("{subject: {is: [bye, hello]}}", "HELLO", True),
        ("{subject: {any_of: [bye, hell]}}", "hello", True),
        ("{subject: {none_of: [bye, hell]}}", "hello", False),
        ("{subject: {none_of: [bye]}}", "hello", True),
        ("{subject: {matches: '^h.llo$'}}", "hello", True),
        ("{subject: {matches: '^h.llo$'}}", "Hello", False),
        ("{subject: {matches: '(?i)^h.llo$'}}", "Hello", True),
        ("{subject: {matches: [x, 'l+']}}", "hello", True),
        ("{subject: {contains: hello, none_of: world}}", "hello", True),
        ("{subject: {contains: hello, none_of: world}}", "hello world", False),
    ],
)
def test_operators_on_text(condition: str, subject: str, expected: bool) -> None:
    assert holds(condition, facts(message(subject))) is expected


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("straße", "STRASSE"),
        ("REFUND", "ｒｅｆｕｎｄ"),
        ("café", "cafe\u0301"),
        ("cafe\u0301", "CAFÉ"),
        ("money back", "I want my money\r\n   back"),
        ("financial", "ﬁnancial"),
        ("ΟΔΟΣ", "οδος"),
        ("第１２号", "第12号"),
    ],
)
def test_texts_compare_without_case_form_and_line_breaks(word: str, text: str) -> None:
    assert holds(f'{{body: "{word}"}}', facts(message(body=text)))


def test_patterns_see_compatible_forms_but_keep_case() -> None:
    seen = facts(message(body="Ｏrder: cafe\u0301"))
    assert holds("{body: {matches: 'Order: café'}}", seen)
    assert holds('{body: {matches: "cafe\\u0301$"}}', seen)
    assert not holds("{body: {matches: 'order'}}", seen)


def test_body_is_the_new_words_and_body_all_everything() -> None:
    seen = facts(message(body="Thanks!", text="Thanks!\n> your refund"))
    assert not holds("{body: refund}", seen)
    assert holds("{body.all: refund}", seen)
    assert holds("{body: {is: thanks!}}", seen)


@pytest.mark.parametrize(
    ("condition", "sender", "expected"),
    [
        ('{from: "@corp.example"}', "Jo <jo@CORP.example>", True),
        ('{from: "@corp.example"}', "jo@corp.example.evil.example", False),
        ('{from: "@corp.example"}', "jo@sub.corp.example", False),
        ('{from: "@corp.example"}', "jo@notcorp.example", False),
        ('{from: {contains: "@corp.example"}}', "jo@corp.example.evil.example", False),
        ('{from: {is: "@corp.example"}}', "jo@corp.example", True),
        ("{from: jo@corp.example}", "Jo@Corp.Example", True),
        ("{from: jo@corp.example}", "banjo@corp.example", False),
        ("{from: jo@corp.example}", "jo@corp.example.evil.example", False),
        ("{from: jo@corp.example}", "jo@corp.example <x@evil.example>", False),
        ("{from: {is: jo}}", "Jo <x@mail.example>", True),
        ("{from: {is: jo}}", "Jo Doe <x@mail.example>", False),
        ("{from: doe}", "Jo DOE <x@mail.example>", True),
        ("{from: noreply}", "noreply@mail.example", True),
        ("{from: noreply@}", "noreply@mail.example", True),
        ("{from: evil}", "jo@evil <x@mail.example>", False),
        ("{from: {matches: '^jo@'}}", "jo@mail.example", True),
        ("{from: {matches: '^Jo D'}}", "Jo Doe <x@mail.example>", True),
        ("{from: {matches: '^jo@corp'}}", "jo@corp.example <x@evil.example>", False),
        ('{from: {none_of: ["@a.example", b@c.example]}}', "jo@mail.example", True),
        ('{from: {none_of: ["@a.example", b@c.example]}}', "b@c.example", False),
        ('{from: {any_of: ["@a.example"], none_of: [noreply]}}', "noreply@a.example", False),
        ('{from: {any_of: ["@a.example", xa.example]}}', "jo@xa.example", True),
    ],
)
def test_S11_addresses_compare_as_a_whole_and_names_never_pass_for_them(
    condition: str, sender: str, expected: bool
) -> None:
    assert holds(condition, facts(message(sender=sender))) is expected


def test_S11_a_full_width_address_is_not_the_plain_one() -> None:
    assert not holds("{from: jo@corp.example}", facts(message(sender="ｊo@corp.example")))


def test_every_from_and_every_recipient_is_looked_at() -> None:
    seen = facts(
        message(sender=["a@x.example", "b@y.example"], to=["c@z.example"], cc=["d@w.example"])
    )
    assert holds('{from: "@y.example"}', seen)
    assert holds("{to: c@z.example}", seen)
    assert holds('{to: "@w.example"}', seen)
    assert not holds('{to: "@y.example"}', seen)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{tags: vip}", True),
        ("{tags: [gold, VIP]}", True),
        ("{tags: vi}", False),
        ("{tags: {contains: vi}}", True),
        ("{tags: {is: vip}}", True),
        ("{tags: {none_of: [gold, silver]}}", True),
        ("{tags: {none_of: vip}}", False),
        ("{tags: {matches: '^v'}}", True),
        ("{mailbox: support}", True),
        ("{mailbox: [sales, support]}", True),
        ("{mailbox: {none_of: sales}}", True),
        ("{mailbox: {is: sales}}", False),
        ("{mailbox: {matches: '^supp'}}", True),
        ("{mailbox: {contains: port}}", True),
    ],
)
def test_operators_on_names(condition: str, expected: bool) -> None:
    assert holds(condition, facts(message(), tags=frozenset({"vip", "new"}))) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{subject: a, body: b}", True),
        ("{subject: a, body: c}", False),
        ("[{subject: a}, {body: b}]", True),
        ("[{subject: a}, {body: c}]", False),
        ("{all: [{subject: a}, {body: b}]}", True),
        ("{all: {subject: a, body: c}}", False),
        ("{any: [{subject: x}, {body: b}]}", True),
        ("{any: {subject: x, body: b}}", True),
        ("{any: {subject: x, body: y}}", False),
        ("{any: [{subject: a, body: y}, {subject: x}]}", False),
        ("{not: {subject: a}}", False),
        ("{not: {subject: a, body: y}}", True),
        ("{not: {not: {subject: a}}}", True),
        ("{any: [{all: [{subject: a}, {not: {any: [{body: y}]}}]}]}", True),
    ],
)
def test_all_any_and_not_nest(condition: str, expected: bool) -> None:
    assert holds(condition, facts(message("a", "b"))) is expected


def test_without_a_message_the_conversation_has_a_subject_and_nothing_else() -> None:
    seen = facts(None, event="pending", subject="My refund")
    assert holds("{subject: refund}", seen)
    assert not holds("{body: refund}", seen)
    assert not holds('{from: "@mail.example"}', seen)
    assert holds("{from: {none_of: [jo]}}", seen)


def test_named_groups_are_caught() -> None:
    seen = facts(message("Order 111111", "order #222222 of\n  Jo   Doe, thanks"))
    assert caught(r"{body: {matches: '#(?P<order>\d{6})'}}", seen) == {"order": "222222"}
    assert caught(r"{body: {matches: 'of\s+(?P<who>[^,]+)'}}", seen) == {"who": "Jo Doe"}
    both = r"[{subject: {matches: '(?P<n>\d+)'}}, {body: {matches: '#(?P<n>\d+) (?P<of>of)'}}]"
    assert caught(both, seen) == {"n": "111111", "of": "of"}
    optional = r"{body: {matches: '(?P<absent>xyz)?#(?P<order>\d+)(?P<empty>)'}}"
    assert caught(optional, seen) == {"order": "222222"}


def test_a_group_is_caught_by_the_alternative_that_held_and_never_under_not() -> None:
    seen = facts(message("Order 111111", "no number"))
    either = r"{any: [{body: {matches: '(?P<n>\d+)'}}, {subject: {matches: '(?P<n>\d+)'}}]}"
    assert caught(either, seen) == {"n": "111111"}
    assert caught(r"{not: {not: {subject: {matches: '(?P<n>\d+)'}}}}", seen) == {}


def test_what_is_caught_is_one_short_printable_line() -> None:
    seen = facts(message(body="say: a\r\nBcc: x\x00\x1b[2J " + "z" * 5000))
    value = caught("{body: {matches: '(?s)say: (?P<it>.*)'}}", seen)["it"]
    assert value.startswith("a Bcc: x[2J zzz")
    assert len(value) == 500
    assert value.isprintable()


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("{subject: [money back, refund]}", "subject contains [money back, refund]: found refund"),
        ("{subject: cheese}", "subject contains [cheese]: not found"),
        ("{tags: {none_of: vip}}", "tags none_of [vip]: found vip"),
        ("{tags: {none_of: gold}}", "tags none_of [gold]"),
        (r"{body: {matches: 'no\. (\d+)'}}", r"body matches [no\. (\d+)]: found no. 7"),
        ('{from: "@mail.example"}', "from contains [@mail.example]: found jo@mail.example"),
        (
            "{any: {subject: x, body: y}}",
            "none of (subject contains [x]: not found; body contains [y]: not found)",
        ),
        ("{not: {subject: refund}}", "not (subject contains [refund]: found refund)"),
        (
            "[{subject: refund}, {body: no}]",
            "subject contains [refund]: found refund; body contains [no]: found no",
        ),
        ("[{subject: refund}, {body: yes}]", "body contains [yes]: not found"),
        ("{attachments: {above: 2}}", "attachments above [2]: found 0"),
        ("{header.X: {below: 2.5}}", "header.X below [2.5]: found none"),
        ("{fields.n: {between: [1, 2000000]}}", "fields.n between [1, 2000000]: found 7"),
        ("{age.agent: {within: 2 h}}", "age.agent within [2 h]: found none"),
        ("{time: 0:00-6:00}", "time within [0:00-6:00]: found 0:00"),
        ("{weekday: sat-mon}", "weekday any_of [sat-mon]: found thu"),
        ("{business_hours: false}", "business_hours is [false]: found closed"),
        ("{assignee: none}", "assignee exists [false]"),
        ("{priority: {changed_to: high}}", "priority changed_to [high]: found no change"),
    ],
)
def test_the_reason_names_the_condition_that_decided(condition: str, reason: str) -> None:
    seen = facts(message("A refund", "no. 7"), tags=frozenset({"vip"}), fields={"n": "7"})
    assert why(condition, seen) == reason


def test_a_reason_is_short_and_printable_whatever_the_mail_says() -> None:
    words = ", ".join(f"word{n}" for n in range(100))
    seen = facts(message("x" * 10_000 + "\x1b[31m", "y" * 10_000))
    for condition in (
        "{subject: {matches: '(?s).*'}}",
        f"{{any: [{{subject: [{words}]}}, {{body: [{words}]}}]}}",
        f"{{not: {{subject: [{words}]}}}}",
    ):
        reason = why(condition, seen)
        assert 0 < len(reason) <= 200
        assert reason.isprintable()
