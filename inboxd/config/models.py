"""The sections of the configuration, as strict models: unknown keys are faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from inboxd.config.calendars import CalendarOptions, TeamOptions
from inboxd.config.listen import Listen
from inboxd.config.metrics import Metrics
from inboxd.config.mirror import Mirror
from inboxd.config.sending import Send
from inboxd.config.sla import SlaPolicy
from inboxd.config.spam_words import FieldName, KnownSpamHeader, Words
from inboxd.config.strict import STRICT
from inboxd.config.types import (
    EmailAddress,
    Language,
    Name,
    Names,
    Period,
    Port,
    Size,
    Skills,
    Tls,
    Wait,
    Zone,
    refuse_plaintext,
)
from inboxd.config.views import DigestOption, View
from inboxd.durations import parse_duration


class Strict(BaseModel):
    """A section of the configuration: unknown keys are faults, values do not change."""

    model_config = STRICT


class SmtpSource(Strict):
    """What the daemon's own listener takes for the mailbox's address and its plus-addresses."""


class ImapSource(Strict):
    """One folder on an IMAP server (RFC 3501)."""

    host: str
    port: Port = 993
    tls: Tls = "implicit"
    user: str
    password: SecretStr
    folder: str = "INBOX"
    after: str = "seen"
    ca_file: Path | None = None
    allow_plaintext: bool = False
    poll: Wait = parse_duration("60 s")
    idle_renew: Wait = parse_duration("9 min")
    timeout: Wait = parse_duration("30 s")
    backlog: Period = parse_duration("7 days")
    max_size: Size = 50_000_000
    mirror: Mirror | None = None

    @field_validator("after")
    @classmethod
    def _known_after(cls, value: str) -> str:
        if value in ("seen", "keep") or (value.startswith("move:") and value[5:].strip()):
            return value
        raise ValueError("after is 'seen', 'keep' or 'move:FOLDER'")

    @model_validator(mode="after")
    def _no_open_line(self) -> ImapSource:
        refuse_plaintext(self.tls, self.host, self.allow_plaintext)
        if self.mirror is not None and self.after.startswith("move:"):
            raise ValueError("mirror and after: move would both say where a mail lies; choose one")
        return self

    def key(self) -> str:
        """Return the name under which the place in this folder is remembered."""
        return f"imap:{self.user}@{self.host}:{self.port}/{self.folder}"


class Source(Strict):
    """Exactly one way in."""

    smtp: SmtpSource | None = None
    imap: ImapSource | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        if isinstance(value, dict) and "smtp" in value and value["smtp"] is None:
            return {**value, "smtp": {}}
        return value

    @model_validator(mode="after")
    def _one(self) -> Source:
        if (self.smtp is None) == (self.imap is None):
            raise ValueError("a source has exactly one of 'smtp' and 'imap'")
        return self


class Mailbox(Strict):
    """One shared address with its sources, brand and rules."""

    name: Name
    address: EmailAddress
    aliases: list[EmailAddress] = []
    display_name: str = ""
    notify: Names = []
    reply_address: str = "{local}+{token}@{domain}"
    send_delay: Period = parse_duration("0 s")
    reopen_for: Period = parse_duration("30 days")
    reopen_on_thanks: bool = False
    match_subject: Period | None = None
    subject_tag: bool = False
    receipts: Literal["all", "errors"] = "all"
    signature: str = ""
    timezone: Zone | None = None
    calendar: Name | None = None
    language: Language | None = None
    sla: Name | None = None
    rules: Names = []
    sources: list[Source] = [Source(smtp=SmtpSource())]

    @field_validator("reply_address")
    @classmethod
    def _pattern(cls, value: str) -> str:
        if value == "none":
            return value
        fields = set(re.findall(r"\{(\w*)\}", value))
        if "token" not in fields or not fields <= {"local", "token", "domain"} or "@" not in value:
            raise ValueError(
                "reply_address is a pattern with {token}, such as {local}+{token}@{domain}, or none"
            )
        return value

    @property
    def addresses(self) -> tuple[str, ...]:
        """The mailbox's own addresses, the first being the one that it writes from."""
        return (self.address, *self.aliases)


class Agent(Strict):
    """Somebody who answers."""

    name: Name
    address: EmailAddress
    aliases: list[EmailAddress] = []
    display_name: str = ""
    teams: Names = []
    role: Literal["agent", "supervisor", "admin"] = "agent"
    timezone: Zone | None = None
    skills: Skills = []
    max_open: Annotated[int, Field(ge=1)] | None = None
    calendar: Name | None = None
    digest: DigestOption = None

    @property
    def shown(self) -> str:
        """The name that people read."""
        return self.display_name or self.name.capitalize()

    def writes_from(self, address: str) -> bool:
        """Return whether `address` is this agent's, in any case of letters."""
        key = address.casefold()
        return any(key == own.casefold() for own in (self.address, *self.aliases))


class SpamHeader(Strict):
    """A header field of a filter, and exactly one way in which it says that a mail is spam."""

    name: FieldName
    equals: Words | None = None
    begins: Words | None = None
    contains: Words | None = None

    @model_validator(mode="after")
    def _one(self) -> SpamHeader:
        if sum(words is not None for words in (self.equals, self.begins, self.contains)) != 1:
            raise ValueError("a spam header has exactly one of 'equals', 'begins' and 'contains'")
        return self


