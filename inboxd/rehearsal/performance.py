"""One case under way: who wrote what, which conversation it is about, and what was looked at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC
from email.utils import parseaddr
from itertools import count
from typing import Any

import sqlalchemy as sa

from inboxd.calendars import Calendar
from inboxd.conversations.states import JournalState
from inboxd.desk.commands import Shell, shell
from inboxd.desk.dossier import conversation_of
from inboxd.errors import Permanent
from inboxd.mail.drafts import assemble, decode_draft
from inboxd.mail.mime import parse
from inboxd.mail.parts import read_part
from inboxd.rehearsal.cases import SENDER, Answer, Deed, Letter, Note, Step
from inboxd.rehearsal.files import Script
from inboxd.rehearsal.judge import Scene, SentMail
from inboxd.rehearsal.letters import Earlier, report, written
from inboxd.rehearsal.stage import Stage
from inboxd.store import journal, messages, outbox
from inboxd.store.tables import Message, table_of

_MESSAGE = table_of(Message)
_MANY = 1_000_000
_DONE = {
    each.value for each in (JournalState.APPLIED, JournalState.DUPLICATE, JournalState.DROPPED)
}


class Performance:
    """A case on its stage. `act` does a step; `look` says how things are and what happened."""

    def __init__(self, stage: Stage, script: Script) -> None:
        self._stage = stage
        self._script = script
        config = stage.shop.config
        self._mailbox = (script.case.mailbox and config.mailbox(script.case.mailbox)) or (
            config.mailboxes[0]
        )
        self._numbers = count(1)
        self._conversation: int | None = None
        self._seen = {"event": 0, "message": 0, "outbox": 0}
        self._traces_seen = 0

    def act(self, step: Step) -> None:
        """Do what `step` says; raises `Permanent` where that cannot be done."""
        if step.mail is not None:
            self._mail(step.mail)
        elif step.answer is not None:
            self._shell(step.answer).reply(self._number(), step.answer.text)
        elif step.note is not None:
            self._shell(step.note).note(self._number(), step.note.text)
        elif step.do is not None:
            self._do(step.do)
        elif step.bounce is not None:
            self._bounce(step.bounce)
        elif step.wait is not None:
            self._stage.pass_until(step.wait.after(self._stage.clock.now(), self._calendar()))
        elif step.until is not None:
            zone = self._stage.shop.config.zone(self._mailbox)
            moment = step.until.replace(tzinfo=zone).astimezone(UTC)
            if moment < self._stage.clock.now():
                raise Permanent("the time does not run backwards")
            self._stage.pass_until(moment)

    def members(self, name: str) -> Collection[str]:
        """Return the agents behind an agent's or a team's name."""
        return [agent.name for agent in self._stage.shop.config.agents_named([name])]

    def look(self) -> Scene:
        """Return how the conversation stands, and what happened since this was called last."""
        if self._conversation is None:
            return Scene()
        with self._stage.database.read() as connection:
            record = conversation_of(connection, self._conversation)
            events = self._new("event", messages.events(connection, record.number))
            sent = self._new("message", messages.of(connection, record.number))
            traces = messages.traces(connection, record.number)[self._traces_seen :]
            mails = self._new("outbox", outbox.listing(connection, None, _MANY))
            to = outbox.recipients(connection, [row.id for row in mails])
        self._traces_seen += len(traces)
        names = [_first(e.text, " to ") for e in events if e.kind == "auto_reply.sent"]
        automatic = [m for m in sent if m.kind == "auto-reply" and m.direction == "outbound"]
        return Scene(
            state=record.state,
            tags=frozenset(record.tags),
            assignee=record.assignee,
            team=record.team,
            priority=record.priority,
            fields=tuple(record.fields.items()),
            replies=tuple(
                SentMail(name, each.subject, each.text)
                for name, each in zip(names, automatic, strict=False)
            ),
            withheld=tuple(e.text for e in events if e.kind == "auto_reply.withheld"),
            notified=frozenset(e.text for e in events if e.kind == "notified"),
            forwarded=tuple(
                each.address for row in mails if row.kind == "forward" for each in to[row.id]
            ),
            matched=_matched(traces),
        )

    def _new(self, what: str, rows: Any) -> list[Any]:
        """Return those of `rows` that are new, oldest first, and remember them."""
        found = sorted((row for row in rows if _id(row) > self._seen[what]), key=_id)
        if found:
            self._seen[what] = _id(found[-1])
        return found

    def _number(self) -> int:
        if self._conversation is None:
            raise Permanent("there is no conversation yet: the mails so far opened none")
        return self._conversation

    def _calendar(self) -> Calendar:
        """Return what counts business time: what the conversation's own timers go by."""
        team = None
        if self._conversation is not None:
            with self._stage.database.read() as connection:
                team = conversation_of(connection, self._conversation).team
        return self._stage.shop.calendars.of_mailbox(self._mailbox, team)

    def _shell(self, who: Answer | Note | Deed) -> Shell:
        stage = self._stage
        return shell(stage.database, stage.shop, stage.clock, who.as_)

    def _do(self, deed: Deed) -> None:
        for words in deed.tags:
            name, _, rest = words.strip().lstrip("#").partition(" ")
            self._shell(deed).tag(self._number(), name, rest)

    def _mail(self, letter: Letter) -> None:
        shop = self._mailbox.address
        if letter.file is not None:
            raw = (self._script.folder / letter.file).read_bytes()
            sender = letter.envelope_from
            to = (shop,)
        else:
            author = parseaddr(letter.from_ or SENDER)[1]
            earlier = None if letter.new else self._earlier(author)
            raw = written(letter, shop, next(self._numbers), self._stage.clock.now(), earlier)
            sender = author if letter.envelope_from is None else letter.envelope_from
            to = (earlier.reply_to if earlier is not None and not letter.to else shop,)
        self._take(raw, sender, to)

    def _bounce(self, action: str) -> None:
        with self._stage.database.read() as connection:
            address = conversation_of(connection, self._number()).contact_address
        earlier = self._earlier(address, ours=True)
        if earlier is None:
            raise Permanent(f"nothing was sent to {address} that could come back")
        shop = self._mailbox.address
        raw = report(address, earlier, action, shop, next(self._numbers))
        self._take(raw, "", (earlier.reply_to,))

    def _take(self, raw: bytes, sender: str | None, to: tuple[str, ...]) -> None:
        entry = self._stage.take(raw, self._mailbox.name, sender, to)
        with self._stage.database.read() as connection:
            state = journal.states(connection, [entry])[entry]
            number = connection.execute(
                sa.select(_MESSAGE.c.conversation).where(_MESSAGE.c.journal_id == entry)
            ).scalar()
        if state not in _DONE:
            raise Permanent("this mail could not be worked on: inboxd would put it aside")
        if number is not None:
            self._conversation = number

    def _earlier(self, author: str, *, ours: bool = False) -> Earlier | None:
        """Return the mail that the author answers: our last one to them, else their own last."""
        if self._conversation is None:
            return None
        with self._stage.database.read() as connection:
            number = conversation_of(connection, self._conversation).number
            rows = sorted(outbox.listing(connection, None, _MANY), key=_id, reverse=True)
            to = outbox.recipients(connection, [row.id for row in rows])
            for row in rows:
                addresses = [each.address.casefold() for each in to[row.id]]
                if row.conversation == number and author.casefold() in addresses:
                    return _as_earlier(connection, row.id)
            own = [
                each
                for each in messages.of(connection, number)
                if each.author.key == author.casefold() and each.message_id
            ]
        if ours or not own:
            return None
        last = own[-1]
        return Earlier(self._mailbox.address, last.message_id or "", (), last.subject)


def _as_earlier(connection: sa.Connection, outbox_id: int) -> Earlier:
    queued = outbox.get(connection, outbox_id)
    assert queued is not None

    def part(entry: int, index: int) -> bytes:
        return read_part(journal.raw(connection, entry) or b"", index)

    mail = parse(assemble(decode_draft(queued.draft, queued.texts), part))
    answers = (mail.reply_to or mail.from_)[0].address
    return Earlier(answers, mail.message_id or "", tuple(mail.references), mail.subject)


def _matched(traces: list[Any]) -> tuple[str, ...]:
    steps = [step for trace in traces for step in trace["steps"] if "rules" in step]
    names = [each["rule"] for step in steps for each in step["rules"]["matched"]]
    return tuple(dict.fromkeys(names))


def _first(text: str, until: str) -> str:
    return text.partition(until)[0]


def _id(row: Any) -> int:
    return int(row.id)
