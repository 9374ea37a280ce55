from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from inboxd.conversations.when import parse_when
from inboxd.durations import BusinessCalendar

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
# Wednesday, 2030-05-08, 10:30 in Berlin.
NOW = datetime(2030, 5, 8, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("3d", "2030-05-11 10:30"),
        ("3 days", "2030-05-11 10:30"),
        ("in 3 days", "2030-05-11 10:30"),
        ("2h", "2030-05-08 12:30"),
        ("90 min", "2030-05-08 12:00"),
        ("1w", "2030-05-15 10:30"),
        ("3 business days", "2030-05-13 10:30"),
        ("today 17:00", "2030-05-08 17:00"),
        ("tomorrow", "2030-05-09 09:00"),
        ("Tomorrow 9:00", "2030-05-09 09:00"),
        ("tomorrow at 14", "2030-05-09 14:00"),
        ("until tomorrow", "2030-05-09 09:00"),
        ("mon", "2030-05-13 09:00"),
        ("mon 9:00", "2030-05-13 09:00"),
        ("monday 14:30", "2030-05-13 14:30"),
        ("on Fri", "2030-05-10 09:00"),
        ("thurs 2pm", "2030-05-09 14:00"),
        ("thu 2 pm", "2030-05-09 14:00"),
        ("thu 12am", "2030-05-09 00:00"),
        ("thu 12pm", "2030-05-09 12:00"),
        ("wed", "2030-05-15 09:00"),
        ("wed 23:00", "2030-05-15 23:00"),
        ("next week", "2030-05-13 09:00"),
        ("next week 8:15", "2030-05-13 08:15"),
        ("2030-12-01", "2030-12-01 09:00"),
        ("2030-12-01 9:00", "2030-12-01 09:00"),
        ("2030-12-01T16:45", "2030-12-01 16:45"),
        ("1.12.", "2030-12-01 09:00"),
        ("1.12. 7.30", "2030-12-01 07:30"),
        ("01.12.2031 18h", "2031-12-01 18:00"),
        ("1.2.", "2031-02-01 09:00"),
        ("8.5.", "2031-05-08 09:00"),
        ("8.5. 11:00", "2030-05-08 11:00"),
        ("29.2.", "2032-02-29 09:00"),
        ("11:00", "2030-05-08 11:00"),
        ("9:00", "2030-05-09 09:00"),
        ("at 9", "2030-05-09 09:00"),
        ("at 11", "2030-05-08 11:00"),
        ("4pm", "2030-05-08 16:00"),
        ("  tomorrow\u00a09:00 ", "2030-05-09 09:00"),
    ],
)
def test_moments_as_agents_write_them(text: str, local: str):
    moment = parse_when(text, NOW, BERLIN)

    assert moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") == local
    assert moment.tzinfo is UTC
    assert moment > NOW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no time that I can read"),
        ("soon", "no time that I can read"),
        ("9", "no time that I can read"),
        ("m", "no time that I can read"),
        ("next monday", "no time that I can read"),
        ("mon 25:00", "no time that I can read"),
        ("mon 9:60", "no time that I can read"),
        ("thu 13pm", "no time that I can read"),
        ("31.2.2031", "no time that I can read"),
        ("2030-13-01", "no time that I can read"),
        ("9999-12-31 23:59", "more than five years"),
        ("0001-01-01", "is past"),
        ("2029-12-01", "is past"),
        ("today 9:00", "is past"),
        ("0d", "is past"),
        ("9 years", "no time that I can read"),
        ("9 weeks ago", "no time that I can read"),
        ("2040-01-01", "more than five years"),
        ("x" * 10_000, "no time that I can read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(text: str, why: str):
    with pytest.raises(ValueError, match=f"{why}.*; write for example"):
        parse_when(text, NOW, BERLIN)


def test_the_end_of_the_calendar_is_no_crash():
    with pytest.raises(ValueError, match="no time that I can read"):
        parse_when("9999-12-31 23:59", NOW, NEW_YORK)


def test_the_day_is_the_agents_not_utcs():
    late = datetime(2030, 5, 8, 23, 30, tzinfo=UTC)  # Thursday in Berlin, Wednesday in New York

    assert parse_when("tomorrow", late, BERLIN) == datetime(2030, 5, 10, 7, tzinfo=UTC)
    assert parse_when("tomorrow", late, NEW_YORK) == datetime(2030, 5, 9, 13, tzinfo=UTC)


def test_a_day_keeps_its_local_time_over_a_clock_change():
    before = datetime(2030, 3, 30, 12, tzinfo=UTC)  # the clock goes forward on the 31st

    assert parse_when("tomorrow 9:00", before, BERLIN) == datetime(2030, 3, 31, 7, tzinfo=UTC)
    assert parse_when("1d", before, BERLIN) == datetime(2030, 3, 31, 11, tzinfo=UTC)
    assert parse_when("24h", before, BERLIN) == datetime(2030, 3, 31, 12, tzinfo=UTC)


def test_a_time_that_the_clock_leaves_out_falls_an_hour_later():
    before = datetime(2030, 3, 30, 12, tzinfo=UTC)

    moment = parse_when("2030-03-31 2:30", before, BERLIN)

    assert moment.astimezone(BERLIN).time() == time(3, 30)


def test_a_time_that_the_clock_repeats_is_the_first_one():
    before = datetime(2030, 10, 26, 12, tzinfo=UTC)

    assert parse_when("tomorrow 2:30", before, BERLIN) == datetime(2030, 10, 27, 0, 30, tzinfo=UTC)


def test_business_days_follow_the_calendar():
    calendar = BusinessCalendar(holidays=frozenset({date(2030, 5, 9)}))

    moment = parse_when("1 business day", NOW, BERLIN, calendar=calendar)

    assert moment.astimezone(BERLIN).date() == date(2030, 5, 10)
