"""Lists of conversations, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from inboxd.cli.output import console, line, print_table, state
from inboxd.desk.sla_words import due
from inboxd.desk.words import ago

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.text import Text

    from inboxd.desk.listing import Line
    from inboxd.desk.search import Hit
    from inboxd.store.conversations import ConversationRecord

_PRIORITIES = {"urgent": "bold red", "high": "yellow", "low": "dim"}


def print_listing(lines: Sequence[Line], now: datetime, zone: ZoneInfo) -> None:
    """Print one line a conversation; what is promised, where anything is, is due by `zone`."""
    if not lines:
        return
    columns: tuple[str, ...] = ("#", "state", "from", "subject", "for", "tags", "changed")
    rows = [_row(each, now) for each in lines]
    if any(each.due is not None for each in lines):
        columns = (*columns, "due")
        rows = [(*row, _due(each, now, zone)) for row, each in zip(rows, lines, strict=True)]
    print_table(columns, rows)


def print_hits(hits: Sequence[Hit], words: str, now: datetime) -> None:
    """Print found conversations, each with the places where the words stand."""
    from inboxd.desk.search import excerpt

    out = console()
    for hit in hits:
        of = hit.conversation
        who = hit.contact_name or of.contact_address
        out.print(
            line(f"#{of.number} ", "bold")
            + state(of.state)
            + line(f"  {of.subject}", "bold")
            + line(f"  {who}, {ago(of.updated_at, now)}", "dim")
        )
        for message in hit.messages:
            text = line("    " + excerpt(message.text, words))
            text.highlight_words(words.split(), "bold yellow", case_sensitive=False)
            out.print(text)


def owner(of: ConversationRecord) -> str:
    """Return whom a conversation belongs to."""
    return of.assignee or (f"team {of.team}" if of.team else "")


def priority(name: str) -> Text:
    """Return a priority in its colour; `normal` is not worth a word."""
    return line("" if name == "normal" else name, _PRIORITIES.get(name, ""))


def _due(each: Line, now: datetime, zone: ZoneInfo) -> Text:
    if each.due is None:
        return line("")
    return line(due(each.due, now, zone).removeprefix("due "), "" if each.due > now else "bold red")


def _row(each: Line, now: datetime) -> tuple[str | Text, ...]:
    of = each.conversation
    subject = line(of.subject)
    if of.priority != "normal":
        subject = priority(of.priority) + line(f" {of.subject}")
    subject.truncate(60, overflow="ellipsis")
    who = line(each.contact_name or of.contact_address)
    who.truncate(28, overflow="ellipsis")
    until = f" until {of.snoozed_until:%Y-%m-%d %H:%M} UTC" if of.snoozed_until else ""
    return (
        str(of.number),
        state(of.state) + line(until, "dim"),
        who,
        subject,
        owner(of),
        ", ".join(of.tags),
        ago(of.updated_at, now),
    )
