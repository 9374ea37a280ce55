"""What an agent can ask for with reply tags: values only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from inboxd.calendars import Calendar


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
    """Send the canned reply of this name; `values` fill its placeholders.

    `place` is the line of the body, from 0, before which it stands; None: it follows the text.
    """

    name: str
    values: tuple[tuple[str, str], ...] = ()
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The customer owes an answer."""


@dataclass(frozen=True, slots=True)
class Spam:
    """The conversation is spam."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Tell the agent who asks `text` at a moment in UTC; nothing else happens."""

    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetField:
    """Give the custom field `name` (in lower case) a value; an empty one takes it away."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class To:
    """Send this answer to these addresses in place of the contact."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cc:
    """Let these people take part: they get this answer and the later ones."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the conversation's last mail, with the agent's words on top, to somebody outside.

    What they answer comes back to the conversation; the customer never sees it.
    """

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge this conversation into conversation `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class Split:
    """Make the mail that is answered a conversation of its own."""


@dataclass(frozen=True, slots=True)
class Link:
    """Link this conversation with conversation `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class History:
    """Send the agent the whole conversation."""


@dataclass(frozen=True, slots=True)
class ShowContact:
    """Send the agent what is known of the customer."""


@dataclass(frozen=True, slots=True)
class Search:
    """Send the agent the conversations that hold all of `words`."""

    words: str


@dataclass(frozen=True, slots=True)
class ListView:
    """Send the agent the numbered list of a view's conversations (None: the agent's own)."""

    view: str | None = None


@dataclass(frozen=True, slots=True)
class SendAt:
    """Keep this answer back until a moment in UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back what the agent's last mail to the conversation did, while that can be done."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Let the strangers take part who hold a reply address and wait for an agent's word."""


@dataclass(frozen=True, slots=True)
class Block:
    """Take mail from the conversation's contact as spam from now on."""


@dataclass(frozen=True, slots=True)
class Away:
    """The agent gets nothing assigned until a moment in UTC (None: until `#back`).

    `agent` is another one whom a supervisor sends away, None for the one who writes.
    """

    until: datetime | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """The agent (or, by a supervisor, another one) is there again."""

    agent: str | None = None


@dataclass(frozen=True, slots=True)
class NoCopies:
    """Send this answer to the contact alone, and to nobody in copy."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain all reply tags, or the one named."""

    tag: str | None = None


# What belongs to the answer itself: to whom, when, with what.
AnswerOption = To | Cc | NoCopies | SendAt | Canned | Forward | Undo
# What is done to the conversation, or told the agent, whatever is answered.
Act = (
    Close
    | Open
    | Pending
    | Spam
    | Note
    | Assign
    | AddTags
    | RemoveTags
    | SetPriority
    | SetField
    | Snooze
    | Remind
    | Merge
    | Split
    | Link
    | History
    | ShowContact
    | Search
    | ListView
    | Allow
    | Block
    | Away
    | Back
    | Help
)
Command = Act | AnswerOption


@dataclass(frozen=True, slots=True)
class TagContext:
    """What reply tags are read against: who and what there is, who writes, when and where.

    `me` is the writing agent's name; `now` is aware; `zone` and `calendar` are the mailbox's.
    `has_files` says that files come along, which are an answer even without words. `views` are the
    lists that `#list` knows, `supervisor` whether the writer may act for others.
    """

    agents: Collection[str]
    teams: Collection[str]
    canned: Collection[str]
    me: str
    now: datetime
    zone: ZoneInfo
    calendar: Calendar | None = None
    has_files: bool = False
    views: Collection[str] = ()
    supervisor: bool = False


class BadTagError(ValueError):
    """Why a reply tag cannot be obeyed, for the agent to read, and what to write in its place."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.suggestion = suggestion
