"""The connection under imapclient: bounded in time and size, with a buffer that can be looked into.

imaplib reads through a buffered file. That hides what has arrived already from `poll` (an IDLE
then sleeps over a mail that came in the same packet as "+ idling"), cannot tell the end of the
connection from the lack of news, and has no limit for a literal. Its `open`, `read`, `readline`,
`send` and `shutdown` are documented as the place to change that.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from inboxd.ingest.imap_line import Line
from inboxd.ingest.imap_problems import LiteralTooLarge, UntrustedServer

_CHUNK = 65_536
_LONGEST_LINE = 32_000_000  # a SEARCH in a folder of 4 million mails
_SLOWEST = 10_000  # bytes a second below which a literal counts as hung
_SLICE = 1.0  # seconds between two looks at the stop event


@dataclass(frozen=True, slots=True)
class Terms:
    """How to connect. `context` speaks TLS from the first byte; `timeout` in seconds."""

    host: str
    port: int
    context: ssl.SSLContext | None
    timeout: float
    literal_limit: int
    monotonic: Callable[[], float]
    line: Line


class Wire(imaplib.IMAP4):
    """imaplib's protocol over a socket whose every wait ends."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._received = bytearray()
        super().__init__(terms.host, terms.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect, and speak TLS at once where the terms have a context."""
        self.host, self.port = host, port
        self.sock = _connect(self._terms)
        if self._terms.context is not None:
            self._wrap(self._terms.context)

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.sock.settimeout(self._terms.timeout)
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=self._terms.host)
        except BaseException:
            self.sock.close()
            raise

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Switch to TLS; whatever was said in the clear is forgotten (RFC 9051 section 6.2.1).

        Raises `UntrustedServer` where bytes came after the answer: somebody on the way put them
        there so that they are taken for the server's words under TLS.
        """
        assert ssl_context is not None
        answer, _ = self._simple_command("STARTTLS")
        if answer != "OK":
            raise UntrustedServer(f"{self.host}:{self.port} refuses STARTTLS; no password was sent")
        if self._received:
            raise UntrustedServer(
                f"data was injected after STARTTLS at {self.host}:{self.port}; no password was sent"
            )
        self.untagged_responses.clear()
        self._wrap(ssl_context)
        self._get_capabilities()
        return answer, [None]

    def send(self, data: bytes) -> None:  # type: ignore[override]  # any buffer in typeshed
        """Send a command."""
        self.sock.settimeout(self._terms.timeout)
        self.sock.sendall(data)

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes. Raises `LiteralTooLarge` beyond the limit."""
        if size > self._terms.literal_limit:
            raise LiteralTooLarge(size)
        deadline = self._terms.monotonic() + self._terms.timeout + size / _SLOWEST
        while len(self._received) < size:
            self._receive(deadline)
        return self._take(size)

    def readline(self) -> bytes:
        """Return one line with its line end."""
        deadline = self._terms.monotonic() + 2 * self._terms.timeout
        looked_at = 0
        while (end := self._received.find(b"\n", looked_at)) < 0:
            looked_at = len(self._received)
            if looked_at > _LONGEST_LINE:
                raise LiteralTooLarge(looked_at)
            self._receive(deadline)
        return self._take(end + 1)

    def _take(self, size: int) -> bytes:
        with memoryview(self._received) as view:  # a slice of a bytearray would copy twice
            taken = bytes(view[:size])
        del self._received[:size]
        return taken

    def _receive(self, deadline: float) -> None:
        """Wait for more bytes, in slices, so that the stop event is seen in time."""
        silent_at = min(deadline, self._terms.monotonic() + self._terms.timeout)
        while not self._terms.line.stop.is_set():
            self.sock.settimeout(min(_SLICE, self._terms.timeout))
            try:
                data = self.sock.recv(_CHUNK)
            except TimeoutError:
                if self._terms.monotonic() >= silent_at:
                    raise
                continue
            if not data:
                raise self.abort("end of the connection")
            self._received += data
            return
        raise self.abort("stopped")

    def has_news(self) -> bool:
        """Return whether mail was announced, or something has arrived that nobody has read."""
        return self.is_mail_announced or bool(self._received) or self._is_pending()

    def _is_pending(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    @property
    def is_mail_announced(self) -> bool:
        """Whether an EXISTS has come since the last `forget_announcement`."""
        return "EXISTS" in self.untagged_responses

    def forget_announcement(self) -> None:
        """Start to watch for EXISTS afresh.

        The server says it once, with whatever answer comes next: also with that of a SEARCH which
        did not find the new mail yet. An IDLE after it would wait for the mail after that.
        """
        self.untagged_responses.pop("EXISTS", None)

    def shutdown(self) -> None:
        """Close the connection without a word."""
        with contextlib.suppress(OSError):  # the server may have closed it already
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def _connect(terms: Terms) -> socket.socket:
    """Return a connected socket; every address of the host is tried."""
    found = socket.getaddrinfo(terms.host, terms.port, type=socket.SOCK_STREAM)
    problem: OSError = ConnectionError(f"{terms.host} has no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.settimeout(terms.timeout)
            terms.line.hold(sock)
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    raise problem


class Client(IMAPClient):  # type: ignore[misc]  # imapclient carries no types
    """imapclient over a `Wire`, with dates that keep their time zone."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        super().__init__(terms.host, terms.port, ssl=False, timeout=terms.timeout)
        self.normalise_times = False
        # imapclient formats every body for its debug log: mail has no place in logs.
        self.wire.debug = 0

    def _create_IMAP4(self) -> Wire:  # noqa: N802  # imapclient's name
        return Wire(self._terms)

    def idle(self) -> None:
        """Enter IDLE (RFC 2177); news may come before the server's consent, and are no fault.

        Raises `IMAPClientError` where the server refuses.
        """
        self._idle_tag = self.wire._command("IDLE")
        while self.wire._get_response() is not None:  # None: the continuation
            if self.wire.tagged_commands[self._idle_tag]:
                raise IMAPClientError("IDLE is refused")

    @property
    def wire(self) -> Wire:
        """The connection below."""
        wire: Wire = self._imap
        return wire
