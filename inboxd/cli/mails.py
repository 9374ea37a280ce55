"""Mails from files: `parse`, `ingest`, `import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from inboxd.cli.context import open_shop
from inboxd.cli.failure import FAILED, TRY_AGAIN, complain
from inboxd.cli.output import print_json_line, progress, say

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE…", help="Files with one mail each; - is standard input."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(parse)
    app.command()(ingest)
    app.command("import")(import_history)


def parse(files: Files) -> None:
    """Print what is read in mails, one JSON object a line; needs no configuration."""
    from inboxd.desk.views import mail
    from inboxd.mail.classify import TrustPolicy, classify
    from inboxd.mail.mime import parse as parse_mail

    nobody = TrustPolicy()
    unread = 0
    # On a terminal the objects themselves show how far it has come.
    with progress("reading", 0 if sys.stdout.isatty() else len(files)) as advance:
        for file in files:
            try:
                raw = _read(file)
            except OSError as error:
                complain(f"{file}: {error.strerror or type(error).__name__}")
                unread += 1
            else:
                parsed = parse_mail(raw)
                print_json_line(mail(file, parsed, classify(parsed, nobody, None, raw)))
            advance(1)
    if unread:
        raise typer.Exit(FAILED)


def ingest(
    ctx: typer.Context,
    files: Files,
    mailbox: Annotated[
        str | None,
        typer.Option("--mailbox", metavar="M", help="The mailbox; without it by the recipients."),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option("--sender", metavar="ADDRESS", help='The envelope sender; "" for none.'),
    ] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="ADDRESS", help="An envelope recipient; repeatable."),
    ] = None,
) -> None:
    """Take raw mails into the journal; on exit 0 they are on the disk."""
    from inboxd.errors import InboxdError

    mails = [_read(file) for file in files]
    try:
        for entry in _ingest(ctx, mails, mailbox, sender, recipient or []):
            say(str(entry))
    except InboxdError:
        raise
    except Exception as error:  # the machine or a fault of ours: the sender keeps the mail
        complain(f"the mail could not be stored now: {type(error).__name__}")
        raise typer.Exit(TRY_AGAIN) from None


def import_history(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="mbox files and Maildirs.")],
    mailbox: Annotated[
        str | None,
        typer.Option("--mailbox", metavar="M", help="The mailbox; without it by the recipients."),
    ] = None,
) -> None:
    """Bring in history from mbox files and Maildirs; nothing is sent."""
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.work import count_mails, import_all

        total = count_mails(paths)
        with progress("importing", total * 2) as advance:
            done = import_all(database, shop, SystemClock(), paths, mailbox, advance)
    say(f"{done.new} new, {done.duplicates} duplicates, {done.quarantined} quarantined")
    if done.waiting:
        say(f"{done.waiting} have still to be processed: inboxd work")
    if done.quarantined:
        say("inboxd journal list --state quarantined shows those that could not be worked on")


def _ingest(
    ctx: typer.Context,
    mails: Sequence[bytes],
    mailbox: str | None,
    sender: str | None,
    recipients: Sequence[str],
) -> Iterator[int]:
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.ingest.files import ingest as take

        yield from take(
            database,
            shop,
            SystemClock(),
            mails,
            mailbox=mailbox,
            sender=sender,
            recipients=recipients,
        )


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
