"""A listener with a journal behind it, and a client that says exactly what it is told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from loopback import HOST

from inboxd.clock import Clock, SystemClock
from inboxd.config import Config, load_config
from inboxd.desk.addresses import AddressBook
from inboxd.ingest.journal import JournalWriter
from inboxd.ingest.smtp import SmtpListener
from inboxd.store import journal
from inboxd.store.db import Database
from inboxd.store.migrations import upgrade

CONFIG = """\
data_dir: var
secret_key: a secret for tests, of no other use
mailboxes:
  - {name: support, address: support@shop.example, aliases: [help@shop.example]}
  - {name: sales, address: sales@shop.example}
  - name: fetched
    address: fetched@shop.example
    sources:
      - imap: {host: 127.0.0.1, port: 9, tls: none, user: fetched, password: secret}
send: {maildir: sent}
agents:
  - {name: anna, address: anna@shop.example, role: admin}
"""


def write_config(folder: Path, more: str = "listen: {smtp: {port: 0}}", base: str = CONFIG) -> Path:
    """Write a configuration; `more` is YAML of further sections."""
    for name in ("rules", "canned"):
        (folder / name).mkdir(exist_ok=True)
    path = folder / "inboxd.yaml"
    path.write_text(base + textwrap.dedent(more) + "\n", encoding="utf-8")
    return path


def new_database(config: Config) -> Database:
    """Make the configuration's database."""
    database = Database(config.database_url)
    upgrade(database)
    return database


def letter(text: str = "hello", *, size: int = 0) -> bytes:
    """A mail that differs by its text, of at least `size` bytes."""
    head = (
        "From: Jane <jane@customers.example>\r\nTo: support@shop.example\r\n"
        f"Subject: {text}\r\nMessage-ID: <{text.replace(' ', '-')}@customers.example>\r\n\r\n"
    )
    return head.encode() + b"Hello\r\n" + b"a line of words\r\n" * (size // 17 + bool(size))


@dataclass(frozen=True)
class Entry:
    """A row of the journal."""

    id: int
    mailbox: str
    source: str
    envelope_from: str | None
    envelope_to: tuple[str, ...]
    raw: bytes


def entries_of(database: Database) -> list[Entry]:
    """Return what the journal holds, oldest first."""
    found = []
    with database.read() as connection:
        rows = connection.execute(
            sa.text("SELECT id, mailbox, source, envelope_from, envelope_to FROM journal")
        ).all()
        for row in rows:
            raw = journal.raw(connection, row.id)
            assert raw is not None
            to = tuple(_json(row.envelope_to))
            found.append(Entry(row.id, row.mailbox, row.source, row.envelope_from, to, raw))
    return sorted(found, key=lambda entry: entry.id)


def _json(text: str) -> list[str]:
    import json

    return list(json.loads(text))


class Dialogue:
    """A client's connection; every answer is a whole reply with its line ends."""

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, host: str = HOST) -> None:
        self.sock = socket.create_connection((host, port), timeout=15)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def starttls(self, context: ssl.SSLContext) -> None:
        """Begin TLS after a 220 answer."""
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")

    def say(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def line(self) -> str:
        """Return the next line, empty at the end of the connection."""
        while b"\n" not in self._unread:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                line, self._unread = self._unread, b""
                return line.decode()
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode().rstrip("\r")

    def reply(self) -> str:
        """Return the next reply, its lines joined."""
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def ask(self, command: str | bytes) -> str:
        """Send a command and return its reply."""
        self.say((command.encode() if isinstance(command, str) else command) + b"\r\n")
        return self.reply()

    def greet(self, verb: str = "EHLO") -> str:
        """Read the greeting and say hello; returns the answer to that."""
        assert self.reply().startswith("220")
        return self.ask(f"{verb} client.example")

    def envelope(
        self, recipients: Sequence[str] = ("support@shop.example",), sender: str = "j@c.example"
    ) -> list[str]:
        """Say MAIL, RCPT and DATA; returns the answers."""
        commands = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{to}>" for to in recipients), "DATA"]
        return [self.ask(command) for command in commands]

    def send(
        self, raw: bytes, recipients: Sequence[str] = ("support@shop.example",), **options: str
    ) -> str:
        """Send a whole mail, dot-stuffed; returns the answer to its end."""
        answers = self.envelope(recipients, **options)
        assert answers[-1].startswith("354"), answers
        self.say(stuffed(raw) + b".\r\n")
        return self.reply()


def stuffed(raw: bytes) -> bytes:
    """Return a mail as it goes over the wire (RFC 5321 section 4.5.2), without its end."""
    text = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    lines = text.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


@dataclass
class Intake:
    """A running listener and what its mails end up in."""

    config: Config
    database: Database
    writer: JournalWriter
    listener: SmtpListener
    commits: list[int]

    @property
    def port(self) -> int:
        return self.listener.port

    def dialogue(self, verb: str | None = None, tls: ssl.SSLContext | None = None) -> Dialogue:
        """Connect and greet."""
        line = Dialogue(self.port, tls=tls)
        is_lmtp = self.listener.listener.protocol == "lmtp"
        assert line.greet(verb or ("LHLO" if is_lmtp else "EHLO")).startswith("250")
        return line

    def send(self, raw: bytes, recipients: Sequence[str] = ("support@shop.example",)) -> str:
        """Send one mail over a connection of its own; returns the answer to its end."""
        with self.dialogue() as line:
            return line.send(raw, recipients)

    def entries(self) -> list[Entry]:
        """What the journal holds."""
        return entries_of(self.database)


@contextmanager
def intake(
    folder: Path,
    listen: str = "smtp: {port: 0}",
    *,
    clock: Clock | None = None,
    change: Callable[[Intake], None] | None = None,
) -> Iterator[Intake]:
    """Run one listener; `listen` is the section of that name."""
    config = load_config(write_config(folder, f"listen: {{{listen}}}"), {})
    database = new_database(config)
    commits: list[int] = []
    writer = JournalWriter(database, lambda: commits.append(1))
    takes = frozenset({"support", "sales"})
    (listener,) = [
        SmtpListener(
            each, AddressBook(config), takes, writer, clock or SystemClock(), "shop.example"
        )
        for each in config.listen.all()
    ]
    writer.start()
    listener.start()
    running = Intake(config, database, writer, listener, commits)
    try:
        yield running
    finally:
        listener.stop()
        with contextlib.suppress(AttributeError):
            writer.stop(10)
        database.close()
