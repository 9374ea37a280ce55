"""Mail from customers, and from everybody else who is not an agent."""

from __future__ import annotations

from inboxd.conversations.states import ConversationEvent, ConversationState, next_state
from inboxd.conversations.subjects import subject_key
from inboxd.conversations.threading import UNATTENDED
from inboxd.desk import actions, people, ruling
from inboxd.desk.case import Case, send_notifications, shown_author, tell_audience
from inboxd.desk.facts import of_mail
from inboxd.desk.handing_out import waits
from inboxd.desk.shown import shown_subject
from inboxd.desk.unit import Unit, is_unassigned
from inboxd.failpoints import reach
from inboxd.mail.model import Address, Kind
from inboxd.mail.people import Correspondent
from inboxd.mail.thanks import is_mere_thanks
from inboxd.store import attribution, blocked, contacts, conversations, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import MessageRecord, NewMessage

# Nobody waits for an answer to these: they are filed and can be found, and nobody is disturbed.
_UNTOLD = (ConversationState.CLOSED.value, ConversationState.SPAM.value)
_FILED_ONLY = frozenset({Kind.OUT_OF_OFFICE, Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK})


def open_conversation(case: Case) -> int:
    """Open a conversation with the mail as its first message; returns its number."""
    mail, kind = case.reading.mail, case.reading.verdict.kind
    who = people.correspondent_of(case)
    person = who.address or Address("", "")
    contact, new = contacts.find_or_add(case.connection, person.address, person.name, case.now)
    for other in who.same:
        contacts.add_address(case.connection, contact.id, other.address)
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
    reach("customer.conversation")
    unit = _unit(case, record, who)
    unit.begin()
    unit.contact_name = contact.name
    unit.record("conversation.opened", _opened_by(who, new))
    if kind is Kind.SPAM:
        actions.set_state(unit, ConversationState.SPAM, "the filter before us says so")
    elif not unit.quiet and _is_blocked(case, person):
        actions.set_state(unit, ConversationState.SPAM, "an agent has blocked its sender")
    elif kind in _FILED_ONLY or unit.quiet:
        actions.set_state(unit, ConversationState.CLOSED, "nobody waits for an answer")
    people.add_first_parties(case, unit, who)
    reach("customer.parties")
    message = _add_message(case, unit, people.author_of(case, who))
    if kind not in UNATTENDED:
        unit.promises.wait()
    case.link(unit.number)
    if case.decision.linked:
        unit.record("linked", ", ".join(f"#{number}" for number in case.decision.linked))
    reason = "New conversation."
    if case.decision.unproven_agent:
        reason = _from_an_agent(who)
        if who.address is None and case.reading.keys.agent is not None:
            unit.tell(case.reading.keys.agent, reason)  # who has forwarded it is asked first
    unit.raised.clear()  # how it begins is no change
    if new and person.address:
        unit.happened("contact.created")
    if is_unassigned(unit.conversation):
        unit.happened("unassigned")
    _react(case, unit, message, "conversation.opened", reason)
    return unit.number


def join(case: Case, conversation: ConversationRecord) -> int:
    """Add the mail to its conversation; returns the conversation's number."""
    who = people.correspondent_of(case)
    unit = _unit(case, conversation, who)
    kind = case.reading.verdict.kind
    thanks = _is_mere_thanks(case, unit)
    attended = not thanks and (kind not in UNATTENDED or _is_doubtful_spam(case, unit))
    if case.decision.pending_party:
        stranger = people.add_stranger(case, unit) or "somebody without an address"
        unit.record("party.pending", f"{stranger} holds a reply address but is a stranger")
    elif kind not in UNATTENDED:
        people.add_later_parties(case, unit, who)
    before = unit.conversation.state
    if unit.quiet:
        _move_end(unit)
    elif attended:
        _customer_wrote(case, unit)
        if unit.promises.policy is not None and not _says_thanks(case):
            unit.promises.wait()
    message = _add_message(case, unit, case.reading.mail.author or people.author_of(case, who))
    case.link(unit.number)
    if not attended:
        what = "nothing but thanks" if thanks else kind.value
        unit.record("message.received", f"{what}: the conversation stays {before}")
        _finish(unit)
        return unit.number
    unit.record("message.received", f"from {shown_author(case.reading.mail.author)}")
    reason = f"{shown_author(case.reading.mail.author)} wrote."
    if case.decision.pending_party:
        reason += " This sender is a stranger to the conversation and gets no copies of answers."
    if (other := people.asks_for_another(case, unit, who)) is not None:
        unit.record("reply_to.noted", f"answers are asked for at {other}")
        reason += f" Answers are asked for at {other.address}; they go where they went before."
    if kind is Kind.SPAM:
        reason += " A filter on the way calls this mail spam."
    _react(case, unit, message, "message.received", reason)
    return unit.number


