"""Customers and their addresses: `contact show`, `contact add-address`, `contact merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config, open_database
from inboxd.cli.options import AsJson
from inboxd.cli.output import console, line, print_json, print_table, say, state
from inboxd.desk.words import ago, counted

if TYPE_CHECKING:
    from inboxd.desk.contact_book import Entry

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="One of the contact's addresses.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        help="Customers and their addresses.", no_args_is_help=True, rich_markup_mode=None
    )
    app.add_typer(group, name="contact")
    group.command()(show)
    group.command("add-address")(add_address)
    group.command()(merge)


def show(ctx: typer.Context, address: Address, as_json: AsJson = False) -> None:
    """Show a contact: name, addresses, conversations."""
    from inboxd.desk import contact_book

    with open_database(open_config(ctx)) as database, database.read() as connection:
        found = contact_book.look_up(connection, address)
    if as_json:
        print_json(contact_book.view(found))
    else:
        _print(found)


def add_address(
    ctx: typer.Context,
    address: Address,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The address to add.")],
    as_json: AsJson = False,
) -> None:
    """Let a contact have another address: what comes from it joins the contact's conversations."""
    from inboxd.clock import SystemClock
    from inboxd.desk import contact_book

    config = open_config(ctx)
    with open_database(config) as database:
        found = contact_book.add_address(database, config, SystemClock(), address, new)
    if as_json:
        print_json(contact_book.view(found))
    else:
        known = ", ".join(each.address for each in found.addresses)
        say(f"{found.name or address}: {known}")


def merge(
    ctx: typer.Context,
    address: Address,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="An address of the contact that goes.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make two contacts one: addresses and conversations of OTHER go over."""
    from inboxd.clock import SystemClock
    from inboxd.desk import contact_book

    with open_database(open_config(ctx)) as database:
        found, moved = contact_book.merge(database, SystemClock(), address, other)
    if as_json:
        print_json(contact_book.view(found))
    else:
        say(f"{found.name or address}: {counted(moved, 'conversation')} came over.")


def _print(found: Entry) -> None:
    from inboxd.clock import SystemClock

    now = SystemClock().now()
    out = console()
    out.print(line(found.name or "(no name)", "bold"))
    for each in found.addresses:
        bounced = f"  mail to it bounced {ago(each.bounced_at, now)}" if each.bounced_at else ""
        out.print(line(f"  {each.address}") + line(bounced, "yellow"))
    rows = (
        (str(each.number), state(each.state), each.subject, ago(each.updated_at, now))
        for each in found.conversations
    )
    print_table(("#", "state", "subject", "changed"), rows)
