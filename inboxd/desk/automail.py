"""Whether automatic mail may go to a conversation's contact (RFC 3834).

Caps for one address do not stop another program that writes each time under another address. Two
more questions do: does the mail answer automatic mail of ours that went to somebody else, and have
many addresses that nobody knew turned up at one domain?
"""

from __future__ import annotations

from inboxd.desk.shared_domains import is_shared
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.store import auto_sent, contacts
from inboxd.store.messages import MessageRecord


def refusal(
    unit: Unit, rule: str, last_inbound: MessageRecord | None, *, repeat: bool = False
) -> str | None:
    """Return why no automatic mail may be sent for `rule`, or None where it may.

    Without `repeat`, a rule answers once in a conversation.

    `last_inbound` is the mail that it would answer, or that came last from the customer. The admin
    is told where a whole domain is not answered any more.
    """
    address = unit.conversation.contact_address
    if unit.quiet:
        return "history is never answered"
    if unit.no_auto_reply:
        return unit.no_auto_reply
    if last_inbound is None:
        return "there is no mail that it would answer"
    if not last_inbound.answerable:
        return f"the last mail ({last_inbound.kind}) must not be answered automatically"
    if unit.shop.addresses.owns(address) or address.casefold() in unit.shop.agent_addresses:
        return f"{address} is one of our own"
    known = contacts.find(unit.connection, address)
    if known is not None and known.bounced_at is not None:
        return f"mail to {address} has bounced, or was complained about"
    if not repeat and auto_sent.has_answered(unit.connection, unit.number, rule):
        return "this rule has answered in this conversation before"
    return _over_cap(unit, address, rule) or _other_machine(unit, address)


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


def _other_machine(unit: Unit, address: str) -> str | None:
    """Return why `address` looks like one of many that one program writes under, or None."""
    other = auto_sent.named_automatic_mail(unit.connection, unit.number, unit.now)
    if other is not None and auto_sent.correspondent(other) != auto_sent.correspondent(address):
        return f"it answers automatic mail that went to {other}"
    return _over_domain_cap(unit, address)


def _over_domain_cap(unit: Unit, address: str) -> str | None:
    """Return why the domain gets no more, or None.

    Not counted are people known for more than a day, domains that unrelated people share, and
    domains where the shop has written to as many people as the cap of an hour allows.
    """
    caps = unit.shop.config.auto_mail
    domain = address.rpartition("@")[2].casefold()
    if is_shared(domain, caps.shared_domains):
        return None
    counts = auto_sent.new_at_domain(unit.connection, address, unit.now)
    if counts.hour >= caps.per_domain_hour:
        why = f"{caps.per_domain_hour} new addresses of {domain} an hour"
    elif counts.day >= caps.per_domain_day:
        why = f"{caps.per_domain_day} new addresses of {domain} a day"
    else:
        return None
    if not auto_sent.is_newcomer(unit.connection, address, unit.now):
        return None
    if auto_sent.answered_at_domain(unit.connection, address) >= caps.per_domain_hour:
        return None
    _tell_admin(unit, domain, why)
    return why


def _tell_admin(unit: Unit, domain: str, why: str) -> None:
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"auto_mail:{domain}",
        title=f"Automatic mail to {domain} is held back",
        summary=(
            "Many addresses that nobody knew have been answered automatically there. It may be "
            "another program that answers ours, under another address each time."
        ),
        details=(("domain", domain), ("held back after", why), ("conversation", f"#{unit.number}")),
        advice=(
            "Nothing is lost: mail from there is filed and agents hear of it. If people have their "
            "addresses there, name the domain in auto_mail.shared_domains."
        ),
    )
