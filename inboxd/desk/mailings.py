"""Mails that a conversation causes, composed and put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inboxd.config import Agent
from inboxd.conversations.tags import cheat_sheet
from inboxd.desk import action_links, posting, shown, sla_words
from inboxd.desk.canned_replies import Attached
from inboxd.desk.unit import Unit
from inboxd.desk.words import ago
from inboxd.mail.model import Address, Attachment
from inboxd.store import messages
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.templates.contexts import (
    ActionLink,
    AnsweredContext,
    HeldContext,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    TagError,
    WaitingContext,
)

_QUOTED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's words on their way to the customer; attachments lie in the journal.

    `files` are those of canned replies, and `html` is the whole answer where one is in it. `to`
    takes the contact's place, and `alone` keeps the answer from the people in copy. It is kept back
    until `send_at` (aware), or for the mailbox's send delay.
    """

    agent: Agent
    text: str
    attachments: tuple[Attachment, ...] = ()
    files: tuple[Attached, ...] = ()
    html: str = ""
    alone: bool = False
    to: tuple[Address, ...] = ()
    send_at: datetime | None = None


def notify(unit: Unit, agents: Iterable[tuple[Agent, str]], news: MessageRecord | None) -> None:
    """Tell agents, each for a reason, of `news`, the customer's mail (None: of the state alone)."""
    agents = list(agents)
    if not agents or unit.quiet:
        return
    history, promises = shown.history(unit, news), unit.promises.now()
    customer = shown.writer(unit, news) if news else shown.customer(unit)
    sender = posting.via(unit, customer.name or customer.address)
    files = shown.sent_on(news) if news else ()
    base = NotificationContext(
        **about(unit),
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
    # The shop's own templates may look at what the shipped ones merely show.
    shared = unit.shop.renderer.is_shipped("notification")
    for agent, reason in agents:
        footer = action_links.footer(unit, agent, shared=shared)
        zone = unit.shop.config.zone(unit.desk.mailbox, agent)
        context = replace(
            base,
            reason=reason,
            due=sla_words.sentence(promises, unit.now, zone),
            actions=footer.actions,
            begin=footer.begin,
        )
        posting.to_agent(
            unit,
            "notification",
            agent,
            context,
            sender=sender,
            attachments=files,
            fills=footer.fills,
        )
        unit.record("notified", agent.name, actor="inboxd")


def answer(unit: Unit, new: Answer, key: str = "answer") -> int:
    """Send an agent's answer to the customer and the conversation's other parties.

    Returns the id of the message that the conversation keeps.
    """
    desk = unit.desk
    context = reply_context(unit, new.agent, new.text, new.html)
    to, cc = recipients(unit, new)
    files = shown.with_journal(new.attachments, unit.journal_id)
    files += tuple(each.outgoing for each in new.files)
    leaves = posting.leaves_at(unit, new.send_at)
    mail = posting.to_customer(
        unit, "reply", context, to, cc, key, files, automatic="no", not_before=leaves
    )
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
            attachments=(*new.attachments, *(each.kept for each in new.files)),
        ),
    )
    unit.touch()
    unit.promises.answered()
    names = ", ".join(each.address for each in (*to, *cc))
    without = ", and to nobody in copy" if new.alone else ""
    kept = f", kept back until {leaves:%Y-%m-%d %H:%M:%S} UTC" if leaves > unit.now else ""
    unit.happened("reply.sent")
    unit.record("reply.sent", f"by {new.agent.shown} to {names}{without}{kept}")
    return number


def reply_context(unit: Unit, agent: Agent, text: str, html: str = "") -> ReplyContext:
    """Return what the template of an agent's answer is told; `html` is empty where `text` does."""
    return ReplyContext(
        shop_name=unit.desk.shown,
        subject=unit.conversation.subject,
        text=text,
        html=html,
        signature=shown.signature(unit, agent),
        agent_name=agent.shown,
        subject_tag=shown.subject_tag(unit),
        begins=not messages.mail_ids(unit.connection, unit.number),
    )


def recipients(unit: Unit, new: Answer) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return whom an answer goes to, and who gets it in copy."""
    contact, copied = shown.customers(unit)
    to = new.to or contact
    named = {each.key for each in to}
    return to, () if new.alone else tuple(each for each in copied if each.key not in named)


def copy_answer(unit: Unit, new: Answer, agents: Iterable[Agent]) -> None:
    """Tell the other agents what was answered, so that nobody answers twice.

    They hear of it when the answer leaves: until then it can be taken back.
    """
    to, _ = recipients(unit, new)
    customer = shown.customer(unit) if not new.to else Person(to[0].name, to[0].address)
    leaves = posting.leaves_at(unit, new.send_at)
    for agent in agents:
        context = AnsweredContext(
            **about(unit),
            who=new.agent.shown,
            when="just now",
            customer=customer,
            text=new.text,
            attachments=shown.attachment_lines(
                (*new.attachments, *(each.kept for each in new.files))
            ),
        )
        sender = posting.via(unit, new.agent.shown)
        posting.to_agent(unit, "answered", agent, context, sender=sender, not_before=leaves)


def receipt(
    unit: Unit,
    agent: Agent,
    *,
    done: Sequence[str] = (),
    errors: Sequence[TagError] = (),
    original: str = "",
    told: str = "",
    undo: ActionLink | None = None,
) -> None:
    """Tell an agent what a mail with tags did, or why nothing was done, or what was asked for."""
    context = ReceiptContext(
        **about(unit),
        done=tuple(done),
        errors=tuple(errors),
        original_text=original,
        told=told,
        undo=undo,
    )
    posting.to_agent(unit, "receipt", agent, context, sender=posting.via(unit, "inboxd"))


def held(
    unit: Unit, agent: Agent, reason: str, instruction: str, text: str, *, proven: bool = False
) -> None:
    """Ask an agent, at the configured address, about a mail that claims to be theirs, or is."""
    context = HeldContext(
        **about(unit),
        reason=reason,
        instruction=instruction,
        text=text[:_QUOTED_CHARS],
        proven=proven,
    )
    posting.to_agent(unit, "held", agent, context, sender=posting.via(unit, "inboxd"))


def waiting(unit: Unit, agent: Agent, who: str, when: str, theirs: str, own: str) -> None:
    """Show an agent the answer of `who`, who was faster; the agent's own one is held."""
    context = WaitingContext(
        **about(unit),
        who=who,
        when=when,
        customer=shown.customer(unit),
        text=theirs[:_QUOTED_CHARS],
        original_text=own[:_QUOTED_CHARS],
        actions=action_links.held(unit, agent),
    )
    posting.to_agent(unit, "waiting", agent, context, sender=posting.via(unit, "inboxd"))


def about(unit: Unit) -> dict[str, Any]:
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
