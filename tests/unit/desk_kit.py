"""What the tests of the desk share: a shop in a folder, mail to it, and what it sends.

Everything is real (configuration, rules, templates, database) but the time, which stands still
until it is moved, and the wire.
"""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from inboxd.clock import ManualClock
from inboxd.config import Config, load_config
from inboxd.conversations.tokens import Purpose
from inboxd.desk.queues import work_queues
from inboxd.desk.scheduling import run_due
from inboxd.desk.shop import Shop, known_names, load_key, load_shop
from inboxd.mail.drafts import assemble, decode_draft
from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail
from inboxd.mail.outgoing import KEPT_FILE
from inboxd.mail.parts import read_part
from inboxd.pipeline import process_due
from inboxd.rules.loader import load_rules
from inboxd.store import contacts, conversations, files, journal, messages, outbox, timers
from inboxd.store.conversations import ConversationRecord, PartyRecord
from inboxd.store.db import Database, create_private
from inboxd.store.messages import MessageRecord
from inboxd.store.migrations import upgrade
from inboxd.store.tables import Journal, table_of
from inboxd.store.timers import TimerRecord
from inboxd.templates.canned import load_canned
from inboxd.templates.render import Renderer
from inboxd.timers import fire_due

START = datetime(2030, 5, 6, 8, tzinfo=UTC)  # a Monday
SHOP = "support@shop.example"
JANE = "Jane Doe <jane@customer.example>"


CONFIG = """\
data_dir: var
secret_key: a secret for tests, of no other use
mailboxes:
  - name: support
    address: support@shop.example
    aliases: [help@shop.example]
    display_name: Tea Shop
    notify: [support-team]
    signature: |
      The Tea Shop, 5 Harbour Street
listen:
  smtp: {port: 0}
send: {maildir: sent}
agents:
  - name: anna
    address: anna@shop.example
    aliases: [a.private@home.example]
    teams: [support-team]
    role: admin
  - {name: ben, address: ben@shop.example, teams: [support-team]}
  - {name: carl, address: carl@shop.example, teams: [billing]}
"""

CANNED = {
    "received": "Hello{{ ' ' ~ contact.name if contact.name }},\n\nwe have your mail.\n",
    "still-there": "Are you still there?\n",
    "with-order": "About order {{ match.order }}.\n",
}

ACKNOWLEDGE = """\
- name: Acknowledge
  when: conversation.opened
  then:
    - reply: {canned: received}
"""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sent:
    """A mail in the outbox, as it would go over the wire and as its receiver reads it."""

    id: int
    kind: str
    envelope_from: str
    recipients: tuple[str, ...]
    effect_key: str
    not_before: datetime
    raw: bytes
    mail: ParsedMail

    @property
    def reply_to(self) -> str:
        return (self.mail.reply_to or self.mail.from_)[0].address


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    data: bytes
    headers: str = ""


def letter(
    sender: str = JANE,
    subject: str = "Where is my tea?",
    text: str = "Hello,\nwhere is my green tea?\n",
    *,
    to: str = SHOP,
    cc: str = "",
    message_id: str | None = None,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    headers: str = "",
    files: Sequence[File] = (),
    date: datetime = START,
) -> bytes:
    """Return a mail's bytes; ids stand without brackets, `headers` are whole further lines."""
    message_id = f"{next(_numbers)}@customer.example" if message_id is None else message_id
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}"]
    lines += [f"Cc: {cc}"] if cc else []
    lines += [f"Date: {date:%a, %d %b %Y %H:%M:%S +0000}"]
    lines += [f"Message-ID: <{message_id}>"] if message_id else []
    lines += [f"In-Reply-To: <{in_reply_to}>"] if in_reply_to else []
    lines += ["References: " + " ".join(f"<{each}>" for each in references)] if references else []
    head = "\n".join(lines) + "\n" + headers + "MIME-Version: 1.0\n"
    body = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"
    if not files:
        return (head + body).encode()
    parts = [body.encode(), *(_part(file) for file in files)]
    inside = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return head.encode() + b"Content-Type: multipart/mixed; boundary=b\n\n" + inside + b"--b--\n"


def _part(file: File) -> bytes:
    head = (
        f"Content-Type: {file.content_type}; name={file.name}\n"
        + (file.headers or f"Content-Disposition: attachment; filename={file.name}\n")
        + "Content-Transfer-Encoding: 8bit\n\n"
    )
    return head.encode() + file.data


def bounce(
    recipient: str, action: str = "failed", status: str = "5.1.1", original: str = ""
) -> bytes:
    """Return a delivery report (RFC 3464) on a mail to `recipient`."""
    returned = f"Message-ID: <{original}>\n" if original else ""
    return (
        f"From: MAILER-DAEMON@relay.example\nTo: {SHOP}\nSubject: Undelivered Mail\n"
        f"Message-ID: <{next(_numbers)}@relay.example>\nMIME-Version: 1.0\n"
        "Auto-Submitted: auto-replied\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}Subject: returned\n\n--b--\n"
    ).encode()


