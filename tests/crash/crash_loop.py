"""A daemon under load, killed again and again, and an account of every mail at the end (R12).

Customers hand in mail over SMTP and put it into an IMAP folder; whoever is refused or cut off tries
again with the same bytes, as mail servers do. An agent answers some of it. Meanwhile the daemon is
killed (SIGKILL) at random moments and started again. At the end every mail that was acknowledged
is one message, exactly; every mail that a cause has called for was sent at least once, and where it
was sent again, with the same bytes under the same Message-ID.

Run by hand: ./scripts/crash_loop --cycles 1000 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import smtplib
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loopback import HOST, free_port, listens
from runner import Runner
from servers import Dovecot, SmtpSink

from inboxd.store.compression import decompress

SENDERS = 3
ANSWERED = 5  # of so many notifications one is answered
SHORTEST, LONGEST = 0.02, 0.7  # seconds between the listener's return and the next kill
STANDSTILL = 60  # seconds without any change, after which nothing is waited for
_LEFT = (
    "SELECT count(*) FROM journal WHERE state = 'received'",
    "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'dead')",
    "SELECT count(*) FROM journal WHERE state = 'applied'",
)
SUPPORT = "support@shop.example"
CONFIG = """\
data_dir: {folder}/var
secret_key: a secret for crash loops, of no other use
mailboxes:
  - name: support
    address: support@shop.example
    display_name: Tea Shop
    notify: [anna, ben]
    sources:
      - smtp: {{}}
      - imap:
          {{host: 127.0.0.1, port: {imap}, tls: none, user: {user}, password: secret, poll: 1 s}}
listen:
  smtp: {{host: 127.0.0.1, port: {smtp}, limits: {{connections_per_peer: 100}}}}
send:
  smtp: {{host: 127.0.0.1, port: {sink}, tls: none}}
agents:
  - {{name: anna, address: anna@shop.example}}
  - {{name: ben, address: ben@shop.example}}
auto_mail: {{per_domain_hour: 1000000, per_domain_day: 1000000}}
"""
RULES = "- {name: Acknowledge, when: conversation.opened, then: [{reply: {canned: received}}]}\n"
CANNED = "---\ntitle: received\n---\nWe have your mail.\n"


@dataclass
class Account:
    """What was handed in and acknowledged: names of mails."""

    by_smtp: set[str] = field(default_factory=set)
    by_imap: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    cut_off: int = 0

    @property
    def mails(self) -> set[str]:
        """The customers' mails."""
        return self.by_smtp | self.by_imap


@dataclass
class Report:
    """The outcome: figures, and what is wrong."""

    cycles: int
    seed: int
    account: Account
    mails_out: int = 0
    duplicates: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        account = self.account
        return (
            f"{self.cycles} kills, seed {self.seed}: {len(account.by_smtp)} mails by SMTP and "
            f"{len(account.by_imap)} by IMAP acknowledged, {account.cut_off} sessions cut off, "
            f"{len(account.answers)} answers; {self.mails_out} mails out, {self.duplicates} of "
            f"them twice with the same bytes; {len(self.wrong)} faults"
        )


