"""What the mails of a conversation show of it: people, history, attachments, the shop's words."""

from __future__ import annotations

from collections.abc import Iterable

from inboxd.config import Agent
from inboxd.conversations.subjects import subject_key, without_tags
from inboxd.desk.unit import Unit
from inboxd.desk.words import ago, size
from inboxd.mail.model import Address, Attachment
from inboxd.mail.outgoing import KEPT_FILE, OutgoingAttachment
from inboxd.store import contacts, conversations, messages
from inboxd.store.conversations import PartyRecord
from inboxd.store.messages import MessageRecord
from inboxd.templates.contexts import (
    AttachmentLine,
    HistoryEntry,
    Person,
)

_HISTORY = 5
_HISTORY_CHARS = 2000
_QUOTED_CHARS = 20_000


def customer(unit: Unit) -> Person:
    """Return the conversation's contact, read once for all mails that a unit causes."""
    conversation = unit.conversation
    if unit.contact_name is None:
        names = contacts.names(unit.connection, [conversation.contact_id])
        unit.contact_name = names.get(conversation.contact_id, "")
    return Person(unit.contact_name, conversation.contact_address)


def writer(unit: Unit, news: MessageRecord) -> Person:
    """Return who wrote a mail: the contact, or somebody else who takes part, by their own name."""
    contact, author = customer(unit), news.author
    if author.key == contact.address.casefold() or not author.address:
        return contact
    parties = conversations.parties(unit.connection, [unit.number])[unit.number]
    if PartyRecord(author.key, author.name, "contact") in parties:
        return contact  # who wrote to us, and asked for answers to another address
    return Person(author.name, author.address)


def customers(unit: Unit) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return whom an answer goes to: the contact, and in Cc those whom the contact added."""
    contact = customer(unit)
    parties = conversations.parties(unit.connection, [unit.number])[unit.number]
    cc = tuple(
        Address(party.name, party.address)
        for party in parties
        if party.role == "cc" and party.address != contact.address.casefold()
    )
    return (Address(contact.name, contact.address),), cc


def subject_tag(unit: Unit) -> str:
    """Return what the mailbox wants in the subjects of customers' mail, or ""."""
    return f"[#{unit.number}]" if unit.desk.mailbox.subject_tag else ""


def signature(unit: Unit, agent: Agent | None) -> str:
    """Return the shop's signature: the configured one, else the agent's and the shop's names."""
    configured = unit.desk.mailbox.signature.strip()
    if configured:
        return configured
    return f"{agent.shown}\n{unit.desk.shown}" if agent else unit.desk.shown


def history(unit: Unit, news: MessageRecord | None) -> tuple[HistoryEntry, ...]:
    """Return the messages before `news`, newest last."""
    last = messages.last(unit.connection, unit.number, _HISTORY + 1)
    earlier = [each for each in last if news is None or each.id != news.id][:_HISTORY]
    return tuple(
        HistoryEntry(
            who=each.author.name or each.author.address,
            when=ago(each.created_at, unit.now),
            text=each.text[:_HISTORY_CHARS],
            direction=each.direction,  # type: ignore[arg-type]
        )
        for each in reversed(earlier)
    )


def elided(unit: Unit, news: MessageRecord | None) -> str:
    """Return the quotes of the mail that is told of, in case an answer stands between them."""
    is_told = news is not None and news.journal_id == unit.journal_id
    return unit.elided_text[:_QUOTED_CHARS] if is_told else ""


def attachment_lines(attachments: Iterable[Attachment]) -> tuple[AttachmentLine, ...]:
    """Return attachments as a list shows them."""
    return tuple(AttachmentLine(each.filename, size(each.size)) for each in attachments)


def sent_on(news: MessageRecord) -> tuple[OutgoingAttachment, ...]:
    """Return the attachments of a mail that is told of, to be sent along."""
    return with_journal(news.attachments, news.journal_id)


def with_journal(
    attachments: Iterable[Attachment], journal_id: int | None
) -> tuple[OutgoingAttachment, ...]:
    """Return attachments to be read out of a journal entry when the mail leaves."""
    if journal_id is None:
        return ()
    return tuple(
        OutgoingAttachment(each.filename, each.content_type, journal_id, each.part)
        for each in attachments
        if each.part != KEPT_FILE  # a canned reply's, which no journal holds
    )


def shown_subject(subject: str) -> str:
    """Return a mail's subject as a conversation bears it: without prefixes and tags."""
    key = subject_key(subject)
    clean = without_tags(subject) if key else ""
    return clean[max(0, clean.casefold().find(key)) :][:500] or "(no subject)"
