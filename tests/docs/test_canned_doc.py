"""docs/canned.md names every placeholder, key and filter, and its examples read as it says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inboxd.templates.canned import CannedSet, load_canned
from inboxd.templates.canned_check import PLACEHOLDERS
from inboxd.templates.canned_context import SAMPLE
from inboxd.templates.canned_files import _KEYS
from inboxd.templates.moments import MOMENT_FILTERS

PAGE = (Path(__file__).parents[2] / "docs" / "canned.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^`([a-z.-]+\.md)`:\n\n```markdown\n(.*?)^```", PAGE, re.M | re.S))
ROWS = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)


@pytest.fixture
def canned(tmp_path: Path) -> CannedSet:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "return-label.pdf").write_bytes(b"%PDF")
    (tmp_path / "terms.txt").write_text("terms")
    for name, text in EXAMPLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_canned(tmp_path)


def test_every_placeholder_is_named_and_no_other() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([a-z_]+(?:\.[A-Za-z_.]+)?)`", row)}
    known = {f"{owner}.{item}" for owner, items in PLACEHOLDERS.items() for item in items}
    known -= {"contact.fields"}
    known |= {"contact.fields.NAME", "fields.NAME", "match.NAME", "promise", "now"}
    assert named - {*_KEYS, *MOMENT_FILTERS} == known


def test_every_key_and_filter_is_named() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([a-z]+)`", row)}
    assert named >= {*_KEYS, *MOMENT_FILTERS}


def test_the_examples_are_read(canned: CannedSet) -> None:
    assert canned.names == ("hours", "opening", "refund-received")
    context = replace(SAMPLE, match={"order": "4711"})
    refund = canned.render("refund-received", None, context)
    assert refund.subject == "Your refund for order 4711"
    assert "since 6 May 2030, and you will have our answer by Tuesday 08:00." in refund.text
    assert [each.filename for each in refund.attachments] == ["terms.txt", "return-label.pdf"]


def test_the_times_read_as_the_page_says(canned: CannedSet) -> None:
    shown = re.search(r"for a shop in Berlin,\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    context = replace(SAMPLE, zone=ZoneInfo("Europe/Berlin"), fields={"delivery": "2030-05-09"})
    assert canned.render("opening", None, context).text == shown[1]


def test_the_language_is_chosen_as_the_page_says(canned: CannedSet) -> None:
    context = replace(SAMPLE, promise=datetime(2030, 5, 7, 8, tzinfo=UTC))
    assert "bis Dienstag 08:00" in canned.render("hours", "de-AT", context).text
    assert canned.render("hours", "fr", context).text.startswith("We are there")
