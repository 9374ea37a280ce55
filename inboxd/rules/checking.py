"""Looks at rule files for all that is wrong: what cannot be read, and what can never act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inboxd.errors import ConfigError, Fault
from inboxd.rules.analysis import doubts
from inboxd.rules.loader import place_rules, read_documents
from inboxd.rules.terms import Known


@dataclass(frozen=True, slots=True)
class CheckedRules:
    """The names of rules that work, and what in them can never act."""

    names: tuple[str, ...]
    doubts: tuple[Fault, ...]


def check_files(paths: Sequence[Path], known: Known) -> CheckedRules:
    """Check rule files, and folders of them; raises `ConfigError` with every fault."""
    documents, faults = read_documents(paths)
    try:
        known, placed = place_rules(documents, known)
    except ConfigError as error:
        raise ConfigError(faults + error.faults) from None
    if faults:
        raise ConfigError(faults)
    names = tuple(each.rule.name for each in placed if each.rule.enabled)
    return CheckedRules(names, tuple(doubts(placed, known)))
