"""What the daemon counts while it runs. Counting costs next to nothing; `metrics` shows it.

Labels are names from the configuration and words of ours, never anything out of a mail.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate


class Counter:
    """A number by labels that only grows; see `ALL` for those that there are."""

    def __init__(self, name: str, words: str, *labels: str) -> None:
        self.name = name
        self.words = words
        self.labels = labels
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], int] = {}

    def add(self, *values: str, by: int = 1) -> None:
        """Count `by` more under the labels' `values`, from any thread."""
        assert len(values) == len(self.labels)
        with self._lock:
            self._values[values] = self._values.get(values, 0) + by

    def read(self) -> Mapping[tuple[str, ...], int]:
        """Return the numbers as they are now."""
        with self._lock:
            return dict(self._values)


class Histogram:
    """How often something took how long: seconds, in buckets with upper bounds."""

    def __init__(self, name: str, words: str, bounds: Sequence[float]) -> None:
        self.name = name
        self.words = words
        self.bounds = tuple(bounds)
        self._lock = threading.Lock()
        self._counts = [0] * (len(self.bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one that took `seconds`, from any thread."""
        seconds = max(0.0, seconds)  # clocks are set back now and then
        with self._lock:
            self._counts[bisect_left(self.bounds, seconds)] += 1
            self._sum += seconds

    def read(self) -> tuple[list[int], float]:
        """Return how many took at most each bound, the last number being all, and their sum."""
        with self._lock:
            return list(accumulate(self._counts)), self._sum


_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400)

RECEIVED = Counter("mails_received", "Mails that were journaled, by the way they came.", "source")
PROCESSED = Counter("mails_processed", "Mails that were worked on, by what they became.", "state")
FAILED = Counter("mails_failed", "Attempts to work on a mail that failed.")
LATENCY = Histogram("mail_latency_seconds", "From a mail's arrival to its commit.", _BOUNDS)
ATTEMPTS = Counter("delivery_attempts", "Outgoing mails that were tried, by outcome.", "outcome")
DELIVERY = Histogram("delivery_seconds", "From when a mail could leave to when it had.", _BOUNDS)
SESSIONS = Counter("smtp_sessions", "Connections to the listeners.", "listener")
REFUSED = Counter("smtp_refused", "What listeners refused, by why.", "listener", "reason")
TIMERS = Counter("timers_fired", "Timers that fired, by what they were for.", "kind")
RULES = Counter("rule_matches", "How often each rule acted.", "rule")
ACTIONS = Counter("rule_actions", "What rules did.", "action")
INTERRUPTED = Counter("imap_interruptions", "Connections to sources that broke off.", "source")
RESTARTED = Counter("services_restarted", "Parts of the daemon that had died.", "service")

ALL = (
    RECEIVED, PROCESSED, FAILED, LATENCY, ATTEMPTS, DELIVERY, SESSIONS, REFUSED, TIMERS, RULES,
    ACTIONS, INTERRUPTED, RESTARTED,
)  # fmt: skip
