"""Where mirrored mails lie stands in the database, and moved ones change conversations, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from desk_kit import CONFIG, START, Desk, letter, make

from inboxd.desk import mirroring
from inboxd.errors import Transient
from inboxd.ingest.imap_cursor import Cursor, FetchedMail
from inboxd.ingest.imap_mirror_store import JournalMirrorStore
from inboxd.ingest.imap_mirror_types import Found
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.store import mirror
from inboxd.store.mirror import Place

KEY = "imap:u@imap.example:993/INBOX"
SOURCE = "    sources:\n      - imap: {host: imap.example, user: u, password: p, mirror: folders}\n"
RULES = """\
- name: Tell ben
  when: closed
  then:
    - notify: ben
"""


@dataclass
class Kit:
    desk: Desk
    store: JournalImapStore
    states: JournalMirrorStore
    woken: list[int]

    def take(self, uid: int, raw: bytes, validity: int = 7) -> None:
        """Let a mail come from the source's folder and be filed."""
        mail = FetchedMail(uid, raw, self.desk.clock.now(), None)
        self.store.append(KEY, [mail], Cursor(validity, uid), True, False)
        self.desk.work()

    def places(self) -> list[Any]:
        with self.desk.database.read() as connection:
            query = "SELECT * FROM mirror_place ORDER BY id"
            return list(connection.execute(sa.text(query)))

    def shown(self) -> list[Place]:
        """Let everything show its conversation's state, as after a look."""
        due = self.states.due(everything=True)
        self.states.put([Found(place.id, place.wanted) for place in due])
        assert self.states.due(everything=True) == []
        return due

    def moved(self, place: Place, state: str, uid: int = 1) -> Found:
        return Found(place.id, state, (state.capitalize(), 3, uid))


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    config = CONFIG.replace("listen:\n  smtp: {port: 0}\n", SOURCE)
    desk = make(tmp_path, config=config, rules=RULES)
    woken: list[int] = []
    store = JournalImapStore(
        desk.database,
        lambda: desk.shop,
        "support",
        desk.clock,
        timedelta(days=7),
        lambda: woken.append(1),
    )
    states = store.mirror(KEY)
    assert states is not None
    yield Kit(desk, store, states, woken)
    desk.database.close()


def test_a_source_without_the_setting_has_no_mirror(kit: Kit) -> None:
    assert kit.store.mirror("imap:u@imap.example:993/Other") is None


