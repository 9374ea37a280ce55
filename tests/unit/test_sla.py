"""Promises without a database: lengths by priority, warnings, pauses, what ends and begins them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inboxd.calendars import Calendar
from inboxd.config.sla import SlaPolicy
from inboxd.conversations.sla import Happened, Target, Terms, next_due, settled
from inboxd.conversations.states import ConversationState, SlaState

BERLIN = ZoneInfo("Europe/Berlin")
LUNCH = ((time(9), time(12)), (time(13), time(18)))
OFFICE = Calendar(BERLIN, dict.fromkeys(range(5), LUNCH))
OPEN = ConversationState.OPEN


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"2030-05-{text}").replace(tzinfo=BERLIN).astimezone(UTC)


def begun(start: str, priority: str = "normal", **policy: Any) -> Target:
    """Return the promise of a first answer that a mail at `start` begins."""
    terms = Terms("p", SlaPolicy.model_validate(policy), priority, OFFICE)
    now = berlin(start)
    (target,) = settled((), terms, Happened(now, OPEN, waiting_since=now, first=True))
    return target


@pytest.mark.parametrize(
    ("length", "warn_at", "start", "warned"),
    [
        # 2030-05-06 is a Monday.
        ("4 business hours", "75%", "06T10:00", "06T14:00"),
        ("4 business hours", "50%", "06T17:00", "07T10:00"),
        ("2 business days", "50%", "06T10:00", "07T10:00"),
        ("10 h", "80%", "06T10:00", "06T18:00"),
        ("2 days", "50%", "06T10:00", "07T10:00"),
        ("4 business hours", "1 business hour", "06T17:00", "07T11:00"),
        ("4 business hours", "30 min", "06T17:00", "07T11:30"),
        # An hour before it ends, of which half is lunch.
        ("4 business hours", "3 h", "06T10:00", "06T12:00"),
        ("1 day", "2 business hours", "06T10:00", "06T17:00"),
        ("3 business days", "1 business day", "06T10:00", "08T10:00"),
        # More than there is: at once.
        ("1 business hour", "1 business day", "06T10:00", "06T10:00"),
        ("30 min", "2 h", "06T10:00", "06T10:00"),
    ],
)
def test_a_warning_comes_before_the_end(length: str, warn_at: str, start: str, warned: str) -> None:
    target = begun(start, first_response=length, warn_at=warn_at)
    assert target.warn_at == berlin(warned)
    assert target.due_at is not None
    assert target.warn_at <= target.due_at


def test_without_a_warning_there_is_none() -> None:
    assert begun("06T10:00", first_response="1 h").warn_at is None


def test_a_priority_has_its_own_length_or_the_policys() -> None:
    policy = {"first_response": "8 h", "priorities": {"urgent": {"first_response": "1 h"}}}
    assert begun("06T10:00", "urgent", **policy).due_at == berlin("06T11:00")
    assert begun("06T10:00", "high", **policy).due_at == berlin("06T18:00")


def test_a_priority_alone_can_be_promised_something() -> None:
    policy = SlaPolicy.model_validate({"priorities": {"urgent": {"first_response": "1 h"}}})
    happened = Happened(berlin("06T10:00"), OPEN, waiting_since=berlin("06T10:00"), first=True)
    assert settled((), Terms("p", policy, "normal", OFFICE), happened) == ()
    assert settled((), Terms("p", policy, "urgent", OFFICE), happened)


@pytest.mark.parametrize("state", ["pending", "snoozed"])
def test_only_the_states_that_are_named_stop_the_clock(state: str) -> None:
    for pause in ([], [state], "pending", "snoozed"):
        policy = SlaPolicy.model_validate({"resolution": "8 h", "pause": pause})
        terms = Terms("p", policy, "normal", OFFICE)
        now = berlin("06T10:00")
        targets = settled((), terms, Happened(now, OPEN, waiting_since=now, first=True))
        later = Happened(now + timedelta(hours=1), ConversationState(state))
        (target,) = settled(targets, terms, later)
        stands = state == pause or state in pause
        assert target.state is (SlaState.PAUSED if stands else SlaState.RUNNING)


def test_answers_are_due_before_resolutions() -> None:
    policy = SlaPolicy.model_validate({"first_response": "8 h", "resolution": "4 h"})
    now = berlin("06T10:00")
    happened = Happened(now, OPEN, waiting_since=now, first=True)
    targets = settled((), Terms("p", policy, "normal", OFFICE), happened)
    answer = next_due(targets)
    assert answer is not None
    assert answer.kind == "first_response"
    assert next_due(targets, ["next_response"]) is None
