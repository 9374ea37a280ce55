"""The demo's plot: what everybody writes, and what must have reached whom."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from inboxd.clock import OffsetClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.demo.files import write_shop
from inboxd.demo.players import Delivered, Player, PostOffice
from inboxd.mail.model import ParsedMail
from inboxd.mail.outgoing import MARKER
from inboxd.store import conversations, messages

SHOP = "support@shop.example"


class Stage(Protocol):
    """Where the demo is shown."""

    def scene(self, title: str) -> None:
        """Announce what happens next."""
        ...

    def sent(self, who: str, mail: ParsedMail, words: str) -> None:
        """Show what somebody writes; `words` without the quoted mail."""
        ...

    def received(self, who: str, mail: ParsedMail) -> None:
        """Show a mail as its receiver sees it."""
        ...


@dataclass
class Outcome:
    """What the demo found: each claim with whether it held, and the conversation's history."""

    claims: list[tuple[str, bool]] = field(default_factory=list)
    history: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything happened as it should."""
        return bool(self.claims) and all(held for _, held in self.claims)

    def claim(self, text: str, held: bool) -> bool:
        """Note whether `text` is true."""
        self.claims.append((text, bool(held)))
        return bool(held)


class _MissingMailError(Exception):
    """Somebody waits in vain."""


class Story:
    """The plot, told once on a `Stage`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.outcome = Outcome()
        self.clock = OffsetClock()

    def play(self) -> Outcome:
        """Play it through a real daemon in a temporary folder, which is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="inboxd-demo-") as folder, _office() as office:
            daemon = Daemon(load_config(write_shop(Path(folder), office.port), {}), self.clock)
            daemon.start()
            try:
                self._cast(office, daemon.listeners[0].port)
                self._tell(daemon)
            except _MissingMailError:
                pass  # the claim that it came has been noted as false
            finally:
                self._read_history(daemon)
                stopped = daemon.stop()
            self.outcome.claim("the daemon stopped cleanly", stopped)
        return self.outcome

    def _cast(self, office: PostOffice, port: int) -> None:
        self.office = office
        self.jane = Player("Jane Doe", "jane@customer.example", office, port, self.clock)
        self.anna = Player("Anna", "anna@shop.example", office, port, self.clock)
        self.ben = Player("Ben", "ben@shop.example", office, port, self.clock)

    def _tell(self, daemon: Daemon) -> None:
        notified = self._question()
        answer = self._answer(notified)
        self._thanks(answer)
        self._follow_up(daemon)
        self._ending(daemon)

    def _question(self) -> ParsedMail:
        words = "Hello,\n\nmy parcel with the green tea has not come yet. Where is it?\n\nJane"
        self.stage.scene("Jane writes to the shop.")
        question = self.jane.write(SHOP, "Where is my parcel?", words)
        self.stage.sent("Jane", question, words)
        receipt = self._expect(self.jane, "Jane gets an acknowledgement")
        claim = self.outcome.claim
        claim(
            "it is marked as automatic (RFC 3834)",
            receipt.mail.headers.get("Auto-Submitted") == "auto-replied",
        )
        claim("it threads with her question", question.message_id in receipt.mail.references)
        self.stage.scene("Both agents hear of it, in their own mail clients.")
        notified = self._expect(self.anna, "Anna gets a notification")
        claim("with Jane's words in it", "green tea" in notified.mail.text)
        claim("tagged and urgent by a rule", "delivery" in notified.mail.text)
        self._expect(self.ben, "Ben gets one, too", show=False)
        return notified.mail

    def _answer(self, notified: ParsedMail) -> ParsedMail:
        words = "Hello Jane,\n\nit was held up in Bremen and arrives tomorrow.\n\n#tag carrier"
        self.stage.scene("Anna answers with her mail client, and tags the conversation.")
        self.stage.sent("Anna", self.anna.answer(notified, words), words)
        answer = self._expect(self.jane, "Jane gets Anna's answer")
        claim = self.outcome.claim
        claim("from the shop's address", answer.mail.from_[0].address == SHOP)
        claim("with the shop's signature", "5 Harbour Street" in answer.mail.text)
        internal = (MARKER, "#tag", "carrier", "cheat", "delivery ·", "anna@shop.example")
        leaked = [word for word in internal if word in answer.raw.decode("utf-8", "replace")]
        claim("and not one line of the notification", not leaked)
        copy = self._expect(self.ben, "Ben sees what was answered")
        claim("so that nobody answers twice", "held up in Bremen" in copy.mail.text)
        receipt = self._expect(self.anna, "Anna's tags are confirmed")
        claim("in her own thread", "carrier" in receipt.mail.text)
        return answer.mail

    def _thanks(self, answer: ParsedMail) -> None:
        self.stage.scene("Jane says thank you, and Ben answers.")
        thanks = self.jane.answer(answer, "Thanks, that was quick!")
        self.stage.sent("Jane", thanks, "Thanks, that was quick!")
        told = self._expect(self.ben, "Ben hears of it", show=False)
        self._expect(self.anna, "so does Anna", show=False)
        claim = self.outcome.claim
        claim("in the same conversation", "#1" in told.mail.subject)
        words = "You are welcome. Tell us how you like the tea!"
        self.stage.sent("Ben", self.ben.answer(told.mail, words), words)
        self._expect(self.jane, "Jane gets Ben's answer", show=False)
        self._expect(self.anna, "and Anna a copy", show=False)

    def _follow_up(self, daemon: Daemon) -> None:
        self.stage.scene("Six days later Jane has not answered: a timer fires.")
        self.clock.advance(timedelta(days=6))
        daemon.tick()
        nudge = self._expect(self.jane, "Jane is asked whether all is well")
        self.outcome.claim(
            "in her own thread", any("customer.example" in each for each in nudge.mail.references)
        )

    def _ending(self, daemon: Daemon) -> None:
        claim = self.outcome.claim
        with daemon.database.read() as connection:
            found = conversations.get(connection, 1)
            others = conversations.get(connection, 2)
        claim("all of it is one conversation", found is not None and others is None)
        tags = found.tags if found else ()
        claim("with every tag", set(tags) == {"carrier", "delivery", "nudged"})
        claim("and it waits for Jane", found is not None and found.state == "pending")
        counts = [self.office.count(who.address) for who in (self.jane, self.anna, self.ben)]
        claim("nobody got a mail too many", counts == [4, 4, 3])

    def _read_history(self, daemon: Daemon) -> None:
        with daemon.database.read() as connection:
            events = messages.events(connection, 1)
        self.outcome.history = [
            (f"{event.at:%d %b %H:%M:%S}", event.actor, f"{event.kind}: {event.text}")
            for event in events
        ]

    def _expect(self, who: Player, claim: str, *, show: bool = True) -> Delivered:
        found = who.receive()
        if not self.outcome.claim(claim, found is not None) or found is None:
            raise _MissingMailError(claim)
        if show:
            self.stage.received(who.name.split()[0], found.mail)
        return found


@contextmanager
def _office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.start()
    try:
        yield office
    finally:
        office.stop()
