"""What an agent's mail asks for, once it is proven: the answer, its tags, and the receipt.

All of it is done, or (with a mistake in it) none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.action_addresses import UNDO
from inboxd.conversations.tags import Parsed, parse_tags
from inboxd.desk import (
    action_links,
    answering,
    held_answers,
    leaks,
    mailings,
    obey,
    ruling,
    side_threads,
    undoing,
)
from inboxd.desk.answering import Outcome
from inboxd.desk.case import add_agents, send_notifications
from inboxd.desk.unit import Unit
from inboxd.desk.view_lists import is_supervisor, view_names
from inboxd.failpoints import reach
from inboxd.mail.model import Attachment, ParsedMail
from inboxd.store import messages
from inboxd.store.side_threads import SideRecord
from inboxd.templates.contexts import TagError

_LOGO_BYTES = 10_000
_CRYPTO = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-")
_BELOW = "it stands below the marked line, where nothing is read; write it above"
_EMPTY = "the mail has no text and no tags of yours"
_LEAKS = "this line of our notification stands in your answer; cut it"
_UNCLEAR = (
    "where your own words end cannot be told from our mail with certainty; write above the marked "
    "line, or delete all that is not yours"
)
_FORWARDED = "our own mail, with what is internal in it, is attached; send the answer without it"
_UNDO_ALONE = "goes in a mail of its own"


@dataclass(frozen=True, slots=True)
class Order:
    """An agent's mail, reduced to what the agent newly wrote; `at` is when that was.

    It answers the customer, or (`side`) somebody to whom the conversation was forwarded.
    """

    agent: Agent
    words: str
    attachments: tuple[Attachment, ...]
    at: datetime
    side: SideRecord | None = None


def meant(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """Return the files that are for the customer: no mail signature, no logo of a signature."""
    return tuple(each for each in attachments if _is_meant(each))


def carry_out(unit: Unit, mail: ParsedMail, order: Order, *, crossing: bool = True) -> None:
    """Do what the mail asks for, or give it back with the reasons.

    `mail` is what came in, by which the mail of ours is found that it answers. With `crossing`, an
    answer is held that crosses a colleague's.
    """
    add_agents(unit, [order.agent])
    parsed = parse_tags(order.words, _context(unit, order))
    below = leaks.words_below(unit, mail)
    errors = _mistakes(unit, mail, order, parsed, below)
    reach("agent.read")
    if errors:
        refuse(unit, order, errors, below)
    elif any(isinstance(command, ask.Undo) for command in parsed.commands):
        mailings.receipt(unit, order.agent, done=undoing.undo_last(unit, order.agent))
    elif (
        crossing
        and order.side is None
        and _sends(order, parsed)
        and (first := held_answers.faster(unit, order.agent, mail))
    ):
        held_answers.hold(unit, order.agent, order.words, first)
    else:
        _do(unit, order, parsed)


def carry_out_held(unit: Unit, mail: ParsedMail, agent: Agent) -> bool:
    """Do what the agent's mail asks for that is held, because `mail` says so.

    Returns False where none is held.
    """
    held = held_answers.release(unit, agent)
    if held is None:
        return False
    unit.record("held.released", f"by {agent.name}")
    unit.journal_id = held.journal_id  # where its files lie
    carry_out(
        unit, mail, Order(agent, held.words, meant(held.attachments), held.at), crossing=False
    )
    return True


def refuse(unit: Unit, order: Order, errors: Sequence[TagError], below: Sequence[str] = ()) -> None:
    """Do nothing of a mail, and give its writer the text back with the reasons."""
    unit.record("refused", "; ".join(f"{error.line}: {error.reason}" for error in errors)[:500])
    reach("agent.refused")
    original = "\n\n".join(filter(None, (order.words, "\n".join(below))))
    mailings.receipt(unit, order.agent, errors=errors, original=original)


def _context(unit: Unit, order: Order) -> ask.TagContext:
    config = unit.shop.config
    return ask.TagContext(
        agents=[agent.name for agent in config.agents],
        teams=list(config.teams),
        canned=list(unit.shop.canned.names),
        me=order.agent.name,
        now=order.at,
        zone=config.zone(unit.desk.mailbox, order.agent),
        calendar=unit.calendar,
        has_files=any(not each.inline for each in order.attachments),
        views=view_names(config),
        supervisor=is_supervisor(order.agent),
    )


def _mistakes(
    unit: Unit, mail: ParsedMail, order: Order, parsed: Parsed, below: Sequence[str]
) -> list[TagError]:
    """Return why nothing of the mail can be done, if anything is wrong with it."""
    if parsed.errors:
        return [TagError(e.line, e.reason, e.suggestion or "") for e in parsed.errors]
    if below:
        return [TagError(line[:100], _BELOW) for line in below[:3]]
    undoes = any(isinstance(command, ask.Undo) for command in parsed.commands)
    if undoes and (len(parsed.commands) > 1 or parsed.body):
        return [TagError("#undo", _UNDO_ALONE)]
    refusals = [obey.check(unit, command, order.agent) for command in parsed.acts]
    if any(refusals):
        return [TagError("", refusal) for refusal in refusals if refusal]
    return _obstacles(unit, mail, order, parsed)


def _obstacles(unit: Unit, mail: ParsedMail, order: Order, parsed: Parsed) -> list[TagError]:
    """Return what stands in the way of sending an answer that is well written."""
    sends = _sends(order, parsed)
    if not sends and not parsed.commands and not order.attachments:
        return [TagError("", _EMPTY)]
    outside = order.side is not None or parsed.forwards
    if not sends and not parsed.forwards:
        return []
    if outside:
        found = side_threads.obstacles(unit, parsed, order.side)
    else:
        found = answering.obstacles(unit, order.agent, parsed)
    if found:
        return found
    leak = leaks.find(unit, mail, parsed.body, aside=outside)
    if leak is not None:
        return [TagError(leak[:100], _LEAKS)]
    if not leaks.certain(unit, mail, parsed.body, aside=outside):
        return [TagError("", _UNCLEAR)]
    named = leaks.attached(unit, order.attachments)
    return [TagError(named[:100], _FORWARDED)] if named is not None else []


def _do(unit: Unit, order: Order, parsed: Parsed) -> None:
    """Send the answer, obey the tags, remember how to undo it all, and say what was done."""
    agent, before = order.agent, unit.conversation
    # Whom the mail lets take part gets its answer, too.
    allowed = [command for command in parsed.acts if isinstance(command, ask.Allow)]
    others = [command for command in parsed.acts if not isinstance(command, ask.Allow)]
    let_in, _ = _obeyed(unit, agent, allowed, parsed.body)
    outcome = _answer(unit, order, parsed)
    reach("agent.answered")
    did, told = _obeyed(unit, agent, others, parsed.body)
    reach("agent.obeyed")
    last = messages.last_inbound(unit.connection, unit.number)
    can_undo = undoing.keep(
        unit,
        agent,
        before,
        parsed.commands,
        leaves=outcome.leaves if outcome else None,
        added=outcome.added if outcome else (),
    )
    reach("agent.undo_kept")
    ruling.follow(unit, last)
    if told or (parsed.commands and unit.desk.mailbox.receipts == "all"):
        done = [outcome.done] if outcome else []
        done += [f"Sent the canned reply {each}." for each in _canned(parsed)]
        can_undo = can_undo and bool(unit.desk.pattern.local)
        link = action_links.link(unit, agent, UNDO) if can_undo else None
        mailings.receipt(
            unit, agent, done=[*let_in, *done, *did], told="\n\n".join(told), undo=link
        )
    reach("agent.receipt")
    send_notifications(unit, last)


def _obeyed(
    unit: Unit, agent: Agent, commands: Sequence[ask.Act], body: str
) -> tuple[list[str], list[str]]:
    """Obey the tags; returns what was done, and what the agent has asked to be told."""
    did: list[str] = []
    told: list[str] = []
    for command in commands:
        text = obey.obey(unit, command, agent, body)
        (told if isinstance(command, obey.QUESTIONS) else did).append(text)
    return did, told


def _answer(unit: Unit, order: Order, parsed: Parsed) -> Outcome | None:
    """Send the answer, or forward the mail. What was held and is replaced is discarded."""
    if parsed.forwards:
        return side_threads.forward(unit, order.agent, parsed, order.attachments)
    if not _sends(order, parsed):
        return None
    if order.side is not None:
        return side_threads.answer(unit, order.agent, parsed, order.attachments, order.side)
    held_answers.drop(unit, order.agent)
    return answering.send(unit, order.agent, parsed, order.attachments)


def _canned(parsed: Parsed) -> list[str]:
    return [command.name for command in parsed.commands if isinstance(command, ask.Canned)]


def _sends(order: Order, parsed: Parsed) -> bool:
    """Whether the mail holds an answer. Pictures beside tags belong to a signature."""
    if parsed.answers:
        return True
    if parsed.is_note or parsed.forwards:
        return False
    return any(not (parsed.commands and each.inline) for each in order.attachments)


def _is_meant(attachment: Attachment) -> bool:
    if attachment.content_type.startswith(_CRYPTO):
        return False
    logo = attachment.inline and attachment.content_id and attachment.size < _LOGO_BYTES
    return not logo
