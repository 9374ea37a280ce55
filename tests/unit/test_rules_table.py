"""Every condition with every operator that it has: what holds, what does not, and for nothing.

A condition or an operator without a row fails.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from rules_kit import KNOWN

from inboxd.calendars import weekdays
from inboxd.mail.model import Address, Attachment, Headers
from inboxd.rules.conditions import GROUPS, Condition, asked_of
from inboxd.rules.evaluate import evaluate
from inboxd.rules.facts import (
    Change,
    ContactFacts,
    ConversationFacts,
    Facts,
    History,
    MessageFacts,
    WholeMail,
)
from inboxd.rules.families import OPERATORS
from inboxd.rules.ruleset import compile_rules
from inboxd.rules.schema import Rule
from inboxd.rules.terms import Context

# A Wednesday, 11:30 in Berlin.
NOW = datetime(2030, 5, 8, 9, 30, tzinfo=UTC)
BERLIN = weekdays(ZoneInfo("Europe/Berlin"))
JO = Address("Jo van Doe", "jo.doe@mail.corp.example")
FILES = (
    Attachment(1, "Invoice 4711.pdf", "application/pdf", 6_000_000, ""),
    Attachment(2, "photo.jpg", "image/jpeg", 80_000, ""),
    Attachment(3, "logo.png", "image/png", 900, "", inline=True, content_id="logo"),
)
WHOLE = WholeMail(
    text="My new words\n> and the old ones",
    headers=Headers([("X-Order", "12.5"), ("x-order", "Order 77 late"), ("X-Other", "x")]),
)
MESSAGE = MessageFacts(
    from_=(JO,),
    to=(Address("Anna Support", "anna@shop.example"),),
    cc=(Address("Ben Boss", "ben@boss.example"),),
    subject="My ＲＥＦＵＮＤ now",
    reply_text="My new\n  words",
    attachments=FILES,
    whole=lambda: WHOLE,
    language=lambda: "de",
)
CONVERSATION = ConversationFacts(
    number=1042,
    state="open",
    tags=frozenset({"vip customer", "refund"}),
    priority="high",
    assignee="anna",
    team="billing",
    fields={"plan": "Gold Plan Plus", "value": "250"},
    contact=JO,
    opened_at=NOW - timedelta(days=3),
    history=lambda: History(3, NOW - timedelta(hours=5), NOW - timedelta(hours=2)),
    sla_policy="standard",
)
CONTACT = ContactFacts(
    fields={"plan": "Gold Plan Plus", "value": "250"},
    tags=frozenset({"vip customer", "dealer"}),
    conversations=2,
    first_seen=NOW - timedelta(days=30),
)
FULL = Facts(
    "message.received",
    "support",
    CONVERSATION,
    MESSAGE,
    now=NOW,
    change=Change("field", "plan", "Silver", "Gold Plan Plus"),
    known_of=lambda address: CONTACT,
    sla_kind="first_response",
    calendar=lambda team: BERLIN,
)
NOTHING = replace(
    FULL,
    conversation=ConversationFacts(1042),
    message=None,
    change=None,
    sla_kind=None,
    known_of=lambda address: ContactFacts(),
)


class Text(NamedTuple):
    """What a condition sees: all of it, parts of it, and a pattern for it."""

    whole: str
    inside: str
    begins: str
    ends: str
    pattern: str


PROSE = {
    "subject": Text("my refund now", "refund", "MY", "now", "REFUND"),
    "body": Text("my new words", "new words", "my new", "words", r"My\snew\s+words"),
    "body.all": Text("my new words > and the old ones", "old", "my new", "old ones", "(?m)^> and"),
    "header.X-Order": Text("order 77 late", "77", "Order", "late", r"\d\d"),
    "attachments.name": Text("invoice 4711.pdf", "4711", "photo", ".pdf", r"\d{4}"),
    "from": Text("jo van doe", "van", "jo.", "doe", "^jo"),
    "to": Text("anna support", "support", "anna@", "shop.example", "Supp"),
    "cc": Text("ben boss", "boss", "ben", "@boss.example", "B"),
    "contact": Text("jo.doe@mail.corp.example", "corp", "jo", "@mail.corp.example", "van"),
    "from.name": Text("jo van doe", "van", "jo", "doe", "van"),
    "to.name": Text("anna support", "supp", "anna", "support", "A"),
    "cc.name": Text("ben boss", "n b", "ben", "boss", "s+$"),
    "contact.name": Text("jo van doe", "van", "jo", "doe", "van"),
}
NAMES = {
    "from.address": Text("jo.doe@mail.corp.example", "corp", "jo.", "@mail.corp.example", "@"),
    "to.address": Text("anna@shop.example", "shop", "anna@", ".example", "^anna"),
    "cc.address": Text("ben@boss.example", "boss", "ben", "example", "b"),
    "contact.address": Text("jo.doe@mail.corp.example", "doe", "jo", ".example", "j"),
    "from.domain": Text("mail.corp.example", "corp", "mail", ".corp.example", "^mail"),
    "to.domain": Text("shop.example", "hop", "shop", ".example", "shop"),
    "cc.domain": Text("boss.example", "oss", "boss", ".example", "boss"),
    "contact.domain": Text("mail.corp.example", "corp", "mail", ".corp.example", "c"),
    "attachments.type": Text("application/pdf", "pdf", "image/", "jpeg", "^appl"),
    "tags": Text("vip customer", "customer", "vip", "fund", "^v"),
    "contact.tags": Text("VIP customer", "customer", "vip", "dealer", "^v"),
    "fields.plan": Text("gold plan plus", "plan", "GOLD", "plus", "Gold"),
    "contact.fields.plan": Text("gold plan plus", "plan", "gold", "plus", "P"),
    "change": Text("fields.plan", "plan", "fields", ".plan", "^f"),
    "mailbox": Text("support", "port", "sup", "port", "^s"),
}
# What one operator holds for, and what not; `Known` names allow but few other words.
ROWS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("tags", "changed_to"): ("vip", "gold"),  # see below: it was not the tags that changed
    ("fields.plan", "changed_to"): ("gold plan plus", "silver"),
    ("change", "changed_to"): (["silver", "gold plan plus"], "silver"),
    ("mailbox", "is"): ("support", "sales"),
    ("mailbox", "is_not"): ("sales", "support"),
    ("mailbox", "any_of"): (["sales", "support"], "sales"),
    ("mailbox", "none_of"): ("sales", "support"),
    ("time", "any_of"): (["8:00-9:00", "11:00-12:00"], "8:00-9:00"),
    ("time", "none_of"): ("12-18", "9-12"),
    ("time", "above"): ("11:30", "11:31"),
    ("time", "below"): ("11:31", "11:30"),
    ("time", "between"): (["11:00", "12:00"], ["9:00", "11:30"]),
    ("time", "within"): ("11:30-12:00", "22:00-6:00"),
    ("weekday", "is"): ("wed", "sat"),
    ("weekday", "is_not"): ("sat", "wed"),
    ("weekday", "any_of"): (["mon-fri"], "sat-tue"),
    ("weekday", "none_of"): ("sat-tue", "mon-fri"),
    ("business_hours", "is"): (True, False),
    ("business_hours", "is_not"): (False, True),
    ("attachments.size", "exists"): (True, False),
    ("attachments.size", "above"): ("5 MB", "6 MB"),
    ("attachments.size", "below"): ("100 kB", "1 kB"),
    ("attachments.size", "between"): (["50 kB", "80 kB"], ["100 kB", "5 MB"]),
    ("priority", "above"): ("normal", "high"),
    ("priority", "below"): ("urgent", "high"),
    ("priority", "between"): (["normal", "high"], ["low", "normal"]),
    ("header.X-Order", "above"): (12, 12.5),
    ("header.X-Order", "below"): (12.6, 12.5),
    ("header.X-Order", "between"): ([12.5, 13], [13, 77]),
    ("fields.value", "above"): (249.5, 250),
    ("fields.value", "below"): (251, 250),
    ("fields.value", "between"): ([250, 250], [1, 2]),
    ("contact.fields.value", "above"): (249.5, 250),
    ("contact.fields.value", "below"): (251, 250),
    ("contact.fields.value", "between"): ([250, 300], [1, 2]),
}
CHOICES = {
    "kind": ("customer", "list"),
    "state": ("open", "closed"),
    "priority": ("high", "low"),
    "assignee": ("anna", "ben"),
    "team": ("billing", "support-team"),
    "language": ("de", "en"),
    "sla.kind": ("first_response", "resolution"),
    "sla.policy": ("standard", "gold"),
    "attachments": (2, 1),
    "messages": (3, 2),
    "contact.conversations": (2, 3),
}
AGES = {
    "age.opened": ("3 days", "2 days", "4 days"),
    "age.customer": ("5 h", "4 h", "6 h"),
    "age.agent": ("2 business hours", "1 business hour", "3 business hours"),
    "contact.first_seen": ("30 days", "2 weeks", "5 weeks"),
}


def rows() -> dict[tuple[str, str], tuple[Any, Any]]:
    found = dict(ROWS)
    for texts, is_prose in ((PROSE, True), (NAMES, False)):
        for what, text in texts.items():
            for operator, row in _text_rows(text, is_prose).items():
                found.setdefault((what, operator), row)
    for what, (right, wrong) in CHOICES.items():
        found |= {
            (what, "is"): ([wrong, right], wrong),
            (what, "is_not"): (wrong, [wrong, right]),
            (what, "any_of"): ([wrong, right], wrong),
            (what, "none_of"): (wrong, [wrong, right]),
            (what, "exists"): (True, False),
        }
        if isinstance(right, int):
            found |= {
                (what, "above"): (right - 1, right),
                (what, "below"): (right + 1, right),
                (what, "between"): ([right, right], [right + 1, right + 2]),
            }
    for what, (age, less, more) in AGES.items():
        found |= {
            (what, "exists"): (True, False),
            (what, "older_than"): (age, more),
            (what, "within"): (more, age),
            (what, "between"): ([less, more], [more, more]),
        }
    return found


def _text_rows(text: Text, is_prose: bool) -> dict[str, tuple[Any, Any]]:
    there = text.inside if is_prose else text.whole
    return {
        "is": (["other", text.whole], text.inside),
        "is_not": (["other", text.inside], text.whole),
        "contains": (text.inside, "other"),
        "starts_with": (text.begins, "xx"),
        "ends_with": (text.ends, "xx"),
        "matches": (text.pattern, "(?i)other"),
        "any_of": (["other", there], "other"),
        "none_of": ("other", ["other", there]),
        "all_of": ([there, text.begins] if is_prose else [there], [there, "other"]),
        "exists": (True, False),
    }


def pairs() -> list[tuple[str, str]]:
    """Every condition, by one name where it has a name of the shop's own, with each operator."""
    named = {"header": "header.X-Order", "fields": "fields.plan"}
    named["contact.fields"] = "contact.fields.plan"
    found = []
    for attribute, info in Condition.model_fields.items():
        if attribute in ("all_", "any_", "not_"):
            continue
        what = info.alias or attribute
        assert (what in GROUPS) == (what in named)
        asked = asked_of(info.annotation)
        assert asked is not None
        for operator in asked[0].words():
            name = named.get(what, what)
            if operator in ("above", "below", "between"):
                name = name.replace("fields.plan", "fields.value")
            found.append((name, operator))
    return found


