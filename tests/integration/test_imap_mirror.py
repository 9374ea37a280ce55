"""States shown as folders on a real server, and what people ask for by moving mail there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import eventually
from mirror_kit import Mirrored, mirrored
from servers import Dovecot

from inboxd.clock import SystemClock
from inboxd.daemon import Daemon

pytestmark = pytest.mark.servers

STATES = {"pending": "Pending", "snoozed": "Snoozed", "closed": "Closed", "spam": "Junk"}


@pytest.fixture
def kit(tmp_path: Path, dovecot: Dovecot, user: str) -> Iterator[Mirrored]:
    with mirrored(tmp_path, dovecot, user, "folders") as kit:
        yield kit


def test_mails_lie_in_the_folder_of_their_conversations_state(kit: Mirrored) -> None:
    raw = kit.letter("first")
    with kit.reading(poll_interval=30.0):  # a change is seen without waiting for the poll
        kit.arrive(1)
        kit.settles(Open=1)
        for state, folder in STATES.items():
            kit.set_state(state)
            kit.settles(**{folder: 1})
        kit.set_state("open")
        kit.settles(Open=1)
    assert kit.dovecot.messages(kit.user, "Open") == [raw]
    with kit.dovecot.client(kit.user) as client:  # clients show what is subscribed to
        subscribed = {name for _, _, name in client.list_sub_folders()}
    assert subscribed >= {"Open", "Junk", *STATES.values()}
    assert len(kit.rows("SELECT id FROM journal")) == 1
    assert not any("mail folder" in each for each in kit.changes())
    assert len(kit.changes()) == 5


def test_all_mails_of_a_conversation_go_along_and_no_others(kit: Mirrored) -> None:
    kit.letter("first", message_id="one@customer.example")
    with kit.reading():
        kit.arrive(1)
        kit.letter("more", message_id="two@customer.example", in_reply_to="one@customer.example")
        kit.letter("other", subject="Another thing", sender="Jim <jim@customer.example>")
        kit.arrive(3)
        kit.settles(Open=3)
        kit.set_state("closed")
        kit.settles(Open=1, Closed=2)
    assert kit.desk.count() == 2


@pytest.mark.parametrize("state", ["pending", "closed", "spam"])
def test_a_mail_moved_by_hand_does_what_the_tag_does(kit: Mirrored, state: str) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        kit.settles(Open=1)
        kit.move("Open", STATES[state])
        kit.becomes(state)
        time.sleep(1.5)
        kit.settles(**{STATES[state]: 1})
        kit.move(STATES[state], "Open")
        kit.becomes("open")
        kit.settles(Open=1)
    assert [each for each in kit.changes() if "its mail was moved" in each] == kit.changes()
    assert len(kit.changes()) == 2
    actors = kit.rows("SELECT actor FROM event WHERE kind = 'state.changed'")
    assert {row.actor for row in actors} == {"mail folder"}
    assert len(kit.rows("SELECT id FROM journal")) == 1


def test_the_other_mails_follow_the_one_that_was_moved(kit: Mirrored) -> None:
    kit.letter("first", message_id="one@customer.example")
    with kit.reading():
        kit.arrive(1)
        kit.letter("more", in_reply_to="one@customer.example")
        kit.arrive(2)
        kit.settles(Open=2)
        kit.move("Open", "Closed", nth=0)
        kit.becomes("closed")
        kit.settles(Closed=2)


def test_a_mail_moved_to_the_snoozed_ones_goes_back(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        kit.settles(Open=1)
        kit.move("Open", "Snoozed")
        eventually(lambda: kit.desk.has_event("mirror.refused", "needs a time"))
        kit.settles(Open=1)
    assert kit.desk.state() == "open"
    assert len(kit.changes()) == 1


def test_the_database_wins_where_both_have_changed(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        kit.settles(Open=1)
    kit.move("Open", "Junk")
    kit.set_state("pending")
    with kit.reading():
        kit.settles(Pending=1)
    assert kit.desk.state() == "pending"
    assert len(kit.changes()) == 1


def test_nothing_goes_round_in_circles_over_twenty_polls(
    kit: Mirrored, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.letter("first", message_id="one@customer.example")
    with kit.reading(poll_interval=0.1) as source:
        kit.arrive(1)
        kit.settles(Open=1)
        kit.move("Open", "Closed")
        kit.becomes("closed")
        kit.settles(Closed=1)
        time.sleep(0.5)
        before = (kit.changes(), kit.rows("SELECT max(id) FROM event"))
        capsys.readouterr()
        for _ in range(20):
            source.wake()
            time.sleep(0.1)
    assert (kit.changes(), kit.rows("SELECT max(id) FROM event")) == before
    assert "imap.mirror" not in capsys.readouterr().out
    assert kit.where() == {"Closed": 1}


def test_a_mail_deleted_or_moved_elsewhere_is_forgotten(kit: Mirrored) -> None:
    kit.letter("first")
    kit.letter("other", subject="Another thing", sender="Jim <jim@customer.example>")
    with kit.reading(poll_interval=0.3):
        kit.arrive(2)
        kit.settles(Open=2)
        kit.move("Open", "Archive")
        with kit.dovecot.client(kit.user) as client:
            client.select_folder("Open")
            client.delete_messages(client.search("ALL"))
            client.expunge()
        kit.set_state("closed", 1)
        kit.set_state("closed", 2)
        eventually(lambda: not kit.rows("SELECT id FROM mirror_place"), 10, "forgotten")
    assert kit.where() == {}
    assert kit.desk.state(1) == kit.desk.state(2) == "closed"
    assert len(kit.rows("SELECT id FROM journal")) == 2


def test_a_copy_is_no_move_and_a_strangers_mail_asks_for_nothing(kit: Mirrored) -> None:
    raw = kit.letter("first", message_id="one@customer.example")
    with kit.reading(poll_interval=0.3):
        kit.arrive(1)
        kit.settles(Open=1)
        time.sleep(0.5)
        forged = raw.replace(b"first", b"worst")  # the same Message-ID and the same size
        kit.dovecot.append(kit.user, [forged], "Junk")
        kit.dovecot.append(kit.user, [raw], "Closed")
        time.sleep(1.5)
        assert kit.desk.state() == "open"
        assert kit.where() == {"Open": 1, "Junk": 1, "Closed": 1}
        with kit.dovecot.client(kit.user) as client:  # and now the copy becomes a move
            client.select_folder("Open")
            client.delete_messages(client.search("ALL"))
        kit.becomes("closed")
    assert kit.changes() == ["state.changed: open → closed: its mail was moved"]


def test_a_new_uidvalidity_of_a_folder_loses_nothing(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        kit.set_state("closed")
        kit.settles(Closed=1)
    kit.dovecot.reset_uidvalidity(kit.user, "Closed")
    with kit.reading():
        time.sleep(0.5)
        kit.set_state("pending")
        kit.settles(Pending=1)
    assert len(kit.changes()) == 2
    assert "mail folder" not in str(kit.rows("SELECT actor FROM event"))


def test_a_refused_move_is_said_once_and_done_when_it_is_permitted(
    kit: Mirrored, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.dovecot.create_folder(kit.user, "Closed")
    kit.dovecot.make_read_only(kit.user, "Closed")
    kit.letter("first")
    with kit.reading(poll_interval=0.2):
        kit.arrive(1)
        kit.settles(Open=1)
        kit.set_state("closed")
        time.sleep(1.5)
        assert kit.where() == {"Open": 1}
        kit.letter("next", subject="Another thing", sender="Jim <jim@customer.example>")
        kit.arrive(2)  # new mail is read all the same
        kit.dovecot.set_rights(kit.user, "Closed", "lrwstipekxa")
        kit.settles(Open=1, Closed=1)
    assert capsys.readouterr().out.count("imap.mirror_refused") == 1


def test_a_state_may_lie_in_the_sources_own_folder(
    tmp_path: Path, dovecot: Dovecot, user: str
) -> None:
    with mirrored(tmp_path, dovecot, user, "{folders: {open: INBOX}}") as kit:
        kit.letter("first")
        with kit.reading(poll_interval=0.3):
            kit.arrive(1)
            kit.set_state("closed")
            kit.settles(Closed=1)
            kit.set_state("open")
            kit.settles(INBOX=1)
            assert len(kit.rows("SELECT id FROM journal")) == 1  # our own move is no new mail
            kit.set_state("closed")
            kit.settles(Closed=1)
            kit.move("Closed", "INBOX")
            kit.becomes("open")
            kit.settles(INBOX=1)
            kit.desk.work()
        assert len(kit.changes()) == 4
        assert [row.state for row in kit.rows("SELECT state FROM journal ORDER BY id")] == [
            "applied",
            "duplicate",
        ]
        assert kit.desk.count() == 1
        assert len(kit.rows("SELECT id FROM message WHERE direction = 'inbound'")) == 1


def test_the_daemon_shows_states_and_follows_moves(
    tmp_path: Path, dovecot: Dovecot, user: str
) -> None:
    with mirrored(tmp_path, dovecot, user, "folders") as kit:
        kit.desk.clock.advance(SystemClock().now() - kit.desk.clock.now())
        kit.letter("first")
        daemon = Daemon(kit.desk.shop.config, SystemClock())
        daemon.start()
        try:
            kit.settles(Open=1)
            kit.move("Open", "Closed")
            kit.becomes("closed")
        finally:
            assert daemon.stop()
