from __future__ import annotations

from collections import Counter

import pytest

from inboxd.conversations.states import (
    CONVERSATION,
    MACHINES,
    TRANSITIONS,
    ConversationEvent,
    ConversationState,
    Event,
    IllegalTransition,
    JournalEvent,
    JournalState,
    Machine,
    OutboxEvent,
    OutboxState,
    State,
    TimerEvent,
    TimerState,
    next_state,
)

C, CE = ConversationState, ConversationEvent
O, OE = OutboxState, OutboxEvent  # noqa: E741
J, JE = JournalState, JournalEvent
T, TE = TimerState, TimerEvent


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [
        (C.OPEN, CE.CUSTOMER_WRITES, C.OPEN),
        (C.PENDING, CE.CUSTOMER_WRITES, C.OPEN),
        (C.SNOOZED, CE.CUSTOMER_WRITES, C.OPEN),
        (C.CLOSED, CE.CUSTOMER_WRITES, C.OPEN),
        (C.SPAM, CE.CUSTOMER_WRITES, C.SPAM),
        (C.OPEN, CE.AGENT_ANSWERS, C.PENDING),
        (C.SNOOZED, CE.AGENT_ANSWERS, C.PENDING),
        (C.PENDING, CE.CLOSE, C.CLOSED),
        (C.CLOSED, CE.OPEN, C.OPEN),
        (C.OPEN, CE.SNOOZE, C.SNOOZED),
        (C.SNOOZED, CE.SNOOZE_ENDS, C.OPEN),
        (C.CLOSED, CE.SNOOZE_ENDS, C.CLOSED),
        (C.OPEN, CE.MARK_SPAM, C.SPAM),
        (C.SPAM, CE.OPEN, C.OPEN),
        (J.RECEIVED, JE.APPLY, J.APPLIED),
        (J.RECEIVED, JE.REPEAT, J.DUPLICATE),
        (J.RECEIVED, JE.FAIL, J.RECEIVED),
        (J.RECEIVED, JE.GIVE_UP, J.QUARANTINED),
        (J.QUARANTINED, JE.REPLAY, J.RECEIVED),
        (O.QUEUED, OE.LEASE, O.SENDING),
        (O.SENDING, OE.ACCEPT, O.SENT),
        (O.SENDING, OE.DEFER, O.DEFERRED),
        (O.SENDING, OE.REFUSE, O.DEAD),
        (O.SENDING, OE.LEASE_EXPIRES, O.QUEUED),
        (O.DEFERRED, OE.LEASE, O.SENDING),
        (O.DEFERRED, OE.EXPIRE, O.DEAD),
        (O.DEAD, OE.RETRY, O.QUEUED),
        (T.WAITING, TE.FIRE, T.FIRED),
        (T.WAITING, TE.CANCEL, T.CANCELLED),
        (T.WAITING, TE.GIVE_UP, T.FAILED),
    ],
)
def test_events_lead_where_the_design_says(state: State, event: Event, to: State):
    assert next_state(state, event) is to


@pytest.mark.parametrize("event", [CE.AUTOMATIC_MAIL, CE.NOTE])
@pytest.mark.parametrize("state", list(C))
def test_pitfall_21_and_30_automatic_mail_and_notes_change_no_state(state: C, event: CE):
    assert next_state(state, event) is state


@pytest.mark.parametrize("event", list(CE))
@pytest.mark.parametrize("state", list(C))
def test_a_conversation_knows_every_event_in_every_state(state: C, event: CE):
    assert next_state(state, event) in C


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (J.APPLIED, JE.APPLY),
        (J.DUPLICATE, JE.REPLAY),
        (O.SENT, OE.LEASE),
        (O.SENT, OE.RETRY),
        (O.QUEUED, OE.ACCEPT),
        (O.DEAD, OE.LEASE),
        (T.FIRED, TE.FIRE),
        (T.CANCELLED, TE.FIRE),
    ],
)
def test_what_is_over_stays_over(state: State, event: Event):
    with pytest.raises(IllegalTransition):
        next_state(state, event)


def test_equal_words_of_different_machines_are_not_mixed():
    assert JE.FAIL == TE.FAIL
    with pytest.raises(IllegalTransition):
        next_state(JournalState.RECEIVED, TE.FAIL)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_has_a_meaning_and_can_be_reached(machine: Machine):
    states = set(type(machine.initial))
    reached = {machine.initial}
    while more := {t.to for t in machine.transitions if t.from_ in reached} - reached:
        reached |= more

    assert set(machine.meanings) == states == reached


def test_no_step_is_listed_twice():
    steps = Counter((type(t.from_), t.from_, t.event) for t in TRANSITIONS)

    assert [step for step, count in steps.items() if count > 1] == []
    assert len(CONVERSATION.transitions) == len(C) * len(CE)
