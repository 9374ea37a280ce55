"""One conversation, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from inboxd.cli.output import console, line, paragraph, state
from inboxd.cli.tables import owner, priority
from inboxd.desk.sla_words import story
from inboxd.desk.words import ago, size

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.text import Text

    from inboxd.desk.dossier import Background, Dossier, WholeMessage

_STYLES = {"inbound": "bold cyan", "outbound": "bold green", "note": "bold yellow"}
_SAID_BY_MESSAGES = ("message.received", "note.added", "reply.sent")


def print_conversation(
    of: Dossier, known: Background, now: datetime, zone: ZoneInfo, *, full: bool
) -> None:
    """Print a conversation: what is known of it, then messages and history as they came.

    What was promised is told in `zone`.
    """
    out = console()
    for heading in _header(of, known, now, zone):
        out.print(heading)
    numbers = count(1)
    for _, _, each in _in_order(of, known):
        if isinstance(each, str):
            out.print(line(each, "dim"))
        else:
            for part in _message(each, numbers, now, full):
                out.print(part)


def _header(of: Dossier, known: Background, now: datetime, zone: ZoneInfo) -> Iterator[Text]:
    record = of.conversation
    yield line(f"#{record.number} {record.subject}", "bold")
    about = state(record.state)
    if record.snoozed_until:
        about += line(f" until {record.snoozed_until:%Y-%m-%d %H:%M} UTC")
    about += line(f" since {ago(record.state_since, now)} in {record.mailbox}")
    yield about
    contact = record.contact_address
    yield line(f"customer  {f'{of.contact_name} <{contact}>' if of.contact_name else contact}")
    yield line(f"for       {owner(record) or 'nobody yet'}")
    if known.queue:
        yield line(f"queue     {known.queue}")
    if record.priority != "normal":
        yield line("priority  ") + priority(record.priority)
    if record.tags:
        yield line(f"tags      {', '.join(record.tags)}")
    if record.fields:
        yield line(f"fields    {', '.join(f'{k}={v}' for k, v in record.fields.items())}")
    for promise in of.promises:
        late = promise.active and promise.is_late(now)
        yield line(f"sla       {story(promise, now, zone)}", "bold red" if late else "")
    for timer in known.timers:
        if timer.kind == "sla":
            continue  # told by the promise
        yield line(f"timer     {timer_name(timer.kind, timer.rule)}, {ago(timer.due_at, now)}")
    if known.links:
        yield line(f"linked    {', '.join(f'#{number}' for number in known.links)}")
    if known.merged:
        yield line(f"merged in {', '.join(f'#{number}' for number in known.merged)}")


def timer_name(kind: str, rule: str) -> str:
    """Return what a timer is for."""
    names = {
        "wake": "end of the snooze",
        "remind": "reminder",
        "sla": f"promise: {rule}",
        "named": f"timer {rule}",
        "unassigned": f"rule {rule}, while nobody has it",
    }
    return names.get(kind, f"rule {rule}")


def _in_order(of: Dossier, known: Background) -> list[tuple[datetime, int, WholeMessage | str]]:
    """Return messages and lines of history by time; the opening stands before its mail."""
    lines: list[tuple[datetime, int, WholeMessage | str]] = [
        (each.record.created_at, 1, each) for each in of.messages
    ]
    for event in known.events:
        if event.kind not in _SAID_BY_MESSAGES:
            place = 0 if event.kind == "conversation.opened" else 2
            lines.append((event.at, place, _event(event)))
    return sorted(lines, key=lambda each: each[:2])


def _event(event: Any) -> str:
    return f"  {event.at:%Y-%m-%d %H:%M} {event.actor}: {event.kind} {event.text}"


def _message(of: WholeMessage, numbers: Iterator[int], now: datetime, full: bool) -> Iterator[Text]:
    record = of.record
    mark = {"note": "private note by ", "outbound": "answer by "}.get(record.direction, "")
    who = record.author.name or record.author.address
    kind = "" if record.kind in ("customer", "agent", "note") else f" [{record.kind}]"
    yield line("")
    when = f"  {record.created_at:%Y-%m-%d %H:%M} UTC, {ago(record.created_at, now)}"
    yield line(f"{mark}{who}{kind}", _STYLES[record.direction]) + line(when, "dim")
    if record.direction != "note" and record.to:
        yield line(f"to {', '.join(map(str, (*record.to, *record.cc)))}", "dim")
    style = "yellow" if record.direction == "note" else ""
    yield paragraph(of.text if full else record.text, style)
    quoted = len(of.elided.strip().splitlines())
    if quoted and not full:
        yield line(f"… {quoted} quoted lines" if quoted > 1 else "… 1 quoted line", "dim")
    for each in record.attachments:
        number = next(numbers)
        yield line(f"attachment {number}: {each.filename} ({size(each.size)})", "blue")
