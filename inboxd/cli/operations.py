"""Running the shop: `check`, `work`, `outbox`, `journal`, `backup`, `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.checks import Strict, report
from inboxd.cli.context import open_config, open_database, open_shop
from inboxd.cli.failure import FAILED
from inboxd.cli.options import AsJson, group
from inboxd.cli.output import (
    print_json,
    print_table,
    progress,
    progress_of,
    say,
    state,
)
from inboxd.conversations.states import JournalState, OutboxState
from inboxd.desk.words import ago, counted, size

if TYPE_CHECKING:
    from inboxd.config import Config

Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many, newest first.")]

_OUTBOX_COLUMNS = {
    "id": "id",
    "state": "state",
    "kind": "kind",
    "mailbox": "mailbox",
    "conversation": "conversation",
    "message_id": "message_id",
    "attempts": "attempts",
    "created_at": "created_at",
    "next_attempt_at": "next_attempt_at",
    "finished_at": "finished_at",
    "error": "error",
}
_JOURNAL_COLUMNS = {
    "id": "id",
    "state": "state",
    "mailbox": "mailbox",
    "source": "source",
    "size": "size",
    "attempts": "attempts",
    "received_at": "received_at",
    "finished_at": "finished_at",
    "envelope_from": "envelope_from",
    "envelope_to": "envelope_to",
    "error": "error",
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(check)
    app.command()(work)
    outbox = group(app, "outbox", "Outgoing mail.")
    outbox.command("list")(outbox_list)
    outbox.command("retry")(outbox_retry)
    journal = group(app, "journal", "Incoming mail as it came.")
    journal.command("list")(journal_list)
    journal.command("replay")(journal_replay)


def check(ctx: typer.Context, strict: Strict = False, as_json: AsJson = False) -> None:
    """Check configuration, rules, templates and canned replies, and name every fault."""
    from inboxd.desk.checkup import check_all

    report(ctx, lambda: check_all(open_config(ctx)), strict=strict, as_json=as_json)


def work(ctx: typer.Context) -> None:
    """Process all that is due (journal, timers, outbox), then exit."""
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.delivery.courier import make_transport
        from inboxd.work import work as work_off

        clock = SystemClock()
        transport = make_transport(shop.config)
        try:
            with progress("working", None) as advance:
                done = work_off(database, shop, clock, transport, advance)
        finally:
            transport.close()
    read, fired = counted(done.mails, "mail"), counted(done.timers, "timer")
    say(f"{read} processed, {fired} fired, {counted(done.attempted, 'mail')} tried")
    for each in done.deferred:
        where = f" for #{each.conversation}" if each.conversation else ""
        when = f"{each.next_attempt_at:%Y-%m-%d %H:%M} UTC"
        say(f"deferred: mail {each.id} ({each.kind}{where}) until {when}: {each.error}")
    if done.dead:
        say(f"{counted(done.dead, 'mail')} could not be delivered: inboxd outbox list --state dead")


def outbox_list(
    ctx: typer.Context,
    wanted: Annotated[
        OutboxState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List outgoing mail, the newest first."""
    with open_database(open_config(ctx)) as database, database.read() as connection:
        from inboxd.desk.views import rows
        from inboxd.store import outbox

        found = outbox.listing(connection, wanted.value if wanted else None, limit)
        to = outbox.recipients(connection, [row.id for row in found])
    if as_json:
        listed = rows(found, _OUTBOX_COLUMNS)
        each_to = {"address": "address", "state": "state", "reply": "reply"}
        print_json([{**row, "recipients": rows(to[row["id"]], each_to)} for row in listed])
        return
    from inboxd.clock import SystemClock

    now = SystemClock().now()
    columns = ("#", "state", "kind", "conversation", "to", "tries", "written", "what was said")
    print_table(
        columns,
        (
            (
                str(row.id),
                state(row.state),
                row.kind,
                f"#{row.conversation}" if row.conversation else "",
                ", ".join(each.address for each in to[row.id]),
                str(row.attempts),
                ago(row.created_at, now),
                row.error or "",
            )
            for row in found
        ),
    )
    if not found:
        say("No mail is like that.")


