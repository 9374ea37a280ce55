"""The shop as loaded: configuration, rules, templates and keys, each read and compiled once.

A `Shop` never changes; a reload makes a new one, or leaves the old one in place where the files
are faulty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from inboxd.config import Config, Mailbox
from inboxd.config.models import SpamHeader
from inboxd.conversations.lookup import MailboxIdentity
from inboxd.conversations.threading import ThreadPolicy
from inboxd.conversations.tokens import NO_CONVERSATION, ReplyAddressPattern, TokenKey
from inboxd.desk.addresses import AddressBook
from inboxd.desk.calendars import Calendars
from inboxd.desk.key_file import kept_secret, key_file
from inboxd.errors import ConfigError, Fault
from inboxd.mail.classify import SpamMark, TrustPolicy
from inboxd.rules.loader import Known, RuleSet, load_rules
from inboxd.rules.text import folded
from inboxd.suggest import hint
from inboxd.templates.canned import CannedSet, load_canned
from inboxd.templates.render import Renderer
from inboxd.yaml_positions import load_yaml

_DAY = 86_400
_TOKEN_CHARS = 32  # of a reply address's token, up to conversation 2**24


@dataclass(frozen=True)
class Desk:
    """One mailbox with what is derived from its configuration."""

    mailbox: Mailbox
    pattern: ReplyAddressPattern
    identities: tuple[MailboxIdentity, ...]
    policy: ThreadPolicy

    @property
    def name(self) -> str:
        """The mailbox's name."""
        return self.mailbox.name

    @property
    def domain(self) -> str:
        """The domain of the mailbox's address."""
        return self.mailbox.address.rpartition("@")[2]

    @property
    def shown(self) -> str:
        """The name that customers read."""
        return self.mailbox.display_name or self.mailbox.name.capitalize()


@dataclass(frozen=True)
class Shop:
    """All that stays the same from one mail to the next."""

    config: Config
    key: TokenKey
    rules: RuleSet
    canned: CannedSet
    renderer: Renderer

    @cached_property
    def blank(self) -> str:
        """The beginning of words that stand for what differs in mails that are told alike.

        Nobody outside can know it, so that no mail can hold it. It never leaves this process.
        """
        return self.key.message_id("", "", NO_CONVERSATION, "blank").split(".")[1]

    @cached_property
    def addresses(self) -> AddressBook:
        """The shop's own addresses."""
        return AddressBook(self.config)

    @cached_property
    def shipped_templates(self) -> Renderer:
        """The templates as shipped, for where one of the shop's own fails."""
        return Renderer(None)

    @cached_property
    def desks(self) -> dict[str, Desk]:
        """The mailboxes by name."""
        return {mailbox.name: self._desk(mailbox) for mailbox in self.config.mailboxes}

    @cached_property
    def calendars(self) -> Calendars:
        """Who works when."""
        return Calendars(self.config)

    @cached_property
    def agent_addresses(self) -> dict[str, str]:
        """The agents' names by each of their addresses, case-folded."""
        return {
            address.casefold(): agent.name
            for agent in self.config.agents
            for address in (agent.address, *agent.aliases)
        }

    @cached_property
    def trust(self) -> TrustPolicy:
        """Who is who, for classifying mail."""
        own = (address for mailbox in self.config.mailboxes for address in mailbox.addresses)
        return TrustPolicy(
            own_addresses=frozenset(address.casefold() for address in own),
            agent_addresses=frozenset(self.agent_addresses),
            authserv_ids=tuple(self.config.trust.authserv_ids),
            is_own=self.addresses.owns,
            is_own_message_id=self._is_own_message_id,
            spam_marks=tuple(map(_spam_mark, self.config.trust.spam_headers)),
            ignored_spam_fields=frozenset(
                name.lower() for name in self.config.trust.ignore_spam_headers
            ),
        )

    def _is_own_message_id(self, message_id: str) -> bool:
        return any(
            self.key.read_message_id(message_id, mailbox.name) is not None
            for mailbox in self.config.mailboxes
        )

    def _desk(self, mailbox: Mailbox) -> Desk:
        pattern = ReplyAddressPattern.parse(mailbox.reply_address)
        match = mailbox.match_subject
        policy = ThreadPolicy(
            reopen_for=timedelta(seconds=mailbox.reopen_for.seconds),
            match_subject_days=None if match is None else max(1, round(match.seconds / _DAY)),
        )
        identities = tuple(
            MailboxIdentity(mailbox.name, address, pattern, self.agent_addresses)
            for address in mailbox.addresses
        )
        return Desk(mailbox, pattern, identities, policy)


