"""The command `inboxd`: its options, its commands, and how errors end it.

Nothing heavy is imported here or at the top of the commands' modules: help must come at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from inboxd import __version__
from inboxd.cli import act, agents, canned, contacts, inbox, mails, operations, rules, serve, upkeep
from inboxd.cli.failure import end

app = typer.Typer(
    name="inboxd",
    help="An email-first shared inbox: one daemon, agents answer from their own mail client.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"inboxd {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="PATH",
            envvar="INBOXD_CONFIG",
            help="The configuration; without it config/inboxd.yaml.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """An email-first shared inbox: one daemon, agents answer from their own mail client."""
    ctx.obj = config or Path("config/inboxd.yaml")


for module in (serve, inbox, act, agents, contacts, canned, mails, operations, rules, upkeep):
    module.register(app)


def main() -> None:
    """Run the command line and exit: 0, 1, 2 (usage), 75 (try again later) or 78 (bad config)."""
    # The imports alone make some 200,000 objects that live as long as the process.
    gc.set_threshold(50_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show all of Unicode
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="inboxd")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone. Python flushes once more on exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("INBOXD_DEBUG") == "1":
            raise
        end(error)
