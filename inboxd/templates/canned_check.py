"""Which placeholders a canned reply names, and which of them stand for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from inboxd.errors import Fault
from inboxd.templates.canned_files import CannedFile
from inboxd.templates.contexts import CannedConversation, CannedShop, Person
from inboxd.templates.faults import column_of, unknown_name

_CLOSED: Final[Mapping[str, type]] = {
    "contact": Person,
    "agent": Person,
    "conversation": CannedConversation,
    "shop": CannedShop,
}
_OPEN: Final = ("fields", "match")  # their items are named by the shop's own fields and rules


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


def open_items(environment: Environment, file: CannedFile) -> dict[str, dict[str, str]]:
    """Return the items of `fields` and `match` that a canned reply names, each with a sample."""
    named: dict[str, dict[str, str]] = {owner: {} for owner in _OPEN}
    for template in file.templates:
        for getter in environment.parse(template).find_all(nodes.Getattr):
            if isinstance(getter.node, nodes.Name) and getter.node.name in named:
                named[getter.node.name][getter.attr] = "4711"
    return named


def _unknown_names(file: CannedFile, tree: nodes.Template, outside: set[str]) -> Iterator[Fault]:
    known = [*_CLOSED, *_OPEN]
    for name in tree.find_all(nodes.Name):
        if name.name in outside and name.name not in known:
            yield _fault(file, name.lineno, name.name, known)


def _unknown_items(file: CannedFile, tree: nodes.Template, outside: set[str]) -> Iterator[Fault]:
    for getter in tree.find_all(nodes.Getattr):
        owner = getter.node.name if isinstance(getter.node, nodes.Name) else ""
        if owner in outside and owner in _CLOSED:
            known = [f"{owner}.{field.name}" for field in fields(_CLOSED[owner])]
            if f"{owner}.{getter.attr}" not in known:
                yield _fault(file, getter.lineno, f"{owner}.{getter.attr}", known)


def _fault(file: CannedFile, line: int, name: str, known: list[str]) -> Fault:
    column = column_of(file.source, line, name)
    return Fault(str(file.path), line, column, unknown_name(name, known))
