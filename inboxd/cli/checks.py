"""What checks found: names of what is well, faults and doubts with their lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inboxd.cli.failure import BAD_CONFIG, FAILED, show
from inboxd.cli.output import console, line, print_json
from inboxd.errors import ConfigError, Fault

if TYPE_CHECKING:
    from inboxd.desk.checkup import Checked

Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 where something can never come to act.")
]


def report(ctx: typer.Context, find: Callable[[], Checked], *, strict: bool, as_json: bool) -> None:
    """Print what `find` finds; exits with 78 for faults, and with 1 where `strict` for doubts."""
    try:
        found = find()
    except ConfigError as error:
        _faults(error, str(ctx.obj), as_json=as_json)
        raise typer.Exit(BAD_CONFIG) from None
    if as_json:
        print_json({"ok": True, **found.names, "warnings": [_row(each) for each in found.doubts]})
    else:
        for each in found.doubts:
            show(each, "warning")
        out = console()
        for what, names in found.names.items():
            out.print(line(f"{what:<10}", "dim") + line(", ".join(names) or "none"))
        out.print(_verdict(len(found.doubts)))
    if strict and found.doubts:
        raise typer.Exit(FAILED)


def _verdict(doubts: int) -> Any:
    if not doubts:
        return line("All is well.", "green")
    each = "One thing" if doubts == 1 else f"{doubts} things"
    return line(f"{each} can never come to act; everything else is well.", "yellow")


def _faults(error: ConfigError, config: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "faults": [_row(each) for each in error.faults]})
        return
    for each in error.faults:
        # A line of the configuration may hold a secret: it is for the eyes of a person alone.
        show(each, line_too=each.file != config or sys.stderr.isatty())


def _row(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
    }
