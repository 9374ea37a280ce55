"""R6, R7: what has been read is known by its UID, and where UIDs are void, by its content.

A real Dovecot, the source as the daemon runs it, and the database behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, letter, make
from imap_memory import options, running
from loopback import eventually
from servers import Dovecot

from inboxd.clock import SystemClock
from inboxd.ingest.imap import Cursor, ImapOptions
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.store import journal

pytestmark = pytest.mark.servers
USER = "validity@shop.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make(tmp_path, config=CONFIG.replace("notify: [support-team]", "notify: [anna]"))
    yield desk
    desk.database.close()


def store_of(desk: Desk) -> JournalImapStore:
    return JournalImapStore(
        desk.database, lambda: desk.shop, "support", SystemClock(), timedelta(days=7), lambda: None
    )


def settings_for(dovecot: Dovecot, user: str) -> ImapOptions:
    dovecot.add_users(user)
    return options(user, dovecot.imap_port, poll_interval=0.2)


def mail(name: str) -> bytes:
    raw = letter(subject=name, text=f"This is {name}.\n", message_id="")
    return raw.replace(b"\n", b"\r\n")


def test_R7_five_hundred_known_and_twenty_new_are_twenty_new(dovecot: Dovecot, desk: Desk) -> None:
    settings, store = settings_for(dovecot, USER), store_of(desk)
    dovecot.append(USER, [mail(f"known {number}") for number in range(500)])
    _read(desk, store, settings, 500)
    old = store.cursor(settings.key)
    assert (desk.count(), len(desk.fresh())) == (500, 500)
    validity = dovecot.reset_uidvalidity(USER)
    dovecot.append(USER, [mail(f"new {number}") for number in range(20)])
    _read(desk, store, settings, 520)
    assert old is not None
    assert store.cursor(settings.key) == Cursor(validity, 520) != old
    with desk.database.read() as connection:
        counts = journal.counts(connection)
    assert counts == {"applied": 520, "duplicate": 500}
    subjects = {desk.conversation(number).subject for number in range(501, 521)}
    assert (desk.count(), subjects) == (520, {f"new {number}" for number in range(20)})
    assert len(desk.fresh()) == 20, "nobody hears of the others again"
    print("500 known mails and 20 new ones under a new UIDVALIDITY: exactly 20 are new")


def _read(desk: Desk, store: JournalImapStore, settings: ImapOptions, last: int) -> None:
    """Let the source read up to the UID `last` of the folder as it is now, and file it all."""
    seen = store.cursor(settings.key)
    with running(settings, store):

        def is_done() -> bool:
            place = store.cursor(settings.key)
            return place is not None and place != seen and place.last_uid == last

        eventually(is_done, 60, f"{last} mails fetched")
    desk.work()


def test_R6_a_person_who_toggles_seen_a_hundred_times_changes_nothing(
    dovecot: Dovecot, desk: Desk
) -> None:
    """Also while the source marks what it has read, and for mail that is seen when it comes."""
    user = "toggles@shop.example"
    settings, store = settings_for(dovecot, user), store_of(desk)
    dovecot.append(user, [mail(f"mail {number}") for number in range(5)])
    with running(settings, store):
        eventually(lambda: store.cursor(settings.key) is not None)
        with dovecot.client(user) as human:
            human.select_folder("INBOX")
            for turn in range(100):
                change = human.remove_flags if turn % 2 else human.add_flags
                change([1 + turn % 5], [b"\\Seen"])
                if turn == 50:
                    dovecot.append(user, [mail("seen before we came")], flags=[b"\\Seen"])

        def is_done() -> bool:
            place = store.cursor(settings.key)
            return place is not None and place.last_uid == 6

        eventually(is_done)
    desk.work()
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 6}
    assert (desk.count(), len(desk.fresh())) == (6, 6)
