"""Durations as people write them (`90 min`, `3 business days`) and the moments they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from inboxd.calendars import MOST_IDLE_DAYS, Calendar, instant

_LONGEST_SECONDS = 10 * 366 * 86_400
_SHAPE = re.compile(
    r"\s*(?P<amount>[0-9]{1,12}(?:\.[0-9]{1,3})?)\s*(?P<business>business\s+)?(?P<unit>[a-z]+)\s*",
    re.IGNORECASE,
)
_HELP = "write a number and a unit, such as 90 min, 2 h, 3 days, 1 week or 3 business days"


class Unit(Enum):
    """What an amount counts; the value is its length in seconds on a day without a clock change."""

    SECOND = 1
    MINUTE = 60
    HOUR = 3600
    DAY = 86_400
    WEEK = 604_800

    @property
    def exact(self) -> bool:
        """Whether it is elapsed time, rather than a date on the calendar."""
        return self in (Unit.SECOND, Unit.MINUTE, Unit.HOUR)


# The first spelling of each unit is for "1", the second for every other amount.
_SPELLINGS: dict[Unit, tuple[str, ...]] = {
    Unit.SECOND: ("s", "s", "sec", "secs", "second", "seconds"),
    Unit.MINUTE: ("min", "min", "mins", "minute", "minutes"),
    Unit.HOUR: ("h", "h", "hr", "hrs", "hour", "hours"),
    Unit.DAY: ("day", "days", "d"),
    Unit.WEEK: ("week", "weeks", "w"),
}
_BUSINESS_SPELLINGS: dict[Unit, tuple[str, ...]] = {
    Unit.MINUTE: ("minute", "minutes", "min", "mins"),
    Unit.HOUR: ("hour", "hours", "h", "hr", "hrs"),
    Unit.DAY: ("day", "days", "d"),
}


def _by_spelling(spellings: dict[Unit, tuple[str, ...]]) -> dict[str, Unit]:
    return {word: unit for unit, words in spellings.items() for word in words}


_UNITS = {False: _by_spelling(_SPELLINGS), True: _by_spelling(_BUSINESS_SPELLINGS)}


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of a unit, of plain time or (`business`) of a shop's working time."""

    amount: int | float
    unit: Unit
    business: bool = False

    @property
    def seconds(self) -> float:
        """The length in seconds, a day counting 24 hours; ValueError for business time."""
        if self.business:
            raise ValueError(f"{self} has no fixed length in seconds")
        return self.amount * self.unit.value

    def after(self, start: datetime, calendar: Calendar, zone: ZoneInfo | None = None) -> datetime:
        """Return the moment, in UTC, that lies this duration after `start` (aware).

        Seconds, minutes and hours are elapsed time. Days and weeks keep the local time of day in
        `zone`, or else in the calendar's; a time that a clock change leaves out falls an hour
        later, one that it repeats is the first of the two. Business time starts to count at the
        next opening where `start` lies outside opening times: business hours run while `calendar`
        is open, business days lead to the same local time so many business days on, or to the
        next moment of that day's opening times, or to their end. Nothing after `start` is `start`.
        Raises ValueError where `start` is naive or `calendar` is never open again.
        """
        if start.utcoffset() is None:
            raise ValueError("a duration counts from a moment with a time zone")
        start = start.astimezone(UTC)
        if not self.amount:
            return start
        if self.business:
            return self._after_business(start, calendar)
        if self.unit.exact:
            return start + timedelta(seconds=self.seconds)
        zone = zone or calendar.zone
        local = start.astimezone(zone)
        return instant(local.date() + timedelta(days=self.seconds // 86_400), local.time(), zone)

    def _after_business(self, start: datetime, calendar: Calendar) -> datetime:
        if self.unit is not Unit.DAY:
            return calendar.advance(start, timedelta(seconds=self.amount * self.unit.value))
        begin, _ = next(calendar.windows(start), (None, None))
        if begin is None:
            raise ValueError("the business calendar is never open again")
        return _days_on(begin, int(self.amount), calendar)

    def __str__(self) -> str:
        """Write the duration so that `parse_duration` reads it back."""
        spellings = (_BUSINESS_SPELLINGS if self.business else _SPELLINGS)[self.unit]
        unit = spellings[0] if self.amount == 1 else spellings[1]
        return f"{self.amount} {'business ' if self.business else ''}{unit}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validated, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": ["90 min", "2 h", "3 days", "3 business days"]}


def parse_duration(text: str) -> Duration:
    """Return the duration that `text` writes; ValueError says what is wrong and what to write."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError(f"{text[:40]!r} is not a duration: {_HELP}")
    business = shape["business"] is not None
    unit = _UNITS[business].get(shape["unit"].lower())
    if unit is None:
        kind = "unit of business time" if business else "unit of time"
        raise ValueError(f"{shape['unit'][:40]!r} is not a {kind}: {_HELP}")
    number = float(shape["amount"])
    if not (unit.exact or number.is_integer()):
        raise ValueError(f"{text[:40]!r} is not a whole number of {_SPELLINGS[unit][1]}")
    amount = int(number) if number.is_integer() else number
    if amount * unit.value > _LONGEST_SECONDS:
        raise ValueError(f"{text[:40]!r} is longer than ten years")
    return Duration(amount, unit, business)


def _validated(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError(f"a duration needs a unit: {_HELP}")
    return parse_duration(value)


def _days_on(begin: datetime, days: int, calendar: Calendar) -> datetime:
    """Return the moment so many business days after `begin`, which lies within opening times."""
    local = begin.astimezone(calendar.zone)
    day = next(islice(_business_days(local.date(), calendar), days - 1, None), None)
    if day is None:
        raise ValueError("the business calendar is never open again")
    at = instant(day, local.time(), calendar.zone)
    windows = calendar.windows(instant(day, time(), calendar.zone))
    end = at
    for since, until in windows:
        if since.astimezone(calendar.zone).date() > day:
            break
        if at <= until:
            return max(at, since)
        end = until
    return end


def _business_days(day: date, calendar: Calendar) -> Iterator[date]:
    """Yield the business days behind `day`; ends where ten years hold none."""
    idle = 0
    while idle < MOST_IDLE_DAYS:
        day += timedelta(days=1)
        idle += 1
        if calendar.is_business_day(day):
            idle = 0
            yield day
