"""The JSON Schema takes every rule file that is right, and refuses what is wrongly built."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from inboxd.rehearsal.json_schema import cases_schema
from inboxd.rules.json_schema import rules_schema, schema_text
from inboxd.rules.loader import Known
from inboxd.yaml_positions import load_yaml, parse_yaml

ROOT = Path(__file__).parents[2]
SCHEMA = rules_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
TESTS_SCHEMA = cases_schema()
SHIPPED = sorted(
    [*(ROOT / "config").glob("rules/*.yaml"), *(ROOT / "config").glob("packs/*/*.yaml")]
)
SHIPPED_TESTS = sorted((ROOT / "config").glob("**/tests/*.yaml"))
EXAMPLES = re.findall(
    r"^```yaml\n(.*?)^```", (ROOT / "docs" / "rules.md").read_text("utf-8"), re.M | re.S
)
BAD = ROOT / "tests" / "bad_configs" / "rules"
# Wrong in what is written where, rather than in what it means.
BADLY_BUILT = [
    "empty_conditions",
    "empty_then",
    "no_name",
    "not_a_list",
    "not_a_rule",
    "two_actions_in_one",
    "unknown_action",
    "unknown_condition",
    "unknown_event",
    "unknown_operator",
    "unknown_rule_key",
    "wrong_types",
    "everything_at_once",
]


def errors(data: Any, validator: Draft202012Validator = VALIDATOR) -> list[str]:
    return [error.message for error in validator.iter_errors(data)]


def rule(**keys: Any) -> list[dict[str, Any]]:
    return [{"name": "x", "when": "message.received", "then": ["close"], **keys}]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_schema_is_that_of_the_models() -> None:
    """Where this fails, run scripts/write_reference."""
    folder = ROOT / "config" / "schema"
    assert (folder / "rules.json").read_text(encoding="utf-8") == schema_text(SCHEMA)
    assert (folder / "rule-tests.json").read_text(encoding="utf-8") == schema_text(TESTS_SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_is_right_and_names_its_schema(path: Path) -> None:
    assert errors(load_yaml(path).data) == []
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text("utf-8"))
    assert modeline is not None
    assert json.loads((path.parent / modeline[1]).read_text("utf-8")) == SCHEMA


@pytest.mark.parametrize("path", SHIPPED_TESTS, ids=lambda path: path.name)
def test_a_shipped_file_of_tests_is_right_and_names_its_schema(path: Path) -> None:
    assert errors(load_yaml(path).data, Draft202012Validator(TESTS_SCHEMA)) == []
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text("utf-8"))
    assert modeline is not None
    assert json.loads((path.parent / modeline[1]).read_text("utf-8")) == TESTS_SCHEMA


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_of_the_page_is_right(number: int) -> None:
    assert errors(parse_yaml(EXAMPLES[number].encode(), Path("rules.md")).data) == []


@pytest.mark.parametrize("name", BADLY_BUILT)
def test_a_badly_built_file_is_refused(name: str) -> None:
    assert errors(load_yaml(BAD / f"{name}.yaml").data)


@pytest.mark.parametrize(
    "keys",
    [
        {"then": "close"},
        {"then": ["close", {"tag": "a"}]},
        {"then": {"tag": ["a"], "close": None}},
        {"then": {"set": {"fields.order": "1", "priority": "low"}}},
        {"if": {"any": {"subject": "a", "body": ["b"]}}},
        {"if": [{"from": {"is": "a"}}, {"not": {"tags": "b"}}]},
        {"when": "pending", "for": "3 business days"},
        {"when": ["open", "pending"], "mailboxes": ["support"], "enabled": False},
    ],
)
def test_shorthands_are_right(keys: dict[str, Any]) -> None:
    assert errors(rule(**keys)) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"then": []},
        {"then": {}},
        {"then": [{"close": False}]},
        {"then": ["tag"]},
        {"then": {"set": {}}},
        {"then": {"set": {"priority": "top"}}},
        {"if": {}},
        {"if": {"subject": {}}},
        {"if": {"subject": None}},
        {"if": {"subject": {"is": 5}}},
        {"stop": "yes"},
        {"name": None},
    ],
)
def test_what_the_models_refuse_by_its_form_the_schema_refuses(keys: dict[str, Any]) -> None:
    assert errors(rule(**keys))


def test_names_of_a_shop_can_be_listed() -> None:
    known = Known(
        agents=frozenset({"anna"}),
        teams=frozenset({"billing"}),
        mailboxes=frozenset({"support"}),
        canned=frozenset({"received"}),
    )
    validator = Draft202012Validator(rules_schema(known))
    assert errors(rule(then=[{"notify": ["anna", "billing"]}]), validator) == []
    assert errors(rule(then=[{"notify": ["zoe"]}]), validator)
    assert errors(rule(then=[{"reply": {"canned": "received"}}]), validator) == []
    assert errors(rule(then=[{"reply": {"canned": "recieved"}}]), validator)
    assert errors(rule(mailboxes="sales"), validator)


def test_nothing_of_the_way_it_is_made_is_left_in_it() -> None:
    for known in (None, Known()):
        text = schema_text(rules_schema(known))
        assert "x-inboxd" not in text
        assert '"null"' not in text.replace('"array",\n    "null"', "")
