"""Times in canned replies: kept as plain text, read and written in the reader's language and zone.

Babel (the CLDR's names and forms) is imported when the first time is written: most mails have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from jinja2 import pass_context
from jinja2.runtime import Context

if TYPE_CHECKING:
    from babel import Locale

READER: Final = " reader"  # no placeholder can have this name
Length = Literal["short", "medium", "long", "full"]
_ISO: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
)
_WEEK: Final = timedelta(days=6)
# What stands before a time by which something is done; other languages do without.
_BY: Final = {
    "da": "senest {}",
    "de": "bis {}",
    "en": "by {}",
    "es": "antes del {}",
    "fr": "d’ici {}",
    "it": "entro {}",
    "nb": "innen {}",
    "nl": "uiterlijk {}",
    "no": "innen {}",
    "pt": "até {}",
    "sv": "senast {}",
}


class Moment(str):
    """A time as a template has it: ISO 8601 in UTC as text, printed as its reader reads it."""

    reader: Reader

    @classmethod
    def at(cls, moment: datetime, reader: Reader) -> Moment:
        """Return a time (aware) as a template has it."""
        made = cls(moment.astimezone(UTC).isoformat())
        made.reader = reader
        return made

    @property
    def iso(self) -> str:
        """The time in ISO 8601."""
        return str.__str__(self)

    def __str__(self) -> str:
        return self.reader.date_and_time(self, "long")


class Promise(Moment):
    """The time by which an answer is promised; printed, it reads `by Tuesday 10:00`."""

    def __str__(self) -> str:
        return promise_text(datetime.fromisoformat(self.iso), self.reader)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom times are written: `language` is a tag (RFC 5646), `now` an aware time."""

    language: str
    zone: tzinfo
    now: datetime

    def day(self, value: object, length: Length) -> str:
        """Return the day of a time or of a date; what is neither stays as it is."""
        from babel.dates import format_date

        read = self._read(value)
        return str(value) if read is None else format_date(read, length, locale_of(self.language))

    def hour(self, value: object, length: Length) -> str:
        """Return the time of day; what has none stays as it is."""
        from babel.dates import format_time

        read = self._read(value)
        if not isinstance(read, datetime):
            return str(value)
        return format_time(read.time(), length, locale=locale_of(self.language))

    def date_and_time(self, value: object, length: Length) -> str:
        """Return day and time of day; the latter in hours and minutes alone."""
        from babel.dates import get_datetime_format

        if not isinstance(self._read(value), datetime):
            return self.day(value, length)
        form = str(get_datetime_format(length, locale=locale_of(self.language))).replace("'", "")
        day, hour = self.day(value, length), self.hour(value, "short")
        return form.replace("{0}", hour).replace("{1}", day)

    def _read(self, value: object) -> datetime | date | None:
        text = value.iso if isinstance(value, Moment) else str(value)
        if _ISO.fullmatch(text) is None:
            return None
        try:
            if len(text) == len("2030-05-06"):
                return date.fromisoformat(text)
            read = datetime.fromisoformat(text)
            return read.astimezone(self.zone) if read.tzinfo else read.replace(tzinfo=self.zone)
        except (ValueError, OverflowError):  # no such day, or one beyond all calendars
            return None


def promise_text(moment: datetime, reader: Reader) -> str:
    """Return the time of a promise in words, such as `by Tuesday 10:00`.

    Within a week the weekday says which day is meant; later on, the date stands with it. Hours are
    counted to 24, so that nobody takes the morning for the evening.
    """
    from babel.dates import format_date

    local = moment.astimezone(reader.zone)
    locale = locale_of(reader.language)
    ahead = local.date() - reader.now.astimezone(reader.zone).date()
    near = timedelta() <= ahead <= _WEEK
    day = format_date(local, "EEEE" if near else "full", locale)
    return _BY.get(locale.language, "{}").format(f"{day} {local:%H:%M}")


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return what the CLDR knows of a language, or of the nearest one that it knows."""
    from babel import Locale, UnknownLocaleError

    tag = language
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale("en")


def _filter(write: Callable[[Reader, object, Length], str], usual: Length) -> Callable[..., str]:
    @pass_context
    def written(context: Context, value: Any, length: Length = usual) -> str:
        if length not in get_args(Length):
            known = ", ".join(get_args(Length))
            raise ValueError(f"{length!r} is no length of a date or time; known here: {known}")
        return write(context[READER], value, length)

    return written


MOMENT_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "date": _filter(Reader.day, "long"),
    "datetime": _filter(Reader.date_and_time, "long"),
    "time": _filter(Reader.hour, "short"),
}
