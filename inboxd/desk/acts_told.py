"""What agents ask to be told: a conversation, a customer, a search, a list. Nothing changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.tags import help_text
from inboxd.desk import digest, search, view_lists
from inboxd.desk.dossier import WholeMessage, dossier
from inboxd.desk.unit import Unit
from inboxd.desk.words import counted
from inboxd.store import contact_cards, contacts, conversations, merges
from inboxd.store.conversations import ConversationRecord
from inboxd.store.view_queries import Listed
from inboxd.suggest import hint

Question = ask.History | ask.ShowContact | ask.Search | ask.ListView | ask.Help

_MOST_FOUND = 20
_MOST_CHARS = 200_000  # of a conversation's history: more than anybody reads in a mail
_MOST_EACH = 20_000


def obstacle(unit: Unit, command: Question, agent: Agent | None) -> str | None:
    """Return why a question cannot be answered, or None."""
    if isinstance(command, ask.ListView):
        if agent is None:
            return "a list is an agent's, and none is configured"
        names, view = view_lists.view_names(unit.shop.config), command.view
        if view is not None and view.casefold() not in {each.casefold() for each in names}:
            return f"there is no list called {view}{hint(view, names)}"
    if isinstance(command, ask.Search) and not command.words.split():
        return "#search needs words to look for"
    return None


def tell(unit: Unit, command: Question, agent: Agent | None) -> str:
    """Return the answer to a question, as lines of plain text."""
    match command:
        case ask.History():
            return _history(unit, agent)
        case ask.ShowContact():
            return _contact(unit, agent)
        case ask.Search():
            return _found(unit, command.words)
        case ask.ListView():
            return _view(unit, command.view, agent)
        case ask.Help():
            return help_text(command.tag)


def _history(unit: Unit, agent: Agent | None) -> str:
    zone = unit.shop.config.zone(unit.desk.mailbox, agent)
    whole = dossier(unit.connection, unit.number)
    parts = [_message(each, zone) for each in whole.messages]
    kept: list[str] = []
    room = _MOST_CHARS
    for part in reversed(parts):
        room -= len(part)
        if room < 0 and kept:
            break
        kept.insert(0, part)
    left = len(parts) - len(kept)
    more = (
        [f"({counted(left, 'earlier message')} left out: inboxd show {unit.number})"]
        if left
        else []
    )
    head = f"#{unit.number} {unit.conversation.subject}: {counted(len(parts), 'message')}"
    return "\n\n".join([head, *more, *kept])


def _message(of: WholeMessage, zone: ZoneInfo) -> str:
    record = of.record
    mark = {"note": "Private note by ", "outbound": "Answer by "}.get(record.direction, "")
    files = "".join(f"\n[file: {each.filename}]" for each in record.attachments)
    text = of.text.strip()
    cut = f"{text[:_MOST_EACH]}\n[…]" if len(text) > _MOST_EACH else text
    at = record.date or record.created_at
    return f"---- {mark}{record.author}, {_moment(at, zone)} ----\n{cut}{files}"


def _contact(unit: Unit, agent: Agent | None) -> str:
    zone = unit.shop.config.zone(unit.desk.mailbox, agent)
    number = unit.conversation.contact_id
    card = contact_cards.get(unit.connection, number)
    known = contacts.addresses_of(unit.connection, [number])[number]
    lines = [f"{(card and card.name) or '(no name)'}"]
    for each in known:
        bounced = f" (mail bounced on {_moment(each.bounced_at, zone)})" if each.bounced_at else ""
        lines.append(f"{each.address or '(no address)'}{bounced}")
    if card is not None:
        lines += [f"{name}: {value}" for name, value in sorted(card.fields.items())]
        lines.append(f"first seen: {_moment(card.created_at, zone)}")
    numbers = contacts.conversations_of(unit.connection, number)
    lines.append("")
    return "\n".join([*lines, *_lines(unit, numbers, "conversation")])


def _found(unit: Unit, words: str) -> str:
    hits = search.find(unit.connection, words, _MOST_FOUND)
    lines: list[str] = []
    for hit in hits:
        record = hit.conversation
        lines.append(_line(unit, Listed(record, hit.contact_name, record.state_since)))
        lines.append(f"    {search.excerpt(hit.messages[0].text, words)}")
    said = counted(len(hits), "conversation") if hits else "No conversation"
    more = f" (the first {_MOST_FOUND})" if len(hits) == _MOST_FOUND else ""
    return "\n".join([f"{said}{more} with: {words}", *lines])


def _view(unit: Unit, view: str | None, agent: Agent | None) -> str:
    """Send the list in a mail of its own, to which lines such as `3 close` are an answer."""
    assert agent is not None  # the obstacle has been looked at
    count = digest.send_list(unit.connection, unit.shop, agent, view, unit.now)
    name = f" {view}" if view else ""
    return f"The list{name} comes in a mail of its own: {counted(count, 'conversation')}."


def _lines(unit: Unit, numbers: Iterable[int], noun: str) -> list[str]:
    """Return the conversations `numbers` a line each, the first few, below how many there are."""
    wanted = list(numbers)
    gone = merges.survivors(unit.connection, wanted)
    alive = [each for each in wanted if each not in gone]
    records = conversations.get_many(unit.connection, alive[:_MOST_FOUND])
    shown = [_own(unit, records[each]) for each in alive[:_MOST_FOUND] if each in records]
    more = f", the last {_MOST_FOUND}" if len(alive) > _MOST_FOUND else ""
    return [f"{counted(len(alive), noun)}{more}:", *(_line(unit, each) for each in shown)]


def _own(unit: Unit, record: ConversationRecord) -> Listed:
    """Return a conversation for a list; the one that is worked on as it is by now."""
    now = unit.conversation if record.number == unit.number else record
    return Listed(now, "", now.state_since)


def _line(unit: Unit, of: Listed) -> str:
    zone = unit.shop.config.zone(unit.desk.mailbox)
    subject, facts = view_lists.subject(of), view_lists.facts(of, unit.now, zone)
    return f"#{of.conversation.number}  {subject}  ·  {facts}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
