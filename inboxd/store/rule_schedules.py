"""When rules are due by their schedules: rows, so that a restart neither loses nor repeats one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import RuleSchedule
from inboxd.store.statements import Statement
from inboxd.store.tables import Conversation, table_of

_SCHEDULE = table_of(RuleSchedule)
_CONVERSATION = table_of(Conversation)
_ALL = Statement(sa.select(_SCHEDULE))
_INSERT = insert(_SCHEDULE)


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """When a rule is due next in a mailbox; see the table."""

    rule: str
    mailbox: str
    expression: str
    due_at: datetime
    reached: int = 0


def listing(connection: sa.Connection) -> list[ScheduleRecord]:
    """Return all rows."""
    return [
        ScheduleRecord(row.rule, row.mailbox, row.expression, row.due_at, row.reached)
        for row in _ALL.all(connection, {})
    ]


def save(connection: sa.Connection, record: ScheduleRecord) -> None:
    """Write when a rule is due, in the place of what stood there."""
    values = {
        "expression": record.expression,
        "due_at": record.due_at,
        "reached": record.reached,
    }
    connection.execute(
        _INSERT.values(rule=record.rule, mailbox=record.mailbox, **values).on_conflict_do_update(
            index_elements=["rule", "mailbox"], set_=values
        )
    )


def remove(connection: sa.Connection, record: ScheduleRecord) -> None:
    """Forget a rule that is gone, or has no schedule any more."""
    connection.execute(
        sa.delete(_SCHEDULE).where(
            _SCHEDULE.c.rule == record.rule, _SCHEDULE.c.mailbox == record.mailbox
        )
    )


def next_due_at(connection: sa.Connection) -> datetime | None:
    """Return when the next rule is due, or None where none has a schedule."""
    return connection.execute(sa.select(sa.func.min(_SCHEDULE.c.due_at))).scalar()


def conversations(
    connection: sa.Connection, mailbox: str, states: tuple[str, ...], after: int, limit: int
) -> list[int]:
    """Return the next conversations of a mailbox, by their numbers, that are in one of `states`."""
    query = (
        sa.select(_CONVERSATION.c.number)
        .where(
            _CONVERSATION.c.mailbox == mailbox,
            _CONVERSATION.c.state.in_(states),
            _CONVERSATION.c.number > after,
        )
        .order_by(_CONVERSATION.c.number)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())
