"""docs/guarantees.md names tests that exist, and every pitfall that has to be shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PITFALLS = re.findall(r"^\| (\d+) \| .*? \| (.*) \|$", PAGE, re.MULTILINE)
ROWS = {int(number): re.findall(r"`(tests/[^`]+\.py)`", files) for number, files in PITFALLS}
# Those that reading, threading and answering mail have to show.
REQUIRED = {*range(1, 5), *range(10, 18), *range(20, 25), 26, 28, 29, 30}
SOURCES = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")}
NAMED = sorted(set(re.findall(r"`((?:tests/[\w/]+/)?test_[^`]+\.py)`", PAGE)))


@pytest.mark.parametrize("number", sorted(REQUIRED))
def test_every_required_pitfall_has_tests_with_its_number(number: int) -> None:
    assert ROWS.get(number), f"pitfall {number} is not in the table"
    assert any(_bears(source, number) for source in SOURCES.values())


@pytest.mark.parametrize(
    ("number", "file"), [(number, file) for number, files in ROWS.items() for file in files]
)
def test_the_named_file_holds_tests_with_the_number(number: int, file: str) -> None:
    assert _bears(SOURCES[ROOT / file], number)


def _bears(source: str, number: int) -> bool:
    return re.search(rf"def test_\w*pitfall_{number}_", source) is not None


def test_every_pitfall_that_is_tested_is_in_the_table() -> None:
    found = {
        int(number)
        for source in SOURCES.values()
        for number in re.findall(r"def test_\w*pitfall_(\d+)_", source)
    }
    assert found == set(ROWS)


RELIABILITY = dict(re.findall(r"^\| (R\d+) \| .*? \| (.*) \|$", PAGE, re.MULTILINE))


def test_every_row_of_reliability_is_in_the_table_with_its_figures() -> None:
    assert list(RELIABILITY) == [f"R{number}" for number in range(1, 17)]
    assert all(re.search(r"\d", where.partition("`: ")[2]) for where in RELIABILITY.values()
               if "test_imap_marks" not in where)  # fmt: skip


@pytest.mark.parametrize("row", RELIABILITY)
def test_the_files_of_a_row_hold_tests_that_are_named_after_it(row: str) -> None:
    files = re.findall(r"`(tests/[^`]+\.py)`", RELIABILITY[row])
    assert files, f"{row} names no test"
    for file in files:
        assert re.search(rf"def test_{row}_", SOURCES[ROOT / file]), (
            f"{file} shows nothing of {row}"
        )


def test_the_figures_of_the_crash_points_are_those_of_the_test() -> None:
    """They change with every point that somebody adds."""
    source = SOURCES[ROOT / "tests/crash/test_R11_crash_points.py"]
    points, crashes = re.findall(r"assert (?:len\(POINTS\)|CASES) == (\d+)", source)
    assert f"{points} points, {crashes} crashes" in RELIABILITY["R11"]


@pytest.mark.parametrize("name", NAMED)
def test_named_test_files_exist(name: str) -> None:
    pattern = name if "/" in name else f"tests/**/{name}"
    assert list(ROOT.glob(pattern)), name


def test_the_page_names_a_good_number_of_tests() -> None:
    assert len(NAMED) > 30
