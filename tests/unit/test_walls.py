"""Who may ask for the time, for chance and for the network: import-linter cannot see calls."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "inboxd"
PURE = ("mail", "conversations", "rules")
CLOCK = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.sleep",
    "time.perf_counter",
}
CHANCE = {
    "random.random",
    "random.choice",
    "random.randint",
    "uuid.uuid4",
    "uuid4",
    "secrets.token_hex",
    "secrets.token_bytes",
    "os.urandom",
}
WIRE = {"socket", "dns", "smtplib", "imaplib", "imapclient", "aiosmtpd", "http", "urllib.request"}
# Rooms that may: the clock itself; the demo's players, who are not the product; the edges.
MAY_CLOCK = {"clock.py"}
MAY_WIRE = {
    "demo",
    "daemon.py",
    "service_manager.py",
    "certificates.py",
    "delivery",
    "ingest",
    "cli",
    "doctor",
    "dns_txt.py",
}


def modules(*folders: str) -> list[Path]:
    roots = [PACKAGE / folder for folder in folders] or [PACKAGE]
    return sorted(path for root in roots for path in root.rglob("*.py"))


def calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_clock_reads_the_time(path: Path) -> None:
    if path.name in MAY_CLOCK:
        return
    assert not calls(path) & CLOCK


@pytest.mark.parametrize("path", modules(*PURE), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_mail_means_holds_no_chance_and_no_input(path: Path) -> None:
    asked = calls(path)
    assert not asked & CHANCE
    if path.name != "loader.py":
        assert not {
            call for call in asked if call == "open" or call.endswith((".read_text", ".read_bytes"))
        }


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_network_is_touched_at_the_edges_alone(path: Path) -> None:
    if path.relative_to(PACKAGE).parts[0] in MAY_WIRE:
        return
    roots = {name.partition(".")[0] for name in imports(path)}
    assert not roots & {name.partition(".")[0] for name in WIRE - {"http", "urllib.request"}}
