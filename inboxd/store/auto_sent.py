"""What automatic mail has been sent to people outside, for the caps (RFC 3834 section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.store.statements import Statement
from inboxd.store.tables import AutoSent, table_of

_AUTO = table_of(AutoSent)

_ADD_AUTO = Statement(sa.insert(_AUTO), ["at", "address", "conversation", "rule"])
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


@dataclass(frozen=True, slots=True)
class AutoCounts:
    """How much automatic mail somebody, and a conversation, got of late."""

    recipient_hour: int
    recipient_day: int
    conversation_day: int
    same_rule_day: int


def auto_counts(
    connection: sa.Connection, address: str, conversation: int, rule: str, now: datetime
) -> AutoCounts:
    """Count the automatic mails to `address` and in `conversation` before `now`."""
    values = {
        "address": address.casefold(),
        "conversation": conversation,
        "rule": rule,
        "hour": now - timedelta(hours=1),
        "day": now - timedelta(days=1),
    }
    row = _AUTO_COUNTS.first(connection, values)
    assert row is not None  # an aggregate without groups has one row
    return AutoCounts(*row)


def add_auto(
    connection: sa.Connection, address: str, conversation: int, rule: str, at: datetime
) -> None:
    """Count one more automatic mail to somebody outside."""
    row = {"at": at, "address": address.casefold(), "conversation": conversation, "rule": rule}
    _ADD_AUTO.run(connection, row)
