"""A TCP proxy that does to a connection what networks do: cut, stall, swallow, rewrite."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable

from loopback import HOST

_CHUNK = 65_536


def _readable(*sides: socket.socket) -> list[socket.socket]:
    """Wait a little, and return those that have something to read (select stops at 1,024 files)."""
    poll = select.poll()
    for side in sides:
        poll.register(side, select.POLLIN)
    ready = {number for number, _ in poll.poll(100)}
    return [side for side in sides if side.fileno() in ready]


class Proxy:
    """Listens on `port` and passes bytes to and from `target` (a loopback port).

    `connections` counts what was accepted, `upward` collects what clients sent and `downward` how
    many bytes servers sent on the connection that is newest.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.connections = 0
        self.upward = bytearray()
        self.downward = 0
        self._cut_after: int | None = None
        self._cut_upward_after: int | None = None
        self._stall_after: tuple[bool, int] | None = None
        self._upward_count = 0
        self._rewrite: Callable[[bytes], bytes] | None = None
        self._flowing = threading.Event()
        self._flowing.set()
        self._closing = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._spawn(self._accept)

    def _spawn(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection((HOST, self.target), 5)
            except OSError:
                client.close()
                continue
            self.downward = self._upward_count = 0
            self._pairs.append((client, server))
            self._spawn(self._pump, client, server)

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError, ValueError):
            while not self._closing:
                ready = _readable(client, server)
                if not self._flowing.is_set():
                    self._flowing.wait(0.05)
                    continue
                if not all(self._pass_on(side, client, server) for side in ready):
                    return

    def _pass_on(self, side: socket.socket, client: socket.socket, server: socket.socket) -> bool:
        data = side.recv(_CHUNK)
        if not data:
            return False
        if side is client:
            return self._pass_upward(data, server)
        if self._rewrite is not None:
            data = self._rewrite(data)
        data = self._before_the_stall(data, self.downward, upward=False)
        if self._cut_after is not None and self.downward + len(data) >= self._cut_after:
            client.sendall(data[: self._cut_after - self.downward])
            self._cut_after = None
            return False
        self.downward += len(data)
        client.sendall(data)
        return True

    def _pass_upward(self, data: bytes, server: socket.socket) -> bool:
        data = self._before_the_stall(data, self._upward_count, upward=True)
        limit = self._cut_upward_after
        if limit is not None and self._upward_count + len(data) >= limit:
            server.sendall(data[: limit - self._upward_count])
            self._cut_upward_after = None
            return False
        self.upward += data
        self._upward_count += len(data)
        server.sendall(data)
        return True

    def _before_the_stall(self, data: bytes, count: int, *, upward: bool) -> bytes:
        """Return what still comes through; from there on nothing does, in either direction."""
        if self._stall_after is None or self._stall_after[0] is not upward:
            return data
        limit = self._stall_after[1]
        if count + len(data) < limit:
            return data
        self._stall_after = None
        self.stall()
        return data[: limit - count]

    def mend(self) -> None:
        """Do nothing to connections any more."""
        self._cut_after = self._cut_upward_after = self._stall_after = self._rewrite = None
        self.flow()

    def cut_upward_after(self, count: int) -> None:
        """End the connection once its client has sent `count` bytes; only once."""
        self._cut_upward_after = count

    def stall_after(self, count: int) -> None:
        """Let nothing through once a server has sent `count` bytes, until `flow`."""
        self._stall_after = (False, count)

    def stall_upward_after(self, count: int) -> None:
        """Let nothing through once a client has sent `count` bytes, until `flow`."""
        self._stall_after = (True, count)

    def cut_after(self, count: int) -> None:
        """End the connection once its server has sent `count` bytes; only once."""
        self._cut_after = count

    def rewrite(self, change: Callable[[bytes], bytes] | None) -> None:
        """Pass what servers send through `change`, packet by packet."""
        self._rewrite = change

    def stall(self) -> None:
        """Swallow everything from now on, with all connections kept open."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass bytes on again."""
        self._flowing.set()

    def drop(self) -> None:
        """End all connections now."""
        for pair in self._pairs:
            for side in pair:
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        """Stop listening and end all connections."""
        self._closing = True
        self._flowing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), "a proxy's thread hangs"
