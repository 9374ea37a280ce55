"""Reads a folder of rule files. All that is wrong in any of them is reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from inboxd.errors import ConfigError, Fault
from inboxd.rules.ruleset import RuleSet, compile_rules
from inboxd.rules.schema import Rule
from inboxd.rules.terms import Context, Known
from inboxd.yaml_positions import Document, load_yaml

__all__ = ["Known", "RuleSet", "load_rules", "read_rules"]


def load_rules(folder: Path, known: Known) -> RuleSet:
    """Return the rules of `folder`'s `*.yaml` files in the order of the files' names.

    Raises `ConfigError` with every fault of every file.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    for path in _files(folder):
        try:
            documents.append(load_yaml(path))
        except ConfigError as error:
            faults += error.faults
    try:
        rules = read_rules(documents, known)
    except ConfigError as error:
        raise ConfigError(faults + error.faults) from None
    if faults:
        raise ConfigError(faults)
    return rules


def read_rules(documents: Iterable[Document], known: Known) -> RuleSet:
    """Return the rules of `documents` in their order, or raise `ConfigError` with every fault."""
    documents = list(documents)
    faults = list(_name_faults(documents))
    rules: list[Rule] = []
    for document in documents:
        for i, item in enumerate(_items(document, faults)):
            try:
                rules.append(Rule.model_validate(item, context=Context(known)))
            except ValidationError as error:
                faults += document.faults(error, Rule, base=(i,))
    if faults:
        raise ConfigError(faults)
    return compile_rules(rules, _digest(documents))


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([Fault(str(folder), 0, 0, f"cannot be read: {reason}")]) from error
    misnamed = [path for path in files if path.suffix == ".yml"]
    if misnamed:
        # Left out without a word, its rules would seem to be at work.
        raise ConfigError(
            [Fault(str(p), 0, 0, "a rule file's name ends in .yaml") for p in misnamed]
        )
    return [path for path in files if path.suffix == ".yaml"]


def _items(document: Document, faults: list[Fault]) -> list[object]:
    if document.data is None:
        return []
    if isinstance(document.data, list):
        return list(document.data)
    faults.append(document.fault("a rule file is a list of rules: begin each with '- name: …'", ()))
    return []


def _name_faults(documents: Iterable[Document]) -> Iterator[Fault]:
    """Yield a fault for each name that a rule before has; names tell rules' effects apart."""
    lines: dict[str, str] = {}
    for document in documents:
        for i, item in enumerate(document.data if isinstance(document.data, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str):
                continue
            if name in lines:
                yield document.fault(f"the rule in {lines[name]} has this name too", (i, "name"))
            else:
                line = document.position((i, "name"))[0]
                lines[name] = f"line {line} of {document.path.name}"


def _digest(documents: Iterable[Document]) -> str:
    names = (f"{document.path.name}\0{document.digest}\n" for document in documents)
    return hashlib.sha256("".join(names).encode()).hexdigest()
