"""Whether automatic mail may go to a conversation's contact (RFC 3834)."""

from __future__ import annotations

from inboxd.desk.unit import Unit
from inboxd.store import auto_sent, contacts
from inboxd.store.messages import MessageRecord


def refusal(unit: Unit, rule: str, last_inbound: MessageRecord | None) -> str | None:
    """Return why no automatic mail may be sent for `rule`, or None where it may.

    `last_inbound` is the mail that it would answer, or that came last from the customer.
    """
    address = unit.conversation.contact_address
    if unit.quiet:
        return "history is never answered"
    if last_inbound is None:
        return "there is no mail that it would answer"
    if not last_inbound.answerable:
        return f"the last mail ({last_inbound.kind}) must not be answered automatically"
    if unit.shop.addresses.owns(address) or address.casefold() in unit.shop.agent_addresses:
        return f"{address} is one of our own"
    known = contacts.find(unit.connection, address)
    if known is not None and known.bounced_at is not None:
        return f"mail to {address} has bounced"
    return _over_cap(unit, address, rule)


def _over_cap(unit: Unit, address: str, rule: str) -> str | None:
    caps = unit.shop.config.auto_mail
    counts = auto_sent.auto_counts(unit.connection, address, unit.number, rule, unit.now)
    if counts.same_rule_day:
        return "this rule has answered in this conversation within a day"
    if counts.conversation_day >= caps.per_conversation_day:
        return f"{caps.per_conversation_day} automatic mails a conversation a day"
    if counts.recipient_hour >= caps.per_recipient_hour:
        return f"{caps.per_recipient_hour} automatic mails a recipient an hour"
    if counts.recipient_day >= caps.per_recipient_day:
        return f"{caps.per_recipient_day} automatic mails a recipient a day"
    return None
