"""What the IMAP source does to mail on the server, and when (R8)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from imap_memory import MemoryStore, has, mail, mails, options, running
from loopback import eventually
from servers import Dovecot

pytestmark = pytest.mark.servers

BASIC = "imap_capability = IMAP4rev1 LITERAL+"


@pytest.fixture(scope="module")
def basic(require_servers: None) -> Iterator[Dovecot]:
    """A Dovecot that knows UIDPLUS, but neither IDLE nor MOVE."""
    server = Dovecot(["a@shop.example", "b@shop.example"], f"{BASIC} UIDPLUS")
    yield server
    server.close()


def test_R8_seen(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, mails(3))
    store = MemoryStore()
    with running(options(user, dovecot.imap_port, after="seen"), store):
        eventually(lambda: dovecot.flags(user) == [(b"\\Seen",)] * 3)
        eventually(lambda: not store.pending)
    assert all(call.mark for call in store.calls if call.mails)


def test_R8_nothing_is_marked_before_the_commit(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, mails(3))
    store = MemoryStore(fail_next=2)
    with running(options(user, dovecot.imap_port, after="seen"), store):
        eventually(lambda: "the disk is full" in store.reports)
        assert dovecot.flags(user) == [()] * 3
        assert store.place is None
        eventually(has(store, 3))
        eventually(lambda: dovecot.flags(user) == [(b"\\Seen",)] * 3)
        eventually(lambda: store.health is None)
    assert store.repeats == 0


def test_R8_a_crash_between_commit_and_mark_still_marks_later(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, mails(3))
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(has(store, 3))
    assert store.place is not None
    store.pending = {(store.place.uidvalidity, uid) for uid in (1, 2, 3)}
    with running(options(user, dovecot.imap_port, after="seen"), store):
        eventually(lambda: not store.pending)
    assert dovecot.flags(user) == [(b"\\Seen",)] * 3
    assert store.repeats == 0


def test_R8_move_makes_its_folder(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, mails(3))
    store = MemoryStore()
    with running(options(user, dovecot.imap_port, after="move:Träger & Done"), store):
        eventually(lambda: not dovecot.messages(user))
        dovecot.append(user, [mail("next")])
        eventually(lambda: not dovecot.messages(user) and has(store, 4)())
        eventually(lambda: not store.pending)
    assert dovecot.messages(user, "Träger & Done") == [*mails(3), mail("next")]


def test_R8_move_without_move_touches_only_its_own_mail(basic: Dovecot) -> None:
    user = "b@shop.example"
    basic.append(user, mails(3))
    basic.append(user, [mail("a person's")], flags=[b"\\Deleted"])
    store = MemoryStore()
    settings = options(user, basic.imap_port, after="move:Done", poll_interval=0.3)
    with running(settings, store):
        eventually(lambda: len(basic.messages(user)) == 1)
        eventually(lambda: not store.pending)
    assert basic.messages(user) == [mail("a person's")]
    assert basic.messages(user, "Done") == mails(3)


def test_R8_without_move_and_uidplus_mail_is_left_alone() -> None:
    server = Dovecot(["a@b.example"], BASIC)
    try:
        server.append("a@b.example", mails(2))
        store = MemoryStore()
        settings = options("a@b.example", server.imap_port, after="move:Done", poll_interval=0.1)
        with running(settings, store):
            eventually(has(store, 2))
            server.append("a@b.example", [mail("next")])
            eventually(has(store, 3))
        assert server.messages("a@b.example") == [*mails(2), mail("next")]
        assert server.flags("a@b.example") == [()] * 3
        assert not store.pending
        assert not any(call.mark for call in store.calls)
    finally:
        server.close()


@pytest.mark.parametrize("after", ["seen", "move:Done"])
def test_R8_a_read_only_folder_is_left_alone_and_that_is_said_once(
    dovecot: Dovecot, user: str, after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dovecot.create_folder(user, "Shared")
    dovecot.append(user, mails(2), "Shared")
    dovecot.make_read_only(user, "Shared")
    store = MemoryStore()
    settings = options(
        user, dovecot.imap_port, folder="Shared", after=after, poll_interval=0.1, idle_renew=0.2
    )
    with running(settings, store) as source:
        eventually(has(store, 2))
        for _ in range(5):
            source.wake()
            time.sleep(0.1)
    assert dovecot.flags(user, "Shared") == [(), ()]
    assert store.health is None
    assert capsys.readouterr().out.count("imap.not_marked") == 1


def test_R8_a_refused_move_is_said_once_and_done_when_it_is_permitted(
    dovecot: Dovecot, user: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dovecot.create_folder(user, "Done")
    dovecot.make_read_only(user, "Done")
    dovecot.append(user, mails(3))
    store = MemoryStore()
    settings = options(
        user, dovecot.imap_port, after="move:Done", idle_renew=0.4, poll_interval=0.1
    )
    with running(settings, store):
        eventually(has(store, 3))
        time.sleep(1.5)
        assert dovecot.messages(user) == mails(3)
        assert len(store.pending) == 3
        dovecot.set_rights(user, "Done", "lrwstipekxa")
        eventually(lambda: not store.pending)
    assert dovecot.messages(user, "Done") == mails(3)
    assert store.repeats == 0
    assert capsys.readouterr().out.count("imap.mark_refused") == 1
