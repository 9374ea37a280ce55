"""Whom an answer to a mail goes to, and why: `docs/people.md`.

From says who wrote a mail, and nothing else does. But it may name no person: a form on the shop's
site sends as the shop, a platform as noreply@, a mailing list puts itself there. Then other fields
say who the person is. And a person may ask for answers at another address (Reply-To).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from inboxd.mail.addresses import read_addresses
from inboxd.mail.model import Address, ParsedMail
from inboxd.mail.quotes_headers import opens_forward
from inboxd.mail.reading import Reading
from inboxd.mail.senders import is_robot

IsOurs: TypeAlias = Callable[[str], bool]

# Where those who rewrite From keep what stood there (RFC 9057, RFC 5703; groups and lists).
_ORIGINAL_FIELDS = (
    "Author",
    "Original-From",
    "X-Original-From",
    "X-Original-Sender",
    "X-Original-Reply-To",
    "X-Reply-To",
)
_LIST_ADDRESS_FIELDS = ("List-Post", "X-BeenThere", "X-Mailing-List", "Mailing-List")
_LIST_ID = re.compile(r"<([^<>\s]{1,255})>\s*\Z")
_IN_LIST_FIELD = re.compile(r"[^\s<>,;:?]{1,255}@[^\s<>,;:?]{1,255}")
_VIA = re.compile(r"\s\(?via\s", re.IGNORECASE)
_FORWARD_SUBJECT = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|doorst|fs|转发|轉寄|転送)\s*[:：]", re.IGNORECASE
)
_MOST_FORWARD_CHARS = 20_000
_DELIVERABLE = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[^\s@<>()\[\],;:\"\\.]+\.)+[^\W_][\w-]*")
_MOST_ADDRESS_CHARS = 254  # RFC 5321 section 4.5.3.1.3, without the brackets


class Source(StrEnum):
    """A place in a mail that may name the person."""

    FROM = "from"
    REPLY_TO = "reply_to"
    SENDER = "sender"
    ORIGINAL_FROM = "original_from"


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Whom an answer goes to.

    `address` is None where the mail names nobody who could be answered; `why` says which field
    decided, in words. `also` are further addresses to which the writer asks answers to go. `same`
    are other addresses in the mail that are beyond doubt the same mailbox. `by_author` says that
    the From address is a person's: it takes part in the conversation, whoever gets the answers.
    """

    address: Address | None
    why: str
    also: tuple[Address, ...] = ()
    same: tuple[Address, ...] = ()
    by_author: bool = False


def correspondent(
    mail: ParsedMail,
    is_ours: IsOurs,
    is_agent: IsOurs | None = None,
    envelope_from: str | None = None,
) -> Correspondent:
    """Return whom an answer to `mail` goes to.

    `is_ours` tells the shop's and its agents' addresses, `is_agent` the agents' among them. They
    are never it, but for an agent who writes a mail of their own. The envelope sender is looked at
    only where the header names nobody. Never raises.
    """
    seen = _Seen(mail, is_ours)
    author = mail.author
    if author is not None and seen.is_person(author) and not seen.is_rewritten(author):
        return _of_person(author, seen)
    found = next(_behind(seen, envelope_from), None)
    if found is not None:
        return found
    if author is not None and is_agent is not None and is_agent(author.address):
        if is_forward(mail):
            return Correspondent(None, "an agent's forward: whose words these are is not proven")
        return Correspondent(author, "From, an agent's address")
    return Correspondent(None, f"no field names anybody outside; {_what_from_is(seen)}")


def named_in(mail: ParsedMail, source: Source) -> tuple[Address, ...]:
    """Return the addresses that one place of `mail` names; for rules that say where to look."""
    match source:
        case Source.FROM:
            return mail.from_
        case Source.REPLY_TO:
            return mail.reply_to
        case Source.SENDER:
            return mail.sender
        case Source.ORIGINAL_FROM:
            return tuple(dict.fromkeys(address for _, address in _originals(mail)))


def one_address(text: str) -> Address | None:
    """Return the one address in a text that holds nothing else, or None.

    It has to be one that mail can be sent to (`jane@localhost` is none), and unmistakable.
    """
    reading = Reading()
    found = read_addresses("contact", text.strip().rstrip(".,;:"), reading)
    if len(found) != 1 or reading.defects or not is_deliverable(found[0].address):
        return None
    return found[0]


def is_forward(mail: ParsedMail) -> bool:
    """Return whether the mail passes another one on: then its words are somebody else's."""
    if _FORWARD_SUBJECT.match(mail.subject):
        return True
    if any(each.content_type == "message/rfc822" for each in mail.attachments):
        return True
    lines = (line.strip() for line in mail.text[:_MOST_FORWARD_CHARS].splitlines())
    return any(opens_forward(line) for line in lines if line)


def is_deliverable(address: str) -> bool:
    """Return whether mail could be sent to `address`, as far as its form shows."""
    if len(address) > _MOST_ADDRESS_CHARS or not address.isprintable():
        return False
    return _DELIVERABLE.fullmatch(address) is not None


def same_mailbox(one: str, other: str) -> bool:
    """Return whether two addresses are one mailbox: equal but for case and what follows a `+`."""
    return _base(one) == _base(other)


