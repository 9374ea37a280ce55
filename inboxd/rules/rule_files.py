"""What a rule file may be: a list of rules, or a mapping with their defaults and sets of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from inboxd.errors import Fault
from inboxd.rules.part import Part
from inboxd.rules.schema import Event, Rule, SetRule
from inboxd.rules.terms import Context, Known, MailboxName, Many, NewSetName
from inboxd.yaml_positions import Document, Loc

_HELP = "a rule file is a list of rules: begin each with '- name: …'"


class Defaults(Part):
    """What holds for all rules of the file that do not say otherwise."""

    when: Many[Event] | None = None
    mailboxes: Many[MailboxName] | None = None
    stop: bool = False
    enabled: bool = True
    once: bool = False
    shadow: bool = False


class RuleFile(Part):
    """A file with more than rules; rules themselves are validated one by one."""

    defaults: Defaults | None = None
    rules: list[Any] | None = None
    sets: dict[NewSetName, list[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule, its place, and the set that it is in (None: it works wherever its mailboxes are)."""

    rule: Rule
    document: Document
    place: Loc
    set: str | None = None

    def fault(self, message: str, loc: Loc = ("name",)) -> Fault:
        """Return `message` with the place of a part of the rule."""
        return self.document.fault(message, (*self.place, *loc), key=loc != ("name",))


@dataclass(frozen=True, slots=True)
class _Item:
    """A rule as it is written."""

    data: Any
    place: Loc
    set: str | None


def set_names(documents: Iterable[Document]) -> frozenset[str]:
    """Return the names of the sets that the files define."""
    return frozenset(item.set for each in documents for item in _items(each) if item.set)


def placed_rules(
    documents: Iterable[Document], known: Known, faults: list[Fault]
) -> Iterator[Placed]:
    """Yield the rules of the files in their order; what is wrong is added to `faults`."""
    for document in documents:
        defaults = _defaults(document, known, faults)
        for item in _items(document):
            data = {**defaults, **item.data} if isinstance(item.data, dict) else item.data
            model = Rule if item.set is None else SetRule
            try:
                rule = model.model_validate(data, context=Context(known))
            except ValidationError as error:
                faults += document.faults(error, model, base=item.place)
            else:
                yield Placed(rule, document, item.place, item.set)


def name_faults(documents: Iterable[Document]) -> Iterator[Fault]:
    """Yield a fault for each name that a rule before has; names tell rules' effects apart."""
    lines: dict[str, str] = {}
    for document in documents:
        for item in _items(document):
            name = item.data.get("name") if isinstance(item.data, dict) else None
            if not isinstance(name, str):
                continue
            place = (*item.place, "name")
            if name in lines:
                yield document.fault(f"the rule in {lines[name]} has this name too", place)
            else:
                lines[name] = f"line {document.position(place)[0]} of {document.path.name}"


def _defaults(document: Document, known: Known, faults: list[Fault]) -> Mapping[str, Any]:
    """Return what the file's rules have in common, as it is written; none where it is faulty."""
    data = document.data
    if data is None or isinstance(data, list):
        return {}
    if not isinstance(data, dict) or not RuleFile.model_fields.keys() & data.keys():
        faults.append(document.fault(_HELP, ()))
        return {}
    try:
        RuleFile.model_validate(data, context=Context(known))
    except ValidationError as error:
        faults += document.faults(error, RuleFile)
        return {}
    defaults = data.get("defaults")
    return defaults if isinstance(defaults, dict) else {}


def _items(document: Document) -> Iterator[_Item]:
    """Yield the rules in the order in which they stand in the file."""
    data = document.data
    if isinstance(data, list):
        yield from (_Item(each, (i,), None) for i, each in enumerate(data))
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if key == "rules" and isinstance(value, list):
            yield from (_Item(each, (key, i), None) for i, each in enumerate(value))
        if key == "sets" and isinstance(value, dict):
            for name, rules in value.items():
                listed = rules if isinstance(rules, list) else []
                for i, each in enumerate(listed):
                    yield _Item(each, (key, name, i), name)
