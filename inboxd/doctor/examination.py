"""The whole examination, one group after the other."""

from __future__ import annotations

from collections.abc import Iterator

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.doctor import modes, network, old_keys, running, setup, storage, versions
from inboxd.doctor.finding import Finding


def examine(config: Config, clock: Clock, *, offline: bool) -> Iterator[Finding]:
    """Yield what is found, as it is found. Nothing is written, and nothing is raised for trouble.

    `offline` leaves out the relay and the IMAP servers.
    """
    yield from setup.look(config, clock)
    yield from running.look(config, clock)
    yield from storage.look(config, clock)
    if not offline:
        yield from network.look(config, clock)
    yield from network.own_certificates(config, clock)
    yield from modes.look(config)
    yield from old_keys.look(config, clock)
    yield from versions.look()
