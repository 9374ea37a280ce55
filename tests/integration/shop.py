"""A test's own shop: its configuration, its people's mailboxes, and an inboxd that serves it.

Everything in it is numbered, so that tests on the same servers never meet: the domain
`shop-7.example`, the agents `anna-7@agents.example`, `bert-7@…` and `cleo-7@…`, the customer
`jane-7@customers.example`. The real Postfix takes the domain's mail to the shop's LMTP listener,
and the shop's mail to everybody's mailbox in the real Dovecot.
"""

from __future__ import annotations

import itertools
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from typing import Any, cast

from loopback import HOST, eventually, free_port, listens
from served import Served, environment
from servers import Dovecot, Postfix, swaks

from inboxd.clock import Clock, OffsetClock, SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.desk import dossier, views
from inboxd.store import conversations, folders, journal, messages, outbox
from inboxd.store.db import Database

_numbers = itertools.count(1)
_TRACE = re.compile(
    rb"\A(?:(?:Return-Path|Delivered-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.I
)

SIGNATURE = "The Tea Shop\n5 Harbour Street"
RULES = """\
- name: Delivery questions
  when: conversation.opened
  if:
    subject: {contains: [parcel, delivery]}
  then:
    - tag: delivery

- name: Acknowledge
  when: conversation.opened
  then:
    - reply: {canned: received}
"""
RECEIVED = """\
---
title: We have your mail
---
Hello{{ " " ~ contact.name if contact.name }},

thank you, your mail has reached us. We answer within a working day.
"""


def read(raw: bytes) -> EmailMessage:
    """Parse a mail as a mail client would, with the standard library alone."""
    return cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def sent_form(raw: bytes) -> bytes:
    """Return a delivered mail as it was sent: without what servers put on top of it."""
    return _TRACE.sub(b"", raw)


def text_of(raw: bytes) -> str:
    """Return the plain text of a mail, with \\n between lines."""
    part = read(raw).get_body(("plain",))
    return "\n".join(cast("str", part.get_content()).split("\r\n")) if part else ""


def html_of(raw: bytes) -> str:
    """Return the HTML of a mail."""
    part = read(raw).get_body(("html",))
    return cast("str", part.get_content()) if part else ""