def list_addresses(mail: ParsedMail) -> frozenset[str]:
    """Return the case-folded addresses of the mailing list that passed the mail on, if one did."""
    found = {
        address.casefold()
        for name in _LIST_ADDRESS_FIELDS
        for value in mail.headers.get_all(name)[:3]
        for address in _IN_LIST_FIELD.findall(value[:1000])
    }
    list_id = _LIST_ID.search(mail.headers.get("List-Id")[-300:])
    named = {address.key for address in (*mail.reply_to, *mail.from_)}
    if list_id:
        identity = list_id[1].casefold()
        found |= {key for key in named if key.replace("@", ".") == identity}
    if found or list_id:
        # What answers are to go to, and the mail went to, is the list under another name.
        author = mail.author.key if mail.author else ""
        asked = {address.key for address in mail.reply_to} - {author}
        found |= asked & {address.key for address in mail.to}
    return frozenset(found)


class _Seen:
    """A mail, and which of its addresses could be a person outside."""

    __slots__ = ("_is_ours", "_lists", "mail")

    def __init__(self, mail: ParsedMail, is_ours: IsOurs) -> None:
        self.mail = mail
        self._is_ours = is_ours
        self._lists = list_addresses(mail)

    def is_outside(self, address: Address) -> bool:
        """Whether mail to the address leaves the shop and reaches no list."""
        local, at, domain = address.key.rpartition("@")
        outside = local and at and domain and not self._is_ours(address.address)
        return bool(outside) and address.key not in self._lists

    def is_person(self, address: Address) -> bool:
        """Whether somebody may read what is sent to the address."""
        return self.is_outside(address) and not is_robot(address.address)

    def is_rewritten(self, author: Address) -> bool:
        """Whether From says via whom the mail came, and another field who wrote it."""
        return _VIA.search(author.name) is not None and any(
            self.is_person(each) and each.key != author.key for _, each in _originals(self.mail)
        )

    def people(self, addresses: Iterable[Address]) -> list[Address]:
        """Return those of the addresses at which somebody may read, each once."""
        found: dict[str, Address] = {}
        for address in addresses:
            if self.is_person(address):
                found.setdefault(address.key, address)
        return list(found.values())


def _of_person(author: Address, seen: _Seen) -> Correspondent:
    """Return who gets the answers to what a person wrote: as Reply-To asks, else the author."""
    asked = seen.people(seen.mail.reply_to)
    if not asked:
        why = "From; Reply-To names nobody outside who reads mail" if seen.mail.reply_to else "From"
        return Correspondent(author, why, by_author=True)
    if author.key in (each.key for each in asked):
        also = tuple(each for each in asked if each.key != author.key)
        return Correspondent(author, "From, and Reply-To says the same", also, by_author=True)
    first = Address(asked[0].name or author.name, asked[0].address)
    same = (author,) if same_mailbox(author.address, first.address) else ()
    return Correspondent(first, "Reply-To", tuple(asked[1:]), same, by_author=True)


def _behind(seen: _Seen, envelope_from: str | None) -> Iterator[Correspondent]:
    """Yield who may stand behind a From that names no person, likeliest first."""
    mail, what = seen.mail, _what_from_is(seen)

    def named(person: Address, field: str, *also: Address) -> Correspondent:
        return Correspondent(_shown(person, mail.author), f"{field}; {what}", also)

    asked = seen.people(mail.reply_to)
    if asked:
        yield named(asked[0], "Reply-To", *asked[1:])
    for name, original in _originals(mail):
        if seen.is_person(original):
            yield named(original, name)
    # RFC 5322 section 3.6.2: with several authors, Sender says which of them has sent the mail.
    senders = {each.key for each in mail.sender}
    if len(mail.from_) > 1:
        for each in sorted(seen.people(mail.from_), key=lambda author: author.key not in senders):
            yield named(each, "From")
    for sender in seen.people(mail.sender):
        yield named(sender, "Sender")
    envelope = one_address(envelope_from) if envelope_from and not mail.from_ else None
    if envelope is not None and seen.is_person(envelope):
        yield named(envelope, "the envelope's sender")
    for unread in (*mail.reply_to, *mail.from_):
        if seen.is_outside(unread):
            yield Correspondent(unread, f"no field names anybody who reads mail; {what}")


def _what_from_is(seen: _Seen) -> str:
    mail, author = seen.mail, seen.mail.author
    if not mail.from_:
        return "From has no address"
    if author is None:
        return f"From names {len(mail.from_)}"
    if "@" not in author.address:
        return "From has no domain"
    if not seen.is_outside(author):
        return f"From is {author.address}, which is ours or a list's"
    if seen.is_rewritten(author):
        return f"From was rewritten to {author.address}"
    return f"From is {author.address}, which nobody reads"


def _originals(mail: ParsedMail) -> Iterator[tuple[str, Address]]:
    for name in _ORIGINAL_FIELDS:
        if name in mail.headers:
            found = read_addresses(name.lower(), mail.headers.get(name)[:2000], Reading())
            if len(found) == 1:
                yield name, found[0]


def _shown(person: Address, author: Address | None) -> Address:
    """Return the person under a name: where only a rewritten From has one, that before "via"."""
    if person.name or author is None:
        return person
    via = _VIA.search(author.name)
    return Address(author.name[: via.start()].strip(" '\""), person.address) if via else person


def _base(address: str) -> str:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
