"""`backup` and `restore`: whole, private, verified; and nothing is given away twice afterwards."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, JANE, SHOP, START, Desk, letter, make
from pydantic import SecretStr

from inboxd.backup import make_backup, unpack_backup
from inboxd.clock import ManualClock
from inboxd.conversations.tokens import Purpose
from inboxd.desk.shop import load_key
from inboxd.errors import Permanent
from inboxd.ingest.imap_cursor import Cursor, FetchedMail
from inboxd.ingest.imap_store import JournalImapStore
from inboxd.process_lock import ProcessLock
from inboxd.restore import Restored, restore
from inboxd.store import outbox
from inboxd.store.copying import copy_database
from inboxd.store.db import Database
from inboxd.store.migrations import HEAD, version

NUDGE = """\
- name: Nudge
  when: pending
  for: 2 days
  then:
    - reply: {canned: still-there}
"""
KIM = "Kim <kim@customer.example>"
SOURCE = "imap:support@imap.shop.example:993/INBOX"


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def back_up(desk: Desk, name: str = "backup.db", **options: bool) -> Path:
    make_backup(desk.shop.config, desk.clock, desk.folder / name, **options)
    return desk.folder / name


def put_back(desk: Desk, source: Path, *, force: bool = True, send: bool = False) -> Restored:
    """Restore with the shop closed meanwhile, as an admin does."""
    desk.database.close()
    config = desk.shop.config
    return restore(config, desk.clock, source, replace=force, send_waiting=send)


# -- the file


@pytest.mark.parametrize("name", ["backup.db", "backup.db.zst"])
def test_a_backup_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer()
    before = (desk.texts(), desk.events(), desk.parties())
    source = back_up(desk, name)
    assert source.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".*")] == [], "no half-written file stays"
    shutil.rmtree(desk.shop.config.data_dir)
    done = put_back(desk, source, force=False)
    assert (done.conversations, done.mails, done.made_at) == (1, 1, START)
    assert done.kept_aside is None
    assert (desk.texts(), desk.events(), desk.parties()) == before
    assert desk.database.integrity() is None


def test_a_compressed_backup_is_smaller(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    plain, packed = back_up(desk), back_up(desk, "backup.zst")
    assert packed.stat().st_size < plain.stat().st_size / 3


def test_a_backup_shows_one_moment_while_others_write(tmp_path: Path) -> None:
    """Every commit of others starts SQLite's copy afresh, unless it holds a snapshot."""
    desk = make(tmp_path)
    stop, rounds = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with desk.database.write() as connection:
                for _ in range(2):
                    connection.exec_driver_sql(
                        "INSERT INTO blob (sha256, size, codec, data) "
                        "VALUES (randomblob(32), 1, 1, zeroblob(20000))"
                    )
            rounds.append(1)

    steps: list[tuple[int, int]] = []
    thread = threading.Thread(target=write)
    for _ in range(400):
        with desk.database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO blob (sha256, size, codec, data) "
                "VALUES (randomblob(32), 1, 1, zeroblob(100000))"
            )
    thread.start()
    try:
        target = tmp_path / "copy.db"
        copy_database(desk.database.path, target, lambda done, total: steps.append((done, total)))
    finally:
        stop.set()
        thread.join(30)
    assert len({total for _, total in steps}) == 1, "the snapshot does not grow"
    assert [done for done, _ in steps] == sorted(done for done, _ in steps), "never started afresh"
    assert len(steps) > 3
    assert query(target, "SELECT count(*) % 2 FROM blob") == [(0,)]


