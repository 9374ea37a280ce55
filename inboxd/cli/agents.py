"""`agents`: who is at work, how much everybody has, and what waits to be handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from inboxd.cli.context import open_config, open_database
from inboxd.cli.options import AsJson
from inboxd.cli.output import console, line, print_json, print_table

if TYPE_CHECKING:
    from rich.text import Text

    from inboxd.desk.roster import Member


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(agents)


def agents(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show who is at work, how much everybody has, and what waits in the teams' queues."""
    from inboxd.clock import SystemClock
    from inboxd.desk.roster import roster

    config = open_config(ctx)
    with open_database(config) as database, database.read() as connection:
        found = roster(connection, config, SystemClock().now())
    if as_json:
        print_json(found.view())
        return
    columns = ("name", "teams", "open", "now", "skills")
    print_table(columns, (_row(each) for each in found.members))
    for team, count in found.waiting.items():
        console().print(line(f"{count} wait in team {team} to be handed out", "yellow"))


def _row(each: Member) -> tuple[str | Text, ...]:
    limit = f" of {each.max_open}" if each.max_open is not None else ""
    until = f" until {each.back_at:%Y-%m-%d %H:%M} UTC" if each.back_at is not None else ""
    now = line(f"{each.absent}{until}", "yellow") if each.absent else line("at work", "green")
    return each.name, ", ".join(each.teams), f"{each.open}{limit}", now, ", ".join(each.skills)
