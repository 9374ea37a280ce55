"""Acting on a conversation from a shell, as reply tags do in a mail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_config, open_database, open_shop
from inboxd.cli.options import As, AsJson, Number
from inboxd.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from inboxd.desk.commands import Done, Shell

TextArgument = Annotated[
    str | None, typer.Argument(metavar="[TEXT]", help="The text; or use --file.")
]
TextFile = Annotated[
    str | None,
    typer.Option("--file", metavar="FILE", help="Read the text from a file; - is standard input."),
]
Words = Annotated[list[str], typer.Argument(metavar="WORDS…", help="One or more tags.")]
Other = Annotated[int, typer.Argument(metavar="M", help="The other conversation's number.", min=1)]
AgentName = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(reply)
    app.command()(note)
    app.command()(assign)
    app.command()(close)
    app.command("open")(reopen)
    app.command()(tag)
    app.command()(untag)
    app.command()(priority)
    app.command()(snooze)
    app.command()(pending)
    app.command()(spam)
    app.command("set")(set_field)
    app.command()(remind)
    app.command()(merge)
    app.command()(split)
    app.command()(link)
    app.command()(allow)
    app.command()(block)
    app.command()(unblock)
    app.command()(away)
    app.command()(back)


def reply(
    ctx: typer.Context,
    number: Number,
    text: TextArgument = None,
    file: TextFile = None,
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Answer the customer; the text is sent as it is, without reply tags."""
    words = _text(text, file)
    _act(ctx, as_agent, as_json, lambda shell: shell.reply(number, words))


def note(
    ctx: typer.Context,
    number: Number,
    text: TextArgument = None,
    file: TextFile = None,
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Keep a private note; the customer gets nothing."""
    words = _text(text, file)
    _act(ctx, as_agent, as_json, lambda shell: shell.note(number, words))


def assign(
    ctx: typer.Context,
    number: Number,
    who: Annotated[str, typer.Argument(metavar="NAME", help="NAME, team:NAME, me or none.")],
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Give the conversation to an agent, a team (team:NAME) or nobody (none)."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "assign", who))


def close(ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False) -> None:
    """Close the conversation; it opens again when the customer writes."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "close"))


def reopen(
    ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False
) -> None:
    """Open the conversation: we owe an answer."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "open"))


def tag(
    ctx: typer.Context,
    number: Number,
    words: Words,
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Put tags on the conversation."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "tag", " ".join(words)))


def untag(
    ctx: typer.Context,
    number: Number,
    words: Words,
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Take tags off the conversation."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "untag", " ".join(words)))


def priority(
    ctx: typer.Context,
    number: Number,
    name: Annotated[str, typer.Argument(metavar="P", help="low, normal, high or urgent.")],
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Set the priority: low, normal, high or urgent."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "priority", name))


def snooze(
    ctx: typer.Context,
    number: Number,
    when: Annotated[
        list[str], typer.Argument(metavar="WHEN…", help="2h, 3 days, tomorrow 9:00, monday, 1.12.")
    ],
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Put the conversation out of sight until then, or until the customer writes."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "snooze", " ".join(when)))


def pending(
    ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False
) -> None:
    """Let the conversation wait for the customer."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "pending"))


def spam(ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False) -> None:
    """Mark the conversation as spam: what comes to it disturbs nobody."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "spam"))


def set_field(
    ctx: typer.Context,
    number: Number,
    field: Annotated[
        str, typer.Argument(metavar="FIELD=VALUE", help="FIELD= without a value takes it away.")
    ],
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Give a custom field a value, or take it away."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "set", field))


def remind(
    ctx: typer.Context,
    number: Number,
    when: Annotated[str, typer.Argument(metavar="WHEN", help="2d, tomorrow 9:00, 1.12.")],
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="What to be reminded of.")] = "",
    as_agent: As = None,
    as_json: AsJson = False,
) -> None:
    """Have the agent reminded of the conversation; nothing else happens."""
    _act(ctx, as_agent, as_json, lambda shell: shell.remind(number, when, text))


def merge(
    ctx: typer.Context, number: Number, other: Other, as_agent: As = None, as_json: AsJson = False
) -> None:
    """Make conversation N part of conversation M, which keeps its number and its customer."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "merge", str(other)))


def split(ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False) -> None:
    """Make the newest mail from outside a conversation of its own."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "split"))


def link(
    ctx: typer.Context, number: Number, other: Other, as_agent: As = None, as_json: AsJson = False
) -> None:
    """Link the conversation with another one."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "link", str(other)))


def allow(ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False) -> None:
    """Let the strangers take part who answered with a reply address that was forwarded to them."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "allow"))


def block(ctx: typer.Context, number: Number, as_agent: As = None, as_json: AsJson = False) -> None:
    """Take mail from the conversation's customer as spam from now on."""
    _act(ctx, as_agent, as_json, lambda shell: shell.tag(number, "block"))


def unblock(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address.")],
) -> None:
    """Take mail from an address again that was blocked."""
    from inboxd.clock import SystemClock
    from inboxd.desk import commands

    with open_database(open_config(ctx)) as database:
        commands.unblock(database, SystemClock(), address)
    say(f"{address} is not blocked any more.")


def away(
    ctx: typer.Context,
    agent: AgentName,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="WHEN", help="Until then; without it until `back`."),
    ] = None,
) -> None:
    """Let an agent be away: customers' mail goes to colleagues meanwhile."""
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.desk import commands

        say(commands.away(database, shop, SystemClock(), agent, until))


def back(ctx: typer.Context, agent: AgentName) -> None:
    """Let an agent be there again."""
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.desk import commands

        say(commands.back(database, shop, SystemClock(), agent))


def _act(ctx: typer.Context, name: str | None, as_json: bool, act: Callable[[Shell], Done]) -> None:
    with open_shop(ctx) as (database, shop):
        from inboxd.clock import SystemClock
        from inboxd.desk.commands import shell
        from inboxd.desk.views import summary

        done = act(shell(database, shop, SystemClock(), name))
    if as_json:
        print_json({**summary(done.conversation, done.contact_name), "did": done.did})
    else:
        say(f"#{done.conversation.number}: {done.did}")


def _text(text: str | None, file: str | None) -> str:
    if (text is None) == (file is None):
        raise typer.BadParameter("give the text, or --file FILE (- is standard input)")
    if text is not None:
        return text
    raw = sys.stdin.buffer.read() if file == "-" else Path(file or "").read_bytes()
    return raw.decode("utf-8", "replace")
