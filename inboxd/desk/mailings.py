"""Mails that a conversation causes, composed and put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from inboxd.config import Agent
from inboxd.conversations.subjects import subject_key, without_tags
from inboxd.conversations.tags import cheat_sheet
from inboxd.conversations.tokens import Purpose
from inboxd.desk.unit import Unit
from inboxd.desk.words import ago, size
from inboxd.mail.compose import compose
from inboxd.mail.model import Address, Attachment
from inboxd.mail.outgoing import (
    Automatic,
    OutgoingAttachment,
    OutgoingMail,
    encode_draft,
)
from inboxd.store import contacts, conversations, messages, outbox
from inboxd.store.conversations import PartyRecord
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.templates.contexts import (
    AnsweredContext,
    AttachmentLine,
    AutoReplyContext,
    BaseContext,
    CannedContext,
    CannedConversation,
    CannedShop,
    ConversationContext,
    HeldContext,
    HistoryEntry,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    TagError,
    TemplateName,
)
from inboxd.templates.render import Rendered

AGENT_TOKEN_LIFE = timedelta(days=90)
_HISTORY = 5
_HISTORY_CHARS = 2000
_QUOTED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's words on their way to the customer; attachments lie in the journal."""

    agent: Agent
    text: str
    attachments: tuple[Attachment, ...] = ()
    canned_html: str = ""


def notify(unit: Unit, agents: Iterable[tuple[Agent, str]], news: MessageRecord | None) -> None:
    """Tell agents, each for a reason, of `news`, the customer's mail (None: of the state alone)."""
    agents = list(agents)
    if not agents or unit.quiet:
        return
    history = _history(unit, news)
    customer = _writer(unit, news) if news else _customer(unit)
    sender = _via(unit, customer.name or customer.address)
    files = _outgoing(news) if news else ()
    base = NotificationContext(
        **_about(unit),
        mailbox_name=unit.desk.shown,
        customer=customer,
        opened=ago(unit.conversation.created_at, unit.now),
        reason="",
        cheat_sheet=cheat_sheet(),
        new_text=news.text[:_QUOTED_CHARS] if news else "",
        elided_text=_elided(unit, news),
        attachments=_lines(news.attachments if news else ()),
        history=history,
    )
    for agent, reason in agents:
        context = replace(base, reason=reason)
        _to_agent(unit, "notification", agent, context, sender=sender, attachments=files)
        unit.record("notified", agent.name, actor="inboxd")


def answer(unit: Unit, new: Answer, key: str = "answer") -> int:
    """Send an agent's answer to the customer and the conversation's other parties.

    Returns the id of the message that the conversation keeps.
    """
    desk, conversation = unit.desk, unit.conversation
    context = ReplyContext(
        shop_name=desk.shown,
        subject=conversation.subject,
        text=new.text,
        signature=_signature(unit, new.agent),
        agent_name=new.agent.shown,
        subject_tag=_subject_tag(unit),
    )
    to, cc = _customers(unit)
    files = _with_journal(new.attachments, unit.journal_id)
    mail = _to_customer(unit, "reply", context, to, cc, key, files, automatic="no")
    number = messages.add(
        unit.connection,
        NewMessage(
            conversation=unit.number,
            direction="outbound",
            kind="agent",
            author=Address(new.agent.shown, desk.mailbox.address),
            agent=new.agent.name,
            to=to,
            cc=cc,
            subject=mail.subject,
            message_id=mail.message_id,
            date=unit.now,
            created_at=unit.now,
            text=new.text,
            journal_id=unit.journal_id,
            attachments=new.attachments,
        ),
    )
    unit.touch()
    names = ", ".join(each.address for each in (*to, *cc))
    unit.record("reply.sent", f"by {new.agent.shown} to {names}")
    return number


