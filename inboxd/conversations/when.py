"""Moments as agents write them: `3d`, `tomorrow 9:00`, `1.12.`, `end of day`, `lundi 14h`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inboxd.calendars import Calendar, instant, weekdays
from inboxd.conversations.when_words import month, plain_words, weekday
from inboxd.durations import parse_duration

_DEFAULT_TIME = time(9)
_NAMED_TIMES = {"morning": time(9), "noon": time(12), "afternoon": time(14), "evening": time(18)}
_FARTHEST = timedelta(days=5 * 366)
_MOST_CHARS, _MOST_WORDS = 80, 12
_EXAMPLES = (
    "write for example 2h, 3d, 3 business days, tomorrow, mon 14:30, next week, 1.12. or"
    " 2030-12-01 9:00"
)
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]([0-5][0-9]))?h?\s?(am|pm)?")
# What is a time of day wherever it stands, and not only behind a day.
_SURE_CLOCK = re.compile(r"at .+|[0-9]{1,2}:.*|[0-9]{1,2}\s?[ap]m|[0-9]{1,2}h[0-9]{2}")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_DOTTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4}|[0-9]{2})?")
_EITHER_FIRST = re.compile(
    r"([0-9]{1,2})(?:/([0-9]{1,2})(?:/([0-9]{4}|[0-9]{2}))?|-([0-9]{1,2})-([0-9]{4}))"
)
_DAY_MONTH = re.compile(r"([0-9]{1,2})[. -]{0,2}([a-z]{3,10})\.?(?:[ -]([0-9]{4}))?")
_MONTH_DAY = re.compile(r"([a-z]{3,10})\.? ([0-9]{1,2})(?: ([0-9]{4}))?")
_MONTHS = re.compile(r"([0-9]{1,2}) ?months")


class UnreadableTimeError(ValueError):
    """Words that are no moment at all, or that could be two."""


@dataclass(frozen=True, slots=True)
class _Here:
    """From where a moment is looked for: `now` in UTC, and the reader's zone and calendar."""

    now: datetime
    zone: ZoneInfo
    calendar: Calendar

    @property
    def today(self) -> date:
        """The date in the zone."""
        return self.now.astimezone(self.zone).date()

    def working(self, days: Iterable[date]) -> Iterator[date]:
        """Yield those of the days on which the shop works."""
        return filter(self.calendar.is_business_day, days)


def parse_when(
    text: str, now: datetime, zone: ZoneInfo, *, calendar: Calendar | None = None
) -> datetime:
    """Return the moment, in UTC, that `text` means to somebody in `zone` at `now` (aware).

    A duration counts from now, business time by `calendar`
    (Monday to Friday, 9:00 to 17:00, where there is none). A day without a time means 9:00, the
    end of a day the calendar's closing time; the name of a weekday never means today; a date
    without a year is the next one; a time alone is the next such time. A local time that a clock
    change leaves out falls an hour later, and one that it repeats is the first of the two. Words
    may be English, German, French, Spanish, Italian or Dutch.

    Raises `UnreadableTimeError` for what cannot be read, and any ValueError, with examples, for a
    moment that is past or more than five years away.
    """
    shown = f"{text.strip()[:40]!r}"
    moment = _moment(text, _Here(now, zone, calendar or weekdays(zone)))
    if moment is None:
        raise UnreadableTimeError(f"{shown} is no time that I can read; {_EXAMPLES}")
    if moment <= now:
        raise ValueError(f"{shown} is past; {_EXAMPLES}")
    if moment - now > _FARTHEST:
        raise ValueError(f"{shown} is more than five years away; {_EXAMPLES}")
    return moment


def _moment(text: str, here: _Here) -> datetime | None:
    if len(text.strip()) > _MOST_CHARS:
        return None
    words = plain_words(text)
    try:
        return _after_duration(words, here) or _day_and_time(words, here)
    except OverflowError:  # a date at the end of the calendar has no equivalent in UTC
        return None


def _after_duration(words: str, here: _Here) -> datetime | None:
    if months := _MONTHS.fullmatch(words):
        local = here.now.astimezone(here.zone)
        return instant(_months_on(local.date(), int(months[1])), local.time(), here.zone)
    try:
        return parse_duration(words).after(here.now, here.calendar, here.zone)
    except ValueError:
        return None


def _day_and_time(words: str, here: _Here) -> datetime | None:
    """Return the first moment after `now` that the words fit, or the past one that they mean."""
    days, at = _days_and_clock(words, here)
    if not days or at is None:
        return None
    moments = [instant(day, at, here.zone) for day in days]
    return next((moment for moment in moments if moment > here.now), moments[-1])


