"""The demo's people: a post office that keeps their mail, and the mail clients they answer with."""

from __future__ import annotations

import asyncio
import functools
import smtplib
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from aiosmtpd.smtp import SMTP

from inboxd.clock import Clock
from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as it arrived in somebody's mailbox."""

    recipient: str
    raw: bytes
    mail: ParsedMail


class PostOffice:
    """An SMTP server on loopback that keeps what the shop sends, for everybody to fetch."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._mails: list[Delivered] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def start(self) -> None:
        """Listen on a free port, told in `port`."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Stop listening and hang up."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> int:
        session = functools.partial(SMTP, self, hostname="post.example", loop=self._loop)
        self._server = await self._loop.create_server(session, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _hang_up(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail for each of its recipients."""
        mail = parse(envelope.content)
        with self._arrived:
            self._mails += [Delivered(to, envelope.content, mail) for to in envelope.rcpt_tos]
            self._arrived.notify_all()
        return "250 2.0.0 OK"

    def fetch(self, recipient: str, known: int, timeout: float) -> Delivered | None:
        """Return the mail number `known` (from 0) to `recipient`, waiting for it if need be."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                mails = [each for each in self._mails if each.recipient == recipient]
                if len(mails) > known:
                    return mails[known]
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._arrived.wait(left)

    def count(self, recipient: str) -> int:
        """Return how many mails have arrived for `recipient`."""
        with self._arrived:
            return sum(each.recipient == recipient for each in self._mails)


class Player:
    """Somebody with a mailbox and a mail client that quotes below the answer."""

    def __init__(
        self, name: str, address: str, office: PostOffice, shop_port: int, clock: Clock
    ) -> None:
        self.name = name
        self.address = address
        self._office = office
        self._shop_port = shop_port
        self._clock = clock
        self._read = 0

    def receive(self, timeout: float = 5.0) -> Delivered | None:
        """Return the next mail in this mailbox, or None where none comes in time (seconds)."""
        found = self._office.fetch(self.address, self._read, timeout)
        if found is not None:
            self._read += 1
        return found

    def write(self, to: str, subject: str, text: str) -> ParsedMail:
        """Send a new mail."""
        return self._send(to, subject, text, {})

    def answer(self, mail: ParsedMail, text: str) -> ParsedMail:
        """Answer a mail as mail clients do: to its Reply-To, the whole mail quoted below."""
        to = (mail.reply_to or mail.from_)[0].address
        subject = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
        quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.splitlines())
        when = f"{self._clock.now():%a, %d %b %Y at %H:%M}"
        body = f"{text}\n\nOn {when} {mail.from_[0]} wrote:\n{quoted}\n"
        references = " ".join(f"<{each}>" for each in (*mail.references, mail.message_id))
        headers = {"In-Reply-To": f"<{mail.message_id}>", "References": references}
        return self._send(to, subject, body, headers)

    def _send(self, to: str, subject: str, text: str, headers: dict[str, str]) -> ParsedMail:
        message = EmailMessage()
        message["From"] = f"{self.name} <{self.address}>"
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        for name, value in headers.items():
            message[name] = value
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self._shop_port, timeout=10) as client:
            client.send_message(message, self.address, [to])
        return parse(bytes(message))
