"""Every state that a row can be in, and every step from one to another, as data.

docs/states.md shows the same tables; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from inboxd.errors import Permanent


class IllegalTransition(Permanent):
    """An event that cannot happen in this state: a fault of the program, not of the mail."""


class JournalState(StrEnum):
    """Where the work on an inbound mail stands."""

    RECEIVED = "received"
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    QUARANTINED = "quarantined"


class JournalEvent(StrEnum):
    """What happens to a journaled mail."""

    APPLY = "applied"
    REPEAT = "known already"
    DROP = "dropped"
    FAIL = "failed"
    GIVE_UP = "failed for good"
    REPLAY = "replayed"


class OutboxState(StrEnum):
    """Where an outgoing mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    DEAD = "dead"


class OutboxEvent(StrEnum):
    """What happens to an outgoing mail."""

    LEASE = "leased"
    ACCEPT = "accepted"
    DEFER = "put off"
    REFUSE = "refused"
    LEASE_EXPIRES = "lease expired"
    EXPIRE = "too old"
    RETRY = "retried by hand"


class ConversationState(StrEnum):
    """Who owes the next word in a conversation."""

    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    SPAM = "spam"


class ConversationEvent(StrEnum):
    """What happens to a conversation."""

    CUSTOMER_WRITES = "customer writes"
    AGENT_ANSWERS = "agent answers"
    AUTOMATIC_MAIL = "automatic mail"
    NOTE = "note"
    OPEN = "open"
    CLOSE = "close"
    SNOOZE = "snooze"
    SNOOZE_ENDS = "snooze ends"
    MARK_SPAM = "spam"


class TimerState(StrEnum):
    """Where a timer stands."""

    WAITING = "waiting"
    FIRED = "fired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class TimerEvent(StrEnum):
    """What happens to a timer."""

    FIRE = "due"
    CANCEL = "overtaken"
    FAIL = "failed"
    GIVE_UP = "failed for good"


class SlaState(StrEnum):
    """Where a promise to a customer stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    DROPPED = "dropped"


class SlaEvent(StrEnum):
    """What happens to a promise."""

    PAUSE = "paused"
    RESUME = "resumed"
    KEEP = "kept"
    DROP = "given up"


State = JournalState | OutboxState | ConversationState | TimerState | SlaState
Event = JournalEvent | OutboxEvent | ConversationEvent | TimerEvent | SlaEvent
S = TypeVar("S", JournalState, OutboxState, ConversationState, TimerState, SlaState)


@dataclass(frozen=True, slots=True)
class Transition:
    """In the state `from_`, `event` leads to the state `to`, because of `why`."""

    from_: State
    event: Event
    to: State
    why: str


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of row: what its states mean and how it gets from one to another."""

    name: str
    initial: State
    meanings: Mapping[State, str]
    transitions: tuple[Transition, ...]


def _from_each(
    states: tuple[State, ...], event: Event, to: State | None, why: str
) -> tuple[Transition, ...]:
    """Return one transition from each of `states` to `to`; None for `to` leaves them alone."""
    return tuple(Transition(state, event, state if to is None else to, why) for state in states)


_J, _JE = JournalState, JournalEvent
JOURNAL = Machine(
    "journal",
    _J.RECEIVED,
    {
        _J.RECEIVED: "Durable and acknowledged; waits to be read, or to be tried again.",
        _J.APPLIED: "Its conversation, rules, timers and answers were committed with this state.",
        _J.DUPLICATE: "The same bytes, id and all, are in the journal already; nothing was done.",
        _J.DROPPED: "A rule says `drop`: the original is kept here and shown nowhere else.",
        _J.QUARANTINED: "Could not be worked on. The original is kept and an admin is told.",
    },
    (
        Transition(_J.RECEIVED, _JE.APPLY, _J.APPLIED, "its one transaction committed"),
        Transition(_J.RECEIVED, _JE.REPEAT, _J.DUPLICATE, "same Message-ID and same content"),
        Transition(_J.RECEIVED, _JE.DROP, _J.DROPPED, "a rule wants it; all else is undone"),
        Transition(_J.RECEIVED, _JE.FAIL, _J.RECEIVED, "first and second attempt: tried later"),
        Transition(
            _J.RECEIVED, _JE.GIVE_UP, _J.QUARANTINED, "third attempt, or known to be hopeless"
        ),
        Transition(_J.QUARANTINED, _JE.REPLAY, _J.RECEIVED, "an admin ran `journal replay`"),
        Transition(_J.DROPPED, _JE.REPLAY, _J.RECEIVED, "an admin ran `journal replay`"),
    ),
)

