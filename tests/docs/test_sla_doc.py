"""docs/sla.md: its examples work, and it names every promise and every key of a policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from desk_kit import CONFIG, make

from inboxd.config import Config
from inboxd.config.sla import SlaPolicy
from inboxd.conversations.sla import SlaKind
from inboxd.rules.loader import Known, read_rules
from inboxd.yaml_positions import parse_yaml

PAGE = Path(__file__).parents[2] / "docs" / "sla.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
CANNED = re.findall(r"```markdown\n(.*?)```", TEXT, re.DOTALL)
KNOWN = Known(
    agents=frozenset({"anna"}),
    teams=frozenset({"support-team"}),
    slas=frozenset({"standard", "gold", "none"}),
)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_valid(block: str) -> None:
    document = parse_yaml(block.encode(), PAGE)
    if isinstance(document.data, list):
        assert read_rules([document], KNOWN).rules
    else:
        assert Config.model_validate({**document.data, "send": {"maildir": "sent"}}).sla


def test_every_promise_and_key_is_named() -> None:
    names = {*get_args(SlaKind), *SlaPolicy.model_fields, "sla.warning", "sla.breached"}
    assert {name for name in names if f"`{name}`" not in TEXT} == set()


def test_the_promise_to_the_customer_is_written_as_the_page_says(tmp_path: Path) -> None:
    rules = "- {name: Ack, when: conversation.opened, then: [{reply: {canned: received}}]}\n"
    policy = "sla: {standard: {first_response: 26 h}}\n"
    config = CONFIG.replace("    notify:", "    sla: standard\n    notify:") + policy
    desk = make(tmp_path, rules=rules, canned={"received": CANNED[0]}, config=config)
    desk.customer()
    text = desk.to("jane@customer.example", "auto_reply").mail.text
    said = re.search(r"becomes “(You will have our\s+answer by Tuesday 10:00\.)”", TEXT)
    assert said is not None
    assert " ".join(said[1].split()) in text


def test_agents_read_what_the_page_says(tmp_path: Path) -> None:
    policy = "sla: {standard: {first_response: 2 h}}\n"
    config = CONFIG.replace("    notify:", "    sla: standard\n    notify:") + policy
    desk = make(tmp_path, config=config)
    desk.clock.advance(desk.clock.now().replace(hour=14) - desk.clock.now())
    desk.customer()
    said = re.search(r"`(Answer due today 16:00 \(in 2 h\))`", TEXT)
    assert said is not None
    assert said[1] in desk.to("anna@shop.example").mail.text