# Events that change what these conditions ask for.
CHANGES = {
    "state": (Change("state", "state", "open", "closed"), "closed", "open"),
    "priority": (Change("priority", "priority", "low", "urgent"), "urgent", "low"),
    "assignee": (Change("assignee", "assignee", None, "anna"), "anna", "ben"),
    "team": (Change("assignee", "assignee", "anna", "billing"), "billing", "support-team"),
    "tags": (Change("tag", "vip", None, "vip"), "VIP", "gold"),
    "fields.plan": (Change("field", "plan", "a", "Gold"), "gold", "a"),
    "change": (Change("field", "other", "a", "b"), "b", "a"),
}
KNOWN_HERE = replace(KNOWN, slas=frozenset({"standard", "gold", "none"}))


def holds(condition: dict[str, Any], facts: Facts) -> bool:
    rule = {"name": "r", "when": "message.received", "if": condition, "then": [{"tag": "x"}]}
    validated = Rule.model_validate(rule, context=Context(KNOWN_HERE))
    (step,) = evaluate(compile_rules([validated]), facts).trace
    assert 0 < len(step.why) <= 200
    return step.matched


def test_every_operator_and_every_row_is_used() -> None:
    asked = set(pairs())
    assert {operator for _, operator in asked} == set(OPERATORS)
    unused = {pair for pair in ROWS if pair not in asked}
    assert unused == set()