_O, _OE = OutboxState, OutboxEvent
OUTBOX = Machine(
    "outbox",
    _O.QUEUED,
    {
        _O.QUEUED: "Written in the transaction of its cause; bytes and Message-ID are frozen.",
        _O.SENDING: "Leased by a courier until a moment that stands in the row.",
        _O.SENT: "The next server took it.",
        _O.DEFERRED: "The next server could not take it now; waits for its next attempt.",
        _O.DEAD: "Refused for good, or undelivered for 5 days. Somebody is told.",
    },
    (
        Transition(_O.QUEUED, _OE.LEASE, _O.SENDING, "due, and after the send delay"),
        Transition(_O.DEFERRED, _OE.LEASE, _O.SENDING, "its next attempt is due"),
        Transition(_O.SENDING, _OE.ACCEPT, _O.SENT, "answered with 2xx after the final dot"),
        Transition(_O.SENDING, _OE.DEFER, _O.DEFERRED, "4xx, or no connection: backs off"),
        Transition(_O.SENDING, _OE.REFUSE, _O.DEAD, "5xx, or it cannot be sent at all"),
        Transition(
            _O.SENDING, _OE.LEASE_EXPIRES, _O.QUEUED, "courier died or stopped: same bytes again"
        ),
        Transition(_O.SENDING, _OE.EXPIRE, _O.DEAD, "still refused after 5 days"),
        Transition(_O.DEFERRED, _OE.EXPIRE, _O.DEAD, "still refused after 5 days"),
        Transition(_O.DEFERRED, _OE.RETRY, _O.QUEUED, "an admin ran `outbox retry`"),
        Transition(_O.DEAD, _OE.RETRY, _O.QUEUED, "an admin ran `outbox retry`"),
    ),
)

_C, _CE = ConversationState, ConversationEvent
_ALL = tuple(ConversationState)
_LIVE = (_C.OPEN, _C.PENDING, _C.SNOOZED)
CONVERSATION = Machine(
    "conversation",
    _C.OPEN,
    {
        _C.OPEN: "We owe an answer.",
        _C.PENDING: "The customer owes one.",
        _C.SNOOZED: "Out of sight until a moment, or until the customer writes.",
        _C.CLOSED: "Done. Reopens when the customer writes within `reopen_for`.",
        _C.SPAM: "Unwanted. Its mail is kept and nobody is told.",
    },
    (
        *_from_each(_LIVE, _CE.CUSTOMER_WRITES, _C.OPEN, "we owe an answer"),
        *_from_each(
            (_C.CLOSED,),
            _CE.CUSTOMER_WRITES,
            _C.OPEN,
            "within `reopen_for`; later mail opens a linked follow-up",
        ),
        *_from_each((_C.SPAM,), _CE.CUSTOMER_WRITES, None, "unwanted until an agent opens it"),
        *_from_each(_ALL, _CE.AGENT_ANSWERS, _C.PENDING, "the customer owes an answer now"),
        *_from_each(
            _ALL,
            _CE.AUTOMATIC_MAIL,
            None,
            "auto-replies, delivery reports and our own automatic mail change nothing",
        ),
        *_from_each(_ALL, _CE.NOTE, None, "a note is for colleagues"),
        *_from_each(_ALL, _CE.OPEN, _C.OPEN, "`#open`, or a rule"),
        *_from_each(_ALL, _CE.CLOSE, _C.CLOSED, "`#close`, or a rule"),
        *_from_each(_ALL, _CE.SNOOZE, _C.SNOOZED, "`#snooze`, or a rule"),
        *_from_each((_C.SNOOZED,), _CE.SNOOZE_ENDS, _C.OPEN, "its time has come"),
        *_from_each(
            (_C.OPEN, _C.PENDING, _C.CLOSED, _C.SPAM),
            _CE.SNOOZE_ENDS,
            None,
            "something else happened first",
        ),
        *_from_each(_ALL, _CE.MARK_SPAM, _C.SPAM, "an agent or a rule says so"),
    ),
)

