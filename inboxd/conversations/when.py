"""Moments as agents write them: `3d`, `tomorrow 9:00`, `mon`, `1.12.`, `next week`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inboxd.durations import WEEKDAYS, BusinessCalendar, parse_duration

_DEFAULT_TIME = time(9)
_FARTHEST = timedelta(days=5 * 366)
_EXAMPLES = (
    "write for example 2h, 3d, 3 business days, tomorrow, mon 14:30, next week, 1.12. or"
    " 2030-12-01 9:00"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_AND_CLOCK = re.compile(r"(\S.*?)(?: at)? ([0-9].*)")
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]([0-5][0-9]))?h?\s?(am|pm)?")
_CLOCK_ALONE = re.compile(r"(?:at )?([0-9]{1,2}:.*|[0-9]{1,2}\s?[ap]m)|at ([0-9]{1,2})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DOTTED_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})?")


def parse_when(
    text: str, now: datetime, zone: ZoneInfo, *, calendar: BusinessCalendar = WEEKDAYS
) -> datetime:
    """Return the moment, in UTC, that `text` means to somebody in `zone` at `now` (aware).

    A duration counts from now, business time by `calendar`. A day without a time means 9:00; the
    name of a weekday never means today; a date without a year is the next one; a time alone is the
    next such time. A local time that a clock change leaves out falls an hour later, and one that
    it repeats is the first of the two.

    Raises ValueError, with examples, for what cannot be read and for a moment that is past or more
    than five years away.
    """
    words = " ".join(text.casefold().split())
    for filler in ("until ", "in ", "on "):
        words = words.removeprefix(filler)
    shown = f"{text.strip()[:40]!r}"
    try:
        moment = _duration(words, now, zone, calendar) or _day_and_time(words, now, zone)
    except OverflowError:  # a date at the end of the calendar has no equivalent in UTC
        moment = None
    if moment is None:
        raise ValueError(f"{shown} is no time that I can read; {_EXAMPLES}")
    if moment <= now:
        raise ValueError(f"{shown} is past; {_EXAMPLES}")
    if moment - now > _FARTHEST:
        raise ValueError(f"{shown} is more than five years away; {_EXAMPLES}")
    return moment


def _duration(
    words: str, now: datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> datetime | None:
    try:
        return parse_duration(words).after(now, zone, calendar)
    except ValueError:
        return None


def _day_and_time(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first moment after `now` that the words fit, or the past one that they mean."""
    today = now.astimezone(zone).date()
    days, at = _days_and_clock(words, today)
    if not days or at is None:
        return None
    moments = [_instant(day, at, zone) for day in days]
    return next((moment for moment in moments if moment > now), moments[-1])


def _days_and_clock(words: str, today: date) -> tuple[list[date], time | None]:
    if alone := _CLOCK_ALONE.fullmatch(words):
        return [today, today + timedelta(days=1)], _clock(alone[1] or alone[2])
    if days := _days(words, today):
        return days, _DEFAULT_TIME
    # RFC 3339 has a T where people leave a space.
    both = _DAY_AND_CLOCK.fullmatch(re.sub(r"(?<=[0-9])t(?=[0-9])", " ", words))
    return (_days(both[1], today), _clock(both[2])) if both else ([], None)


def _days(words: str, today: date) -> list[date]:
    """Return the dates that the words can mean, nearest first; none where they name no day."""
    if words in ("today", "tomorrow"):
        return [today + timedelta(days=words == "tomorrow")]
    if words == "next week":
        return [today + timedelta(days=7 - today.weekday())]
    if len(words) >= 2:
        for weekday, name in enumerate(_WEEKDAYS):
            if name.startswith(words):
                return [today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)]
    if iso := _ISO_DATE.fullmatch(words):
        return _existing([int(iso[1])], int(iso[2]), int(iso[3]))
    if dotted := _DOTTED_DATE.fullmatch(words):
        # Eight years lie between two 29ths of February around 2100.
        years = [int(dotted[3])] if dotted[3] else list(range(today.year, today.year + 9))
        return _existing(years, int(dotted[2]), int(dotted[1]))
    return []


def _existing(years: list[int], month: int, day: int) -> list[date]:
    dates = []
    for year in years:
        try:
            dates.append(date(year, month, day))
        except ValueError:  # no such day in that year
            continue
    return dates


def _clock(words: str) -> time | None:
    match = _CLOCK.fullmatch(words)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, minute) if hour < 24 else None


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # fold=0 is the first of two repeated times and moves one in a gap behind it.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
