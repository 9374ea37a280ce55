"""Lists of conversations by what waits for whom, each list one query.

A conversation waits since it came into its state. An open one was promised an answer when it was
opened for the first time after it had last been settled (pending, closed or spam): neither a
snooze nor another mail of the customer's makes the promise younger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.store.conversations import ConversationRecord
from inboxd.store.desk_tables import SlaTarget
from inboxd.store.sla import IS_ACTIVE
from inboxd.store.tables import Contact, Conversation, Event, Merge, table_of
from inboxd.store.types import UtcTime

_CONVERSATION = table_of(Conversation)
_CONTACT = table_of(Contact)
_EVENT = table_of(Event)
_MERGE = table_of(Merge)
_TARGET = table_of(SlaTarget)
_CHANGE = _EVENT.alias("change")
_WAS_MERGED = sa.exists().where(_MERGE.c.gone == _CONVERSATION.c.number)


def _became(event: sa.FromClause, *states: str) -> sa.ColumnElement[bool]:
    """Return the condition that an event tells of a change into one of `states`."""
    # As `desk.actions.set_state` writes it.
    into = sa.or_(*(event.c.text.like(f"% → {state}%") for state in states))
    here = event.c.conversation == _CONVERSATION.c.number
    return sa.and_(here, event.c.kind == "state.changed", into)


_SETTLED = (
    sa.select(sa.func.max(_CHANGE.c.id))
    .where(_became(_CHANGE, "pending", "closed", "spam"))
    .correlate(_CONVERSATION)
    .scalar_subquery()
)
_OPENED = (
    sa.select(sa.func.min(_EVENT.c.at))
    .where(_became(_EVENT, "open"), _EVENT.c.id > sa.func.coalesce(_SETTLED, 0))
    .correlate(_CONVERSATION)
    .scalar_subquery()
)
_NEVER_SETTLED = _SETTLED.is_(None)
_PROMISED = sa.case(
    (_NEVER_SETTLED, _CONVERSATION.c.created_at),
    else_=sa.func.coalesce(_OPENED, _CONVERSATION.c.state_since),
)
_SINCE: sa.ColumnElement[datetime] = sa.type_coerce(
    sa.case((_CONVERSATION.c.state == "open", _PROMISED), else_=_CONVERSATION.c.state_since),
    UtcTime,
)


_ACTIVE = sa.and_(_TARGET.c.conversation == _CONVERSATION.c.number, IS_ACTIVE)
_DUE: sa.ColumnElement[datetime | None] = sa.type_coerce(
    sa.select(sa.func.min(_TARGET.c.due_at))
    .where(_ACTIVE)
    .correlate(_CONVERSATION)
    .scalar_subquery(),
    UtcTime,
)
_PROMISES_NOTHING = ~sa.exists().where(_ACTIVE)
# By the names of the columns, so that neither is worked out twice. What no policy promises counts
# as due a day after it began to wait.
_ORDER: sa.ColumnElement[int] = sa.literal_column("coalesce(due, since + 86400000000)")


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose conversations: those assigned to `agents`, and those that are nobody's.

    Nobody's count that belong to one of `teams`, or to no team in one of `mailboxes`.
    """

    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; an empty tuple lets everything pass.

    None among `assignees` and `teams` is nobody and no team. `until` is the last moment since which
    a conversation may have waited. With `overdue`, what is promised by a policy is listed where it
    was due at that moment, however long it waits.
    """

    states: tuple[str, ...]
    owners: Owners | None = None
    mailboxes: tuple[str, ...] = ()
    teams: tuple[str | None, ...] = ()
    assignees: tuple[str | None, ...] = ()
    any_tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    until: datetime | None = None
    overdue: datetime | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation of a list: its contact's name, since when it waits, and when it is due."""

    conversation: ConversationRecord
    contact_name: str
    since: datetime
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The first conversations of a list, and how many there are in all."""

    listed: tuple[Listed, ...]
    total: int


def find(connection: sa.Connection, wanted: Wanted, limit: int) -> Found:
    """Return the conversations: what is due first stands first, unless asked otherwise.

    What no policy promises counts as due a day after it began to wait. `newest_first` goes by how
    long they wait alone.
    """
    order = _SINCE.desc() if wanted.newest_first else _ORDER.asc()
    query = (
        sa.select(
            _CONVERSATION,
            _SINCE.label("since"),
            _DUE.label("due"),
            _CONTACT.c.name.label("contact_name"),
            sa.func.count().over().label("total"),
        )
        .join(_CONTACT, _CONTACT.c.id == _CONVERSATION.c.contact_id)
        .where(~_WAS_MERGED, *_conditions(wanted))
        .order_by(order, _CONVERSATION.c.number)
        .limit(limit)
    )
    rows = list(connection.execute(query))
    listed = tuple(Listed(_record(row), row.contact_name, row.since, row.due) for row in rows)
    return Found(listed, rows[0].total if rows else 0)


def _record(row: sa.Row[Any]) -> ConversationRecord:
    values = {column.name: row._mapping[column.name] for column in _CONVERSATION.c}
    return ConversationRecord(**{**values, "tags": tuple(values["tags"])})


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    of = _CONVERSATION.c
    found: list[sa.ColumnElement[bool]] = [of.state.in_(wanted.states)]
    if wanted.owners is not None:
        found.append(_belongs(wanted.owners))
    if wanted.mailboxes:
        found.append(of.mailbox.in_(wanted.mailboxes))
    if wanted.teams:
        found.append(_is_one_of(of.team, wanted.teams))
    if wanted.assignees:
        found.append(_is_one_of(of.assignee, wanted.assignees))
    if wanted.any_tags:
        found.append(_has_tag(wanted.any_tags))
    if wanted.no_tags:
        found.append(~_has_tag(wanted.no_tags))
    if wanted.priorities:
        found.append(of.priority.in_(wanted.priorities))
    if wanted.until is not None:
        waits = sa.bindparam("until", wanted.until, UtcTime) >= _SINCE
        if wanted.overdue is not None:
            late = sa.bindparam("overdue", wanted.overdue, UtcTime) >= _DUE
            waits = sa.or_(late, sa.and_(_PROMISES_NOTHING, waits))
        found.append(waits)
    return found


def _belongs(owners: Owners) -> sa.ColumnElement[bool]:
    of = _CONVERSATION.c
    theirs = sa.or_(
        of.team.in_(owners.teams), sa.and_(of.team.is_(None), of.mailbox.in_(owners.mailboxes))
    )
    return sa.or_(of.assignee.in_(owners.agents), sa.and_(of.assignee.is_(None), theirs))


def _is_one_of(
    column: sa.ColumnElement[str | None], names: tuple[str | None, ...]
) -> sa.ColumnElement[bool]:
    known = [name for name in names if name is not None]
    fits = column.in_(known)
    return sa.or_(fits, column.is_(None)) if None in names else fits


def _has_tag(tags: tuple[str, ...]) -> sa.ColumnElement[bool]:
    each = sa.func.json_each(_CONVERSATION.c.tags).table_valued("value")
    return sa.exists(sa.select(1).select_from(each).where(each.c.value.in_(tags)))