class Load:
    """Everybody who writes, each in a thread of their own until `stop`."""

    def __init__(self, smtp_port: int, dovecot: Dovecot, user: str, sink: SmtpSink) -> None:
        self.account = Account()
        self._port, self._dovecot, self._user, self._sink = smtp_port, dovecot, user, sink
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            *(threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)),
            threading.Thread(target=self._fill),
            threading.Thread(target=self._answer),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what they have begun."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a writer hangs"

    def _send(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            name = f"smtp-{number}-{count}"
            self._hand_in(f"c{number}.{count}@customers.example", SUPPORT, mail(name))
            with self._lock:
                self.account.by_smtp.add(name)

    def _hand_in(self, sender: str, recipient: str, raw: bytes) -> None:
        """Try until it is acknowledged: the same bytes each time."""
        while True:
            try:
                with smtplib.SMTP(HOST, self._port, timeout=20) as client:
                    client.sendmail(sender, [recipient], raw)
            except (OSError, smtplib.SMTPException):
                with self._lock:
                    self.account.cut_off += 1
                time.sleep(0.02)
            else:
                return

    def _fill(self) -> None:
        count = 0
        while not self._stop.is_set():
            names = [f"imap-{count + n}" for n in range(3)]
            count += len(names)
            self._dovecot.append(self._user, [mail(name) for name in names])
            self.account.by_imap |= set(names)
            self._stop.wait(0.1)

    def _answer(self) -> None:
        """Be Anna: answer every fifth notification that reaches her, once."""
        seen, told = 0, set[bytes]()
        while not self._stop.is_set():
            new = self._sink.received[seen:]
            seen += len(new)
            for each in new:
                head = _head(each.raw)
                if each.recipients == ("anna@shop.example",) and b"Subject: [#" in head:
                    told.add(head)
                    reply_to = _field(head, b"Reply-To")
                    if reply_to and len(told) % ANSWERED == 0:
                        self._reply(reply_to)
            self._stop.wait(0.05)

    def _reply(self, reply_to: str) -> None:
        name = f"answer-{len(self.account.answers)}"
        raw = mail(name, sender="Anna <anna@shop.example>", to=reply_to)
        self._hand_in("anna@shop.example", reply_to, raw)
        self.account.answers.add(name)


def mail(name: str, sender: str = "", to: str = SUPPORT) -> bytes:
    """Return a mail that bears its name in subject, id and text."""
    sender = sender or f"Customer <{name}@customers.example>"
    lines = (
        f"From: {sender}",
        f"To: {to}",
        f"Subject: About {name}.",
        f"Message-ID: <{name}@customers.example>",
        "Date: Mon, 6 May 2030 08:00:00 +0000",
        "",
        f"This is {name}.",
        "",
    )
    return "\r\n".join(lines).encode()


def _head(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]


def _field(head: bytes, name: bytes) -> str:
    unfolded = head.replace(b"\n ", b" ").replace(b"\n\t", b" ")
    line = next((s for s in unfolded.split(b"\n") if s.startswith(name + b":")), b"")
    return line.partition(b"<")[2].partition(b">")[0].decode()


@contextmanager
def shop(folder: Path, dovecot: Dovecot, user: str) -> Iterator[tuple[Runner, SmtpSink, int]]:
    """Write a shop and serve it; yields the daemon, the relay, and the listener's port."""
    sink, port = SmtpSink(), free_port()
    settings = {"folder": folder, "imap": dovecot.imap_port, "user": user}
    for name in ("rules", "canned", "templates"):
        (folder / name).mkdir()
    (folder / "rules" / "10.yaml").write_text(RULES)
    (folder / "canned" / "received.md").write_text(CANNED)
    config = folder / "inboxd.yaml"
    config.write_text(CONFIG.format(smtp=port, sink=sink.port, **settings))
    daemon = Runner(config, folder / "inboxd.log", lambda: listens(port))
    try:
        daemon.start()
        yield daemon, sink, port
    finally:
        daemon.close()
        sink.close()


def run(cycles: int, seed: int, folder: Path, dovecot: Dovecot, user: str) -> Report:
    """Kill the daemon `cycles` times under load, let it come to rest, and draw up the account."""
    chance = random.Random(f"crash loop {seed}")
    with shop(folder, dovecot, user) as (daemon, sink, port):
        load = Load(port, dovecot, user, sink)
        try:
            for _ in range(cycles):
                time.sleep(chance.uniform(SHORTEST, LONGEST))
                daemon.kill()
                daemon.start()
        finally:
            load.stop()
        database = folder / "var" / "inboxd.db"
        names = load.account.mails | load.account.answers
        report = Report(cycles, seed, load.account)
        if stands_still := _come_to_rest(database, names):
            report.wrong.append(stands_still)
        if daemon.terminate() != 0:
            report.wrong.append("the daemon did not stop cleanly")
        _settle(report, database, sink)
    return report


def _come_to_rest(database: Path, names: set[str]) -> str | None:
    """Wait while anything moves; return what has not been done then, or None."""
    before, moved = (-1, -1, -1), time.monotonic()
    while time.monotonic() - moved < STANDSTILL:
        with closing(sqlite3.connect(database)) as db:
            now = tuple(db.execute(sql).fetchone()[0] for sql in _LEFT)
        waiting, unsent, came = now
        if waiting == unsent == 0 and came >= len(names):
            return None
        if now != before:
            before, moved = now, time.monotonic()
        time.sleep(0.3)
    waiting, unsent, came = before
    return f"stands still: {waiting} mails wait, {unsent} are unsent, {came} of {len(names)} came"


def _settle(report: Report, database: Path, sink: SmtpSink) -> None:
    """Compare what was acknowledged with what is there, and what is there with what was sent."""
    with closing(sqlite3.connect(database)) as db:
        texts = Counter(
            (kept if isinstance(kept, str) else decompress(kept).decode()).strip()
            for (kept,) in db.execute("SELECT text FROM message WHERE kind <> 'auto-reply'")
        )
        opened = Counter(s for (s,) in db.execute("SELECT subject FROM conversation"))
        queued = dict(
            db.execute(
                "SELECT o.message_id || ' ' || r.address, o.kind FROM outbox o "
                "JOIN outbox_recipient r ON r.outbox_id = o.id"
            ).fetchall()
        )
        states = Counter(s for (s,) in db.execute("SELECT state FROM journal"))
        kinds = Counter(k for (k,) in db.execute("SELECT kind FROM outbox"))
    wrong, account = report.wrong, report.account
    for name in sorted(account.mails | account.answers):
        if texts[f"This is {name}."] != 1:
            wrong.append(f"{name}: {texts[f'This is {name}.']} messages")
    wrong += [f"{name}: opened {opened[f'About {name}.']} conversations"
              for name in sorted(account.mails) if opened[f"About {name}."] != 1]  # fmt: skip
    if states["quarantined"]:
        wrong.append(f"{states['quarantined']} mails quarantined")
    mails, answers = sum(opened.values()), len(account.answers)
    wanted = {"notification": 2 * mails, "auto_reply": mails, "reply": answers, "answered": answers}
    wrong += [f"{kinds[k]} mails of kind {k}, not {n}" for k, n in wanted.items() if kinds[k] != n]
    _settle_sent(report, queued, sink)


def _settle_sent(report: Report, queued: dict[str, str], sink: SmtpSink) -> None:
    """Every mail in the outbox reached each of its recipients, a second time only unchanged."""
    arrived: dict[str, list[bytes]] = {}
    for each in sink.accepted:
        message_id = _field(_head(each.raw), b"Message-ID")
        for address in each.recipients:
            arrived.setdefault(f"{message_id} {address}", []).append(each.raw)
    report.mails_out = len(arrived)
    report.duplicates = sum(len(copies) - 1 for copies in arrived.values())
    report.wrong += [f"never sent: {key}" for key in sorted(queued.keys() - arrived.keys())]
    report.wrong += [
        f"sent, but not queued: {key}" for key in sorted(arrived.keys() - queued.keys())
    ]
    report.wrong += [
        f"sent again with other bytes: {key}"
        for key, copies in sorted(arrived.items())
        if len(set(copies)) > 1
    ]
    if report.duplicates > report.cycles:
        report.wrong.append(f"{report.duplicates} mails twice for {report.cycles} kills")


def main() -> int:
    """Run the loop as the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(description="Kill the daemon under load and count every mail.")
    parser.add_argument("--cycles", type=int, default=50, help="how often it is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    dovecot = Dovecot(["loop@shop.example"])
    try:
        with tempfile.TemporaryDirectory(prefix="inboxd-crash-") as folder:
            report = run(options.cycles, options.seed, Path(folder), dovecot, "loop@shop.example")
    finally:
        dovecot.close()
    if options.json:
        figures = {"cycles": report.cycles, "seed": report.seed, "mails_out": report.mails_out}
        print(json.dumps({**figures, "duplicates": report.duplicates, "wrong": report.wrong}))
    else:
        print(report)
        for fault in report.wrong[:50]:
            print(f"  {fault}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
