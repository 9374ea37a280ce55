"""Hands a conversation to one of a team, or lets it wait there until somebody is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.conversations.handing_out import (
    NEVER,
    Candidate,
    Choice,
    Strategy,
    choose,
    skills_needed,
)
from inboxd.desk import actions
from inboxd.desk.attendance import Attendance, attendance
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.store import hand_outs
from inboxd.store.conversations import ConversationRecord


@dataclass(slots=True)
class Team:
    """A team at one moment: who is there, how much they have, whose turn it is.

    It is read once for as many conversations as are handed out, and counted on with each; teams
    that share members share `loads`.
    """

    name: str
    members: Sequence[Agent]
    there: Attendance
    loads: dict[str, int]
    turns: dict[str, int]

    def pick(self, conversation: ConversationRecord, by: Strategy, skill: str | None) -> Choice:
        """Return who of the team gets a conversation now, and why."""
        fields, tags = conversation.fields, conversation.tags
        known = frozenset(skill for each in self.members for skill in each.skills)
        need = skills_needed(by, skill, fields, tags, known)
        choice = choose([self._candidate(each) for each in self.members], by, need.skills)
        if not need.unknown:
            return choice
        lacking = ", ".join(sorted(need.unknown))
        return Choice(choice.name, f"{choice.why}; nobody in the team knows {lacking}")

    def somebody_is_free(self) -> bool:
        """Return whether anybody could get a conversation that needs no skills."""
        return any(not self._candidate(each).obstacle(()) for each in self.members)

    def give(self, connection: sa.Connection, agent: str) -> None:
        """Count a conversation that `agent` gets."""
        self.turns[agent] = hand_outs.take_turn(connection, self.name, agent, self.turns)
        self.loads[agent] = self.loads.get(agent, 0) + 1

    def _candidate(self, agent: Agent) -> Candidate:
        return Candidate(
            agent.name,
            self.there.absence(agent),
            self.loads.get(agent.name, 0),
            agent.max_open,
            frozenset(agent.skills),
            self.turns.get(agent.name, NEVER),
        )


def team_of(
    connection: sa.Connection, shop: Shop, there: Attendance, name: str, loads: dict[str, int]
) -> Team:
    """Return a team as it is now; `loads` are everybody's open conversations."""
    members = shop.config.teams.get(name, ())
    return Team(name, members, there, loads, hand_outs.turns(connection, name))


def assign_by(unit: Unit, name: str, by: Strategy, skill: str | None) -> str:
    """Give the unit's conversation to one of a team, or to the team's queue where nobody is free.

    Whoever of the team has it already keeps it, unless they are away. Returns, for the trace, who
    was chosen and why.
    """
    there = attendance(unit.connection, unit.shop.calendars, unit.now)
    loads = hand_outs.loads(unit.connection, but=unit.number)
    team = team_of(unit.connection, unit.shop, there, name, loads)
    has = unit.shop.config.agent(unit.conversation.assignee or "")
    if has is not None and has in team.members and has.name not in there.away:
        actions.assign(unit, has.name, name)
        said = f"{has.name} has it already"
    else:
        choice = team.pick(unit.conversation, by, skill)
        said = f"{choice.name or f'it waits for team {name}'}: {choice.why}"
        if choice.name is None and waits(unit, (name, by, skill)):
            return said  # it keeps its place
        give(unit, team, choice)
    way = (name, by, skill, unit.actor, unit.now)
    hand_outs.set_way(unit.connection, unit.number, *way)
    return said


def give(unit: Unit, team: Team, choice: Choice) -> None:
    """Let the one who was chosen have the unit's conversation, or let it wait in the queue."""
    if choice.name is None:
        waits = f"it waits to be handed out, for {choice.why}"
        actions.assign(unit, None, team.name, why=waits, tell=False)
        return
    team.give(unit.connection, choice.name)
    actions.assign(unit, choice.name, team.name, why=choice.why)


def waits(unit: Unit, way: tuple[str, str, str | None] | None = None) -> bool:
    """Return whether the unit's conversation will be handed out when somebody is free.

    Then nobody hears of it but the one who gets it. With `way` it is asked whether it waits for
    this team, to be handed out like this.
    """
    about = unit.conversation
    if about.assignee is not None or about.team not in unit.shop.config.teams:
        return False  # a team that is gone from the configuration has nobody to wait for
    known = hand_outs.of(unit.connection, unit.number)
    if known is None or known.strategy == hand_outs.BY_HAND or known.team != about.team:
        return False
    return way is None or way == (known.team, known.strategy, known.skill)
