"""The same mail once more: another copy in this mailbox, or one in another mailbox of the shop."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from inboxd.desk.reading import Reading
from inboxd.desk.shop import Desk, Shop
from inboxd.mail.model import Attachment, Kind
from inboxd.store import journal, messages
from inboxd.store.messages import MessageRecord


def copy_of(
    connection: sa.Connection, reading: Reading, conversations: Iterable[int]
) -> MessageRecord | None:
    """Return the message in `conversations` of which the mail is another copy, or None.

    A mailing list changes subject, footer and sender of what it passes on, so that its copy is not
    the same content. It is the same mail where the Message-ID, the date, the files and the words
    are: senders who reuse an id write at another time, or other words.
    """
    own = reading.keys.own_id
    if own is None or reading.mail.date is None:
        return None
    borne = messages.bearing(connection, sorted(set(conversations)), own)
    return next((each for each in borne if _is_same(each, reading)), None)


def _is_same(known: MessageRecord, reading: Reading) -> bool:
    mail = reading.mail
    if known.date != mail.date or known.direction != "inbound":
        return False
    if _files(known.attachments) != _files(mail.attachments):
        return False
    one, other = _folded(known.text), _folded(mail.reply_text or mail.text)
    if Kind.LIST in (known.kind, reading.verdict.kind):
        shorter, longer = sorted((one, other), key=len)
        return bool(shorter) and longer.startswith(shorter)
    return one == other


def _files(attachments: Iterable[Attachment]) -> list[str]:
    return sorted(each.sha256 for each in attachments)


def _folded(text: str) -> str:
    return " ".join(text.split())


def twins(connection: sa.Connection, shop: Shop, desk: Desk, reading: Reading) -> dict[int, str]:
    """Return the conversations of the other mailboxes that hold the same mail, with its mailbox."""
    others = [name for name in shop.desks if name != desk.name]
    return journal.elsewhere(connection, others, reading.content) if others else {}


def also_sent(shop: Shop, desk: Desk, reading: Reading, found: dict[int, str]) -> str:
    """Return a sentence for the agents on where else in the shop the mail went, or ""."""
    reached = [f"{shop.desks[name].shown} (#{number})" for number, name in sorted(found.items())]
    people = (*reading.mail.to, *reading.mail.cc) if len(shop.desks) > 1 else ()
    named = shop.addresses.by_mailbox(each.address for each in people)
    others = [name for name in named if name != desk.name and name not in found.values()]
    places = reached + [shop.desks[name].shown for name in others]
    return f"The same mail went to {' and '.join(places)}." if places else ""
