"""What the table of reply tags says of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inboxd.conversations.tag_readers import Reader


class Group(StrEnum):
    """What a tag is about, in the order in which the tags are listed; the value is a heading."""

    ANSWER = "Your answer"
    STATE = "The conversation"
    PEOPLE = "People"
    LOOK_UP = "Look up"


@dataclass(frozen=True, slots=True)
class TagSpec:
    """One reply tag. `read` makes its command of what the agent wrote behind it.

    `arguments` is how they are shown; `does` completes "this tag …"; `details` is what `#help TAG`
    adds. Placeholders are in capitals. A `common` one stands on the cheat sheet.
    """

    name: str
    group: Group
    arguments: str
    does: str
    example: str
    details: str
    read: Reader
    common: bool = False

    @property
    def usage(self) -> str:
        """The tag as it is written."""
        return f"#{self.name} {self.arguments}".rstrip()