def send_canned(unit: Unit, name: str, rule: str, key: str, match: dict[str, str]) -> bool:
    """Send a canned reply as automatic mail; the caller has asked whether it may be sent."""
    desk, conversation = unit.desk, unit.conversation
    canned = unit.shop.canned.render(name, None, canned_context(unit, None, match))
    context = AutoReplyContext(
        shop_name=desk.shown,
        subject=conversation.subject,
        text=canned.text.strip(),
        html=canned.html,
        canned_subject=canned.subject or "",
        signature=_signature(unit, None),
        subject_tag=_subject_tag(unit),
    )
    to = (Address(_customer(unit).name, conversation.contact_address),)
    mail = _to_customer(unit, "auto_reply", context, to, (), key, (), automatic="auto-replied")
    if not mail.queued:
        return False
    outbox.add_auto(unit.connection, conversation.contact_address, unit.number, rule, unit.now)
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
        ),
    )
    unit.touch()
    unit.record("auto_reply.sent", f"{name} to {conversation.contact_address}")
    return True


def copy_answer(unit: Unit, new: Answer, agents: Iterable[Agent]) -> None:
    """Tell the other agents what was answered, so that nobody answers twice."""
    for agent in agents:
        context = AnsweredContext(
            **_about(unit),
            who=new.agent.shown,
            when="just now",
            customer=_customer(unit),
            text=new.text,
            attachments=_lines(new.attachments),
        )
        sender = _via(unit, new.agent.shown)
        _to_agent(unit, "answered", agent, context, sender=sender)


def receipt(
    unit: Unit,
    agent: Agent,
    *,
    done: Sequence[str] = (),
    errors: Sequence[TagError] = (),
    original: str = "",
) -> None:
    """Tell an agent what a mail with tags did, or why nothing was done."""
    context = ReceiptContext(
        **_about(unit), done=tuple(done), errors=tuple(errors), original_text=original
    )
    _to_agent(unit, "receipt", agent, context, sender=_via(unit, "inboxd"))


def held(unit: Unit, agent: Agent, reason: str, instruction: str, text: str) -> None:
    """Ask an agent, at the configured address, about a mail that claims to be theirs."""
    context = HeldContext(
        **_about(unit), reason=reason, instruction=instruction, text=text[:_QUOTED_CHARS]
    )
    _to_agent(unit, "held", agent, context, sender=_via(unit, "inboxd"))


def canned_context(unit: Unit, agent: Agent | None, match: dict[str, str]) -> CannedContext:
    """Return what the placeholders of a canned reply stand for in this conversation."""
    conversation = unit.conversation
    return CannedContext(
        contact=_customer(unit),
        conversation=CannedConversation(
            unit.number, conversation.subject, conversation.state, answer_by=""
        ),
        shop=CannedShop(unit.desk.shown, unit.desk.mailbox.address),
        agent=Person(agent.shown, agent.address) if agent else Person(""),
        fields=dict(conversation.fields),
        match=match,
    )


@dataclass(frozen=True, slots=True)
class _Sent:
    subject: str
    message_id: str
    queued: bool


def _about(unit: Unit) -> dict[str, Any]:
    """Return what every mail to agents tells; `agent_name` is filled in where it is shown."""
    conversation = unit.conversation
    assignee = unit.shop.config.agent(conversation.assignee or "")
    return {
        "shop_name": unit.desk.shown,
        "agent_name": "",
        "number": unit.number,
        "subject": conversation.subject,
        "state": conversation.state,
        "assignee": assignee.shown if assignee else "",
        "team": conversation.team or "",
        "priority": "" if conversation.priority == "normal" else conversation.priority,
        "tags": conversation.tags,
    }


