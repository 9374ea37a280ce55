"""Writes what comes out of the code anew: the tables in docs/rules.md, and config/schema/."""

from __future__ import annotations

from pathlib import Path

from inboxd.rehearsal.json_schema import cases_schema
from inboxd.rules.json_schema import rules_schema, schema_text
from inboxd.rules.reference import with_tables

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    page = ROOT / "docs" / "rules.md"
    write(page, with_tables(page.read_text(encoding="utf-8")))
    write(ROOT / "config" / "schema" / "rules.json", schema_text(rules_schema()))
    write(ROOT / "config" / "schema" / "rule-tests.json", schema_text(cases_schema()))


def write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
