"""Reports on our own mail: a line in their conversation, which they never reopen."""

from __future__ import annotations

from inboxd.conversations.tokens import Purpose
from inboxd.desk import ruling
from inboxd.desk.case import Case, send_notifications, tell_audience
from inboxd.desk.trouble import alert
from inboxd.mail.model import BouncedRecipient, Kind
from inboxd.store import contacts, conversations, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import NewEvent


def take(case: Case, conversation: ConversationRecord | None) -> int | None:
    """File a report; returns its conversation's number, or None where there is none."""
    if case.reading.verdict.kind is Kind.FEEDBACK:
        return _take_complaint(case, conversation)
    bounce = case.reading.verdict.bounce
    recipients = bounce.recipients if bounce else ()
    text = "; ".join(_line(each) for each in recipients[:10]) or "no recipient is named"
    failed = [each for each in recipients if each.action == "failed"]
    if conversation is not None:
        _mark_bounced(case, conversation, failed)
    kind = _kind(case, failed)
    if conversation is None:
        _note_alone(case, kind, text)
        return None
    unit = case.unit(conversation, "mail system")
    unit.record(kind, text)
    if failed and not unit.quiet:
        if _for_agent(case):
            _alert_admin(case, conversation.number, text)
        else:
            tell_audience(unit, f"Our mail could not be delivered: {text}.")
            unit.happened("bounce.received")
            last = messages.last_inbound(case.connection, unit.number)
            ruling.follow(unit, last)
            send_notifications(unit, None)
    unit.finish()
    return conversation.number


def _take_complaint(case: Case, conversation: ConversationRecord | None) -> int | None:
    """Somebody's provider calls our mail unwanted (RFC 5965): nothing automatic goes there now.

    It often hides whose complaint it is; then the conversation's contact is taken at their word.
    """
    if conversation is None:
        _note_alone(case, "complaint.received", "about mail of no conversation here")
        return None
    found = conversations.people(case.connection, [conversation.number])[conversation.number]
    named = case.reading.verdict.about.recipients if case.reading.verdict.about else ()
    people = [each for each in named if each.casefold() in found]
    people = people or [conversation.contact_address]
    for each in people:
        contacts.mark_bounced(case.connection, each, case.now)
    text = f"mail to {', '.join(people)} was called unwanted: no automatic mail goes there"
    unit = case.unit(conversation, "mail system")
    unit.record("complaint.received", text)
    if not unit.quiet:
        tell_audience(unit, f"The customer's provider complains: {text}.")
        send_notifications(unit, None)
    unit.finish()
    return conversation.number


def _note_alone(case: Case, kind: str, text: str) -> None:
    """Keep a report on mail of which there is no conversation any more."""
    event = NewEvent(case.now, None, "inboxd", kind, text, case.entry.id)
    messages.add_events(case.connection, [event])


def _mark_bounced(
    case: Case, conversation: ConversationRecord, failed: list[BouncedRecipient]
) -> None:
    """Believe a report only on those whom we write to there: anybody can write a report."""
    found = conversations.parties(case.connection, [conversation.number])
    parties = {party.address for party in found[conversation.number]}
    for each in failed:
        if each.address.casefold() in parties:
            contacts.mark_bounced(case.connection, each.address, case.now)


def _kind(case: Case, failed: list[BouncedRecipient]) -> str:
    if case.reading.verdict.kind is Kind.RECEIPT:
        return "delivery.receipt"
    return "delivery.failed" if failed else "delivery.delayed"


def _line(recipient: BouncedRecipient) -> str:
    status = f" ({recipient.status})" if recipient.status else ""
    return f"{recipient.address}: {recipient.action}{status}"


def _for_agent(case: Case) -> bool:
    """Whether the report is on a mail to an agent, by the token that the mail's sender bore."""
    key = case.shop.key
    return any(
        found.token.purpose is Purpose.BOUNCE and key.is_for(found.token, f"agent:{agent.name}")
        for found in case.reading.keys.tokens
        for agent in case.shop.config.agents
    )


def _alert_admin(case: Case, number: int, text: str) -> None:
    alert(
        case.connection,
        case.shop,
        case.now,
        key=f"agent-bounce:{text[:80]}",
        title="A notification did not reach an agent",
        summary="An agent's mail server refused a notification for good.",
        details=(("conversation", f"#{number}"), ("report", text)),
        advice="Check the agent's address in the configuration.",
    )
