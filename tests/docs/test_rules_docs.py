"""docs/rules.md names every word of the rule language, and every example in it loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from inboxd.durations import parse_duration
from inboxd.rules.actions import Action
from inboxd.rules.conditions import GROUPS, Condition
from inboxd.rules.families import OPERATORS
from inboxd.rules.loader import Known, load_rules, read_rules
from inboxd.rules.reference import meaning, tables, with_tables, words
from inboxd.rules.schema import STATES, Event, Rule
from inboxd.rules.terms import Priority
from inboxd.yaml_positions import parse_yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
KNOWN = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"support-team", "billing"}),
    mailboxes=frozenset({"support", "sales"}),
    canned=frozenset({"received", "refund-received", "still-there"}),
    skills={"billing": frozenset({"returns", "german"})},
    slas=frozenset({"gold", "none"}),
)


def section(title: str) -> str:
    """The part of the page under a heading, up to the next one of the same or a higher level."""
    level = title.split(" ")[0]
    start = TEXT.index(f"\n{title}\n") + 1
    end = re.search(rf"^#{{1,{len(level)}}} ", TEXT[start + len(title) :], re.MULTILINE)
    return TEXT[start:] if end is None else TEXT[start : start + len(title) + end.start()]


def documented(title: str) -> set[str]:
    """The names in the first column of the first table of a section."""
    table = re.search(r"(?:^\|.*\n)+", section(title), re.MULTILINE)
    assert table is not None
    rows = table[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def keys(model: type[BaseModel]) -> set[str]:
    return {each.alias or name for name, each in model.model_fields.items()}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(number: int) -> None:
    rules = read_rules([parse_yaml(EXAMPLES[number].encode(), Path("rules.md"))], KNOWN)
    assert rules.digest


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_the_tables_are_those_of_the_models() -> None:
    """Where this fails, run scripts/write_reference."""
    shown = set(re.findall(r"<!-- (\w+): begin -->\n\|", TEXT))
    assert shown == set(tables())
    assert with_tables(TEXT) == TEXT


def test_every_word_is_documented_and_nothing_else() -> None:
    """The models have the words and the vocabulary their meanings: neither has more."""
    for name, (known, meanings) in words().items():
        shown = {meaning(word, meanings)[0] for word in known}
        assert shown == set(meanings), name
    assert documented("## Events") == _literals(Event)
    assert documented("## Actions") >= {"tag", "stop"}
    assert all(f"`{priority}`" in section("## Actions") for priority in get_args(Priority))
    assert all(f"`{state}`" in section("## Events") for state in STATES)


def test_every_word_is_used_in_an_example() -> None:
    examples = "\n".join(EXAMPLES)
    words = keys(Rule) | keys(Condition) | set(OPERATORS) | keys(Action)
    words = {f"{word}.NAME" if word in GROUPS else word for word in words}
    used = {w: re.escape(w).replace("NAME", r"[\w-]+") for w in words}
    unused = {w for w in words if not re.search(rf"(?<![\w.]){used[w]}\b", examples)}
    assert unused == set()
    assert {event for event in _literals(Event) if event not in examples} == set()


def test_every_duration_in_the_text_is_one() -> None:
    quoted = re.findall(r"`(\d+ ?[a-z][a-z ]*)`", section("### Durations"))
    assert len(quoted) >= 8
    for text in quoted:
        assert parse_duration(text)


def test_the_shipped_rules_load() -> None:
    known = Known(
        agents=KNOWN.agents,
        teams=KNOWN.teams,
        mailboxes=frozenset({"support"}),
        canned=KNOWN.canned,
    )
    rules = load_rules(ROOT / "config" / "rules", known)
    assert len(rules.rules) >= 3


def _literals(annotation: object) -> set[str]:
    """The strings of a Literal, also of one that holds others."""
    found: set[str] = set()
    for each in get_args(annotation):
        found |= {each} if isinstance(each, str) else _literals(each)
    return found
