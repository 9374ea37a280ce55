"""A customer as a whole: all addresses and conversations, and what somebody at a shell corrects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.desk import views
from inboxd.desk.addresses import AddressBook
from inboxd.errors import Permanent
from inboxd.mail.people import is_deliverable
from inboxd.rules.terms import check_field_name, check_tag
from inboxd.store import acts, contact_cards, contacts, conversations, merges, messages
from inboxd.store.contact_cards import ContactCard
from inboxd.store.contacts import ContactRecord
from inboxd.store.conversations import ConversationRecord
from inboxd.store.db import Database
from inboxd.store.messages import NewEvent

_ACTOR = "command line"


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact with every address, each of them a record, and the conversations, newest first."""

    name: str
    card: ContactCard
    addresses: tuple[ContactRecord, ...]
    conversations: tuple[ConversationRecord, ...]


def look_up(connection: sa.Connection, address: str) -> Entry:
    """Return the contact who has `address`; raises `Permanent` where nobody has it."""
    contact = _known(connection, address)
    numbers = contacts.conversations_of(connection, contact.id)
    gone = merges.survivors(connection, numbers)
    records = conversations.get_many(connection, [each for each in numbers if each not in gone])
    card = contact_cards.get(connection, contact.id)
    assert card is not None  # it has the address
    return Entry(
        contact.name,
        card,
        contacts.addresses_of(connection, [contact.id])[contact.id],
        tuple(records[number] for number in numbers if number in records),
    )


def view(of: Entry) -> views.View:
    """Return a contact as plain values for scripts."""
    return {
        "name": of.name,
        "addresses": [
            {
                "address": each.address,
                "bounced_at": views.moment(each.bounced_at) if each.bounced_at else None,
            }
            for each in of.addresses
        ],
        "tags": list(of.card.tags),
        "fields": dict(of.card.fields),
        "first_seen": views.moment(of.card.created_at),
        "conversations": [views.summary(each, of.name) for each in of.conversations],
    }


def add_address(database: Database, config: Config, clock: Clock, address: str, new: str) -> Entry:
    """Let the contact who has `address` have `new`, too; raises `Permanent` where that is wrong.

    Whoever writes from it takes part in the contact's conversations.
    """
    if not is_deliverable(new):
        raise Permanent(f"{new} is no address that mail can be sent to")
    if _is_ours(config, new):
        raise Permanent(f"{new} is an address of the shop or of an agent, never a customer's")
    with database.write() as connection:
        contact = _known(connection, address)
        other = contacts.find(connection, new)
        if other is not None and other.id != contact.id:
            raise Permanent(
                f"{new} is another contact's. If both are one person: "
                f"inboxd contact merge {contact.address} {other.address}"
            )
        if contacts.add_address(connection, contact.id, new):
            now = clock.now()
            _record(connection, now, "contact.address", f"{contact.address}: also {new}")
            acts.record(connection, now, "contact.add-address", [address, new])
        return look_up(connection, address)


def tag(database: Database, clock: Clock, address: str, *tags: str, off: bool = False) -> Entry:
    """Put tags on the contact who has `address`, or take them `off`; raises `Permanent` if wrong.

    Rules ask for them with `contact.tags`.
    """
    named = [_checked(check_tag, each) for each in tags]
    with database.write() as connection:
        card = _card(connection, address)
        left = set(card.tags) - set(named) if off else {*card.tags, *named}
        if left != set(card.tags):
            contact_cards.save(connection, card.id, card.fields, left)
            now, what = clock.now(), "untag" if off else "tag"
            text = f"{address}: {', '.join(named)}"
            _record(connection, now, f"contact.{'untagged' if off else 'tagged'}", text)
            acts.record(connection, now, f"contact.{what}", [address, *named])
        return look_up(connection, address)


def set_fields(database: Database, clock: Clock, address: str, *settings: str) -> Entry:
    """Set fields of the contact who has `address`, each `NAME=TEXT`; without a text it is gone.

    Rules ask for them with `contact.fields.NAME`. Raises `Permanent` where that is wrong.
    """
    fields = dict(_setting(each) for each in settings)
    with database.write() as connection:
        card = _card(connection, address)
        new = {name: text for name, text in {**card.fields, **fields}.items() if text}
        if new != card.fields:
            contact_cards.save(connection, card.id, new, card.tags)
            now = clock.now()
            _record(connection, now, "contact.fields", f"{address}: {', '.join(settings)[:500]}")
            acts.record(connection, now, "contact.set", [address, *settings])
        return look_up(connection, address)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Permanent(f"{text} sets nothing: write NAME=TEXT, or NAME= to take it away")
    return _checked(check_field_name, name.strip()), value.strip()


def _checked(check: Callable[[str], str], value: str) -> str:
    try:
        return check(value)
    except ValueError as error:
        raise Permanent(f"{value}: {error}") from None


def _card(connection: sa.Connection, address: str) -> ContactCard:
    card = contact_cards.get(connection, _known(connection, address).id)
    assert card is not None  # it has the address
    return card


def merge(database: Database, clock: Clock, address: str, other: str) -> tuple[Entry, int]:
    """Make the contacts of two addresses one, which keeps the first one's name.

    Returns it, and how many conversations came over. Raises `Permanent` where nobody has one of the
    addresses, or where it is one contact already.
    """
    with database.write() as connection:
        kept, gone = _known(connection, address), _known(connection, other)
        if kept.id == gone.id:
            raise Permanent(f"{address} and {other} are one contact already")
        moved = contacts.merge(connection, kept.id, gone.id)
        now = clock.now()
        _record(connection, now, "contact.merged", f"{other} into {address}")
        acts.record(connection, now, "contact.merge", [address, other])
        return look_up(connection, address), moved


def _known(connection: sa.Connection, address: str) -> ContactRecord:
    found = contacts.find(connection, address.strip())
    if found is None:
        raise Permanent(
            f"no contact has the address {address}; inboxd search finds names and parts of them"
        )
    return found


def _is_ours(config: Config, address: str) -> bool:
    agents = (each for agent in config.agents for each in (agent.address, *agent.aliases))
    known = {each.casefold() for each in agents}
    return AddressBook(config).owns(address) or address.casefold() in known


def _record(connection: sa.Connection, at: datetime, kind: str, text: str) -> None:
    messages.add_events(connection, [NewEvent(at, None, _ACTOR, kind, text)])
