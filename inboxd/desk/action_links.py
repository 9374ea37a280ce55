"""The addresses in a notification's footer that do one thing when their agent writes to them.

Nothing happens when a link is looked at: it only opens a mail, and the mail has to be sent, by the
agent, from the agent's own address (`action_mail`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from inboxd.config import Agent
from inboxd.conversations.action_addresses import (
    CLOSE,
    DISCARD,
    MINE,
    SEND,
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
from inboxd.mail.encoded_words import one_line
from inboxd.templates.contexts import ActionLink

_MOST_COLLEAGUES = 5
_SEND_IT = "Send this mail as it is"
_LABELS = {
    CLOSE: "Close",
    MINE: "Mine",
    SNOOZE: "Snooze until tomorrow",
    SPAM: "Spam",
    UNDO: "Undo",
    SEND: "Send anyway",
    DISCARD: "Discard",
}
_DOES = {
    CLOSE: "closes #{number}",
    MINE: "assigns #{number} to you",
    SNOOZE: "puts #{number} out of sight until tomorrow",
    SPAM: "marks #{number} as spam",
    UNDO: "takes back what you did last in #{number}",
    SEND: "sends your answer in #{number} that is held",
    DISCARD: "discards your answer in #{number} that is held",
}
_ASSIGN = "Assign to "
_ASSIGNS = "assigns #{number} to "
_END = ". What you add is not read."


@dataclass(frozen=True, slots=True)
class Footer:
    """What stands at the end of an agent's notification: actions, and where mails begin.

    `fills` says what is to stand in place of words in it, for this agent alone.
    """

    actions: tuple[ActionLink, ...]
    begin: ActionLink | None
    fills: Mapping[str, str] = field(default_factory=dict)


def footer(unit: Unit, agent: Agent, *, shared: bool) -> Footer:
    """Return what `agent` can do to the conversation by writing to an address, likeliest first.

    What is so already is left out; there is nothing where the mailbox has no reply addresses. The
    `shared` form is the same for colleagues who can do the same: what differs stands in `fills`.
    """
    if not unit.desk.pattern.local:
        return Footer((), None)
    if not shared:
        return Footer(
            tuple(link(unit, agent, action) for action in _offered(unit, agent)),
            begin(unit, agent),
        )
    blank = unit.shop.blank
    fills: dict[str, str] = {}
    actions = []
    for index, action in enumerate(_offered(unit, agent)):
        words = _Words(f"{blank}{index}a", f"{blank}{index}b", f"{blank}{index}c")
        fills[words.token] = _token(unit, agent, action)
        name = assignee_of(action)
        if name is not None:
            shown = _shown(unit.shop, name)
            fills |= {words.name: shown, words.quoted_name: _quoted(shown)}
        actions.append(_written(unit.desk, action, unit.number, words))
    word = f"{blank}d"
    fills[word] = _new_token(unit.shop, unit.desk, agent, unit.now.date())
    return Footer(
        tuple(actions), _begin(unit.desk.pattern.format(unit.desk.mailbox.address, word)), fills
    )


def held(unit: Unit, agent: Agent) -> tuple[ActionLink, ...]:
    """Return what `agent` can do about an answer of theirs that is held."""
    if not unit.desk.pattern.local:
        return ()
    return tuple(link(unit, agent, action) for action in (SEND, DISCARD))


def link(unit: Unit, agent: Agent, action: str) -> ActionLink:
    """Return the address by which `agent` does `action` (`conversations.action_addresses`)."""
    shown = _shown(unit.shop, assignee_of(action) or "")
    words = _Words(_token(unit, agent, action), shown, _quoted(shown))
    return _written(unit.desk, action, unit.number, words)


def body_of(shop: Shop, action: str, number: int) -> str:
    """Return the text with which the mail opens: what sending it does, in a sentence."""
    before, after = _sentence(action)
    return f"{before}{number}{after}{_shown(shop, assignee_of(action) or '')}{_END}"


@dataclass(frozen=True, slots=True)
class _Words:
    """What differs between the links of two agents: the token, and whom a link assigns to."""

    token: str
    name: str
    quoted_name: str


def _written(desk: Desk, action: str, number: int, words: _Words) -> ActionLink:
    address = desk.pattern.format(desk.mailbox.address, words.token)
    name, quoted_name = (words.name, words.quoted_name) if assignee_of(action) else ("", "")
    label = _LABELS.get(action, _ASSIGN)
    before, after = _sentence(action)
    subject = f"{_quoted(label)}{quoted_name}{_quoted(': #')}{number}"
    body = f"{_quoted(before)}{number}{_quoted(after)}{quoted_name}{_quoted(_END)}"
    return ActionLink(
        f"{label}{name}",
        address,
        f"mailto:{quote(address, safe='@')}?subject={subject}&body={body}",
    )


def _sentence(action: str) -> tuple[str, str]:
    """Return what stands before and after the number in a mail's text; a name may follow."""
    before, _, after = _DOES.get(action, _ASSIGNS).partition("{number}")
    return f"{_SEND_IT}: it {before}", after


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    return quote(text, safe="")


def _token(unit: Unit, agent: Agent, action: str) -> str:
    expires = (unit.now + AGENT_TOKEN_LIFE).date()
    party = party_of(agent.name, action)
    return unit.shop.key.token(Purpose.ACTION, unit.desk.name, unit.number, party, expires)


def new_address(shop: Shop, desk: Desk, agent: Agent, today: date) -> str:
    """Return the address at which `agent` begins conversations in a mailbox, "" if it has none.

    It stays the same for a year, for address books, and is good until the end of the next one.
    """
    if not desk.pattern.local:
        return ""
    return desk.pattern.format(desk.mailbox.address, _new_token(shop, desk, agent, today))


def begin(unit: Unit, agent: Agent) -> ActionLink | None:
    """Return the address at which `agent` begins conversations, None if the mailbox has none."""
    address = new_address(unit.shop, unit.desk, agent, unit.now.date())
    return _begin(address) if address else None


def _begin(address: str) -> ActionLink:
    return ActionLink("New", address, f"mailto:{quote(address, safe='@')}")


def _new_token(shop: Shop, desk: Desk, agent: Agent, today: date) -> str:
    expires = date(today.year + 1, 12, 31)
    return shop.key.token(Purpose.NEW, desk.name, 1, f"agent:{agent.name}", expires)


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
    return one_line(agent.shown if agent else name)
