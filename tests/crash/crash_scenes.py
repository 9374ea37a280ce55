"""The causes that a daemon is crashed on: mail by SMTP and IMAP, timers, agents' answers, digests.

Each begins with the same files in a folder, and lets one daemon do all that follows.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import desk_kit
from desk_kit import SHOP, START, Desk, File, letter
from loopback import HOST

from inboxd.desk.scheduling import run_due
from inboxd.store.migrations import upgrade

CONFIG = """\
data_dir: var
secret_key: a secret for tests, of no other use
mailboxes:
  - name: support
    address: support@shop.example
    display_name: Tea Shop
    notify: [support-team]
    sources: [{sources}]{mailbox}
  - {{name: sales, address: sales@shop.example, notify: [carl]}}
listen:
  smtp: {{host: 127.0.0.1, port: {port}, limits: {{connections_per_peer: 1000}}}}
send: {send}
agents:
  - {{name: anna, address: anna@shop.example, teams: [support-team], role: admin{agent}}}
  - {{name: ben, address: ben@shop.example, teams: [support-team]{agent}}}
  - {{name: carl, address: carl@shop.example}}
{more}"""
RULES = """\
- name: Acknowledge
  when: conversation.opened
  then: [{tag: new}, {set: {priority: high}}, {reply: {canned: received}}]
- name: Nudge
  when: pending
  for: 3 days
  then: [{reply: {canned: still-there}}, {tag: nudged}]
- name: Tell of silence
  when: pending
  for: 4 days
  then: [{notify: [ben]}]
"""
CANNED = {"received": "We have your mail.\n", "still-there": "Are you still there?\n"}
LABEL = File("label.pdf", "application/pdf", bytes(range(256)) * 20)
USER = "crash@shop.example"
JANE = "jane@customer.example"


@dataclass(frozen=True)
class Letter:
    """A mail that somebody hands in over SMTP, and tries again with until it is acknowledged."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class Scene:
    """One cause. `prepare` fills the database; `done` is SQL that is 1 once all has been done."""

    name: str
    prepare: Callable[[Desk], list[Letter]]
    done: str
    now: datetime = START
    source: str = "smtp: {}"
    send: str = ""
    mailbox: str = ""
    agent: str = ""
    more: str = ""
    rules: str = ""
    """Rules besides the usual ones."""
    schema: bool = True
    fetched: Sequence[bytes] = field(default_factory=list)
    hides: bytes = b""
    """A capability that the IMAP server does not have."""


QUIET = (
    "SELECT NOT EXISTS (SELECT 1 FROM journal WHERE state = 'received') AND NOT EXISTS "
    "(SELECT 1 FROM outbox WHERE state IN ('queued', 'sending'))"
)
_OPENED = "SELECT (SELECT count(*) FROM conversation) = 2"


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _question(number: int = 1, to: str = SHOP) -> bytes:
    text = f"Hello,\nwhere is my tea number {number}?\n"
    mail_id = f"q{number}@customer.example"
    return _crlf(letter(text=text, message_id=mail_id, files=[LABEL], to=to))


def _asks(desk: Desk) -> list[Letter]:
    """A customer writes to two mailboxes; one agent's address is refused, another's deferred."""
    to = (SHOP, "sales@shop.example")
    return [Letter(JANE, to, _question(to=", ".join(to)))]


def _nothing(desk: Desk) -> list[Letter]:
    return []


def _asked(desk: Desk) -> None:
    """One conversation stands open, and everything about it has been sent."""
    desk.send(_question(), to=[SHOP], envelope_from=JANE)
    desk.work()
    _all_sent(desk)


def _all_sent(desk: Desk) -> None:
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'sent'")
        connection.exec_driver_sql("UPDATE outbox_recipient SET state = 'sent'")


def _answer(desk: Desk, words: str, sender: str, agent: str = "anna") -> Letter:
    """Return what an agent's mail client sends in answer to the notification."""
    told = desk.to(f"{agent}@shop.example", "notification")
    quoted = "".join(f"> {line}\n" for line in told.mail.text.splitlines())
    raw = letter(
        sender,
        subject=f"Re: {told.mail.subject}",
        text=f"{words}\n\nOn Mon, 6 May 2030 at 10:00, Tea Shop wrote:\n{quoted}",
        to=told.reply_to,
        message_id="answer@agents.example",
        in_reply_to=told.mail.message_id,
        files=[LABEL],
    )
    return Letter("anna@shop.example", (told.reply_to,), _crlf(raw))


