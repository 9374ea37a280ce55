"""What automatic mail has been sent to people outside, for the caps (RFC 3834 section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from inboxd.store.statements import Statement
from inboxd.store.tables import (
    AutoSent,
    Contact,
    ContactAddress,
    Conversation,
    Link,
    Message,
    MessageRef,
    table_of,
)
from inboxd.store.types import UtcTime

_AUTO = table_of(AutoSent)
_ADDRESS = table_of(ContactAddress)
_CONTACT = table_of(Contact)
_CONVERSATION = table_of(Conversation)
_LINK = table_of(Link)
_MESSAGE = table_of(Message)
_REF = table_of(MessageRef)

_ADD_AUTO = Statement(sa.insert(_AUTO), ["at", "address", "domain", "conversation", "rule"])
_AUTO_COUNTS = Statement(
    sa.select(
        sa.func.count().filter(
            _AUTO.c.address == sa.bindparam("address"), _AUTO.c.at > sa.bindparam("hour")
        ),
        sa.func.count().filter(_AUTO.c.address == sa.bindparam("address")),
        sa.func.count().filter(_AUTO.c.conversation == sa.bindparam("conversation")),
        sa.func.count().filter(
            _AUTO.c.conversation == sa.bindparam("conversation"),
            _AUTO.c.address == sa.bindparam("address"),
            _AUTO.c.rule == sa.bindparam("rule"),
        ),
    ).where(
        _AUTO.c.at > sa.bindparam("day"),
        sa.or_(
            _AUTO.c.address == sa.bindparam("address"),
            _AUTO.c.conversation == sa.bindparam("conversation"),
        ),
    )
)


_HAS_ANSWERED = Statement(
    sa.select(_AUTO.c.id)
    .where(
        _AUTO.c.conversation == sa.bindparam("conversation"), _AUTO.c.rule == sa.bindparam("rule")
    )
    .limit(1)
)


def _is_at(column: Any) -> Any:
    """Return the condition that the address in `column` ends as `at_domain` does."""
    at_domain = sa.bindparam("at_domain", type_=sa.String)
    return sa.func.substr(column, -sa.func.length(at_domain)) == at_domain


_first_seen = sa.func.coalesce(_CONTACT.c.created_at, _AUTO.c.at)
_NEW_AT_DOMAIN = Statement(
    sa.select(
        sa.func.count(
            sa.distinct(
                sa.case((_AUTO.c.at > sa.bindparam("hour", type_=UtcTime), _AUTO.c.address))
            )
        ),
        sa.func.count(sa.distinct(_AUTO.c.address)),
    )
    .select_from(
        _AUTO.outerjoin(_ADDRESS, _ADDRESS.c.address == _AUTO.c.address).outerjoin(
            _CONTACT, _CONTACT.c.id == _ADDRESS.c.contact_id
        )
    )
    .where(
        _AUTO.c.at > sa.bindparam("day", type_=UtcTime),
        _AUTO.c.domain == sa.bindparam("domain"),
        _AUTO.c.address != sa.bindparam("address"),
        _first_seen > sa.bindparam("day", type_=UtcTime),
    )
)
_ANSWERED_AT_DOMAIN = Statement(
    sa.select(sa.func.count(sa.distinct(sa.func.lower(_CONVERSATION.c.contact_address)))).where(
        _is_at(sa.func.lower(_CONVERSATION.c.contact_address)),
        sa.exists(
            sa.select(_MESSAGE.c.id).where(
                _MESSAGE.c.conversation == _CONVERSATION.c.number,
                _MESSAGE.c.direction == "outbound",
                _MESSAGE.c.kind != "auto-reply",
            )
        ),
    )
)
_KNOWN_SINCE = Statement(
    sa.select(_CONTACT.c.created_at)
    .join(_ADDRESS, _ADDRESS.c.contact_id == _CONTACT.c.id)
    .where(_ADDRESS.c.address == sa.bindparam("wanted"))
)
_LINKED = sa.union_all(
    sa.select(_LINK.c.high).where(_LINK.c.low == sa.bindparam("conversation")),
    sa.select(_LINK.c.low).where(_LINK.c.high == sa.bindparam("conversation")),
)
_NAMED = Statement(
    sa.select(_CONVERSATION.c.contact_address)
    .join(_MESSAGE, _MESSAGE.c.conversation == _CONVERSATION.c.number)
    .where(
        _CONVERSATION.c.number.in_(_LINKED),
        _MESSAGE.c.direction == "outbound",
        _MESSAGE.c.kind == "auto-reply",
        _MESSAGE.c.created_at > sa.bindparam("day"),
        sa.exists(
            sa.select(_REF.c.ref).where(
                _REF.c.mailbox == _CONVERSATION.c.mailbox,
                _REF.c.ref == _MESSAGE.c.message_id,
                _REF.c.conversation == sa.bindparam("conversation"),
            )
        ),
    )
    .order_by(_MESSAGE.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class AutoCounts:
    """How much automatic mail somebody, and a conversation, got of late."""

    recipient_hour: int
    recipient_day: int
    conversation_day: int
    same_rule_day: int


@dataclass(frozen=True, slots=True)
class DomainCounts:
    """To how many new addresses of a domain automatic mail went of late."""

    hour: int
    day: int


def correspondent(address: str) -> str:
    """Return an address as automatic mail to it is counted: without a tag behind `+` (RFC 5233)."""
    local, at, domain = address.casefold().rpartition("@")
    return (local.partition("+")[0] or local) + at + domain


def auto_counts(
    connection: sa.Connection, address: str, conversation: int, rule: str, now: datetime
) -> AutoCounts:
    """Count the automatic mails to `address` and in `conversation` before `now`."""
    values = {
        "address": correspondent(address),
        "conversation": conversation,
        "rule": rule,
        "hour": now - timedelta(hours=1),
        "day": now - timedelta(days=1),
    }
    row = _AUTO_COUNTS.first(connection, values)
    assert row is not None  # an aggregate without groups has one row
    return AutoCounts(*row)


def has_answered(connection: sa.Connection, conversation: int, rule: str) -> bool:
    """Return whether automatic mail of `rule` has gone out in a conversation, however long ago."""
    values = {"conversation": conversation, "rule": rule}
    return _HAS_ANSWERED.scalar(connection, values) is not None


def new_at_domain(connection: sa.Connection, address: str, now: datetime) -> DomainCounts:
    """Count the other addresses of the domain that got automatic mail and are new to us.

    New is who is known for less than a day.
    """
    values = {
        "address": correspondent(address),
        "domain": _domain(address),
        "hour": now - timedelta(hours=1),
        "day": now - timedelta(days=1),
    }
    row = _NEW_AT_DOMAIN.first(connection, values)
    assert row is not None  # an aggregate without groups has one row
    return DomainCounts(*row)


def answered_at_domain(connection: sa.Connection, address: str) -> int:
    """Count the addresses of the domain of `address` whom somebody here has ever written to."""
    values = {"at_domain": f"@{_domain(address)}"}
    return int(_ANSWERED_AT_DOMAIN.scalar(connection, values) or 0)


def is_newcomer(connection: sa.Connection, address: str, now: datetime) -> bool:
    """Return whether the contact of `address` is known for less than a day, or not at all."""
    since = _KNOWN_SINCE.scalar(connection, {"wanted": address.casefold()})
    return since is None or since > now - timedelta(days=1)


def named_automatic_mail(connection: sa.Connection, conversation: int, now: datetime) -> str | None:
    """Return to whom the automatic mail of the last day went that a mail here answers, or None.

    It went out in another conversation: whoever wrote the mail is no party to that one.
    """
    values = {"conversation": conversation, "day": now - timedelta(days=1)}
    found = _NAMED.scalar(connection, values)
    return None if found is None else str(found)


def _domain(address: str) -> str:
    return address.casefold().rpartition("@")[2]


def add_auto(
    connection: sa.Connection, address: str, conversation: int, rule: str, at: datetime
) -> None:
    """Count one more automatic mail to somebody outside."""
    address = correspondent(address)
    row = {
        "at": at,
        "address": address,
        "domain": _domain(address),
        "conversation": conversation,
        "rule": rule,
    }
    _ADD_AUTO.run(connection, row)
