"""The configuration: whether it can be read, and what in it is allowed but odd."""

from __future__ import annotations

from collections.abc import Iterator

from inboxd.clock import Clock
from inboxd.config import Config, is_loopback
from inboxd.desk import outlook
from inboxd.desk.shop import load_words
from inboxd.desk.words import counted
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.errors import ConfigError


def look(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield what is wrong with the files, what is odd in them, and what they come to."""
    yield _words(config)
    for what, words, advice in _oddities(config):
        yield Finding(Group.SETUP, what, Health.WARN, words, advice)
    for name, words in outlook.calendar_words(config, clock.now()):
        yield Finding(Group.SETUP, f"calendar {name}", Health.OK, words)


def _words(config: Config) -> Finding:
    try:
        rules, canned, _ = load_words(config)
    except ConfigError as error:
        first = f"{counted(len(error.faults), 'fault')}, the first: {error.faults[0]}"
        advice = "inboxd check shows all of them"
        return Finding(Group.SETUP, "configuration", Health.FAIL, first, advice)
    count = f"{len(rules.rules)} rules, {len(canned.names)} canned replies"
    return Finding(Group.SETUP, "configuration", Health.OK, f"{config.path}, {count}")


def _oddities(config: Config) -> Iterator[tuple[str, str, str]]:
    """Yield what an admin may not have meant: what, why, and what to do."""
    if not config.admin_addresses:
        yield "admins", "nobody hears of trouble by mail", "name somebody under admins"
    for mailbox in config.mailboxes:
        what = f"mailbox {mailbox.name}"
        if not mailbox.notify and config.agents:
            words = "nobody is told of mail that no agent has yet"
            yield what, words, "name agents or teams under its notify"
        if mailbox.reply_address == "none":
            words = "without reply addresses agents cannot answer by mail"
            yield what, words, "set reply_address if the mail server knows plus-addresses"
        for source in mailbox.sources:
            imap = source.imap
            if imap is not None and imap.tls == "none" and not is_loopback(imap.host):
                words = f"the password crosses the network to {imap.host} in the clear"
                yield what, words, "use tls: implicit or starttls"
    relay = config.send.smtp
    if relay is not None and relay.tls == "none" and not is_loopback(relay.host):
        words = f"mail crosses the network to {relay.host} in the clear"
        yield "relay", words, "use tls: starttls or implicit"
    for listener in config.listen.all():
        if not is_loopback(listener.host) and listener.tls is None:
            words = f"{listener.host}:{listener.port} takes mail from others without TLS"
            yield f"listener {listener.protocol}", words, "give it a certificate under tls"
