"""docs/commands.md names every command and option, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from inboxd.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = {
    match[1]: match[0]
    for match in re.finditer(r"^### `([a-z -]+)`\n.*?(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
ACTING = PAGE.partition("## Acting")[2].partition("###")[0]


def _commands(group: object, names: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from _commands(command, (*names, name))
        else:
            options = [each for param in command.params for each in param.opts]
            yield " ".join((*names, name)), [each for each in options if each.startswith("-")]


COMMANDS = dict(_commands(get_command(app)))


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_stands_in_its_section(name: str) -> None:
    acts = "--as" in COMMANDS[name]
    text = SECTIONS[name] + (ACTING if acts else "")
    documented = set(re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE))
    assert documented == set(COMMANDS[name])


def test_every_option_of_inboxd_itself_is_named() -> None:
    command = get_command(app)
    for option in (each for param in command.params for each in param.opts):
        assert option in PAGE, option


def test_every_command_says_in_its_help_what_it_does() -> None:
    silent = [name for name, command in get_command(app).commands.items() if not command.help]  # type: ignore[attr-defined]
    assert silent == []
