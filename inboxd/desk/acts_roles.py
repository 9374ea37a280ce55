"""What not every agent may do: blocking customers, and sending colleagues away or back."""

from __future__ import annotations

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.desk.view_lists import is_supervisor


def refusal(command: ask.Act, agent: Agent | None) -> str | None:
    """Return why an agent's role forbids a command, or None; without an agent nothing does.

    Everybody may answer, tag and take over any conversation, and come and go themselves.
    """
    if agent is None or is_supervisor(agent):
        return None
    match command:
        case ask.Block():
            what = "#block"
        case ask.Away(agent=str(who)) if who.casefold() != agent.name.casefold():
            what = "#away for a colleague"
        case ask.Back(agent=str(who)) if who.casefold() != agent.name.casefold():
            what = "#back for a colleague"
        case _:
            return None
    return f"{what} is for supervisors and admins; ask one of them"
