"""The daemon's own listener: SMTP (RFC 5321) and LMTP (RFC 2033) into the journal.

`250` means that the mail is on the disk. Whatever fails here answers 451, so that the sender tries
again: a bug of ours must never bounce a customer's mail.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import threading
from collections import defaultdict
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from inboxd import __version__
from inboxd.clock import Clock
from inboxd.config import Listener, is_loopback
from inboxd.counters import REFUSED, SESSIONS
from inboxd.desk.addresses import AddressBook
from inboxd.errors import Transient
from inboxd.failpoints import reach
from inboxd.health import Pulse
from inboxd.ingest.journal import JournalWriter
from inboxd.ingest.smtp_access import Limits, authenticator, tls_context
from inboxd.ingest.smtp_data import read_data
from inboxd.store.journal import Arrival

_log = structlog.get_logger(__name__)
_PIECE = 1_000_000  # bytes that are waited for at a time
_LONGEST_COMMAND = 2048  # RFC 5321 says 512, RFC 6531 and parameters ask for more
_AUTH_TRIES = 5
_STOP_WITHIN = 2.0
_UNLIMITED = 1_000_000_000
_TRY_LATER = "451 4.3.0 Not stored, please try again later"


class _LimitedSession(SMTP):
    """One connection, counted; a peer that has too many hears 421."""

    line_length_limit = _PIECE  # the stream's own limit; lines of a mail may be longer
    # aiosmtpd clears the class's own table with every new session, under the feet of the others.
    command_size_limits: defaultdict[str, int] = defaultdict(lambda: _LONGEST_COMMAND)  # noqa: RUF012

    def __init__(
        self,
        *args: Any,
        limits: Limits,
        sessions: set[asyncio.BaseTransport],
        listener: str,
        offers_auth: bool,
        needs_starttls_for_auth: bool,
        **options: Any,
    ) -> None:
        self._limits = limits
        self._sessions = sessions
        self._listener = listener
        self._peer: str | None = None
        self._refused = False
        super().__init__(*args, **options)
        self.command_size_limits = defaultdict(lambda: _LONGEST_COMMAND)
        # aiosmtpd knows STARTTLS only: under implicit TLS it would never offer AUTH.
        self._auth_require_tls = needs_starttls_for_auth
        if not offers_auth:
            self._auth_methods.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the session, or refuse the peer."""
        if self._peer is None and self._original_transport is None:
            name = transport.get_extra_info("peername")
            peer = str(name[0]) if name else "?"
            if not self._limits.admit(peer):
                assert isinstance(transport, asyncio.Transport)
                REFUSED.add(self._listener, "connections")
                _log.warning("smtp.peer_refused", listener=self._listener)
                transport.write(b"421 4.7.0 Too many connections, please come back later\r\n")
                transport.close()
                self._refused = True
                return
            self._peer = peer
            SESSIONS.add(self._listener)
            self._transport = transport
            self._sessions.add(transport)
            reach("smtp.connected")
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End the session."""
        if self._refused:
            return
        if self._peer is not None:
            self._limits.leave(self._peer)
            self._peer = None
            self._sessions.discard(self._transport)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """Let the peer's end of sending end the session."""
        if self._refused:
            return False
        return bool(super().eof_received())

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the peer was refused."""
        if not self._refused:
            super().data_received(data)

    @syntax("DATA")  # type: ignore[untyped-decorator] # aiosmtpd has no types
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take the mail in large pieces; while it comes in, the session does not time out."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self.envelope.content = await read_data(
            self._reader, self.data_size_limit or _UNLIMITED, self._reset_timeout
        )
        if self.envelope.content is None:
            REFUSED.add(self._listener, "size")
            _log.info("smtp.too_large", listener=self._listener)
            status = "552 5.3.4 Error: too much mail data"
        else:
            status = await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(status)
        reach("smtp.answered")


class _SmtpSession(_LimitedSession):
    """An SMTP connection."""


class _LmtpSession(_LimitedSession, LMTP):
    """An LMTP connection: after the mail's end, one answer a recipient (RFC 2033 section 4.2)."""

    _answers = 0
    _in_data = False

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take the mail; the answers that follow `354` are given once for each recipient."""
        assert self.envelope is not None
        self._answers = len(self.envelope.rcpt_tos)
        self._in_data = False
        try:
            await super().smtp_DATA(arg)
        except Exception as error:  # as aiosmtpd itself does, but once for each recipient
            await self.push(await self.handle_exception(error))
        finally:
            self._answers = 0

    async def push(self, status: str | bytes) -> None:
        """Send an answer."""
        text = status if isinstance(status, str) else status.decode("ascii", "replace")
        if self._answers and text.startswith("354"):
            self._in_data = True
        elif self._answers and self._in_data:
            text = "\r\n".join([text] * self._answers)
        await super().push(text)


class _Handler:
    """Decides on recipients and hands mails to the journal."""

    def __init__(
        self,
        listener: Listener,
        addresses: AddressBook,
        takes: frozenset[str],
        writer: JournalWriter,
        clock: Clock,
    ) -> None:
        self._listener = listener
        self._addresses = addresses
        self._takes = takes
        self._writer = writer
        self._clock = clock

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take recipients that are ours; nothing is ever relayed."""
        if len(envelope.rcpt_tos) >= self._listener.limits.recipients:
            REFUSED.add(self._listener.protocol, "recipients")
            return "452 4.5.3 Too many recipients, send the rest in another mail"
        mailbox = self._addresses.mailbox_for(address)
        if mailbox is None or mailbox.name not in self._takes:
            REFUSED.add(self._listener.protocol, "recipient")
            _log.info("smtp.recipient_refused", listener=self._listener.protocol)
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(_storable(address))
        envelope.rcpt_options.extend(options)
        reach("smtp.recipient")
        return "250 2.1.5 OK"

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Say what the listener can do; AUTH only where there is somebody to know."""
        session.host_name = hostname
        auth = self._listener.auth is not None
        return [line for line in responses if auth or not line.startswith("250-AUTH")]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Journal the mail, once for each mailbox that it is for."""
        reach("smtp.received")
        try:
            ids = await self._journal(envelope)
        except Transient as error:
            REFUSED.add(self._listener.protocol, "not stored")
            _log.error("smtp.not_stored", reason=str(error)[:200])
            return _TRY_LATER
        except Exception as error:  # aiosmtpd would answer 500 and show its text
            REFUSED.add(self._listener.protocol, "not stored")
            _log.error("smtp.not_stored", reason=type(error).__name__)
            return _TRY_LATER
        reach("smtp.stored")
        _log.info("smtp.accepted", listener=self._listener.protocol, journal=ids)
        return f"250 2.0.0 OK: stored as {','.join(map(str, ids))}"

    async def _journal(self, envelope: Envelope) -> list[int]:
        raw = envelope.content
        assert isinstance(raw, bytes)
        now = self._clock.now()
        sender = "" if envelope.mail_from in (None, "<>") else _storable(str(envelope.mail_from))
        arrivals = [
            Arrival(name, self._listener.protocol, raw, sender, tuple(to), now)
            for name, to in self._addresses.by_mailbox(envelope.rcpt_tos).items()
        ]
        # Shielded: a client that hangs up must not tear the write that it asked for.
        stored = asyncio.wrap_future(self._writer.submit(arrivals))
        reach("smtp.submitted")
        return await asyncio.shield(stored)

    async def handle_exception(self, error: Exception) -> str:
        """Answer a fault of ours with "try again later", without its text."""
        _log.error("smtp.session_error", error=type(error).__name__)
        return "451 4.3.0 Local error, please try again later"


