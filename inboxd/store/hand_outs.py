"""How conversations are handed out in their teams: which wait for it, and whose turn it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import HandOut, Turn
from inboxd.store.statements import Statement
from inboxd.store.tables import Conversation, table_of

_HAND_OUT = table_of(HandOut)
_TURN = table_of(Turn)
_CONVERSATION = table_of(Conversation)

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
# The indexes are named, since SQLite would rather read all that is open.
_ANSWERED = (
    "SELECT max(answer.id) FROM message AS answer WHERE answer.conversation = conversation.number"
    " AND answer.direction = 'outbound' AND answer.kind = 'agent'"
)
_WAITS_SINCE = (
    "SELECT min(wrote.created_at) FROM message AS wrote"  # noqa: S608 - of constants alone
    " WHERE wrote.conversation = conversation.number AND wrote.direction = 'inbound'"
    f" AND wrote.id > coalesce(({_ANSWERED}), 0)"
)
_PROMISED = (
    "SELECT min(sla_target.due_at) FROM sla_target"
    " WHERE sla_target.conversation = conversation.number"
    " AND sla_target.state IN ('running', 'paused')"
)
_COLUMNS = ", ".join(f"hand_out.{each.name}" for each in _HAND_OUT.c)
_QUEUED = (
    " FROM conversation INDEXED BY conversation_queue"
    " JOIN hand_out ON hand_out.conversation = conversation.number"
    " AND hand_out.team = conversation.team AND hand_out.strategy <> ''"
    " WHERE conversation.state = 'open' AND conversation.assignee IS NULL"
    " AND conversation.team IS NOT NULL"
)
_COUNTS = Statement(
    sa.text(
        f"SELECT conversation.team, count(*) AS waiting {_QUEUED} GROUP BY conversation.team"
    ).columns(_CONVERSATION.c.team, sa.column("waiting", sa.Integer))
)
_WAITING = Statement(
    sa.text(
        f"SELECT {_COLUMNS} {_QUEUED}"  # noqa: S608 - of constants alone
        " AND conversation.team IN (SELECT value FROM json_each(:teams))"
        f" ORDER BY ({_PROMISED}) NULLS LAST,"
        f" coalesce(({_WAITS_SINCE}), conversation.created_at), conversation.number"
    ).columns(*_HAND_OUT.c)
)
_LOADS = Statement(
    sa.text(
        "SELECT conversation.assignee, count(*) AS open"
        " FROM conversation INDEXED BY conversation_load"
        " WHERE conversation.state = 'open' AND conversation.assignee IS NOT NULL"
        " AND conversation.number <> :but GROUP BY conversation.assignee"
    ).columns(_CONVERSATION.c.assignee, sa.column("open", sa.Integer))
)
_UNANSWERED = Statement(
    sa.text(
        "SELECT conversation.number"  # noqa: S608 - of constants alone
        " FROM conversation INDEXED BY conversation_load"
        " WHERE conversation.state = 'open' AND conversation.assignee = :whose"
        " AND conversation.team IN (SELECT value FROM json_each(:teams))"
        f" AND ({_WAITS_SINCE}) IS NOT NULL ORDER BY conversation.number LIMIT :limit"
    ).columns(_CONVERSATION.c.number)
)
_TURNS = Statement(sa.select(_TURN.c.agent, _TURN.c.turn).where(_TURN.c.team == sa.bindparam("of")))
_INSERT_TURN = insert(_TURN)
_TAKE_TURN = Statement(
    _INSERT_TURN.on_conflict_do_update(
        index_elements=["team", "agent"], set_={"turn": _INSERT_TURN.excluded.turn}
    ),
    ["team", "agent", "turn"],
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


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many conversations wait to be handed out in each team that has some."""
    return {row.team: row.waiting for row in _COUNTS.all(connection, {})}


def waiting(connection: sa.Connection, teams: Iterable[str]) -> list[HandOutRecord]:
    """Return what waits to be handed out in `teams`: nearest promise first, then longest wait."""
    values = {"teams": json.dumps(list(teams))}
    return [_record(row) for row in _WAITING.all(connection, values)]


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
