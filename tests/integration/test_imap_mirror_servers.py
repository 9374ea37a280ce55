"""Folders that show states on servers that lack something, and on connections that break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import eventually
from mirror_kit import mirrored
from proxy import Proxy
from servers import Dovecot

pytestmark = pytest.mark.servers

BASIC = "imap_capability = IMAP4rev1 LITERAL+"


@pytest.fixture(scope="module")
def copying(require_servers: None) -> Iterator[Dovecot]:
    """A Dovecot that knows UIDPLUS, but neither IDLE nor MOVE."""
    server = Dovecot([], f"{BASIC} UIDPLUS")
    yield server
    server.close()


def cut_at(proxy: Proxy, word: bytes) -> Callable[[], bool]:
    """End the connection, once, instead of passing on the answer that holds `word`."""
    cuts: list[bytes] = []

    def change(data: bytes) -> bytes:
        if word in data and not cuts:
            cuts.append(data)
            proxy.drop()
            return b""
        return data

    proxy.rewrite(change)
    return lambda: bool(cuts)


@pytest.mark.parametrize("overtaken", [False, True])
def test_a_crash_between_move_and_row_is_no_persons_wish(
    tmp_path: Path, dovecot: Dovecot, user: str, proxy: Proxy, overtaken: bool
) -> None:
    with mirrored(tmp_path, dovecot, user, "folders", proxy.port) as kit:
        kit.letter("first")
        with kit.reading():
            kit.arrive(1)
            kit.settles(Open=1)
        kit.set_state("closed")
        is_cut = cut_at(proxy, b"COPYUID")
        with kit.reading():
            eventually(is_cut)
        assert kit.where() == {"Closed": 1}  # it was moved, and no row says so
        if overtaken:
            kit.set_state("open")
        with kit.reading():
            kit.settles(**({"Open": 1} if overtaken else {"Closed": 1}))
            kit.set_state("pending")
            kit.settles(Pending=1)
        assert "mail folder" not in str(kit.rows("SELECT actor FROM event"))
        assert len(kit.changes()) == 2 + overtaken


def test_a_server_without_move_gets_copies_and_expunges_ours_alone(
    tmp_path: Path, copying: Dovecot
) -> None:
    user = "a@shop.example"
    copying.add_users(user)
    with mirrored(tmp_path, copying, user, "folders") as kit:
        raw = kit.letter("first")
        with kit.reading(poll_interval=0.3):
            kit.arrive(1)
            kit.settles(Open=1)
            copying.append(user, [b"Subject: a person's\r\n\r\n"], "Open", [b"\\Deleted"])
            kit.set_state("closed")
            kit.settles(Open=1, Closed=1)
            with copying.client(user) as client:  # as clients without MOVE do by hand
                client.select_folder("Closed")
                client.copy([1], "Junk")
                client.add_flags([1], [b"\\Deleted"])
            kit.becomes("spam")
        assert copying.messages(user, "Junk") == [raw]


def test_a_crash_between_copy_and_expunge_leaves_no_second_mail(
    tmp_path: Path, copying: Dovecot
) -> None:
    user = "b@shop.example"
    copying.add_users(user)
    proxy = Proxy(copying.imap_port)
    with mirrored(tmp_path, copying, user, "folders", proxy.port) as kit:
        kit.letter("first")
        with kit.reading(poll_interval=0.3):
            kit.arrive(1)
            kit.settles(Open=1)
        kit.set_state("closed")
        is_cut = cut_at(proxy, b"COPYUID")
        with kit.reading():
            eventually(is_cut)
        assert kit.where() == {"Open": 1, "Closed": 1}
        with kit.reading():
            kit.settles(Closed=1)
        assert len(kit.changes()) == 1
    proxy.close()


def test_without_move_and_uidplus_mail_is_left_alone_and_that_is_said_once(
    tmp_path: Path, require_servers: None, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Dovecot(["a@b.example"], BASIC)
    try:
        with mirrored(tmp_path, server, "a@b.example", "folders") as kit:
            kit.letter("first")
            with kit.reading(poll_interval=0.1):
                kit.arrive(1)
                kit.set_state("closed")
                time.sleep(1)
            assert kit.where() == {"INBOX": 1}
    finally:
        server.close()
    assert capsys.readouterr().out.count("imap.not_mirrored") == 1


def test_where_the_server_tells_no_new_uids_mails_are_known_by_their_bytes(
    tmp_path: Path, dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    proxy.rewrite(lambda data: data.replace(b"COPYUID", b"X-OTHER"))
    with mirrored(tmp_path, dovecot, user, "folders", proxy.port) as kit:
        kit.letter("first")
        with kit.reading(poll_interval=0.3):
            kit.arrive(1)
            for state, folder in (("closed", "Closed"), ("pending", "Pending"), ("open", "Open")):
                kit.set_state(state)
                kit.settles(**{folder: 1})
            time.sleep(1)  # until it is known there
            kit.move("Open", "Closed")
            kit.becomes("closed")
        assert len(kit.changes()) == 4


def test_twenty_mails_and_connections_that_break_at_any_place(
    tmp_path: Path, dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    with mirrored(tmp_path, dovecot, user, "folders", proxy.port) as kit:
        raws = {kit.letter(f"mail {n}", subject=f"Thing {n}") for n in range(20)}
        with kit.reading() as source:
            kit.arrive(20)
            for n in range(1, 21):
                kit.set_state("closed" if n % 2 else "pending", n)
            for cut in range(200, 2600, 300):
                proxy.cut_after(cut)
                source.wake()
                time.sleep(0.05)
                source.wake()
            eventually(lambda: source.wake() or kit.where() == {"Closed": 10, "Pending": 10}, 30)
        everything = {*dovecot.messages(user, "Closed"), *dovecot.messages(user, "Pending")}
        assert everything == raws
        assert "mail folder" not in str(kit.rows("SELECT actor FROM event"))