def test_R6_a_place_is_written_with_its_mail_or_not_at_all(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Transient("disk full")

    with monkeypatch.context() as context:
        context.setattr(mirror, "add", fail)
        with pytest.raises(Transient):
            kit.take(1, letter())
    assert kit.store.cursor(KEY) is None
    assert kit.desk.count() == 0
    kit.take(1, letter())
    assert [(row.folder, row.uid, row.state) for row in kit.places()] == [("INBOX", 1, "")]


def test_history_is_left_where_it_was_found(kit: Kit) -> None:
    old = FetchedMail(1, letter(), START - timedelta(days=30), None)
    kit.store.append(KEY, [old], Cursor(7, 1), True, False)
    assert kit.places() == []


def test_a_mail_is_due_until_it_shows_its_conversations_state(kit: Kit) -> None:
    kit.take(1, letter())
    assert kit.states.has_news()
    (place,) = kit.states.due(everything=False)
    assert (place.wanted, place.conversation, place.state) == ("open", 1, "")
    assert not kit.states.has_news()
    kit.states.announce([place.id], "open")
    kit.states.put([Found(place.id, "open", ("Open", 3, 1))])
    assert kit.states.due(everything=True) == []
    kit.states.announce([place.id], "closed")  # and then we were cut off
    (again,) = kit.states.due(everything=True)
    assert (again.state, again.moving, again.folder) == ("open", "closed", "Open")


def test_a_moved_mail_closes_with_all_that_closing_does(kit: Kit) -> None:
    kit.take(1, letter())
    (place,) = kit.shown()
    kit.desk.fresh()
    kit.states.observe([kit.moved(place, "closed")], ("Closed", 3, 1))
    assert kit.desk.state() == "closed"
    assert kit.desk.kinds() == ["notification ben@shop.example"]
    assert kit.states.progress("Closed") == (3, 1)
    assert kit.states.due(everything=True) == []
    assert [(row.folder, row.uidvalidity, row.state) for row in kit.places()] == [
        ("Closed", 3, "closed")
    ]
    assert len(kit.woken) == 2  # for the mail, and for what came of moving it


def test_the_newest_of_several_moved_mails_decides(kit: Kit) -> None:
    kit.take(1, letter(message_id="one@customer.example"))
    kit.take(2, letter(text="more\n", in_reply_to="one@customer.example"))
    old, new = kit.shown()
    kit.states.observe([kit.moved(new, "pending"), kit.moved(old, "spam")])
    assert kit.desk.state() == "pending"
    assert [place.id for place in kit.states.due(everything=True)] == [old.id]


def test_what_fails_goes_back_and_holds_nobody_up(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.take(1, letter())
    kit.take(2, letter("Jim <jim@customer.example>", "Another thing"))
    first, second = kit.shown()
    follow = mirroring.follow

    def fail_once(connection: sa.Connection, shop: Any, number: int, *rest: Any) -> None:
        follow(connection, shop, number, *rest)
        if number == 1:
            raise LookupError("a fault of ours")

    monkeypatch.setattr(mirroring, "follow", fail_once)
    kit.states.observe([kit.moved(first, "closed", 1), kit.moved(second, "closed", 2)])
    assert (kit.desk.state(1), kit.desk.state(2)) == ("open", "closed")
    (back,) = kit.states.due(everything=True)
    assert (back.id, back.state, back.wanted) == (first.id, "closed", "open")


def test_a_mail_of_no_conversation_yet_is_only_followed(kit: Kit) -> None:
    mail = FetchedMail(1, letter(), kit.desk.clock.now(), None)
    kit.store.append(KEY, [mail], Cursor(7, 1), True, False)
    assert kit.states.due(everything=True) == []
    (row,) = kit.places()
    (place,) = kit.states.of_size([row.size])
    kit.states.observe([kit.moved(place, "closed")])
    kit.desk.work()
    assert kit.desk.state() == "open"
    (due,) = kit.states.due(everything=True)
    assert (due.folder, due.wanted) == ("Closed", "open")


def test_under_a_new_uidvalidity_a_mail_is_the_one_it_was(kit: Kit) -> None:
    raw = letter()
    kit.take(1, raw)
    kit.shown()
    kit.take(5, raw, validity=8)
    assert [(row.uidvalidity, row.uid, row.state) for row in kit.places()] == [(8, 5, "")]
    assert kit.desk.entry(2).state == "duplicate"


def test_what_we_moved_into_the_sources_folder_is_not_new(kit: Kit) -> None:
    raw = letter()
    kit.take(1, raw)
    (place,) = kit.shown()
    kit.states.put([Found(place.id, "open", ("INBOX", 7, 2))])
    kit.take(2, raw)
    assert kit.store.cursor(KEY) == Cursor(7, 2)
    with kit.desk.database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM journal")).scalar() == 1


def test_a_uid_that_is_given_again_belongs_to_the_later_mail(kit: Kit) -> None:
    kit.take(1, letter())
    kit.take(2, letter("Jim <jim@customer.example>", "Another thing"))
    first, second = kit.shown()
    kit.states.put([kit.moved(first, "open"), kit.moved(second, "open")])
    assert [row.id for row in kit.places()] == [second.id]
    kit.states.forget([second.id])
    assert kit.places() == []


def test_a_conversation_of_a_mailbox_that_is_gone_is_left_alone(kit: Kit) -> None:
    kit.take(1, letter())
    (place,) = kit.shown()
    with kit.desk.database.write() as connection:
        connection.execute(sa.text("UPDATE conversation SET mailbox = 'gone'"))
    kit.states.observe([kit.moved(place, "closed")])
    kit.states.observe([kit.moved(place, "snoozed")])
    assert kit.desk.state() == "open"