@pytest.mark.parametrize(("what", "operator"), pairs())
def test_a_condition_with_an_operator(what: str, operator: str) -> None:
    if operator == "changed_to":
        change, right, wrong = CHANGES[what]
        seen = replace(FULL, change=change)
    else:
        (right, wrong), seen = rows()[what, operator], FULL
    assert holds({what: {operator: right}}, seen)
    assert not holds({what: {operator: wrong}}, seen)
    assert not holds({"not": {what: {operator: right}}}, seen)
    assert holds({"any": [{what: {operator: wrong}}, {what: {operator: right}}]}, seen)


# These are always there.
ALWAYS = {"mailbox", "state", "priority", "time", "weekday", "business_hours"}


@pytest.mark.parametrize(("what", "operator"), [each for each in pairs() if each[0] not in ALWAYS])
def test_of_what_is_not_there_only_the_negative_holds(what: str, operator: str) -> None:
    right = CHANGES[what][1] if operator == "changed_to" else rows()[what, operator][0]
    if what in ("attachments", "messages", "contact.conversations") and operator == "below":
        assert holds({what: {operator: right}}, NOTHING)  # none is less than some
    else:
        negative = operator in ("is_not", "none_of")
        assert holds({what: {operator: right}}, NOTHING) is negative
    if operator == "exists":
        assert holds({what: {"exists": False}}, NOTHING)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"assignee": "none"}, False),
        ({"team": "none"}, False),
        ({"sla.policy": "none"}, False),
        ({"attachments": True}, True),
        ({"attachments": False}, False),
        ({"attachments": 2}, True),
        ({"attachments.type": "image/*"}, True),
        ({"attachments.type": ["video/*", "audio/*"]}, False),
        ({"business_hours": True}, True),
        ({"time": "11-12"}, True),
        ({"weekday": "mon-fri"}, True),
        ({"priority": ["high", "urgent"]}, True),
        ({"kind": "customer"}, True),
        ({"fields.plan": "gold plan plus"}, True),
        ({"fields.plan": "gold"}, False),
        ({"header.x-ORDER": "order 77"}, True),
        ({"contact.conversations": {"above": 0}}, True),
        ({"language": ["fr", "DE"]}, True),
        ({"from.domain": "corp.example"}, False),
        ({"from": "@corp.example"}, False),
        ({"from": {"ends_with": "@corp.example"}}, False),
        ({"from": {"starts_with": "jo.doe@mail.corp.example"}}, True),
        ({"from": {"all_of": ["@mail.corp.example", "van"]}}, True),
        ({"from": {"is_not": "@mail.corp.example"}}, False),
        ({"to": "ben@boss.example"}, True),
        ({"cc": "anna@shop.example"}, False),
    ],
)
def test_a_bare_value_means_what_the_page_says(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition, FULL) is expected


