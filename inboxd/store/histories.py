"""Who had a word in a conversation, and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Message, table_of

_MESSAGE = table_of(Message)

_COME_IN = _MESSAGE.c.direction == "inbound"
_ANSWERED = sa.and_(_MESSAGE.c.direction == "outbound", _MESSAGE.c.kind != "auto-reply")
_OF = Statement(
    sa.select(
        sa.func.count().label("mails"),
        sa.func.max(
            sa.case(
                (sa.and_(_COME_IN, ~each_of(_MESSAGE.c.kind, "unattended")), _MESSAGE.c.created_at)
            )
        ).label("customer_at"),
        sa.func.max(sa.case((_ANSWERED, _MESSAGE.c.created_at))).label("agent_at"),
    ).where(_MESSAGE.c.conversation == sa.bindparam("wanted"), _MESSAGE.c.direction != "note")
)


@dataclass(frozen=True, slots=True)
class Words:
    """How many mails a conversation has, in and out, and when either side last had a word."""

    mails: int
    customer_at: datetime | None
    agent_at: datetime | None


def of(connection: sa.Connection, conversation: int, unattended: Sequence[str]) -> Words:
    """Return who had a word in a conversation; mail of the kinds `unattended` is nobody's."""
    values = {"wanted": conversation, "unattended": json.dumps(list(unattended))}
    row = _OF.first(connection, values)
    assert row is not None  # an aggregate has one row
    return Words(row.mails, row.customer_at, row.agent_at)