@dataclass
class Desk:
    """A shop with its database; see `make`."""

    shop: Shop
    database: Database
    clock: ManualClock
    folder: Path
    _seen: int = 0

    # -- mail comes in

    def journal(
        self,
        raw: bytes,
        *,
        to: Sequence[str] | None = None,
        envelope_from: str | None = None,
        mailbox: str = "support",
        history: bool = False,
        oversize: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """Journal a mail without working on it; returns its entry."""
        arrival = journal.Arrival(
            mailbox=mailbox,
            source="test",
            raw=raw,
            envelope_from=envelope_from,
            envelope_to=tuple(to or ()),
            received_at=at or self.clock.now(),
            history=history,
            oversize=oversize,
        )
        with self.database.write() as connection:
            return journal.append(connection, [(arrival, journal.pack(raw))])[0]

    def work(self) -> None:
        while process_due(self.database, self.shop, self.clock):
            pass

    def send(self, raw: bytes, **envelope: Any) -> int:
        """Journal a mail and work on all that is due; returns its entry."""
        entry = self.journal(raw, **envelope)
        self.work()
        return entry

    def customer(self, text: str = "Where is my green tea?\n", **mail: Any) -> str:
        """Let a customer write; returns the mail's id."""
        message_id = mail.pop("message_id", None) or f"{next(_numbers)}@customer.example"
        recipients = [mail.get("to", SHOP)]
        self.send(letter(text=text, message_id=message_id, **mail), to=recipients)
        return message_id

    def reply(
        self, sent: Sent, text: str, /, *, sender: str = JANE, quote: bool = True, **mail: Any
    ) -> None:
        """Let somebody answer one of our mails as a mail client does."""
        quoted = "".join(f"> {line}\n" for line in sent.mail.text.splitlines())
        mail.setdefault("to", sent.reply_to)
        mail.setdefault("in_reply_to", sent.mail.message_id)
        mail.setdefault("references", (*sent.mail.references, sent.mail.message_id))
        mail.setdefault("subject", f"Re: {sent.mail.subject.removeprefix('Re: ')}")
        who = sent.mail.from_[0]
        envelope = {key: mail.pop(key) for key in ("envelope_from",) if key in mail}
        intro = f"On Mon, 6 May 2030 at 10:00, {who.name} <{who.address}> wrote:"
        body = f"{text}\n\n{intro}\n{quoted}" if quote else text
        self.send(letter(sender, text=body, **mail), to=[mail["to"]], **envelope)

    def answer_as(self, agent: str, notification: Sent, words: str, /, **mail: Any) -> None:
        """Let an agent answer a mail of ours from the configured address."""
        known = self.shop.config.agent(agent)
        assert known is not None
        self.reply(notification, words, **{"sender": f"{known.shown} <{known.address}>", **mail})

    # -- mail goes out

    def outbox(self) -> list[Sent]:
        """Return every mail ever queued, oldest first."""
        with self.database.read() as connection:
            rows = sorted(outbox.listing(connection, None, 10_000), key=lambda row: row.id)
            recipients = outbox.recipients(connection, [row.id for row in rows])
            return [self._sent(connection, row, recipients[row.id]) for row in rows]

    def _sent(self, connection: sa.Connection, row: Any, recipients: Sequence[Any]) -> Sent:
        queued = outbox.get(connection, row.id)
        assert queued is not None

        def part(entry: int, index: int) -> bytes:
            if index == KEPT_FILE:
                kept = files.data(connection, entry)
                assert kept is not None
                return kept
            raw = journal.raw(connection, entry)
            assert raw is not None
            return read_part(raw, index)

        # Of a mail that has left nothing but its place is kept.
        raw = assemble(decode_draft(queued.draft, queued.texts), part) if queued.draft else b""
        return Sent(
            row.id,
            row.kind,
            row.envelope_from,
            tuple(each.address for each in recipients),
            row.effect_key,
            row.next_attempt_at,
            raw,
            parse(raw),
        )

    def fresh(self, kind: str | None = None) -> list[Sent]:
        """Return the mails queued since this was called last, of one kind where one is named."""
        new = [each for each in self.outbox() if each.id > self._seen]
        self._seen = max([self._seen, *(each.id for each in new)])
        return [each for each in new if kind is None or each.kind == kind]

    def to(self, address: str, kind: str | None = None) -> Sent:
        """Return the newest mail to `address`."""
        found = [
            each
            for each in self.outbox()
            if address in each.recipients and (kind is None or each.kind == kind)
        ]
        assert found, f"nothing went to {address}"
        return found[-1]

    def kinds(self) -> list[str]:
        """Return kind and receivers of the mails queued since `fresh` or this was called last."""
        return sorted(f"{each.kind} {','.join(each.recipients)}" for each in self.fresh())

    # -- what there is now

    def conversation(self, number: int = 1) -> ConversationRecord:
        with self.database.read() as connection:
            found = conversations.get(connection, number)
        assert found is not None, f"there is no conversation #{number}"
        return found

    def state(self, number: int = 1) -> str:
        return self.conversation(number).state

    def count(self) -> int:
        """Return how many conversations there are."""
        with self.database.read() as connection:
            return sum(conversations.counts(connection).values())

    def messages(self, number: int = 1) -> list[MessageRecord]:
        with self.database.read() as connection:
            return messages.of(connection, number)

    def texts(self, number: int = 1) -> list[str]:
        return [f"{each.direction}: {each.text.strip()}" for each in self.messages(number)]

    def parties(self, number: int = 1) -> dict[str, str]:
        """Return the roles of those who take part, by address."""
        with self.database.read() as connection:
            found: Sequence[PartyRecord] = conversations.parties(connection, [number])[number]
        return {each.address: each.role for each in found}

    def links(self, number: int = 1) -> list[int]:
        with self.database.read() as connection:
            return conversations.links(connection, number)

    def events(self, number: int = 1) -> list[str]:
        with self.database.read() as connection:
            return [f"{e.kind}: {e.text}" for e in messages.events(connection, number)]

    def has_event(self, kind: str, words: str = "", number: int = 1) -> bool:
        return any(e.startswith(f"{kind}:") and words in e for e in self.events(number))

    def timers(self, number: int = 1) -> list[TimerRecord]:
        """Return the timers that are armed."""
        with self.database.read() as connection:
            return timers.armed(connection, number)

    def entry(self, number: int) -> Any:
        """Return a journal entry's row."""
        table = table_of(Journal)
        with self.database.read() as connection:
            return connection.execute(sa.select(table).where(table.c.id == number)).one()

    def bounced(self, address: str) -> bool:
        with self.database.read() as connection:
            known = contacts.find(connection, address)
        return known is not None and known.bounced_at is not None

    # -- the time

    def later(self, **by: float) -> int:
        """Move the clock on and fire what is due; returns how many timers were looked at."""
        run_due(self.database, self.shop, self.clock)  # as the daemon does all the time
        self.clock.advance(timedelta(**by))
        looked = fired = self._fire()
        while fired:
            fired = self._fire()
            looked += fired
        self.work()
        return looked

    def _fire(self) -> int:
        fired = fire_due(self.database, self.shop, self.clock)
        fired += work_queues(self.database, self.shop, self.clock)
        return fired + run_due(self.database, self.shop, self.clock)

    # -- addresses

    def reply_address(
        self,
        purpose: Purpose = Purpose.CUSTOMER,
        number: int = 1,
        party: str = "mail:jane@customer.example",
        mailbox: str = "support",
        days: int | None = None,
    ) -> str:
        """Return a reply address of a mailbox; `days` is how long it is valid from now."""
        desk = self.shop.desks[mailbox]
        expires = None if days is None else (self.clock.now() + timedelta(days=days)).date()
        token = self.shop.key.token(purpose, mailbox, number, party, expires)
        return desk.pattern.format(desk.mailbox.address, token)

    def reopened(self) -> Desk:
        """Return the same shop as another process sees it after a restart."""
        self.database.close()
        return Desk(
            load_shop(self.shop.config),
            Database(self.shop.config.database_url),
            self.clock,
            self.folder,
            self._seen,
        )


def write_shop(
    folder: Path, config: str = CONFIG, rules: str = "", canned: dict[str, str] | None = None
) -> Path:
    """Write a shop's files; returns the path of its `inboxd.yaml`."""
    for name in ("rules", "canned", "templates"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "inboxd.yaml").write_text(textwrap.dedent(config), encoding="utf-8")
    (folder / "rules" / "10.yaml").write_text(textwrap.dedent(rules) or "[]\n", encoding="utf-8")
    for name, text in {**CANNED, **(canned or {})}.items():
        path = folder / "canned" / f"{name}.md"
        path.write_text(f"---\ntitle: {name}\n---\n{text}", encoding="utf-8")
    return folder / "inboxd.yaml"


def make(
    folder: Path,
    *,
    config: str = CONFIG,
    rules: str = "",
    canned: dict[str, str] | None = None,
    templates: dict[str, str] | None = None,
) -> Desk:
    """Make a shop with an empty database in `folder`."""
    path = write_shop(folder, config, rules, canned)
    for name, text in (templates or {}).items():
        (folder / "templates" / name).write_text(text, encoding="utf-8")
    loaded = load_config(path, {})
    shop = load_shop(loaded) if templates else _load_words(loaded)
    path = loaded.data_dir / "inboxd.db"
    create_private(path)
    path.write_bytes(_empty_database())
    return Desk(shop, Database(loaded.database_url), ManualClock(START), folder)


def _load_words(config: Config) -> Shop:
    """Load a shop as `load_shop` does, but check the shipped templates once a process only."""
    canned = load_canned(config.canned_folders, config.languages)
    rules = load_rules(config.rule_folders, known_names(config, canned.names))
    return Shop(config, load_key(config), rules, canned, _shipped())


@cache
def _shipped() -> Renderer:
    return Renderer(None)


@cache
def _empty_database() -> bytes:
    """Return a database with the migrated schema: made once a process, for it takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.close()
        with sqlite3.connect(path) as connection:  # all of it into the one file
            connection.execute("PRAGMA journal_mode=delete")
        connection.close()
        return path.read_bytes()
