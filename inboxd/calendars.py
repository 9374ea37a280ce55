"""Business calendars: when somebody works, by the week, by holidays and by single days.

All of it is local to the calendar's zone; moments go in and come out in UTC. A moment is within
opening times exactly where the clock on the wall shows a time that is: an hour that a change of
the clocks leaves out is nobody's working time, one that it repeats counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

Spans: TypeAlias = tuple[tuple[time, time], ...]
"""Opening times of one day, in order, as (from, to); where `to` is 0:00 it is the day's end."""

YearlyDay: TypeAlias = tuple[int, int]
"""A month and a day that come back every year."""

MIDNIGHT = time()
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
MOST_IDLE_DAYS = 3660
"""How far ahead an opening is looked for."""
_OWN = "closed"


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days on which nobody works: own `dates`, and a country's public holidays, but not `never`.

    `country` and `subdivision` are ISO 3166 codes as the library `holidays` knows them; it is
    loaded when the first day is asked for.
    """

    dates: frozenset[date | YearlyDay] = frozenset()
    never: frozenset[date | YearlyDay] = frozenset()
    country: str | None = None
    subdivision: str | None = None

    def name(self, day: date) -> str | None:
        """Return what holiday the local date `day` is, or None where it is none."""
        yearly = (day.month, day.day)
        if day in self.never or yearly in self.never:
            return None
        if day in self.dates or yearly in self.dates:
            return _OWN
        if self.country is None:
            return None
        return public_holidays(self.country, self.subdivision, day.year).get(day)

    def __contains__(self, day: date) -> bool:
        return self.name(day) is not None


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """Return a country's public holidays of one year by their dates.

    Raises NotImplementedError for a country or a subdivision that the library does not know.
    """
    import holidays  # takes 50 ms, which only a shop with a country pays

    return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False))


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody works, in `zone`: `hours` by weekday (Monday is 0), except on `holidays`.

    A weekday without hours is free. `special` are single days with hours of their own, be they
    holidays or not. Raises ValueError for spans that are empty, that overlap or that stand out of
    order, and where no weekday has any.
    """

    zone: ZoneInfo
    hours: Mapping[int, Spans]
    holidays: Holidays = field(default_factory=Holidays)
    special: Mapping[date | YearlyDay, Spans] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not frozenset(self.hours) <= frozenset(range(7)):
            raise ValueError("weekdays are numbered from 0 (Monday) to 6 (Sunday)")
        for spans in (*self.hours.values(), *self.special.values()):
            check_spans(spans)
        if not any(self.hours.values()):
            raise ValueError("a calendar that is never open leads nowhere")

    def spans(self, day: date) -> Spans:
        """Return the opening times of the local date `day`."""
        if self.special:
            own = self.special.get(day, self.special.get((day.month, day.day)))
            if own is not None:
                return own
        spans = self.hours.get(day.weekday(), ())
        return () if spans and day in self.holidays else spans

    def is_business_day(self, day: date) -> bool:
        """Return whether anybody works on the local date `day`."""
        return bool(self.spans(day))

    def is_open(self, at: datetime) -> bool:
        """Return whether `at` (aware) lies within opening times."""
        local = at.astimezone(self.zone)
        clock = local.time()
        spans = self.spans(local.date())
        return any(
            opens <= clock and (clock < closes or closes == MIDNIGHT) for opens, closes in spans
        )

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the opening times from `start` (aware) on, each as (from, to) in UTC, in order.

        The first one begins at `start` where that lies within opening times. None goes beyond
        midnight or a change of the clocks: what is open there goes on with the next one. Ends
        where ten years hold no opening time.
        """
        at, idle = start.astimezone(UTC), 0
        while idle < MOST_IDLE_DAYS:
            offset = _offset(at, self.zone)
            day = (at + offset).date()
            midnight = datetime.combine(day, time(), tzinfo=UTC) - offset
            until = self._changes_between(at, midnight + _DAY)
            idle += 1
            for opens, closes in self.spans(day):
                since = max(midnight + _into_day(opens), at)
                to = min(midnight + (_into_day(closes) or _DAY), until)
                if since < to:
                    idle = 0
                    yield since, to
            at = until

    def advance(self, start: datetime, open_time: timedelta) -> datetime:
        """Return the moment so much working time after `start` (aware).

        Raises ValueError where the calendar is never open long enough.
        """
        for since, until in self.windows(start):
            if open_time <= until - since:
                return since + open_time
            open_time -= until - since
        raise ValueError("the business calendar is never open again")

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of the time from `start` to `end` (both aware) is working time."""
        total = timedelta()
        for since, until in self.windows(start):
            if since >= end:
                break
            total += min(until, end) - since
        return total

    def closing(self, day: date) -> time:
        """Return when work ends on the local date `day`, or on another day where it is free.

        Midnight is 23:59: it is to be on the day that was asked for.
        """
        spans = self.spans(day) or max(self.hours.values(), key=_last)
        return time(23, 59) if spans[-1][1] == MIDNIGHT else spans[-1][1]

    def _changes_between(self, since: datetime, until: datetime) -> datetime:
        """Return when the offset changes after `since`, at the latest `until`."""
        offset = _offset(since, self.zone)
        if _offset(until, self.zone) == offset:
            return until
        since = since.replace(microsecond=0)  # clocks change on whole seconds
        while until - since > _SECOND:
            middle = since + _SECOND * ((until - since) // _SECOND // 2)
            if _offset(middle, self.zone) == offset:
                since = middle
            else:
                until = middle
        return until


def weekdays(zone: ZoneInfo) -> Calendar:
    """Return the calendar of whoever has configured none: Monday to Friday, 9:00 to 17:00."""
    return Calendar(zone, dict.fromkeys(range(5), ((time(9), time(17)),)))


def check_spans(spans: Spans) -> None:
    """Raise ValueError where a day's opening times are empty, overlap or stand out of order."""
    before = None
    for opens, closes in spans:
        if opens >= closes != MIDNIGHT:
            raise ValueError(
                f"{opens:%H:%M}-{closes:%H:%M} ends before it begins; a night is two days' hours,"
                " such as 22:00-24:00 and 0:00-6:00"
            )
        if before is not None and (before == MIDNIGHT or opens < before):
            raise ValueError(f"opening times overlap or are out of order at {opens:%H:%M}")
        before = closes


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC moment of a local date and time.

    fold=0 takes the first of two repeated times, and reads a time in a gap with the offset before
    the change, which puts it behind the gap (RFC 5545 section 3.3.5 asks for both).
    """
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _last(spans: Spans) -> timedelta:
    return (_into_day(spans[-1][1]) or _DAY) if spans else timedelta()


def _into_day(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
