"""Answers to a list: proof of identity, then each line's orders on its own conversation.

All of it is done, or (with a mistake in it) none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.digest_lines import Orders, looks_like_order, parse_digest_lines
from inboxd.conversations.lookup import FoundToken
from inboxd.desk import obey, proof, ruling, undoing
from inboxd.desk.case import Case, send_notifications
from inboxd.desk.digest_post import TOKEN_LIFE, Post
from inboxd.desk.unit import Unit
from inboxd.desk.view_lists import is_supervisor, short_subject, view_names
from inboxd.mail.model import Kind
from inboxd.mail.outgoing import MARKER
from inboxd.mail.quotes import between_quotes, cut_at_marker, split_reply
from inboxd.store import conversations, digests, folders, merges, messages
from inboxd.store.messages import NewEvent
from inboxd.templates.contexts import DigestReceiptContext, TagError

_LETTERS = (Kind.AGENT, Kind.CUSTOMER, Kind.EMPTY, Kind.LIST)
_HELD_EVERY = timedelta(minutes=10)  # an answering machine must not go on for ever
_NOT_THEIRS = "It came from an address that is not yours."
_BELOW = "it stands between the quoted lines, where nothing is read; write it above them"
_TOO_OLD: Final = (
    f"the list is more than {TOKEN_LIFE.days} days old, and its numbers may mislead; "
    "ask for a new one with #list"
)
_UNKNOWN = "the list is not known any more; ask for a new one with #list"


@dataclass(frozen=True, slots=True)
class _Task:
    """What one conversation's lines ask for."""

    unit: Unit
    orders: tuple[Orders, ...]


def take(case: Case, found: FoundToken) -> None:
    """Act on a mail that came to the reply address of a list; `found` is that address's token.

    The mail belongs to no conversation. What nobody can be told is left in the daemon's history.
    """
    agent = _holder(case, found)
    kind = case.reading.verdict.kind
    if agent is None:
        _record(case, "ignored", "it came to the list of an agent who is not configured any more")
    elif kind not in _LETTERS or case.entry.history:
        _record(case, "ignored", f"{kind.value} to a list of {agent.name}")
    elif (reason := _doubt(case, found, agent)) is not None:
        _hold(case, found, agent, reason)
    else:
        _work_through(case, found, agent)


def _holder(case: Case, found: FoundToken) -> Agent | None:
    """Return the agent for whom the list was made, whoever writes."""
    key = case.shop.key
    agents = case.shop.config.agents
    return next((each for each in agents if key.is_for(found.token, f"agent:{each.name}")), None)


def _doubt(case: Case, found: FoundToken, agent: Agent) -> str | None:
    if not found.own:
        return _NOT_THEIRS
    return proof.doubt(case, agent)


def _hold(case: Case, found: FoundToken, agent: Agent, reason: str) -> None:
    """Do nothing, and ask the agent at the configured address, not at the sender's."""
    author = case.reading.mail.author
    sender = author.address if author else "an unclear sender"
    _record(case, "held", f"answer to a list of {agent.name} from {sender}: {reason}")
    if folders.may_alert(case.connection, f"digest_held:{agent.name}", case.now, _HELD_EVERY):
        context = DigestReceiptContext(
            shop_name=case.desk.shown, reason=reason, original_text=_words(case)
        )
        _tell(case, found, agent, context)


def _work_through(case: Case, found: FoundToken, agent: Agent) -> None:
    """Do what the lines say, or give them back with the reasons."""
    digest = digests.get(case.connection, found.token.conversation)
    words = _words(case)
    tasks: list[_Task] = []
    if found.expired:
        errors = [TagError("", _TOO_OLD)]
    elif digest is None or digest.agent != agent.name:
        errors = [TagError("", _UNKNOWN)]
    else:
        errors = _misplaced(case)
        parsed = parse_digest_lines(words, digest.lines, _context(case, agent))
        errors += [TagError(e.line, e.reason, e.suggestion or "") for e in parsed.errors]
        tasks = _tasks(case, agent, parsed.orders)
        errors = errors or _obstacles(case, agent, parsed.orders, tasks)
    if errors:
        reasons = "; ".join(f"{error.line}: {error.reason}" for error in errors)
        _record(case, "refused", f"answer to a list of {agent.name}: {reasons}"[:500])
        context = DigestReceiptContext(
            shop_name=case.desk.shown, errors=tuple(errors), original_text=words
        )
        _tell(case, found, agent, context)
        return
    done = [line for task in tasks for line in _carry_out(task, agent)]
    if case.desk.mailbox.receipts == "all":
        context = DigestReceiptContext(shop_name=case.desk.shown, done=tuple(done))
        _tell(case, found, agent, context)


