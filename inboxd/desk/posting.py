"""Puts a mail of a conversation into the outbox: addresses, tokens, ids and threading headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inboxd.config import Agent
from inboxd.conversations.tokens import Purpose
from inboxd.desk import rendering
from inboxd.desk.unit import Unit
from inboxd.mail.compose import compose
from inboxd.mail.drafts import Draft, encode_draft, encode_texts
from inboxd.mail.model import Address
from inboxd.mail.outgoing import (
    Automatic,
    OutgoingAttachment,
    OutgoingMail,
)
from inboxd.store import conversations, messages, outbox
from inboxd.store.outbox_texts import SharedTexts
from inboxd.store.side_threads import SideRecord
from inboxd.templates.contexts import (
    BaseContext,
    ConversationContext,
    TemplateName,
)
from inboxd.templates.render import Rendered

AGENT_TOKEN_LIFE = timedelta(days=90)
_TO_SEVERAL = frozenset({"notification", "answered"})


def leaves_at(unit: Unit, at: datetime | None = None) -> datetime:
    """Return when an agent's answer leaves: after the mailbox's send delay, and not before `at`."""
    soonest = unit.now + timedelta(seconds=unit.desk.mailbox.send_delay.seconds)
    return soonest if at is None else max(soonest, at)


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail to the customer; `queued` is False where its effect had been queued before."""

    subject: str
    message_id: str
    queued: bool


def to_agent(
    unit: Unit,
    template: TemplateName,
    agent: Agent,
    context: ConversationContext,
    *,
    sender: Address,
    attachments: tuple[OutgoingAttachment, ...] = (),
    not_before: datetime | None = None,
    side: SideRecord | None = None,
    fills: Mapping[str, str] | None = None,
) -> None:
    """Queue a mail to an agent, with the address that proves an answer to be theirs.

    It leaves at once, or at `not_before`. An answer goes to the customer, or (`side`) to whom the
    conversation was forwarded. `fills` are the words of the context that are this agent's alone.
    """
    desk, key = unit.desk, unit.shop.key
    effect = f"{unit.cause}:{template}:{agent.name}"
    party = f"agent:{agent.name}" if side is None else side_party(agent.name, side)
    purpose = Purpose.AGENT if side is None else Purpose.SIDE
    expires = (unit.now + AGENT_TOKEN_LIFE).date()
    token = key.token(purpose, desk.name, unit.number, party, expires)
    answers_to = f"{desk.shown} #{unit.number}" if side is None else side.address
    reply_to = desk.pattern.format(desk.mailbox.address, token)
    rendered = _rendered(unit, template, agent, context)
    mail = OutgoingMail(
        from_=sender,
        to=(Address(agent.shown, agent.address),),
        reply_to=Address(answers_to, reply_to),
        subject=rendered.subject,
        message_id=key.message_id(desk.name, desk.domain, unit.number, effect),
        in_reply_to=unit.thread_roots[-1],
        references=unit.thread_roots,
        date=unit.now,
        text=rendered.text,
        html=rendered.html,
        attachments=attachments,
        automatic="auto-generated",
        headers=(_loop_mark(unit), ("X-Inboxd-Conversation", str(unit.number))),
        fills=fills or {},
    )
    sender_path = _bounce_address(unit, party)
    _queue(unit, template, effect, mail, sender_path, (agent.address,), not_before)


def _rendered(
    unit: Unit, template: TemplateName, agent: Agent, context: ConversationContext
) -> Rendered:
    """Render a mail to an agent; colleagues who are told the same share one rendering."""
    if unit.shop.renderer.uses(template, "agent_name"):
        context = replace(context, agent_name=agent.shown)
    if unit.rendered is None or unit.rendered[0] != (template, context):
        unit.rendered = ((template, context), render(unit, template, context))
    return unit.rendered[1]


