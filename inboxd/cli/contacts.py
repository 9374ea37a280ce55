"""Customers: `contact show`, and what corrects their addresses, tags and fields."""

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
        help="Customers: their addresses, tags and fields.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    app.add_typer(group, name="contact")
    group.command()(show)
    group.command("add-address")(add_address)
    group.command()(merge)
    group.command()(tag)
    group.command()(untag)
    group.command("set")(set_fields)


def show(ctx: typer.Context, address: Address, as_json: AsJson = False) -> None:
    """Show a contact: name, addresses, tags, fields, conversations."""
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


Tags = Annotated[list[str], typer.Argument(metavar="TAG", help="One tag or several.")]


def tag(ctx: typer.Context, address: Address, tags: Tags, as_json: AsJson = False) -> None:
    """Put tags on a contact: rules ask for them with `contact.tags`."""
    _tag(ctx, address, tags, as_json, off=False)


def untag(ctx: typer.Context, address: Address, tags: Tags, as_json: AsJson = False) -> None:
    """Take tags off a contact."""
    _tag(ctx, address, tags, as_json, off=True)


def _tag(ctx: typer.Context, address: str, tags: list[str], as_json: bool, *, off: bool) -> None:
    from inboxd.clock import SystemClock
    from inboxd.desk import contact_book

    with open_database(open_config(ctx)) as database:
        found = contact_book.tag(database, SystemClock(), address, *tags, off=off)
    _say_known(found, address, as_json)


def set_fields(
    ctx: typer.Context,
    address: Address,
    settings: Annotated[
        list[str], typer.Argument(metavar="NAME=TEXT", help="A field; without TEXT it is gone.")
    ],
    as_json: AsJson = False,
) -> None:
    """Set fields of a contact: rules ask for them with `contact.fields.NAME`."""
    from inboxd.clock import SystemClock
    from inboxd.desk import contact_book

    with open_database(open_config(ctx)) as database:
        found = contact_book.set_fields(database, SystemClock(), address, *settings)
    _say_known(found, address, as_json)


def _say_known(found: Entry, address: str, as_json: bool) -> None:
    from inboxd.desk import contact_book

    if as_json:
        print_json(contact_book.view(found))
    else:
        say(f"{found.name or address}: {_known(found) or 'no tags and no fields'}")


def _known(found: Entry) -> str:
    fields = [f"{name}={text}" for name, text in sorted(found.card.fields.items())]
    return ", ".join([*found.card.tags, *fields])


def _print(found: Entry) -> None:
    from inboxd.clock import SystemClock

    now = SystemClock().now()
    out = console()
    out.print(line(found.name or "(no name)", "bold"))
    for each in found.addresses:
        bounced = f"  mail to it bounced {ago(each.bounced_at, now)}" if each.bounced_at else ""
        out.print(line(f"  {each.address}") + line(bounced, "yellow"))
    if known := _known(found):
        out.print(line(f"  {known}"))
    out.print(line(f"  first seen {ago(found.card.created_at, now)}"))
    rows = (
        (str(each.number), state(each.state), each.subject, ago(each.updated_at, now))
        for each in found.conversations
    )
    print_table(("#", "state", "subject", "changed"), rows)
