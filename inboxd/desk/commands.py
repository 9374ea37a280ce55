"""What somebody at a shell does to a conversation: the same as reply tags do in a mail."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from inboxd.clock import Clock
from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.commands import BadTagError, TagContext
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import Parsed
from inboxd.conversations.when import parse_when
from inboxd.desk import acts_away, answering, leaks, ruling, view_lists
from inboxd.desk.case import add_agents, send_notifications
from inboxd.desk.dossier import conversation_of
from inboxd.desk.obey import check, obey
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.errors import Permanent
from inboxd.mail.model import ParsedMail
from inboxd.store import acts, blocked, contacts, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.db import Database
from inboxd.store.messages import NewEvent
from inboxd.suggest import hint

_ACTOR = "command line"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has done, and the conversation as it is now."""

    conversation: ConversationRecord
    contact_name: str
    did: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody at a shell: the shop, and the agent in whose name things happen (None: nobody's).

    `cause` is what the effects of the next command begin with, where it is one that is done again.
    """

    database: Database
    shop: Shop
    clock: Clock
    agent: Agent | None
    cause: str | None = None

    def reply(self, number: int, text: str) -> Done:
        """Answer the customer of conversation `number`; raises `Permanent` where that is refused.

        The text is sent as it is: lines that begin with `#` are no tags here.
        """
        agent = self.agent
        if agent is None:
            raise Permanent("an answer needs an agent, and none is configured")
        if not text.strip():
            raise Permanent("there is no text to send")

        def act(unit: Unit) -> str:
            if "@" not in unit.conversation.contact_address:
                raise Permanent("the customer's mail has no address to answer to")
            leak = leaks.find(unit, ParsedMail(), text)
            if leak is not None:
                raise Permanent(f"this line of our notification stands in your answer: {leak}")
            return answering.send(unit, agent, Parsed(text.strip())).done

        return self._do(number, act, "reply", text)

    def note(self, number: int, text: str) -> Done:
        """Keep a private note in conversation `number`."""
        if not text.strip():
            raise Permanent("there is no text to keep")

        def act(unit: Unit) -> str:
            return obey(unit, ask.Note(), self.agent, text.strip())

        return self._do(number, act, "note", text)

    def remind(self, number: int, when: str, text: str = "") -> Done:
        """Have the agent reminded of conversation `number`; raises `Permanent` for no such time."""
        at = _moment(self.shop, self.clock, when, self.agent)
        return self.act(number, ask.Remind(at, text), "remind", when, text)

    def tag(self, number: int, name: str, words: str = "") -> Done:
        """Do to conversation `number` what the reply tag `#name words` does.

        Raises `Permanent`, with the nearest valid words, where the words cannot be understood.
        """

        def act(unit: Unit) -> str:
            try:
                command = TAGS[name].read(words, self._context(unit))
            except BadTagError as error:
                raise Permanent(_explained(name, error)) from None
            if isinstance(command, ask.AnswerOption):
                raise Permanent(f"#{name} is part of an answer: inboxd reply sends one")
            return self._obeyed(unit, command)

        return self._do(number, act, "tag", name, words)

    def act(self, number: int, command: ask.Act, *words: str) -> Done:
        """Have a command obeyed in conversation `number`; raises `Permanent` where it cannot be.

        `words` is what is kept of it (`acts.record`); without them it is not kept.
        """
        return self._do(number, lambda unit: self._obeyed(unit, command), *words)

    def _obeyed(self, unit: Unit, command: ask.Act) -> str:
        # Who has the database in hand has every role.
        obstacle = check(unit, command, self.agent, any_role=True)
        if obstacle is not None:
            raise Permanent(obstacle)
        return obey(unit, command, self.agent, any_role=True)

    def _do(self, number: int, act: Callable[[Unit], str], *words: str) -> Done:
        """Let `act` work on the conversation, with all that follows, in one transaction."""
        with self.database.write() as connection:
            conversation = conversation_of(connection, number)
            if conversation.mailbox not in self.shop.desks:
                raise Permanent(f"its mailbox {conversation.mailbox} is not configured any more")
            unit = Unit(
                connection,
                self.shop,
                conversation,
                now=self.clock.now(),
                cause=self.cause or f"command:{secrets.token_hex(8)}",
                actor=self.agent.name if self.agent else _ACTOR,
            )
            if self.agent is not None:
                add_agents(unit, [self.agent])
            did = act(unit)
            self._keep(unit, number, *words)
            last = messages.last_inbound(connection, unit.number)
            ruling.follow(unit, last)
            send_notifications(unit, last)
            unit.finish()
            contact = unit.conversation.contact_id
            name = contacts.names(connection, [contact]).get(contact, "")
            return Done(unit.conversation, name, did)

    def _keep(self, unit: Unit, number: int, name: str = "", *words: str) -> None:
        if name:
            agent = self.agent.name if self.agent else None
            acts.record(
                unit.connection,
                unit.now,
                name,
                words,
                agent=agent,
                conversation=number,
                cause=unit.cause,
            )

    def _context(self, unit: Unit) -> TagContext:
        config = self.shop.config
        return TagContext(
            agents=[agent.name for agent in config.agents],
            teams=list(config.teams),
            canned=list(self.shop.canned.names),
            me=self.agent.name if self.agent else "",
            now=unit.now,
            zone=config.zone(unit.desk.mailbox, self.agent),
            calendar=unit.calendar,
            views=view_lists.view_names(config),
            supervisor=True,
        )


def shell(database: Database, shop: Shop, clock: Clock, name: str | None) -> Shell:
    """Return somebody at a shell who acts as the agent `name`.

    Without a name it is the first agent who is an admin, else the first one. Raises `Permanent`
    for a name that is nobody's.
    """
    agents = shop.config.agents
    if name is None:
        admins = [agent for agent in agents if agent.role == "admin"]
        return Shell(database, shop, clock, next(iter(admins or agents), None))
    return Shell(database, shop, clock, _known(shop, name))


def away(database: Database, shop: Shop, clock: Clock, name: str, until: str | None) -> str:
    """Let the agent called `name` be away; raises `Permanent` for an unknown name or time.

    Returns what was done.
    """
    who = _known(shop, name)
    end = None if until is None else _moment(shop, clock, until, who)
    with database.write() as connection:
        now = clock.now()
        acts.record(connection, now, "away", [] if until is None else [until], agent=name)
        return acts_away.leave(connection, shop, who, end, by=None, now=now)


def back(database: Database, shop: Shop, clock: Clock, name: str) -> str:
    """Let the agent called `name` be there again; raises `Permanent` for an unknown name.

    Returns what was done, and what waits for the agent.
    """
    who = _known(shop, name)
    with database.write() as connection:
        now = clock.now()
        acts.record(connection, now, "back", agent=name)
        return acts_away.come_back(connection, shop, who, by=None, now=now)


def unblock(database: Database, clock: Clock, address: str) -> None:
    """Take mail from `address` again; raises `Permanent` where it is not blocked."""
    with database.write() as connection:
        if not blocked.remove(connection, address.strip()):
            known = hint(address, [each.address for each in blocked.listing(connection)])
            raise Permanent(f"{address} is not blocked{known}")
        acts.record(connection, clock.now(), "unblock", [address])
        event = NewEvent(clock.now(), None, _ACTOR, "contact.unblocked", address)
        messages.add_events(connection, [event])


def _known(shop: Shop, name: str) -> Agent:
    agent = shop.config.agent(name)
    if agent is None:
        known = hint(name, [each.name for each in shop.config.agents])
        raise Permanent(f"there is no agent called {name}{known}")
    return agent


def _moment(shop: Shop, clock: Clock, words: str, agent: Agent | None) -> datetime:
    """Return the moment that `words` mean to an agent; raises `Permanent`."""
    calendar = shop.calendars.of_agent(agent) if agent else shop.calendars.of_shop()
    try:
        return parse_when(words, clock.now(), shop.config.zone(None, agent), calendar=calendar)
    except ValueError as error:
        raise Permanent(str(error)) from None


def _explained(name: str, error: BadTagError) -> str:
    """Return why the words cannot be obeyed, in a shell's words rather than a mail's."""
    reason = error.reason.removeprefix(f"#{name}: ").replace(f"#{name} ", f"{name} ")
    meant = (error.suggestion or "").removeprefix(f"#{name} ")
    return f"{reason}; did you mean {meant!r}?" if meant else reason