class Trust(Strict):
    """Whose word counts: on a sender's identity (RFC 8601), and on what is spam."""

    authserv_ids: list[str] = []
    verify_dkim: bool = False
    spam_headers: list[SpamHeader] = []
    ignore_spam_headers: list[KnownSpamHeader] = []


class AutoMail(Strict):
    """How much automatic mail one person, and one domain, may get (RFC 3834 section 2)."""

    per_recipient_hour: Annotated[int, Field(ge=0)] = 3
    per_recipient_day: Annotated[int, Field(ge=0)] = 8
    per_conversation_day: Annotated[int, Field(ge=0)] = 3
    per_domain_hour: Annotated[int, Field(ge=1)] = 10
    per_domain_day: Annotated[int, Field(ge=1)] = 30
    forwards_hour: Annotated[int, Field(ge=0)] = 100
    shared_domains: Names = []


class Config(Strict):
    """Everything an admin says in `inboxd.yaml`; paths are absolute once loaded."""

    data_dir: Path = Path("../var")
    database: str = "sqlite:///inboxd.db"
    secret_key: SecretStr | None = None
    old_secret_keys: list[SecretStr] = []
    timezone: Zone = "UTC"
    languages: list[Language] = []
    mailboxes: Annotated[list[Mailbox], Field(min_length=1)]
    listen: Listen = Listen()
    send: Send
    metrics: Metrics | None = None
    agents: list[Agent] = []
    admins: list[EmailAddress] = []
    team_options: Annotated[dict[Name, TeamOptions], Field(alias="teams")] = {}
    calendars: dict[Name, CalendarOptions] = {}
    calendar: Name | None = None
    sla: dict[Name, SlaPolicy] = {}
    views: dict[Name, View] = {}
    trust: Trust = Trust()
    auto_mail: AutoMail = AutoMail()
    rules: Path = Path("rules/")
    packs: Names = []
    rules_fuse: Annotated[int, Field(ge=1)] = 100
    tags: list[str] | None = None
    fields: list[str] | None = None
    canned: Path = Path("canned/")
    templates: Path = Path("templates/")
    path: Path = Field(default=Path("config/inboxd.yaml"), exclude=True)

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith("sqlite:///"):
            raise ValueError("database is sqlite:///FILE; other databases come in a later release")
        return value

    @property
    def rule_folders(self) -> tuple[Path, ...]:
        """The folders with rules: the shop's own, then those of the packs in their order."""
        return (self.rules, *self.pack_folders)

    @property
    def pack_folders(self) -> tuple[Path, ...]:
        """The folders of the rule packs that the shop includes, beside the configuration."""
        return tuple(self.path.parent / "packs" / name for name in self.packs)

    @property
    def canned_folders(self) -> tuple[Path, ...]:
        """The folders with canned replies: the shop's own come before those of its packs."""
        return (self.canned, *(folder / "canned" for folder in self.pack_folders))

    @property
    def teams(self) -> dict[str, tuple[Agent, ...]]:
        """The teams and their members, in the order of the agents."""
        teams: dict[str, list[Agent]] = {}
        for agent in self.agents:
            for team in agent.teams:
                teams.setdefault(team, []).append(agent)
        return {name: tuple(members) for name, members in teams.items()}

    def mailbox(self, name: str) -> Mailbox | None:
        """Return the mailbox called `name`."""
        return next((each for each in self.mailboxes if each.name == name), None)

    def agent(self, name: str) -> Agent | None:
        """Return the agent called `name`, in any case of letters."""
        key = name.casefold()
        return next((each for each in self.agents if each.name.casefold() == key), None)

    def agents_named(self, names: Iterator[str] | list[str]) -> tuple[Agent, ...]:
        """Return the agents behind `names` of agents and teams, each once."""
        found: dict[str, Agent] = {}
        teams = self.teams
        for name in names:
            agent = self.agent(name)
            for each in (agent,) if agent else teams.get(name, ()):
                found.setdefault(each.name, each)
        return tuple(found.values())

    @property
    def admin_addresses(self) -> tuple[str, ...]:
        """Who hears of trouble: `admins`, else the agents who are admins, else the first agent."""
        if self.admins:
            return tuple(self.admins)
        admins = [agent.address for agent in self.agents if agent.role == "admin"]
        return tuple(admins or [agent.address for agent in self.agents[:1]])

    def zone(self, mailbox: Mailbox | None = None, agent: Agent | None = None) -> ZoneInfo:
        """Return the time zone of an agent, else of a mailbox, else of the shop."""
        name = (agent and agent.timezone) or (mailbox and mailbox.timezone) or self.timezone
        return ZoneInfo(name)

    @property
    def database_url(self) -> str:
        """The database's URL with a relative SQLite path taken from `data_dir`."""
        path = Path(self.database.removeprefix("sqlite:///"))
        return f"sqlite:///{path if path.is_absolute() else self.data_dir / path}"
