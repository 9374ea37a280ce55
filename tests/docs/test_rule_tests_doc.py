"""docs/rule-tests.md names every word of a file of rule tests, and its examples hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from inboxd.config import load_config
from inboxd.desk.checkup import names_for_tests
from inboxd.rehearsal.cases import Case, Expectation, Letter, Step
from inboxd.rehearsal.files import read_cases
from inboxd.rehearsal.play import play_all
from inboxd.rules.reference import words_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rule-tests.md").read_text("utf-8")
CONFIG = ROOT / "config" / "inboxd.yaml"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("## A case", Case),
        ("## Steps", Step),
        ("## A mail", Letter),
        ("## What can be expected", Expectation),
    ],
)
def test_every_word_is_documented_and_nothing_else(title: str, model: type[BaseModel]) -> None:
    section = PAGE.partition(f"\n{title}\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert named == set(words_of(model))


def test_the_examples_hold(tmp_path: Path) -> None:
    path = tmp_path / "tests.yaml"
    path.write_text("".join(EXAMPLES), encoding="utf-8")
    config = load_config(CONFIG, {"INBOXD_SECRET_KEY": "a key of no other use, long enough"})
    results = list(play_all(config, read_cases([path], *names_for_tests(config))))
    assert [each.failures for each in results] == [(), ()]
