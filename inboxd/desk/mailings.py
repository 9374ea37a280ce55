"""Mails that a conversation causes, composed and put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inboxd.config import Agent
from inboxd.conversations.tags import cheat_sheet
from inboxd.desk import posting, shown
from inboxd.desk.unit import Unit
from inboxd.desk.words import ago
from inboxd.mail.model import Address, Attachment
from inboxd.store import auto_sent, messages
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.templates.contexts import (
    AnsweredContext,
    AutoReplyContext,
    CannedContext,
    CannedConversation,
    CannedShop,
    HeldContext,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    TagError,
)

_QUOTED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's words on their way to the customer; attachments lie in the journal.

    `alone` keeps them from the people in copy.
    """

    agent: Agent
    text: str
    attachments: tuple[Attachment, ...] = ()
    canned_html: str = ""
    alone: bool = False


def notify(unit: Unit, agents: Iterable[tuple[Agent, str]], news: MessageRecord | None) -> None:
    """Tell agents, each for a reason, of `news`, the customer's mail (None: of the state alone)."""
    agents = list(agents)
    if not agents or unit.quiet:
        return
    history = shown.history(unit, news)
    customer = shown.writer(unit, news) if news else shown.customer(unit)
    sender = posting.via(unit, customer.name or customer.address)
    files = shown.sent_on(news) if news else ()
    base = NotificationContext(
        **_about(unit),
        mailbox_name=unit.desk.shown,
        customer=customer,
        opened=ago(unit.conversation.created_at, unit.now),
        reason="",
        cheat_sheet=cheat_sheet(),
        new_text=news.text[:_QUOTED_CHARS] if news else "",
        elided_text=shown.elided(unit, news),
        attachments=shown.attachment_lines(news.attachments if news else ()),
        history=history,
    )
    for agent, reason in agents:
        context = replace(base, reason=reason)
        posting.to_agent(unit, "notification", agent, context, sender=sender, attachments=files)
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
        signature=shown.signature(unit, new.agent),
        agent_name=new.agent.shown,
        subject_tag=shown.subject_tag(unit),
    )
    to, copied = shown.customers(unit)
    cc = () if new.alone else copied
    files = shown.with_journal(new.attachments, unit.journal_id)
    mail = posting.to_customer(unit, "reply", context, to, cc, key, files, automatic="no")
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
    without = ", and to nobody in copy" if new.alone else ""
    unit.record("reply.sent", f"by {new.agent.shown} to {names}{without}")
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
        signature=shown.signature(unit, None),
        subject_tag=shown.subject_tag(unit),
    )
    to = (Address(shown.customer(unit).name, conversation.contact_address),)
    mail = posting.to_customer(
        unit, "auto_reply", context, to, (), key, (), automatic="auto-replied"
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
            customer=shown.customer(unit),
            text=new.text,
            attachments=shown.attachment_lines(new.attachments),
        )
        sender = posting.via(unit, new.agent.shown)
        posting.to_agent(unit, "answered", agent, context, sender=sender)


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
    posting.to_agent(unit, "receipt", agent, context, sender=posting.via(unit, "inboxd"))


def held(unit: Unit, agent: Agent, reason: str, instruction: str, text: str) -> None:
    """Ask an agent, at the configured address, about a mail that claims to be theirs."""
    context = HeldContext(
        **_about(unit), reason=reason, instruction=instruction, text=text[:_QUOTED_CHARS]
    )
    posting.to_agent(unit, "held", agent, context, sender=posting.via(unit, "inboxd"))


def canned_context(unit: Unit, agent: Agent | None, match: dict[str, str]) -> CannedContext:
    """Return what the placeholders of a canned reply stand for in this conversation."""
    conversation = unit.conversation
    return CannedContext(
        contact=shown.customer(unit),
        conversation=CannedConversation(
            unit.number, conversation.subject, conversation.state, answer_by=""
        ),
        shop=CannedShop(unit.desk.shown, unit.desk.mailbox.address),
        agent=Person(agent.shown, agent.address) if agent else Person(""),
        fields=dict(conversation.fields),
        match=match,
    )


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
