"""An agent's answer as its tags want it: to whom, when, with which canned replies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.states import ConversationEvent, ConversationState, next_state
from inboxd.conversations.tags import Parsed
from inboxd.desk import actions, canned_replies, mailings, posting, shown
from inboxd.desk.case import other_agents
from inboxd.desk.mailings import Answer
from inboxd.desk.people import is_ours
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError
from inboxd.failpoints import reach
from inboxd.mail.model import Address, Attachment
from inboxd.store import conversations
from inboxd.store.conversations import PartyRecord
from inboxd.templates.canned import RenderedCanned
from inboxd.templates.canned_attachments import CannedAttachment
from inboxd.templates.contexts import TagError
from inboxd.templates.text_html import text_to_html

_MOST_PEOPLE = 20  # an answer must not become a mass mail


@dataclass(frozen=True, slots=True)
class Options:
    """What an agent's tags want of the answer; see the commands of these names."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    alone: bool = False
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer: in words, when it leaves, and whom it has let take part."""

    done: str
    leaves: datetime
    added: tuple[str, ...]


def options_of(commands: Iterable[ask.Command]) -> Options:
    """Return what the commands want of the answer."""
    commands = list(commands)
    times = [command.at for command in commands if isinstance(command, ask.SendAt)]
    return Options(
        to=tuple(_addresses(commands, ask.To)),
        cc=tuple(_addresses(commands, ask.Cc)),
        alone=any(isinstance(command, ask.NoCopies) for command in commands),
        send_at=max(times, default=None),
    )


def obstacles(unit: Unit, agent: Agent, parsed: Parsed) -> list[TagError]:
    """Return what stands in the way of sending an answer, but for what stands in it."""
    options = options_of(parsed.options)
    if not options.to and "@" not in unit.conversation.contact_address:
        return [TagError("", "the customer's mail has no address to answer to")]
    ours = [each for each in (*options.to, *options.cc) if is_ours(unit.shop, each)]
    if ours:
        return [
            TagError(each[:100], "answers go to people outside, and this address is ours")
            for each in ours
        ]
    _, copied = shown.customers(unit)
    people = {*(each.key for each in copied), *(each.casefold() for each in options.cc)}
    if len(options.to) > _MOST_PEOPLE or len(people) > _MOST_PEOPLE:
        return [TagError("", f"an answer goes to at most {_MOST_PEOPLE} people")]
    try:
        canned_replies.attach(unit, composed(unit, agent, parsed).files)
    except ConfigError as error:
        return [TagError("#canned", f"it cannot be filled in: {error.faults[0].message}")]
    return []


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text, the canned replies in their places, and the files that these bring.

    `html` is its HTML form where a canned reply is in it, whose Markdown is made HTML; else empty,
    for then it says no more than the text.
    """

    text: str
    html: str
    files: tuple[CannedAttachment, ...]


def composed(unit: Unit, agent: Agent, parsed: Parsed) -> Composed:
    """Return the answer: the agent's words with the canned replies in their places.

    Raises ConfigError where one of them cannot be filled in; `obstacles` has said so before.
    """
    canned = [command for command in parsed.commands if isinstance(command, ask.Canned)]
    filled = {each: _filled(unit, agent, each) for each in canned}
    placed = [(each.place, each) for each in canned if each.place is not None]
    lines = parsed.body.split("\n")
    parts: list[str | RenderedCanned] = []
    start = 0
    for place, each in sorted(placed, key=lambda pair: pair[0]):
        parts += ["\n".join(lines[start:place]), filled[each]]
        start = place
    parts.append("\n".join(lines[start:]))
    parts += [filled[each] for each in canned if each.place is None]
    texts = [(each if isinstance(each, str) else each.text).strip("\n") for each in parts]
    text = "\n\n".join(part for part in texts if part).strip()
    html = [
        text_to_html(each.strip("\n")) if isinstance(each, str) else each.html for each in parts
    ]
    files = (file for each in canned for file in filled[each].attachments)
    return Composed(text, "\n".join(html) if canned else "", tuple(dict.fromkeys(files)))


def send(
    unit: Unit,
    agent: Agent,
    parsed: Parsed,
    attachments: tuple[Attachment, ...] = (),
) -> Outcome:
    """Send an answer to the customer, with copies to the other agents.

    The caller has asked for `obstacles`.
    """
    options = options_of(parsed.options)
    added = tuple(_let_take_part(unit, options))
    words = composed(unit, agent, parsed)
    answer = Answer(
        agent,
        words.text,
        attachments,
        canned_replies.attach(unit, words.files),
        html=words.html,
        alone=options.alone,
        to=tuple(Address("", each) for each in options.to),
        send_at=options.send_at,
    )
    mailings.answer(unit, answer)
    reach("answer.queued")
    state = ConversationState(unit.conversation.state)
    unit.renew()
    actions.set_state(unit, next_state(state, ConversationEvent.AGENT_ANSWERS), "answered")
    mailings.copy_answer(unit, answer, other_agents(unit, agent))
    reach("answer.copied")
    leaves = posting.leaves_at(unit, answer.send_at)
    return Outcome(_told(unit, answer, leaves), leaves, added)


def moment(unit: Unit, agent: Agent | None, at: datetime) -> str:
    """Return a moment to come as the agent reads it."""
    local = at.astimezone(unit.shop.config.zone(unit.desk.mailbox, agent))
    soon = at - unit.now < timedelta(hours=1)
    return f"{local:at %H:%M:%S}" if soon else f"{local:on %a %Y-%m-%d at %H:%M}"


def _addresses(commands: Iterable[ask.Command], kind: type[ask.To] | type[ask.Cc]) -> Iterator[str]:
    seen: set[str] = set()
    for command in commands:
        for address in command.addresses if isinstance(command, kind) else ():
            if address.casefold() not in seen:
                seen.add(address.casefold())
                yield address


def _let_take_part(unit: Unit, options: Options) -> Iterator[str]:
    """Let those whom the agent names take part; yields those who did not before.

    Whom an answer goes to in the contact's place may answer it, and gets no later ones.
    """
    present = conversations.parties(unit.connection, [unit.number])[unit.number]
    known = {party.address for party in present if party.role != "pending"}
    rows = [PartyRecord(each.casefold(), "", "cc") for each in options.cc]
    # A name of its own, so that nobody takes them for the contact at another address.
    rows += [PartyRecord(each.casefold(), each, "contact") for each in options.to]
    new = [row for row in rows if row.address not in known]
    conversations.add_parties(unit.connection, unit.number, new)
    yield from dict.fromkeys(row.address for row in new)


def _filled(unit: Unit, agent: Agent, command: ask.Canned) -> RenderedCanned:
    return canned_replies.filled(unit, command.name, agent, {}, dict(command.values))


def _told(unit: Unit, answer: Answer, leaves: datetime) -> str:
    """Say who gets the answer, who does not, and when it leaves."""
    to, cc = mailings.recipients(unit, answer)
    whom = ", ".join(each.address for each in to) if answer.to or answer.alone else "the customer"
    _, copied = shown.customers(unit)
    got = {each.key for each in (*to, *cc)}
    spared = [each.address for each in copied if each.key not in got]
    alone = " alone" if answer.alone else ""
    without = f"; {', '.join(spared)} did not get it" if spared else ""
    if leaves > unit.now:
        when = moment(unit, answer.agent, leaves)
        return f"Your answer to {whom}{alone} leaves {when}; #undo takes it back until then."
    return f"Your answer is on its way to {whom}{alone}{without}."
