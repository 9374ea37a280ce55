"""Mail from customers, and from everybody else who is not an agent."""

from __future__ import annotations

from inboxd.conversations.states import ConversationEvent, ConversationState, next_state
from inboxd.conversations.subjects import subject_key
from inboxd.conversations.threading import UNATTENDED
from inboxd.desk import actions, ruling
from inboxd.desk.case import Case, send_notifications, shown_author, tell_audience
from inboxd.desk.shown import shown_subject
from inboxd.desk.unit import Unit
from inboxd.mail.model import Address, Kind
from inboxd.rules.facts import MessageFacts
from inboxd.store import contacts, conversations, messages
from inboxd.store.conversations import ConversationRecord, PartyRecord
from inboxd.store.messages import MessageRecord, NewMessage

_MOST_COPIES = 20
# Nobody waits for an answer to these: they are filed and can be found, and nobody is disturbed.
_FILED_ONLY = frozenset({Kind.OUT_OF_OFFICE, Kind.BOUNCE, Kind.RECEIPT})


def open_conversation(case: Case) -> int:
    """Open a conversation with the mail as its first message; returns its number."""
    mail, kind = case.reading.mail, case.reading.verdict.kind
    person = _contact(case)
    contact, new = contacts.find_or_add(case.connection, person.address, person.name, case.now)
    if contact.bounced_at is not None and kind is Kind.CUSTOMER:
        contacts.mark_bounced(case.connection, person.address, None)  # the address lives after all
    record = conversations.add(
        case.connection,
        mailbox=case.desk.name,
        subject=shown_subject(mail.subject),
        subject_key=subject_key(mail.subject),
        contact_id=contact.id,
        contact_address=person.address,
        at=case.now,
    )
    unit = _unit(case, record)
    unit.begin()
    unit.contact_name = contact.name
    unit.record("conversation.opened", f"by {person}" + (" (new contact)" if new else ""))
    if kind is Kind.SPAM:
        actions.set_state(unit, ConversationState.SPAM, "the filter before us says so")
    elif kind in _FILED_ONLY or unit.quiet:
        actions.set_state(unit, ConversationState.CLOSED, "nobody waits for an answer")
    _add_parties(case, unit, "contact", person)
    message = _add_message(case, unit)
    case.link(unit.number)
    if case.decision.linked:
        unit.record("linked", ", ".join(f"#{number}" for number in case.decision.linked))
    reason = "New conversation."
    if case.decision.unproven_agent:
        reason = "New conversation, from an agent's address without proof."
    _react(case, unit, message, "conversation.opened", reason)
    return unit.number


def join(case: Case, conversation: ConversationRecord) -> int:
    """Add the mail to its conversation; returns the conversation's number."""
    unit = _unit(case, conversation)
    kind = case.reading.verdict.kind
    attended = kind not in UNATTENDED or _is_doubtful_spam(case, unit)
    if case.decision.pending_party:
        _add_parties(case, unit, "pending", _contact(case))
        unit.record("party.pending", f"{_contact(case)} holds a reply address but is a stranger")
    elif kind not in UNATTENDED:
        _add_parties(case, unit, "cc", None)
    before = unit.conversation.state
    if unit.quiet:
        _move_end(unit)
    elif attended:
        _customer_wrote(case, unit)
    message = _add_message(case, unit)
    case.link(unit.number)
    if not attended:
        unit.record("message.received", f"{kind.value}: the conversation stays {before}")
        _finish(unit)
        return unit.number
    unit.record("message.received", f"from {shown_author(case.reading.mail.author)}")
    reason = f"{shown_author(case.reading.mail.author)} wrote."
    if case.decision.pending_party:
        reason += " This sender is a stranger to the conversation and gets no copies of answers."
    if kind is Kind.SPAM:
        reason += " A filter on the way calls this mail spam."
    _react(case, unit, message, "message.received", reason)
    return unit.number


def _is_doubtful_spam(case: Case, unit: Unit) -> bool:
    """Whether a filter calls spam what a party writes: its mistake would cost us an answer."""
    is_spam = case.reading.verdict.kind is Kind.SPAM
    known = unit.conversation.state != ConversationState.SPAM.value
    return is_spam and known and not case.decision.pending_party


def _unit(case: Case, conversation: ConversationRecord) -> Unit:
    """Begin the work; history names a writer by address, for anybody can bear an agent's name."""
    author = case.reading.mail.author
    unit = case.unit(conversation, author.address if author else "somebody")
    unit.elided_text = case.reading.mail.elided_text
    return unit


