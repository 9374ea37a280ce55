"""Reading the inbox: `list`, `show`, `search`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config, open_database, open_for_a_glance
from inboxd.cli.options import AsJson, Number
from inboxd.cli.output import print_json, print_json_array, say
from inboxd.conversations.states import ConversationState
from inboxd.desk.words import size

if TYPE_CHECKING:
    from inboxd.config import Config
    from inboxd.desk.listing import Wanted

_LISTED = 50


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("list")(list_conversations)
    app.command()(show)
    app.command()(search)
    app.command()(explain)


def list_conversations(
    ctx: typer.Context,
    state: Annotated[
        ConversationState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Closed conversations and spam, too.")
    ] = False,
    mailbox: Annotated[
        str | None, typer.Option("--mailbox", metavar="M", help="Only this mailbox's.")
    ] = None,
    assignee: Annotated[
        str | None, typer.Option("--assignee", metavar="A", help="Only this agent's.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="T", help="Only those with this tag.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, help=f"At most so many; without it {_LISTED}, with --json all."
        ),
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="V", help="A named view, as #list shows it.")
    ] = None,
    as_agent: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="AGENT", help="Whose view; without it the first admin's, else agent's."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List conversations, those that changed last first; closed ones and spam are left out."""
    from inboxd.desk import listing

    wanted = listing.Wanted(state, everything, mailbox, assignee, tag)
    config = open_config(ctx)
    if view is not None:
        if wanted != listing.Wanted() or limit is not None:
            raise typer.BadParameter("--view goes with --as and --json alone")
        _list_view(config, view, as_agent, as_json=as_json)
        return
    if as_agent is not None:
        raise typer.BadParameter("--as says whose view: name it with --view")
    _list_wanted(config, wanted, limit, as_json=as_json)


def _list_wanted(config: Config, wanted: Wanted, limit: int | None, *, as_json: bool) -> None:
    from inboxd.desk import listing

    if as_json:
        from inboxd.desk import dossier, views

        with open_database(config) as database, database.read() as connection:
            records = listing.find(connection, wanted, limit)
            whole = dossier.dossiers(connection, records)
            print_json_array(views.conversation(each) for each in whole)
        return
    from inboxd.cli.tables import print_listing
    from inboxd.clock import SystemClock

    with open_for_a_glance(config) as connection:
        most = limit or _LISTED
        lines = listing.lines(connection, wanted, most + 1)
        print_listing(lines[:most], SystemClock().now(), config.zone())
        if not lines:
            say(listing.advice(connection, wanted))
        elif len(lines) > most:
            say(f"\nThere are more: --limit {most * 4} shows them.")


def show(
    ctx: typer.Context,
    number: Number,
    full: Annotated[bool, typer.Option("--full", help="Show quoted text, too.")] = False,
    attachment: Annotated[
        int | None,
        typer.Option(
            "--attachment", metavar="PART", help="Save the attachment that `show` numbers so."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where to save it; - is standard output."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a conversation with its messages, notes and history."""
    if (attachment is None) != (output is None):
        raise typer.BadParameter("--attachment and --output go together")
    config = open_config(ctx)
    with open_database(config) as database, database.read() as connection:
        from inboxd.desk import dossier, views

        if attachment is not None and output is not None:
            _save(dossier.read_attachment(connection, number, attachment), output)
            return
        whole = dossier.dossier(connection, number)
        if as_json:
            print_json(views.conversation(whole))
            return
        known = dossier.background(connection, whole.conversation.number)
    from inboxd.cli.conversation import print_conversation
    from inboxd.clock import SystemClock

    print_conversation(whole, known, SystemClock().now(), config.zone(), full=full)


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS…", help="All of them are found.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find conversations by words in subjects, names, addresses, texts and file names."""
    from inboxd.desk.search import find, hit_view

    wanted = " ".join(words)
    with open_database(open_config(ctx)) as database, database.read() as connection:
        hits = find(connection, wanted, limit)
    if as_json:
        print_json([hit_view(hit, wanted) for hit in hits])
        return
    from inboxd.cli.tables import print_hits
    from inboxd.clock import SystemClock

    print_hits(hits, wanted, SystemClock().now())
    if not hits:
        say(f"Nothing holds all of these words: {wanted}. Try fewer of them.")


def explain(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Say how each mail of a conversation was read, threaded and ruled, and why."""
    from inboxd.desk.explain import explanation

    with open_database(open_config(ctx)) as database, database.read() as connection:
        found = explanation(connection, number)
    if as_json:
        print_json(found)
        return
    from inboxd.cli.explanation import print_explanation

    print_explanation(found)


def _list_view(config: Config, view: str, name: str | None, *, as_json: bool) -> None:
    """Print a view as the agent called `name` would get it by mail."""
    from inboxd.clock import SystemClock
    from inboxd.desk import dossier, listing, view_lists, views

    agent, now = view_lists.asker(config, name), SystemClock().now()
    with open_database(config) as database, database.read() as connection:
        found = view_lists.listed(connection, config, view, agent, now)
        if as_json:
            records = [each.conversation for each in found.listed]
            whole = dossier.dossiers(connection, records)
            print_json_array(views.conversation(each) for each in whole)
            return
    from inboxd.cli.tables import print_listing

    print_listing(
        [listing.Line(each.conversation, each.contact_name, each.due) for each in found.listed],
        now,
        config.zone(agent=agent),
    )
    if not found.listed:
        say(f"Nothing stands in the view {view} of {agent.shown}.")
    elif found.total > len(found.listed):
        say(f"\n{found.total - len(found.listed)} more are not shown.")


def _save(content: bytes, output: Path) -> None:
    if str(output) == "-":
        typer.get_binary_stream("stdout").write(content)
        return
    output.write_bytes(content)
    say(f"{output}: {size(len(content))}")
