"""Business hours and holidays as an admin writes them, and which teams work by which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from inboxd.calendars import Calendar, Holidays, Spans, YearlyDay, check_spans
from inboxd.config.strict import STRICT
from inboxd.config.types import Name, Zone
from inboxd.suggest import hint

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]?\d|2[0-4])(?::([0-5]\d))?\s*[-–]\s*([01]?\d|2[0-4])(?::([0-5]\d))?")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{2}-\d{2}) to (\d{4}-\d{2}-\d{2}|\d{2}-\d{2})")
_LEAP_YEAR = 2000
_LONGEST_RANGE = 366
Day = date | YearlyDay


def read_weekdays(key: str) -> tuple[int, ...]:
    """Return the weekdays that `mon`, `mon-fri` or `mon, wed` names; ValueError for other words."""
    found: list[int] = []
    for part in key.casefold().split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        for word in (first, last or first):
            if word not in DAYS:
                raise ValueError(
                    f"{word!r} is no day of the week; write mon-fri or sat, or a date such as"
                    f" 2026-12-24 or 12-24{hint(word, DAYS)}"
                )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        if end < begin:
            raise ValueError(f"{part.strip()} goes backwards; write the days one by one")
        found += range(begin, end + 1)
    if len(set(found)) < len(found):
        raise ValueError(f"{key} names a day twice")
    return tuple(found)


def read_days(text: str) -> tuple[Day, ...]:
    """Return the days that `2026-12-24`, `12-24` (every year) or `… to …` names."""
    if limits := _RANGE.fullmatch(text.strip()):
        return tuple(_between(_read_day(limits[1]), _read_day(limits[2]), text))
    return (_read_day(text),)


def _read_day(text: str) -> Day:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is no day: write 2026-12-24, 12-24 for every year,"
            " or 2026-12-24 to 2026-12-31"
        )
    try:
        day = date(int(match[1] or _LEAP_YEAR), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(f"there is no day {text.strip()}") from None
    return day if match[1] else (day.month, day.day)


def _between(first: Day, last: Day, text: str) -> Iterator[Day]:
    yearly = not isinstance(first, date)
    if yearly != (not isinstance(last, date)):
        raise ValueError(f"{text}: either both days have a year or neither")
    begin = first if isinstance(first, date) else date(_LEAP_YEAR, *first)
    end = last if isinstance(last, date) else date(_LEAP_YEAR, *last)
    if yearly and end < begin:
        end = end.replace(year=_LEAP_YEAR + 1)  # over the turn of the year
    if not begin <= end <= begin + timedelta(days=_LONGEST_RANGE):
        raise ValueError(f"{text} ends before it begins, or is longer than a year")
    for n in range((end - begin).days + 1):
        day = begin + timedelta(days=n)
        yield (day.month, day.day) if yearly else day


def _read_span(value: object) -> tuple[time, time]:
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    clocks = match and ((match[1], match[2]), (match[3], match[4]))
    minutes = [int(hour) * 60 + int(minute or 0) for hour, minute in clocks or ()]
    if not minutes or max(minutes) > 1440 or minutes[0] == 1440:
        raise ValueError(
            "opening times are written as '9:00-17:00', and end at 24:00 at the latest"
        )
    if minutes[0] >= minutes[1]:
        raise ValueError(
            "these opening times end before they begin; a night is the hours of two days,"
            " such as 22:00-24:00 and 0:00-6:00"
        )
    opens, closes = (time(each // 60 % 24, each % 60) for each in minutes)
    return opens, closes


def _check_day_spans(value: list[tuple[time, time]]) -> list[tuple[time, time]]:
    check_spans(tuple(value))
    return value


def _spans(value: object) -> object:
    if value is None or value == "closed":
        return []
    return [value] if isinstance(value, str) else value


def _check_key(key: str) -> str:
    if _DATE.fullmatch(key) or _RANGE.fullmatch(key):
        read_days(key)
    else:
        read_weekdays(key)
    return key


def _check_days(text: str) -> str:
    read_days(text)
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Span = Annotated[tuple[time, time], BeforeValidator(_read_span)]
_DaySpans = Annotated[list[_Span], BeforeValidator(_spans), AfterValidator(_check_day_spans)]
_Key = Annotated[str, AfterValidator(_check_key)]
_DayNames = Annotated[list[Annotated[str, AfterValidator(_check_days)]], BeforeValidator(_as_list)]
_Hours = Annotated[dict[_Key, _DaySpans], Field(min_length=1)]


class _Part(BaseModel):
    model_config = STRICT


class HolidayOptions(_Part):
    """On which days nobody works: a country's public holidays and own dates, but not `except`."""

    country: str | None = None
    subdivision: str | None = None
    dates: _DayNames = []
    never: Annotated[_DayNames, Field(alias="except")] = []

    def lookup(self) -> Holidays:
        """Return these holidays to look days up in."""
        return Holidays(
            dates=frozenset(day for text in self.dates for day in read_days(text)),
            never=frozenset(day for text in self.never for day in read_days(text)),
            country=self.country and self.country.upper(),
            subdivision=self.subdivision,
        )


class CalendarOptions(_Part):
    """When somebody works: hours by days of the week and by single dates, except on holidays.

    Without a `timezone` it is read in the zone of the mailbox, team or agent that works by it.
    """

    timezone: Zone | None = None
    hours: _Hours = {"mon-fri": [(time(9), time(17))]}
    holidays: HolidayOptions = HolidayOptions()

    def by_weekday(self) -> dict[int, Spans]:
        """Return the opening times by weekday (Monday is 0), those of single dates left out."""
        return {
            day: tuple(spans)
            for key, spans in self.hours.items()
            if not _names_dates(key)
            for day in read_weekdays(key)
        }

    def calendar(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar for somebody in `zone`."""
        special = {
            day: tuple(spans)
            for key, spans in self.hours.items()
            if _names_dates(key)
            for day in read_days(key)
        }
        zone = ZoneInfo(self.timezone) if self.timezone else zone
        return Calendar(zone, self.by_weekday(), self.holidays.lookup(), special)


class TeamOptions(_Part):
    """What holds for a team; who belongs to it is said at the agents.

    With `requeue`, an agent's unanswered conversations return to the team when their shift ends,
    and with `requeue_away` when the agent says `#away`.
    """

    calendar: Name | None = None
    requeue: bool = False
    requeue_away: bool = False


def _names_dates(key: str) -> bool:
    return bool(_DATE.fullmatch(key) or _RANGE.fullmatch(key))