def outbox_retry(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID…]", help="Which mails; without it all dead and deferred ones."),
    ] = None,
) -> None:
    """Make dead and deferred mail due now."""
    with open_database(open_config(ctx)) as database, database.write() as connection:
        from inboxd.clock import SystemClock
        from inboxd.store import outbox

        count = outbox.retry(connection, ids or [], SystemClock().now())
    say(f"due now: {counted(count, 'mail')}; the daemon sends them, or: inboxd work")
    if ids and count < len(set(ids)):
        say("the others are neither dead nor deferred")
        raise typer.Exit(FAILED)


def journal_list(
    ctx: typer.Context,
    wanted: Annotated[
        JournalState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List incoming mail as it came, the newest first."""
    with open_database(open_config(ctx)) as database, database.read() as connection:
        from inboxd.desk.views import rows
        from inboxd.store import journal

        found = journal.listing(connection, wanted.value if wanted else None, limit)
    if as_json:
        print_json(rows(found, _JOURNAL_COLUMNS))
        return
    from inboxd.clock import SystemClock

    now = SystemClock().now()
    columns = ("#", "state", "mailbox", "came by", "from", "size", "came", "why")
    print_table(
        columns,
        (
            (
                str(row.id),
                state(row.state),
                row.mailbox,
                row.source,
                row.envelope_from or "",
                size(row.size),
                ago(row.received_at, now),
                row.error or "",
            )
            for row in found
        ),
    )
    if not found:
        say("No mail is like that.")


def journal_replay(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID…]", help="Which entries; without it all quarantined ones."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FILE", help="Rebuild everything in a new database."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="With --into: another database's journal."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give quarantined mail another try; or, with --into, rebuild all from the journal."""
    if into is not None:
        if ids:
            raise typer.BadParameter("--into rebuilds from all mails; leave the IDs out")
        _rebuild(open_config(ctx), source, into, as_json)
        return
    if source is not None:
        raise typer.BadParameter("--from goes with --into")
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.work import replay

        with progress("replaying", None) as advance:
            states = replay(database, shop, SystemClock(), ids or [], advance)
    if as_json:
        print_json([{"id": entry, "state": became} for entry, became in states.items()])
    for entry, became in states.items() if not as_json else ():
        say(f"{entry}: {became}")
    if not states and not as_json:
        say("No mail is quarantined.")
    if JournalState.QUARANTINED.value in states.values():
        raise typer.Exit(FAILED)


def _rebuild(config: Config, source: Path | None, into: Path, as_json: bool) -> None:
    from inboxd.desk.shop import load_shop
    from inboxd.logs import log_trouble
    from inboxd.rebuild import rebuild
    from inboxd.store.db import Database

    log_trouble()
    path = source or Database(config.database_url).path
    with progress_of("rebuilding") as report:
        done = rebuild(load_shop(config), path, into, report)
    found = done.comparison
    if as_json:
        print_json(
            {
                "mails": done.mails,
                "conversations": done.conversations,
                "quarantined": done.quarantined,
                "same": found.same,
                "different": list(found.different),
                "missing": list(found.missing),
                "more": list(found.more),
                "refused": list(done.refused),
            }
        )
        return
    say(f"{into}: {counted(done.conversations, 'conversation')} from {counted(done.mails, 'mail')}")
    for words in done.refused:
        say(f"could not be done again: {words}")
    if found.is_equal:
        say(f"all of them are as in {path}")
    for what, numbers in (
        ("differ", found.different),
        (f"are in {path} alone", found.missing),
        ("are new", found.more),
    ):
        if numbers:
            shown = ", ".join(f"#{number}" for number in numbers[:20])
            more = f" and {len(numbers) - 20} more" if len(numbers) > 20 else ""
            say(f"{counted(len(numbers), 'conversation')} {what}: {shown}{more}")
