"""When a deferred mail is tried again, and when it is given up (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=4)
JITTER = 0.2
GIVE_UP_AFTER = timedelta(days=5)
"""Age at which a mail that is still deferred is dead (RFC 5321 section 4.5.4.1: 4-5 days)."""


def next_attempt(attempts: int, now: datetime, jitter: float) -> datetime:
    """Return when a mail is due again after `attempts` attempts have failed.

    The delay is one minute after the first attempt and doubles up to four hours; `jitter` in
    [0, 1) moves it by -20 % to +20 %, so that mails deferred together do not return together.
    `now` is aware and so is the result, in the same zone. Fewer than one attempt counts as one.
    Raises ValueError where `jitter` is out of range or `now` is naive.
    """
    if not 0 <= jitter < 1:
        raise ValueError(f"jitter must lie in [0, 1), not {jitter}")
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    # 2 ** 8 minutes is above the longest delay: a larger exponent would only risk an overflow.
    doublings = min(max(attempts, 1) - 1, 8)
    delay: timedelta = min(FIRST_DELAY * 2**doublings, LONGEST_DELAY)
    return now + delay * (1 - JITTER + 2 * JITTER * jitter)