def _answers(desk: Desk) -> list[Letter]:
    _asked(desk)
    words = "It comes tomorrow, see the label.\n\n#tag carrier\n#priority low\n#assign me\n#close"
    return [_answer(desk, words, "Anna <anna@shop.example>")]


def _pretends(desk: Desk) -> list[Letter]:
    """Somebody else sends to the reply address that is Anna's."""
    _asked(desk)
    return [_answer(desk, "Send them all our money.\n#close", "Anna <anna@evil.example>")]


def _mistakes(desk: Desk) -> list[Letter]:
    _asked(desk)
    return [_answer(desk, "It comes tomorrow.\n#cloze", "Anna <anna@shop.example>")]


def _asks_twice(desk: Desk) -> list[Letter]:
    """The same mail again, as from a sender who missed our 250."""
    return [Letter(JANE, (SHOP,), _question())] * 2


def _loops(desk: Desk) -> list[Letter]:
    """A mail that has been going round in circles is put aside."""
    hops = b"Received: from a by b; Mon, 6 May 2030 08:00:00 +0000\r\n" * 80
    return [Letter(JANE, (SHOP,), hops + _question())]


def _waits(desk: Desk) -> list[Letter]:
    """Timers that are due: two rules', a snooze's end, and reminders, one of nobody known."""
    _asked(desk)
    words = _answer(desk, "Which tea?\n\n#remind 2d ask again", "Anna <anna@shop.example>")
    desk.send(words.raw, to=words.recipients, envelope_from=words.sender)
    desk.send(_question(2), to=[SHOP], envelope_from=JANE)
    told = desk.to("ben@shop.example", "notification")
    words = "#snooze 2d\n#remind 2d look at it"
    desk.answer_as("ben", told, words, message_id="snooze@agents.example")
    _all_sent(desk)
    with desk.database.write() as connection:  # who is no agent any more
        connection.exec_driver_sql("UPDATE reminder SET agent = 'gone' WHERE agent = 'ben'")
    return []


def _scheduled(desk: Desk) -> list[Letter]:
    """A rule with a schedule has two conversations to look at."""
    _asked(desk)
    desk.send(_question(2), to=[SHOP], envelope_from=JANE)
    _all_sent(desk)
    run_due(desk.database, desk.shop, desk.clock)
    return []


def _queued(desk: Desk) -> list[Letter]:
    """Three conversations, two agents who take one each, and one of them has just closed hers."""
    for number in range(1, 4):
        raw = letter(text=f"Question {number}\n", message_id=f"q{number}@customer.example")
        desk.send(raw, to=[SHOP], envelope_from=JANE)
    told = desk.to("anna@shop.example", "notification")
    desk.answer_as("anna", told, "#close", message_id="close@agents.example")
    _all_sent(desk)
    return []


def _digests(desk: Desk) -> list[Letter]:
    _asked(desk)
    return []


