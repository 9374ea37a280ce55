"""States shown as keywords on a real server, and what people ask for by setting them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import eventually
from mirror_kit import Mirrored, mirrored
from proxy import Proxy
from servers import Dovecot

pytestmark = pytest.mark.servers


@pytest.fixture
def kit(tmp_path: Path, dovecot: Dovecot, user: str) -> Iterator[Mirrored]:
    with mirrored(tmp_path, dovecot, user, "keywords") as kit:
        yield kit


def bears(kit: Mirrored, *keywords: str) -> None:
    """Wait until the INBOX's mails bear these keywords, one each."""
    wanted = [(each,) for each in keywords]
    eventually(lambda: kit.keywords() == wanted, 10, f"{wanted}, not {kit.keywords()}")


def test_every_mail_bears_the_keyword_of_its_conversations_state(kit: Mirrored) -> None:
    raw = kit.letter("first")
    with kit.reading(poll_interval=30.0):  # a change is seen without waiting for the poll
        kit.arrive(1)
        bears(kit, "$Open")
        for state in ("pending", "snoozed", "closed", "spam", "open"):
            kit.set_state(state)
            bears(kit, f"${state.capitalize()}")
    assert kit.dovecot.messages(kit.user) == [raw]
    assert len(kit.changes()) == 5
    assert len(kit.rows("SELECT id FROM journal")) == 1


def test_a_keyword_set_by_hand_does_what_the_tag_does(kit: Mirrored) -> None:
    kit.letter("first", message_id="one@customer.example")
    with kit.reading(poll_interval=30.0):  # the server tells of changed flags while we IDLE
        kit.arrive(1)
        kit.letter("more", in_reply_to="one@customer.example")
        kit.arrive(2)
        bears(kit, "$Open", "$Open")
        kit.flag(add="$Closed", nth=1)  # besides the old one
        kit.becomes("closed")
        bears(kit, "$Closed", "$Closed")
        kit.flag(remove="$Closed", nth=0)
        kit.flag(add="$Open", nth=0)  # in its place
        kit.becomes("open")
        bears(kit, "$Open", "$Open")
    assert kit.changes() == [
        "state.changed: open → closed: its mail was moved",
        "state.changed: closed → open: its mail was moved",
    ]


def test_what_is_unclear_or_a_snooze_is_put_back(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading(poll_interval=0.5):
        kit.arrive(1)
        bears(kit, "$Open")
        with kit.dovecot.client(kit.user) as client:
            client.select_folder("INBOX")
            client.add_flags(client.search("ALL"), ["$Closed", "$Spam"])
        bears(kit, "$Open")
        kit.flag(add="$Snoozed")
        eventually(lambda: kit.desk.has_event("mirror.refused"))
        bears(kit, "$Open")
    assert kit.desk.state() == "open"
    assert len(kit.changes()) == 1


def test_people_may_use_keywords_of_their_own(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading(poll_interval=0.3):
        kit.arrive(1)
        bears(kit, "$Open")
        kit.flag(add="$Forwarded", remove="$Open")
        kit.set_state("closed")
        eventually(lambda: kit.keywords() == [("$Closed", "$Forwarded")])
    assert len(kit.changes()) == 1


def test_the_database_wins_where_both_have_changed(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        bears(kit, "$Open")
    kit.flag(add="$Spam")
    kit.set_state("pending")
    with kit.reading():
        bears(kit, "$Pending")
    assert len(kit.changes()) == 1


def test_nothing_goes_round_in_circles_over_twenty_polls(
    kit: Mirrored, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.letter("first")
    with kit.reading(poll_interval=0.1) as source:
        kit.arrive(1)
        bears(kit, "$Open")
        kit.flag(add="$Closed")
        kit.becomes("closed")
        bears(kit, "$Closed")
        time.sleep(0.5)
        before = kit.rows("SELECT max(id) FROM event")
        capsys.readouterr()
        for _ in range(20):
            source.wake()
            time.sleep(0.1)
    assert kit.rows("SELECT max(id) FROM event") == before
    assert "imap.mirror" not in capsys.readouterr().out
    assert kit.keywords() == [("$Closed",)]


def test_a_cut_between_two_keywords_is_no_persons_wish(
    tmp_path: Path, dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    with mirrored(tmp_path, dovecot, user, "keywords", proxy.port) as kit:
        kit.letter("first")
        with kit.reading():
            kit.arrive(1)
            bears(kit, "$Open")
        kit.set_state("closed")
        stores = []

        def cut(data: bytes) -> bytes:
            if b"Store completed" in data and not stores:
                stores.append(data)
                proxy.drop()
            return data

        proxy.rewrite(cut)
        with kit.reading():
            eventually(lambda: stores)
        assert kit.keywords() == [("$Closed", "$Open")]  # half-way
        kit.set_state("open")  # and overtaken
        with kit.reading():
            bears(kit, "$Open")
        assert kit.desk.state() == "open"
        assert len(kit.changes()) == 2


def test_a_new_uidvalidity_shows_the_states_again(kit: Mirrored) -> None:
    kit.letter("first")
    with kit.reading():
        kit.arrive(1)
        kit.set_state("closed")
        bears(kit, "$Closed")
    kit.dovecot.reset_uidvalidity(kit.user)
    with kit.reading():
        eventually(lambda: len(kit.rows("SELECT id FROM journal")) == 2)
        kit.desk.work()
        kit.set_state("pending")
        bears(kit, "$Pending")
    assert len(kit.rows("SELECT id FROM mirror_place")) == 1
    assert len(kit.changes()) == 2


def test_a_server_that_keeps_no_keywords_is_left_alone_and_that_is_said_once(
    kit: Mirrored, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.letter("first")
    kit.dovecot.set_rights(kit.user, "INBOX", "lrsi")  # flags and keywords are not ours to set
    with kit.reading(poll_interval=0.1) as source:
        kit.arrive(1)
        kit.set_state("closed")
        for _ in range(5):
            source.wake()
            time.sleep(0.1)
        kit.letter("next", subject="Milk", sender="Jim <jim@customer.example>")
        kit.arrive(2)  # new mail is read all the same
    assert kit.keywords() == [(), ()]
    assert kit.desk.state() == "closed"
    assert capsys.readouterr().out.count("imap.not_mirrored") == 1
