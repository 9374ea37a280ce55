"""Acting on a conversation from a shell, as reply tags do in a mail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inboxd.cli.context import open_shop
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