def _storable(address: str) -> str:
    """Return `address` without the lone surrogates that stand for bytes outside of UTF-8."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class SmtpListener:
    """One listening socket with its own event loop in its own thread."""

    def __init__(
        self,
        listener: Listener,
        addresses: AddressBook,
        takes: frozenset[str],
        writer: JournalWriter,
        clock: Clock,
        hostname: str,
        pulse: Pulse | None = None,
    ) -> None:
        self.listener = listener
        self.pulse = pulse
        self.port = listener.port
        self._handler = _Handler(listener, addresses, takes, writer, clock)
        self._hostname = hostname
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.BaseTransport] = set()

    def start(self) -> None:
        """Listen; raises `OSError` where the address is taken, `ssl.SSLError` for a bad key."""
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="listener", daemon=True)
        self._thread.start()
        future = asyncio.run_coroutine_threadsafe(self._listen(loop), loop)
        try:
            future.result(timeout=30)
        except BaseException:
            self.stop()
            raise

    @property
    def name(self) -> str:
        """What the listener is called in reports of health."""
        return f"{self.listener.protocol}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the event loop's thread runs and the socket takes connections."""
        server = self._server
        listens = server is not None and server.is_serving()
        return self._loop is not None and self._thread.is_alive() and listens

    @property
    def sessions(self) -> int:
        """How many connections are open."""
        return len(self._sessions)

    def ask(self) -> None:
        """Ask the event loop for a beat, from any thread; one that is stuck gives none."""
        loop = self._loop
        if loop is not None and self.pulse is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self.pulse.beat)

    def stop(self) -> None:
        """Close the socket and every session; what was submitted to the journal is finished."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(_STOP_WITHIN)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_STOP_WITHIN)
        if not self._thread.is_alive():
            loop.close()

    async def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        context = tls_context(self.listener)
        implicit = self.listener.tls is not None and self.listener.tls.mode == "implicit"
        self._server = await loop.create_server(
            functools.partial(self._session, None if implicit else context),
            self.listener.host,
            self.listener.port,
            ssl=context if implicit else None,
            backlog=256,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in tuple(self._sessions):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await asyncio.sleep(0)  # the connections are closed in the loop's next round

    @functools.cached_property
    def _limits(self) -> Limits:
        limits = self.listener.limits
        return Limits(limits.connections, limits.connections_per_peer)

    def _session(self, context: ssl.SSLContext | None) -> SMTP:
        kind = _LmtpSession if self.listener.protocol == "lmtp" else _SmtpSession
        auth = self.listener.auth
        tls = self.listener.tls
        has_tls_already = tls is not None and tls.mode == "implicit"
        return kind(
            self._handler,
            data_size_limit=self.listener.limits.size,
            enable_SMTPUTF8=True,
            hostname=self._hostname,
            ident=f"inboxd {__version__}",
            tls_context=context,
            timeout=self.listener.limits.timeout.seconds,
            loop=asyncio.get_running_loop(),
            authenticator=None if auth is None else authenticator(auth, self.listener.protocol),
            auth_required=auth is not None,
            command_call_limit={"AUTH": _AUTH_TRIES, "*": _UNLIMITED},
            limits=self._limits,
            sessions=self._sessions,
            listener=self.listener.protocol,
            offers_auth=auth is not None,
            needs_starttls_for_auth=not (has_tls_already or is_loopback(self.listener.host)),
        )
