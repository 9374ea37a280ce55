"""Keeping an installation well: `health`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inboxd.cli.context import open_config
from inboxd.cli.failure import FAILED
from inboxd.cli.options import AsJson
from inboxd.cli.output import print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(health)


def health(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="The daemon's health file; without it the data folder's."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the daemon lives and every part of it moves; quick, for health checks."""
    from inboxd.clock import SystemClock
    from inboxd.health import FILE_NAME, read_health, trouble_now

    found = read_health(file or open_config(ctx).data_dir / FILE_NAME)
    trouble = trouble_now(found, SystemClock().now())
    if as_json:
        services = [
            {
                "name": each.name,
                "healthy": each.is_well,
                "silent_for": each.silent_for,
                "failures": each.failures,
            }
            for each in found.services
        ]
        print_json(
            {
                "healthy": not trouble,
                "trouble": trouble or None,
                "version": found.version,
                "pid": found.pid,
                "state": found.state,
                "started_at": f"{found.started_at:%Y-%m-%dT%H:%M:%SZ}",
                "written_at": f"{found.written_at:%Y-%m-%dT%H:%M:%SZ}",
                "services": services,
            }
        )
    else:
        say(trouble or f"well: {', '.join(each.words for each in found.services)}")
    if trouble:
        raise typer.Exit(FAILED)
