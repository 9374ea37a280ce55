"""What the placeholders of a canned reply stand for: plain values, frozen.

Every text in here may come from outside and is data wherever it appears. Times are aware; they are
written for the reader where they are printed (see `moments`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from inboxd.templates.moments import Moment, Promise, Reader
from inboxd.templates.plain_values import Plain, fields_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CannedPerson:
    """The contact or an agent; `name` may be empty."""

    name: str
    address: str = ""

    @property
    def first_name(self) -> str:
        """The first word of the name, where it is written in that order."""
        return "" if "," in self.name or "@" in self.name else self.name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class CannedContact(CannedPerson):
    """The contact, with the custom fields that are kept of them."""

    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CannedConversation:
    """What a canned reply may say of the conversation.

    `customer_wrote` is when the customer last did.
    """

    number: int
    subject: str
    state: str = "open"
    priority: str = "normal"
    team: str = ""
    opened: datetime | None = None
    customer_wrote: datetime | None = None


@dataclass(frozen=True, slots=True)
class CannedShop:
    """What a canned reply may say of the shop: the mailbox's display name and address."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class CannedContext:
    """What the placeholders of a canned reply stand for.

    `fields` are the conversation's custom fields, `match` the named groups of the rule's pattern.
    Where no agent has a hand in it, `agent` has an empty name. `promise` is when an answer is
    promised for, where it is. `zone` is the mailbox's.
    """

    contact: CannedContact
    conversation: CannedConversation
    shop: CannedShop
    mailbox: str = ""
    agent: CannedPerson = CannedPerson("")
    fields: Mapping[str, str] = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
    promise: datetime | None = None
    now: datetime = _EPOCH
    zone: tzinfo = UTC

    def reader(self, language: str) -> Reader:
        """Return for whom times are written, in the language of the canned reply."""
        return Reader(language, self.zone, self.now)

    def values(self, reader: Reader) -> dict[str, Plain]:
        """Return what the placeholders stand for, by their names; times are `reader`'s."""
        promise = "" if self.promise is None else Promise.at(self.promise, reader)
        return {
            "contact": {**fields_of(self.contact), "first_name": self.contact.first_name},
            "agent": {**fields_of(self.agent), "first_name": self.agent.first_name},
            "conversation": {**_timed(self.conversation, reader), "answer_by": promise},
            "shop": fields_of(self.shop),
            "mailbox": {"name": self.mailbox, "address": self.shop.address},
            "fields": dict(self.fields),
            "match": dict(self.match),
            "promise": promise,
            "now": Moment.at(self.now, reader),
        }


def _timed(conversation: CannedConversation, reader: Reader) -> dict[str, Plain]:
    """Return the conversation's values; a time that is not known is empty."""

    def shown(at: datetime | None) -> str:
        return "" if at is None else Moment.at(at, reader)

    return {
        "number": conversation.number,
        "subject": conversation.subject,
        "state": conversation.state,
        "priority": conversation.priority,
        "team": conversation.team,
        "opened": shown(conversation.opened),
        "customer_wrote": shown(conversation.customer_wrote),
    }


SAMPLE: Final = CannedContext(
    contact=CannedContact("Eva Kunde", "eva@customer.example"),
    conversation=CannedConversation(
        1042,
        "Where is my order?",
        opened=datetime(2030, 5, 6, 8, tzinfo=UTC),
        customer_wrote=datetime(2030, 5, 6, 8, tzinfo=UTC),
    ),
    shop=CannedShop("Example Shop", "support@shop.example"),
    mailbox="support",
    agent=CannedPerson("Anna", "anna@shop.example"),
    promise=datetime(2030, 5, 7, 8, tzinfo=UTC),
    now=datetime(2030, 5, 6, 8, tzinfo=UTC),
)
"""A context to try canned replies with."""
