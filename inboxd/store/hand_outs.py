"""How conversations are handed out in their teams: which wait for it, and whose turn it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import HandOut, SlaTarget, Turn
from inboxd.store.sla import IS_ACTIVE
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import Conversation, Message, table_of

_HAND_OUT = table_of(HandOut)
_TURN = table_of(Turn)
_CONVERSATION = table_of(Conversation)
_MESSAGE = table_of(Message)
_TARGET = table_of(SlaTarget)

BY_HAND = ""

_INSERT = insert(_HAND_OUT)
_SET = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["conversation"],
        set_={
            **{
                name: _INSERT.excluded[name]
                for name in ("team", "strategy", "skill", "actor", "since")
            },
            "times": _HAND_OUT.c.times + 1,
        },
    ),
    ["conversation", "team", "strategy", "skill", "actor", "since", "times"],
)
_LEAVE = Statement(
    sa.update(_HAND_OUT)
    .where(_HAND_OUT.c.conversation == sa.bindparam("which"), _HAND_OUT.c.strategy != BY_HAND)
    .values(strategy=BY_HAND)
)
_COUNT = Statement(
    sa.update(_HAND_OUT)
    .where(_HAND_OUT.c.conversation == sa.bindparam("which"))
    .values(times=_HAND_OUT.c.times + 1)
)
_OF = Statement(sa.select(_HAND_OUT).where(_HAND_OUT.c.conversation == sa.bindparam("which")))
# Literals: SQLite takes a partial index only for a condition that it can read.
_IS_QUEUED = sa.text(
    "conversation.state = 'open' AND conversation.assignee IS NULL"
    " AND conversation.team IS NOT NULL"
)
_ANSWER, _WROTE = _MESSAGE.alias("answer"), _MESSAGE.alias("wrote")
_LAST_ANSWER = (
    sa.select(sa.func.max(_ANSWER.c.id))
    .where(
        _ANSWER.c.conversation == _CONVERSATION.c.number,
        _ANSWER.c.direction == "outbound",
        _ANSWER.c.kind == "agent",
    )
    .correlate(_CONVERSATION)
    .scalar_subquery()
)
_WAITS_SINCE = (
    sa.select(sa.func.min(_WROTE.c.created_at))
    .where(
        _WROTE.c.conversation == _CONVERSATION.c.number,
        _WROTE.c.direction == "inbound",
        _WROTE.c.id > sa.func.coalesce(_LAST_ANSWER, 0),
    )
    .correlate(_CONVERSATION)
    .scalar_subquery()
)
_PROMISED = (
    sa.select(sa.func.min(_TARGET.c.due_at))
    .where(_TARGET.c.conversation == _CONVERSATION.c.number, IS_ACTIVE)
    .correlate(_CONVERSATION)
    .scalar_subquery()
)
_WAITING = Statement(
    sa.select(_HAND_OUT)
    .join(_CONVERSATION, _CONVERSATION.c.number == _HAND_OUT.c.conversation)
    .where(_IS_QUEUED, _CONVERSATION.c.team == _HAND_OUT.c.team, _HAND_OUT.c.strategy != BY_HAND)
    .order_by(
        _PROMISED.asc().nulls_last(),
        sa.func.coalesce(_WAITS_SINCE, _CONVERSATION.c.created_at),
        _HAND_OUT.c.conversation,
    )
)
_LOADS = Statement(
    sa.select(_CONVERSATION.c.assignee, sa.func.count())
    .where(
        sa.text("conversation.state = 'open' AND conversation.assignee IS NOT NULL"),
        _CONVERSATION.c.number != sa.bindparam("but"),
    )
    .group_by(_CONVERSATION.c.assignee)
)
_TURNS = Statement(sa.select(_TURN.c.agent, _TURN.c.turn).where(_TURN.c.team == sa.bindparam("of")))
_INSERT_TURN = insert(_TURN)
_TAKE_TURN = Statement(
    _INSERT_TURN.on_conflict_do_update(
        index_elements=["team", "agent"], set_={"turn": _INSERT_TURN.excluded.turn}
    ),
    ["team", "agent", "turn"],
)
_UNANSWERED = Statement(
    sa.select(_CONVERSATION.c.number)
    .where(
        sa.text("conversation.state = 'open' AND conversation.assignee IS NOT NULL"),
        _CONVERSATION.c.assignee == sa.bindparam("whose"),
        each_of(_CONVERSATION.c.team, "teams"),
        _WAITS_SINCE.is_not(None),
    )
    .order_by(_CONVERSATION.c.number)
    .limit(sa.bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class HandOutRecord:
    """How a conversation is handed out in a team; `strategy` is empty where people do it by hand.

    `actor` is who wants it so, `times` how often it was put into the queue or handed out.
    """

    conversation: int
    team: str
    strategy: str
    skill: str | None
    actor: str
    since: datetime
    times: int


def set_way(
    connection: sa.Connection,
    conversation: int,
    team: str,
    strategy: str,
    skill: str | None,
    actor: str,
    now: datetime,
) -> None:
    """Remember how a conversation is handed out in its team, from now on and when it comes back."""
    _SET.run(
        connection,
        {
            "conversation": conversation,
            "team": team,
            "strategy": strategy,
            "skill": skill,
            "actor": actor,
            "since": now,
            "times": 1,
        },
    )


def leave_to_people(connection: sa.Connection, conversation: int) -> None:
    """Let nobody be chosen any more: people have decided where the conversation belongs."""
    _LEAVE.run(connection, {"which": conversation})


def count(connection: sa.Connection, conversation: int) -> None:
    """Count that a conversation was handed out, so that each time has a name of its own."""
    _COUNT.run(connection, {"which": conversation})


def of(connection: sa.Connection, conversation: int) -> HandOutRecord | None:
    """Return how a conversation is handed out, or None where nobody has ever said."""
    row = _OF.first(connection, {"which": conversation})
    return None if row is None else _record(row)


def waiting(connection: sa.Connection) -> list[HandOutRecord]:
    """Return what waits to be handed out: the nearest promise first, then the longest wait."""
    return [_record(row) for row in _WAITING.all(connection, {})]


def loads(connection: sa.Connection, but: int = 0) -> dict[str, int]:
    """Return how many open conversations each agent has, conversation `but` left out."""
    return {row[0]: row[1] for row in _LOADS.all(connection, {"but": but})}


def turns(connection: sa.Connection, team: str) -> dict[str, int]:
    """Return the last turn of each agent of a team who has had one; a later turn is higher."""
    return {row.agent: row.turn for row in _TURNS.all(connection, {"of": team})}


def take_turn(connection: sa.Connection, team: str, agent: str, known: Mapping[str, int]) -> int:
    """Let an agent have had the team's latest turn, `known` being `turns`; returns it."""
    turn = max(known.values(), default=0) + 1
    _TAKE_TURN.run(connection, {"team": team, "agent": agent, "turn": turn})
    return turn


def unanswered(
    connection: sa.Connection, agent: str, teams: Sequence[str], limit: int
) -> list[int]:
    """Return an agent's open conversations of `teams` whose customer has had the last word."""
    values = {"whose": agent, "teams": json.dumps(list(teams)), "limit": limit}
    return [row.number for row in _UNANSWERED.all(connection, values)]


def move(connection: sa.Connection, gone: int, into: int) -> None:
    """Let a conversation be handed out as the one that is merged into it, if nobody said how."""
    if of(connection, into) is None and (known := of(connection, gone)) is not None:
        way = (known.team, known.strategy, known.skill, known.actor, known.since)
        set_way(connection, into, *way)


def _record(row: Any) -> HandOutRecord:
    return HandOutRecord(
        row.conversation, row.team, row.strategy, row.skill, row.actor, row.since, row.times
    )
