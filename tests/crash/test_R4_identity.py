"""R4: identity is content: a reused id is no duplicate, the same bytes are, however they come."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import Desk, letter, make
from intake import intake

from inboxd.clock import SystemClock
from inboxd.desk.shop import load_shop
from inboxd.pipeline import process_due
from inboxd.store import journal


def texts(desk: Desk) -> list[str]:
    return sorted(text for n in range(1, desk.count() + 1) for text in desk.texts(n))


def test_R4_one_id_and_five_bodies_are_five_messages(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for number in range(5):
        desk.customer(f"Parcel {number} is on its way.\n", message_id="parcels@carrier.example")
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 5}
    assert texts(desk) == [f"inbound: Parcel {number} is on its way." for number in range(5)]


def test_R4_the_same_bytes_twenty_times_are_one(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter()
    for _ in range(20):
        desk.send(raw)
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 1, "duplicate": 19}
    assert len(desk.messages()) == 1
    assert len(desk.kinds()) == 2, "each agent was told once"


def test_R4_the_same_mail_as_other_servers_pass_it_on_is_one(tmp_path: Path) -> None:
    """With trace fields on top, CRLF for LF, and fields folded in another way."""
    desk = make(tmp_path)
    raw = letter(subject="A subject that a relay may fold in another place than its writer did")
    ways = [
        raw,
        b"Received: from a.example by b.example; Mon, 6 May 2030 08:00:00 +0000\n" + raw,
        raw.replace(b"\n", b"\r\n"),
        raw.replace(b" relay may", b"\n relay may"),
        b"Return-Path: <jane@customer.example>\nDelivered-To: support@shop.example\n" + raw,
    ]
    for each in ways * 4:
        desk.send(each)
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 1, "duplicate": 19}


def test_R4_through_two_mailboxes_and_again_after_a_restart(tmp_path: Path) -> None:
    """Each mailbox is a brand of its own: one message in each, and the two are linked."""
    desk = make(tmp_path, config=_TWO)
    raw = letter(to="support@shop.example, sales@shop.example")
    for _ in range(10):
        desk.journal(raw, mailbox="support")
        desk.journal(raw, mailbox="sales")
        desk = desk.reopened()
        desk.work()
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 2, "duplicate": 18}
    assert desk.count() == 2
    assert desk.links(1) == [2]
    assert [len(desk.messages(number)) for number in (1, 2)] == [1, 1]


@pytest.mark.parametrize("crash", [False, True])
def test_R4_a_sender_who_missed_the_250_and_tries_again(tmp_path: Path, crash: bool) -> None:
    """Twenty retries of the same bytes, over connections of their own, a crash in between."""
    raw = letter().replace(b"\n", b"\r\n")
    for part in range(2):
        with intake(tmp_path) as shop:
            for _ in range(10):
                assert shop.send(raw).startswith("250")
            if crash and not part:
                continue  # nothing has been processed yet
            loaded = load_shop(shop.config)
            while process_due(shop.database, loaded, SystemClock()):
                pass
            with shop.database.read() as connection:
                counts = journal.counts(connection)
    assert counts == {"applied": 1, "duplicate": 19}


_TWO = """\
data_dir: var
secret_key: a secret for tests, of no other use
mailboxes:
  - {name: support, address: support@shop.example, notify: [anna]}
  - {name: sales, address: sales@shop.example, notify: [anna]}
listen: {smtp: {port: 0}}
send: {maildir: sent}
agents: [{name: anna, address: anna@shop.example, role: admin}]
"""
