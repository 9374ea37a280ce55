"""An SMTP server that keeps what it is sent, and misbehaves as it is told to."""

from __future__ import annotations

import asyncio
import enum
import ssl
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from loopback import HOST


class Fault(enum.Enum):
    """What a server can do instead of answering."""

    HANG = "hang"
    CLOSE = "close"


Answer = str | Fault | None
STAGES = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT")


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that reached the final dot, and what the server answered to it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    answer: str | Fault
    user: str | None
    tls: bool


class SmtpSink:
    """Listens on `port`; `received` holds every mail that came to the final dot.

    `script(stage, *answers)` queues what to do the next times that the stage is reached: a reply
    such as "450 4.2.0 later", `Fault.HANG`, `Fault.CLOSE`, or None for the normal answer.
    `always` does so every time, `refuse` for one recipient. A 421 reply closes the connection,
    and so does every refusal at CONNECT.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        implicit_tls: bool = False,
        users: dict[str, str] | None = None,
        size_limit: int = 33_554_432,
    ) -> None:
        self.tls, self.users, self.size_limit = tls, users or {}, size_limit
        self.received: list[Received] = []
        self.commands: list[str] = []
        self._queued: dict[str, deque[Answer]] = defaultdict(deque)
        self._standing: dict[str, Answer] = {}
        self._refused: dict[str, str] = {}
        self._sessions: list[_Session] = []
        self._loop = asyncio.new_event_loop()
        context = tls if implicit_tls else None
        self._starttls = None if implicit_tls else tls
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._await(self._loop.create_server(self._session, HOST, 0, ssl=context))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _await(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _session(self) -> _Session:
        self._sessions.append(_Session(self))
        return self._sessions[-1]

    def script(self, stage: str, *answers: Answer) -> None:
        """Queue answers for the next times that `stage` is reached."""
        assert stage in STAGES, stage
        self._queued[stage].extend(answers)

    def always(self, stage: str, answer: Answer) -> None:
        """Answer every `stage` so, once its queued answers are used up."""
        assert stage in STAGES, stage
        self._standing[stage] = answer

    def refuse(self, address: str, reply: str) -> None:
        """Answer RCPT for this address with `reply`."""
        self._refused[address] = reply

    def clear(self) -> None:
        """Forget all mails and instructions."""
        self.received.clear()
        self.commands.clear()
        self._queued.clear()
        self._standing.clear()
        self._refused.clear()

    @property
    def accepted(self) -> list[Received]:
        """The mails that were answered with a 2xx, in order."""
        return [
            mail
            for mail in self.received
            if isinstance(mail.answer, str) and mail.answer.startswith("2")
        ]

    def answer_for(self, stage: str, address: str = "") -> Answer:
        """Take the next instruction for a stage."""
        self.commands.append(f"{stage} {address}".strip())
        if self._queued[stage]:
            return self._queued[stage].popleft()
        if address in self._refused:
            return self._refused[address]
        return self._standing.get(stage)

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        self._await(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _shut(self) -> None:
        self._server.close()
        for session in self._sessions:
            session.hang_up()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Session(SMTP):  # type: ignore[misc]  # aiosmtpd carries no types
    """One connection: aiosmtpd's dialogue with the sink's instructions in front of it."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        super().__init__(
            _Keeper(sink),
            data_size_limit=sink.size_limit,
            enable_SMTPUTF8=True,
            hostname="sink.example",
            tls_context=sink._starttls,
            auth_require_tls=False,
            authenticator=self._check_password if sink.users else None,
            loop=sink._loop,
            timeout=3600,
        )

    def hang_up(self) -> None:
        """Drop the connection, whatever it is doing."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _check_password(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        user = data.login.decode()
        known = self._sink.users.get(user) == data.password.decode()
        return AuthResult(success=known, handled=False, auth_data=user)

    async def _obeyed(self, stage: str, address: str = "") -> bool:
        """Carry out an instruction; False means: answer as usual."""
        answer = self._sink.answer_for(stage, address)
        if answer is None:
            return False
        await self.carry_out(answer)
        return True

    async def carry_out(self, answer: str | Fault) -> None:
        """Reply so, hang, or close."""
        if answer is Fault.HANG:
            await asyncio.Event().wait()
        elif answer is Fault.CLOSE:
            self.hang_up()
        else:
            await self.push(answer)
            if answer.startswith("421"):
                cast("asyncio.Transport", self.transport).close()

    async def _handle_client(self) -> None:
        if await self._obeyed("CONNECT"):
            if self.transport is not None:
                self.transport.close()
            return
        await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._obeyed("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._obeyed("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._obeyed("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._obeyed("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._obeyed("DATA"):
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if not await self._obeyed("QUIT"):
            await super().smtp_QUIT(arg)


class _Keeper:
    """aiosmtpd's handler: what happens at RCPT and at the final dot."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink

    async def handle_RCPT(
        self,
        server: _Session,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if answer := self._sink.answer_for("RCPT", address):
            if isinstance(answer, str):
                return answer
            await server.carry_out(answer)
            raise ConnectionResetError
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: _Session, session: Session, envelope: Envelope) -> str:
        answer = self._sink.answer_for("DOT") or "250 2.0.0 kept"
        self._sink.received.append(
            Received(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                raw=cast("bytes", envelope.content),
                answer=answer,
                user=cast("str | None", session.auth_data),
                tls=session.ssl is not None or self._sink._starttls is not self._sink.tls,
            )
        )
        if isinstance(answer, str):
            return answer
        await server.carry_out(answer)
        raise ConnectionResetError
