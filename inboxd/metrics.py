"""The daemon's counters and gauges as a page for Prometheus, where the configuration asks for one.

The library is loaded by nobody else, and only then: it takes some 5 MB.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from inboxd import __version__
from inboxd.clock import Clock
from inboxd.config.metrics import Metrics
from inboxd.counters import ALL, Counter, Histogram
from inboxd.errors import InboxdError, Permanent
from inboxd.health import DaemonHealth
from inboxd.store.db import Database
from inboxd.store.standing import Standing, standing

_BUCKETS_END = "+Inf"
_Values = dict[tuple[str, ...], float]


class MetricsPage:
    """Serves the page until it is stopped. Each look at it asks the database for what waits."""

    def __init__(
        self,
        settings: Metrics,
        database: Database,
        clock: Clock,
        health: Callable[[], DaemonHealth],
        sessions: Callable[[], Mapping[str, int]],
    ) -> None:
        self._settings = settings
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Figures(database, clock, health, sessions))
        self._server: Any = None
        self._thread: Any = None
        self.port = settings.port

    def start(self) -> None:
        """Listen; raises `Permanent` where the address is taken."""
        host, port = self._settings.host, self._settings.port
        try:
            self._server, self._thread = start_http_server(port, host, self._registry)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise Permanent(f"cannot show metrics on {host}:{port}: {reason}") from error
        self.port = self._server.server_port

    def stop(self) -> None:
        """Close the socket."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(2)
            self._server = None


class _Figures(Collector):
    """Reads everything anew for each look."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        health: Callable[[], DaemonHealth],
        sessions: Callable[[], Mapping[str, int]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._health = health
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Yield every figure; those of a database that cannot be read now are left out."""
        yield _gauge("info", "The release that runs.", {(__version__,): 1.0}, "version")
        for each in ALL:
            yield _counter(each) if isinstance(each, Counter) else _histogram(each)
        sessions: _Values = {(name,): float(count) for name, count in self._sessions().items()}
        yield _gauge("smtp_open_sessions", "Connections that are open.", sessions, "listener")
        services = self._health().services
        well: _Values = {(each.name,): float(each.is_well) for each in services}
        yield _gauge("service_well", "Whether a part of the daemon lives and moves.", well, "name")
        yield from self._sizes()
        try:
            with self._database.read() as connection:
                found = standing(connection, self._clock.now())
        except InboxdError:
            return
        yield from self._standing(found)

    def _sizes(self) -> Iterator[Metric]:
        path = self._database.path
        wal = path.with_name(path.name + "-wal")
        sizes: _Values = {
            (name,): float(each.stat().st_size)
            for name, each in (("database", path), ("wal", wal))
            if each.exists()
        }
        yield _gauge("database_bytes", "The size of the database's files.", sizes, "file")
        free = float(shutil.disk_usage(path.parent).free)
        yield _gauge("disk_free_bytes", "What is left on the database's disk.", {(): free})

    def _standing(self, found: Standing) -> Iterator[Metric]:
        for name, words, counts in (
            ("journal_entries", "Mails that wait, and that were put aside.", found.journal),
            ("outbox_mails", "Outgoing mails that wait, and dead ones.", found.outbox),
            ("conversations", "Conversations that are not closed.", found.conversations),
            ("promises", "Promises of SLA policies, and those that are overdue.", found.promises),
        ):
            values: _Values = {(state,): float(count) for state, count in counts.items()}
            yield _gauge(name, words, values, "state")
        yield _gauge("timers", "Timers that wait.", {(): float(found.timers)})
        now = self._clock.now()
        for name, words, since in (
            (
                "journal_oldest_seconds",
                "Age of the oldest mail not processed.",
                found.oldest_received,
            ),
            ("outbox_oldest_seconds", "Age of the oldest mail not sent.", found.oldest_waiting),
            ("timers_overdue_seconds", "How late the latest timer is.", found.overdue_since),
        ):
            age = max(0.0, (now - since).total_seconds()) if since else 0.0
            yield _gauge(name, words, {(): age})
        ill: _Values = {(each.source,): float(each.problem is not None) for each in found.sources}
        yield _gauge("imap_problem", "Whether a source cannot be read.", ill, "source")
        ages: _Values = {
            (each.source,): max(0.0, (now - each.seen_at).total_seconds())
            for each in found.sources
            if each.seen_at
        }
        yield _gauge("imap_last_read_seconds", "When a source was last read.", ages, "source")


def _gauge(name: str, words: str, values: _Values, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"inboxd_{name}", words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(counter: Counter) -> CounterMetricFamily:
    family = CounterMetricFamily(f"inboxd_{counter.name}", counter.words, labels=counter.labels)
    values = counter.read() or ({} if counter.labels else {(): 0})
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family


def _histogram(histogram: Histogram) -> HistogramMetricFamily:
    counts, total = histogram.read()
    bounds = [*map(str, histogram.bounds), _BUCKETS_END]
    family = HistogramMetricFamily(f"inboxd_{histogram.name}", histogram.words)
    buckets = [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)]
    family.add_metric((), buckets, sum_value=total)
    return family
