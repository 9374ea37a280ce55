"""When a shift is under way: within working hours, and in the breaks between them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.calendars import Calendar, Spans
from inboxd.desk.attendance import LONGEST_BREAK, is_on_shift

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE: Spans = ((time(9), time(12, 30)), (time(13, 30), time(18)))
SIESTA: Spans = ((time(9), time(13)), (time(16), time(20)))
SPLIT: Spans = ((time(6), time(9)), (time(15), time(18)))
NIGHT: Spans = ((time(0), time(6)), (time(22), time(0)))


@pytest.mark.parametrize(
    ("spans", "clock", "on_shift"),
    [
        (OFFICE, "08:59", False),
        (OFFICE, "09:00", True),
        (OFFICE, "12:30", True),
        (OFFICE, "13:29", True),
        (OFFICE, "17:59", True),
        (OFFICE, "18:00", False),
        (SIESTA, "13:00", True),
        (SIESTA, "15:59", True),
        (SIESTA, "20:00", False),
        (SPLIT, "09:00", False),
        (SPLIT, "14:59", False),
        (SPLIT, "15:00", True),
        (NIGHT, "21:59", False),
        (NIGHT, "23:59", True),
        (NIGHT, "00:00", True),
        (NIGHT, "05:59", True),
        (NIGHT, "06:00", False),
    ],
)
@pytest.mark.parametrize("day", [(2030, 5, 8), (2030, 3, 31), (2030, 10, 27)])
def test_a_break_of_up_to_three_hours_is_part_of_the_shift(
    spans: Spans, clock: str, on_shift: bool, day: tuple[int, int, int]
) -> None:
    hours = Calendar(BERLIN, dict.fromkeys(range(7), spans))
    local = datetime(*day, tzinfo=BERLIN).replace(hour=int(clock[:2]), minute=int(clock[3:]))
    assert is_on_shift(hours, local.astimezone(UTC)) is on_shift


def test_a_free_day_is_no_break() -> None:
    hours = Calendar(BERLIN, {0: ((time(9), time(0)),), 1: ((time(0), time(6)),)})
    assert is_on_shift(hours, datetime(2030, 5, 6, 23, tzinfo=UTC))  # Monday to Tuesday, 1:00
    assert not is_on_shift(hours, datetime(2030, 5, 7, 4, tzinfo=UTC))


@given(
    st.datetimes(datetime(2030, 3, 29), datetime(2030, 4, 2)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    st.sampled_from((OFFICE, SIESTA, SPLIT, NIGHT)),
)
def test_a_slow_model_says_the_same(now: datetime, spans: Spans) -> None:
    hours = Calendar(BERLIN, dict.fromkeys(range(7), spans))
    minute = timedelta(minutes=1)
    now = now.replace(second=0, microsecond=0)
    closed_for = opens_in = 0
    while not hours.is_open(now - closed_for * minute) and closed_for < 24 * 60:
        closed_for += 1
    while not hours.is_open(now + opens_in * minute) and opens_in < 24 * 60:
        opens_in += 1
    gap = (closed_for - 1 + opens_in) * minute
    assert is_on_shift(hours, now) is (hours.is_open(now) or gap <= LONGEST_BREAK)
