"""A relay that follows a script line by line and keeps every octet it hears.

For what a well-behaved server library cannot be made to do: answer too early, drip, speak out of
turn, inject plaintext ahead of TLS, or stop reading.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

from loopback import HOST

PLAIN_EHLO = b"250-relay.example\r\n250-SIZE 1000000\r\n250 HELP\r\n"
PIPELINING_EHLO = b"250-relay.example\r\n250-PIPELINING\r\n250 HELP\r\n"


class HungUp(Exception):
    """The client closed the connection."""


class Line:
    """The relay's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._unread = bytearray()
        self.heard = bytearray()
        self.mails: list[bytes] = []

    def say(self, data: bytes) -> None:
        """Send as it is."""
        self._sock.sendall(data)

    def hear(self) -> bytes:
        """Return the next line without its CRLF."""
        return self._until(b"\r\n")

    def hear_data(self) -> bytes:
        """Return what follows DATA, up to CRLF "." CRLF, dot-stuffing left in."""
        data = self._until(b"\r\n.\r\n") + b"\r\n"
        self.mails.append(data)
        return data

    def read_some(self) -> bytes:
        """Return what one read gives, for seeing what came together."""
        data = bytes(self._unread) or self._receive()
        self._unread.clear()
        return data

    def _until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._unread += self._receive()
        found, _, rest = bytes(self._unread).partition(end)
        self._unread = bytearray(rest)
        return found

    def _receive(self) -> bytes:
        data = self._sock.recv(65_536)
        if not data:
            raise HungUp
        self.heard += data
        return data

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Do the server's side of the handshake."""
        self._sock = context.wrap_socket(self._sock, server_side=True)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        self._sock.close()

    # --- usual pieces of a dialogue -------------------------------------------------------------

    def greet(self, ehlo: bytes = PLAIN_EHLO) -> None:
        """Speak until the client has had the answer to its EHLO."""
        self.say(b"220 relay.example ESMTP\r\n")
        self.hear()
        self.say(ehlo)

    def take_mails(self, answer: bytes = b"250 2.0.0 taken\r\n") -> None:
        """Accept whatever comes, until QUIT."""
        while (command := self.hear()) != b"QUIT":
            if command == b"DATA":
                self.say(b"354 go\r\n")
                self.hear_data()
                self.say(answer)
            else:
                self.say(b"250 2.0.0 ok\r\n")
        self.say(b"221 bye\r\n")


class ScriptedRelay:
    """Listens on `port`; connection n follows `scripts[n]`, later ones the last script."""

    def __init__(self, *scripts: Callable[[Line], None], receive_buffer: int = 0) -> None:
        self._scripts = scripts
        self.lines: list[Line] = []
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind((HOST, 0))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:  # closed: the test is over
                return
            script = self._scripts[min(len(self.lines), len(self._scripts) - 1)]
            self.lines.append(Line(sock))
            self._threads.append(
                threading.Thread(target=self._follow, args=(script, self.lines[-1]), daemon=True)
            )
            self._threads[-1].start()

    @staticmethod
    def _follow(script: Callable[[Line], None], line: Line) -> None:
        # The client hangs up as it likes, and refuses our TLS: that is what the tests are for.
        with contextlib.suppress(HungUp, OSError):
            script(line)
        line.close()

    @property
    def heard(self) -> bytes:
        """Every octet heard on any connection, inside TLS or outside."""
        return b"".join(bytes(line.heard) for line in self.lines)

    @property
    def mails(self) -> list[bytes]:
        """What followed each DATA, on any connection."""
        return [mail for line in self.lines for mail in line.mails]

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.lines:
            line.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> ScriptedRelay:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
