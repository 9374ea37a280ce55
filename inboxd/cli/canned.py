"""Canned replies: `canned list`, and `canned preview`, which sends nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config, open_shop
from inboxd.cli.options import AsJson, group
from inboxd.cli.output import console, line, paragraph, print_json, print_table
from inboxd.desk.words import size

if TYPE_CHECKING:
    from inboxd.config import Agent
    from inboxd.desk.canned_preview import Preview
    from inboxd.desk.shop import Shop


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    canned = group(app, "canned", "Canned replies: which there are, and how one reads.")
    canned.command("list")(list_)
    canned.command()(preview)


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the canned replies with their titles, languages and attachments."""
    from inboxd.templates.canned import load_canned

    config = open_config(ctx)
    canned = load_canned(config.canned_folders, config.languages)
    variants = {name: canned.variants(name) for name in canned.names}
    if as_json:
        found = [
            {
                "name": name,
                "title": canned.title(name),
                "variants": [
                    {
                        "language": each.language or None,
                        "file": each.file,
                        "title": each.title,
                        "attachments": [file.path for file in each.attachments],
                    }
                    for each in variants[name]
                ],
            }
            for name in canned.names
        ]
        print_json(found)
        return
    rows = (
        (
            name,
            canned.title(name),
            ", ".join(each.language or "any" for each in variants[name]),
            ", ".join(dict.fromkeys(f.path for each in variants[name] for f in each.attachments)),
        )
        for name in canned.names
    )
    print_table(("name", "title", "languages", "attachments"), rows)


def preview(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The canned reply.")],
    conversation: Annotated[
        int, typer.Option("--conversation", metavar="N", help="For whom it is filled in.")
    ],
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="TAG", help="In place of the customer's language."),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option("--agent", metavar="AGENT", help="As this agent's answer."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            "--value", metavar="NAME=TEXT", help="What a rule's pattern or an agent would give."
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Show the HTML, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a canned reply as the customer of a conversation would get it; sends nothing."""
    from inboxd.clock import SystemClock
    from inboxd.desk.canned_preview import preview as preview_of
    from inboxd.errors import ConfigError, Permanent

    values = dict(_value(each) for each in value or ())
    with open_shop(ctx) as (database, shop), database.read() as connection:
        writer = None if agent is None else _agent(shop, agent)
        now = SystemClock().now()
        try:
            mail = preview_of(
                connection,
                shop,
                now,
                name,
                conversation,
                language=language,
                agent=writer,
                values=values,
            )
        except ConfigError as error:
            advice = "what is missing can be given with --value NAME=TEXT"
            raise Permanent(f"{error}\n{advice}") from error
    if as_json:
        print_json(mail.view())
    else:
        _print(mail, html)


def _value(written: str) -> tuple[str, str]:
    name, equals, text = written.partition("=")
    if not equals or not name:
        raise typer.BadParameter("a value is written NAME=TEXT, such as order=4711")
    return name, text


def _agent(shop: Shop, name: str) -> Agent:
    from inboxd.errors import Permanent
    from inboxd.suggest import hint

    agent = shop.config.agent(name)
    if agent is None:
        known = hint(name, (each.name for each in shop.config.agents))
        raise Permanent(f"there is no agent {name!r}{known}")
    return agent


def _print(mail: Preview, html: bool) -> None:
    out = console()
    out.print(line("To:       ", "dim") + line(mail.to))
    out.print(line("Subject:  ", "dim") + line(mail.subject))
    if mail.language:
        out.print(line("Language: ", "dim") + line(mail.language))
    for each in mail.attachments:
        said = f"{each.filename} ({each.content_type}, {size(each.size)})"
        out.print(line("Attached: ", "dim") + line(said))
    out.print()
    out.print(paragraph(mail.text))
    if html:
        out.print(line("HTML:", "dim"))
        out.print(paragraph(mail.html))
    sys.stdout.flush()
