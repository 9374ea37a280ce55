"""When to try an IMAP server again: pure."""

from __future__ import annotations

_QUICK_FIRST = 1.0
_QUICK_LONGEST = 300.0
_SLOW_FIRST = 60.0
_SLOW_LONGEST = 900.0


def retry_delay(failures: int, jitter: float, *, slow: bool = False) -> float:
    """Return the seconds to wait after the `failures`-th failure in a row (from 1).

    Doubles from 1 s up to 5 min; `slow`, for what only a person can mend (a wrong password: quick
    retries lock accounts), from 1 min up to 15 min. `jitter` in [0, 1) spreads the delay by a
    quarter to both sides, so that sources do not come back all at once.
    """
    first, longest = (_SLOW_FIRST, _SLOW_LONGEST) if slow else (_QUICK_FIRST, _QUICK_LONGEST)
    doubled: float = first * 2.0 ** min(max(failures - 1, 0), 20)
    return min(longest, doubled) * (0.75 + 0.5 * jitter)
