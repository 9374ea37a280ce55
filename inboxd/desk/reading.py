"""A journaled mail, read and judged before any transaction.

It is pure work, but for an agent's mail whose signature is to be verified: then the DNS is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from inboxd.conversations.lookup import LookupKeys, lookup_keys
from inboxd.desk import proof
from inboxd.desk.shop import Shop
from inboxd.desk.words import size
from inboxd.errors import Poison
from inboxd.mail.classify import classify
from inboxd.mail.identity import content_digest
from inboxd.mail.mime import parse, parse_headers
from inboxd.mail.model import ParsedMail, Verdict
from inboxd.mail.people import correspondent
from inboxd.store.journal import Entry


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says, what kind it is, what it points at, and what identifies its content."""

    mail: ParsedMail
    verdict: Verdict
    keys: LookupKeys
    content: str


def read(shop: Shop, entry: Entry) -> Reading:
    """Read a journaled mail; raises `Poison` where its mailbox is no longer configured."""
    desk = shop.desks.get(entry.mailbox)
    if desk is None:
        raise Poison(f"the mailbox {entry.mailbox} is not configured any more")
    if entry.damaged:
        raise Poison("its bytes in the database are damaged; restore a backup to read it")
    mail = _parse(entry)
    proof.fetch_keys(shop, entry, mail)  # here, where no transaction waits for the network
    verdict = classify(mail, shop.trust, entry.envelope_from, entry.raw)
    today = entry.received_at.date()
    keys = LookupKeys()
    for identity in desk.identities:
        keys = lookup_keys(mail, entry.envelope_to, identity, shop.key, today, verdict)
        if keys.tokens:
            break
    keys = replace(keys, asks_at=_asks_at(shop, mail))
    return Reading(mail, verdict, keys, content_digest(entry.raw))


def _asks_at(shop: Shop, mail: ParsedMail) -> str | None:
    """Return at which address but their own a person asks for answers, or None."""
    if not mail.reply_to or mail.author is None:
        return None
    agents = shop.agent_addresses
    who = correspondent(mail, lambda each: shop.addresses.owns(each) or each.casefold() in agents)
    asked = who.address.key if who.by_author and who.address else mail.author.key
    return None if asked == mail.author.key else asked


def _parse(entry: Entry) -> ParsedMail:
    if entry.oversize is None:
        return parse(entry.raw)
    # Only the header was fetched: say so where the text would stand.
    words = (
        f"[This mail is too large to be fetched ({size(entry.oversize)}). "
        "It is still in the mailbox on the mail server.]"
    )
    return replace(parse_headers(entry.raw), text=words, reply_text=words)
