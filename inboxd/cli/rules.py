"""The tools for rules: `rules check`, `rules test`, `rules backtest`, `rules schema`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.checks import Strict, report
from inboxd.cli.context import open_config
from inboxd.cli.failure import FAILED
from inboxd.cli.options import AsJson, group
from inboxd.cli.output import print_json, progress, say

if TYPE_CHECKING:
    from inboxd.desk.checkup import Checked


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    rules = group(app, "rules", "What the shop wants, in YAML: its tools.")
    rules.command("check")(check)
    rules.command("test")(play)
    rules.command("backtest")(backtest)
    rules.command("schema")(schema)


def check(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH…]", help="Rule files, or folders of them; without it the shop's."
        ),
    ] = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Name every fault in rules, and what can never act."""
    from inboxd.desk.checkup import check_rules

    def find() -> Checked:
        return check_rules(open_config(ctx), paths or ())

    report(ctx, find, strict=strict, as_json=as_json)


def play(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH…]",
            help="Files of tests, or folders of them; without it tests/ in the rules' folder "
            "and in those of the packs.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play tests of rules, and show what goes otherwise."""
    from inboxd.cli.rehearsals import as_rows, print_result, summed_up
    from inboxd.desk.checkup import names_for_tests
    from inboxd.logs import log_trouble
    from inboxd.rehearsal.files import FOLDER, files_of, read_cases
    from inboxd.rehearsal.play import play_all

    log_trouble()
    config = open_config(ctx)
    known, rules = names_for_tests(config)
    scripts = read_cases(
        files_of(paths or [each / FOLDER for each in config.rule_folders]), known, rules
    )
    results = []
    with progress("testing", len(scripts)) as advance:
        for result in play_all(config, scripts):
            results.append(result)
            advance(1)
    if as_json:
        print_json({"ok": all(each.passed for each in results), "cases": as_rows(results)})
    else:
        for result in results:
            print_result(result)
        say(summed_up(results))
    if not all(each.passed for each in results):
        raise typer.Exit(FAILED)


def backtest(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="How far back, such as 30d or 2 weeks.")
    ] = "30d",
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="DIR",
            help="The rules to try, compared with the shop's; without it the shop's, compared "
            "with what really happened.",
        ),
    ] = None,
    mailbox: Annotated[
        str | None, typer.Option("--mailbox", metavar="M", help="Only this mailbox's mail.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try rules on the mail that came, changing nothing."""
    from inboxd.backtest.run import backtest as run_backtest
    from inboxd.backtest.run import question
    from inboxd.cli.backtests import as_document, print_difference
    from inboxd.clock import SystemClock
    from inboxd.logs import log_trouble

    log_trouble()
    asked = question(open_config(ctx), SystemClock().now(), since, rules, mailbox)
    with ExitStack() as shown:
        found = run_backtest(asked, lambda total: shown.enter_context(progress("replaying", total)))
    if as_json:
        print_json(as_document(asked, found))
    else:
        print_difference(asked, found)


def schema(
    ctx: typer.Context,
    for_config: Annotated[
        bool,
        typer.Option("--for-config", help="List the agents, teams and other names of this shop."),
    ] = False,
    of_tests: Annotated[
        bool, typer.Option("--tests", help="The schema of a file of rule tests instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of rule files, for editors."""
    from inboxd.rehearsal.json_schema import cases_schema
    from inboxd.rules.json_schema import rules_schema, schema_text

    known = None
    if for_config:
        from inboxd.desk.checkup import names_for_rules

        known = names_for_rules(open_config(ctx))
    made = cases_schema(known) if of_tests else rules_schema(known)
    typer.echo(schema_text(made), nl=False)
