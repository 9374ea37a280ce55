"""Reads folders of rule files. All that is wrong in any of them is reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from inboxd.errors import ConfigError, Fault
from inboxd.rules.rule_files import Placed, name_faults, placed_rules, set_names
from inboxd.rules.ruleset import RuleSet, compile_rules
from inboxd.rules.terms import Known
from inboxd.yaml_positions import Document, load_yaml

_DIGEST_CHARS = 12

__all__ = ["Known", "RuleSet", "load_rules", "read_rules"]


def load_rules(folders: Path | Sequence[Path], known: Known) -> RuleSet:
    """Return the rules of `folders`' `*.yaml` files: folder by folder, in the order of their names.

    Raises `ConfigError` with every fault of every file.
    """
    paths = [folders] if isinstance(folders, Path) else folders
    documents, faults = read_documents(paths)
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
    known, placed = place_rules(documents, known)
    members = {each.rule.name: each.set for each in placed if each.set is not None}
    rules = [each.rule for each in placed]
    made = compile_rules(rules, _digest(documents), members, known.included)
    return replace(made, files={each.rule.name: _origin(each) for each in placed})


def place_rules(documents: Sequence[Document], known: Known) -> tuple[Known, list[Placed]]:
    """Return the rules of `documents`, and all names that they may use, their sets among them.

    Raises `ConfigError` with every fault.
    """
    known = replace(known, sets=set_names(documents))
    faults = list(name_faults(documents))
    placed = list(placed_rules(documents, known, faults))
    if faults:
        raise ConfigError(faults)
    return known, placed


def read_documents(paths: Sequence[Path]) -> tuple[list[Document], list[Fault]]:
    """Return what could be read of files and folders of them, and what is wrong with the others."""
    documents: list[Document] = []
    faults: list[Fault] = []
    for path in paths:
        for file in [path] if path.is_file() else _files(path):
            try:
                documents.append(load_yaml(file))
            except ConfigError as error:
                faults += error.faults
    return documents, faults


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


def _digest(documents: Iterable[Document]) -> str:
    names = (f"{document.path.name}\0{document.digest}\n" for document in documents)
    return hashlib.sha256("".join(names).encode()).hexdigest()


def _origin(each: Placed) -> str:
    """Return where a rule stands, and which version of the file that is."""
    document = each.document
    line = document.position((*each.place, "name"))[0]
    return f"{document.path.name}:{line} ({document.digest[:_DIGEST_CHARS]})"
