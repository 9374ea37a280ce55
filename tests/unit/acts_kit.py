"""Has commands obeyed as an agent's mail does, without the mail."""

from __future__ import annotations

import itertools

from desk_kit import Desk, letter

from inboxd.conversations import commands as ask
from inboxd.desk.case import add_agents, send_notifications
from inboxd.desk.obey import check, obey
from inboxd.desk.unit import Unit
from inboxd.store import conversations, messages

JOE = "Joe <joe@elsewhere.example>"
_numbers = itertools.count(1)


def do(desk: Desk, *commands: ask.Act, agent: str = "anna", number: int = 1, text: str = "") -> str:
    """Have `agent` ask for `commands` in conversation `number`; returns what was done.

    A command that `check` refuses stops all of them; the answer is the reason, behind "refused".
    """
    known = desk.shop.config.agent(agent)
    assert known is not None
    with desk.database.write() as connection:
        conversation = conversations.get(connection, number)
        assert conversation is not None
        cause = f"test:{next(_numbers)}"
        unit = Unit(
            connection, desk.shop, conversation, now=desk.clock.now(), cause=cause, actor=agent
        )
        add_agents(unit, [known])
        refused = [why for each in commands if (why := check(unit, each, known)) is not None]
        if refused:
            return f"refused: {'; '.join(refused)}"
        done = [obey(unit, each, known, text) for each in commands]
        send_notifications(unit, messages.last_inbound(connection, unit.number))
        unit.finish()
        return "\n".join(done)


def stranger(desk: Desk, sender: str = JOE, number: int = 1, **mail: object) -> str:
    """Let a stranger answer to a reply address that was forwarded; returns the mail's id."""
    message_id = f"stranger{next(_numbers)}@elsewhere.example"
    to = desk.reply_address(number=number)
    values = {"text": "I have a question of mine.\n", "subject": "Fwd: tea", **mail}
    desk.send(letter(sender, to=to, message_id=message_id, **values), to=[to])  # type: ignore[arg-type]
    return message_id
