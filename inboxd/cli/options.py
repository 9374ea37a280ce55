"""Arguments and options that several commands share."""

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
