"""Promises against a slow and obvious model: counting the minutes that are working time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.calendars import Calendar
from inboxd.config.sla import SlaPolicy
from inboxd.conversations.sla import Happened, Target, Terms, due_moment, settled
from inboxd.conversations.states import ConversationState, SlaState
from inboxd.durations import Duration, Unit

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
# The clocks go forward in the night before Sunday, and somebody works then.
START = datetime(2030, 3, 29, 6, tzinfo=UTC)
CALENDAR = Calendar(
    BERLIN,
    {
        4: ((time(9), time(12)), (time(13), time(18))),
        5: ((time(22), time(0)),),
        6: ((time(0), time(4)),),
        0: ((time(9), time(17)),),
    },
)
OPEN = [
    CALENDAR.is_open(START + n * MINUTE)  # the calendar itself has a model of its own
    for n in range(14 * 1440)
]


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[int, int]]:
    cuts = sorted(draw(st.sets(st.integers(1, 5 * 1440), max_size=8)))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


def counted(start: int, length: int, stood: list[tuple[int, int]], *, business: bool) -> int:
    """Return the minute at whose beginning `length` minutes have passed that count."""
    at = start
    while length:
        counts = not business or OPEN[at]
        paused = any(since <= at < until for since, until in stood)
        length -= counts and not paused
        at += 1
    return at


@settings(max_examples=100, deadline=None)
@given(pauses(), st.integers(0, 600), st.integers(1, 900), st.booleans())
def test_a_promise_is_due_when_so_much_time_has_passed_that_counts(
    stood: list[tuple[int, int]], start: int, length: int, business: bool
) -> None:
    found = due_moment(
        START + start * MINUTE,
        Duration(length, Unit.MINUTE, business),
        [(START + since * MINUTE, START + until * MINUTE) for since, until in stood],
        CALENDAR,
    )
    assert found == START + counted(start, length, stood, business=business) * MINUTE


POLICY = SlaPolicy.model_validate(
    {"first_response": "90 min", "next_response": "2 h", "resolution": "9 h", "warn_at": "50%"}
)
STATES = st.sampled_from(list(ConversationState))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), STATES, st.booleans(), st.booleans()), max_size=12))
def test_promises_are_in_order_whatever_happens(
    happenings: list[tuple[int, ConversationState, bool, bool]],
) -> None:
    terms = Terms("quick", POLICY, "normal", CALENDAR)
    targets: tuple[Target, ...] = ()
    now = START
    for minutes, state, answered, waits in happenings:
        now += minutes * MINUTE
        before = targets
        happened = Happened(now, state, answered, now if waits else None, first=not before)
        targets = settled(targets, terms, happened)
        assert settled(targets, terms, Happened(now, state)) == targets  # nothing more to do
        active = [each for each in targets if each.active]
        assert len({each.kind for each in active}) == len(active)
        assert sum(each.kind != "resolution" for each in active) <= 1
        if state in (ConversationState.CLOSED, ConversationState.SPAM):
            assert active == []
        if answered:
            assert all(each.kind == "resolution" or each.started_at == now for each in active)
        for each in targets:
            assert (each.due_at is not None) or each.state is not SlaState.RUNNING
            assert (each.ended_at is None) == each.active
            stands = bool(each.pauses) and each.pauses[-1][1] is None
            assert stands == (each.state is SlaState.PAUSED)
        ended = [each for each in before if not each.active]
        assert [each for each in targets if each in ended] == ended  # what is over stays as it is
    over = settled(targets, None, Happened(now, ConversationState.OPEN))
    assert not any(each.active for each in over)
