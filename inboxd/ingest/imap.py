"""An IMAP folder as a source of mail: connect, read, wait, and never give up."""

from __future__ import annotations

import imaplib
import threading
from collections.abc import Callable

import structlog

from inboxd.clock import Clock, SystemClock
from inboxd.counters import INTERRUPTED
from inboxd.failpoints import reach
from inboxd.health import Pulse
from inboxd.ingest.imap_cursor import Cursor, FetchedMail
from inboxd.ingest.imap_folder import FolderReader
from inboxd.ingest.imap_line import Line
from inboxd.ingest.imap_login import connect
from inboxd.ingest.imap_mirror import StateMirror
from inboxd.ingest.imap_options import ImapOptions, ImapStore
from inboxd.ingest.imap_problems import describe, is_slow
from inboxd.ingest.imap_retry import retry_delay
from inboxd.ingest.imap_wire import Client

__all__ = ["Cursor", "FetchedMail", "ImapOptions", "ImapSource", "ImapStore"]

_log = structlog.get_logger(__name__)
_SLICE = 1.0  # seconds between two looks at the stop event
_STEADY = 60.0  # seconds after which a connection counts as good, whatever ends it
_IDLE_TRIES = 3
_MOST_HASTY = 5  # passes without a wait, for servers that announce mail with every answer


class ImapSource:
    """Reads one IMAP folder into the store, in a thread of its own, until told to stop.

    `jitter` returns numbers in [0, 1) and spreads reconnections. Nothing that the server does, or
    does not do, ends `run`; the store is told what is wrong, and when it works again.
    """

    def __init__(
        self,
        options: ImapOptions,
        store: ImapStore,
        jitter: Callable[[], float],
        clock: Clock | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self.pulse = pulse
        self._options = options
        self._store = store
        self._jitter = jitter
        self._clock = clock or SystemClock()
        self._line: Line | None = None
        self._mirror: StateMirror | None = None
        self._reported: str | None = ""  # neither a problem nor health: nothing was reported yet
        self._idle_refusals = 0
        self._hasty = 0
        self._has_read = False

    @property
    def name(self) -> str:
        """What the source is called in reports of health."""
        return self._options.key

    def wake(self) -> None:
        """Look for mail now, or connect now, from any thread."""
        if self._line is not None:
            self._line.ring()

    def interrupt(self) -> None:
        """Break off what the source is doing on the network, from any thread.

        After the stop event is set, this makes `run` return at once.
        """
        if self._line is not None:
            self._line.cut()

    def run(self, stop: threading.Event) -> None:
        """Read the folder until `stop` is set; returns within two seconds of `interrupt`."""
        with Line(stop) as line:
            self._line = line
            reader = FolderReader(self._options, self._store, self._clock, self._go_on(stop))
            self._mirror = self._make_mirror(stop)
            failures = 0
            while not stop.is_set():
                self._beat()
                begun = self._clock.monotonic()
                error = self._visit(reader, line)
                if error is None or stop.is_set():
                    break
                steady = self._has_read and self._clock.monotonic() - begun >= _STEADY
                failures = 1 if steady else failures + 1
                self._rest(error, failures, line)
            self._line = None

    def _make_mirror(self, stop: threading.Event) -> StateMirror | None:
        store = self._store.mirror(self._options.key)
        if store is None:
            return None
        return StateMirror(self._options, store, self._clock, self._go_on(stop))

    def _go_on(self, stop: threading.Event) -> Callable[[], bool]:
        """Return what is asked between two steps: whether to stop; asking is a sign of life."""

        def is_stopped() -> bool:
            self._beat()
            return stop.is_set()

        return is_stopped

    def _beat(self) -> None:
        if self.pulse is not None:
            self.pulse.beat()

    def _rest(self, error: Exception, failures: int, line: Line) -> None:
        delay = retry_delay(failures, self._jitter(), slow=is_slow(error))
        if self._has_read:  # a server that serves and then hangs up is polled by reconnecting
            delay = min(delay, self._options.poll_interval)
        problem = describe(error, self._options)
        INTERRUPTED.add(self._options.key)
        _log.warning(
            "imap.interrupted", source=self._options.key, problem=problem, retry_in=round(delay, 1)
        )
        self._report(problem, again=True)
        self._wait(line, None, self._clock.monotonic() + delay)

    def _visit(self, reader: FolderReader, line: Line) -> Exception | None:
        """Serve one connection and return what ended it; None: the stop event."""
        self._has_read = False
        client = None
        try:
            client = connect(self._options, line, self._clock.monotonic)
            reach("imap.connected")
            self._serve(client, reader, line)
        # The server, the network and the store may fail in any way. The cursor has not moved past
        # anything that is not in the journal, so whatever it was, the next visit makes good.
        except Exception as error:
            return error
        finally:
            if client is not None:
                client.shutdown()
            line.drop()
        return None

    def _serve(self, client: Client, reader: FolderReader, line: Line) -> None:
        """Read and wait in turns until stopped; open the folder afresh every now and then.

        Opening it again shows a new UIDVALIDITY, and wakes servers that forget to announce mail.
        """
        if self._mirror is not None:
            self._mirror.connected()
        while not line.stop.is_set():
            reader.select(client)
            renew_at = self._clock.monotonic() + self._options.idle_renew
            is_first = True
            while not line.stop.is_set():
                self._beat()
                reader.read(client)
                self._has_read = True
                if self._mirror is not None:
                    self._mirror.work(client)
                    reader.select(client)  # the mirror works in other folders, too
                    reader.read(client)
                self._report(reader.problem, again=is_first)
                is_first = False
                now = self._clock.monotonic()
                if now >= renew_at:
                    break
                self._await_mail(client, line, min(renew_at, now + self._options.poll_interval))

    def _await_mail(self, client: Client, line: Line, until: float) -> None:
        """Wait for news, or for the next poll; a server that has gone away is noticed after it."""
        if client.wire.is_mail_announced and self._hasty < _MOST_HASTY:
            self._hasty += 1
            client.noop()
            return
        self._hasty = 0
        client.wire.forget_announcement()
        if self._idle_refusals >= _IDLE_TRIES or not client.has_capability("IDLE"):
            self._wait(line, None, until)
        else:
            self._start_idle(client)
            reach("imap.idle")
            self._wait(line, client, until)
            if not line.stop.is_set():
                client.idle_done()
        if not line.stop.is_set():
            client.noop()

    def _start_idle(self, client: Client) -> None:
        """Enter IDLE (RFC 2177); a server that announces it and refuses it thrice is polled."""
        try:
            client.idle()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            self._idle_refusals += 1
            if self._idle_refusals == _IDLE_TRIES:
                _log.warning("imap.idle_refused", source=self._options.key)
            raise
        self._idle_refusals = 0

    def _wait(self, line: Line, client: Client | None, until: float) -> None:
        """Wait until the moment `until`, a ring, the stop event, or news from the server."""
        sock = None if client is None else client.socket()
        while not line.stop.is_set():
            self._beat()
            left = until - self._clock.monotonic()
            if left <= 0 or (client is not None and client.wire.has_news()):
                return
            if self._mirror is not None and self._has_read and self._mirror.has_news():
                return
            if line.wait(sock, min(left, _SLICE)):
                return

    def _report(self, problem: str | None, *, again: bool = False) -> None:
        """Tell the store about a change of health, or `again` that a trouble lasts."""
        if problem == self._reported and not (again and problem):
            return
        try:
            self._store.report(self._options.key, problem)
            self._reported = problem
        except Exception as error:  # the store may be what is broken; it is told the next time
            _log.warning("imap.not_reported", source=self._options.key, error=type(error).__name__)
