"""docs/operations.md explains all that doctor finds, and its log lines and links are true."""

from __future__ import annotations

import ast
import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FINDINGS = PAGE.partition("## What doctor finds")[2].partition("\n## ")[0]
LOGS = PAGE.partition("## Logs")[2].partition("\n## ")[0]


def findings() -> set[str]:
    """Return the names of findings that stand in the doctor's code."""
    names = set()
    for path in (ROOT / "inboxd" / "doctor").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_finding = isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
            if is_finding and isinstance(node.args[1], ast.Constant):  # type: ignore[attr-defined]
                names.add(str(node.args[1].value))  # type: ignore[attr-defined]
    return names


@pytest.mark.parametrize("name", sorted(findings()))
def test_every_finding_is_explained(name: str) -> None:
    assert f"`{name}`" in FINDINGS


def test_there_are_findings() -> None:
    assert len(findings()) > 12


def test_every_log_line_that_is_named_can_come_up() -> None:
    calls = re.compile(r"\(\s*\"([a-z_]+\.?[a-z_]*)\"")
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "inboxd").rglob("*.py"))
    rows = re.findall(r"^\| (`.*?) \|", LOGS, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)}
    assert len(named) > 15
    assert named - set(calls.findall(code)) == set()


def test_links_within_the_page_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
    assert set(re.findall(r"\]\(#([a-z0-9-]+)\)", PAGE)) <= anchors


def test_links_to_the_page_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"operations\.md#([a-z0-9-]+)", text)) <= anchors, page


def test_the_unit_is_what_the_page_says() -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "docs" / "inboxd.service")
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStart"].endswith("inboxd --config /etc/inboxd/inboxd.yaml serve")
    assert int(service["WatchdogSec"]) >= 10
    for hardening in ("ProtectSystem", "NoNewPrivileges", "StateDirectory", "LoadCredential"):
        assert service[hardening]
    from inboxd.config.values import SERVICE_CREDENTIALS

    assert SERVICE_CREDENTIALS.name == "inboxd.service", "where commands look for credentials"
