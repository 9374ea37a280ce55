"""Arguments, options and groups that several modules of commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Number = Annotated[int, typer.Argument(metavar="N", help="The conversation's number.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="AGENT",
        help="The agent in whose name it is done; without it the first admin, else the first one.",
    ),
]


def group(app: typer.Typer, name: str, words: str) -> typer.Typer:
    """Add a group of commands to `app` and return it."""
    made = typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made
