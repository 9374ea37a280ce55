"""Numbers, times of day and weekdays as rules write them, read once when a file is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from inboxd.durations import Duration
from inboxd.suggest import hint

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_IN_FULL: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4])(?::([0-5][0-9]))?")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Clock:
    """A time of day in minutes since midnight; the end of the day, `24:00`, is 1440."""

    minutes: int

    def __str__(self) -> str:
        return f"{self.minutes // 60}:{self.minutes % 60:02d}"

    @classmethod
    def of(cls, at: time) -> Clock:
        """Return the minute that a clock on the wall shows."""
        return cls(at.hour * 60 + at.minute)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_clock)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": ["9:00", "17:30"]}


@dataclass(frozen=True, slots=True)
class Span:
    """Some hours of the day, `since` included and `until` not; it may go over midnight."""

    since: Clock
    until: Clock

    def __contains__(self, at: Clock) -> bool:
        if self.since < self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until

    def __str__(self) -> str:
        return f"{self.since}-{self.until}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_span)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": ["9:00-12:00", "22:00-6:00"]}


@dataclass(frozen=True, slots=True)
class Weekdays:
    """One weekday or several that follow one another; Monday is 0."""

    days: tuple[int, ...]

    def __str__(self) -> str:
        first, last = DAYS[self.days[0]], DAYS[self.days[-1]]
        return first if len(self.days) == 1 else f"{first}-{last}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_weekdays)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": ["mon-fri", "sat"]}


def read_clock(value: object) -> Clock:
    """Return the time of day that `9:00` or `17` writes."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_shown(value)} is no time of day, such as 9:00 or 17:30")
    minutes = int(match[1]) * 60 + int(match[2] or 0)
    if minutes > _MIDNIGHT:
        raise ValueError(f"{_shown(value)} is no time of day: the day ends at 24:00")
    return Clock(minutes)


def read_span(value: object) -> Span:
    """Return the hours that `9:00-12:00` writes."""
    since, dash, until = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash:
        raise ValueError(f"{_shown(value)} are no hours of the day, such as 9:00-12:00")
    span = Span(read_clock(since), read_clock(until))
    if span.since == span.until or span.since.minutes == _MIDNIGHT:
        raise ValueError(f"{_shown(value)} holds no time: it ends where it begins")
    return span


def read_weekdays(value: object) -> Weekdays:
    """Return the days that `mon-fri` or `sat` names; `sat-mon` goes over the week's end."""
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is no day of the week, such as sat or mon-fri")
    first, dash, last = (word.strip() for word in value.casefold().partition("-"))
    begin = _day(first)
    end = _day(last) if dash else begin
    return Weekdays(tuple((begin + n) % 7 for n in range((end - begin) % 7 + 1)))


def _day(word: str) -> int:
    if word in _IN_FULL:
        return _IN_FULL.index(word)
    if word not in DAYS:
        raise ValueError(f"{word[:20]!r} is no day of the week{hint(word, DAYS)}")
    return DAYS.index(word)


def _shown(value: object) -> str:
    return repr(str(value)[:40])


class Pair:
    """Marks two values of which the first is not above the second.

    `key` makes values comparable; where it returns None for one, any order passes.
    """

    def __init__(self, key: Callable[[Any], Any] = lambda value: value) -> None:
        self.key = key

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        inner = handler(source)
        return core_schema.no_info_before_validator_function(
            self._tuple,
            core_schema.no_info_after_validator_function(self._ordered, inner),
            json_schema_input_schema=inner,
        )

    @staticmethod
    def _tuple(value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise ValueError("between takes two values, the lower one first, such as [2, 5]")
        return tuple(value)

    def _ordered(self, value: Any) -> Any:
        low, high = value
        keys = self.key(low), self.key(high)
        if None not in keys and keys[1] < keys[0]:
            raise ValueError(f"between takes the lower value first: [{high}, {low}]")
        return value


def _length(duration: Duration) -> float | None:
    """Return what durations compare by: three business days may be more or less than a week."""
    return None if duration.business else duration.seconds


_Bound = TypeVar("_Bound")

Between: TypeAlias = Annotated[tuple[_Bound, _Bound], Pair()]
Ages: TypeAlias = Annotated[tuple[Duration, Duration], Pair(_length)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
