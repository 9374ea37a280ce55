"""Checks what an admin has written, without changing anything, and sums up what is configured."""

from __future__ import annotations

from inboxd.config import Config, Source
from inboxd.desk.shop import known_names, load_words
from inboxd.errors import ConfigError
from inboxd.rules.loader import Known, RuleSet, load_rules
from inboxd.templates.canned import load_canned

Summary = dict[str, list[str]]


def check_all(config: Config) -> Summary:
    """Return names of all that is configured, by what it is; raises `ConfigError` for faults."""
    rules, canned, _ = load_words(config)
    return {
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
        "rules": _names(rules),
        "canned": list(canned.names),
    }


def check_rules(config: Config) -> Summary:
    """Return the names of the rules; raises `ConfigError` with every fault in the rules alone."""
    return {"rules": _names(load_rules(config.rule_folders, names_for_rules(config)))}


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
