"""Side threads: a conversation forwarded to somebody outside, whose answers stay among agents.

What goes to and fro is kept as notes: it is no mail of the customer's in any respect. An agent's
answer to a notification of a side thread goes there and nowhere else, for its address is another.
"""

from __future__ import annotations

from collections.abc import Sequence

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.tags import Parsed
from inboxd.conversations.tokens import Purpose
from inboxd.desk import actions, mailings, posting, shown
from inboxd.desk.answering import Outcome, moment
from inboxd.desk.case import Case, audience
from inboxd.desk.people import is_ours
from inboxd.desk.unit import Unit
from inboxd.mail.model import Address, Attachment
from inboxd.mail.outgoing import OutgoingAttachment
from inboxd.store import conversations, messages, side_threads
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.store.side_threads import SideRecord
from inboxd.templates.contexts import ForwardContext, Person, SideContext, TagError

SENT, RECEIVED = "forward", "side"  # the kinds of these notes
_CHARS = 20_000
_NOT_HERE = "does nothing here: this answer goes to {address} alone"
_STRANGER = "It came to an address for {address} that is an agent's alone, from somebody else."
_ASK = "Nothing was sent. If it was you, write from your configured address."


def obstacles(unit: Unit, parsed: Parsed, side: SideRecord | None) -> list[TagError]:
    """Return what stands in the way of writing to somebody outside."""
    if side is not None:
        reason = _NOT_HERE.format(address=side.address)
        return [TagError(f"#{_name(option)}", reason) for option in parsed.options]
    if messages.last_inbound(unit.connection, unit.number) is None:
        return [TagError("#forward", "there is no mail of the customer's to forward")]
    return [
        TagError(f"#forward {each[:100]}", "this address is ours; use #assign, or @name in a #note")
        for each in _addresses(parsed)
        if is_ours(unit.shop, each)
    ]


def forward(
    unit: Unit, agent: Agent, parsed: Parsed, attachments: tuple[Attachment, ...]
) -> Outcome:
    """Send the customer's last mail, below the agent's words, to each of those whom they name."""
    news = messages.last_inbound(unit.connection, unit.number)
    assert news is not None  # `obstacles` has looked
    for index, address in enumerate(_addresses(parsed)):
        side = side_threads.add(unit.connection, unit.number, address, agent.name, unit.now)
        context = _forwarded(unit, news, parsed.body, shown.signature(unit, agent))
        files = (*_files(unit, attachments), *shown.sent_on(news))
        _send(unit, agent, side, context, f"forward:{index}", attachments, files)
    whom = ", ".join(_addresses(parsed))
    unit.record("forwarded", f"by {agent.shown} to {whom}")
    return _outcome(unit, agent, f"The customer's last mail to {whom}", f"Forwarded to {whom}.")


def forward_for_rule(
    unit: Unit,
    rule: str,
    addresses: Sequence[str],
    news: MessageRecord,
    key: str,
    loops: Sequence[str] = (),
) -> None:
    """Send the customer's mail `news` on to each of `addresses`, as a rule wants it.

    Later mail of the conversation to the same address goes into the same side thread. `loops` are
    the marks that `news` bears of programs that it has come by.
    """
    if not addresses:
        return
    begun = side_threads.of(unit.connection, unit.number)
    known = {each.address.casefold(): each for each in begun if not each.agent}
    context = _forwarded(unit, news, "", shown.signature(unit, None))
    for index, address in enumerate(addresses):
        side = known.get(address.casefold()) or side_threads.add(
            unit.connection, unit.number, address, "", unit.now
        )
        files = shown.sent_on(news)
        sent = posting.to_outside(
            unit, context, side, f"{key}:{index}", files, unit.now, loops=loops
        )
        _keep_sent(unit, sent, side, Address(f"rule {rule}", ""), None, "", ())
    unit.record("forwarded", f"to {', '.join(addresses)}")


def answer(
    unit: Unit, agent: Agent, parsed: Parsed, attachments: tuple[Attachment, ...], side: SideRecord
) -> Outcome:
    """Send an agent's answer into a side thread."""
    context = ForwardContext(
        shop_name=unit.desk.shown,
        subject=f"Re: {unit.conversation.subject}",
        text=parsed.body,
        signature=shown.signature(unit, agent),
    )
    files = _files(unit, attachments)
    _send(unit, agent, side, context, "forward", attachments, files)
    unit.record("side.answered", f"by {agent.shown} to {side.address}")
    done = f"Your answer is on its way to {side.address}; the customer does not see it."
    return _outcome(unit, agent, f"Your answer to {side.address}", done)


def take(case: Case, conversation: ConversationRecord) -> int:
    """Keep what somebody outside answers to a forwarded mail, and tell the agents.

    The mail changes nothing else: neither the state, nor who takes part. Returns the number.
    """
    mail = case.reading.mail
    author = mail.author or Address("", case.entry.envelope_from or "")
    unit = case.unit(conversation, author.address or "somebody")
    found = _side_of(case, conversation.number)
    if found is None:
        _hold(case, unit, author)
    else:
        _receive(case, unit, found, author)
    own = case.reading.keys.own_id
    conversations.add_refs(case.connection, case.desk.name, unit.number, own, ())
    unit.told.clear()
    unit.finish()
    return unit.number


def of_agent(case: Case, conversation: ConversationRecord) -> SideRecord | None:
    """Return the side thread to which the mail's author answers as an agent, or None.

    The address must be that very agent's, for that very thread, and must not have expired.
    """
    name = case.reading.keys.agent
    if name is None:
        return None
    found = case.decision.token
    if found is None or found.expired or found.token.purpose is not Purpose.SIDE:
        return None
    return _named(case, conversation.number, name)


