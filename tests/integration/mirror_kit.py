"""A shop whose mail lies on a real Dovecot, with a mirrored folder and a source that reads it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dovecot_server import PASSWORD, Dovecot
from imap_memory import running
from loopback import HOST, eventually

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from desk_kit import CONFIG, Desk, letter, make

from inboxd.conversations.states import ConversationState
from inboxd.daemon import imap_options
from inboxd.desk import actions
from inboxd.desk.unit import Unit
from inboxd.ingest.imap import ImapOptions, ImapSource
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.store import conversations

FOLDERS = ("INBOX", "Open", "Pending", "Snoozed", "Closed", "Junk")


@dataclass
class Mirrored:
    """The shop, the options of its source, and the store behind it."""

    desk: Desk
    dovecot: Dovecot
    user: str
    options: ImapOptions
    store: JournalImapStore

    @contextmanager
    def reading(self, **changes: Any) -> Iterator[ImapSource]:
        """Run the source, with other options where they are named."""
        with running(dataclasses.replace(self.options, **changes), self.store) as source:
            yield source

    def letter(self, text: str, **mail: Any) -> bytes:
        """Put a customer's mail into the source's folder; returns its bytes."""
        raw = letter(text=f"{text}\n", date=self.desk.clock.now(), **mail)
        raw = raw.replace(b"\n", b"\r\n")
        self.dovecot.append(self.user, [raw])
        return raw

    def arrive(self, count: int) -> None:
        """Wait until so many mails have become part of conversations."""

        def filed() -> bool:
            self.desk.work()
            return len(self.rows("SELECT id FROM journal WHERE state = 'applied'")) >= count

        eventually(filed, 10, f"{count} mails filed")

    def rows(self, query: str) -> list[Any]:
        with self.desk.database.read() as connection:
            return list(connection.execute(sa.text(query)))

    def set_state(self, state: str, number: int = 1) -> None:
        """Bring a conversation into a state, as a tag does."""
        with self.desk.database.write() as connection:
            record = conversations.get(connection, number)
            assert record is not None
            unit = Unit(
                connection,
                self.desk.shop,
                record,
                now=self.desk.clock.now(),
                cause=f"test:{self.desk.clock.now()}",
                actor="anna",
            )
            actions.set_state(unit, ConversationState(state), "test")
            unit.finish()
        self.desk.clock.advance(timedelta(seconds=1))

    def where(self) -> dict[str, int]:
        """Return how many mails are in each folder that has any."""
        found = {}
        with self.dovecot.client(self.user) as client:
            for folder in FOLDERS:
                if client.folder_exists(folder):
                    found[folder] = int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])
        return {folder: count for folder, count in found.items() if count}

    def keywords(self) -> list[tuple[str, ...]]:
        """Return the keywords of the INBOX's mails."""
        return [
            tuple(flag.decode() for flag in flags if flag.startswith(b"$"))
            for flags in self.dovecot.flags(self.user)
        ]

    def move(self, source: str, target: str, nth: int = 0) -> None:
        """Move the nth mail of a folder by hand, as a mail client does."""
        with self.dovecot.client(self.user) as client:
            if not client.folder_exists(target):
                client.create_folder(target)
            client.select_folder(source)
            client.move([client.search("ALL")[nth]], target)

    def flag(self, add: str = "", remove: str = "", nth: int = 0) -> None:
        """Change keywords of the INBOX's nth mail by hand."""
        with self.dovecot.client(self.user) as client:
            client.select_folder("INBOX")
            uid = client.search("ALL")[nth]
            if add:
                client.add_flags([uid], [add])
            if remove:
                client.remove_flags([uid], [remove])

    def settles(self, **folders: int) -> None:
        """Wait until the mails lie like this, and no other way."""
        eventually(lambda: self.where() == folders, 10, f"{folders}, not {self.where()}")

    def becomes(self, state: str, number: int = 1) -> None:
        """Wait until a conversation is in a state."""
        eventually(lambda: self.desk.state(number) == state, 10, f"#{number} is {state}")

    def changes(self, number: int = 1) -> list[str]:
        """Return the history of the conversation's states."""
        return [e for e in self.desk.events(number) if e.startswith(("state.", "mirror."))]


@contextmanager
def mirrored(
    folder: Path, dovecot: Dovecot, user: str, mirror: str, port: int | None = None
) -> Iterator[Mirrored]:
    """A shop with the setting `mirror`, as YAML."""
    source = (
        f"imap: {{host: {HOST}, port: {port or dovecot.imap_port}, tls: none, user: {user}, "
        f"password: {PASSWORD}, after: keep, poll: 1 s, timeout: 5 s, mirror: {mirror}}}"
    )
    config = CONFIG.replace("listen:\n  smtp: {port: 0}\n", f"    sources:\n      - {source}\n")
    assert config != CONFIG
    desk = make(folder, config=config)
    settings = desk.shop.config.mailboxes[0].sources[0].imap
    assert settings is not None
    store = JournalImapStore(
        desk.database,
        lambda: desk.shop,
        "support",
        desk.clock,
        timedelta(days=36_500),  # the desk's clock stands in another year than the server's
        lambda: None,
    )
    yield Mirrored(desk, dovecot, user, imap_options(settings), store)
    desk.database.close()
