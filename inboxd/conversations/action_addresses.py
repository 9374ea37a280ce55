"""Addresses that do one thing when an agent writes to them: which there are, and whose they are.

What an address does is part of whom its token was made for, so it can neither be changed nor be
used by somebody else. The token itself says nothing of it: whoever checks tries what there is.
"""

from __future__ import annotations

from collections.abc import Iterable

from inboxd.conversations.tokens import Purpose, Token, TokenKey

CLOSE, MINE, SNOOZE, SPAM, UNDO = "close", "mine", "snooze", "spam", "undo"
SEND, DISCARD = "send", "discard"  # the agent's answer that is held, because a colleague was faster
ACTIONS = (CLOSE, MINE, SNOOZE, SPAM, UNDO, SEND, DISCARD)
_ASSIGN = "assign:"


def assign_to(name: str) -> str:
    """Return the action that gives a conversation to the agent called `name`."""
    return f"{_ASSIGN}{name}"


def assignee_of(action: str) -> str | None:
    """Return the name of the agent to whom `action` gives a conversation, None for other ones."""
    return action.removeprefix(_ASSIGN) if action.startswith(_ASSIGN) else None


def party_of(agent: str, action: str) -> str:
    """Return whom the token of an action address is made for: an agent, for one action."""
    return f"agent:{agent}:action:{action}"


def action_of(token: Token, agent: str, agents: Iterable[str], key: TokenKey) -> str | None:
    """Return what the token lets the agent called `agent` do, or None where it is not theirs.

    `agents` are the names of all agents: a conversation may be given to any of them.
    """
    if token.purpose is not Purpose.ACTION:
        return None
    actions = (*ACTIONS, *(assign_to(name) for name in sorted(set(agents))))
    return next((each for each in actions if key.is_for(token, party_of(agent, each))), None)
