"""No statement of the way that every mail takes reads a whole table, or a whole queue's history."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from pathlib import Path

import pytest
from desk_kit import make

import inboxd.store
from inboxd.store.statements import Statement

# What is asked only once a domain has reached its cap; the agents who are away, or at work.
_MAY_SCAN = {"auto_sent._ANSWERED_AT_DOMAIN", "absences._NOW", "presence._ALL"}
_MAY_SCAN |= {"rule_schedules._ALL"}  # a row for each rule with a schedule


def _statements() -> dict[str, Statement]:
    found = {}
    for module in pkgutil.iter_modules(inboxd.store.__path__):
        loaded = importlib.import_module(f"inboxd.store.{module.name}")
        for name, value in vars(loaded).items():
            if isinstance(value, Statement):
                found[f"{module.name}.{name}"] = value
    return found


STATEMENTS = _statements()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make(tmp_path_factory.mktemp("plans"))
    desk.database.close()
    return desk.shop.config.data_dir / "inboxd.db"


def _plan(database: Path, statement: Statement) -> list[str]:
    text = statement._text()
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", ["[1]"] * text.count("?"))
        return [row[3] for row in rows]
    finally:
        connection.close()


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - _MAY_SCAN))
def test_no_statement_scans_a_table(database: Path, name: str) -> None:
    scans = [
        line
        for line in _plan(database, STATEMENTS[name])
        if re.match(r"SCAN (?!.*VIRTUAL TABLE|CONSTANT|\(|subquery)", line) and "USING" not in line
    ]
    assert scans == []


@pytest.mark.parametrize("name", ["journal._SAME_CONTENT", "journal._ELSEWHERE"])
def test_content_is_found_by_its_digest(database: Path, name: str) -> None:
    plan = " ".join(_plan(database, STATEMENTS[name]))

    assert "journal_content (mailbox=? AND content_sha256=?)" in plan
