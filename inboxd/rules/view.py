"""Facts as conditions look at them: each is read when first asked for, and made comparable once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from inboxd.mail.model import Address
from inboxd.rules.facts import STRANGER, ContactFacts, ConversationFacts, Facts, MessageFacts
from inboxd.rules.quantities import Clock
from inboxd.rules.text import folded, searchable

_NO_MESSAGE = MessageFacts()
# What a rule's effects may change, and the first words of the conditions that look at it.
_MOVING = {
    "state": "state",
    "priority": "priority",
    "assignee": "assignee",
    "team": "team",
    "tags": "tags",
    "fields": "fields",
    "contact": "contact",
    "sla_policy": "sla",
}


class ViewedText:
    """One text in the two forms that operators compare."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def folded(self) -> str:
        """The text without case and superfluous white space (see `text.folded`)."""
        return folded(self.raw)

    @cached_property
    def searchable(self) -> bytes:
        """The text as UTF-8 in its own case (see `text.searchable`)."""
        return searchable(self.raw)


class ViewedAddress(ViewedText):
    """An address or a domain, compared as it is written but for case."""

    @cached_property
    def folded(self) -> str:
        """The address without case."""
        return self.raw.casefold()


class Party:
    """One address of a message.

    A display name that holds an `@` could pass for an address, so it counts as no name at all.
    """

    def __init__(self, address: Address) -> None:
        self.address = address.key
        self.domain = address.domain
        name = "" if "@" in folded(address.name) else address.name
        self.name = ViewedText(name)
        self.written = ViewedAddress(address.address)


class View:
    """The facts of one evaluation. The conversation moves on with every rule's effects."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.conversation = facts.conversation
        self.message = facts.message or _NO_MESSAGE
        self.texts: dict[str, tuple[ViewedText, ...]] = {}
        self._local: tuple[str | None, datetime] | None = None
        self._contact: tuple[tuple[Party, ...], ContactFacts | None] | None = None

    def move_on(self, conversation: ConversationFacts) -> frozenset[str]:
        """Look at `conversation` from now on; returns the first words of what has changed."""
        before, self.conversation = self.conversation, conversation
        moved = frozenset(
            word
            for attribute, word in _MOVING.items()
            if getattr(before, attribute) != getattr(conversation, attribute)
        )
        if moved:
            for what in [each for each in self.texts if each.partition(".")[0] in moved]:
                del self.texts[what]
        if "contact" in moved:
            self._contact = None
        return moved

    @property
    def subject(self) -> str:
        """The message's subject, or the conversation's where there is no message."""
        return self.message.subject if self.facts.message is not None else self.conversation.subject

    @cached_property
    def senders(self) -> tuple[Party, ...]:
        """Who stands in From."""
        return _parties(self.message.from_)

    @cached_property
    def recipients(self) -> tuple[Party, ...]:
        """Who stands in To and Cc."""
        return (*_parties(self.message.to), *self.copied)

    @cached_property
    def copied(self) -> tuple[Party, ...]:
        """Who stands in Cc."""
        return _parties(self.message.cc)

    @property
    def contacts(self) -> tuple[Party, ...]:
        """The conversation's contact as it stands, if there is one."""
        if self._contact is None:
            contact = self.conversation.contact
            self._contact = _parties((contact,) if contact is not None else ()), None
        return self._contact[0]

    @property
    def known(self) -> ContactFacts:
        """What is known of the contact as it stands."""
        parties = self.contacts
        contact = self.conversation.contact
        found = self._contact[1] if self._contact is not None else None
        if found is None:
            found = self.facts.known_of(contact) if contact is not None else STRANGER
            self._contact = parties, found
        return found

    @cached_property
    def files(self) -> tuple[tuple[str, str, int], ...]:
        """Name, type and size of each attachment, without the pictures that stand in the text."""
        return tuple(
            (each.filename, each.content_type.lower(), each.size)
            for each in self.message.attachments
            if not (each.inline and each.content_id and each.content_type.startswith("image/"))
        )

    @property
    def local(self) -> datetime:
        """The time of the event as the clocks of the shop, or of the team, show it."""
        team = self.conversation.team
        if self._local is None or self._local[0] != team:
            self._local = team, self.facts.now.astimezone(self.facts.calendar(team).zone)
        return self._local[1]

    @property
    def clock(self) -> Clock:
        """The time of day there."""
        return Clock.of(self.local.time())


def _parties(addresses: Iterable[Address]) -> tuple[Party, ...]:
    return tuple(map(Party, addresses))
