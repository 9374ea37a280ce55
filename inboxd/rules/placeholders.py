"""Texts in rules that hold `{{ match.NAME }}` and its like.

This is no template language: a placeholder is a name, and what is put in its place is never looked
at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from inboxd.rules.facts import Facts
from inboxd.suggest import hint

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z]+\.[A-Za-z_][A-Za-z0-9_-]*)\s*\}\}")
_LOOKALIKE = re.compile(r"\{\{.*?(?:\}\}|$)|\{%|\{#", re.DOTALL)
# Besides `match.NAME` (what a named group caught) and `fields.NAME`.
NAMES = (
    "contact.name",
    "contact.address",
    "conversation.number",
    "conversation.subject",
    "conversation.state",
    "conversation.priority",
    "conversation.assignee",
    "conversation.team",
    "conversation.mailbox",
    "change.name",
    "change.before",
    "change.after",
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in pieces: plain ones at even places, placeholders' names at odd ones."""

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the text asks for, such as `match.order`."""
        return self.pieces[1::2]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that the text asks for."""
        return tuple(name[6:] for name in self.names if name.startswith("match."))

    def filled(self, known: Mapping[str, str]) -> str | None:
        """Return the text with the values of `known`, or None where one of them is missing."""
        if not all(name in known for name in self.names):
            return None
        return self.filled_in(known)

    def filled_in(self, known: Mapping[str, str]) -> str:
        """Return the text with the values of `known`, and nothing for what is missing."""
        pieces = enumerate(self.pieces)
        return "".join(known.get(each, "") if i % 2 else each for i, each in pieces)


def parse_text(source: str) -> Text:
    """Return the pieces of `source`; ValueError where it holds what is no placeholder."""
    pieces = _PLACEHOLDER.split(source)
    for plain in pieces[::2]:
        if found := _LOOKALIKE.search(plain):
            raise ValueError(
                f"{found[0][:40]!r} means nothing here: a text may hold {{{{ match.NAME }}}}, "
                "{{ fields.NAME }} and the like"
            )
    for name in pieces[1::2]:
        if not name.startswith(("match.", "fields.")) and name not in NAMES:
            raise ValueError(f"there is no {{{{ {name[:40]} }}}}{hint(name, NAMES)}")
    return Text(tuple(pieces))


def values(match: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Return what placeholders stand for; what a conversation does not have is missing."""
    now, change = facts.conversation, facts.change
    known: dict[str, str | None] = {
        "conversation.number": str(now.number),
        "conversation.subject": now.subject,
        "conversation.state": now.state,
        "conversation.priority": now.priority,
        "conversation.assignee": now.assignee,
        "conversation.team": now.team,
        "conversation.mailbox": facts.mailbox,
    }
    if now.contact is not None:
        known |= {"contact.name": now.contact.name, "contact.address": now.contact.address}
    if change is not None:
        known |= {"change.name": change.name}
        known |= {"change.before": change.before, "change.after": change.after}
    known |= {f"fields.{name}": value for name, value in now.fields.items()}
    known |= {f"match.{name}": value for name, value in match.items()}
    return {name: value for name, value in known.items() if value is not None}