def _spam_mark(header: SpamHeader) -> SpamMark:
    def folded(words: list[str] | None) -> tuple[str, ...]:
        return tuple(word.casefold() for word in words or ())

    return SpamMark(
        header.name, folded(header.equals), folded(header.begins), folded(header.contains)
    )


def load_shop(config: Config) -> Shop:
    """Read rules, canned replies and templates, and the secret key.

    Raises `ConfigError` with every fault in all of them.
    """
    rules, canned, renderer = load_words(config)
    return Shop(config, load_key(config), rules, canned, renderer)


def load_words(config: Config) -> tuple[RuleSet, CannedSet, Renderer]:
    """Read rules, canned replies and templates, and write nothing.

    Raises `ConfigError` with every fault in all of them.
    """
    faults: list[Fault] = []
    canned = rules = renderer = None
    try:
        canned = load_canned(config.canned_folders, config.languages)
    except ConfigError as error:
        faults += error.faults
    known = known_names(config, None if canned is None else canned.names)
    try:
        rules = load_rules(config.rule_folders, known)
    except ConfigError as error:
        faults += error.faults
    faults += _set_faults(config, rules)
    faults += _pattern_faults(config)
    try:
        renderer = Renderer(config.templates if config.templates.is_dir() else None)
        faults += renderer.check()
    except ConfigError as error:
        faults += error.faults
    if faults or canned is None or rules is None or renderer is None:
        raise ConfigError(faults)
    return rules, canned, renderer


def _set_faults(config: Config, rules: RuleSet | None) -> list[Fault]:
    """Return a fault for each set of rules that a mailbox includes and no file defines."""
    if rules is None:
        return []
    return [
        Fault(
            str(config.path),
            *_place(config, "mailboxes", i, "rules", j),
            f"no set of rules is called {name!r}{hint(name, rules.sets)}",
        )
        for i, mailbox in enumerate(config.mailboxes)
        for j, name in enumerate(mailbox.rules)
        if name not in rules.sets
    ]


def _pattern_faults(config: Config) -> list[Fault]:
    """Return what is wrong with the mailboxes' reply addresses, each with its place."""
    faults = []
    for i, mailbox in enumerate(config.mailboxes):
        try:
            pattern = ReplyAddressPattern.parse(mailbox.reply_address)
            for address in mailbox.addresses:
                pattern.format(address, "x" * _TOKEN_CHARS)
        except ValueError as error:
            place = _place(config, "mailboxes", i, "reply_address")
            faults.append(Fault(str(config.path), *place, str(error)))
    return faults


def _place(config: Config, *loc: str | int) -> tuple[int, int]:
    try:
        return load_yaml(config.path).position(loc)
    except ConfigError:  # the configuration was not read from a file, or that is gone
        return 0, 0


def known_names(config: Config, canned: Iterable[str] | None) -> Known:
    """Return which names rules may use; any canned reply's where `canned` is None."""
    included: dict[str, set[str]] = {}
    for mailbox in config.mailboxes:
        for name in mailbox.rules:
            included.setdefault(name, set()).add(mailbox.name)
    own = [address for mailbox in config.mailboxes for address in mailbox.addresses]
    own += [address for agent in config.agents for address in (agent.address, *agent.aliases)]
    return Known(
        tags=None if config.tags is None else frozenset(map(folded, config.tags)),
        fields=None if config.fields is None else frozenset(config.fields),
        included={name: frozenset(mailboxes) for name, mailboxes in included.items()},
        own_addresses=frozenset(address.casefold() for address in own),
        agents=frozenset(agent.name for agent in config.agents),
        teams=frozenset(config.teams),
        mailboxes=frozenset(mailbox.name for mailbox in config.mailboxes),
        canned=None if canned is None else frozenset(canned),
        slas=frozenset({*config.sla, "none"}),
        skills={
            team: frozenset(skill for member in members for skill in member.skills)
            for team, members in config.teams.items()
        },
    )


def load_key(config: Config) -> TokenKey:
    """Return the key that signs reply addresses; made on the first start where none is given."""
    if config.secret_key is not None:
        secret = config.secret_key.get_secret_value()
    else:
        secret = kept_secret(key_file(config))
    old = [each.get_secret_value().encode() for each in config.old_secret_keys]
    try:
        return TokenKey(secret.encode(), old)
    except ValueError as error:
        place = _place(config, "secret_key")
        raise ConfigError([Fault(str(config.path), *place, f"secret_key: {error}")]) from None