def _days_and_clock(words: str, here: _Here) -> tuple[list[date], time | None]:
    if (at := _clock(words, here)) and (words in _NAMED_TIMES or _SURE_CLOCK.fullmatch(words)):
        return [here.today, here.today + timedelta(days=1)], at
    if words == "closing":
        return [here.today], here.calendar.closing(here.today)
    if words in ("end of week", "end of month"):
        days = _last_working_day(words, here)
        return days, here.calendar.closing(days[0]) if days else None
    if days := _days(words, here):
        return days, _DEFAULT_TIME
    # RFC 3339 has a T where people leave a space.
    parts = re.sub(r"(?<=[0-9])t(?=[0-9])", " ", words).split(" ")
    if len(parts) > _MOST_WORDS:
        return [], None
    for cut in range(1, len(parts)):
        first, second = " ".join(parts[:cut]), " ".join(parts[cut:])
        if _clock(second, here) and (days := _days(first, here)):
            return days, _clock(second, here, days[0])
        sure = _SURE_CLOCK.fullmatch(first) or first in _NAMED_TIMES or first == "closing"
        if sure and _clock(first, here) and (days := _days(_later(second), here)):
            return days, _clock(first, here, days[0])
    return [], None


def _later(words: str) -> str:
    """Return the day behind a time: `on monday`."""
    return words.removeprefix("on ").removeprefix("am ")


def _days(words: str, here: _Here) -> list[date]:
    """Return the dates that the words can mean, nearest first; none where they name no day."""
    found = _named_day(words, here) or _weekday(words, here.today)
    return [found] if found else _dates(words, here.today) or _days_on(words, here)


def _named_day(words: str, here: _Here) -> date | None:
    today = here.today
    match words:
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case "day after tomorrow":
            return today + timedelta(days=2)
        case "next week":
            return today + timedelta(days=7 - today.weekday())
        case "next month":
            return _months_on(today.replace(day=1), 1)
        case "next business day":
            coming = (today + timedelta(days=n) for n in range(1, 400))
            return next(here.working(coming), None)
    return None


def _weekday(words: str, today: date) -> date | None:
    """Return the next day of a weekday's name; UnreadableTimeError for a `next` of two meanings."""
    name = words.removeprefix("next ")
    day = weekday(name)
    if day is None:
        return None
    ahead = (day - today.weekday() - 1) % 7 + 1
    if name != words and ahead <= 6 - today.weekday():
        raise UnreadableTimeError(
            f"{words!r} could be in this week or in the next one; write {name} or a date"
        )
    return today + timedelta(days=ahead)


def _dates(words: str, today: date) -> list[date]:
    """Return the days that a written date can be, this year's or the next one's."""
    if ymd := _YEAR_FIRST.fullmatch(words):
        return _existing([int(ymd[1])], int(ymd[2]), int(ymd[3]))
    if dotted := _DOTTED.fullmatch(words):
        return _existing(_years(dotted[3], today), int(dotted[2]), int(dotted[1]))
    if either := _EITHER_FIRST.fullmatch(words):
        years = _years(either[3] or either[5], today)
        return _either_way(words, int(either[1]), int(either[2] or either[4]), years)
    if (named := _DAY_MONTH.fullmatch(words)) and (number := month(named[2])):
        return _existing(_years(named[3], today), number, int(named[1]))
    if (named := _MONTH_DAY.fullmatch(words)) and (number := month(named[1])):
        return _existing(_years(named[3], today), number, int(named[2]))
    return []


def _years(written: str | None, today: date) -> list[int]:
    if written:
        return [int(written) + (2000 if len(written) == 2 else 0)]
    # Eight years lie between two 29ths of February around 2100.
    return list(range(today.year, today.year + 9))


def _either_way(words: str, first: int, second: int, years: list[int]) -> list[date]:
    """Return the dates of `25/12` and `12/25`; UnreadableTimeError where both readings exist."""
    european = _existing(years, second, first)
    american = _existing(years, first, second)
    if european and american and first != second:
        raise UnreadableTimeError(
            f"{words!r} could be {european[0].day} {european[0]:%B} or"
            f" {american[0].day} {american[0]:%B}; write the month's name"
        )
    return european or american


def _existing(years: list[int], month: int, day: int) -> list[date]:
    dates = []
    for year in years:
        try:
            dates.append(date(year, month, day))
        except ValueError:  # no such day in that year
            continue
    return dates


def _days_on(words: str, here: _Here) -> list[date]:
    """Return the date that lies a number of days, weeks or months on, for `3 days 9:00`."""
    if not words.endswith(("days", "weeks", "months", "d", "w")):
        return []
    moment = _after_duration(words, here)
    return [moment.astimezone(here.zone).date()] if moment else []


def _last_working_day(words: str, here: _Here) -> list[date]:
    today = here.today
    if words == "end of week":
        days = [today + timedelta(days=n - today.weekday()) for n in range(7)]
    else:
        last = monthrange(today.year, today.month)[1]
        days = [today.replace(day=n) for n in range(1, last + 1)]
    return list(here.working(days))[-1:]


def _months_on(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day where it has no such day."""
    years, index = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))


def _clock(words: str, here: _Here, day: date | None = None) -> time | None:
    """Return the time of day that the words mean on a day, today where none is given."""
    words = words.removeprefix("at ")
    if words in _NAMED_TIMES:
        return _NAMED_TIMES[words]
    if words == "closing":
        return here.calendar.closing(day or here.today)
    match = _CLOCK.fullmatch(words)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, minute) if hour < 24 else None
