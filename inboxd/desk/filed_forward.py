"""A mail that reached an agent personally, filed by forwarding it: it becomes the customer's."""

from __future__ import annotations

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.subjects import subject_key
from inboxd.conversations.tags import Parsed, parse_tags
from inboxd.desk import actions, mailings, ruling
from inboxd.desk.case import Case, add_agents, send_notifications
from inboxd.desk.facts import of_message
from inboxd.desk.obey import QUESTIONS, obey
from inboxd.desk.people import is_ours
from inboxd.desk.shown import shown_subject
from inboxd.desk.unit import Unit, is_unassigned
from inboxd.desk.view_lists import is_supervisor, view_names
from inboxd.mail.forwarded import Forwarded
from inboxd.mail.model import Address, Kind
from inboxd.mail.quotes import split_reply
from inboxd.mail.senders import is_robot
from inboxd.store import contacts, conversations, messages
from inboxd.store.conversations import PartyRecord
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.templates.contexts import TagError

_WHO = (
    "Who is the customer? Answer this mail with a line such as #to jane@customer.example. Nothing"
    " is sent unless you write more than that."
)
_NOT_SENT = "a forwarded mail is filed, and nothing is sent with it; answer the notification"


def take(case: Case, agent: Agent, forwarded: Forwarded) -> int:
    """File a forwarded mail in a conversation of its own; returns the conversation's number.

    The caller has made sure that `agent` wrote it. Nothing is sent to the customer. With a mistake
    in a tag the mail is filed all the same, and no tag is obeyed.
    """
    parsed = parse_tags(
        split_reply(forwarded.words, None).reply_text.strip(), tag_context(case, agent)
    )
    named, errors = named_customer(case, parsed)
    errors = [*refusals(parsed), *_pointless(parsed), *errors]
    named = None if errors else named
    doubt = "" if named is not None else _doubt(case, forwarded)
    customer = named if named is not None or doubt else forwarded.sender
    unit = begin(case, agent.name, customer, forwarded.subject or case.reading.mail.subject)
    message = _add_message(case, unit, forwarded, customer)
    unit.promises.wait()
    add_agents(unit, [agent])
    if customer is not None:
        facts = of_message(unit.connection, message)
        also = ("message.received", "open")
        ruling.run_event(unit, "conversation.opened", facts, message, also)
    if unit.conversation.assignee is None and unit.conversation.team is None:
        actions.assign(unit, agent.name, None, by=agent.name)
    _do(unit, agent, parsed, errors, forwarded)
    if is_unassigned(unit.conversation):
        unit.happened("unassigned")
    ruling.follow(unit, message)
    if doubt:
        mailings.held(unit, agent, doubt, _WHO, forwarded.text, proven=True)
    else:
        unit.tell(agent.name, "You have forwarded it: it is filed, and nothing was sent.")
    send_notifications(unit, message)
    case.remember_ids(unit.number)
    conversations.add_refs(case.connection, case.desk.name, unit.number, None, forwarded.ids)
    unit.finish()
    return unit.number


def begin(case: Case, by: str, customer: Address | None, subject: str) -> Unit:
    """Open a conversation with `customer`, or with nobody yet; returns the work on it."""
    person = customer or Address("", "")
    contact, new = contacts.find_or_add(case.connection, person.address, person.name, case.now)
    record = conversations.add(
        case.connection,
        mailbox=case.desk.name,
        subject=shown_subject(subject),
        subject_key=subject_key(subject),
        contact_id=contact.id,
        contact_address=person.address,
        at=case.now,
    )
    unit = case.unit(record, by)
    unit.begin()
    unit.contact_name = contact.name
    if new and customer is not None:
        unit.happened("contact.created")
    whom = f", with {person.address}" if customer else ""
    unit.record("conversation.opened", f"by {by}{whom}")
    if customer is not None:
        party = PartyRecord(customer.key, contact.name, "contact")
        conversations.add_parties(case.connection, unit.number, [party])
    return unit


def tag_context(case: Case, agent: Agent) -> ask.TagContext:
    """Return what the tags of a mail are read against that begins a conversation.

    What is sent, or filed, goes with the tags: none of them is without an answer.
    """
    config = case.shop.config
    return ask.TagContext(
        agents=[each.name for each in config.agents],
        teams=list(config.teams),
        canned=list(case.shop.canned.names),
        me=agent.name,
        now=case.now,
        zone=config.zone(case.desk.mailbox, agent),
        calendar=case.shop.calendars.of_mailbox(case.desk.mailbox),
        has_files=True,
        views=view_names(config),
        supervisor=is_supervisor(agent),
    )


