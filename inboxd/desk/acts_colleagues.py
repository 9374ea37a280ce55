"""What is said to colleagues: assignments, notes that call for them, reminders to oneself."""

from __future__ import annotations

import re

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.desk import actions, acts_away
from inboxd.desk.unit import Unit
from inboxd.store import reminders

# An agent's or a team's name behind an @ that is not in the middle of an address.
_MENTION = re.compile(r"(?<![\w.@/+-])@(\w[\w.-]{0,63})(?![\w@])")
_SHOWN = 300


def assign(unit: Unit, command: ask.Assign, by: str) -> str:
    """Give the conversation to somebody; returns what was done.

    Whoever had it is told, and who gives it to somebody away is told that.
    """
    had = unit.conversation.assignee
    team = command.team if command.agent is None else unit.conversation.team
    actions.assign(unit, command.agent, team, by=by)
    whom = command.agent or (f"team {command.team}" if command.team else "nobody")
    away = acts_away.absence_of(unit, [command.agent if command.agent != by else None])
    if had is None or had == unit.conversation.assignee:
        return f"Assigned to {whom}.{away}"
    if had != by:
        unit.tell(had, f"It was yours; {by.capitalize()} assigned it to {whom}.")
    return f"Assigned to {whom}; {'you' if had == by else had} had it.{away}"


def keep_note(unit: Unit, by: str, text: str) -> str:
    """Keep a private note and tell those whom it calls for with `@name`; returns what was done."""
    actions.add_note(unit, by, text or "(no text)")
    called = _called(unit, by, text)
    if not called:
        return "Kept as a private note."
    shown = " ".join(text.split())
    cut = f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown
    for agent in called:
        unit.tell(agent.name, f"{by.capitalize()} asks for you in a note: {cut}")
    names = ", ".join(each.shown for each in called)
    away = acts_away.absence_of(unit, [each.name for each in called])
    return f"Kept as a private note; {names} will read it.{away}"


def remind(unit: Unit, command: ask.Remind, agent: Agent) -> str:
    """Let the agent be reminded of the conversation; returns what was done."""
    text = " ".join(command.text.split())
    reminders.add(unit.connection, unit.number, agent.name, text, command.at, unit.now)
    zone = unit.shop.config.zone(unit.desk.mailbox, agent)
    when = f"{command.at.astimezone(zone):%a %Y-%m-%d %H:%M}"
    unit.record("reminder.set", f"for {agent.name}, {when}")
    unit.touch()
    return f"You will be reminded on {when}{f': {text}' if text else ''}."


def _called(unit: Unit, by: str, text: str) -> list[Agent]:
    """Return the agents for whom a note calls by name or by team, but for its writer."""
    config = unit.shop.config
    words = [match[1].rstrip(".-_").casefold() for match in _MENTION.finditer(text)]
    teams = {name.casefold(): name for name in config.teams}
    found = config.agents_named([teams.get(word, word) for word in words])
    return [each for each in found if each.name != by]
