from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from inboxd.calendars import Calendar, Holidays, weekdays
from inboxd.config import Config
from inboxd.config.calendars import CalendarOptions
from inboxd.desk.calendars import Calendars
from inboxd.durations import parse_duration

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def office(**options: object) -> Calendar:
    hours = {"mon-fri": ["9:00-12:30", "13:30-18:00"], "sat": "10:00-14:00"}
    return CalendarOptions.model_validate({"hours": hours, **options}).calendar(BERLIN)


@pytest.mark.parametrize(
    ("duration", "start", "end"),
    [
        # 2026-06-05 is a Friday.
        ("1 business hour", "2026-06-05T12:00", "2026-06-05T14:00"),
        ("30 business minutes", "2026-06-05T12:00", "2026-06-05T12:30"),
        ("4 business hours", "2026-06-05T16:00", "2026-06-06T12:00"),
        ("4 business hours", "2026-06-06T12:00", "2026-06-08T11:00"),
        ("8 business hours", "2026-06-08T09:00", "2026-06-08T18:00"),
        ("1 business day", "2026-06-04T16:00", "2026-06-05T16:00"),
        # Saturday ends earlier, and does not begin before ten.
        ("1 business day", "2026-06-05T16:00", "2026-06-06T14:00"),
        ("1 business day", "2026-06-05T09:15", "2026-06-06T10:00"),
        ("2 business days", "2026-06-05T16:00", "2026-06-08T16:00"),
        # Who writes at lunch is answered when lunch is over.
        ("1 business day", "2026-06-03T13:00", "2026-06-04T13:30"),
        ("1 business day", "2026-06-06T13:00", "2026-06-08T13:30"),
    ],
)
def test_business_time_with_a_lunch_break(duration: str, start: str, end: str) -> None:
    assert parse_duration(duration).after(berlin(start), office()) == berlin(end)


def test_a_country_has_its_holidays_and_a_subdivision_its_own() -> None:
    germany = office(holidays={"country": "DE"})
    berlin_state = office(holidays={"country": "de", "subdivision": "BE"})
    womens_day = date(2027, 3, 8)
    assert not germany.is_business_day(date(2026, 12, 25))
    assert germany.is_business_day(womens_day)
    assert not berlin_state.is_business_day(womens_day)
    assert berlin_state.holidays.name(womens_day)


def test_own_dates_and_exceptions() -> None:
    calendar = office(
        holidays={
            "country": "DE",
            "dates": ["12-24", "2026-08-03 to 2026-08-05", "12-30 to 01-02"],
            "except": ["2026-10-03", "05-01"],
        }
    )
    for closed in ("2026-12-24", "2031-12-24", "2026-08-04", "2027-12-31", "2029-01-02"):
        assert not calendar.is_business_day(date.fromisoformat(closed)), closed
    for works in ("2027-08-04", "2026-10-03", "2029-05-01"):
        assert calendar.is_business_day(date.fromisoformat(works)), works


def test_single_days_have_hours_of_their_own_even_where_they_are_holidays() -> None:
    calendar = CalendarOptions.model_validate(
        {
            "hours": {"mon-fri": "9-17", "12-24": "9-12", "2026-12-25": "10-11", "06-12": None},
            "holidays": {"country": "DE"},
        }
    ).calendar(BERLIN)
    start = berlin("2026-12-24T11:00")
    assert parse_duration("2 business hours").after(start, calendar) == berlin("2026-12-25T11:00")
    assert not calendar.is_business_day(date(2026, 6, 12))
    assert calendar.closing(date(2026, 12, 24)) == time(12)


def test_around_the_clock() -> None:
    always = CalendarOptions.model_validate({"hours": {"mon-sun": "0:00-24:00"}}).calendar(BERLIN)
    start = berlin("2026-03-28T23:00")
    assert parse_duration("5 business hours").after(start, always) == start + timedelta(hours=5)
    assert always.closing(date(2026, 3, 28)) == time(23, 59)
    assert always.is_open(berlin("2026-03-28T23:59:59"))


