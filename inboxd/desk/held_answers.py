"""Two agents who answer at once: the second one's answer is held, and its writer shown the first.

An answer that its writer could not know of is one that was queued after the mail of ours to which
the second one is an answer. It is waited for while it is kept back, and for a short time after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from inboxd.config import Agent
from inboxd.desk import mailings
from inboxd.desk.answering import moment
from inboxd.desk.unit import Unit
from inboxd.desk.words import ago
from inboxd.mail.mime import parse
from inboxd.mail.model import Attachment, ParsedMail
from inboxd.store import held_answers, journal, messages, outbox
from inboxd.store.held_answers import HeldState
from inboxd.store.messages import MessageRecord

CROSSING = timedelta(minutes=2)  # or the mailbox's send_delay, where that is longer
_LOOKED_AT = 20  # messages of the conversation
_SEND_NOW = re.compile(r"#\s?send\s+now[.!]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Faster:
    """A colleague's answer that the writer of the next one has not seen."""

    message: MessageRecord
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class Released:
    """An answer that was held: the words with their tags, its files, and when it was written."""

    words: str
    attachments: tuple[Attachment, ...]
    at: datetime
    journal_id: int | None


def faster(unit: Unit, agent: Agent, mail: ParsedMail) -> Faster | None:
    """Return the newest answer of a colleague's that `agent`, who wrote `mail`, cannot know of."""
    seen = _newest_seen(unit, mail)
    recent = max(CROSSING, timedelta(seconds=unit.desk.mailbox.send_delay.seconds))
    answers = {
        each.message_id: each
        for each in messages.last(unit.connection, unit.number, _LOOKED_AT)
        if each.direction == "outbound" and each.kind == "agent" and each.message_id is not None
        if each.agent != agent.name
    }
    rows = outbox.by_message_ids(unit.connection, list(answers))
    fresh = [row for row in rows if row.id > seen and unit.now - row.created_at < recent]
    if not fresh:
        return None
    row = max(fresh, key=lambda each: each.id)
    message = answers[row.message_id]
    writer = unit.shop.config.agent(message.agent or "")
    when = _ago(message.created_at, unit.now)
    if row.created_at > unit.now:
        when += f" (that answer leaves {moment(unit, agent, row.created_at)})"
    return Faster(message, writer.shown if writer else message.author.name, when)


def hold(unit: Unit, agent: Agent, words: str, first: Faster) -> None:
    """Do nothing of what an agent's mail wants, and show its writer the answer that was faster."""
    drop(unit, agent)
    held_answers.add(
        unit.connection,
        conversation=unit.number,
        agent=agent.name,
        at=unit.now,
        journal_id=unit.journal_id,
        answer={"words": words},
    )
    unit.record("answer.held", f"of {agent.name}: {first.who} had answered {first.when}")
    mailings.waiting(unit, agent, first.who, first.when, first.message.text, words)


def is_word(words: str) -> bool:
    """Return whether the first line of an agent's words is the one that sends a held answer."""
    first = next((line for line in words.splitlines() if line.strip()), "")
    return _SEND_NOW.fullmatch(first.strip()) is not None


def stands_alone(words: str) -> bool:
    """Return whether nothing else stands in the words than the line that sends a held answer."""
    return _SEND_NOW.fullmatch(words.strip()) is not None


def is_waiting(unit: Unit, agent: Agent) -> bool:
    """Return whether an answer of the agent's is held in the conversation."""
    return held_answers.waiting(unit.connection, unit.number, agent.name) is not None


def release(unit: Unit, agent: Agent) -> Released | None:
    """Return the agent's answer that is held, which from now on is not; None where there is none.

    Its files are read out of the mail that it came in: the caller sends it as part of that mail.
    """
    held = held_answers.waiting(unit.connection, unit.number, agent.name)
    if held is None:
        return None
    held_answers.settle(unit.connection, unit.number, agent.name, HeldState.SENT)
    raw = journal.raw(unit.connection, held.journal_id) if held.journal_id else None
    files = parse(raw).attachments if raw is not None else ()
    return Released(str(held.answer["words"]), files, held.at, held.journal_id)


def drop(unit: Unit, agent: Agent) -> bool:
    """Discard what the agent has held in the conversation; returns whether there was anything."""
    return bool(held_answers.settle(unit.connection, unit.number, agent.name, HeldState.DISCARDED))


def _newest_seen(unit: Unit, mail: ParsedMail) -> int:
    """Return the place in the outbox of the mail of ours that is answered, 0 where none is."""
    ids = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[:20]
    return max((row.id for row in outbox.by_message_ids(unit.connection, ids)), default=0)


def _ago(then: datetime, now: datetime) -> str:
    """Return how long ago an answer was written, to the second where it was just now."""
    seconds = int((now - then).total_seconds())
    return f"{seconds} s ago" if 0 <= seconds < 60 else ago(then, now)
