"""The way from any source into the journal, and the group commit that makes it cheap.

Mails that arrive while a commit is under way share the next one: durability costs one fsync a
batch, not one a mail.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

import structlog

from inboxd.counters import RECEIVED
from inboxd.errors import InboxdError, Transient
from inboxd.failpoints import reach
from inboxd.health import Pulse
from inboxd.store import journal
from inboxd.store.db import Database

_log = structlog.get_logger(__name__)
_BATCH_MAILS = 200
_BATCH_BYTES = 32_000_000


def append_now(database: Database, arrivals: Sequence[journal.Arrival]) -> list[int]:
    """Journal `arrivals` in one transaction; they are durable on return.

    Raises `Transient` where the database cannot take them now.
    """
    packed = [(arrival, journal.pack(arrival.raw, database.packer)) for arrival in arrivals]
    reach("journal.packed")
    with database.write() as connection:
        ids = journal.append(connection, packed)
        reach("journal.appended")
    reach("journal.committed")
    for arrival in arrivals:
        RECEIVED.add(arrival.source)
    return ids


class JournalWriter:
    """A thread that journals what it is given, many mails a commit."""

    name = "journal"

    def __init__(
        self, database: Database, on_commit: Callable[[], None], pulse: Pulse | None = None
    ) -> None:
        self.pulse = pulse
        self._database = database
        self._on_commit = on_commit
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, or start it anew where it has died."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Journal what has been submitted, then stop; returns whether `timeout` seconds did."""
        if self._thread is None:
            return True
        self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def submit(self, arrivals: Sequence[journal.Arrival]) -> Future[list[int]]:
        """Return a future that holds the journal ids once the mails are on the disk.

        It holds an `InboxdError` where that failed.
        """
        request = _Request(arrivals)
        self._queue.put(request)
        return request.future

    def _run(self) -> None:
        while True:
            if self.pulse is not None:
                self.pulse.rest()
            first = self._queue.get()
            if first is None:
                return
            if self.pulse is not None:
                self.pulse.beat()
            batch, stopping = self._gather(first)
            reach("journal.gathered")
            try:
                self._write(batch)
            except BaseException:  # a fault of ours ends the thread, but nobody waits for ever
                for request in batch:
                    request.refuse(Transient("the journal's writer has stopped"))
                raise
            first = None
            batch.clear()  # until the next mail comes, none is kept in memory
            if stopping:
                return

    def _gather(self, first: _Request) -> tuple[list[_Request], bool]:
        """Take what else waits already, within bounds; never wait for more."""
        batch, size = [first], first.size
        while len(batch) < _BATCH_MAILS and size < _BATCH_BYTES:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return batch, True
            batch.append(request)
            size += request.size
        return batch, False

    def _write(self, batch: list[_Request]) -> None:
        try:
            ids = self._append(batch)
        except Exception as error:  # whatever it is, the sender must hear "try again later"
            # One mail that cannot be stored must not refuse its neighbours. Where the database
            # itself is ill, trying each alone would only keep every sender waiting in turn.
            if len(batch) > 1 and not isinstance(error, Transient):
                for request in batch:
                    self._write([request])
                return
            _refuse(batch, error)
            return
        for request in batch:
            count = len(request.arrivals)
            request.answer(ids[:count])
            del ids[:count]
        reach("journal.answered")
        self._on_commit()

    def _append(self, batch: list[_Request]) -> list[int]:
        arrivals = [arrival for request in batch for arrival in request.arrivals]
        return append_now(self._database, arrivals)


def _refuse(batch: Sequence[_Request], error: Exception) -> None:
    _log.error("journal.append_failed", error=type(error).__name__, mails=len(batch))
    failure = error if isinstance(error, InboxdError) else Transient(type(error).__name__)
    for request in batch:
        request.refuse(failure)


class _Request:
    """Arrivals that one sender waits for, or has given up waiting for."""

    __slots__ = ("arrivals", "future", "size")

    def __init__(self, arrivals: Sequence[journal.Arrival]) -> None:
        self.arrivals = arrivals
        self.size = sum(len(arrival.raw) for arrival in arrivals)
        self.future: Future[list[int]] = Future()

    def answer(self, ids: list[int]) -> None:
        with suppress(InvalidStateError):  # cancelled: nobody waits any more
            self.future.set_result(ids)

    def refuse(self, failure: InboxdError) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(failure)