def _is_blocked(case: Case, person: Address) -> bool:
    """Whether an agent has blocked the mail's author, or whom its answers go to."""
    author = case.reading.mail.author
    return blocked.is_blocked(case.connection, person.address, author.address if author else "")


def _is_doubtful_spam(case: Case, unit: Unit) -> bool:
    """Whether a filter calls spam what a party writes: its mistake would cost us an answer."""
    is_spam = case.reading.verdict.kind is Kind.SPAM
    known = unit.conversation.state != ConversationState.SPAM.value
    return is_spam and known and not case.decision.pending_party


def _is_mere_thanks(case: Case, unit: Unit) -> bool:
    """Whether a closed conversation gets a word of thanks, which asks for nothing."""
    if unit.conversation.state != ConversationState.CLOSED.value or case.decision.pending_party:
        return False
    return not case.desk.mailbox.reopen_on_thanks and _says_thanks(case)


def _says_thanks(case: Case) -> bool:
    """Whether the mail is a word of thanks and nothing else."""
    mail = case.reading.mail
    if any(not each.inline for each in mail.attachments):
        return False
    agents = case.shop.config.agents
    names = [each.shown for each in agents] + [
        case.desk.shown,
        mail.author.name if mail.author else "",
    ]
    return is_mere_thanks(mail.reply_text, names)


def _from_an_agent(who: Correspondent) -> str:
    """Return what agents are told of a mail that an agent seems to have sent to the shop."""
    said = "New conversation, from an agent's address without proof: no customer wrote it."
    if who.address is None:
        return f"{said} Who is the customer? Answer with #to and the address."
    return f"{said} An answer goes to {who.address.address}."


def _unit(case: Case, conversation: ConversationRecord, who: Correspondent) -> Unit:
    """Begin the work; history names a writer by address, for anybody can bear an agent's name."""
    author = case.reading.mail.author
    unit = case.unit(conversation, author.address if author else "somebody")
    unit.may_drop = True
    unit.elided_text = case.reading.mail.elided_text
    address = who.address.address if who.address else None
    unit.traces[0]["read"]["answers_to"] = {"address": address, "why": who.why}
    return unit


def _opened_by(who: Correspondent, new: bool) -> str:
    if who.address is None:
        return f"by nobody who could be answered: {who.why}"
    field = "" if who.why == "From" else f" ({who.why})"
    return f"by {who.address}{field}" + (" (new contact)" if new else "")


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
    also = ("message.received",) if event == "conversation.opened" else ()
    if event == "conversation.opened" and before == ConversationState.OPEN.value:
        also = (*also, "open")

    def attribute(person: Address) -> MessageRecord:
        """Let the mail be that of the person whom a rule takes for its author."""
        answerable = people.may_answer(case, person)
        return attribution.attribute(unit.connection, message, person, answerable=answerable)

    opening = event == "conversation.opened"
    facts = of_mail(case, unit, opening=opening)
    ruled = ruling.run_event(unit, event, facts, message, also, attribute if opening else None)
    message = ruled or message
    if case.reading.verdict.kind not in _FILED_ONLY:
        reason += people.in_copy(unit)
        if unit.conversation.state not in _UNTOLD and not waits(unit):
            tell_audience(unit, reason)
        send_notifications(unit, message)
        reach("customer.notified")
    _finish(unit)


def _finish(unit: Unit) -> None:
    unit.told.clear()
    unit.finish()


def _add_message(case: Case, unit: Unit, author: Address) -> MessageRecord:
    mail, verdict = case.reading.mail, case.reading.verdict
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
    reach("customer.message")
    if verdict.kind not in UNATTENDED and not case.sent_by_us:
        contacts.mark_bounced(case.connection, author.address, None)  # somebody is there again
    case.remember_ids(unit.number)
    unit.touch()
    return messages.stored(number, new)
