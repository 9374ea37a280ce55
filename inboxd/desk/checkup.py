"""Checks what an admin has written, without changing anything, and sums up what is configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inboxd.config import Config, Source
from inboxd.desk.shop import known_names, load_words
from inboxd.errors import ConfigError, Fault
from inboxd.rules.checking import check_files
from inboxd.rules.loader import Known, RuleSet, load_rules
from inboxd.templates.canned import load_canned

Summary = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Checked:
    """Names of all that is well, by what it is, and what works but can never come to act."""

    names: Summary
    doubts: tuple[Fault, ...]


def check_all(config: Config) -> Checked:
    """Check everything; raises `ConfigError` with every fault."""
    _, canned, _ = load_words(config)
    rules = check_rules(config)
    names = {
        "mailboxes": [f"{each.name} <{each.address}>" for each in config.mailboxes],
        "sources": [
            f"{mailbox.name}: {_source(source)}"
            for mailbox in config.mailboxes
            for source in mailbox.sources
        ],
        "agents": [f"{each.name} <{each.address}>" for each in config.agents],
        "teams": sorted(config.teams),
        **({"calendars": sorted(config.calendars)} if config.calendars else {}),
        **({"sla": sorted(config.sla)} if config.sla else {}),
        **rules.names,
        "canned": list(canned.names),
    }
    return Checked(names, rules.doubts)


def check_rules(config: Config, paths: Sequence[Path] = ()) -> Checked:
    """Check the rules alone, or those of other files; raises `ConfigError` with every fault."""
    found = check_files(paths or config.rule_folders, names_for_rules(config))
    return Checked({"rules": list(found.names)}, found.doubts)


def names_for_tests(config: Config) -> tuple[Known, list[str]]:
    """Return which names tests of rules may use, and the rules' own; raises `ConfigError`."""
    known = names_for_rules(config)
    return known, _names(load_rules(config.rule_folders, known))


def names_for_rules(config: Config) -> Known:
    """Return which names rules may use; any canned reply's where those cannot be read."""
    try:
        names = load_canned(config.canned_folders, config.languages).names
    except ConfigError:  # not asked about; then any canned reply's name will do
        names = None
    return known_names(config, names)


def _names(rules: RuleSet) -> list[str]:
    return [each.name for each in rules.rules]


def _source(source: Source) -> str:
    if source.imap is None:
        return "smtp"
    return f"imap {source.imap.user}@{source.imap.host}/{source.imap.folder}"
