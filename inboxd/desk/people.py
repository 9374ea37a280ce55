"""Who takes part in a conversation: the contact, whom the contact copies, and who waits outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from inboxd.desk import shown
from inboxd.desk.case import Case
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.mail.answering import reasons_against_answering
from inboxd.mail.classify import ANSWERABLE
from inboxd.mail.model import Address
from inboxd.mail.people import Correspondent, correspondent
from inboxd.mail.senders import envelope_sender, is_robot
from inboxd.store import conversations
from inboxd.store.conversations import PartyRecord

_MOST_COPIES = 20
_MOST_NAMED = 5


def is_ours(shop: Shop, address: str) -> bool:
    """Return whether an address is a mailbox's, a reply address's or an agent's."""
    return shop.addresses.owns(address) or address.casefold() in shop.agent_addresses


def correspondent_of(case: Case) -> Correspondent:
    """Return whom an answer to the mail goes to; for history of our own, whom it was sent to."""
    shop, mail = case.shop, case.reading.mail
    if case.sent_by_us:
        outside = [each for each in mail.to if not is_ours(shop, each.address)]
        if outside:
            return Correspondent(outside[0], "To: this mail is ours")
    return correspondent(
        mail,
        lambda address: is_ours(shop, address),
        lambda address: address.casefold() in shop.agent_addresses,
        case.entry.envelope_from,
    )


def author_of(case: Case, who: Correspondent) -> Address:
    """Return who is to be shown as the mail's author: the person, where From names none."""
    author = case.reading.mail.author
    if author is not None and (who.by_author or who.address is None or case.sent_by_us):
        return author
    return who.address or Address("", case.entry.envelope_from or "")


def add_first_parties(case: Case, unit: Unit, who: Correspondent) -> None:
    """Let the people of a conversation's first mail take part.

    Its author does, too, where answers go to another address: but no form, platform or list.
    """
    rows = [_party(each, "contact") for each in (who.address, *who.same) if each is not None]
    author = case.reading.mail.author
    if author is not None and who.by_author:
        rows.append(_party(author, "contact"))
    _add(unit, [row for row in rows if "@" in row.address])
    _add_copies(case, unit, who.also)


def add_later_parties(case: Case, unit: Unit, who: Correspondent) -> None:
    """Let those take part whom somebody who takes part puts in To, Cc or beside in Reply-To."""
    author = case.reading.mail.author
    asks_itself = author is not None and who.address is not None and author.key == who.address.key
    _add_copies(case, unit, who.also if asks_itself else ())


def add_stranger(case: Case, unit: Unit) -> Address | None:
    """Let a stranger wait for an agent's word, under the From address and no other."""
    author = case.reading.mail.author
    if author is not None:
        _add(unit, [_party(author, "pending")])
    return author


def in_copy(unit: Unit) -> str:
    """Return a sentence that says who else gets the answers, or ""."""
    _, copied = shown.customers(unit)
    if not copied:
        return ""
    named = ", ".join(each.address for each in copied[:_MOST_NAMED])
    more = f" and {len(copied) - _MOST_NAMED} more" if len(copied) > _MOST_NAMED else ""
    return f" Answers also go to {named}{more}."


def asks_for_another(case: Case, unit: Unit, who: Correspondent) -> Address | None:
    """Return the other address at which the contact asks for answers, or None.

    Nothing follows of it by itself: whoever forges From and Reply-To would get what is answered.
    """
    author, asked = case.reading.mail.author, who.address
    contact = unit.conversation.contact_address.casefold()
    if author is None or asked is None or author.key != contact or asked.key == contact:
        return None
    return asked


def may_answer(case: Case, person: Address) -> bool:
    """Return whether automatic mail may go to `person`, whom the shop takes for the author.

    Everything that forbids it still does, but for what From and Reply-To say.
    """
    verdict, mail = case.reading.verdict, case.reading.mail
    if verdict.kind not in ANSWERABLE:
        return False
    theirs = replace(mail, from_=(person,), reply_to=())
    sender = envelope_sender(mail, case.entry.envelope_from)
    return not reasons_against_answering(theirs, case.shop.trust, sender)


def _add_copies(case: Case, unit: Unit, also: Iterable[Address]) -> None:
    """Let people get copies of the answers; mail that nobody may answer adds none."""
    if not case.reading.verdict.may_answer:
        return
    mail = case.reading.mail
    # What the mail came through is an address of ours that the configuration does not know.
    ways = {address.casefold() for address in (*mail.delivered_to, *case.entry.envelope_to)}
    wanted = {
        each.key: _party(each, "cc")
        for each in (*also, *mail.to, *mail.cc)
        if each.key not in ways and not is_ours(case.shop, each.address)
        if not is_robot(each.address)
    }
    if not wanted:
        return
    present = conversations.parties(unit.connection, [unit.number])[unit.number]
    copied = {party.address for party in present if party.role == "cc"}
    if len(copied | wanted.keys()) > _MOST_COPIES:  # an answer must not become a mass mail
        unit.record("parties.refused", f"{len(copied | wanted.keys())} people are too many to copy")
        return
    _add(unit, list(wanted.values()))


def _add(unit: Unit, rows: list[PartyRecord]) -> None:
    conversations.add_parties(unit.connection, unit.number, rows)


def _party(person: Address, role: str) -> PartyRecord:
    return PartyRecord(person.key, person.name, role)