def _words(case: Case) -> str:
    """Return what the agent newly wrote, with nothing of the list in it."""
    mail = case.reading.mail
    above, found = cut_at_marker(mail.text, MARKER)
    return split_reply(above, None if found else mail.html).reply_text.strip()


def _misplaced(case: Case) -> list[TagError]:
    """Return the orders that stand below the lines that they are about, where nothing is read."""
    lines = (line for _, line in between_quotes(case.reading.mail.text, MARKER))
    return [TagError(line[:100], _BELOW) for line in lines if looks_like_order(line)][:3]


def _context(case: Case, agent: Agent) -> ask.TagContext:
    config = case.shop.config
    return ask.TagContext(
        agents=[each.name for each in config.agents],
        teams=list(config.teams),
        canned=list(case.shop.canned.names),
        me=agent.name,
        now=case.now,
        zone=config.zone(case.desk.mailbox, agent),
        calendar=case.shop.calendars.of_mailbox(case.desk.mailbox),
        views=view_names(config),
        supervisor=is_supervisor(agent),
    )


def _tasks(case: Case, agent: Agent, orders: Sequence[Orders]) -> list[_Task]:
    """Return the orders by conversation; those merged meanwhile are one."""
    survivors = merges.survivors(case.connection, [each.conversation for each in orders])
    by_number: dict[int, list[Orders]] = {}
    for each in orders:
        number = survivors.get(each.conversation, each.conversation)
        by_number.setdefault(number, []).append(each)
    records = conversations.get_many(case.connection, list(by_number))
    return [
        _Task(
            Unit(
                case.connection,
                case.shop,
                records[number],
                now=case.now,
                cause=f"{case.cause}:#{number}",  # effects of one kind must not be taken for one
                actor=agent.name,
                journal_id=case.entry.id,
            ),
            tuple(group),
        )
        for number, group in by_number.items()
        if number in records and records[number].mailbox in case.shop.desks
    ]


def _obstacles(
    case: Case, agent: Agent, orders: Sequence[Orders], tasks: Sequence[_Task]
) -> list[TagError]:
    """Return what stands in the way of orders that are well written."""
    there = {each.line for task in tasks for each in task.orders}
    gone = [each for each in orders if each.line not in there]
    errors = [
        TagError(f"{each.line}", f"the mailbox of #{each.conversation} is not configured any more")
        for each in gone
    ]
    for task in tasks:
        for each, command in _commands(task):
            obstacle = obey.check(task.unit, command, agent)
            if obstacle is not None:
                errors.append(TagError(f"{each.line}", obstacle))
    return errors


def _commands(task: _Task) -> Iterable[tuple[Orders, ask.Act]]:
    """Yield the commands in the order in which they were written; a list takes no others."""
    for each in task.orders:
        for command in each.commands:
            assert not isinstance(command, ask.AnswerOption)
            yield each, command


def _carry_out(task: _Task, agent: Agent) -> list[str]:
    """Obey a conversation's orders with all that follows, and return what was done."""
    unit, before = task.unit, task.unit.conversation
    name = f"#{unit.number} {short_subject(before)}"
    done = [
        f"{each.line}: {name}: {obey.obey(unit, command, agent, each.note)}"
        for each, command in _commands(task)
    ]
    last = messages.last_inbound(unit.connection, unit.number)
    undoing.keep(unit, agent, before, [command for _, command in _commands(task)])
    ruling.follow(unit, last)
    send_notifications(unit, last)
    unit.finish()
    return done


def _tell(case: Case, found: FoundToken, agent: Agent, context: DigestReceiptContext) -> None:
    number = found.token.conversation
    post = Post(case.connection, case.shop, case.desk, agent, number, case.now)
    effect = f"{case.cause}:digest_receipt"
    post.send("digest_receipt", context, effect, case.reading.mail.message_id or post.root)


def _record(case: Case, kind: str, text: str) -> None:
    event = NewEvent(case.now, None, "inboxd", f"digest.{kind}", text, case.entry.id)
    messages.add_events(case.connection, [event])
