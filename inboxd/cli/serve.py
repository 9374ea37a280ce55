"""`inboxd serve` and `inboxd demo`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config
from inboxd.cli.options import AsJson
from inboxd.cli.output import say

if TYPE_CHECKING:
    from inboxd.daemon import Daemon


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    CONSOLE = "console"
    LOGFMT = "logfmt"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(serve)
    app.command()(demo)


def serve(
    ctx: typer.Context,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            "--log-format",
            envvar="INBOXD_LOG",
            help="auto is console on a terminal and logfmt elsewhere.",
        ),
    ] = LogFormat.AUTO,
) -> None:
    """Run the daemon in the foreground.

    SIGTERM stops it within 10 s; SIGHUP reads configuration, rules and templates again.
    """
    config = open_config(ctx)
    _import_structlog_without_rich()
    from inboxd.clock import SystemClock
    from inboxd.daemon import Daemon
    from inboxd.foreground import run
    from inboxd.logs import log_lines

    os.umask(0o077)  # what the daemon writes is nobody else's business
    log_lines(log_format.value)
    run(Daemon(config, SystemClock()), _tell_where)


def _import_structlog_without_rich() -> None:
    """Spare the daemon 4 MB: structlog imports rich for exceptions' traces, which no log holds."""
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]
        try:
            import structlog  # noqa: F401
        finally:
            del sys.modules["rich"]


def demo(as_json: AsJson = False) -> None:
    """Play a customer and agents through a real daemon on loopback, in a temporary folder."""
    from inboxd.cli.demo import run_demo

    raise typer.Exit(run_demo(as_json=as_json))


def _tell_where(daemon: Daemon) -> None:
    config = daemon.config
    address = config.mailboxes[0].address
    for each in daemon.listeners:
        host, protocol = each.listener.host, each.listener.protocol.upper()
        say(f"inboxd takes {protocol} on {host}:{each.port}")
    for mailbox in config.mailboxes:
        for source in mailbox.sources:
            if source.imap is not None:
                where = f"{source.imap.host}:{source.imap.port}/{source.imap.folder}"
                say(f"inboxd reads {where} for {mailbox.address}")
    smtp = [each for each in daemon.listeners if each.listener.protocol == "smtp"]
    if smtp:
        server = f"{smtp[0].listener.host}:{smtp[0].port}"
        say("\nSend the first mail, and look at what becomes of it:")
        say(f"  swaks --server {server} --from jane@customer.example --to {address}")
    else:
        say("\nLook at what comes in:")
    say(f"  {os.environ.get('INBOXD_RUN_AS') or f'inboxd --config {config.path}'} list")
    sys.stdout.flush()
