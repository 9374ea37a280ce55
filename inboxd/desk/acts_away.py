"""Agents who are away: who says so, what follows of it, and who hears of their conversations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.store import absences, conversations, messages
from inboxd.store.absences import AbsenceRecord
from inboxd.store.messages import NewEvent
from inboxd.suggest import hint

_SHOWN = 20


def obstacle(shop: Shop, command: ask.Away | ask.Back, agent: Agent | None) -> str | None:
    """Return why nobody can be sent away or called back, or None."""
    if command.agent is None:
        return None if agent else "somebody at a shell names the agent who is away"
    if shop.config.agent(command.agent) is not None:
        return None
    known = hint(command.agent, (each.name for each in shop.config.agents))
    return f"there is no agent {command.agent!r}{known}"


def leave(
    connection: sa.Connection,
    shop: Shop,
    who: Agent,
    until: datetime | None,
    *,
    by: Agent | None,
    now: datetime,
) -> str:
    """Let `who` be away until a moment in UTC, or (None) until `#back`; returns what was done."""
    absences.begin(connection, AbsenceRecord(who.name, now, until))
    end = f" until {_moment(shop, who, until)}" if until else ""
    _record(connection, now, by, "agent.away", f"{who.name}{end}")
    rest = f"Customers' mail goes to colleagues meanwhile.{_goes_back(shop, who)}"
    if who == by:
        return f"You are away{end}; #back ends it. {rest}"
    return f"{who.shown} is away{end}. {rest}"


def _goes_back(shop: Shop, who: Agent) -> str:
    """Return a sentence on what the agent's teams take back, or ""."""
    options = shop.config.team_options
    asking = [team for team in who.teams if team in options and options[team].requeue_away]
    if not asking:
        return ""
    return f" What nobody has answered yet goes back to team {' and '.join(asking)}."


def come_back(
    connection: sa.Connection, shop: Shop, who: Agent, *, by: Agent | None, now: datetime
) -> str:
    """Let `who` be there again; returns what was done, and what waits for them."""
    was_away = who.name in absences.current(connection, now)
    absences.end(connection, who.name)
    name = "You are" if who == by else f"{who.shown} is"
    if not was_away:
        return f"{name} not away: nothing has changed."
    _record(connection, now, by, "agent.back", who.name)
    found = conversations.listing(
        connection,
        states=["open"],
        mailbox=None,
        assignee=who.name,
        tag=None,
        limit=_SHOWN,
    )
    known = [f"#{each.number} {each.subject}" for each in found if each.mailbox in shop.desks]
    if not known:
        return f"{name} back."
    return "\n".join([f"{name} back. These are open:", *known])


def absence_of(unit: Unit, names: Iterable[str | None]) -> str:
    """Return a sentence for each of the agents called `names` who is away, or ""."""
    wanted = [each for each in names if each is not None]
    away = absences.current(unit.connection, unit.now) if wanted else {}
    said = []
    for name in wanted:
        agent = unit.shop.config.agent(name)
        if agent is not None and agent.name in away:
            until = away[agent.name].until
            end = f" until {_moment(unit.shop, agent, until)}" if until else ""
            said.append(f" {agent.shown} is away{end}.")
    return "".join(said)


def audience(unit: Unit) -> tuple[Agent, ...]:
    """Return who hears of a conversation: its assignee, else its team, else the mailbox's list.

    Who is away hears nothing, and the next in that order do: unless nobody is there at all.
    """
    config, conversation = unit.shop.config, unit.conversation
    away = absences.current(unit.connection, unit.now)
    assignee = config.agent(conversation.assignee or "")
    asked = (
        (assignee,) if assignee is not None else (),
        config.teams.get(conversation.team or "", ()),
        config.agents_named(unit.desk.mailbox.notify),
    )
    there = (tuple(each for each in some if each.name not in away) for some in asked)
    return next(filter(None, there), next(filter(None, asked), ()))


def _moment(shop: Shop, agent: Agent, at: datetime) -> str:
    return f"{at.astimezone(shop.config.zone(None, agent)):%a %Y-%m-%d %H:%M}"


def _record(
    connection: sa.Connection, at: datetime, by: Agent | None, kind: str, text: str
) -> None:
    actor = by.name if by else "command line"
    messages.add_events(connection, [NewEvent(at, None, actor, kind, text)])
