"""Business calendars against a slow and obvious model: looking at the wall clock every minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inboxd.calendars import MIDNIGHT, Calendar, Holidays, Spans, instant
from inboxd.durations import Duration, Unit

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HORIZON = 9  # days that the model looks at

# Around changes of the clocks in both directions, of 30, 60 minutes and a whole day, at midnight
# too; around leap days, and in zones whose offset is no whole hour.
ANCHORS = [
    ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 3, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 17, tzinfo=UTC)),
    ("America/St_Johns", datetime(2009, 11, 1, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 14, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2024, 2, 28, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2027, 2, 27, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2028, 2, 28, tzinfo=UTC)),
    ("UTC", datetime(2026, 12, 23, tzinfo=UTC)),
]


@cache
def wall_clock(zone: str, day: datetime) -> list[tuple[datetime, date, int]]:
    """Return every minute of a UTC day: the moment, the date and the minute on the wall."""
    found = []
    for n in range(1440):
        local = (day + n * MINUTE).astimezone(ZoneInfo(zone))
        found.append((day + n * MINUTE, local.date(), local.hour * 60 + local.minute))
    return found


def minutes(calendar: Calendar, start: datetime, days: int = HORIZON) -> Iterator[datetime]:
    """Yield the minutes that begin within opening times, by looking at the clock at each."""
    midnight = start.replace(hour=0, minute=0)
    for n in range(days):
        for at, day, minute in wall_clock(calendar.zone.key, midnight + n * DAY):
            if at >= start and is_open(calendar, day, minute):
                yield at


def is_open(calendar: Calendar, day: date, minute: int) -> bool:
    special = {**calendar.special}
    holiday = day in calendar.holidays.dates
    spans = special[day] if day in special else calendar.hours.get(day.weekday(), ())
    if holiday and day not in special:
        return False
    return any(
        of_day(opens) <= minute < (1440 if closes == MIDNIGHT else of_day(closes))
        for opens, closes in spans
    )


def of_day(at: time) -> int:
    return at.hour * 60 + at.minute


@st.composite
def day_spans(draw: st.DrawFn) -> Spans:
    cuts = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    if draw(st.booleans()):
        cuts = [cut // 60 * 60 for cut in cuts]
    pairs = [(cuts[i], cuts[i + 1]) for i in range(0, len(cuts) - 1, 2) if cuts[i] < cuts[i + 1]]
    return tuple((time(a // 60, a % 60), time(b // 60 % 24, b % 60)) for a, b in pairs)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """Draw a calendar and a moment near a day on which something happens to the clock."""
    zone, anchor = draw(st.sampled_from(ANCHORS))
    start = anchor + draw(st.integers(-1440, 2 * 1440)) * MINUTE
    around = st.integers(-2, HORIZON).map(lambda n: (anchor + n * DAY).date())
    hours = draw(st.dictionaries(st.integers(0, 6), day_spans(), min_size=3))
    assume(any(hours.values()))
    closed = frozenset(draw(st.sets(around, max_size=3)))
    special = draw(st.dictionaries(around, day_spans(), max_size=2))
    return Calendar(ZoneInfo(zone), hours, Holidays(closed), special), start


@settings(max_examples=80, deadline=None)
@given(calendars())
def test_windows_are_the_open_minutes(drawn: tuple[Calendar, datetime]) -> None:
    calendar, start = drawn
    end = start.replace(hour=0, minute=0) + HORIZON * DAY
    found, last = [], None
    for since, until in calendar.windows(start):
        assert last is None or last <= since
        assert since < until
        last = until
        if since >= end:
            break
        found += [since + n * MINUTE for n in range((min(until, end) - since) // MINUTE)]
    expected = list(minutes(calendar, start))
    assert found == expected
    assert calendar.open_between(start, end) == len(expected) * MINUTE


@settings(max_examples=50, deadline=None)
@given(calendars(), st.integers(0, 1439))
def test_a_moment_is_open_where_its_minute_is(
    drawn: tuple[Calendar, datetime], within: int
) -> None:
    calendar, start = drawn
    at = start + within * MINUTE
    expected = at in set(minutes(calendar, at, 1))
    assert calendar.is_open(at) == expected
    assert calendar.is_open(at + timedelta(seconds=59)) == expected


@settings(max_examples=80, deadline=None)
@given(calendars(), st.integers(1, 900))
def test_business_minutes_end_where_so_many_open_minutes_have_passed(
    drawn: tuple[Calendar, datetime], amount: int
) -> None:
    calendar, start = drawn
    passed = list(minutes(calendar, start))[:amount]
    assume(len(passed) == amount)
    assert Duration(amount, Unit.MINUTE, True).after(start, calendar) == passed[-1] + MINUTE


@settings(max_examples=80, deadline=None)
@given(calendars(), st.integers(1, 6))
def test_business_days_lead_to_the_same_time_of_day(
    drawn: tuple[Calendar, datetime], amount: int
) -> None:
    calendar, start = drawn
    begin = next(minutes(calendar, start), None)
    assume(begin is not None)
    assert begin is not None
    local = begin.astimezone(calendar.zone)
    day, left = local.date(), amount
    while left and day < local.date() + 40 * DAY:
        day += DAY
        left -= any(is_open(calendar, day, minute) for minute in range(1440))
    assume(not left)
    wanted = instant(day, local.time(), calendar.zone)
    opened = [
        at
        for at in minutes(calendar, (wanted - DAY).replace(second=0, microsecond=0), 4)
        if at.astimezone(calendar.zone).date() == day
    ]
    expected = wanted
    if opened and wanted not in opened and wanted - MINUTE not in opened:
        expected = next((at for at in opened if at > wanted), opened[-1] + MINUTE)
    assert Duration(amount, Unit.DAY, True).after(start, calendar) == expected


@settings(max_examples=50, deadline=None)
@given(calendars(), st.integers(0, 600), st.integers(0, 600))
def test_longer_lasts_longer_and_later_ends_later(
    drawn: tuple[Calendar, datetime], amount: int, more: int
) -> None:
    calendar, start = drawn
    short, long = (Duration(n, Unit.MINUTE, True) for n in (amount, amount + more))
    ends = [short.after(start, calendar), long.after(start, calendar)]
    ends.append(long.after(start + timedelta(minutes=more), calendar))
    assert all(a <= b for a, b in pairwise(ends))
