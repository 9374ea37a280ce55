"""Who may take part in a conversation, by an agent's word: strangers let in, customers blocked."""

from __future__ import annotations

from inboxd.conversations.states import ConversationState
from inboxd.desk import actions
from inboxd.desk.people import is_ours
from inboxd.desk.unit import Unit
from inboxd.mail.model import Address
from inboxd.store import blocked, conversations, messages, splits
from inboxd.store.conversations import PartyRecord

_MOST_COPIES = 20


def allow_obstacle(unit: Unit) -> str | None:
    """Return why nobody can be let in, or None."""
    parties = _parties(unit)
    waiting = [each for each in parties if each.role == "pending"]
    if not waiting:
        return "nobody waits to be let in"
    copied = [each for each in parties if each.role == "cc"]
    if len(copied) + len(waiting) > _MOST_COPIES:
        return f"more than {_MOST_COPIES} people would get copies of each answer"
    return None


def allow(unit: Unit, by: str) -> str:
    """Let all strangers take part who wait for it; returns what was done."""
    waiting = [each for each in _parties(unit) if each.role == "pending"]
    nobody = "@" not in unit.conversation.contact_address
    contact = _writes(unit, waiting) if nobody else None
    for each in waiting:
        role = "contact" if each == contact else "cc"
        splits.set_role(unit.connection, unit.number, each.address, role)
    names = ", ".join(each.address for each in waiting)
    unit.touch()
    unit.record("party.allowed", f"{names}, by {by}")
    if contact is None:
        return f"Let in: {names}. Answers go to them in copy from now on."
    actions.set_contact(unit, Address(contact.name, contact.address), f"#allow by {by}")
    return f"Let in: {names}. Answers go to {contact.address} from now on."


def block_obstacle(unit: Unit) -> str | None:
    """Return why the customer cannot be blocked, or None."""
    contact = unit.conversation.contact_address
    if "@" not in contact:
        return "the customer's mail has no address to block"
    if is_ours(unit.shop, contact):
        return f"{contact} is an address of the shop or of an agent"
    return None


def block(unit: Unit, by: str) -> str:
    """Take the contact's mail as spam from now on; returns what was done."""
    addresses = _contact_addresses(unit)
    for address in addresses:
        blocked.add(unit.connection, address, by, unit.now)
    names = ", ".join(addresses)
    actions.set_state(unit, ConversationState.SPAM, f"#block by {by}")
    unit.record("contact.blocked", f"{names}, by {by}")
    unit.touch()
    return (
        f"Blocked: {names}. This conversation is spam, and so is what comes from there."
        f" An admin takes it back with: inboxd unblock {addresses[0]}"
    )


def _contact_addresses(unit: Unit) -> list[str]:
    """Return the address that is answered, and the one that the customer writes from."""
    found = [unit.conversation.contact_address.casefold()]
    last = messages.last_inbound(unit.connection, unit.number)
    writers = {each.address for each in _parties(unit) if each.role == "contact"}
    if last is not None and last.author.key in writers - {*found}:
        found.append(last.author.key)
    return [each for each in found if not is_ours(unit.shop, each)]


def _writes(unit: Unit, waiting: list[PartyRecord]) -> PartyRecord:
    """Return the one of the strangers who wrote last."""
    last = messages.last_inbound(unit.connection, unit.number)
    author = last.author.key if last is not None else ""
    return next((each for each in waiting if each.address == author), waiting[0])


def _parties(unit: Unit) -> tuple[PartyRecord, ...]:
    return conversations.parties(unit.connection, [unit.number])[unit.number]
