"""The addresses in a notification's footer that do one thing when their agent writes to them.

Nothing happens when a link is looked at: it only opens a mail, and the mail has to be sent, by the
agent, from the agent's own address (`action_mail`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

from inboxd.config import Agent
from inboxd.conversations.action_addresses import (
    CLOSE,
    MINE,
    SNOOZE,
    SPAM,
    UNDO,
    assign_to,
    assignee_of,
    party_of,
)
from inboxd.conversations.states import ConversationState
from inboxd.conversations.tokens import Purpose
from inboxd.desk.posting import AGENT_TOKEN_LIFE
from inboxd.desk.shop import Desk, Shop
from inboxd.desk.unit import Unit
from inboxd.templates.contexts import ActionLink

_MOST_COLLEAGUES = 5
_SEND_IT = "Send this mail as it is"
_LABELS = {
    CLOSE: "Close",
    MINE: "Mine",
    SNOOZE: "Snooze until tomorrow",
    SPAM: "Spam",
    UNDO: "Undo",
}
_DOES = {
    CLOSE: "closes #{number}",
    MINE: "assigns #{number} to you",
    SNOOZE: "puts #{number} out of sight until tomorrow",
    SPAM: "marks #{number} as spam",
    UNDO: "takes back what you did last in #{number}",
}


def links(unit: Unit, agent: Agent) -> tuple[ActionLink, ...]:
    """Return what `agent` can do to the conversation by writing to an address, likeliest first.

    What is so already is left out. Empty where the mailbox has no reply addresses.
    """
    if not unit.desk.pattern.local:
        return ()
    return tuple(link(unit, agent, action) for action in _offered(unit, agent))


def link(unit: Unit, agent: Agent, action: str) -> ActionLink:
    """Return the address by which `agent` does `action` (`conversations.action_addresses`)."""
    desk = unit.desk
    expires = (unit.now + AGENT_TOKEN_LIFE).date()
    party = party_of(agent.name, action)
    token = unit.shop.key.token(Purpose.ACTION, desk.name, unit.number, party, expires)
    address = desk.pattern.format(desk.mailbox.address, token)
    label = label_of(unit.shop, action)
    subject = quote(f"{label}: #{unit.number}", safe="")
    body = quote(body_of(unit.shop, action, unit.number), safe="")
    return ActionLink(
        label, address, f"mailto:{quote(address, safe='@')}?subject={subject}&body={body}"
    )


def label_of(shop: Shop, action: str) -> str:
    """Return what stands on the button of an action."""
    name = assignee_of(action)
    return _LABELS[action] if name is None else f"Assign to {_shown(shop, name)}"


def body_of(shop: Shop, action: str, number: int) -> str:
    """Return the text with which the mail opens: what sending it does, in a sentence."""
    name = assignee_of(action)
    does = f"assigns #{number} to {_shown(shop, name)}" if name else _DOES[action]
    return f"{_SEND_IT}: it {does.format(number=number)}. What you add is not read."


def new_address(shop: Shop, desk: Desk, agent: Agent, today: date) -> str:
    """Return the address at which `agent` begins conversations in a mailbox, "" if it has none.

    It stays the same for a year, for address books, and is good until the end of the next one.
    """
    if not desk.pattern.local:
        return ""
    expires = date(today.year + 1, 12, 31)
    token = shop.key.token(Purpose.NEW, desk.name, 1, f"agent:{agent.name}", expires)
    return desk.pattern.format(desk.mailbox.address, token)


def begin(unit: Unit, agent: Agent) -> ActionLink | None:
    """Return the address at which `agent` begins conversations, None if the mailbox has none."""
    address = new_address(unit.shop, unit.desk, agent, unit.now.date())
    return ActionLink("New", address, f"mailto:{quote(address, safe='@')}") if address else None


def _offered(unit: Unit, agent: Agent) -> Iterator[str]:
    conversation = unit.conversation
    if conversation.state != ConversationState.CLOSED.value:
        yield CLOSE
    if conversation.assignee != agent.name:
        yield MINE
    yield SNOOZE
    if conversation.state != ConversationState.SPAM.value:
        yield SPAM
    for name in _colleagues(unit.shop, agent):
        if conversation.assignee != name:
            yield assign_to(name)


def _colleagues(shop: Shop, agent: Agent) -> list[str]:
    """Return who may be given a conversation: those in the agent's teams, else anybody."""
    others = [each for each in shop.config.agents if each.name != agent.name]
    mates = [each for each in others if set(each.teams) & set(agent.teams)]
    return [each.name for each in (mates or others)[:_MOST_COLLEAGUES]]


def _shown(shop: Shop, name: str) -> str:
    agent = shop.config.agent(name)
    return agent.shown if agent else name
