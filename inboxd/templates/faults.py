"""Where a template is wrong: from Jinja's exceptions to file, line and column."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from pathlib import Path

from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from inboxd.errors import Fault
from inboxd.suggest import hint

_EXPRESSION = re.compile(r"\{[{%]")


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Return the words that say that nothing has this name, with the nearest name that is known."""
    return f"{name!r} is not known here{hint(name, known)}"


def column_of(source: str, line: int, wanted: str) -> int:
    """Return the column, from 1, at which `wanted` stands in the expressions of a line.

    Where it does not, it is the column of the first expression, or else 1.
    """
    lines = source.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    opening = _EXPRESSION.search(text)
    first = opening.start() if opening else 0
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)").search(text, first) if wanted else None
    return (word.start() if word else first) + 1


def template_fault(error: Exception, file: str, source: str, filename: str) -> Fault:
    """Return the fault that `error` shows in the template `file` whose text is `source`.

    `filename` is the name under which Jinja compiled it. An error in a file that it includes is
    reported there, without a column.
    """
    if isinstance(error, TemplateSyntaxError):
        message = str(error.message).rstrip(".")
        if error.filename in (None, filename):
            return _fault_at(file, source, error.lineno, _quoted_name(message), message)
        return Fault(str(error.filename), error.lineno, 0, message)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f for f in frames if f.filename == filename or f.filename.endswith(".j2")]
    message = _words(error)
    if not places:
        return Fault(file, 0, 0, message)
    place = places[-1]
    line = place.lineno or 0
    if place.filename != filename:
        return Fault(place.filename, line, 0, message)
    return _fault_at(file, source, line, _quoted_name(message), message)


def display_path(folder: Path | None, name: str) -> str:
    """Return how a template is named to people: its own file, or a shipped one."""
    own = folder / name if folder else None
    return str(own) if own and own.is_file() else f"shipped templates/{name}"


def _fault_at(file: str, source: str, line: int, wanted: str, message: str) -> Fault:
    return Fault(file, line, column_of(source, line, wanted), message)


def _words(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}"
    if isinstance(error, RecursionError):
        return "this template calls itself without end"
    return str(error) or type(error).__name__


def _quoted_name(message: str) -> str:
    """Return the name that a message puts first in quotes, by which its column is found."""
    _, _, rest = message.partition("'")
    return rest.partition("'")[0]
