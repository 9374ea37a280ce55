"""Canned replies in a conversation: in which language, with which words and files, and sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from inboxd.config import Agent
from inboxd.desk import posting, shown
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError, Fault
from inboxd.mail.language import told_by
from inboxd.mail.model import Address, Attachment
from inboxd.mail.outgoing import KEPT_FILE, OutgoingAttachment
from inboxd.store import auto_sent, contact_cards, files, messages
from inboxd.store.messages import NewMessage
from inboxd.templates.canned import RenderedCanned
from inboxd.templates.canned_attachments import CannedAttachment
from inboxd.templates.canned_context import (
    CannedContact,
    CannedContext,
    CannedConversation,
    CannedPerson,
    CannedShop,
)
from inboxd.templates.contexts import AutoReplyContext

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a canned reply that is kept: as the mail sends it, and as it is shown."""

    outgoing: OutgoingAttachment
    kept: Attachment


def filled(
    unit: Unit,
    name: str,
    agent: Agent | None,
    match: Mapping[str, str],
    values: Mapping[str, str] | None = None,
    language: str | None = None,
) -> RenderedCanned:
    """Return a canned reply for this conversation, in its reader's language or in `language`.

    `match` are the named groups of a rule's patterns; `values` are what an agent has given for this
    one mail, in place of the conversation's fields. Raises ConfigError where it cannot be filled.
    """
    values = values or {}
    about = _context(unit, name, agent, match, values)
    wanted = [language] if language else list(_languages(unit, name, about, values))
    return unit.shop.canned.render(name, wanted, about)


def _languages(
    unit: Unit, name: str, about: CannedContext, values: Mapping[str, str]
) -> Iterator[str]:
    """Yield the languages of who reads the conversation's mail, the surest first.

    That is the field `language` of this mail, of the conversation and of the contact, then what
    the customer has written in last, then the mailbox's. Nobody asks where there is no choice.
    """
    if not unit.shop.canned.is_translated(name):
        return
    for fields in (values, about.fields, about.contact.fields):
        said = fields.get("language", "").strip()
        if _LANGUAGE.fullmatch(said):
            yield said.replace("_", "-")
            return
    last = messages.last_inbound(unit.connection, unit.number)
    if last is not None and (written := told_by(last.text, f"{last.subject}. {last.text}")):
        yield written
    if unit.desk.mailbox.language is not None:
        yield unit.desk.mailbox.language


def _context(
    unit: Unit, name: str, agent: Agent | None, match: Mapping[str, str], values: Mapping[str, str]
) -> CannedContext:
    """Return what the placeholders of the canned reply `name` stand for; see `filled`.

    Where no agent acts, the one who has the conversation counts as its agent. What the canned reply
    does not look at is not read.
    """
    conversation, canned = unit.conversation, unit.shop.canned
    customer = shown.customer(unit)
    who = agent or unit.shop.config.agent(conversation.assignee or "")
    kept: Mapping[str, str] = {}
    if canned.is_translated(name) or canned.mentions(name, "fields"):
        card = contact_cards.get(unit.connection, conversation.contact_id)
        kept = card.fields if card is not None else {}
    last = None
    if canned.mentions(name, "customer_wrote"):
        last = messages.last_inbound(unit.connection, unit.number)
    promised = canned.mentions(name, "promise") or canned.mentions(name, "answer_by")
    return CannedContext(
        contact=CannedContact(customer.name, customer.address, kept),
        conversation=CannedConversation(
            unit.number,
            conversation.subject,
            conversation.state,
            conversation.priority,
            conversation.team or "",
            opened=conversation.created_at,
            customer_wrote=last.created_at if last is not None else None,
        ),
        shop=CannedShop(unit.desk.shown, unit.desk.mailbox.address),
        mailbox=unit.desk.name,
        agent=CannedPerson(who.shown, who.address) if who else CannedPerson(""),
        fields={**conversation.fields, **values},
        match={**match, **values},
        promise=unit.promises.answer_by if promised else None,
        now=unit.now,
        zone=unit.shop.config.zone(unit.desk.mailbox),
    )


def attach(unit: Unit, wanted: Iterable[CannedAttachment]) -> tuple[Attached, ...]:
    """Keep the files of canned replies, so that the mail has these bytes whenever it leaves.

    Raises ConfigError where a file is not there any more.
    """
    return tuple(_attached(unit, each) for each in dict.fromkeys(wanted))


def auto_reply(unit: Unit, canned: RenderedCanned) -> AutoReplyContext:
    """Return what the template of an automatic mail is told that holds a canned reply."""
    return AutoReplyContext(
        shop_name=unit.desk.shown,
        subject=unit.conversation.subject,
        text=canned.text.strip(),
        html=canned.html,
        canned_subject=canned.subject or "",
        signature=shown.signature(unit, None),
        subject_tag=shown.subject_tag(unit),
    )


def send(unit: Unit, name: str, rule: str, key: str, match: Mapping[str, str]) -> bool:
    """Send a canned reply as automatic mail; the caller has asked whether it may be sent.

    Returns whether it was queued. Raises ConfigError where it cannot be filled in, or where a file
    of it is gone.
    """
    desk, conversation = unit.desk, unit.conversation
    canned = filled(unit, name, None, match)
    attached = attach(unit, canned.attachments)
    outgoing = tuple(each.outgoing for each in attached)
    to = (Address(shown.customer(unit).name, conversation.contact_address),)
    template = auto_reply(unit, canned)
    mail = posting.to_customer(
        unit, "auto_reply", template, to, (), key, outgoing, automatic="auto-replied"
    )
    if not mail.queued:
        return False
    auto_sent.add_auto(unit.connection, conversation.contact_address, unit.number, rule, unit.now)
    messages.add(
        unit.connection,
        NewMessage(
            conversation=unit.number,
            direction="outbound",
            kind="auto-reply",
            author=Address(desk.shown, desk.mailbox.address),
            to=to,
            subject=mail.subject,
            message_id=mail.message_id,
            date=unit.now,
            created_at=unit.now,
            text=canned.text,
            attachments=tuple(each.kept for each in attached),
        ),
    )
    unit.touch()
    unit.record("auto_reply.sent", f"{name} to {conversation.contact_address}")
    return True


def _attached(unit: Unit, wanted: CannedAttachment) -> Attached:
    try:
        kept = files.keep(unit.connection, wanted.sha256, wanted.read)
    except ValueError as error:
        place = str(wanted.folder / wanted.path)
        raise ConfigError([Fault(place, 0, 0, f"it cannot be attached: {error}")]) from error
    name, kind = wanted.filename, wanted.content_type
    return Attached(
        OutgoingAttachment(name, kind, kept.id, KEPT_FILE),
        Attachment(KEPT_FILE, name, kind, kept.size, kept.sha256.hex()),
    )