def _to_agent(
    unit: Unit,
    template: TemplateName,
    agent: Agent,
    context: ConversationContext,
    *,
    sender: Address,
    attachments: tuple[OutgoingAttachment, ...] = (),
) -> None:
    """Queue a mail to an agent, with the address that proves an answer to be theirs."""
    desk, key = unit.desk, unit.shop.key
    effect = f"{unit.cause}:{template}:{agent.name}"
    party = f"agent:{agent.name}"
    expires = (unit.now + AGENT_TOKEN_LIFE).date()
    token = key.token(Purpose.AGENT, desk.name, unit.number, party, expires)
    reply_to = desk.pattern.format(desk.mailbox.address, token)
    root = key.message_id(desk.name, desk.domain, unit.number, "root")
    rendered = _rendered(unit, template, agent, context)
    mail = OutgoingMail(
        from_=sender,
        to=(Address(agent.shown, agent.address),),
        reply_to=Address(f"{desk.shown} #{unit.number}", reply_to),
        subject=rendered.subject,
        message_id=key.message_id(desk.name, desk.domain, unit.number, effect),
        in_reply_to=root,
        references=(root,),
        date=unit.now,
        text=rendered.text,
        html=rendered.html,
        attachments=attachments,
        automatic="auto-generated",
        headers=(_loop_mark(unit), ("X-Inboxd-Conversation", str(unit.number))),
    )
    _queue(unit, template, effect, mail, _bounce_address(unit, party), (agent.address,))


def _rendered(
    unit: Unit, template: TemplateName, agent: Agent, context: ConversationContext
) -> Rendered:
    """Render a mail to an agent; colleagues who are told the same share one rendering."""
    if unit.shop.renderer.uses(template, "agent_name"):
        context = replace(context, agent_name=agent.shown)
    if unit.rendered is None or unit.rendered[0] != (template, context):
        unit.rendered = ((template, context), unit.shop.renderer.render(template, context))
    return unit.rendered[1]


def _to_customer(
    unit: Unit,
    template: TemplateName,
    context: BaseContext,
    to: tuple[Address, ...],
    cc: tuple[Address, ...],
    key: str,
    attachments: tuple[OutgoingAttachment, ...],
    *,
    automatic: Automatic,
) -> _Sent:
    """Queue a mail to the customer from the shop's address, threaded in the customer's client."""
    desk, conversation = unit.desk, unit.conversation
    effect = f"{unit.cause}:{key}"
    party = f"mail:{conversation.contact_address}"
    token = unit.shop.key.token(Purpose.CUSTOMER, desk.name, unit.number, party, None)
    rendered = unit.shop.renderer.render(template, context)
    known = messages.mail_ids(unit.connection, unit.number)
    message_id = unit.shop.key.message_id(desk.name, desk.domain, unit.number, effect)
    reply_to = desk.pattern.format(desk.mailbox.address, token)
    mail = OutgoingMail(
        from_=Address(desk.shown, desk.mailbox.address),
        to=to,
        cc=cc,
        reply_to=Address(desk.shown, reply_to) if reply_to != desk.mailbox.address else None,
        subject=rendered.subject,
        message_id=message_id,
        in_reply_to=known[0] if known else None,
        references=tuple(reversed(known)),
        date=unit.now,
        text=rendered.text,
        html=rendered.html,
        attachments=attachments,
        automatic=automatic,
        headers=(_loop_mark(unit),) if automatic != "no" else (),
    )
    # RFC 3834 section 3.3: an automatic answer has the null sender, so that nothing answers it.
    sender = "" if automatic != "no" else _bounce_address(unit, party)
    everybody = tuple(each.address for each in (*to, *cc))
    queued = _queue(unit, template, effect, mail, sender, everybody)
    if queued:
        conversations.add_refs(unit.connection, desk.name, unit.number, message_id, ())
    return _Sent(rendered.subject, message_id, queued)


def _queue(
    unit: Unit,
    kind: str,
    effect: str,
    mail: OutgoingMail,
    envelope_from: str,
    recipients: tuple[str, ...],
) -> bool:
    if unit.quiet:
        return False
    delay = unit.desk.mailbox.send_delay.seconds if kind == "reply" else 0
    return outbox.add(
        unit.connection,
        outbox.NewMail(
            effect_key=effect,
            kind=kind,
            mailbox=unit.desk.name,
            conversation=unit.number,
            message_id=mail.message_id,
            envelope_from=envelope_from,
            recipients=recipients,
            draft=encode_draft(compose(mail)),
            created_at=unit.now,
            not_before=unit.now + timedelta(seconds=delay),
        ),
    )


