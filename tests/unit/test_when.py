from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from inboxd.calendars import Calendar, Holidays, weekdays
from inboxd.conversations.when import UnreadableTimeError, parse_when

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
        ("in 2 hours", "2030-05-08 12:30"),
        ("in an hour", "2030-05-08 11:30"),
        ("half an hour", "2030-05-08 11:00"),
        ("an hour from now", "2030-05-08 11:30"),
        ("in two weeks", "2030-05-22 10:30"),
        ("a week", "2030-05-15 10:30"),
        ("2 weeks 9:00", "2030-05-22 09:00"),
        ("3 days at 14", "2030-05-11 14:00"),
        ("1 month", "2030-06-08 10:30"),
        ("in 8 months 9am", "2031-01-08 09:00"),
        ("2 working days", "2030-05-10 10:30"),
        ("1 business day 9:00", "2030-05-09 09:00"),
        ("next business day", "2030-05-09 09:00"),
        ("until mon", "2030-05-13 09:00"),
        ("next monday", "2030-05-13 09:00"),
        ("this friday 8:00", "2030-05-10 08:00"),
        ("9:00 monday", "2030-05-13 09:00"),
        ("9am on monday", "2030-05-13 09:00"),
        ("at 9 tomorrow", "2030-05-09 09:00"),
        ("day after tomorrow", "2030-05-10 09:00"),
        ("tomorrow morning", "2030-05-09 09:00"),
        ("this afternoon", "2030-05-08 14:00"),
        ("tonight", "2030-05-08 18:00"),
        ("noon", "2030-05-08 12:00"),
        ("end of day", "2030-05-08 17:00"),
        ("EOD", "2030-05-08 17:00"),
        ("tomorrow end of day", "2030-05-09 17:00"),
        ("end of business on friday", "2030-05-10 17:00"),
        ("end of the week", "2030-05-10 17:00"),
        ("end of month", "2030-05-31 17:00"),
        ("next month", "2030-06-01 09:00"),
        ("1 Dec", "2030-12-01 09:00"),
        ("Dec 1st, 2031, 9:30", "2031-12-01 09:30"),
        ("on the 1st of December at 14", "2030-12-01 14:00"),
        ("march 3", "2031-03-03 09:00"),
        ("may 8 17:00", "2030-05-08 17:00"),
        ("1.12.31", "2031-12-01 09:00"),
        ("1. 12. 2031", "2031-12-01 09:00"),
        ("2030/12/01", "2030-12-01 09:00"),
        ("25/12", "2030-12-25 09:00"),
        ("12/25/2030", "2030-12-25 09:00"),
        ("25-12-2030", "2030-12-25 09:00"),
        ("6/6", "2030-06-06 09:00"),
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
        ("31 february", "no time that I can read"),
        ("25/25", "no time that I can read"),
        ("do", "no time that I can read"),  # a Thursday in German, a Sunday in Spanish
        ("1 " * 39, "no time that I can read"),
        ("9 weeks ago", "no time that I can read"),
        ("2040-01-01", "more than five years"),
        ("x" * 10_000, "no time that I can read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(text: str, why: str):
    with pytest.raises(ValueError, match=f"{why}.*; write for example"):
        parse_when(text, NOW, BERLIN)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("morgen 9 Uhr", "2030-05-09 09:00"),
        ("morgen um 9:30 Uhr", "2030-05-09 09:30"),
        ("morgen früh", "2030-05-09 09:00"),
        ("übermorgen", "2030-05-10 09:00"),
        ("heute 17 Uhr 30", "2030-05-08 17:30"),
        ("14 Uhr", "2030-05-08 14:00"),
        ("bis Montag", "2030-05-13 09:00"),
        ("Sonnabend", "2030-05-11 09:00"),
        ("am 1. Dezember um 8", "2030-12-01 08:00"),
        ("3. März 2031", "2031-03-03 09:00"),
        ("in 3 Tagen", "2030-05-11 10:30"),
        ("in einer Stunde", "2030-05-08 11:30"),
        ("3 Werktage", "2030-05-13 10:30"),
        ("nächste Woche", "2030-05-13 09:00"),
        ("nächster Werktag", "2030-05-09 09:00"),
        ("demain 14h", "2030-05-09 14:00"),
        ("demain à 14h30", "2030-05-09 14:30"),
        ("jusqu’à lundi", "2030-05-13 09:00"),
        ("dans 2 jours", "2030-05-10 10:30"),
        ("3 jours ouvrés", "2030-05-13 10:30"),
        ("1er août", "2030-08-01 09:00"),
        ("la semaine prochaine", "2030-05-13 09:00"),
        ("mar", "2030-05-14 09:00"),
        ("mañana a las 9:00", "2030-05-09 09:00"),
        ("miércoles", "2030-05-15 09:00"),
        ("1 de diciembre de 2031", "2031-12-01 09:00"),
        ("en una semana", "2030-05-15 10:30"),
        ("hasta el lunes", "2030-05-13 09:00"),
        ("domani alle 15", "2030-05-09 15:00"),
        ("fino a lunedì", "2030-05-13 09:00"),
        ("fra due giorni", "2030-05-10 10:30"),
        ("la settimana prossima", "2030-05-13 09:00"),
        ("tot maandag 9 uur", "2030-05-13 09:00"),
        ("overmorgen", "2030-05-10 09:00"),
        ("over 3 dagen", "2030-05-11 10:30"),
        ("vandaag 16:00", "2030-05-08 16:00"),
    ],
)
def test_moments_in_other_languages(text: str, local: str):
    assert parse_when(text, NOW, BERLIN).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") == local


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("next friday", "this week or in the next one; write friday or a date"),
        ("next friday 9:00", "this week or in the next one"),
        ("1/12", "could be 1 December or 12 January; write the month's name"),
        ("6/7/2031 9:00", "could be 6 July or 7 June"),
    ],
)
def test_a_moment_with_two_meanings_is_refused_and_both_are_named(text: str, why: str):
    with pytest.raises(UnreadableTimeError, match=why):
        parse_when(text, NOW, BERLIN)


