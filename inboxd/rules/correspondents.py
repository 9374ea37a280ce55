"""Whom a rule's `contact` names: looked for in one mail, and refused wherever there is a doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from inboxd.mail.model import Address
from inboxd.mail.people import is_deliverable, one_address
from inboxd.rules.actions import Person
from inboxd.rules.facts import Facts, MessageFacts
from inboxd.rules.placeholders import Text, parse_text, values
from inboxd.rules.text import shortened


@dataclass(frozen=True, slots=True)
class Found:
    """The contact, or (None) why there is none."""

    contact: Address | None
    why_not: str = ""


Find: TypeAlias = Callable[[Mapping[str, str], Facts], Found]


def chosen(person: Person) -> Find:
    """Return the search for whom `person` describes."""
    address = parse_text(person.address) if person.address is not None else None
    name = parse_text(person.name) if person.name is not None else None

    def find(match: Mapping[str, str], facts: Facts) -> Found:
        if facts.message is None:
            return Found(None, "there is no mail")
        if not facts.message.by_contact:
            return Found(None, "somebody else than the contact wrote this mail")
        known = values(match, facts)
        found = _in_text(address, known) if address else _in_mail(person, facts)
        if found.contact is None:
            return found
        if facts.is_ours(found.contact.address):
            return Found(None, f"{found.contact.address} is one of our own")
        said = name.filled(known) if name else None
        return Found(Address(said, found.contact.address)) if said else found

    return find


def _in_text(address: Text, known: Mapping[str, str]) -> Found:
    text = address.filled(known)
    if text is None:
        return Found(None, "the pattern caught no address")
    found = one_address(text)
    if found is None:
        return Found(None, f"{shortened(text, 60)!r} is not one address")
    return Found(found)


def _in_header(name: str, mail: MessageFacts) -> Found:
    values = mail.whole().headers.get_all(name)
    if len(values) != 1:
        return Found(None, f"the mail has {len(values) or 'no'} {name} fields")
    found = one_address(values[0])
    return Found(found) if found else Found(None, f"{name} does not hold one address")


def _in_mail(person: Person, facts: Facts) -> Found:
    mail = facts.message or MessageFacts()
    if person.header is not None:
        return _in_header(person.header, mail)
    named = {each.key: each for each in _named(person, mail)}
    outside = [each for each in named.values() if not facts.is_ours(each.address)] or named.values()
    if len(outside) != 1:
        return Found(None, f"{person.source} names {len(outside) or 'no'} addresses")
    (only,) = outside
    if not is_deliverable(only.address):
        return Found(None, f"{shortened(only.address, 60)!r} cannot be sent to")
    return Found(only)


def _named(person: Person, mail: MessageFacts) -> tuple[Address, ...]:
    match person.source:
        case "from":
            return mail.from_
        case "reply_to":
            return mail.whole().reply_to
        case "sender":
            return mail.whole().sender
        case _:
            return mail.whole().original_from[:1]
