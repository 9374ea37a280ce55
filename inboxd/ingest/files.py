"""Single mails from files and pipes into the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inboxd.clock import Clock
from inboxd.desk.shop import Shop
from inboxd.errors import Permanent
from inboxd.ingest.journal import append_now
from inboxd.mail.mime import parse_headers
from inboxd.mail.model import ParsedMail
from inboxd.store.db import Database
from inboxd.store.journal import Arrival


def ingest(
    database: Database,
    shop: Shop,
    clock: Clock,
    mails: Iterable[bytes],
    *,
    mailbox: str | None = None,
    sender: str | None = None,
    recipients: Sequence[str] = (),
) -> list[int]:
    """Journal raw mails in one transaction and return their journal ids; durable on return.

    The mailbox is `mailbox`, else that of the envelope's `recipients`, else those that the header
    names, else the first one. Raises `Permanent` for an unknown mailbox or an empty mail, and
    `Transient` where the database cannot take them now.
    """
    if mailbox is not None and mailbox not in shop.desks:
        raise Permanent(f"there is no mailbox called {mailbox}")
    arrivals: list[Arrival] = []
    for raw in mails:
        if not raw.strip():
            raise Permanent("there is no mail in the input")
        now = clock.now()
        arrivals += [
            Arrival(name, "pipe", raw, sender, tuple(own), now)
            for name, own in _recipients(shop, mailbox, recipients, raw).items()
        ]
    return append_now(database, arrivals)


def _recipients(
    shop: Shop, mailbox: str | None, recipients: Sequence[str], raw: bytes
) -> dict[str, list[str]]:
    """Return the mailboxes that a mail is for, each with those recipients that are its own."""
    if mailbox is not None:
        return {mailbox: list(recipients)}
    found = shop.addresses.by_mailbox(recipients)
    return found or {name: list(recipients) for name in mailboxes_of(shop, parse_headers(raw))}


def mailboxes_of(shop: Shop, header: ParsedMail) -> list[str]:
    """Return the mailboxes that a mail's header names, or the first one where it names none."""
    addresses = (each.address for each in (*header.to, *header.cc))
    return _by_envelope(shop, [*header.delivered_to, *addresses]) or [next(iter(shop.desks))]


def _by_envelope(shop: Shop, recipients: Sequence[str]) -> list[str]:
    return list(shop.addresses.by_mailbox(recipients))
