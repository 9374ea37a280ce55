"""The typed configuration: strict models, secrets, defaults.

`load_config` reads `inboxd.yaml` and raises `ConfigError` with every fault found, each with its
file, line and column. An unknown key is a fault. `${NAME}` takes a value from the environment and
`file:PATH`, for secrets, from a file.
"""

from __future__ import annotations

from inboxd.config.listen import Listener, ListenerAuth
from inboxd.config.load import load_config
from inboxd.config.models import (
    Agent,
    Config,
    ImapSource,
    Mailbox,
    Source,
)
from inboxd.config.types import is_loopback

__all__ = [
    "Agent",
    "Config",
    "ImapSource",
    "Listener",
    "ListenerAuth",
    "Mailbox",
    "Source",
    "is_loopback",
    "load_config",
]
