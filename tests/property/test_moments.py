"""Times in canned replies: whatever a customer has written into a field can be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from inboxd.templates.moments import Moment, Promise, Reader, promise_text

READERS = st.builds(
    Reader,
    st.sampled_from(("en", "de-AT", "fr", "ja", "ar", "tlh", "zh-Hant-TW", "x")),
    st.sampled_from((UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Kiritimati"))),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
LENGTHS = st.sampled_from(("short", "medium", "long", "full"))
DATES = st.one_of(
    st.datetimes(timezones=st.none() | st.just(UTC)).map(lambda at: at.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(
        (
            "9999-12-31T23:59:59-12:00",
            "0001-01-01T00:00:00+14:00",
            "0001-01-01",
            "9999-12-31",
            "2030-05-06T08:00:00+99:00",
            "20300506",
            "2030-W19-1",
        )
    ),
)


@given(READERS, st.text(max_size=40) | DATES, LENGTHS)
def test_every_text_is_shown_as_a_time_or_as_it_is(reader: Reader, text: str, length: str) -> None:
    for write in (reader.day, reader.hour, reader.date_and_time):
        assert isinstance(write(text, length), str)  # type: ignore[arg-type]


@given(READERS, st.datetimes(datetime(1971, 1, 1), datetime(2900, 1, 1)))
def test_every_time_is_shown(reader: Reader, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    assert str(Moment.at(moment, reader)) == reader.date_and_time(moment.isoformat(), "long")
    assert str(Promise.at(moment, reader)) == promise_text(moment, reader)


@given(READERS, st.integers(-10 * 24, 30 * 24))
def test_a_promise_always_tells_which_day_is_meant(reader: Reader, hours: int) -> None:
    """Within six days the weekday does; otherwise the day of the month stands with it."""
    moment = reader.now + timedelta(hours=hours)
    local, today = moment.astimezone(reader.zone), reader.now.astimezone(reader.zone)
    days = (local.date() - today.date()).days
    text = promise_text(moment, reader)
    assert f"{local:%H:%M}" in text
    english = Reader("en", reader.zone, reader.now)
    assert (str(local.year) in promise_text(moment, english)) is not (0 <= days <= 6)
