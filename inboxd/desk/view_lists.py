"""Named views: which conversations stand in them for an agent, and how a list of them reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from inboxd.config import Agent, Config
from inboxd.config.views import BUILT_IN_VIEWS, View
from inboxd.desk.calendars import Calendars
from inboxd.desk.sla_words import due
from inboxd.desk.words import ago
from inboxd.durations import Duration, parse_duration
from inboxd.errors import Permanent
from inboxd.store import view_queries
from inboxd.store.conversations import ConversationRecord
from inboxd.store.view_queries import Found, Listed, Owners, Wanted
from inboxd.suggest import hint

MOST: Final = 50  # conversations in a list
USUAL: Final = "mine"
OVERDUE: Final = parse_duration("1 business day")
_SUBJECT_CHARS, _NAME_CHARS = 60, 28
_OPEN = ("open",)
_ALIVE = ("open", "pending", "snoozed")


def view_names(config: Config) -> tuple[str, ...]:
    """Return the names of all views: inboxd's own, then those of the configuration."""
    return (*BUILT_IN_VIEWS, *config.views)


def listed(
    connection: sa.Connection, config: Config, view: str | None, agent: Agent, now: datetime
) -> Found:
    """Return the conversations of a view, their contacts' names and since when they wait.

    Without a view it is what waits for the agent: what is theirs, and what is nobody's and concerns
    them; for a supervisor what waits for the team. One query. Raises `Permanent`, with the nearest
    name, where there is no such view.
    """
    if view is None:
        wanted = Wanted(_OPEN, owners=_theirs(config, agent))
    else:
        wanted = _wanted(config, view, agent, now)
    return view_queries.find(connection, wanted, MOST)


def asker(config: Config, name: str | None) -> Agent:
    """Return the agent called `name`; without a name the first admin, else the first agent.

    Raises `Permanent` for a name that is nobody's, and where no agent is configured.
    """
    agents = config.agents
    if name is not None:
        agent = config.agent(name)
        if agent is None:
            known = hint(name, [each.name for each in agents])
            raise Permanent(f"there is no agent called {name}{known}")
        return agent
    admins = [agent for agent in agents if agent.role == "admin"]
    if not agents:
        raise Permanent("a view is an agent's, and none is configured")
    return (admins or agents)[0]


def hears_of(config: Config, agent: Agent) -> tuple[str, ...]:
    """Return the mailboxes of whose unassigned mail the agent is told."""
    return tuple(
        mailbox.name
        for mailbox in config.mailboxes
        if agent.name in {each.name for each in config.agents_named(mailbox.notify)}
    )


def members(config: Config, agent: Agent) -> tuple[Agent, ...]:
    """Return the agents of an agent's teams, the agent first; everybody where there is no team."""
    teams = set(agent.teams)
    others = (each for each in config.agents if not teams or teams & set(each.teams))
    return (agent, *(each for each in others if each.name != agent.name))


def is_supervisor(agent: Agent) -> bool:
    """Return whether the agent looks after the work of others."""
    return agent.role in ("supervisor", "admin")


def short_subject(of: ConversationRecord) -> str:
    """Return a conversation's subject on one short line."""
    return _short(of.subject, _SUBJECT_CHARS) or "(no subject)"


def subject(of: Listed) -> str:
    """Return the subject of a conversation in a list, on one short line."""
    return short_subject(of.conversation)


def facts(of: Listed, now: datetime, zone: ZoneInfo) -> str:
    """Return customer, state, age, what is due, assignee and priority, if worth a word.

    What is due is told in the reader's `zone`.
    """
    conversation = of.conversation
    who = _short(of.contact_name or conversation.contact_address, _NAME_CHARS)
    owner = conversation.assignee or (
        f"team {conversation.team}" if conversation.team else "nobody"
    )
    age = f"{conversation.state}, {ago(of.since, now)}"
    promise = due(of.due, now, zone) if of.due is not None else ""
    priority = "" if conversation.priority == "normal" else conversation.priority
    return "  ·  ".join(filter(None, (who, age, promise, owner, priority)))


def _short(text: str, limit: int) -> str:
    plain = "".join(each if each.isprintable() else " " for each in text[: 4 * limit])
    words = " ".join(plain.split())
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def _wanted(config: Config, name: str, agent: Agent, now: datetime) -> Wanted:
    """Return what a view asks the store for."""
    key = name.casefold()
    match key:
        case "mine":
            return Wanted(_OPEN, owners=Owners((agent.name,), tuple(agent.teams)))
        case "unassigned":
            return Wanted(_OPEN, owners=_nobodys(config, agent))
        case "waiting":
            return Wanted(("pending",), owners=_theirs(config, agent))
        case "overdue":
            until = _cutoff(OVERDUE, now, config)
            return Wanted(_OPEN, owners=_theirs(config, agent), until=until, overdue=now)
        case "team":
            names = tuple(each.name for each in members(config, agent))
            return Wanted(_OPEN, owners=Owners(names, tuple(agent.teams), hears_of(config, agent)))
        case "all":
            return Wanted(_ALIVE)
    view = next((each for known, each in config.views.items() if known.casefold() == key), None)
    if view is None:
        raise Permanent(f"there is no view called {name}{hint(name, view_names(config))}")
    return _as_written(config, view, agent, now)


def _nobodys(config: Config, agent: Agent) -> Owners:
    """Return what is nobody's and concerns the agent: for a supervisor, wherever it is."""
    if is_supervisor(agent):
        return Owners((), tuple(config.teams), tuple(each.name for each in config.mailboxes))
    return Owners((), tuple(agent.teams), hears_of(config, agent))


def _theirs(config: Config, agent: Agent) -> Owners:
    """Return all that concerns an agent: their own, and (for a supervisor) their team's."""
    nobodys = _nobodys(config, agent)
    people = members(config, agent) if is_supervisor(agent) else (agent,)
    return Owners(tuple(each.name for each in people), nobodys.teams, nobodys.mailboxes)


def _as_written(config: Config, view: View, agent: Agent, now: datetime) -> Wanted:
    until = None if view.older_than is None else _cutoff(view.older_than, now, config)
    return Wanted(
        tuple(view.state),
        mailboxes=tuple(view.mailbox),
        teams=tuple(None if each.casefold() == "none" else each for each in view.team),
        assignees=tuple(_person(config, each, agent) for each in view.assignee),
        any_tags=tuple(view.tags.any_of) if view.tags else (),
        no_tags=tuple(view.tags.none_of) if view.tags else (),
        priorities=tuple(view.priority),
        until=until,
        newest_first=view.order == "newest",
    )


def _person(config: Config, name: str, agent: Agent) -> str | None:
    key = name.casefold()
    if key in ("me", "none"):
        return agent.name if key == "me" else None
    known = config.agent(name)
    return known.name if known else name


def _cutoff(age: Duration, now: datetime, config: Config) -> datetime:
    """Return the last moment that is at least `age` ago by the shop's calendar, to the second.

    A duration leads forward only; the later it starts, the later it ends, so halving finds it.
    """
    calendar = Calendars(config).of_shop()
    # Five times over: a week has 168 hours and 40 business hours. A month more, for holidays.
    late, early = now, now - timedelta(seconds=age.amount * age.unit.value * 5) - timedelta(days=30)
    if age.after(late, calendar) <= now:
        return late
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if age.after(middle, calendar) <= now else (early, middle)
    return early
