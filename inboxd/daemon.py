"""The composition root: builds the services, starts them, watches them and stops them.

The services share nothing but the database and a word to wake up. Each can be killed at any
instruction and goes on from its rows.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from inboxd import __version__
from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.config import ImapSource as ImapSettings
from inboxd.counters import RESTARTED
from inboxd.delivery.courier import deliver_due, make_transport
from inboxd.desk.shop import Shop, load_shop
from inboxd.desk.trouble import alert
from inboxd.errors import Permanent, Transient
from inboxd.failpoints import reach
from inboxd.health import DaemonHealth, Pulse, ServiceHealth
from inboxd.ingest.imap import ImapSource
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.ingest.journal import JournalWriter
from inboxd.ingest.smtp import SmtpListener
from inboxd.pipeline import process_due
from inboxd.process_lock import ProcessLock
from inboxd.reloading import Reloads, retire_timers
from inboxd.service import Worker
from inboxd.store import outbox
from inboxd.store.db import Database
from inboxd.store.migrations import upgrade
from inboxd.timers import tick
from inboxd.watching import FileWatcher

if TYPE_CHECKING:
    from inboxd.metrics import MetricsPage

_log = structlog.get_logger(__name__)
_STOP_WITHIN = 8.0
_TICK = timedelta(seconds=1)
_LOOK = timedelta(seconds=5)
# Seconds that a service may work on one thing. A relay may take ten times its timeout to answer a
# mail, and a slow IMAP server its timeout for each line; our own work is a matter of seconds.
_PATIENCE = 120.0
_RELAY_PATIENCE, _IMAP_PATIENCE = 15, 20


class Daemon:
    """All services of one shop. `start` returns once everything listens; `stop` within 10 s."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.shop = load_shop(config)
        self.database = Database(config.database_url)
        self._owner = f"daemon:{socket.gethostname()}:{secrets.token_hex(4)}"
        self._lock = ProcessLock(config.data_dir / "daemon.lock")
        self._random = random.SystemRandom()
        self._transport = make_transport(config)
        self._stopping = threading.Event()
        self._data_version = -1
        self.started_at = clock.now()
        relay = config.send.smtp
        slow = _RELAY_PATIENCE * relay.timeout.seconds if relay is not None else 0.0
        self.processor = Worker("processor", self._process, _LOOK, self._pulse())
        self.courier = Worker("courier", self._deliver, _LOOK, self._pulse(slow))
        self._writer = JournalWriter(self.database, self.processor.wake, self._pulse())
        self._ticks = self._pulse()
        self.files = FileWatcher(lambda: self.shop.config, self.reload, self._pulse())
        self._reloads = Reloads(self.database, clock, config)
        self._reloading = threading.Lock()
        self.listeners = self._make_listeners()
        self.metrics = self._make_metrics()
        self._sources = self._make_sources()
        self._source_threads: list[threading.Thread] = []
        self._stopped = False
        self._scheduler = BackgroundScheduler(timezone="UTC", daemon=True)

    def start(self) -> None:
        """Check the database and start every service.

        Raises `Permanent` where the database is damaged or refuses what durability rests on, and
        `OSError` where a listening address is taken; nothing runs then.
        """
        self._lock.acquire()
        try:
            self._start()
        except BaseException:
            self._stopped = True
            self._stop_services()
            raise

    def _start(self) -> None:
        self._refuse_damage()
        upgrade(self.database)
        reach("daemon.upgraded")
        self.database.assert_durable()
        with self.database.write() as connection:
            outbox.release_kind(connection, "daemon", self.clock.now())
            retire_timers(connection, self.shop, self.clock.now())
        reach("daemon.released")
        self._writer.start()
        self.processor.start()
        self.courier.start()
        self.files.start()
        for listener in self.listeners:
            listener.start()
            _log.info("listening", protocol=listener.listener.protocol, port=listener.port)
        if self.metrics is not None:
            self.metrics.start()
            _log.info("metrics", port=self.metrics.port)
        self._source_threads = [self._start_source(source) for source in self._sources]
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=_TICK.total_seconds(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()
        reach("daemon.started")

    def _refuse_damage(self) -> None:
        """Raise `Permanent` for a damaged database, before a migration touches it."""
        path = self.database.path
        damage = self.database.integrity() if path.exists() else None
        if damage:
            raise Permanent(
                f"the database {path} is damaged ({damage}). Put a backup in its place: "
                "inboxd restore FILE --force (docs/operations.md)"
            )

    def stop(self) -> bool:
        """Stop everything, what is under way finished first; returns whether all of it did stop.

        Stopping again does nothing.
        """
        if self._stopped:
            return True
        self._stopped = True
        clean = self._stop_services()
        reach("daemon.stopped")
        try:
            with self.database.write() as connection:
                outbox.release(connection, self._owner, self.clock.now())
        except Transient as error:  # the next start gives them back
            _log.error("leases.not_released", reason=str(error)[:200])
        self.database.close()
        return clean

    def _stop_services(self) -> bool:
        """Stop what runs, all within one deadline, and let go of everything but the database."""
        deadline = self.clock.monotonic() + _STOP_WITHIN
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self.metrics is not None:
            self.metrics.stop()
        for listener in self.listeners:
            listener.stop()
        for source in self._sources:
            source.interrupt()
        self._transport.interrupt()
        clean = self._writer.stop(self._until(deadline))
        clean = self.processor.stop(self._until(deadline)) and clean
        clean = self.courier.stop(self._until(deadline)) and clean
        clean = self.files.stop(self._until(deadline)) and clean
        for thread in self._source_threads:
            thread.join(self._until(deadline))
            clean = clean and not thread.is_alive()
        self._transport.close()
        self.database.close()
        self._lock.release()
        return clean

    def _until(self, deadline: float) -> float:
        return max(0.1, deadline - self.clock.monotonic())

    def _pulse(self, slow: float = 0.0) -> Pulse:
        return Pulse(_PATIENCE + slow, self.clock.monotonic)

    def health(self, state: str = "running") -> DaemonHealth:
        """Return how every service is now; `state` is what the daemon itself is doing."""
        services = [
            _health(each.name, each.alive, each.pulse, getattr(each, "failures", 0))
            for each in (self._writer, self.processor, self.courier, self.files)
        ]
        services.append(_health("timers", self._scheduler.running, self._ticks))
        for listener in self.listeners:
            services.append(_health(listener.name, listener.alive, listener.pulse))
            listener.ask()
        for source, thread in zip(self._sources, self._source_threads, strict=False):
            services.append(_health(source.name, thread.is_alive(), source.pulse))
        return DaemonHealth(
            __version__, os.getpid(), state, self.started_at, self.clock.now(), tuple(services)
        )

    def tick(self) -> None:
        """Restart what has died, fire timers, send digests, and see what other processes wrote."""
        self._ticks.beat()
        if self._stopping.is_set():
            return
        try:
            self._watch()
            if any(tick(self.database, self.shop, self.clock)) or self._others_wrote():
                self.processor.wake()
                self.courier.wake()
        except Transient as error:
            _log.error("tick.failed", reason=str(error)[:200])

    def _watch(self) -> None:
        """Start again the threads that a fault of ours has ended, and tell the admin."""
        for service in (self._writer, self.processor, self.courier, self.files):
            if not service.alive:
                service.start()
                self._report_death(service.name)
        for i, thread in enumerate(self._source_threads):
            if not thread.is_alive():
                self._source_threads[i] = self._start_source(self._sources[i])
                self._report_death("imap")

    def _report_death(self, service: str) -> None:
        RESTARTED.add(service)
        _log.error("service.restarted", service=service)
        with self.database.write() as connection:
            alert(
                connection,
                self.shop,
                self.clock.now(),
                key=f"restarted:{service}",
                title="A part of inboxd had stopped",
                summary="It was started again and nothing is lost, but this is a fault of inboxd.",
                details=(("part", service),),
                advice="inboxd doctor",
            )

    def _start_source(self, source: ImapSource) -> threading.Thread:
        thread = threading.Thread(
            target=source.run, args=(self._stopping,), name="imap", daemon=True
        )
        thread.start()
        return thread

    def reload(self) -> list[str]:
        """Read configuration, rules and templates again; a faulty edit is refused as a whole.

        Returns the faults; with any, the old ones stay in force and the admin is told. Listeners
        and ways out change at the next start only, and so do all mailboxes where a name, an
        address, a reply address or a source of one of them differs.
        """
        with self._reloading:
            self.files.know()
            self.shop, faults = self._reloads.read(self.shop)
        self.courier.wake()
        return faults

    def _process(self) -> int:
        done = process_due(self.database, self.shop, self.clock)
        if done:
            self.courier.wake()
        return done

    def _deliver(self) -> int:
        sent = deliver_due(
            self.database,
            self.shop,
            self._transport,
            self.clock,
            owner=self._owner,
            jitter=self._random.random,
            is_stopping=self._between_mails,
        )
        if not sent:
            self._transport.close_idle()
        return sent

    def _between_mails(self) -> bool:
        assert self.courier.pulse is not None
        self.courier.pulse.beat()
        return self._stopping.is_set()

    def _others_wrote(self) -> bool:
        version = self.database.version()
        changed = version != self._data_version
        self._data_version = version
        return changed

    def _make_listeners(self) -> list[SmtpListener]:
        takes = frozenset(
            mailbox.name
            for mailbox in self.config.mailboxes
            if any(source.smtp is not None for source in mailbox.sources)
        )
        hostname = self.config.mailboxes[0].address.rpartition("@")[2]
        return [
            SmtpListener(
                listener,
                self.shop.addresses,
                takes,
                self._writer,
                self.clock,
                hostname,
                self._pulse(),
            )
            for listener in self.config.listen.all()
        ]

    def _make_metrics(self) -> MetricsPage | None:
        settings = self.config.metrics
        if settings is None:
            return None
        from inboxd.metrics import MetricsPage  # takes memory that most installations save

        def sessions() -> dict[str, int]:
            return {each.name: each.sessions for each in self.listeners}

        return MetricsPage(settings, self.database, self.clock, self.health, sessions)

    def _make_sources(self) -> list[ImapSource]:
        return [
            self._make_source(mailbox.name, source.imap)
            for mailbox in self.config.mailboxes
            for source in mailbox.sources
            if source.imap is not None
        ]

    def _make_source(self, mailbox: str, settings: ImapSettings) -> ImapSource:
        store = JournalImapStore(
            self.database,
            self._current_shop,
            mailbox,
            self.clock,
            timedelta(seconds=settings.backlog.seconds),
            self.processor.wake,
        )
        pulse = self._pulse(_IMAP_PATIENCE * settings.timeout.seconds)
        return ImapSource(imap_options(settings), store, self._random.random, self.clock, pulse)

    def _current_shop(self) -> Shop:
        return self.shop


def _health(name: str, alive: bool, pulse: Pulse | None, failures: int = 0) -> ServiceHealth:
    silent, patience = (pulse.silent_for, pulse.patience) if pulse is not None else (0.0, 0.0)
    return ServiceHealth(name, alive, round(silent, 1), patience, failures)


def imap_options(settings: ImapSettings) -> ImapOptions:
    """Return how to reach an IMAP folder."""
    return ImapOptions(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        user=settings.user,
        password=settings.password.get_secret_value(),
        folder=settings.folder,
        after=settings.after,
        ca_file=settings.ca_file,
        poll_interval=settings.poll.seconds,
        idle_renew=settings.idle_renew.seconds,
        timeout=settings.timeout.seconds,
        max_size=settings.max_size,
        key=settings.key(),
    )
