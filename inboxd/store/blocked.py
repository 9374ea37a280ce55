"""Addresses whose mail is spam because an agent said so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from inboxd.store.desk_tables import BlockedSender
from inboxd.store.statements import Statement, each_of
from inboxd.store.tables import table_of

_BLOCKED = table_of(BlockedSender)
_ADD = Statement(
    insert(_BLOCKED).on_conflict_do_nothing(index_elements=["address"]),
    ["address", "agent", "at"],
)
_REMOVE = Statement(sa.delete(_BLOCKED).where(_BLOCKED.c.address == sa.bindparam("which")))
_AMONG = Statement(sa.select(_BLOCKED.c.address).where(each_of(_BLOCKED.c.address, "wanted")))


@dataclass(frozen=True, slots=True)
class BlockedRecord:
    """An address (case-folded), who blocked it, and when."""

    address: str
    agent: str
    at: datetime


def add(connection: sa.Connection, address: str, agent: str, at: datetime) -> bool:
    """Block `address`; returns False where it was blocked already."""
    values = {"address": address.casefold(), "agent": agent, "at": at}
    return bool(_ADD.run(connection, values).rowcount)


def remove(connection: sa.Connection, address: str) -> bool:
    """Take mail from `address` again; returns False where it was not blocked."""
    return bool(_REMOVE.run(connection, {"which": address.casefold()}).rowcount)


def is_blocked(connection: sa.Connection, *addresses: str) -> bool:
    """Return whether one of `addresses` (compared case-folded) is blocked."""
    return bool(among(connection, addresses))


def among(connection: sa.Connection, addresses: Iterable[str]) -> frozenset[str]:
    """Return those of `addresses` that are blocked, case-folded."""
    wanted = json.dumps([each.casefold() for each in addresses])
    return frozenset(row.address for row in _AMONG.all(connection, {"wanted": wanted}))


def listing(connection: sa.Connection) -> list[BlockedRecord]:
    """Return all blocked addresses, by the alphabet."""
    rows = connection.execute(sa.select(_BLOCKED).order_by(_BLOCKED.c.address))
    return [BlockedRecord(row.address, row.agent, row.at) for row in rows]
