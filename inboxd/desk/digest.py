"""The numbered list of what waits for an agent: every morning by itself, and when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.config import Agent, Config
from inboxd.desk import view_lists
from inboxd.desk.digest_post import Post, desk_of
from inboxd.desk.digest_schedule import Due, due
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.desk.words import counted
from inboxd.failpoints import reach
from inboxd.store import absences, digests
from inboxd.store.db import Database, is_database_fault
from inboxd.store.statements import Savepoint
from inboxd.store.view_queries import Found, Listed
from inboxd.templates.contexts import DigestContext, DigestGroup, DigestLine

_log = structlog.get_logger(__name__)
_NOBODYS = "Nobody's yet"


def send_due(database: Database, shop: Shop, clock: Clock) -> int:
    """Send the digests whose time has come, each once; returns how many were dealt with.

    A digest without a line is not sent, and an agent who is away gets none; both count as dealt
    with. Raises `Transient` where the database cannot be used now.
    """
    wanted = due(shop.config, clock.now())
    if not wanted:
        return 0
    with database.read() as connection:
        if not _left(connection, wanted):
            return 0
    reach("digest.due")
    with database.write() as connection:
        left = _left(connection, wanted)
        for each in left:
            _send_or_give_up(connection, shop, each, clock.now())
            reach("digest.made")
    reach("digest.committed")
    return len(left)


def send_list(
    connection: sa.Connection, shop: Shop, agent: Agent, view: str | None, now: datetime
) -> int:
    """Send an agent the list of a view (None: what waits for the agent); returns its lines.

    An empty list is sent as well, for it was asked for. Raises `Permanent`, with the nearest name,
    where there is no such view.
    """
    found = view_lists.listed(connection, shop.config, view, agent, now)
    _send(connection, shop, agent, found, None, now, view)
    return len(found.listed)


def _left(connection: sa.Connection, wanted: Iterable[Due]) -> list[Due]:
    wanted = list(wanted)
    known = digests.known(connection, [(each.agent.name, each.day) for each in wanted])
    return [each for each in wanted if (each.agent.name, each.day) not in known]


def _send_or_give_up(connection: sa.Connection, shop: Shop, wanted: Due, now: datetime) -> None:
    """Send a digest; one that cannot be made is given up for the day, and the admin is told."""
    agent = wanted.agent
    try:
        with Savepoint(connection):
            sent = _send_digest(connection, shop, wanted, now)
    except Exception as error:  # one agent's fault must not keep the others' from being sent
        if is_database_fault(error):
            raise  # not the digest: it is tried again
        _log.error("digest.failed", agent=agent.name, error=type(error).__name__)
        digests.add(connection, agent.name, wanted.day, now, ())
        alert(
            connection,
            shop,
            now,
            key=f"digest:{agent.name}",
            title="A digest could not be made",
            summary="It is left out for today; the conversations themselves are not touched.",
            details=(("agent", agent.name), ("error", type(error).__name__)),
        )
    else:
        _log.info("digest.sent" if sent else "digest.empty", agent=agent.name, lines=sent)


def _send_digest(connection: sa.Connection, shop: Shop, wanted: Due, now: datetime) -> int:
    agent = wanted.agent
    view = agent.digest.view if agent.digest else None
    if agent.name in absences.current(connection, now):
        found = Found((), 0)
    else:
        found = view_lists.listed(connection, shop.config, view, agent, now)
    if found.listed:
        _send(connection, shop, agent, found, wanted.day, now, view)
    else:
        digests.add(connection, agent.name, wanted.day, now, ())
    return len(found.listed)


def _send(
    connection: sa.Connection,
    shop: Shop,
    agent: Agent,
    found: Found,
    day: date | None,
    now: datetime,
    view: str | None,
) -> None:
    """Record a list and queue its mail."""
    grouped = [("", list(found.listed))] if found.listed else []
    if view in (None, "team"):
        grouped = _grouped(shop.config, agent, found.listed)
    numbers = [each.conversation.number for _, group in grouped for each in group]
    number = digests.add(connection, agent.name, day, now, numbers)
    reach("digest.recorded")
    desk = desk_of(shop, agent)
    context = DigestContext(
        shop_name=desk.shown,
        title=_title(found, day, view),
        groups=_numbered(grouped, now, shop.config.zone(agent=agent)),
        left_out=found.total - len(found.listed),
        answerable=bool(desk.pattern.local),
    )
    Post(connection, shop, desk, agent, number, now).send("digest", context, f"digest:{number}")


def _title(found: Found, day: date | None, view: str | None) -> str:
    what = counted(found.total, "conversation")
    name = f" in {view}" if view else (" waits for you" if found.total == 1 else " wait for you")
    when = f", {day:%a %d %b}" if day else ""
    return f"{what}{name}{when}"


def _grouped(
    config: Config, agent: Agent, found: Iterable[Listed]
) -> list[tuple[str, list[Listed]]]:
    """Return the list by whom it waits for: the agent, each colleague, and nobody."""
    groups: dict[str | None, list[Listed]] = {agent.name: []}
    groups |= {each.name: [] for each in config.agents}
    for each in found:
        groups.setdefault(each.conversation.assignee, []).append(each)
    nobodys = groups.pop(None, [])
    named = [(_heading(config, agent, name or ""), group) for name, group in groups.items()]
    return [(name, group) for name, group in (*named, (_NOBODYS, nobodys)) if group]


def _heading(config: Config, agent: Agent, name: str) -> str:
    if name == agent.name:
        return "Yours"
    known = config.agent(name)
    return known.shown if known else name


def _numbered(
    grouped: Iterable[tuple[str, list[Listed]]], now: datetime, zone: ZoneInfo
) -> tuple[DigestGroup, ...]:
    numbers = count(1)
    return tuple(
        DigestGroup(heading, tuple(_line(next(numbers), each, now, zone) for each in group))
        for heading, group in grouped
    )


def _line(number: int, of: Listed, now: datetime, zone: ZoneInfo) -> DigestLine:
    subject, facts = view_lists.subject(of), view_lists.facts(of, now, zone)
    return DigestLine(number, of.conversation.number, subject, facts)