_T, _TE = TimerState, TimerEvent
TIMER = Machine(
    "timer",
    _T.WAITING,
    {
        _T.WAITING: "Fires at its time unless something happens first.",
        _T.FIRED: "What it was for was committed with this state.",
        _T.CANCELLED: "What it waited for was overtaken, such as by a change of state.",
        _T.FAILED: "What it was for could not be done. An admin is told.",
    },
    (
        Transition(_T.WAITING, _TE.FIRE, _T.FIRED, "once, however late"),
        Transition(_T.WAITING, _TE.CANCEL, _T.CANCELLED, "its conversation left the state"),
        Transition(_T.WAITING, _TE.FAIL, _T.WAITING, "first and second attempt: tried later"),
        Transition(_T.WAITING, _TE.GIVE_UP, _T.FAILED, "third attempt, or known to be hopeless"),
    ),
)

_S, _SE = SlaState, SlaEvent
SLA = Machine(
    "promise",
    _S.RUNNING,
    {
        _S.RUNNING: "The customer waits; it is due at a moment that stands in the row.",
        _S.PAUSED: "No time passes: the conversation is in a state that the policy names.",
        _S.MET: "We have answered, or the conversation was closed, in time or late.",
        _S.DROPPED: "Nothing is promised any more.",
    },
    (
        Transition(_S.RUNNING, _SE.PAUSE, _S.PAUSED, "a state in which the policy pauses"),
        Transition(_S.PAUSED, _SE.RESUME, _S.RUNNING, "that state was left: the rest of the time"),
        *_from_each((_S.RUNNING, _S.PAUSED), _SE.KEEP, _S.MET, "answered by a person, or closed"),
        *_from_each(
            (_S.RUNNING, _S.PAUSED),
            _SE.DROP,
            _S.DROPPED,
            "another policy or none, spam, or merged into another conversation",
        ),
        Transition(_S.MET, _SE.RESUME, _S.RUNNING, "the answer was taken back (`#undo`)"),
    ),
)

MACHINES = (JOURNAL, OUTBOX, CONVERSATION, TIMER, SLA)
TRANSITIONS = tuple(each for machine in MACHINES for each in machine.transitions)
# Members of different enums can be equal as text, hence the types in the key.
_NEXT = {(type(t.from_), t.from_, type(t.event), t.event): t.to for t in TRANSITIONS}


def next_state(state: S, event: Event) -> S:
    """Return the state that `event` leads to; the same one where it changes nothing.

    Raises IllegalTransition where the tables have no such step.
    """
    to = _NEXT.get((type(state), state, type(event), event))
    if not isinstance(to, type(state)):
        raise IllegalTransition(f"{event!r} cannot happen in {state!r}")
    return to


def tables() -> str:
    """Return the tables of every machine as the Markdown of docs/states.md."""
    return "\n\n".join(_machine_tables(machine) for machine in MACHINES)


def _machine_tables(machine: Machine) -> str:
    lines = [f"## {machine.name.capitalize()}", "", "| state | meaning |", "|---|---|"]
    lines += [
        f"| {state}{' (first)' if state == machine.initial else ''} | {meaning} |"
        for state, meaning in machine.meanings.items()
    ]
    lines += ["", "| in state | event | leads to | why |", "|---|---|---|---|"]
    rows: dict[tuple[Event, str, str], list[str]] = {}
    for each in machine.transitions:
        to = "stays as it is" if _stays(machine, each) else str(each.to)
        rows.setdefault((each.event, to, each.why), []).append(str(each.from_))
    lines += [f"| {', '.join(r)} | {e} | {to} | {why} |" for (e, to, why), r in rows.items()]
    return "\n".join(lines)


def _stays(machine: Machine, transition: Transition) -> bool:
    """Return whether every step with this event and reason leaves its state alone."""
    alike = (
        each
        for each in machine.transitions
        if (each.event, each.why) == (transition.event, transition.why)
    )
    return all(each.from_ == each.to for each in alike)
