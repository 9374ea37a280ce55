"""What other threads may do to a source's connection: wake it, and cut it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self


class Line:
    """One source's connection as seen from outside its thread.

    `stop` is the event that ends the source; `ring` wakes a waiting source, `cut` also breaks off
    whatever the connection is doing, so that no network call outlives the event.
    """

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._listener, self._bell = socket.socketpair()
        self._listener.setblocking(False)
        self._bell.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def hold(self, sock: socket.socket) -> None:
        """Make `sock` the connection that `cut` breaks, in place of any before it.

        Raises `OSError` where the source has been stopped.
        """
        handle = sock.dup()  # TLS takes the original's descriptor away
        with self._lock:
            self._release()
            self._handle = handle
        if self.stop.is_set():
            raise ConnectionAbortedError("the source is being stopped")

    def drop(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def ring(self) -> None:
        """Wake the source if it waits; a ring while it works is kept for its next wait."""
        with contextlib.suppress(OSError):  # a full bell rings all the same
            self._bell.send(b"!")

    def cut(self) -> None:
        """Break the connection off and wake the source."""
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):  # not connected, or no longer
                    self._handle.shutdown(socket.SHUT_RDWR)
        self.ring()

    def wait(self, sock: socket.socket | None, seconds: float) -> bool:
        """Return True at a ring or when `sock` is readable, False when the time is up."""
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        if sock is not None:
            poller.register(sock, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(max(seconds, 0) * 1000)}
        if self._listener.fileno() in ready:
            self._silence()
        return bool(ready)

    def _silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._listener.recv(64):
                pass

    def close(self) -> None:
        """Close everything; the line is of no use afterwards."""
        self.drop()
        self._bell.close()
        self._listener.close()
