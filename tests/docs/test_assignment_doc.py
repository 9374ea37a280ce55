"""docs/assignment.md: its rules load, its configuration is valid, and it names every way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from inboxd.config import Config
from inboxd.conversations.handing_out import Strategy
from inboxd.rules.loader import Known, read_rules
from inboxd.yaml_positions import parse_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "assignment.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RULES = [each for each in EXAMPLES if each.startswith("- ")]
CONFIGS = [each for each in EXAMPLES if not each.startswith("- ")]
KNOWN = Known(teams=frozenset({"billing"}), skills={"billing": frozenset({"german", "returns"})})


def test_there_are_examples_of_both() -> None:
    assert len(RULES) >= 1
    assert len(CONFIGS) >= 2


@pytest.mark.parametrize("text", RULES)
def test_every_rule_loads(text: str) -> None:
    assert read_rules([parse_yaml(text.encode(), Path("rules.yaml"))], KNOWN).rules


@pytest.mark.parametrize("text", CONFIGS)
def test_every_configuration_is_valid(text: str) -> None:
    base = {
        "mailboxes": [{"name": "support", "address": "support@shop.example"}],
        "send": {"maildir": "sent"},
    }
    assert Config.model_validate(base | YAML(typ="safe").load(text))


def test_every_way_is_named() -> None:
    named = re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)
    assert named == ["by", *get_args(Strategy)]
