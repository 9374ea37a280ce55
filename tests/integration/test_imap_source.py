"""The IMAP source reads what is new, once, and announced or not (R6, R7, R9)."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from imap_memory import MemoryStore, contents, has, mail, mails, options, running
from loopback import eventually
from proxy import Proxy
from servers import Dovecot

from inboxd.ingest.imap import Cursor

pytestmark = pytest.mark.servers

BASIC = "imap_capability = IMAP4rev1 LITERAL+"


@pytest.fixture(scope="module")
def basic(require_servers: None) -> Iterator[Dovecot]:
    """A Dovecot that knows UIDPLUS, but neither IDLE nor MOVE."""
    server = Dovecot(["a@shop.example", "b@shop.example"], f"{BASIC} UIDPLUS")
    yield server
    server.close()


def test_a_first_visit_takes_everything_byte_for_byte(dovecot: Dovecot, user: str) -> None:
    at = datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    dovecot.append(user, mails(3), date=at)
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(has(store, 3))
        dovecot.append(user, [mail("later")])
        eventually(has(store, 4), 3)
    assert [taken.raw for taken in store.mails] == [*mails(3), mail("later")]
    assert [taken.uid for taken in store.mails] == [1, 2, 3, 4]
    assert store.mails[0].internal_date == at
    assert store.mails[0].internal_date.tzinfo is UTC
    assert [call.first_visit for call in store.calls] == [True, False]
    assert store.health is None
    assert dovecot.flags(user) == [()] * 4


def test_an_empty_folder_is_no_longer_a_first_visit(dovecot: Dovecot, user: str) -> None:
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(lambda: store.place is not None)
        dovecot.deliver(user, mail("first"))
        eventually(has(store, 1), 3)
    assert [(len(call.mails), call.first_visit) for call in store.calls] == [(0, True), (1, False)]


def test_R9_idle_brings_mail_within_a_second(dovecot: Dovecot, user: str) -> None:
    store = MemoryStore()
    chance = random.Random(1)
    latencies = []
    with running(options(user, dovecot.imap_port), store):
        eventually(lambda: store.health is None)
        for number in range(12):
            time.sleep(chance.uniform(0, 0.02))  # also between a scan and the next IDLE
            begun = time.monotonic()
            dovecot.deliver(user, mail(f"idle {number}"))
            eventually(has(store, number + 1), 3, f"mail {number}")
            latencies.append(time.monotonic() - begun)
    print(f"IDLE: median {sorted(latencies)[6] * 1000:.0f} ms, worst {max(latencies) * 1000:.0f}")
    assert max(latencies) < 2
    assert store.repeats == 0


def test_R9_news_in_the_same_packet_as_idle_begins(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    """The client must not sleep over what its own buffer holds."""
    held: list[bytes] = []

    def coalesce(data: bytes) -> bytes:
        if data.startswith(b"+ idling") and not held:
            held.append(data)
            dovecot.deliver(user, mail("in between"))
            return data + b"* 1 EXISTS\r\n"
        return re.sub(rb"^\* 1 EXISTS\r\n(\* 1 RECENT\r\n)?", b"", data) if held else data

    proxy.rewrite(coalesce)
    store = MemoryStore()
    with running(options(user, proxy.port), store):
        eventually(has(store, 1), 3)
    assert held


def test_R9_mail_announced_with_the_answer_to_a_search(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    """The server says EXISTS once: an IDLE afterwards would hear nothing of this mail."""
    delivered = False

    def announce_early(data: bytes) -> bytes:
        nonlocal delivered
        if b"* SEARCH\r\n" in data and not delivered:
            delivered = True
            dovecot.deliver(user, mail("during the search"))
            return data.replace(b"* SEARCH\r\n", b"* SEARCH\r\n* 1 EXISTS\r\n")
        return re.sub(rb"\* 1 (EXISTS|RECENT)\r\n", b"", data) if delivered else data

    proxy.rewrite(announce_early)
    store = MemoryStore()
    with running(options(user, proxy.port), store):
        eventually(has(store, 1), 3)


def test_R9_a_server_that_announces_without_end_is_not_hammered(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    proxy.rewrite(lambda data: data.replace(b"* SEARCH\r\n", b"* SEARCH\r\n* 0 EXISTS\r\n"))
    store = MemoryStore()
    with running(options(user, proxy.port), store):
        eventually(lambda: b" IDLE\r\n" in proxy.upward)
        time.sleep(0.5)
    assert proxy.upward.count(b" SEARCH ") == 6


def test_R9_polling_without_idle(basic: Dovecot) -> None:
    store = MemoryStore()
    with running(options("a@shop.example", basic.imap_port, poll_interval=0.3), store):
        eventually(lambda: store.place is not None)
        basic.deliver("a@shop.example", mail("polled"))
        eventually(has(store, 1), 3)
    assert "IDLE" not in basic.log()


def test_R9_polling_goes_on_where_idle_announces_nothing(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    proxy.rewrite(lambda data: b"" if re.match(rb"\* \d+ (EXISTS|RECENT)", data) else data)
    store = MemoryStore()
    with running(options(user, proxy.port, poll_interval=0.7), store):
        eventually(lambda: store.health is None)
        dovecot.deliver(user, mail("silent"))
        eventually(has(store, 1), 4)


def test_R9_idle_is_renewed(dovecot: Dovecot, user: str, proxy: Proxy) -> None:
    store = MemoryStore()
    with running(options(user, proxy.port, idle_renew=0.3), store):
        eventually(lambda: proxy.upward.count(b" IDLE\r\n") >= 4)
    assert proxy.connections == 1
    assert proxy.upward.count(b"DONE\r\n") >= 3
    assert proxy.upward.count(b" EXAMINE ") >= 3


def test_R6_people_toggling_seen_has_no_effect(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, mails(5))
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(has(store, 5))
        with dovecot.client(user) as human:
            human.select_folder("INBOX")
            for turn in range(100):
                change = human.remove_flags if turn % 2 else human.add_flags
                change([1 + turn % 5], [b"\\Seen"])
                if turn == 50:
                    dovecot.append(user, [mail("new but seen")], flags=[b"\\Seen"])
        eventually(has(store, 6))
    assert store.repeats == 0
    assert len(store.contents) == 6


def test_R6_nothing_is_fetched_twice_by_looking_often(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    dovecot.append(user, mails(2))
    store = MemoryStore()
    with running(options(user, proxy.port), store) as source:
        eventually(has(store, 2))
        for _ in range(20):
            source.wake()
            time.sleep(0.01)
        eventually(lambda: proxy.upward.count(b"UID SEARCH UID 3:*") >= 3)
    assert store.repeats == 0
    assert proxy.upward.count(b"BODY.PEEK[]") == 1
    assert b"UNSEEN" not in proxy.upward


def test_R7_after_a_uidvalidity_change_only_new_contents_are_new(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.append(user, mails(500, "known"))
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(has(store, 500))
    old = store.place
    assert old is not None
    new = dovecot.reset_uidvalidity(user)
    dovecot.append(user, mails(20, "new"))
    with running(options(user, dovecot.imap_port), store):
        eventually(lambda: store.place == Cursor(new, 520), 20)
    assert len(store.contents) == 520
    assert store.repeats == 500
    assert old.uidvalidity != new
    assert {call.first_visit for call in store.calls if call.cursor.uidvalidity == new} == {False}


def test_pitfall_10_only_the_header_of_a_mail_over_the_limit(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    large = mail("large", 200_000)
    dovecot.append(user, [mail("before"), large, mail("after")])
    store = MemoryStore()
    with running(options(user, proxy.port, max_size=100_000, after="seen"), store):
        eventually(has(store, 3))
        eventually(lambda: not store.pending)
    stand_in = store.mails[1]
    assert stand_in.oversize == len(large)
    assert stand_in.raw == large[: large.index(b"\r\n\r\n") + 4]
    assert [taken.oversize for taken in store.mails] == [None, len(large), None]
    assert proxy.downward < 20_000
    # The server holds the only whole copy: it stays as it is, for a person to find.
    assert dovecot.flags(user) == [(b"\\Seen",), (), (b"\\Seen",)]


def test_pitfall_10_a_size_that_was_a_lie_exhausts_nothing(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    large = mail("liar", 3_000_000)
    dovecot.append(user, [mail("before"), large, mail("after")])
    proxy.rewrite(lambda data: data.replace(b"RFC822.SIZE %d" % len(large), b"RFC822.SIZE 1000"))
    store = MemoryStore()
    with running(options(user, proxy.port, max_size=100_000), store):
        eventually(has(store, 3), 20)
    assert {taken.uid: taken.oversize for taken in store.mails} == {1: None, 2: len(large), 3: None}


@pytest.mark.parametrize("part", [b"UID 3 RFC822.SIZE", b"UID 3 BODY[]"])
def test_pitfall_7_an_unreadable_mail_stops_nobody_and_is_not_lost(
    dovecot: Dovecot, user: str, proxy: Proxy, part: bytes
) -> None:
    dovecot.append(user, mails(6))
    broken = True

    def spoil(data: bytes) -> bytes:
        # imapclient cannot make sense of an answer with an odd quote; all others are fine.
        return data.replace(part, part[:6] + b'"' + part[6:]) if broken else data

    proxy.rewrite(spoil)
    store = MemoryStore()
    settings = options(user, proxy.port, poll_interval=0.1, idle_renew=1)
    with running(settings, store):
        eventually(has(store, 5))
        eventually(lambda: store.health is not None and "UID 3" in store.health)
        assert store.place is not None
        assert store.place.last_uid == 2
        dovecot.append(user, [mail("later")])
        eventually(has(store, 6))
        broken = False
        eventually(lambda: store.place is not None and store.place.last_uid == 7)
        eventually(lambda: store.health is None)
    assert contents(store) == {*mails(6), mail("later")}
    assert store.repeats == 0


def test_an_unreadable_mail_that_goes_away_holds_nothing_up(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    dovecot.append(user, mails(3))
    proxy.rewrite(lambda data: data.replace(b"UID 1 BODY[]", b'UID 1 BODY"'))
    store = MemoryStore()
    with running(options(user, proxy.port, poll_interval=0.1), store):
        eventually(has(store, 2))
        with dovecot.client(user) as human:
            human.select_folder("INBOX")
            human.delete_messages([1])
            human.expunge()
        eventually(lambda: store.place is not None and store.place.last_uid == 3)
    assert store.repeats == 0


def test_pitfall_4_two_fetchers_that_move_mail_away_lose_nothing(
    dovecot: Dovecot, user: str
) -> None:
    expected = mails(120, "raced", 2000)
    dovecot.append(user, expected)
    one, two = MemoryStore(), MemoryStore()
    settings = options(user, dovecot.imap_port, after="move:Done", poll_interval=0.1)
    with running(settings, one), running(settings, two):
        eventually(lambda: not dovecot.messages(user), 20)
    assert contents(one) | contents(two) == set(expected)
    assert all(taken.raw in expected for store in (one, two) for taken in store.mails)
    assert set(dovecot.messages(user, "Done")) == set(expected)
