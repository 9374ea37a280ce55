"""Facts as conditions look at them: each text is made comparable once, when first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from inboxd.mail.model import Address
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts
from inboxd.rules.text import folded, searchable

_NO_MESSAGE = MessageFacts()


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


class Party:
    """One address of a message.

    A display name that holds an `@` could pass for an address, so it counts as no name at all.
    """

    def __init__(self, address: Address) -> None:
        self.address = address.key
        self.domain = address.domain
        name = "" if "@" in folded(address.name) else address.name
        self.name = ViewedText(name)
        self.written = ViewedText(address.address)


class View:
    """The facts of one evaluation. The conversation moves on with every rule's effects."""

    def __init__(self, facts: Facts) -> None:
        self.mailbox = ViewedText(facts.mailbox)
        self.conversation = facts.conversation
        self._message = facts.message or _NO_MESSAGE
        self._has_message = facts.message is not None
        self._tags: tuple[ViewedText, ...] | None = None
        self._contacts: tuple[Party, ...] | None = None

    def move_on(self, conversation: ConversationFacts) -> None:
        """Look at `conversation` from now on."""
        if conversation.tags != self.conversation.tags:
            self._tags = None
        if conversation.contact != self.conversation.contact:
            self._contacts = None
        self.conversation = conversation

    @property
    def tags(self) -> tuple[ViewedText, ...]:
        """The conversation's tags as they stand, sorted."""
        if self._tags is None:
            self._tags = tuple(map(ViewedText, sorted(self.conversation.tags)))
        return self._tags

    @property
    def contacts(self) -> tuple[Party, ...]:
        """The conversation's contact as it stands, if there is one."""
        if self._contacts is None:
            contact = self.conversation.contact
            self._contacts = _parties((contact,) if contact is not None else ())
        return self._contacts

    @cached_property
    def senders(self) -> tuple[Party, ...]:
        """Who stands in From."""
        return _parties(self._message.from_)

    @cached_property
    def recipients(self) -> tuple[Party, ...]:
        """Who stands in To and Cc."""
        return _parties((*self._message.to, *self._message.cc))

    @cached_property
    def subject(self) -> ViewedText:
        """The message's subject, or the conversation's where there is no message."""
        has, message = self._has_message, self._message
        return ViewedText(message.subject if has else self.conversation.subject)

    @cached_property
    def body(self) -> ViewedText:
        """The message's new words."""
        return ViewedText(self._message.reply_text)

    @cached_property
    def body_all(self) -> ViewedText:
        """The message's whole text, quotes and signatures included."""
        return ViewedText(self._message.whole().text)


def _parties(addresses: Iterable[Address]) -> tuple[Party, ...]:
    return tuple(map(Party, addresses))
