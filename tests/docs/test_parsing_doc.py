"""docs/parsing.md names every defect that the code can record, and every charset that it knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from inboxd.mail import charset_labels
from inboxd.mail.model import MimeBudget

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "parsing.md").read_text("utf-8")
GAP = "…"


def _text(node: ast.expr) -> str:
    """Return a sentence of the code with a gap for each value that is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr), ast.dump(node)
    parts = (p.value if isinstance(p, ast.Constant) else GAP for p in node.values)
    return "".join(map(str, parts))


def recorded() -> set[str]:
    """Return the defects that the reading of mail can record, as they stand in its code."""
    found = set()
    for path in (ROOT / "inboxd" / "mail").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "note"
            ):
                found.add(_text(node.args[0]))
    return found


def documented() -> set[str]:
    section = PAGE.partition("## Defects\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.M))


def test_the_code_records_defects() -> None:
    assert len(recorded()) > 30


def test_every_defect_stands_in_the_page_and_no_other() -> None:
    assert documented() == recorded()


def test_every_defect_is_explained() -> None:
    section = PAGE.partition("## Defects\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    assert all(len(row) == 2 and len(row[1]) > 15 for row in rows)


def test_every_limit_stands_in_the_page() -> None:
    section = PAGE.partition("## Limits\n")[2].partition("\n## ")[0]
    shown = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", section)}
    budget = MimeBudget()
    assert {getattr(budget, name) for name in budget.__slots__} <= shown


@pytest.mark.parametrize(("subset", "superset"), charset_labels._SUPERSETS.items())
def test_every_superset_stands_in_the_page(subset: str, superset: str) -> None:
    def plain(name: str) -> str:
        return re.sub(r"[^a-z0-9]", "", name.lower())

    section = PAGE.partition("## Charsets\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    if plain(subset).removesuffix("sig") != plain(superset):
        assert any(plain(subset) in plain(r) and plain(superset) in plain(r) for r in rows)
