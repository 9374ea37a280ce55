"""What can be wrong between the sections of a configuration, and with the files that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from inboxd.config.calendar_checks import calendar_faults, sla_faults
from inboxd.config.models import Agent, Config, Mailbox
from inboxd.config.view_checks import view_faults
from inboxd.errors import Fault
from inboxd.yaml_positions import Document

_RESERVED_NAMES = frozenset({"me", "none"})
_Report = Callable[..., Fault]


def cross_check(config: Config, document: Document) -> Iterator[Fault]:
    """Yield what is wrong between sections: names twice, names of nobody."""

    def fault(message: str, *loc: str | int, key: bool = False) -> Fault:
        return document.fault(message, loc, key)

    yield from _shared_addresses(config, fault)
    for i, mailbox in enumerate(config.mailboxes):
        if any(other.name == mailbox.name for other in config.mailboxes[:i]):
            yield fault(f"two mailboxes are called {mailbox.name}", "mailboxes", i, "name")
        for j, name in enumerate(mailbox.notify):
            if not config.agents_named([name]):
                yield fault(f"no agent or team is called {name}", "mailboxes", i, "notify", j)
        takes_smtp = any(source.smtp is not None for source in mailbox.sources)
        if takes_smtp and not config.listen.all():
            yield fault("a source 'smtp' needs a listener under 'listen'", "mailboxes", i)
    for i, agent in enumerate(config.agents):
        if config.agent(agent.name) is not agent:
            yield fault(f"two agents are called {agent.name}", "agents", i, "name")
        if agent.name.casefold() in _RESERVED_NAMES:
            yield fault(f"{agent.name} has a meaning of its own in tags", "agents", i, "name")
        if agent.name.casefold() in {team.casefold() for team in config.teams}:
            yield fault(f"{agent.name} is a team's name too", "agents", i, "name")
    yield from view_faults(config, fault)
    yield from calendar_faults(config, fault)
    yield from sla_faults(config, fault)
    yield from _missing_files(config, fault)


def _shared_addresses(config: Config, fault: _Report) -> Iterator[Fault]:
    """Yield the addresses that belong to more than one mailbox or agent."""
    owners: dict[str, Mailbox | Agent] = {}
    everybody: dict[str, Sequence[Mailbox | Agent]] = {
        "mailboxes": config.mailboxes,
        "agents": config.agents,
    }
    for section, members in everybody.items():
        for i, member in enumerate(members):
            places: list[tuple[str | int, ...]] = [("address",)]
            places += [("aliases", j) for j in range(len(member.aliases))]
            addresses = (member.address, *member.aliases)
            for address, place in zip(addresses, places, strict=True):
                owner = owners.setdefault(address.casefold(), member)
                if owner is not member:
                    message = f"{address} belongs to {owner.name} already"
                    yield fault(message, section, i, *place)


def _missing_files(config: Config, fault: _Report) -> Iterator[Fault]:
    """Yield the certificates and keys that are not there; their paths are absolute already."""
    files: list[tuple[Path | None, tuple[str | int, ...]]] = []
    if config.send.smtp is not None:
        files.append((config.send.smtp.ca_file, ("send", "smtp", "ca_file")))
    for name, listener in (("smtp", config.listen.smtp), ("lmtp", config.listen.lmtp)):
        if listener is not None and listener.tls is not None:
            files.append((listener.tls.cert_file, ("listen", name, "tls", "cert_file")))
            files.append((listener.tls.key_file, ("listen", name, "tls", "key_file")))
    for i, mailbox in enumerate(config.mailboxes):
        for j, source in enumerate(mailbox.sources):
            if source.imap is not None:
                at = ("mailboxes", i, "sources", j, "imap", "ca_file")
                files.append((source.imap.ca_file, at))
    for path, place in files:
        if path is not None and not path.is_file():
            yield fault(f"there is no file {path}", *place)
