from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from inboxd.calendars import Calendar, Holidays, weekdays
from inboxd.durations import Duration, Unit, parse_duration

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
USUAL = weekdays(BERLIN)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "amount", "unit", "business"),
    [
        ("0 s", 0, Unit.SECOND, False),
        ("90 min", 90, Unit.MINUTE, False),
        ("2h", 2, Unit.HOUR, False),
        ("1.5 h", 1.5, Unit.HOUR, False),
        ("3 days", 3, Unit.DAY, False),
        ("3d", 3, Unit.DAY, False),
        (" 1 Week ", 1, Unit.WEEK, False),
        ("3 business days", 3, Unit.DAY, True),
        ("4 business hours", 4, Unit.HOUR, True),
        ("30  business  minutes", 30, Unit.MINUTE, True),
        ("2.0 days", 2, Unit.DAY, False),
    ],
)
def test_what_people_write_is_read(text: str, amount: float, unit: Unit, business: bool) -> None:
    assert parse_duration(text) == Duration(amount, unit, business)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a duration"),
        ("soon", "is not a duration"),
        ("-1 h", "is not a duration"),
        ("1 h 30 min", "is not a duration"),
        ("٣ days", "is not a duration"),
        ("3 fortnights", "'fortnights' is not a unit of time"),
        ("5 m", "'m' is not a unit of time"),
        ("2 business weeks", "'weeks' is not a unit of business time"),
        ("1.5 days", "not a whole number of days"),
        ("0.5 business days", "not a whole number of days"),
        ("11 years", "'years' is not a unit"),
        ("999999999999 weeks", "longer than ten years"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_duration(text)


amounts = st.integers(0, 500) | st.integers(1, 500_000).map(lambda n: n / 1000)
durations = st.one_of(
    st.builds(
        Duration, amounts, st.sampled_from([Unit.SECOND, Unit.MINUTE, Unit.HOUR]), st.booleans()
    ).filter(lambda d: not (d.business and d.unit is Unit.SECOND)),
    st.builds(Duration, st.integers(0, 60), st.just(Unit.DAY), st.booleans()),
    st.builds(Duration, st.integers(0, 60), st.just(Unit.WEEK)),
)


@given(durations)
def test_a_duration_is_read_back_from_its_text(duration: Duration) -> None:
    assert parse_duration(str(duration)) == duration


@given(
    durations,
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_after_is_never_before_and_always_in_utc(
    duration: Duration, start: datetime, zone: str
) -> None:
    reached = duration.after(start, weekdays(ZoneInfo(zone)))
    assert reached >= start
    assert reached.utcoffset() == timedelta()
    longer = Duration(duration.amount + 1, duration.unit, duration.business)
    assert longer.after(start, weekdays(ZoneInfo(zone))) >= reached


def test_hours_are_elapsed_time_and_days_keep_the_time_of_day() -> None:
    # The night of 30 March 2025 has 23 hours in Berlin.
    start = berlin("2025-03-29T18:00")
    assert parse_duration("24 h").after(start, USUAL) == berlin("2025-03-30T19:00")
    assert parse_duration("1 day").after(start, USUAL) == berlin("2025-03-30T18:00")
    assert parse_duration("1 week").after(start, USUAL) == berlin("2025-04-05T18:00")


def test_a_time_that_the_clocks_leave_out_or_repeat() -> None:
    day = parse_duration("1 day")
    assert day.after(berlin("2025-03-29T02:30"), USUAL) == berlin("2025-03-30T03:30")
    first_of_two = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert day.after(berlin("2025-10-25T02:30"), USUAL) == first_of_two


@pytest.mark.parametrize(
    ("duration", "start", "end"),
    [
        # 2025-06-06 is a Friday.
        ("1 business day", "2025-06-06T16:00", "2025-06-09T16:00"),
        ("3 business days", "2025-06-03T10:15", "2025-06-06T10:15"),
        ("3 business days", "2025-06-06T10:15", "2025-06-11T10:15"),
        ("1 business day", "2025-06-07T12:00", "2025-06-10T09:00"),
        ("1 business day", "2025-06-06T20:00", "2025-06-10T09:00"),
        ("1 business day", "2025-06-06T07:00", "2025-06-09T09:00"),
        ("4 business hours", "2025-06-05T10:00", "2025-06-05T14:00"),
        ("4 business hours", "2025-06-06T15:00", "2025-06-09T11:00"),
        ("8 business hours", "2025-06-06T09:00", "2025-06-06T17:00"),
        ("9 business hours", "2025-06-06T09:00", "2025-06-09T10:00"),
        ("30 business minutes", "2025-06-07T03:00", "2025-06-09T09:30"),
        ("0 business days", "2025-06-07T03:00", "2025-06-07T03:00"),
    ],
)
def test_business_time_counts_while_the_shop_is_open(duration: str, start: str, end: str) -> None:
    assert parse_duration(duration).after(berlin(start), USUAL) == berlin(end)


def test_business_time_keeps_to_the_calendar_that_it_is_given() -> None:
    noon = ((time(12), time(13)),)
    calendar = Calendar(BERLIN, {5: noon, 6: noon}, Holidays(frozenset({date(2025, 6, 7)})))
    reached = parse_duration("90 business minutes").after(berlin("2025-06-06T12:00"), calendar)
    assert reached == berlin("2025-06-14T12:30")
    assert not calendar.is_business_day(date(2025, 6, 7))
    assert calendar.is_business_day(date(2025, 6, 8))
    assert not USUAL.is_business_day(date(2025, 6, 8))


def test_business_hours_are_local_across_a_change_of_the_clocks() -> None:
    start = berlin("2025-03-28T16:00")
    assert parse_duration("2 business hours").after(start, USUAL) == berlin("2025-03-31T10:00")


def test_a_calendar_without_an_open_day_ahead_does_not_run_for_ever() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    closed = frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(4000))
    calendar = replace(weekdays(UTC_ZONE), holidays=Holidays(closed))
    for text in ("1 business day", "1 business hour"):
        with pytest.raises(ValueError, match="never open"):
            parse_duration(text).after(start, calendar)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        parse_duration("1 h").after(datetime(2025, 1, 1), USUAL)


def test_seconds() -> None:
    assert parse_duration("1.5 h").seconds == 5400
    assert parse_duration("1 week").seconds == 604_800
    with pytest.raises(ValueError, match="no fixed length"):
        _ = parse_duration("1 business day").seconds


class Settings(BaseModel):
    delay: Duration = parse_duration("0 s")


def test_a_model_reads_and_writes_durations() -> None:
    settings = Settings.model_validate({"delay": "2 h"})
    assert settings.delay == Duration(2, Unit.HOUR)
    assert settings.model_dump_json() == '{"delay":"2 h"}'
    assert Settings(delay=settings.delay) == settings
    assert Settings.model_json_schema()["properties"]["delay"]["type"] == "string"


@pytest.mark.parametrize("value", [30, 1.5, None, True, ["2 h"]])
def test_a_model_refuses_a_number_without_a_unit(value: object) -> None:
    with pytest.raises(ValidationError, match="a duration needs a unit"):
        Settings.model_validate({"delay": value})
