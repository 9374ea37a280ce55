"""What the doctor says about one thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Group(StrEnum):
    """What something belongs to; findings are shown in this order."""

    SETUP = "setup"
    DAEMON = "daemon"
    STORAGE = "storage"
    QUEUES = "queues"
    SOURCES = "sources"
    NETWORK = "network"
    SECRETS = "secrets"
    VERSIONS = "versions"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and (where it is not well) what to do."""

    group: Group
    what: str
    health: Health
    words: str
    advice: str = ""


def healthy(findings: list[Finding]) -> bool:
    """Return whether nothing has failed; warnings are no failures."""
    return all(each.health is not Health.FAIL for each in findings)
