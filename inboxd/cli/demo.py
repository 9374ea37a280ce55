"""`inboxd demo`: shows the whole loop, and checks itself."""

from __future__ import annotations

import json
import logging

import structlog
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from inboxd.demo.story import Outcome, Story
from inboxd.mail.model import ParsedMail
from inboxd.mail.outgoing import MARKER

_LINES = 14


class _Screen:
    """Shows the story on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def scene(self, title: str) -> None:
        """Announce what happens next."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left")

    def sent(self, who: str, mail: ParsedMail, words: str) -> None:
        """Show what somebody writes."""
        head = [f"To: {_shortened(mail.to[0].address)}", f"Subject: {mail.subject}"]
        self._panel(f"{who} writes", head, words, "cyan")

    def received(self, who: str, mail: ParsedMail) -> None:
        """Show a mail as its receiver sees it."""
        head = [f"From: {mail.from_[0]}", f"Subject: {mail.subject}"]
        self._panel(f"in {who}'s mailbox", head, mail.text, "green")

    def _panel(self, title: str, head: list[str], text: str, colour: str) -> None:
        lines = text.strip().splitlines()
        if len(lines) > _LINES:
            lines = [*lines[:_LINES], f"… {len(lines) - _LINES} more lines"]
        body = Text("\n".join(head) + "\n\n", style="dim") + Text("\n".join(lines))
        body.highlight_words([MARKER], "dim")
        self._console.print(
            Panel(body, title=Text(title), title_align="left", border_style=colour, width=80)
        )


def _shortened(address: str) -> str:
    """Return a reply address without most of its token, which says nothing to people."""
    local, _, domain = address.partition("@")
    return f"{local[:14]}…@{domain}" if len(local) > 16 else address


class _Silence:
    """Shows nothing."""

    def scene(self, title: str) -> None:
        """Announce nothing."""

    def sent(self, who: str, mail: ParsedMail, words: str) -> None:
        """Show nothing."""

    def received(self, who: str, mail: ParsedMail) -> None:
        """Show nothing."""


def run_demo(*, as_json: bool) -> int:
    """Play the demo; returns 0 if everything happened as it should, else 1."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    console = Console(highlight=False)
    outcome = Story(_Silence() if as_json else _Screen(console)).play()
    if as_json:
        claims = [{"claim": text, "held": held} for text, held in outcome.claims]
        print(json.dumps({"ok": outcome.ok, "claims": claims}, indent=2))
    else:
        _summary(console, outcome)
    return 0 if outcome.ok else 1


def _summary(console: Console, outcome: Outcome) -> None:
    console.print()
    console.rule(Text("The conversation's history", style="bold"), align="left")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for when, who, what in outcome.history:
        table.add_row(Text(when, style="dim"), Text(who, style="cyan"), Text(what))
    console.print(table)
    console.print()
    console.rule(Text("What was checked", style="bold"), align="left")
    for claim, held in outcome.claims:
        console.print(
            Text("✓ " if held else "✗ ", style="green" if held else "bold red") + Text(claim)
        )
    words = "All of it happened." if outcome.ok else "Something did not happen as it should."
    console.print()
    console.print(Text(words, style="bold green" if outcome.ok else "bold red"))
