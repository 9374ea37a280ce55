"""What an agent asks for, carried out on a conversation: by reply tags and from a shell alike."""

from __future__ import annotations

from collections.abc import Iterable

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.states import ConversationState
from inboxd.desk import (
    actions,
    acts_away,
    acts_colleagues,
    acts_people,
    acts_roles,
    acts_threads,
    acts_told,
)
from inboxd.desk.unit import Unit
from inboxd.rules.text import folded
from inboxd.suggest import hint

# Whoever asks for these gets the answer, even where receipts are sent for errors alone.
QUESTIONS = (ask.History, ask.ShowContact, ask.Search, ask.ListView, ask.Help)

_State = ask.Close | ask.Open | ask.Pending | ask.Spam | ask.Snooze
_Label = ask.AddTags | ask.RemoveTags | ask.SetPriority | ask.SetField


def check(
    unit: Unit, command: ask.Act, agent: Agent | None, *, any_role: bool = False
) -> str | None:
    """Return why `agent` cannot have a command obeyed, to be asked before anything is done.

    None where nothing stands in the way. With `any_role` the agent's role forbids nothing; `agent`
    is None for somebody at a shell where no agents are configured.
    """
    refusal = None if any_role else acts_roles.refusal(command, agent)
    return refusal or _obstacle(unit, command, agent)


def _obstacle(unit: Unit, command: ask.Act, agent: Agent | None) -> str | None:
    match command:
        case ask.Merge():
            return acts_threads.merge_obstacle(unit, command.number)
        case ask.Link():
            return acts_threads.link_obstacle(unit, command.number)
        case ask.Split():
            return acts_threads.split_obstacle(unit)
        case ask.Allow():
            return acts_people.allow_obstacle(unit)
        case ask.Block():
            return acts_people.block_obstacle(unit)
        case ask.AddTags() if unit.shop.config.tags is not None:
            return _unknown("tag", map(folded, command.tags), map(folded, unit.shop.config.tags))
        case ask.SetField() if unit.shop.config.fields is not None and command.value:
            return _unknown("field", [command.name], unit.shop.config.fields)
        case ask.Away() | ask.Back():
            return acts_away.obstacle(unit.shop, command, agent)
        case ask.Remind() if agent is None:
            return "a reminder is an agent's, and none is configured"
        case ask.History() | ask.ShowContact() | ask.Search() | ask.ListView() | ask.Help():
            return acts_told.obstacle(unit, command, agent)
    return None


def obey(
    unit: Unit, command: ask.Act, agent: Agent | None, text: str = "", *, any_role: bool = False
) -> str:
    """Carry out one command and return what was done, as a sentence, or what was asked for.

    The caller has asked `check` about all commands of a mail; what an earlier one of them has made
    impossible is not done, and said. After a merge the unit works on the conversation that goes
    on, after a split on the new one. `text` is what a note keeps; see `check` for the rest.
    """
    obstacle = check(unit, command, agent, any_role=any_role)
    if obstacle is not None:
        return f"Not done: {obstacle}."
    name = agent.name if agent else unit.actor
    match command:
        case ask.Close() | ask.Open() | ask.Pending() | ask.Spam() | ask.Snooze():
            return _change_state(unit, command, agent, name)
        case ask.AddTags() | ask.RemoveTags() | ask.SetPriority() | ask.SetField():
            return _label(unit, command)
        case ask.Note():
            return acts_colleagues.keep_note(unit, name, text)
        case ask.Assign():
            return acts_colleagues.assign(unit, command, name)
        case ask.Remind():
            assert agent is not None  # checked above
            return acts_colleagues.remind(unit, command, agent)
        case ask.Merge():
            return acts_threads.merge(unit, command.number, name)
        case ask.Split():
            return acts_threads.split(unit, agent, name)
        case ask.Link():
            return acts_threads.link(unit, command.number)
        case ask.Allow():
            return acts_people.allow(unit, name)
        case ask.Block():
            return acts_people.block(unit, name)
        case ask.Away() | ask.Back():
            return _come_and_go(unit, command, agent)
        case ask.History() | ask.ShowContact() | ask.Search() | ask.ListView() | ask.Help():
            return acts_told.tell(unit, command, agent)


def _unknown(kind: str, wanted: Iterable[str], known: Iterable[str]) -> str | None:
    """Return why a tag or a field is refused that is not on the shop's closed list, or None."""
    allowed = list(known)
    for each in wanted:
        if each not in allowed:
            return f"there is no {kind} {each!r} in this shop{hint(each, allowed)}"
    return None


def _change_state(unit: Unit, command: _State, agent: Agent | None, name: str) -> str:
    match command:
        case ask.Close():
            actions.set_state(unit, ConversationState.CLOSED, f"#close by {name}")
            return "Closed."
        case ask.Open():
            actions.set_state(unit, ConversationState.OPEN, f"#open by {name}")
            return "Open."
        case ask.Pending():
            actions.set_state(unit, ConversationState.PENDING, f"#pending by {name}")
            return "Pending: the customer owes an answer."
        case ask.Spam():
            actions.set_state(unit, ConversationState.SPAM, f"#spam by {name}")
            return "Spam: what comes to this conversation disturbs nobody until it is opened."
        case ask.Snooze():
            actions.snooze(unit, command.until, f"by {name}")
            zone = unit.shop.config.zone(unit.desk.mailbox, agent)
            return f"Snoozed until {command.until.astimezone(zone):%a %Y-%m-%d %H:%M}."


def _label(unit: Unit, command: _Label) -> str:
    match command:
        case ask.AddTags():
            actions.add_tags(unit, command.tags)
            return f"Tagged: {', '.join(command.tags)}."
        case ask.RemoveTags():
            actions.remove_tags(unit, command.tags)
            return f"Untagged: {', '.join(command.tags)}."
        case ask.SetPriority():
            actions.set_priority(unit, command.priority.value)
            return f"Priority: {command.priority.value}."
        case ask.SetField():
            return _set_field(unit, command)


def _set_field(unit: Unit, command: ask.SetField) -> str:
    if command.value:
        actions.set_field(unit, command.name, command.value)
        return f"Field {command.name} = {command.value}."
    if not actions.clear_field(unit, command.name):
        return f"There is no field {command.name} to take away."
    return f"Field {command.name} was taken away."


def _come_and_go(unit: Unit, command: ask.Away | ask.Back, agent: Agent | None) -> str:
    who = unit.shop.config.agent(command.agent) if command.agent else agent
    assert who is not None  # check has looked
    if isinstance(command, ask.Back):
        return acts_away.come_back(unit.connection, unit.shop, who, by=agent, now=unit.now)
    return acts_away.leave(unit.connection, unit.shop, who, command.until, by=agent, now=unit.now)