def test_a_damaged_database_makes_no_backup_and_keeps_the_old_one(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    source = back_up(desk)
    before = source.read_bytes()
    desk.database.close()
    with closing(sqlite3.connect(desk.database.path)) as database:
        database.execute("PRAGMA foreign_keys=0")
        database.execute("UPDATE message SET conversation = 77")
        database.commit()
    with pytest.raises(Permanent, match="damaged"):
        back_up(desk, overwrite=True)
    assert source.read_bytes() == before


def test_there_is_nothing_to_back_up_before_the_first_start(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.database.close()
    desk.database.path.unlink()
    with pytest.raises(Permanent, match="no database"):
        back_up(desk)
    assert not desk.database.path.exists(), "none is made"


# -- refusals


def test_it_refuses_while_the_daemon_runs(tmp_path: Path) -> None:
    desk = make(tmp_path)
    source = back_up(desk)
    lock = ProcessLock(desk.shop.config.data_dir / "daemon.lock")
    lock.acquire()
    try:
        with pytest.raises(Permanent, match="another inboxd daemon"):
            put_back(desk, source)
    finally:
        lock.release()
    assert put_back(desk, source).conversations == 0


def test_it_refuses_to_replace_mail_unless_told_and_keeps_what_was_there(tmp_path: Path) -> None:
    desk = make(tmp_path)
    source = back_up(desk)
    desk.customer()
    with pytest.raises(Permanent, match="holds mail already"):
        put_back(desk, source, force=False)
    assert desk.count() == 1
    done = put_back(desk, source)
    assert done.kept_aside is not None
    assert query(done.kept_aside, "SELECT count(*) FROM message") == [(1,)], "with its WAL"
    assert done.kept_aside.stat().st_mode & 0o777 == 0o600
    assert query(desk.database.path, "SELECT count(*) FROM message") == [(0,)]


def test_a_damaged_database_is_replaced_and_kept_aside(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    source = back_up(desk)
    desk.database.close()
    desk.database.path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(Permanent, match="holds mail already"):
        put_back(desk, source, force=False)
    done = put_back(desk, source)
    assert desk.texts() == ["inbound: Where is my green tea?"]
    assert done.kept_aside is not None
    assert done.kept_aside.read_bytes().startswith(b"no database")


@pytest.mark.parametrize(
    "content", [b"", b"junk" * 100, b"SQLite format 3\0 cut", b"\x28\xb5\x2f\xfdcut"]
)
def test_what_is_no_backup_changes_nothing(tmp_path: Path, content: bytes) -> None:
    desk = make(tmp_path)
    desk.customer()
    source = tmp_path / "bad.db"
    source.write_bytes(content)
    with pytest.raises(Permanent, match=r"is no backup|is damaged"):
        put_back(desk, source)
    assert desk.count() == 1
    assert sorted(path.name for path in desk.shop.config.data_dir.glob(".*")) == []


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    desk = make(tmp_path)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE message (id INTEGER)")
    with pytest.raises(Permanent, match="none of inboxd's"):
        put_back(desk, other)


def test_an_older_releases_backup_is_brought_up_to_date(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config as Alembic

    desk = make(tmp_path)
    old = Database(f"sqlite:///{tmp_path}/old.db")
    settings = Alembic()
    settings.set_main_option("script_location", "inboxd:store/migrations")
    settings.attributes["database"] = old
    command.upgrade(settings, "0002")
    old.close()
    put_back(desk, tmp_path / "old.db")
    assert version(desk.database) == HEAD


# -- the key


def test_the_generated_key_is_in_it_and_comes_back(tmp_path: Path) -> None:
    desk = make(tmp_path)
    config = desk.shop.config.model_copy(update={"secret_key": None})
    desk = replace(desk, shop=replace(desk.shop, config=config, key=load_key(config)))
    address = desk.reply_address()
    secret = (config.data_dir / "secret_key").read_text()
    source = back_up(desk)
    about = unpack_backup(source, tmp_path / "plain.db")
    assert about.secret == secret.strip()
    assert query(tmp_path / "plain.db", "SELECT name FROM sqlite_master WHERE name='backup'") == []
    shutil.rmtree(config.data_dir)
    assert put_back(desk, source).words == ()
    assert (config.data_dir / "secret_key").read_text() == secret
    assert (config.data_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    desk = replace(desk, shop=replace(desk.shop, key=load_key(config)))
    assert desk.reply_address() == address


def test_another_key_that_is_in_place_stays_and_the_admin_is_told(tmp_path: Path) -> None:
    desk = make(tmp_path)
    config = desk.shop.config.model_copy(update={"secret_key": None})
    desk = replace(desk, shop=replace(desk.shop, config=config, key=load_key(config)))
    source = back_up(desk)
    path = config.data_dir / "secret_key"
    theirs = path.read_text()
    path.write_text("another key that was made meanwhile\n")
    (words,) = put_back(desk, source).words
    assert path.read_text() == "another key that was made meanwhile\n"
    (kept,) = config.data_dir.glob("secret_key.restored-*")
    assert kept.read_text() == theirs
    assert f"old_secret_keys: [file:{kept}]" in words


def test_a_configured_key_is_not_in_it_and_a_wrong_one_is_noticed(tmp_path: Path) -> None:
    desk = make(tmp_path)
    source = back_up(desk)
    secret = desk.shop.config.secret_key
    assert secret is not None
    assert secret.get_secret_value().encode() not in source.read_bytes()
    other = desk.shop.config.model_copy(update={"secret_key": SecretStr("another key " * 3)})
    (words,) = put_back(replace(desk, shop=replace(desk.shop, config=other)), source).words
    assert "old_secret_keys" in words
    both = other.model_copy(update={"old_secret_keys": [secret]})
    assert put_back(replace(desk, shop=replace(desk.shop, config=both)), source).words == ()


# -- what happened after the backup


def test_what_waited_to_be_sent_is_put_aside_unless_told(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    count = len(desk.outbox())
    source = back_up(desk)
    done = put_back(desk, source)
    assert done.held == count > 0
    with desk.database.read() as connection:
        assert not outbox.any_due(connection, desk.clock.now() + timedelta(days=9))
    with desk.database.write() as connection:
        assert outbox.retry(connection, [], desk.clock.now()) == count, "but can be sent"
    done = put_back(desk, source, send=True)
    assert done.held == 0
    with desk.database.read() as connection:
        assert outbox.any_due(connection, desk.clock.now())


def test_timers_that_came_due_wait_for_the_mail_that_may_cancel_them(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=NUDGE)
    first = desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
    assert desk.state() == "pending"
    source = back_up(desk)
    desk.clock.advance(timedelta(days=3))
    assert put_back(desk, source).postponed == 1
    assert desk.later(minutes=1) == 0
    desk.customer("The green one.\n", in_reply_to=first)  # read again from the folder
    desk.later(hours=2)
    assert not [each for each in desk.outbox() if "still there" in each.mail.text]
    assert desk.timers() == []


def test_numbers_that_may_have_been_given_since_are_never_given_again(tmp_path: Path) -> None:
    """Anna holds a notification about a conversation that only the lost database knew."""
    desk = make(tmp_path)
    desk.customer()
    source = back_up(desk)
    desk.customer("Lost with the disk.\n", sender=KIM)
    told = desk.to("anna@shop.example")
    assert "Lost with the disk." in told.mail.text
    desk.database.close()
    desk.database.path.unlink()
    done = put_back(desk, source)
    assert done.next_number > 100, "nobody knows how many there were"
    desk.customer("A new request.\n", sender="Dan <dan@customer.example>")
    assert [each for each in desk.outbox() if "A new request." in each.mail.text]
    desk.fresh()
    desk.answer_as("anna", told, "Dear Kim, your code is 4711.")
    sent = [each for each in desk.fresh() if "4711" in each.mail.text]
    assert all("dan@customer.example" not in each.recipients for each in sent)
    assert all(each.recipients[0].endswith("@shop.example") for each in sent)


def test_the_replaced_database_says_which_number_is_next(tmp_path: Path) -> None:
    desk = make(tmp_path)
    source = back_up(desk)
    for _ in range(3):
        desk.customer()
    assert put_back(desk, source).next_number == 5, "#4 marks the restore"
    assert desk.conversation(4).subject == "A backup was restored"
    assert desk.has_event("restored", "Numbers before #4", number=4)


def test_message_ids_made_since_are_never_made_again(tmp_path: Path) -> None:
    """A mail client drops a mail whose id it knows: ids come from numbers that must not repeat."""
    desk = make(tmp_path)
    first = desk.customer()
    source = back_up(desk)
    desk.customer("Lost words.\n", in_reply_to=first)
    lost = {each.mail.message_id for each in desk.outbox()}
    put_back(desk, source)
    before = {each.mail.message_id for each in desk.outbox()}
    desk.customer("Other words.\n", in_reply_to=first, message_id="other@customer.example")
    now = {each.mail.message_id for each in desk.outbox()} - before
    assert now
    assert not now & lost


def test_a_folder_is_read_again_from_where_the_backup_knew_it(tmp_path: Path) -> None:
    """No duplicate in a conversation, nothing lost, and answers to mail since the backup thread."""
    desk = make(tmp_path)

    def folder() -> JournalImapStore:
        return JournalImapStore(
            desk.database,
            lambda: desk.shop,
            "support",
            desk.clock,
            timedelta(days=7),
            lambda: None,
        )

    def fetch(mails: dict[int, bytes]) -> None:
        """Read the folder as a source does: what is behind the cursor."""
        cursor = folder().cursor(SOURCE)
        after = cursor.last_uid if cursor else 0
        new = [FetchedMail(u, raw, desk.clock.now(), None) for u, raw in mails.items() if u > after]
        to = Cursor(7, max(mails))
        folder().append(SOURCE, new, to, cursor is None, False)
        desk.work()

    server = {1: letter(JANE, text="Where is my tea?\n", message_id="one@customer.example")}
    fetch(server)
    source = back_up(desk)
    server[2] = letter(JANE, "Re: tea", "And is it organic?\n", in_reply_to="one@customer.example")
    server[3] = letter(KIM, "Cups", "Do you sell cups?\n", message_id="cups@customer.example")
    fetch(server)
    desk.answer_as("anna", desk.to("anna@shop.example"), "We do.")
    answer = desk.to("kim@customer.example")  # its row is lost, its signature is not
    put_back(desk, source)
    assert desk.texts() == ["inbound: Where is my tea?"]
    server[4] = letter(KIM, "Re: Cups", "Blue ones?\n", in_reply_to="cups@customer.example")
    fetch(server)
    assert desk.texts() == ["inbound: Where is my tea?", "inbound: And is it organic?"]
    with desk.database.read() as connection:
        numbers = [row[0] for row in connection.exec_driver_sql("SELECT number FROM conversation")]
    again = max(numbers)
    assert len(numbers) == 3, "Jane's, the marker, and Kim's"
    assert desk.texts(again) == ["inbound: Do you sell cups?", "inbound: Blue ones?"]
    fetch(server)
    assert len(desk.messages(again)) == 2, "read twice, kept once"
    # Kim answers the lost answer: its token and id name a number that is gone, its references
    # a mail that was read again.
    desk.reply(answer, "Thank you!", sender=KIM, references=("cups@customer.example",))
    assert desk.texts(again)[-1] == "inbound: Thank you!"


def test_signed_ids_from_before_the_backup_still_thread(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "It was sent.")
    source = back_up(desk)
    key = desk.shop.key
    lost = key.message_id("support", "shop.example", 1, "journal:99:reply")  # sent since
    token = desk.reply_address(Purpose.CUSTOMER, 1)
    put_back(desk, source)
    desk.send(letter(JANE, "Re: tea", "Where?\n", in_reply_to=lost), to=[SHOP])
    desk.send(letter(JANE, "Re: tea", "Hello?\n", to=token), to=[token])
    assert [text for text in desk.texts() if text.startswith("inbound")][1:] == [
        "inbound: Where?",
        "inbound: Hello?",
    ]


def test_what_is_restored_can_be_backed_up_and_restored_again(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    source = back_up(desk)
    put_back(desk, source)
    again = back_up(desk, "again.db")
    done = put_back(desk, again)
    assert done.conversations == 2, "the marker is a conversation, too"
    assert desk.database.integrity() is None


def test_a_backups_time_is_the_clocks(tmp_path: Path) -> None:
    desk = make(tmp_path)
    clock = ManualClock(datetime(2031, 1, 1, tzinfo=UTC))
    make_backup(desk.shop.config, clock, tmp_path / "b.db")
    assert put_back(desk, tmp_path / "b.db").made_at == datetime(2031, 1, 1, tzinfo=UTC)
