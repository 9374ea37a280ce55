"""Mail to an action address: one thing is done for the agent whom the address was made for.

The proof is that of answers: the agent's own address, the agent's From, and what `proof` asks for.
What stands in the mail is not read: phones add signatures, and clients empty bodies.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.action_addresses import DISCARD, SEND, UNDO, action_of, assignee_of
from inboxd.conversations.states import ConversationState
from inboxd.conversations.when import parse_when
from inboxd.desk import action_links, actions, held_answers, mailings, proof, ruling, undoing
from inboxd.desk.case import Case, add_agents, send_notifications
from inboxd.desk.obey import obey
from inboxd.desk.orders import carry_out_held
from inboxd.desk.unit import Unit
from inboxd.mail.model import Kind
from inboxd.store import messages, outbox
from inboxd.store.conversations import ConversationRecord

WRITTEN_BY_PEOPLE = (Kind.AGENT, Kind.CUSTOMER, Kind.EMPTY)
_MOST_ASKED, _ASKED_WITHIN = 5, timedelta(hours=1)
_NOT_READ = (
    "The words that you added were not read, and nobody got them. To write to the customer, answer"
    " a notification."
)


def take(case: Case, conversation: ConversationRecord) -> int:
    """Do what an action address is for; returns the conversation's number."""
    found, name = case.decision.token, case.decision.agent
    agent = case.shop.config.agent(name or case.reading.keys.agent or _holder(case) or "")
    unit = case.unit(conversation, name or "somebody")
    kind = case.reading.verdict.kind
    action = found.action if found is not None else None
    if kind not in WRITTEN_BY_PEOPLE:
        unit.record("ignored", f"{kind.value} to an action address: nothing is done")
    elif name is None or agent is None or action is None:
        _refuse(case, unit, agent, _what_is_missing(case))
    elif (doubt := proof.doubt(case, agent)) is not None:
        _refuse(case, unit, agent, doubt)
    elif action in (SEND, DISCARD):
        _decide(case, unit, agent, action)
    else:
        _act(case, unit, agent, action)
    case.remember_ids(unit.number)
    unit.told.clear()
    unit.finish()
    return unit.number


def _holder(case: Case) -> str | None:
    """Return the agent for whom the address was made, whoever writes to it."""
    found, names = case.decision.token, [each.name for each in case.shop.config.agents]
    if found is None:
        return None
    return next((n for n in names if action_of(found.token, n, names, case.shop.key)), None)


def _what_is_missing(case: Case) -> str:
    if case.decision.expired_token:
        return "The address that it was sent to has expired."
    if case.reading.keys.agent is None:
        return "It came to an agent's address, from an address that is no agent's."
    return "It was sent to an address that is a colleague's."


def _refuse(case: Case, unit: Unit, agent: Agent | None, reason: str) -> None:
    """Keep the mail as a private note that does nothing, and ask the agent whose name it bears."""
    mail = case.reading.mail
    sender = mail.author.address if mail.author else "an unclear sender"
    text = mail.subject or mail.text
    # Not under the agent's name: colleagues read the note, and it may be anybody's.
    actions.add_note(unit, f"{sender} (held, not proven)", text, kind="held")
    unit.record("held", f"mail from {sender} to an action address: {reason}")
    if agent is None or unit.quiet:
        return
    asked = outbox.count(unit.connection, unit.number, "held", unit.now - _ASKED_WITHIN)
    if asked < _MOST_ASKED:
        instruction = (
            "Nothing has changed. If it was you, answer this mail from your configured address with"
            " a tag, such as #close."
        )
        mailings.held(unit, agent, reason, instruction, text)


def _act(case: Case, unit: Unit, agent: Agent, action: str) -> None:
    """Do what the address is for, unless it is so already, and say so."""
    add_agents(unit, [agent])
    before = unit.conversation
    last = messages.last_inbound(unit.connection, unit.number)
    command = _command(unit, agent, action)
    same = None if command is None else _is_so(unit, command)
    can_undo = False
    if same is not None:
        unit.record("action.repeated", f"{action}: {same}")
        done = [f"{same} Nothing has changed."]
    elif command is None:
        done = undoing.undo_last(unit, agent)
    else:
        done = [obey(unit, command, agent)]
        ruling.follow(unit, last)
        can_undo = undoing.keep(unit, agent, before, [command])
    wordy = _has_words(case, action, unit.number)
    if wordy:
        done.append(_NOT_READ)
    if wordy or same is not None or case.desk.mailbox.receipts == "all":
        undo = action_links.link(unit, agent, UNDO) if can_undo else None
        mailings.receipt(unit, agent, done=done, undo=undo)
    send_notifications(unit, last)


def _decide(case: Case, unit: Unit, agent: Agent, action: str) -> None:
    """Send the agent's answer that is held, or discard it."""
    if action == SEND and carry_out_held(unit, case.reading.mail, agent):
        return
    if action == DISCARD and held_answers.drop(unit, agent):
        unit.record("held.discarded", f"by {agent.name}")
        done = "Your answer was discarded; nobody got it."
    else:
        done = "No answer of yours is held here any more. Nothing has changed."
    mailings.receipt(unit, agent, done=[done])
    send_notifications(unit, messages.last_inbound(unit.connection, unit.number))


def _command(unit: Unit, agent: Agent, action: str) -> ask.Act | None:
    """Return what an action asks for; None for taking back, which is no command to obey."""
    match action:
        case "undo":
            return None
        case "close":
            return ask.Close()
        case "spam":
            return ask.Spam()
        case "snooze":
            return ask.Snooze(_tomorrow(unit, agent))
        case _:
            return ask.Assign(agent=assignee_of(action) or agent.name)


def _tomorrow(unit: Unit, agent: Agent) -> datetime:
    return parse_when("tomorrow", unit.now, unit.shop.config.zone(unit.desk.mailbox, agent))


def _is_so(unit: Unit, command: ask.Act) -> str | None:
    """Return that the conversation is so already, as a sentence, or None."""
    conversation = unit.conversation
    match command:
        case ask.Close() if conversation.state == ConversationState.CLOSED.value:
            return "It was closed already."
        case ask.Spam() if conversation.state == ConversationState.SPAM.value:
            return "It was marked as spam already."
        case ask.Assign(agent=name) if name and conversation.assignee == name:
            return f"It was assigned to {name} already."
        case ask.Snooze(until=until) if conversation.snoozed_until == until:
            return "It was snoozed until then already."
    return None


def _has_words(case: Case, action: str, number: int) -> bool:
    """Whether the mail says more than the text with which it opened."""
    mail = case.reading.mail
    opened = action_links.body_of(case.shop, action, number)
    words = " ".join((mail.reply_text or mail.text).split())
    return bool(words.replace(opened, "").strip())