def _customer_wrote(case: Case, unit: Unit) -> None:
    state = ConversationState(unit.conversation.state)
    if state is ConversationState.CLOSED and not case.decision.reopen:
        return
    actions.set_state(unit, next_state(state, ConversationEvent.CUSTOMER_WRITES), "customer wrote")
    unit.renew()


def _move_end(unit: Unit) -> None:
    """Let an imported conversation have ended with its last mail, so that later ones find it."""
    if unit.conversation.state == ConversationState.CLOSED.value:
        unit.change(state_since=max(unit.now, unit.conversation.state_since))


def _react(case: Case, unit: Unit, message: MessageRecord, event: str, reason: str) -> None:
    """Let the rules act and tell the agents."""
    if unit.quiet or unit.conversation.state == ConversationState.SPAM.value:
        _finish(unit)
        return
    before = unit.conversation.state
    mail = case.reading.mail
    facts = MessageFacts(
        from_=mail.from_,
        to=mail.to,
        cc=mail.cc,
        subject=mail.subject,
        text=mail.text,
        reply_text=mail.reply_text or mail.text,
        kind=case.reading.verdict.kind.value,
    )
    also = ("message.received",) if event == "conversation.opened" else ()
    if event == "conversation.opened" and before == ConversationState.OPEN.value:
        also = (*also, "open")
    ruling.run_event(unit, event, facts, message, also)
    if case.reading.verdict.kind not in _FILED_ONLY:
        if unit.conversation.state != ConversationState.CLOSED.value:
            tell_audience(unit, reason)
        send_notifications(unit, message)
    _finish(unit)


def _finish(unit: Unit) -> None:
    unit.told.clear()
    unit.finish()


def _add_message(case: Case, unit: Unit) -> MessageRecord:
    mail, verdict = case.reading.mail, case.reading.verdict
    author = mail.author or _contact(case)
    new = NewMessage(
        conversation=unit.number,
        direction="outbound" if case.sent_by_us else "inbound",
        kind=verdict.kind.value,
        author=author,
        to=mail.to,
        cc=mail.cc,
        subject=mail.subject,
        message_id=mail.message_id,
        date=mail.date,
        created_at=case.now,
        text=mail.reply_text or mail.text,
        answerable=verdict.may_answer,
        journal_id=case.entry.id,
        attachments=mail.attachments,
    )
    number = messages.add(case.connection, new)
    if verdict.kind not in UNATTENDED and not case.sent_by_us:
        contacts.mark_bounced(case.connection, author.address, None)  # somebody is there again
    case.remember_ids(unit.number)
    unit.touch()
    return messages.stored(number, new)


def _add_parties(case: Case, unit: Unit, role: str, person: Address | None) -> None:
    """Let the mail's people take part: its sender, and those whom the customer put in To or Cc."""
    mail = case.reading.mail
    rows = [PartyRecord(person.address.casefold(), person.name, role)] if person else []
    if role == "contact" and mail.author and not _is_ours(case, mail.author.address):
        rows.append(PartyRecord(mail.author.key, mail.author.name, "contact"))
    if role != "pending" and case.reading.verdict.may_answer:
        others = [
            PartyRecord(each.key, each.name, "cc")
            for each in (*mail.to, *mail.cc)
            if not _is_ours(case, each.address)
        ]
        if len(others) > _MOST_COPIES:  # an answer must not become a mass mail
            unit.record("parties.refused", f"{len(others)} people are too many to copy")
        else:
            rows += others
    conversations.add_parties(unit.connection, unit.number, rows)


def _is_ours(case: Case, address: str) -> bool:
    return case.shop.addresses.owns(address) or address.casefold() in case.shop.agent_addresses


def _contact(case: Case) -> Address:
    """Return the person whom an answer goes to: Reply-To where it names one, else the author."""
    mail, addresses = case.reading.mail, case.shop.addresses
    if case.sent_by_us:
        outside = [each for each in mail.to if not _is_ours(case, each.address)]
        if outside:
            return outside[0]
    if len(mail.reply_to) == 1 and not addresses.owns(mail.reply_to[0].address):
        return Address(mail.reply_to[0].name or _name(mail.author), mail.reply_to[0].address)
    if mail.author is not None:
        return mail.author
    for doubtful in (*mail.sender, *mail.from_):
        return doubtful
    return Address("", case.entry.envelope_from or "")


def _name(author: Address | None) -> str:
    return author.name if author else ""
