"""The bytes of an SMTP dialogue: commands out, replies in, each within its time (RFC 5321).

Why not `smtplib`: it drops silently what it had read beyond the STARTTLS answer, sets no limit to
a reply's length or to the time in which it drips in, sends bytes with the line ends that they
have, cannot log in with a password that is not ASCII, reads recipients with a lenient parser,
cannot pipeline, and does not tell whether a connection broke before or after the end of the mail,
on which it depends whether sending it again makes a second mail.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from inboxd.certificates import certificate_end
from inboxd.clock import Clock
from inboxd.delivery.transport import one_line
from inboxd.errors import Permanent, Transient

MAX_REPLY_LINE = 4096  # RFC 5321 section 4.5.3.1.5 allows 512; real servers write URLs
MAX_REPLY_LINES = 200
BLOCK = 32_768

_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |$)")


class ConnectionFault(Transient):
    """The connection broke, fell silent or spoke no SMTP: what the server knows is uncertain."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: its code and its lines without it, secrets concealed."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether the command was carried out (2yz)."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Whether the server says that repeating the command is useless (5yz)."""
        return self.code >= 500

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 2034: `5.1.1`), or empty where there is none."""
        match = _ENHANCED_STATUS.match(self.lines[0])
        return match.group() if match else ""

    @property
    def text(self) -> str:
        """The answer on one line; an enhanced status code that each line repeats stands once."""
        lines = (line.removeprefix(self.status).strip() for line in self.lines)
        return one_line(" ".join((str(self.code), self.status, *lines)))


class Wire:
    """One connection to a server. `timeout` (seconds) limits each answer and each block sent."""

    def __init__(self, sock: socket.socket, peer: str, timeout: float, clock: Clock) -> None:
        self._sock = sock
        self._peer = peer
        self._timeout = timeout
        self._clock = clock
        self._inbox = bytearray()
        self._secrets: tuple[str, ...] = ()

    @classmethod
    def connect(cls, host: str, port: int, timeout: float, clock: Clock) -> Wire:
        """Connect to the first address of `host` that answers; raises ConnectionFault."""
        peer = f"{host}:{port}"
        try:
            sock = socket.create_connection((host, port), timeout)
        except (OSError, UnicodeError) as exc:  # UnicodeError: a name that IDNA cannot encode
            raise ConnectionFault(f"{peer}: cannot connect: {_reason(exc)}") from exc
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock, peer, timeout, clock)

    @property
    def local_address(self) -> str:
        """The IP address that this end of the connection has."""
        return str(self._sock.getsockname()[0])

    @property
    def tls_version(self) -> str | None:
        """The TLS version in use (`TLSv1.3`), or None on a connection in the clear."""
        return self._sock.version() if isinstance(self._sock, ssl.SSLSocket) else None

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the server's certificate is valid (UTC), None in the clear."""
        sock = self._sock
        return certificate_end(sock) if isinstance(sock, ssl.SSLSocket) else None

    def conceal(self, secrets: Iterable[str]) -> None:
        """Replace `secrets` in whatever the server says from now on."""
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS now and verify that the server is `host`.

        Raises Permanent where the server is not who it should be, or sent anything in the clear
        ahead of the handshake (RFC 3207 section 6: an injected answer); else ConnectionFault.
        """
        if self._inbox or self._has_arrived():
            raise Permanent(f"{self._peer}: refused: plaintext was injected ahead of TLS")
        self._sock.settimeout(self._timeout)
        try:
            # In two steps, so that `interrupt` reaches the socket during the handshake, too.
            encrypted = context.wrap_socket(
                self._sock, server_hostname=host, do_handshake_on_connect=False
            )
            self._sock = encrypted
            encrypted.do_handshake()
        except ssl.SSLCertVerificationError as exc:
            reason = one_line(exc.verify_message)
            raise Permanent(f"{self._peer}: its certificate is refused: {reason}") from exc
        except (OSError, ValueError) as exc:  # ValueError: a name that cannot stand in SNI
            raise ConnectionFault(f"{self._peer}: TLS failed: {_reason(exc)}") from exc

    def _has_arrived(self) -> bool:
        self._sock.setblocking(False)
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except OSError:  # nothing there, or broken: then the handshake says so
            return False

    def command(self, *lines: str) -> None:
        """Send command lines (without line ends), pipelined where there are several.

        Raises ConnectionFault also where the server has said more than it was asked: every later
        answer would be taken for that to another command.
        """
        if self._inbox:
            raise ConnectionFault(f"{self._peer}: it answered more than it was asked")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a command must be one line")
        self.send("".join(f"{line}\r\n" for line in lines).encode())

    def send(self, data: bytes) -> None:
        """Send `data` in blocks, each within the timeout; raises ConnectionFault."""
        with memoryview(data) as view:
            try:
                for start in range(0, len(view), BLOCK):
                    self._sock.settimeout(self._timeout)
                    self._sock.sendall(view[start : start + BLOCK])
            except OSError as exc:
                reason = _reason(exc)
                raise ConnectionFault(f"{self._peer}: sending failed: {reason}") from exc

    def reply(self, to: str, timeout: float | None = None) -> Reply:
        """Return the next answer, whole within `timeout` (None: the wire's own) seconds.

        `to` names in messages what is being answered. Raises ConnectionFault where none comes.
        """
        limit = self._timeout if timeout is None else timeout
        deadline = self._clock.monotonic() + limit
        codes: set[bytes] = set()
        lines: list[str] = []
        more = True
        while more:
            match = _REPLY_LINE.fullmatch(self._line(to, limit, deadline))
            codes.add(match[1] if match else b"")
            if match is None or len(codes) > 1 or len(lines) == MAX_REPLY_LINES:
                raise ConnectionFault(f"{self._peer}: its answer to {to} is no SMTP")
            lines.append(self._shown(match[3] or b""))
            more = match[2] == b"-"
        return Reply(int(codes.pop()), tuple(lines))

    def _line(self, to: str, limit: float, deadline: float) -> bytes:
        while (end := self._inbox.find(b"\n")) < 0:
            if len(self._inbox) > MAX_REPLY_LINE:
                raise ConnectionFault(f"{self._peer}: its answer to {to} is too long")
            self._receive(to, limit, deadline)
        line = bytes(self._inbox[:end])
        del self._inbox[: end + 1]
        return line.removesuffix(b"\r")

    def _receive(self, to: str, limit: float, deadline: float) -> None:
        try:
            left = deadline - self._clock.monotonic()
            if left <= 0:  # also where it drips in byte by byte
                raise TimeoutError
            self._sock.settimeout(left)
            data = self._sock.recv(MAX_REPLY_LINE)
        except TimeoutError as exc:
            message = f"{self._peer}: no answer to {to} within {limit:g} s"
            raise ConnectionFault(message) from exc
        except OSError as exc:
            message = f"{self._peer}: no answer to {to}: {_reason(exc)}"
            raise ConnectionFault(message) from exc
        if not data:
            raise ConnectionFault(f"{self._peer}: closed the connection instead of answering {to}")
        self._inbox += data

    def _shown(self, line: bytes) -> str:
        text = line.decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "[concealed]")
        return text

    def interrupt(self) -> None:
        """Break the connection under whoever waits on it; safe from any thread."""
        with suppress(OSError):
            # Not SSLSocket.shutdown, which would take the TLS state away from the other thread.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection as it is."""
        self._sock.close()


def _reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "timed out"
    return one_line(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__)