def test_business_time_goes_by_the_teams_calendar() -> None:
    utc = weekdays(ZoneInfo("UTC"))
    night = replace(
        FULL,
        now=datetime(2030, 5, 8, 7, 30, tzinfo=UTC),  # 9:30 in Berlin
        calendar=lambda team: BERLIN if team == "billing" else utc,
    )
    assert holds({"business_hours": True, "time": {"above": "9:30"}}, night)
    nobody = replace(night, conversation=replace(CONVERSATION, team=None))
    assert holds({"business_hours": False, "time": {"below": "9:00"}}, nobody)


def test_a_weekend_is_no_business_time() -> None:
    monday = datetime(2030, 5, 13, 8, 0, tzinfo=UTC)
    friday = History(1, datetime(2030, 5, 10, 14, 0, tzinfo=UTC), None)
    seen = replace(FULL, now=monday, conversation=replace(CONVERSATION, history=lambda: friday))
    assert holds({"age.customer": {"older_than": "2 days", "within": "4 business hours"}}, seen)
    assert holds({"age.customer": {"older_than": "2 business hours"}}, seen)


@pytest.mark.parametrize("text", ["12", " 12 ", "12.0", "1.2e1", "１２"])
def test_fields_are_read_as_numbers(text: str) -> None:
    seen = replace(FULL, conversation=replace(CONVERSATION, fields={"n": text}))
    assert holds({"fields.n": {"between": [12, 12]}}, seen)


@pytest.mark.parametrize("text", ["12 EUR", "1,200", "nan", "inf", "", "twelve"])
def test_what_is_no_number_passes_no_comparison(text: str) -> None:
    seen = replace(FULL, conversation=replace(CONVERSATION, fields={"n": text}))
    for operator in ("above", "below"):
        assert not holds({"fields.n": {operator: 3}}, seen)
        assert holds({"not": {"fields.n": {operator: 3}}}, seen)