DROP = "- {name: Noise, when: message.received, if: {subject: tea}, then: [{tag: x}, drop]}\n"
DAILY = """\
- name: Daily
  when: schedule
  schedule: 0 9 * * *
  then: [{note: morning}, {reply: {canned: still-there}}, {timer: {name: later, after: 9 days}}]
"""
SCENES = (
    Scene("smtp", _asks, _OPENED),
    Scene("smtp-maildir", _asks, _OPENED, send="{maildir: sent}"),
    Scene("smtp-twice", _asks_twice, "SELECT count(*) >= 2 FROM journal"),
    Scene(
        "smtp-dropped",
        lambda desk: [Letter(JANE, (SHOP,), _question())],
        "SELECT count(*) = 1 FROM journal WHERE state = 'dropped'",
        rules=DROP,
    ),
    Scene(
        "schedule",
        _scheduled,
        "SELECT count(*) = 2 FROM event WHERE kind = 'note.added'",
        now=START + timedelta(days=1),
        rules=DAILY,
    ),
    Scene("smtp-poison", _loops, "SELECT count(*) = 1 FROM journal WHERE state = 'quarantined'"),
    Scene("answer", _answers, "SELECT count(*) = 1 FROM conversation WHERE state = 'closed'"),
    Scene("answer-unproven", _pretends, "SELECT count(*) FROM event WHERE kind = 'held'"),
    Scene("answer-mistaken", _mistakes, "SELECT count(*) FROM event WHERE kind = 'refused'"),
    Scene(
        "timer",
        _waits,
        "SELECT NOT EXISTS (SELECT 1 FROM timer WHERE state = 'waiting')",
        now=START + timedelta(days=9),
    ),
    Scene(
        "timer-sla",
        _digests,
        "SELECT count(*) = 1 FROM event WHERE kind = 'sla.breached'",
        now=START + timedelta(days=1),
        mailbox="\n    sla: standard",
        more="sla: {standard: {first_response: 4 h, warn_at: 50%}}\n",
        rules="- {name: Late, when: sla.breached, then: [{tag: late}, {notify: [anna]}]}\n",
    ),
    Scene(
        "timer-queue",
        _queued,
        "SELECT count(*) = 3 FROM conversation WHERE assignee IS NOT NULL",
        agent=", max_open: 1",
        rules="- {name: Hand out, when: conversation.opened, "
        "then: [{assign: {team: support-team, by: least_loaded}}]}\n",
    ),
    Scene(
        "digest",
        _digests,
        "SELECT count(*) = 2 FROM digest",
        now=START + timedelta(days=1),
        agent=', digest: "8:00"',
    ),
    Scene("upgrade", _nothing, "SELECT 1", schema=False),
)
_FETCHED = [_question(1), _question(2)]
_SOURCE = (
    "imap: {{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: secret, "
    "backlog: 3650 d, {how}}}"
)
_ALL_READ = f"{_OPENED} AND NOT EXISTS (SELECT 1 FROM folder_mark)"
_ALL_SHOWN = f"{_OPENED} AND (SELECT count(*) = 2 FROM mirror_place WHERE state = 'open')"
IMAP_SCENES = (
    Scene("imap-seen", _nothing, _ALL_READ, source="after: seen", fetched=_FETCHED),
    Scene("imap-move", _nothing, _ALL_READ, source="after: 'move:Done'", fetched=_FETCHED),
    Scene(
        "imap-copy", _nothing, _ALL_READ, source="after: 'move:Done'", fetched=_FETCHED,
        hides=b" MOVE",
    ),
    Scene("imap-mirror", _nothing, _ALL_SHOWN, source="mirror: folders", fetched=_FETCHED),
)  # fmt: skip


def source_of(scene: Scene, imap_port: int) -> str:
    """Return the mailbox's source as YAML."""
    if not scene.fetched:
        return f"{{{scene.source}}}"
    return "{" + _SOURCE.format(port=imap_port, user=USER, how=scene.source) + "}"


def build(scene: Scene, folder: Path, port: int, sink_port: int, imap_port: int) -> list[Letter]:
    """Make the shop's folder and what it holds before; returns what will be handed in."""
    send = scene.send or f"{{smtp: {{host: {HOST}, port: {sink_port}, tls: none}}}}"
    source = source_of(scene, imap_port)
    ports = {"port": port, "send": send, "sources": source}
    own = {"mailbox": scene.mailbox, "agent": scene.agent, "more": scene.more}
    config = CONFIG.format(**ports, **own)
    desk = desk_kit.make(folder, config=config, rules=RULES + scene.rules, canned=CANNED)
    letters = scene.prepare(desk)
    upgrade(desk.database)
    desk.database.close()
    if not scene.schema:
        (folder / "var" / "inboxd.db").unlink()
    return letters


def hand_in(port: int, mail: Letter) -> bool:
    """Try once; returns whether it was acknowledged."""
    with suppress(OSError, smtplib.SMTPException):
        with smtplib.SMTP(HOST, port, "client.example", timeout=10) as client:
            client.ehlo()
            client.mail(mail.sender)
            for each in mail.recipients:
                client.rcpt(each)
            code, _ = client.data(mail.raw)
            client.close()
            return code == 250
    return False


def ask(database: Path, query: str) -> bool:
    """Ask a database a question; False where it cannot be asked now."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database)) as db:
        try:
            return bool(db.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # the schema is being made
            return False


def fresh(template: Path, folder: Path) -> None:
    """Make `folder` what `template` is, all of it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)


def own(folder: Path, user: int) -> None:
    """Give a folder and all in it to a user."""
    for root, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(Path(root) / name, user, user)