def to_customer(
    unit: Unit,
    template: TemplateName,
    context: BaseContext,
    to: tuple[Address, ...],
    cc: tuple[Address, ...],
    key: str,
    attachments: tuple[OutgoingAttachment, ...],
    *,
    automatic: Automatic,
    not_before: datetime | None = None,
) -> Sent:
    """Queue a mail to the customer from the shop's address, threaded in the customer's client.

    It leaves at once, or at `not_before`, which is its date then.
    """
    desk, conversation = unit.desk, unit.conversation
    effect = f"{unit.cause}:{key}"
    party = f"mail:{conversation.contact_address}"
    token = unit.shop.key.token(Purpose.CUSTOMER, desk.name, unit.number, party, None)
    rendered = render(unit, template, context)
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
        date=max(unit.now, not_before or unit.now),
        text=rendered.text,
        html=rendered.html,
        attachments=attachments,
        automatic=automatic,
        headers=(_loop_mark(unit),) if automatic != "no" else (),
    )
    # RFC 3834 section 3.3: an automatic answer has the null sender, so that nothing answers it.
    sender = "" if automatic != "no" else _bounce_address(unit, party)
    everybody = tuple(each.address for each in (*to, *cc))
    queued = _queue(unit, template, effect, mail, sender, everybody, not_before)
    if queued:
        conversations.add_refs(unit.connection, desk.name, unit.number, message_id, ())
    return Sent(rendered.subject, message_id, queued)


def to_outside(
    unit: Unit,
    context: BaseContext,
    side: SideRecord,
    key: str,
    attachments: tuple[OutgoingAttachment, ...],
    not_before: datetime,
    *,
    loops: Sequence[str] | None = None,
) -> Sent:
    """Queue a mail to whom a conversation was forwarded, in a thread of its own.

    Where a rule forwards it, it is marked as automatic, with `loops`, the marks that it bears.

    It names no mail of the customer's, and is answered to an address that leads to the side thread.
    """
    desk = unit.desk
    effect = f"{unit.cause}:{key}"
    party = side_party(None, side)
    token = unit.shop.key.token(Purpose.SIDE, desk.name, unit.number, party, None)
    rendered = render(unit, "forward", context)
    message_id = unit.shop.key.message_id(desk.name, desk.domain, unit.number, effect)
    mail = OutgoingMail(
        from_=Address(desk.shown, desk.mailbox.address),
        to=(Address("", side.address),),
        reply_to=Address(desk.shown, desk.pattern.format(desk.mailbox.address, token)),
        subject=rendered.subject,
        message_id=message_id,
        in_reply_to=side.refs[-1] if side.refs else None,
        references=side.refs,
        date=not_before,
        text=rendered.text,
        html=rendered.html,
        attachments=attachments,
        automatic="no" if loops is None else "auto-generated",
        headers=() if loops is None else _loop_marks(unit, loops),
    )
    sender = _bounce_address(unit, f"mail:{side.address}")
    queued = _queue(unit, "forward", effect, mail, sender, (side.address,), not_before)
    return Sent(rendered.subject, message_id, queued)


def side_party(agent: str | None, side: SideRecord) -> str:
    """Return whom the address of a side thread is made for: an agent, or the one outside (None)."""
    return f"side:{side.id}" if agent is None else f"agent:{agent}:side:{side.id}"


def render(unit: Unit, template: TemplateName, context: BaseContext) -> Rendered:
    """Render a mail that a unit causes."""
    return rendering.render(unit.connection, unit.shop, unit.now, template, context)


def _queue(
    unit: Unit,
    kind: str,
    effect: str,
    mail: OutgoingMail,
    envelope_from: str,
    recipients: tuple[str, ...],
    not_before: datetime | None,
) -> bool:
    if unit.quiet:
        return False
    draft = compose(mail)
    texts = _shared_texts(unit, draft) if kind in _TO_SEVERAL else None
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
            draft=encode_draft(draft, texts_apart=texts is not None),
            texts=texts,
            created_at=unit.now,
            not_before=max(unit.now, not_before or unit.now),
        ),
    )


def _shared_texts(unit: Unit, draft: Draft) -> SharedTexts:
    """Return the draft's texts, the ones of the colleague before where they are the same."""
    data = encode_texts(draft.texts)
    if unit.texts is None or unit.texts.data != data:
        unit.texts = SharedTexts(data)
    return unit.texts


def _loop_mark(unit: Unit) -> tuple[str, str]:
    return ("X-Loop", unit.desk.mailbox.address)


def _loop_marks(unit: Unit, loops: Sequence[str]) -> tuple[tuple[str, str], ...]:
    own = _loop_mark(unit)
    return (own, *(("X-Loop", each) for each in loops if ("X-Loop", each) != own))


def _bounce_address(unit: Unit, party: str) -> str:
    desk = unit.desk
    token = unit.shop.key.token(Purpose.BOUNCE, desk.name, unit.number, party, None)
    return desk.pattern.format(desk.mailbox.address, token)


def via(unit: Unit, name: str) -> Address:
    """Return the mailbox's address under the name of who speaks, as mailing lists do."""
    return Address(f"{name} via {unit.desk.shown}", unit.desk.mailbox.address)