def named_customer(case: Case, parsed: Parsed) -> tuple[Address | None, list[TagError]]:
    """Return the first whom `#to` names (None: there is no such tag), and what is wrong with it."""
    to = [a for each in parsed.commands if isinstance(each, ask.To) for a in each.addresses]
    ours = [each for each in to if is_ours(case.shop, each)]
    if ours:
        return None, [TagError(f"#to {each}"[:100], "this address is ours") for each in ours]
    return (Address("", to[0]), []) if to else (None, [])


def refusals(parsed: Parsed) -> list[TagError]:
    """Return the mistakes in a mail's tags, for a receipt."""
    return [TagError(each.line, each.reason, each.suggestion or "") for each in parsed.errors]


def _pointless(parsed: Parsed) -> list[TagError]:
    """Return the tags that say how something is sent, where nothing is."""
    kinds = (ask.NoCopies, ask.SendAt, ask.Canned, ask.Forward, ask.Undo)
    names = {type(each).__name__ for each in parsed.commands if isinstance(each, kinds)}
    return [TagError(_TAGS[name], _NOT_SENT) for name in sorted(names)]


_TAGS = {
    "NoCopies": "#nocc",
    "SendAt": "#send",
    "Canned": "#canned",
    "Forward": "#forward",
    "Undo": "#undo",
}


def _doubt(case: Case, forwarded: Forwarded) -> str:
    """Return why it is not clear whose the mail is, or "" where it is."""
    if forwarded.sender is None:
        return forwarded.doubt
    address = forwarded.sender.address
    if is_ours(case.shop, address):
        return f"The mail that it forwards is from {address}, which is ours."
    if is_robot(address):
        return f"The mail that it forwards is from {address}, which nobody reads."
    return ""


def _add_message(
    case: Case, unit: Unit, forwarded: Forwarded, customer: Address | None
) -> MessageRecord:
    """Keep the forwarded text as the customer's; no automatic mail may ever answer it."""
    mail = case.reading.mail
    new = NewMessage(
        conversation=unit.number,
        direction="inbound",
        kind=Kind.CUSTOMER.value,
        author=customer or Address("", ""),
        subject=forwarded.subject or mail.subject,
        # Not the forward's own id: it is the agent's, and answers to the customer would name it.
        message_id=forwarded.ids[0] if forwarded.ids else None,
        date=mail.date,
        created_at=case.now,
        text=forwarded.text,
        answerable=False,
        journal_id=case.entry.id,
        attachments=mail.attachments,
    )
    number = messages.add(case.connection, new)
    unit.touch()
    return messages.stored(number, new)


def _do(
    unit: Unit, agent: Agent, parsed: Parsed, errors: list[TagError], forwarded: Forwarded
) -> None:
    """Obey the tags above a forwarded mail and keep the words beside them as a note."""
    if errors:
        unit.record("refused", "; ".join(f"{each.line}: {each.reason}" for each in errors)[:500])
        mailings.receipt(unit, agent, errors=errors, original=forwarded.words)
        return
    if parsed.body and not parsed.is_note:
        obey(unit, ask.Note(), agent, parsed.body)
    copied = [a for each in parsed.commands if isinstance(each, ask.Cc) for a in each.addresses]
    rows = [PartyRecord(each.casefold(), "", "cc") for each in copied]
    conversations.add_parties(
        unit.connection, unit.number, [row for row in rows if not is_ours(unit.shop, row.address)]
    )
    done, told = obeyed(unit, agent, parsed)
    if told or (done and unit.desk.mailbox.receipts == "all"):
        mailings.receipt(unit, agent, done=done, told=told)


def obeyed(unit: Unit, agent: Agent, parsed: Parsed) -> tuple[list[str], str]:
    """Obey the tags; returns what was done, and what the agent has asked to be told."""
    did = [(each, obey(unit, each, agent, parsed.body)) for each in parsed.acts]
    told = [text for each, text in did if isinstance(each, QUESTIONS)]
    return [text for each, text in did if not isinstance(each, QUESTIONS)], "\n\n".join(told)
