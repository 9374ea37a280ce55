"""A conversation with everything that belongs to it, read from the store for people and scripts.

Messages keep only their new words; the whole text of a mail is read again from the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from inboxd.conversations.sla import Target
from inboxd.desk.roster import queue_of
from inboxd.errors import Permanent
from inboxd.mail.mime import parse, read_part
from inboxd.mail.model import Attachment
from inboxd.mail.outgoing import KEPT_FILE
from inboxd.store import contacts, conversations, files, journal, merges, messages, sla, timers
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import MessageRecord
from inboxd.store.timers import TimerRecord

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class WholeMessage:
    """A message with its whole text; `elided` is what was set aside of it, quotes for the most."""

    record: MessageRecord
    text: str
    elided: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A conversation, its contact's name, its messages and its promises, each oldest first."""

    conversation: ConversationRecord
    contact_name: str
    messages: tuple[WholeMessage, ...]
    promises: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Background:
    """What else is known of a conversation: history, armed timers, linked conversations.

    `merged` are the numbers of those that were merged into it; `queue` says in words how it waits
    to be handed out, where it does.
    """

    events: tuple[sa.Row[Any], ...]
    timers: tuple[TimerRecord, ...]
    links: tuple[int, ...]
    merged: tuple[int, ...] = ()
    queue: str = ""


def conversation_of(connection: sa.Connection, number: int) -> ConversationRecord:
    """Return conversation `number`, or the one that it was merged into.

    Raises `Permanent` where there is none.
    """
    record = conversations.get(connection, merges.survivor(connection, number))
    if record is None:
        raise Permanent(f"there is no conversation #{number}")
    return record


def dossiers(connection: sa.Connection, records: Sequence[ConversationRecord]) -> Iterator[Dossier]:
    """Yield conversations with their messages, in the order given, a few queries a hundred."""
    for start in range(0, len(records), _AT_ONCE):
        some = records[start : start + _AT_ONCE]
        names = contacts.names(connection, [each.contact_id for each in some])
        found = messages.of_many(connection, [each.number for each in some])
        promises = sla.of_many(connection, [each.number for each in some])
        whole = _whole(connection, [each for listed in found.values() for each in listed])
        for each in some:
            texts = tuple(whole[message.id] for message in found[each.number])
            yield Dossier(each, names.get(each.contact_id, ""), texts, promises[each.number])


def dossier(connection: sa.Connection, number: int) -> Dossier:
    """Return one conversation with its messages; raises `Permanent` where there is none."""
    return next(dossiers(connection, [conversation_of(connection, number)]))


def background(connection: sa.Connection, number: int) -> Background:
    """Return what else is known of a conversation."""
    return Background(
        tuple(messages.events(connection, number)),
        tuple(timers.armed(connection, number)),
        tuple(conversations.links(connection, number)),
        tuple(merges.merged_into(connection, number)),
        queue_of(connection, number),
    )


def read_attachment(connection: sa.Connection, number: int, part: int) -> bytes:
    """Return the bytes of the attachment that `show` numbers `part`, counted from 1.

    Raises `Permanent` where the conversation has no such attachment.
    """
    number = conversation_of(connection, number).number
    listed = [
        (message.journal_id, each)
        for message in messages.of(connection, number)
        for each in message.attachments
    ]
    if not 1 <= part <= len(listed):
        has = f"its attachments are 1 to {len(listed)}" if listed else "it has no attachments"
        raise Permanent(f"conversation #{number} has no attachment {part}: {has}")
    entry, found = listed[part - 1]
    if found.part == KEPT_FILE:
        return _kept(connection, found)
    raw = None if entry is None else journal.raw(connection, entry)
    if raw is None:
        raise Permanent("the mail that it came with is not in the journal any more")
    try:
        return read_part(raw, found.part)
    except LookupError as error:
        raise Permanent("the mail that it came with does not hold it any more") from error


def _kept(connection: sa.Connection, attachment: Attachment) -> bytes:
    """Return the bytes of a canned reply's file."""
    data = files.with_digest(connection, bytes.fromhex(attachment.sha256))
    if data is None:
        raise Permanent("the file that the canned reply has sent is not kept any more")
    return data


def _whole(connection: sa.Connection, found: list[MessageRecord]) -> dict[int, WholeMessage]:
    """Return the messages with their whole texts, each mail read once."""
    whole = {each.id: WholeMessage(each, each.text) for each in found}
    by_entry = {each.journal_id: each for each in found if _is_foreign(each)}
    for entry, raw in journal.raws(connection, [e for e in by_entry if e is not None]):
        mail, record = parse(raw), by_entry[entry]
        whole[record.id] = WholeMessage(record, mail.text, mail.elided_text)
    return whole


def _is_foreign(message: MessageRecord) -> bool:
    """Whether the message is a mail as somebody sent it, not the words that we took out of one."""
    written_by_us = message.direction == "note" or message.agent is not None
    return message.journal_id is not None and not written_by_us
