"""What rules look at, gathered. Whatever costs more than a look is read when a rule asks for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import sqlalchemy as sa

from inboxd.conversations.threading import UNATTENDED
from inboxd.desk import shown
from inboxd.desk.case import Case
from inboxd.desk.people import is_ours
from inboxd.desk.unit import Unit
from inboxd.mail.language import language_of
from inboxd.mail.mime import parse
from inboxd.mail.model import Address, ParsedMail
from inboxd.mail.people import Source, named_in
from inboxd.rules.facts import (
    STRANGER,
    Change,
    ContactFacts,
    ConversationFacts,
    Facts,
    History,
    MessageFacts,
    WholeMail,
)
from inboxd.store import contact_cards, histories, journal
from inboxd.store.messages import MessageRecord


def gather(
    unit: Unit,
    event: str,
    message: MessageFacts | None,
    also: tuple[str, ...] = (),
    change: Change | None = None,
) -> Facts:
    """Return what rules may look at about `event`, which happened to the unit's conversation."""
    conversation = unit.conversation
    return Facts(
        event=event,
        mailbox=conversation.mailbox,
        conversation=ConversationFacts(
            number=conversation.number,
            state=conversation.state,
            tags=frozenset(conversation.tags),
            priority=conversation.priority,
            assignee=conversation.assignee,
            team=conversation.team,
            subject=conversation.subject,
            fields=conversation.fields,
            contact=_contact(unit),
            opened_at=conversation.created_at,
            sla_policy=unit.promises.policy,
            history=cache(partial(_history, unit.connection, unit.number)),
        ),
        message=message,
        also=also,
        is_ours=partial(is_ours, unit.shop),
        now=unit.now,
        change=change,
        sla_kind=unit.promises.told_of,
        known_of=partial(_known_of, unit),
        calendar=partial(unit.shop.calendars.of_mailbox, unit.desk.mailbox),
    )


def of_mail(case: Case, unit: Unit, *, opening: bool) -> MessageFacts:
    """Return what rules may look at of the mail that is being filed."""
    mail = case.reading.mail
    contact = unit.conversation.contact_address.casefold()
    return MessageFacts(
        from_=mail.from_,
        to=mail.to,
        cc=mail.cc,
        subject=mail.subject,
        reply_text=mail.reply_text or mail.text,
        kind=case.reading.verdict.kind.value,
        attachments=mail.attachments,
        by_contact=opening or (mail.author is not None and mail.author.key == contact),
        whole=cache(partial(_whole, mail)),
        language=cache(partial(language_of, mail)),
    )


def of_message(connection: sa.Connection, record: MessageRecord | None) -> MessageFacts | None:
    """Return what rules may look at of a stored message; its mail is read again if need be."""
    if record is None:
        return None
    mail = cache(partial(_read_again, connection, record))
    return MessageFacts(
        from_=(record.author,),
        to=record.to,
        cc=record.cc,
        subject=record.subject,
        reply_text=record.text,
        kind=record.kind,
        attachments=record.attachments,
        whole=cache(lambda: _whole(mail())),
        language=cache(lambda: language_of(replace(mail(), reply_text=record.text))),
    )


def _read_again(connection: sa.Connection, record: MessageRecord) -> ParsedMail:
    entry = record.journal_id
    raw = journal.raw(connection, entry) if entry is not None else None
    if raw is None:
        return ParsedMail(subject=record.subject, text=record.text)
    return parse(raw)


def _whole(mail: ParsedMail) -> WholeMail:
    return WholeMail(
        text=mail.text,
        headers=mail.headers,
        reply_to=mail.reply_to,
        sender=mail.sender,
        original_from=named_in(mail, Source.ORIGINAL_FROM),
    )


def _contact(unit: Unit) -> Address | None:
    contact = shown.customer(unit)
    return Address(contact.name, contact.address) if contact.address else None


def _history(connection: sa.Connection, conversation: int) -> History:
    found = histories.of(connection, conversation, [each.value for each in UNATTENDED])
    return History(found.mails, found.customer_at, found.agent_at)


def _known_of(unit: Unit, contact: Address) -> ContactFacts:
    card = contact_cards.of_address(unit.connection, contact.address)
    if card is None:
        return STRANGER
    before = contact_cards.conversations_before(unit.connection, card.id, unit.number)
    return ContactFacts(card.fields, frozenset(card.tags), before, card.created_at)
