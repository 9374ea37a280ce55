"""When a deferred mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inboxd.delivery.backoff import GIVE_UP_AFTER, LONGEST_DELAY, next_attempt

NOW = datetime(2024, 3, 31, 0, 59, tzinfo=UTC)
MIDDLE = 0.5  # the jitter that moves nothing


def _minutes(attempts: int, jitter: float = MIDDLE) -> float:
    return (next_attempt(attempts, NOW, jitter) - NOW) / timedelta(minutes=1)


def test_the_delay_doubles_from_a_minute_to_four_hours() -> None:
    assert [_minutes(n) for n in range(1, 12)] == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]


def test_the_longest_delay_holds_for_ever() -> None:
    assert _minutes(10**9) == LONGEST_DELAY / timedelta(minutes=1)


def test_fewer_than_one_attempt_counts_as_one() -> None:
    assert _minutes(0) == _minutes(-3) == 1


@pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 6.4), (0.25, 7.2), (0.75, 8.8)])
def test_jitter_moves_the_delay_within_a_fifth(jitter: float, minutes: float) -> None:
    assert _minutes(4, jitter) == pytest.approx(minutes)


def test_the_largest_jitter_stays_below_a_fifth_more() -> None:
    assert 1.19 < _minutes(1, 0.999_999) < 1.2


@pytest.mark.parametrize("jitter", [-0.01, 1.0, 7.0, float("nan")])
def test_jitter_out_of_range_is_refused(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        next_attempt(1, NOW, jitter)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_attempt(1, NOW.replace(tzinfo=None), MIDDLE)


def test_R14_five_days_hold_some_forty_attempts() -> None:
    due, attempts = NOW, 0
    while due - NOW < GIVE_UP_AFTER:
        attempts += 1
        due = next_attempt(attempts, due, MIDDLE)
    assert timedelta(days=5) == GIVE_UP_AFTER
    assert 30 <= attempts <= 45