def test_the_end_of_a_free_day_is_that_of_a_long_one() -> None:
    assert office().closing(date(2026, 6, 6)) == time(14)
    assert office().closing(date(2026, 6, 7)) == time(18)


def test_calendars_that_make_no_sense_are_refused() -> None:
    nine, noon, five = time(9), time(12), time(17)
    with pytest.raises(ValueError, match="never open"):
        Calendar(BERLIN, {0: ()})
    with pytest.raises(ValueError, match="weekdays"):
        Calendar(BERLIN, {7: ((nine, five),)})
    with pytest.raises(ValueError, match="ends before it begins"):
        Calendar(BERLIN, {0: ((five, nine),)})
    with pytest.raises(ValueError, match="overlap"):
        Calendar(BERLIN, {0: ((nine, five), (noon, five))})
    with pytest.raises(ValueError, match="overlap"):
        Calendar(BERLIN, {0: ((noon, time(0)), (nine, five))})


def test_all_days_closed_by_holidays_end_the_search() -> None:
    closed = frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(4000))
    never = replace(weekdays(BERLIN), holidays=Holidays(closed))
    assert list(never.windows(berlin("2025-01-01T00:00"))) == []
    assert not never.open_between(berlin("2025-01-01T00:00"), berlin("2030-01-01T00:00"))


CONFIG = {
    "timezone": "Europe/Berlin",
    "mailboxes": [
        {"name": "support", "address": "support@shop.example", "calendar": "office"},
        {"name": "us", "address": "us@shop.example", "timezone": "America/New_York"},
    ],
    "send": {"maildir": "sent"},
    "agents": [
        {"name": "anna", "address": "anna@shop.example", "teams": ["desk", "night"]},
        {"name": "bo", "address": "bo@shop.example", "calendar": "bo"},
        {"name": "cy", "address": "cy@shop.example", "timezone": "Asia/Tokyo"},
    ],
    "teams": {"night": {"calendar": "night"}},
    "calendars": {
        "office": {"hours": {"mon-fri": "9-18"}},
        "night": {"timezone": "UTC", "hours": {"mon-sun": "0-6"}},
        "bo": {"hours": {"tue": "10-11"}},
    },
}


def test_the_nearest_calendar_holds() -> None:
    config = Config.model_validate(CONFIG)
    found = Calendars(config)
    support, us = config.mailboxes
    anna, bo, cy = config.agents
    assert found.of_mailbox(support).hours[0] == ((time(9), time(18)),)
    assert found.of_mailbox(support).zone == BERLIN
    assert found.of_mailbox(support, "night").zone == ZoneInfo("UTC")
    assert found.of_mailbox(support, "desk") is found.of_mailbox(support)
    assert found.of_mailbox(us) == weekdays(ZoneInfo("America/New_York"))
    assert found.of_agent(anna) is found.of_mailbox(support, "night")
    assert found.of_agent(bo).zone == BERLIN
    assert found.of_agent(cy) == weekdays(ZoneInfo("Asia/Tokyo"))
    assert found.working_hours(cy) is None
    assert found.working_hours(bo) is found.of_agent(bo)
    assert found.of_shop() == weekdays(BERLIN)


def test_a_shop_has_a_calendar_for_whoever_has_none() -> None:
    config = Config.model_validate({**CONFIG, "calendar": "office"})
    found = Calendars(config)
    assert found.of_mailbox(config.mailboxes[1]).hours[0] == ((time(9), time(18)),)
    assert found.of_mailbox(config.mailboxes[1]).zone == ZoneInfo("America/New_York")
    assert found.working_hours(config.agents[2]) is not None


def test_the_library_of_holidays_is_loaded_for_whoever_has_a_country_alone() -> None:
    code = "import sys, inboxd.cli.app, inboxd.desk.shop; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_mailbox_kept_over_a_reload_does_without_a_calendar_that_is_gone() -> None:
    config = Config.model_validate(CONFIG)
    found = Calendars(config.model_copy(update={"calendars": {}}))
    assert found.of_mailbox(config.mailboxes[0]) == weekdays(BERLIN)
