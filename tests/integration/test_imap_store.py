"""R6: an IMAP folder's mails, its cursor and its marks move in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from desk_kit import START, Desk, letter, make

from inboxd.errors import Transient
from inboxd.ingest.imap import Cursor, FetchedMail
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.store import folders, journal

KEY = "imap:support@imap.example:993/INBOX"
BACKLOG = timedelta(days=7)


@dataclass
class Kit:
    desk: Desk
    store: JournalImapStore
    woken: list[int]

    def append(
        self, *mails: FetchedMail, cursor: Cursor, first: bool = False, mark: bool = True
    ) -> None:
        self.store.append(KEY, mails, cursor, first, mark)

    def rows(self) -> list[Any]:
        with self.desk.database.read() as connection:
            return list(connection.execute(sa.text("SELECT * FROM journal ORDER BY id")))


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    desk = make(tmp_path)
    woken: list[int] = []
    store = JournalImapStore(
        desk.database, lambda: desk.shop, "support", desk.clock, BACKLOG, lambda: woken.append(1)
    )
    yield Kit(desk, store, woken)
    desk.database.close()


def mail(uid: int, at: datetime = START, oversize: int | None = None) -> FetchedMail:
    return FetchedMail(uid, letter(text=f"mail {uid}\n", message_id=f"{uid}@c"), at, oversize)


def test_R6_mails_cursor_and_marks_are_written_together(kit: Kit) -> None:
    assert kit.store.cursor(KEY) is None
    kit.append(mail(1), mail(2), cursor=Cursor(7, 2), first=True)
    assert kit.store.cursor(KEY) == Cursor(7, 2)
    assert kit.store.pending_marks(KEY, 7) == [1, 2]
    assert [(row.mailbox, row.source, row.state) for row in kit.rows()] == [
        ("support", KEY, "received")
    ] * 2
    assert [row.envelope_from for row in kit.rows()] == [None, None]
    assert kit.woken == [1]


@pytest.mark.parametrize("broken", ["append", "move_on", "add_marks"])
def test_R6_whatever_fails_nothing_has_moved(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    kit.append(mail(1), cursor=Cursor(7, 1))
    module: Any = journal if broken == "append" else folders

    def fail(*_: object) -> None:
        raise Transient("disk full")

    with monkeypatch.context() as context:
        context.setattr(module, broken, fail)
        with pytest.raises(Transient):
            kit.append(mail(2), cursor=Cursor(7, 2))
    assert kit.store.cursor(KEY) == Cursor(7, 1)
    assert len(kit.rows()) == 1
    assert kit.store.pending_marks(KEY, 7) == [1]
    assert kit.woken == [1]
    kit.append(mail(2), cursor=Cursor(7, 2))
    assert len(kit.rows()) == 2


def test_an_empty_folder_has_a_place_too(kit: Kit) -> None:
    kit.append(cursor=Cursor(7, 0), first=True)
    assert kit.store.cursor(KEY) == Cursor(7, 0)
    assert kit.woken == []


def test_marks_that_are_done_are_forgotten_and_those_of_another_validity_are_void(kit: Kit) -> None:
    kit.append(mail(1), mail(2), mail(3), cursor=Cursor(7, 3))
    kit.append(mail(3), cursor=Cursor(7, 3))  # again: no second mark
    kit.store.marked(KEY, 7, [1, 3])
    assert kit.store.pending_marks(KEY, 7) == [2]
    assert kit.store.pending_marks(KEY, 8) == []
    kit.append(mail(1), cursor=Cursor(8, 1))
    kit.store.marked(KEY, 8, [])
    assert kit.store.pending_marks(KEY, 7) == []
    assert kit.store.pending_marks(KEY, 8) == [1]


def test_more_marks_than_one_statement_takes(kit: Kit) -> None:
    with kit.desk.database.write() as connection:
        folders.add_marks(connection, KEY, 7, range(1, 1202))
    kit.store.marked(KEY, 7, range(1, 1201))
    assert kit.store.pending_marks(KEY, 7) == [1201]


def test_without_mark_nothing_is_to_be_marked(kit: Kit) -> None:
    kit.append(mail(1), cursor=Cursor(7, 1), mark=False)
    assert kit.store.pending_marks(KEY, 7) == []


def test_only_mail_older_than_the_backlog_at_the_first_visit_is_history(kit: Kit) -> None:
    old, young = START - BACKLOG - timedelta(hours=1), START - BACKLOG + timedelta(hours=1)
    kit.append(mail(1, old), mail(2, young), cursor=Cursor(7, 2), first=True)
    kit.desk.clock.advance(timedelta(days=30))
    # Read a month later: it waited for us, and so it is answered, whatever its age is now.
    kit.append(mail(3, young), mail(4, START), mail(5, old), cursor=Cursor(7, 5))
    assert [bool(row.history) for row in kit.rows()] == [True, False, False, False, True]


def test_a_new_validity_does_not_begin_anew(kit: Kit) -> None:
    kit.append(mail(1), cursor=Cursor(7, 1), first=True)
    kit.desk.clock.advance(timedelta(days=60))
    kit.append(mail(1, START + timedelta(days=2)), cursor=Cursor(9, 1), first=True)
    assert [bool(row.history) for row in kit.rows()] == [False, False]


def test_a_mail_from_the_future_came_now(kit: Kit) -> None:
    kit.append(mail(1, START + timedelta(days=300)), cursor=Cursor(7, 1))
    with kit.desk.database.read() as connection:
        (entry,) = journal.due(connection, START, 10)
    assert entry.received_at == START


def test_an_oversize_mail_is_noted_with_its_size(kit: Kit) -> None:
    kit.append(mail(1, oversize=80_000_000), cursor=Cursor(7, 1))
    assert kit.rows()[0].oversize == 80_000_000


def test_R7_the_same_mails_under_a_new_validity_are_duplicates(kit: Kit) -> None:
    kit.append(mail(1), mail(2), cursor=Cursor(7, 2))
    kit.append(mail(1), mail(2), mail(3), cursor=Cursor(8, 3))
    kit.desk.work()
    assert [row.state for row in kit.rows()] == [
        "applied", "applied", "duplicate", "duplicate", "applied",
    ]  # fmt: skip


def test_the_admin_hears_after_half_an_hour_and_not_again_at_once(kit: Kit) -> None:
    def told() -> int:
        return len(kit.desk.fresh("alert"))

    kit.store.report(KEY, "The server refuses the login.")
    assert told() == 0
    kit.desk.clock.advance(timedelta(minutes=29))
    kit.store.report(KEY, "The server refuses the login.")
    assert told() == 0
    kit.desk.clock.advance(timedelta(minutes=2))
    kit.store.report(KEY, "The server cannot be reached.")
    (alert,) = kit.desk.fresh("alert")
    assert "cannot be reached" in alert.mail.text
    assert "2030-05-06 08:00 UTC" in alert.mail.text
    kit.desk.clock.advance(timedelta(minutes=2))
    kit.store.report(KEY, "The server cannot be reached.")
    assert told() == 0
    kit.desk.clock.advance(timedelta(hours=12))
    kit.store.report(KEY, "The server cannot be reached.")
    assert told() == 1


def test_health_ends_a_trouble(kit: Kit) -> None:
    kit.store.report(KEY, "ill")
    kit.store.report(KEY, None)
    kit.desk.clock.advance(timedelta(hours=1))
    kit.store.report(KEY, "ill again")
    assert kit.desk.fresh("alert") == []
    with kit.desk.database.read() as connection:
        assert folders.problem_since(connection, KEY) == START + timedelta(hours=1)
        (row,) = folders.listing(connection)
    assert (row.problem, row.seen_at) == ("ill again", START)


def test_two_folders_do_not_share_a_place(kit: Kit) -> None:
    kit.append(mail(1), cursor=Cursor(7, 1))
    kit.store.append("imap:other", [mail(9)], Cursor(5, 9), True, True)
    assert kit.store.cursor(KEY) == Cursor(7, 1)
    assert kit.store.cursor("imap:other") == Cursor(5, 9)
    kit.store.marked("imap:other", 5, [9])
    assert kit.store.pending_marks(KEY, 7) == [1]
