"""What an agent asks for, carried out on a conversation: by reply tags and from a shell alike."""

from __future__ import annotations

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.states import ConversationEvent, ConversationState, next_state
from inboxd.conversations.tags import help_text
from inboxd.desk import actions, mailings, shown
from inboxd.desk.case import other_agents
from inboxd.desk.mailings import Answer
from inboxd.desk.unit import Unit


def send_answer(unit: Unit, answer: Answer) -> str:
    """Send an answer to the customer, with copies to the other agents; returns what was done."""
    mailings.answer(unit, answer)
    state = ConversationState(unit.conversation.state)
    unit.renew()
    actions.set_state(unit, next_state(state, ConversationEvent.AGENT_ANSWERS), "answered")
    mailings.copy_answer(unit, answer, other_agents(unit, answer.agent))
    return _on_its_way(unit, answer)


def obey(unit: Unit, command: ask.Command, agent: Agent | None, text: str = "") -> str:
    """Carry out one command and return what was done, as a sentence.

    `agent` is None for somebody at a shell where no agents are configured; `text` is what a note
    keeps.
    """
    name = agent.name if agent else unit.actor
    match command:
        case ask.Close():
            actions.set_state(unit, ConversationState.CLOSED, f"#close by {name}")
            return "Closed."
        case ask.Open():
            actions.set_state(unit, ConversationState.OPEN, f"#open by {name}")
            return "Open."
        case ask.Note():
            actions.add_note(unit, name, text or "(no text)")
            return "Kept as a private note."
        case ask.Assign():
            return _assign(unit, command, name)
        case ask.AddTags():
            actions.add_tags(unit, command.tags)
            return f"Tagged: {', '.join(command.tags)}."
        case ask.RemoveTags():
            actions.remove_tags(unit, command.tags)
            return f"Untagged: {', '.join(command.tags)}."
        case ask.SetPriority():
            actions.set_priority(unit, command.priority.value)
            return f"Priority: {command.priority.value}."
        case ask.Snooze():
            actions.snooze(unit, command.until, f"by {name}")
            zone = unit.shop.config.zone(unit.desk.mailbox, agent)
            return f"Snoozed until {command.until.astimezone(zone):%a %Y-%m-%d %H:%M}."
        case ask.Help():
            return help_text(command.tag)
        case ask.NoCopies():
            return ""  # told with the answer that it is about
        case ask.Canned():
            return f"Sent the canned reply {command.name}."


def _on_its_way(unit: Unit, answer: Answer) -> str:
    """Say who gets the answer, and with #nocc who does not."""
    if not answer.alone:
        return "Your answer is on its way to the customer."
    (contact,), copied = shown.customers(unit)
    spared = f"; {', '.join(each.address for each in copied)} did not get it" if copied else ""
    return f"Your answer is on its way to {contact.address} alone{spared}."


def _assign(unit: Unit, command: ask.Assign, by: str) -> str:
    team = command.team if command.agent is None else unit.conversation.team
    actions.assign(unit, command.agent, team, by=by)
    whom = command.agent or (f"team {command.team}" if command.team else "nobody")
    return f"Assigned to {whom}."
