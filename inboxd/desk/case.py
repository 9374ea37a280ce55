"""One mail on its way into one conversation: what is known of it, and who is to hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.conversations.decision import ThreadDecision
from inboxd.desk import acts_away, mailings
from inboxd.desk.merging import absorb
from inboxd.desk.reading import Reading
from inboxd.desk.shop import Desk, Shop
from inboxd.desk.unit import Unit
from inboxd.mail.model import Address
from inboxd.store import conversations
from inboxd.store.conversations import ConversationRecord, PartyRecord
from inboxd.store.journal import Entry
from inboxd.store.messages import MessageRecord


@dataclass(frozen=True, slots=True)
class Case:
    """A mail that is being filed, with all that was found out about it.

    `merging` are the conversations that its own one absorbs; `aside` is a sentence for the agents.
    """

    connection: sa.Connection
    shop: Shop
    desk: Desk
    entry: Entry
    reading: Reading
    decision: ThreadDecision
    now: datetime
    merging: tuple[ConversationRecord, ...] = ()
    aside: str = ""

    @property
    def sent_by_us(self) -> bool:
        """Whether it is history that the shop itself has written."""
        return is_our_own(self.shop, self.entry, self.reading.mail.author)

    @property
    def cause(self) -> str:
        """The name under which everything that follows from this mail is known."""
        return f"journal:{self.entry.id}"

    def unit(self, conversation: ConversationRecord, actor: str) -> Unit:
        """Begin the work on the mail's conversation, its trace already told how it was read.

        Conversations that the mail shows to be the same one are merged into it first.
        """
        unit = Unit(
            self.connection,
            self.shop,
            conversation,
            now=self.now,
            cause=self.cause,
            actor=actor,
            journal_id=self.entry.id,
            quiet=self.entry.history,
        )
        unit.traces.append(self._trace())
        for gone in self.merging:
            absorb(unit, gone, "the mail that both have in common came late")
        merged = [f"#{gone.number} is the same thread and was merged in." for gone in self.merging]
        unit.aside = " ".join(filter(None, (*merged, self.aside)))
        return unit

    def link(self, number: int) -> None:
        """Link the mail's conversation with those that the decision names."""
        for other in conversations.get_many(self.connection, self.decision.linked):
            conversations.add_link(self.connection, number, other)

    def remember_ids(self, number: int) -> None:
        """Let the ids that the mail bears and names lead to its conversation."""
        mail = self.reading.mail
        named = (*mail.in_reply_to, *mail.references)
        own = self.reading.keys.own_id
        ids = [each for each in named if each in self.reading.keys.ids]
        conversations.add_refs(self.connection, self.desk.name, number, own, ids)

    def _trace(self) -> dict[str, Any]:
        mail, verdict = self.reading.mail, self.reading.verdict
        return {
            "read": {
                "kind": verdict.kind.value,
                "reasons": list(verdict.reasons),
                "may_answer": verdict.may_answer,
                "message_id": mail.message_id,
                "defects": list(mail.defects[:20]),
            },
            "thread": [str(step) for step in self.decision.steps],
        }


def is_our_own(shop: Shop, entry: Entry, author: Address | None) -> bool:
    """Return whether a mail is imported history that a mailbox or an agent of the shop has sent.

    Only an admin can import, so From is believed here.
    """
    if not entry.history or author is None:
        return False
    return shop.addresses.owns(author.address) or author.key in shop.agent_addresses


def audience(unit: Unit) -> tuple[Agent, ...]:
    """Return who hears of a conversation: its assignee, else its team, else the mailbox's list.

    Where the assignee is away, the others hear of it, too.
    """
    return acts_away.audience(unit)


def tell_audience(unit: Unit, reason: str) -> None:
    """Have everybody told who hears of the conversation."""
    for agent in audience(unit):
        unit.tell(agent.name, reason)


def send_notifications(unit: Unit, news: MessageRecord | None) -> None:
    """Notify whom the unit was asked to tell; they take part in the conversation from now on."""
    config = unit.shop.config
    told = [
        (agent, f"{reason} {unit.aside}".strip())
        for name, reason in unit.told.items()
        if (agent := config.agent(name)) is not None
    ]
    unit.told.clear()
    if unit.quiet or not told:
        return
    mailings.notify(unit, told, news)
    add_agents(unit, [agent for agent, _ in told])


def add_agents(unit: Unit, agents: list[Agent]) -> None:
    """Let agents take part in the conversation, so that they get copies of what is answered."""
    rows = [PartyRecord(agent.address.casefold(), agent.shown, "agent") for agent in agents]
    conversations.add_parties(unit.connection, unit.number, rows)


def other_agents(unit: Unit, writer: Agent) -> list[Agent]:
    """Return the agents who take part in the conversation or hear of it, but for `writer`."""
    names = unit.shop.agent_addresses
    parties = conversations.parties(unit.connection, [unit.number])[unit.number]
    found = {
        names[party.address]: None
        for party in parties
        if party.role == "agent" and party.address in names
    }
    found |= {agent.name: None for agent in audience(unit)}
    agents = (unit.shop.config.agent(name) for name in found)
    return [agent for agent in agents if agent is not None and agent != writer]


def shown_author(address: Address | None) -> str:
    """Return how history names the writer of a mail."""
    return (address.name or address.address) if address else "somebody"