def _side_of(case: Case, number: int) -> SideRecord | None:
    found = case.decision.token
    return None if found is None or found.expired else _named(case, number, None)


def _named(case: Case, number: int, agent: str | None) -> SideRecord | None:
    """Return the side thread for which the mail's token was made, for an agent or for outside."""
    found, key = case.decision.token, case.shop.key
    assert found is not None
    threads = side_threads.of(case.connection, number)
    return next(
        (each for each in threads if key.is_for(found.token, posting.side_party(agent, each))),
        None,
    )


def _receive(case: Case, unit: Unit, side: SideRecord, author: Address) -> None:
    mail = case.reading.mail
    text = mail.reply_text or mail.text
    new = NewMessage(
        conversation=unit.number,
        direction="note",
        kind=RECEIVED,
        author=author,
        subject=mail.subject,
        message_id=mail.message_id,
        date=mail.date,
        created_at=unit.now,
        text=text,
        answerable=False,
        journal_id=case.entry.id,
        attachments=mail.attachments,
    )
    news = messages.stored(messages.add(unit.connection, new), new)
    if mail.message_id:
        side_threads.add_refs(unit.connection, side, [mail.message_id])
    unit.touch()
    unit.record("side.received", f"from {author.address} to the mail forwarded to {side.address}")
    _tell(unit, side, news)


def _tell(unit: Unit, side: SideRecord, news: MessageRecord) -> None:
    """Tell who forwarded the mail, and who hears of the conversation."""
    if unit.quiet:
        return
    begun_by = unit.shop.config.agent(side.agent)
    known = (*([begun_by] if begun_by else []), *audience(unit))
    agents = {agent.name: agent for agent in known}.values()
    context = SideContext(
        **mailings.about(unit),
        writer=Person(news.author.name, news.author.address),
        answers_to=side.address,
        text=news.text[:_CHARS],
        attachments=shown.attachment_lines(news.attachments),
    )
    for agent in agents:
        posting.to_agent(
            unit,
            "side",
            agent,
            context,
            sender=posting.via(unit, news.author.name or news.author.address),
            attachments=shown.sent_on(news),
            side=side,
        )
        unit.record("notified", agent.name, actor="inboxd")


def _hold(case: Case, unit: Unit, author: Address) -> None:
    """Keep a mail as a note that came to an address which is not its writer's."""
    mail, key = case.reading.mail, case.shop.key
    text = mail.reply_text or mail.text
    actions.add_note(unit, f"{author.address} (held, not proven)", text, kind="held")
    found = case.decision.token
    for side in side_threads.of(unit.connection, unit.number):
        for agent in case.shop.config.agents:
            if found and key.is_for(found.token, posting.side_party(agent.name, side)):
                reason = _STRANGER.format(address=side.address)
                unit.record("held", f"mail from {author.address}: {reason}")
                mailings.held(unit, agent, reason, _ASK, text)
                return
    unit.record("held", f"mail from {author.address}: to a side thread that is not known")


def _forwarded(unit: Unit, news: MessageRecord, text: str, signature: str) -> ForwardContext:
    return ForwardContext(
        shop_name=unit.desk.shown,
        subject=f"Fwd: {unit.conversation.subject}",
        text=text,
        signature=signature,
        sender=str(news.author),
        date=f"{news.date or news.created_at:%a, %d %b %Y %H:%M %Z}",
        forwarded=news.text[:_CHARS],
    )


def _send(
    unit: Unit,
    agent: Agent,
    side: SideRecord,
    context: ForwardContext,
    key: str,
    attachments: tuple[Attachment, ...],
    files: tuple[OutgoingAttachment, ...],
) -> None:
    sent = posting.to_outside(unit, context, side, key, files, posting.leaves_at(unit))
    author = Address(agent.shown, unit.desk.mailbox.address)
    _keep_sent(unit, sent, side, author, agent.name, context.text, attachments)


def _keep_sent(
    unit: Unit,
    sent: posting.Sent,
    side: SideRecord,
    author: Address,
    agent: str | None,
    text: str,
    attachments: tuple[Attachment, ...],
) -> None:
    """Keep a mail to somebody outside as a note, and its id as one of the side thread's."""
    conversations.add_refs(unit.connection, unit.desk.name, unit.number, sent.message_id, ())
    side_threads.add_refs(unit.connection, side, [sent.message_id])
    messages.add(
        unit.connection,
        NewMessage(
            conversation=unit.number,
            direction="note",
            kind=SENT,
            author=author,
            agent=agent,
            to=(Address("", side.address),),
            subject=sent.subject,
            message_id=sent.message_id,
            date=unit.now,
            created_at=unit.now,
            text=text or "(forwarded without words)",
            journal_id=unit.journal_id if agent is not None else None,
            attachments=attachments,
        ),
    )
    unit.touch()


def _outcome(unit: Unit, agent: Agent, what: str, done: str) -> Outcome:
    leaves = posting.leaves_at(unit)
    if leaves > unit.now:
        when = moment(unit, agent, leaves)
        done = f"{what} leaves {when}; #undo takes it back until then."
    return Outcome(done, leaves, ())


def _files(unit: Unit, attachments: tuple[Attachment, ...]) -> tuple[OutgoingAttachment, ...]:
    return shown.with_journal(attachments, unit.journal_id)


def _addresses(parsed: Parsed) -> tuple[str, ...]:
    named = [each.addresses for each in parsed.options if isinstance(each, ask.Forward)]
    return tuple(dict.fromkeys(address for addresses in named for address in addresses))


def _name(option: ask.AnswerOption) -> str:
    names = {ask.NoCopies: "nocc", ask.SendAt: "send"}
    return names.get(type(option), type(option).__name__.lower())