def _loop_mark(unit: Unit) -> tuple[str, str]:
    return ("X-Loop", unit.desk.mailbox.address)


def _bounce_address(unit: Unit, party: str) -> str:
    desk = unit.desk
    token = unit.shop.key.token(Purpose.BOUNCE, desk.name, unit.number, party, None)
    return desk.pattern.format(desk.mailbox.address, token)


def _via(unit: Unit, name: str) -> Address:
    """Return the mailbox's address under the name of who speaks, as mailing lists do."""
    return Address(f"{name} via {unit.desk.shown}", unit.desk.mailbox.address)


def _customer(unit: Unit) -> Person:
    conversation = unit.conversation
    if unit.contact_name is None:
        names = contacts.names(unit.connection, [conversation.contact_id])
        unit.contact_name = names.get(conversation.contact_id, "")
    return Person(unit.contact_name, conversation.contact_address)


def _writer(unit: Unit, news: MessageRecord) -> Person:
    """Return who wrote a mail: the contact, or somebody else who takes part, by their own name."""
    contact, author = _customer(unit), news.author
    if author.key == contact.address.casefold() or not author.address:
        return contact
    parties = conversations.parties(unit.connection, [unit.number])[unit.number]
    if PartyRecord(author.key, author.name, "contact") in parties:
        return contact  # who wrote to us, and asked for answers to another address
    return Person(author.name, author.address)


def _customers(unit: Unit) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return whom an answer goes to: the contact, and in Cc those whom the contact added."""
    customer = _customer(unit)
    parties = conversations.parties(unit.connection, [unit.number])[unit.number]
    cc = tuple(
        Address(party.name, party.address)
        for party in parties
        if party.role == "cc" and party.address != customer.address.casefold()
    )
    return (Address(customer.name, customer.address),), cc


def _subject_tag(unit: Unit) -> str:
    return f"[#{unit.number}]" if unit.desk.mailbox.subject_tag else ""


def _signature(unit: Unit, agent: Agent | None) -> str:
    """Return the shop's signature: the configured one, else the agent's and the shop's names."""
    configured = unit.desk.mailbox.signature.strip()
    if configured:
        return configured
    return f"{agent.shown}\n{unit.desk.shown}" if agent else unit.desk.shown


def _history(unit: Unit, news: MessageRecord | None) -> tuple[HistoryEntry, ...]:
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


def _elided(unit: Unit, news: MessageRecord | None) -> str:
    """Return the quotes of the mail that is told of, in case an answer stands between them."""
    is_told = news is not None and news.journal_id == unit.journal_id
    return unit.elided_text[:_QUOTED_CHARS] if is_told else ""


def _lines(attachments: Iterable[Attachment]) -> tuple[AttachmentLine, ...]:
    return tuple(AttachmentLine(each.filename, size(each.size)) for each in attachments)


def _outgoing(news: MessageRecord) -> tuple[OutgoingAttachment, ...]:
    return _with_journal(news.attachments, news.journal_id)


def _with_journal(
    attachments: Iterable[Attachment], journal_id: int | None
) -> tuple[OutgoingAttachment, ...]:
    if journal_id is None:
        return ()
    return tuple(
        OutgoingAttachment(each.filename, each.content_type, journal_id, each.part)
        for each in attachments
    )


def shown_subject(subject: str) -> str:
    """Return a mail's subject as a conversation bears it: without prefixes and tags."""
    key = subject_key(subject)
    clean = without_tags(subject) if key else ""
    return clean[max(0, clean.casefold().find(key)) :][:500] or "(no subject)"
