"""docs/states.md shows the tables of the code."""

from __future__ import annotations

from pathlib import Path

from inboxd.conversations.states import MACHINES, tables

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text("utf-8")


def test_the_page_holds_the_tables_of_the_code():
    shown = PAGE.partition("<!-- tables: begin -->\n")[2].partition("\n<!-- tables: end -->")[0]

    assert shown == tables()


def test_every_transition_of_the_code_can_be_read_off_the_page():
    """Read the tables back, so that `tables` cannot leave out what it should show."""
    for machine in MACHINES:
        section = PAGE.partition(f"## {machine.name.capitalize()}\n")[2].partition("\n## ")[0]
        rows = [
            [cell.strip() for cell in line.strip("|").split(" | ")]
            for line in section.splitlines()
            if line.startswith("| ")
        ]
        steps = {
            (state, row[1], state if row[2] == "stays as it is" else row[2])
            for row in rows
            if len(row) == 4
            for state in row[0].split(", ")
        } - {("in state", "event", "leads to")}

        assert steps == {(str(t.from_), str(t.event), str(t.to)) for t in machine.transitions}
        assert {row[0].removesuffix(" (first)") for row in rows if len(row) == 2} == {
            "state",
            *machine.meanings,
        }
