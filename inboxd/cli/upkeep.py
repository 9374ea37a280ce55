"""Keeping an installation well: `doctor`, `health`, `backup`, `restore`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config
from inboxd.cli.failure import FAILED
from inboxd.cli.options import AsJson
from inboxd.cli.output import console, line, print_json, progress_of, say
from inboxd.desk.words import counted, size

if TYPE_CHECKING:
    from inboxd.doctor import Finding


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(doctor)
    app.command()(health)
    app.command()(backup)
    app.command()(restore)


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


def doctor(
    ctx: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not connect to the relay and IMAP servers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everything that can go wrong, and say what to do."""
    from inboxd.clock import SystemClock
    from inboxd.doctor import examine, healthy
    from inboxd.logs import log_trouble

    log_trouble()
    findings = list(examine(open_config(ctx), SystemClock(), offline=offline))
    well = healthy(findings)
    if as_json:
        rows = [
            {
                "group": f.group.value,
                "check": f.what,
                "status": f.health.value,
                "words": f.words,
                "advice": f.advice,
            }
            for f in findings
        ]
        print_json({"healthy": well, "checks": rows})
    else:
        _print_findings(findings)
    if not well:
        raise typer.Exit(FAILED)


def _print_findings(findings: list[Finding]) -> None:
    """Print what was found by groups, so that it can be read on a telephone."""
    from inboxd.doctor import Group, Health

    out = console()
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    width = 10_000 if piped else max(40, min(out.width, 100))  # what is searched is not wrapped
    signs = {Health.OK: ("ok", "green"), Health.WARN: ("!!", "yellow"), Health.FAIL: ("XX", "red")}
    for group in Group:
        mine = [each for each in findings if each.group is group]
        if mine:
            out.print(line(group.value, "bold"))
        for each in mine:
            sign, style = signs[each.health]
            text = wrap(f"{each.what}: {each.words}", width - 5, break_on_hyphens=False)
            out.print(line(f" {sign} ", style) + line(text[0]), soft_wrap=True)
            for more in text[1:]:
                out.print(line(f"    {more}"), soft_wrap=True)
            for more in wrap(each.advice, width - 9, break_on_hyphens=False):
                arrow = "-> " if more == each.advice or each.advice.startswith(more) else "   "
                out.print(line(f"    {arrow}{more}", "bold"), soft_wrap=True)
    counts = Counter(each.health for each in findings)
    failed, warned = counts[Health.FAIL], counts[Health.WARN]
    said = [f"{failed} failed" if failed else "", counted(warned, "warning") if warned else ""]
    words = ", ".join(each for each in said if each) or "All is well."
    out.print(line(words, "bold red" if failed else "yellow" if warned else "green"))


def backup(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where it goes; a name in .zst is compressed.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    without_key: Annotated[
        bool,
        typer.Option("--without-key", help="Leave out the secret key that inboxd made for itself."),
    ] = False,
) -> None:
    """Write a consistent backup while the daemon goes on working, and verify it."""
    from inboxd.backup import make_backup
    from inboxd.clock import SystemClock

    config = open_config(ctx)
    with progress_of("copying") as report:
        about = make_backup(
            config,
            SystemClock(),
            file,
            overwrite=force,
            with_key=not without_key,
            progress=report,
        )
    say(f"{file}: {size(file.stat().st_size)}, verified")
    if about.secret is None:
        say("The secret key is not in it; without that key answers find no way back.")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a database that holds mail; it is kept aside.")
    ] = False,
    send_waiting: Annotated[
        bool,
        typer.Option(
            "--send-waiting", help="Send what waited to be sent when the backup was made."
        ),
    ] = False,
) -> None:
    """Put a backup in the database's place; the daemon must not run."""
    from inboxd.clock import SystemClock
    from inboxd.restore import restore as put_back

    done = put_back(open_config(ctx), SystemClock(), file, replace=force, send_waiting=send_waiting)
    when = f" of {done.made_at:%Y-%m-%d %H:%M} UTC" if done.made_at else ""
    mails, found = counted(done.mails, "mail"), counted(done.conversations, "conversation")
    say(f"restored the backup{when}: {found}, {mails}; the next new one is #{done.next_number}")
    if done.kept_aside is not None:
        say(f"kept aside: {done.kept_aside}")
    if done.held:
        say(f"put aside, not sent: {counted(done.held, 'mail')} that may have been sent since;")
        say("  inboxd outbox list --state dead shows them, inboxd outbox retry ID sends one")
    if done.postponed:
        say(f"{counted(done.postponed, 'timer')} came due meanwhile and will fire in an hour")
    for words in done.words:
        say(words)
    say("Start the daemon; IMAP folders are read again from where the backup knew them.")
