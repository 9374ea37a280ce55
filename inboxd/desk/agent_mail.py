"""Mail from agents: proof of identity, and what of it is the agent's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inboxd.config import Agent
from inboxd.conversations.tokens import Purpose
from inboxd.desk import actions, held_answers, mailings, proof, side_threads
from inboxd.desk.case import Case
from inboxd.desk.orders import Order, carry_out, carry_out_held, meant, refuse
from inboxd.desk.unit import Unit
from inboxd.failpoints import reach
from inboxd.mail.model import Kind
from inboxd.mail.outgoing import MARKER
from inboxd.mail.quotes import cut_at_marker, split_reply
from inboxd.store import outbox
from inboxd.store.conversations import ConversationRecord
from inboxd.templates.contexts import TagError

_MOST_ASKED, _ASKED_WITHIN = 5, timedelta(hours=1)
_ALONE = "sends your answer that is held, and stands alone; leave it out to send another text"
_CONFIRM = (
    "Nothing was sent and nothing has changed. If it was you, answer this mail from your "
    "configured address and write the text again; if not, tell your admin."
)


def take(case: Case, conversation: ConversationRecord) -> int:
    """Act on an agent's mail to a conversation; returns the conversation's number."""
    side = side_threads.of_agent(case, conversation)
    proven = case.decision.agent if side is None else case.reading.keys.agent
    claimed = proven or case.reading.keys.agent or _holder(case)
    agent = case.shop.config.agent(claimed or "")
    unit = case.unit(conversation, claimed or "somebody")
    kind = case.reading.verdict.kind
    if kind not in (Kind.AGENT, Kind.CUSTOMER, Kind.EMPTY, Kind.LIST):
        unit.record("ignored", f"{kind.value} from {claimed}: never reaches a customer")
    elif kind is Kind.LIST:
        _hold(case, unit, agent, "It came through a mailing list.")
    elif agent is None or proven is None:
        _hold(case, unit, agent, _what_is_missing(case))
    elif (doubt := proof.doubt(case, agent)) is not None:
        _hold(case, unit, agent, doubt)
    else:
        reach("agent.proven")
        _obey(case, unit, replace(_own_words(case, agent), side=side))
    case.remember_ids(unit.number)
    unit.told.clear()
    unit.finish()
    return unit.number


def _holder(case: Case) -> str | None:
    """Return the agent for whom the mail's reply address was made, whoever writes to it."""
    key = case.shop.key
    tokens = [found.token for found in case.reading.keys.tokens]
    return next(
        (
            agent.name
            for token in tokens
            for agent in case.shop.config.agents
            if token.purpose is Purpose.AGENT and key.is_for(token, f"agent:{agent.name}")
        ),
        None,
    )


def _what_is_missing(case: Case) -> str:
    if case.decision.expired_token:
        return "The reply address that it was sent to has expired."
    if case.reading.keys.agent is None:
        return "It came to an agent's reply address, from an address that is no agent's."
    return "It bears an agent's address but was not sent to that agent's own reply address."


def _hold(case: Case, unit: Unit, agent: Agent | None, reason: str) -> None:
    """Keep the mail as a private note that does nothing, and ask the agent whose name it bears."""
    text = case.reading.mail.reply_text or case.reading.mail.text
    author = case.reading.mail.author
    sender = author.address if author else "an unclear sender"
    # Not under the agent's name: colleagues read the note, and it may be anybody's.
    actions.add_note(unit, f"{sender} (held, not proven)", text, kind="held")
    reach("agent.held")
    unit.record("held", f"mail from {sender}: {reason}")
    if agent is None or unit.quiet:
        return
    asked = outbox.count(unit.connection, unit.number, "held", unit.now - _ASKED_WITHIN)
    if asked < _MOST_ASKED:  # an agent's answering machine must not go on for ever
        mailings.held(unit, agent, reason, _CONFIRM, text)


def _own_words(case: Case, agent: Agent) -> Order:
    """Return what the agent newly wrote, with nothing of the notification in it."""
    mail = case.reading.mail
    above, found = cut_at_marker(mail.text, MARKER)
    html = None if found else mail.html
    words = split_reply(above, html, keep_sign_off=True).reply_text
    return Order(agent, words.strip(), meant(mail.attachments), case.now)


def _obey(case: Case, unit: Unit, order: Order) -> None:
    """Do what the mail asks for, or what the one asked for that was held before it."""
    mail = case.reading.mail
    released = order.side is None and held_answers.is_word(order.words)
    if not released or not held_answers.is_waiting(unit, order.agent):
        carry_out(unit, mail, order)
        return
    if not held_answers.stands_alone(order.words):
        refuse(unit, order, [TagError("#send now", _ALONE)])
        return
    carry_out_held(unit, mail, order.agent)
