"""What rules have done in a conversation, as far as that decides what they may do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import RuleActions, RuleOnce
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_ONCE = table_of(RuleOnce)
_ACTIONS = table_of(RuleActions)

_HAVE_ACTED = Statement(
    sa.select(_ONCE.c.rule).where(_ONCE.c.conversation == sa.bindparam("number"))
)
_ADD_ONCE = Statement(
    insert(_ONCE).on_conflict_do_nothing(index_elements=["conversation", "rule"]),
    ["conversation", "rule", "at"],
)
_COUNTED = Statement(sa.select(_ACTIONS).where(_ACTIONS.c.conversation == sa.bindparam("number")))
_INSERT = insert(_ACTIONS)
_COUNT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["conversation"],
        set_={"since": _INSERT.excluded.since, "counts": _INSERT.excluded.counts},
    ),
    ["conversation", "since", "counts"],
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many actions of each rule were carried out in a conversation since a moment."""

    since: datetime
    counts: Mapping[str, int]


def have_acted(connection: sa.Connection, conversation: int) -> frozenset[str]:
    """Return the rules that act once in a conversation and have done so."""
    return frozenset(row.rule for row in _HAVE_ACTED.all(connection, {"number": conversation}))


def add_acted(
    connection: sa.Connection, conversation: int, rules: Iterable[str], at: datetime
) -> None:
    """Remember that these rules have acted, for good."""
    rows = [{"conversation": conversation, "rule": rule, "at": at} for rule in rules]
    _ADD_ONCE.run_many(connection, rows)


def move(connection: sa.Connection, gone: int, into: int) -> None:
    """Let what has acted in conversation `gone`, which was merged, have acted in `into`."""
    rows = connection.execute(sa.select(_ONCE).where(_ONCE.c.conversation == gone)).all()
    for row in rows:
        add_acted(connection, into, [row.rule], row.at)


def counted(connection: sa.Connection, conversation: int) -> Counted | None:
    """Return what was counted last in a conversation, or None."""
    row = _COUNTED.first(connection, {"number": conversation})
    return None if row is None else Counted(row.since, row.counts)


def count(connection: sa.Connection, conversation: int, counted: Counted) -> None:
    """Keep how much was counted."""
    values = {"since": counted.since, "counts": dict(counted.counts)}
    _COUNT.run(connection, {"conversation": conversation, **values})
