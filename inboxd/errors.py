"""The ways in which work can fail, decided where the failure is raised.

`Transient` is the default: whatever is not known to be hopeless is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass


class InboxdError(Exception):
    """Root of every error that inboxd raises on purpose."""


class Transient(InboxdError):
    """May succeed later without anybody's help: try again."""


class Permanent(InboxdError):
    """Will not succeed however often it is tried: tell somebody."""


class Poison(InboxdError):
    """One input that cannot be worked on: put it aside whole and go on."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in a file that an admin wrote.

    `line` and `column` count from 1; 0 means that the place is not known.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(InboxdError):
    """The configuration, a rule, a template or a canned reply is wrong (exit code 78)."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(map(str, self.faults)))
