"""Which placeholders a canned reply names, and which of them stand for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from inboxd.errors import Fault
from inboxd.templates.canned_context import SAMPLE, CannedContext
from inboxd.templates.canned_files import CannedFile
from inboxd.templates.faults import column_of, unknown_name

# Their items are named by the shop's own fields and rules.
_OPEN: Final = ("fields", "match", "contact.fields")
PLACEHOLDERS: Final = {
    name: () if not isinstance(value, dict) or name in _OPEN else tuple(value)
    for name, value in SAMPLE.values(SAMPLE.reader("en")).items()
}
"""Every placeholder, and the items that it has where these are always the same."""


def unknown_placeholders(environment: Environment, file: CannedFile) -> Iterator[Fault]:
    """Yield a fault for each placeholder that can never stand for anything.

    Nothing comes of a template whose syntax is wrong: compiling it says so.
    """
    for template in file.templates:
        try:
            tree = environment.parse(template)
            outside = find_undeclared_variables(tree)
        except TemplateSyntaxError:
            return
        yield from _unknown_names(file, tree, outside - environment.globals.keys())
        yield from _unknown_items(file, tree, outside)


def sample(environment: Environment, file: CannedFile) -> CannedContext:
    """Return a context to try a canned reply with: every open item that it names has a value."""
    named: dict[str, dict[str, str]] = {owner: {} for owner in _OPEN}
    for template in file.templates:
        for getter in environment.parse(template).find_all(nodes.Getattr):
            owner = _dotted(getter.node)
            if owner in named:
                named[owner][getter.attr] = "4711"
    contact = replace(SAMPLE.contact, fields=named["contact.fields"])
    return replace(SAMPLE, contact=contact, fields=named["fields"], match=named["match"])


def _dotted(node: nodes.Node) -> str:
    """Return the path that leads to a value, such as `contact.fields`, or "" where none does."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (owner := _dotted(node.node)):
        return f"{owner}.{node.attr}"
    return ""


def _unknown_names(file: CannedFile, tree: nodes.Template, outside: set[str]) -> Iterator[Fault]:
    for name in tree.find_all(nodes.Name):
        if name.name in outside and name.name not in PLACEHOLDERS:
            yield _fault(file, name.lineno, name.name, list(PLACEHOLDERS))


def _unknown_items(file: CannedFile, tree: nodes.Template, outside: set[str]) -> Iterator[Fault]:
    for getter in tree.find_all(nodes.Getattr):
        owner = getter.node.name if isinstance(getter.node, nodes.Name) else ""
        items = PLACEHOLDERS.get(owner, ()) if owner in outside else ()
        if items and getter.attr not in items:
            known = [f"{owner}.{item}" for item in items]
            yield _fault(file, getter.lineno, f"{owner}.{getter.attr}", known)


def _fault(file: CannedFile, line: int, name: str, known: list[str]) -> Fault:
    column = column_of(file.source, line, name)
    return Fault(str(file.path), line, column, unknown_name(name, known))
