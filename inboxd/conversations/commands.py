"""What an agent can ask for with reply tags: values only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from inboxd.durations import WEEKDAYS, BusinessCalendar


class Priority(StrEnum):
    """How urgent a conversation is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Close:
    """Close the conversation."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open the conversation: we owe an answer."""


@dataclass(frozen=True, slots=True)
class Note:
    """Keep the mail's text as a private note; `words` stood on the tag's own line."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the conversation to an agent or a team, or (neither) to nobody."""

    agent: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class AddTags:
    """Put tags (in lower case) on the conversation."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """Take tags (in lower case) off the conversation."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Set the conversation's priority."""

    priority: Priority


@dataclass(frozen=True, slots=True)
class Snooze:
    """Put the conversation out of sight `until` a moment in UTC, or until the customer writes."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Canned:
    """Send the canned reply of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class NoCopies:
    """Send this answer to the contact alone, and to nobody in copy."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain all reply tags, or the one named."""

    tag: str | None = None


Command = (
    Close
    | Open
    | Note
    | Assign
    | AddTags
    | RemoveTags
    | SetPriority
    | Snooze
    | Canned
    | NoCopies
    | Help
)


@dataclass(frozen=True, slots=True)
class TagContext:
    """What reply tags are read against: who and what there is, who writes, when and where.

    `me` is the writing agent's name; `now` is aware; `zone` and `calendar` are the mailbox's.
    `has_files` says that files come along, which are an answer even without words.
    """

    agents: Collection[str]
    teams: Collection[str]
    canned: Collection[str]
    me: str
    now: datetime
    zone: ZoneInfo
    calendar: BusinessCalendar = WEEKDAYS
    has_files: bool = False


class BadTagError(ValueError):
    """Why a reply tag cannot be obeyed, for the agent to read, and what to write in its place."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.suggestion = suggestion