class Shop:
    """One shop on the real servers; `config` may be changed until something is started."""

    def __init__(
        self, folder: Path, dovecot: Dovecot, postfix: Postfix, rules: str = RULES
    ) -> None:
        self.number = next(_numbers)
        self.folder = folder / f"shop-{self.number}"
        self.dovecot = dovecot
        self.postfix = postfix
        self.domain = f"shop-{self.number}.example"
        self.address = f"support@{self.domain}"
        self.anna, self.bert, self.cleo = (
            f"{name}-{self.number}@agents.example" for name in ("anna", "bert", "cleo")
        )
        self.jane = f"jane-{self.number}@customers.example"
        dovecot.add_users(self.anna, self.bert, self.cleo, self.jane)
        self.lmtp_port = free_port()
        self.config = self._usual_config()
        self._files = {"rules/10-shop.yaml": rules, "canned/received.md": RECEIVED}
        self._clients = itertools.count(1)

    def _usual_config(self) -> dict[str, Any]:
        agents = {"anna": self.anna, "bert": self.bert, "cleo": self.cleo}
        return {
            "data_dir": "var",
            "mailboxes": [
                {
                    "name": "support",
                    "address": self.address,
                    "display_name": "Tea Shop",
                    "notify": ["support-team"],
                    "signature": SIGNATURE,
                    "sources": [{"smtp": {}}],
                }
            ],
            "listen": {"lmtp": {"host": HOST, "port": self.lmtp_port}},
            "send": {"smtp": {"host": HOST, "port": self.postfix.smtp_port, "tls": "none"}},
            "agents": [
                {
                    "name": name,
                    "address": address,
                    "teams": ["support-team"],
                    "role": "admin" if name == "anna" else "agent",
                }
                for name, address in agents.items()
            ],
            "rules": "rules/",
            "canned": "canned/",
            "templates": "templates/",
        }

    @property
    def mailbox(self) -> dict[str, Any]:
        """The configuration of the shop's only mailbox."""
        return cast("dict[str, Any]", self.config["mailboxes"][0])

    @property
    def data_dir(self) -> Path:
        """Where the shop's database lies."""
        return self.folder / self.config["data_dir"]

    def write(self) -> Path:
        """Write the configuration and return its path; JSON is YAML, too."""
        for name, text in self._files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        path = self.folder / "inboxd.yaml"
        path.write_text(json.dumps(self.config, default=str))
        return path

    def route(self) -> None:
        """Have Postfix bring the shop's mail to its LMTP listener."""
        self.postfix.route_to_lmtp(self.domain, self.lmtp_port)

    @contextmanager
    def running(self, clock: Clock | None = None) -> Iterator[Running]:
        """Serve the shop in this process; it must stop cleanly."""
        daemon = Daemon(load_config(self.write(), {}), clock or SystemClock())
        daemon.start()
        try:
            yield Running(self, daemon)
        finally:
            stopped = daemon.stop()
        assert stopped, "the daemon did not stop cleanly"

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """Serve the shop in a process of its own."""
        served = Served(self)
        try:
            yield served
        finally:
            served.close()

    @contextmanager
    def serving_by_command(self) -> Iterator[subprocess.Popen[bytes]]:
        """Serve the shop as `python -m inboxd serve`, as an admin starts it."""
        command = [sys.executable, "-m", "inboxd", "--config", str(self.write()), "serve"]
        with (self.folder / "inboxd.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment()
            )
        try:
            eventually(lambda: process.poll() is not None or listens(self.lmtp_port), 60, "up")
            assert process.poll() is None, (self.folder / "inboxd.log").read_text()[-3000:]
            yield process
        finally:
            process.kill()
            process.wait(20)

    def cli(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run the command `inboxd` on the shop and return what became of it."""
        return subprocess.run(
            [sys.executable, "-m", "inboxd", "--config", str(self.write()), *arguments],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            env=environment(),
        )

    # What people write

    def compose(
        self, sender: str, subject: str, text: str, name: str = "Jane Doe", **fields: str
    ) -> EmailMessage:
        """Return a mail to the shop as a plain mail client writes it."""
        mail = EmailMessage()
        mail["From"] = formataddr((name, sender))
        mail["To"] = self.address
        mail["Subject"] = subject
        mail["Date"] = format_datetime(SystemClock().now())
        mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        for field, value in fields.items():
            del mail[field.replace("_", "-")]
            mail[field.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    def swaks(self, sender: str, to: str, raw: bytes) -> None:
        """Send a mail through Postfix with the real swaks."""
        sent = swaks(
            "--server", f"{HOST}:{self.postfix.smtp_port}", "--from", sender, "--to", to,
            body=raw,
        )  # fmt: skip
        assert sent.returncode == 0, sent.stdout.decode()

    def send(self, sender: str, to: str | Sequence[str], raw: bytes) -> None:
        """Send a mail through Postfix, byte for byte."""
        with smtplib.SMTP(HOST, self.postfix.smtp_port, timeout=20) as client:
            client.sendmail(sender, to, raw)

    def answer(self, sender: str, raw: bytes) -> None:
        """Send an answer to where it is addressed."""
        self.send(sender, [each.addr_spec for each in read(raw)["To"].addresses], raw)

    # What people get

    def inbox(self, person: str) -> list[bytes]:
        """Return the mails in somebody's mailbox, oldest first."""
        return self.dovecot.messages(person)

    def wait_for(self, person: str, count: int, timeout: float = 20) -> bytes:
        """Wait for somebody's mail number `count` (from 1) and return it."""
        return self.dovecot.wait_for(person, count, timeout)[count - 1]

    # What inboxd remembers; read from outside of it

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the shop's database."""
        database = Database(f"sqlite:///{self.data_dir / 'inboxd.db'}")
        try:
            yield database
        finally:
            database.close()

    def conversations(self) -> list[dict[str, Any]]:
        """Return every conversation as `inboxd show --json` gives it, lowest number first."""
        with self.database() as database, database.read() as connection:
            records = conversations.listing(
                connection, states=None, mailbox=None, assignee=None, tag=None, limit=1000
            )
            found = [views.conversation(each) for each in dossier.dossiers(connection, records)]
        return sorted(found, key=lambda each: int(each["number"]))

    def conversation(self, number: int = 1) -> dict[str, Any]:
        """Return one conversation."""
        return next(each for each in self.conversations() if each["number"] == number)

    def events(self, number: int | None = 1) -> list[tuple[str, str]]:
        """Return a conversation's history: what happened, in which words."""
        with self.database() as database, database.read() as connection:
            return [(each.kind, each.text) for each in messages.events(connection, number or 0)]

    def outbox(self) -> list[Any]:
        """Return all outgoing mails, oldest first."""
        with self.database() as database, database.read() as connection:
            return outbox.listing(connection, None, 10_000)[::-1]

    def journal_states(self) -> dict[str, int]:
        """Return how many journal entries are in each state."""
        with self.database() as database, database.read() as connection:
            return journal.counts(connection)

    def problems(self) -> dict[str, str | None]:
        """Return what is wrong with each source that has been visited."""
        with self.database() as database, database.read() as connection:
            return {each.source: each.problem for each in folders.listing(connection)}

    def is_quiet(self) -> bool:
        """Whether nothing waits: neither in the journal, nor in the outbox, nor in Postfix."""
        time.sleep(0.05)  # the look itself is work for a machine of two cores
        waiting = self.journal_states().get("received", 0)
        states = {each.state for each in self.outbox()}
        ours = [each for each in self.postfix.queue() if self._concerns(each)]
        return not waiting and states <= {"sent", "dead"} and not ours

    def _concerns(self, queued: dict[str, Any]) -> bool:
        addresses = [queued["sender"], *(each["address"] for each in queued["recipients"])]
        return any(f"-{self.number}@" in each or self.domain in each for each in addresses)

    def wait_until_quiet(self, timeout: float = 30) -> None:
        """Wait until every mail that is under way has arrived."""
        try:
            eventually(self.is_quiet, timeout, "all mails delivered")
        except AssertionError:
            print("still queued in Postfix:", self.postfix.queue())
            print(self.postfix.log()[-5000:])
            raise


class Running:
    """A daemon in this process."""

    def __init__(self, shop: Shop, daemon: Daemon) -> None:
        self.shop = shop
        self.daemon = daemon

    def port(self, protocol: str) -> int:
        """Return the port of a listener."""
        return next(
            each.port for each in self.daemon.listeners if each.listener.protocol == protocol
        )

    def later(self, clock: OffsetClock, **by: float) -> None:
        """Let time go by and have everything looked at that is due then."""
        clock.advance(timedelta(**by))
        self.daemon.tick()
        self.daemon.processor.wake()
        self.daemon.courier.wake()
