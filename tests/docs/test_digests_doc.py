"""docs/digests.md: its examples work, and it names every view and all that a line can say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from inboxd.config import Config
from inboxd.config.views import BUILT_IN_VIEWS
from inboxd.conversations.commands import TagContext
from inboxd.conversations.digest_lines import parse_digest_lines
from inboxd.conversations.tag_table import TAGS

PAGE = (Path(__file__).parents[2] / "docs" / "digests.md").read_text(encoding="utf-8")
CONTEXT = TagContext(
    agents=["anna", "ben"],
    teams=[],
    canned=["received"],
    me="anna",
    now=datetime(2030, 5, 6, 8, tzinfo=UTC),
    zone=ZoneInfo("UTC"),
    supervisor=True,
)
WORDS = {
    "snooze": "mon",
    "assign": "ben",
    "note": "words",
    "tag": "a",
    "untag": "a",
    "priority": "high",
    "set": "a=b",
    "remind": "2d call",
    "link": "7",
}


def test_every_view_has_its_row() -> None:
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE)) == BUILT_IN_VIEWS


def test_the_example_of_an_answer_is_understood() -> None:
    (example,) = re.findall(r"```\n(1 close\n.*?)```", PAGE, re.DOTALL)
    parsed = parse_digest_lines(example, range(101, 109), CONTEXT)
    assert parsed.errors == ()
    assert [each.conversation for each in parsed.orders] == list(range(101, 109))


def test_every_way_of_writing_a_line_is_understood() -> None:
    line = re.search(r"(`3 close`.*?) are the same", PAGE, re.DOTALL)
    assert line is not None
    ways = re.findall(r"`([^`]+)`", line[1])
    assert len(ways) == 4
    for way in ways:
        parsed = parse_digest_lines(way, (11, 12, 13), CONTEXT)
        assert [each.conversation for each in parsed.orders] == [13], way


def test_what_can_be_done_is_what_the_page_says() -> None:
    said = re.search(r"can be done: (.*?)\. A customer", PAGE, re.DOTALL)
    assert said is not None
    named = re.findall(r"`([a-z]+)`", said[1])
    words = {name: f"1 {name} {WORDS.get(name, '')}" for name in TAGS}
    done = {
        name for name, line in words.items() if parse_digest_lines(line, (1042,), CONTEXT).orders
    }
    assert set(named) == done


def test_the_configuration_is_valid() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        data = YAML(typ="safe").load(block)
        base = {
            "mailboxes": [{"name": "support", "address": "support@shop.example"}],
            "send": {"maildir": "sent"},
        }
        assert all(agent.digest for agent in Config.model_validate(base | data).agents)
