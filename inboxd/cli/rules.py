"""The tools for rules: `rules check`, `rules schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from inboxd.cli.context import open_config
from inboxd.cli.options import AsJson, group
from inboxd.cli.output import print_summary


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    rules = group(app, "rules", "What the shop wants, in YAML: its tools.")
    rules.command("check")(check)
    rules.command("schema")(schema)


def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Check the rules alone, and name every fault."""
    from inboxd.desk.checkup import check_rules

    print_summary(check_rules(open_config(ctx)), as_json)


def schema(
    ctx: typer.Context,
    for_config: Annotated[
        bool,
        typer.Option("--for-config", help="List the agents, teams and other names of this shop."),
    ] = False,
) -> None:
    """Print the JSON Schema of a rule file, which editors complete and check words by."""
    from inboxd.rules.json_schema import rules_schema, schema_text

    known = None
    if for_config:
        from inboxd.desk.checkup import names_for_rules

        known = names_for_rules(open_config(ctx))
    typer.echo(schema_text(rules_schema(known)), nl=False)
