"""What commands print: tables for people, JSON for scripts, progress for the impatient."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from inboxd.desk.printable import harmless_json, printable_line, printable_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STATE_COLOURS = {
    "open": "bold yellow",
    "pending": "cyan",
    "snoozed": "magenta",
    "closed": "green",
    "spam": "red",
    "received": "yellow",
    "applied": "green",
    "duplicate": "dim",
    "quarantined": "bold red",
    "queued": "yellow",
    "sending": "cyan",
    "sent": "green",
    "deferred": "magenta",
    "dead": "bold red",
    "ok": "green",
    "warn": "yellow",
    "fail": "bold red",
}
_PIPE_WIDTH = 160


def print_json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(_dumps(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(_dumps(value, indent=None) + "\n")


def print_json_array(values: Iterable[Any]) -> None:
    """Print one JSON array, each object as soon as it is there."""
    sys.stdout.write("[")
    for i, value in enumerate(values):
        sys.stdout.write(("," if i else "") + "\n" + _dumps(value, indent=2))
    sys.stdout.write("\n]\n")


def console(*, stderr: bool = False) -> Console:
    """Return where to print for people: in colour on a terminal unless NO_COLOR is set."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty() and not os.environ.get("NO_COLOR"):
        return Console(file=stream, highlight=False, markup=False, emoji=False)
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None,
        force_terminal=False,
        width=width,
    )


def line(text: str, style: str = "") -> Text:
    """Return foreign text for one line of output, made harmless."""
    from rich.text import Text

    return Text(printable_line(text), style=style)


def paragraph(text: str, style: str = "") -> Text:
    """Return foreign text of several lines, made harmless."""
    from rich.text import Text

    return Text(printable_text(text), style=style)


def state(name: str) -> Text:
    """Return a state in its colour."""
    return line(name, STATE_COLOURS.get(name, ""))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under their headings; texts are made harmless, `Text` is printed as it is."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        right = column in ("#", "size", "tries")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(each if isinstance(each, Text) else line(str(each)) for each in row))
    console().print(table)


def say(sentence: str) -> None:
    """Print a sentence for people, made harmless."""
    sys.stdout.write(printable_text(sentence) + "\n")


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error, on a terminal alone; yields how it is moved on."""
    if not sys.stderr.isatty() or (total is not None and total < 2):
        yield lambda _count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, advance=count)


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on a terminal alone; yields what is told how much of how much."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _dumps(value: Any, indent: int | None) -> str:
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    document = _encoder(ascii_only, indent).encode(value)
    # Of ASCII, JSON leaves nothing but DEL that a terminal might obey.
    plain = document.isascii() and "\x7f" not in document
    return document if plain else harmless_json(document)


@cache
def _encoder(ascii_only: bool, indent: int | None) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=ascii_only, indent=indent)