def test_a_moment_past_is_told_from_one_that_cannot_be_read():
    with pytest.raises(ValueError, match="is past") as raised:
        parse_when("today 9:00", NOW, BERLIN)

    assert not isinstance(raised.value, UnreadableTimeError)


def test_the_end_of_a_day_and_of_a_week_follow_the_calendar():
    friday = date(2030, 5, 10)
    hours = dict.fromkeys(range(5), ((time(9), time(18, 30)),))
    calendar = Calendar(BERLIN, hours, Holidays(frozenset({friday})))

    def local(text: str) -> str:
        moment = parse_when(text, NOW, BERLIN, calendar=calendar)
        return moment.astimezone(BERLIN).strftime("%a %H:%M")

    assert local("end of day") == "Wed 18:30"
    assert local("end of week") == "Thu 18:30"
    assert local("next business day") == "Thu 09:00"


@pytest.mark.parametrize("name", ["January", "may", "dec.", "janv", "März", "août", "mei", "giu"])
def test_months_are_known_by_three_letters(name: str):
    assert parse_when(f"3 {name}", NOW, BERLIN)


def test_the_last_of_a_month_is_kept_in_a_shorter_one():
    last = datetime(2030, 1, 31, 9, tzinfo=UTC)

    assert parse_when("1 month", last, BERLIN) == datetime(2030, 2, 28, 9, tzinfo=UTC)


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
    calendar = replace(weekdays(BERLIN), holidays=Holidays(frozenset({date(2030, 5, 9)})))

    moment = parse_when("1 business day", NOW, BERLIN, calendar=calendar)

    assert moment.astimezone(BERLIN).date() == date(2030, 5, 10)
