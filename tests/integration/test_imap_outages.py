"""The IMAP source on networks and servers that fail (R9, R16)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from imap_memory import MemoryStore, contents, has, mail, mails, options, running
from loopback import HOST, eventually
from proxy import Proxy
from servers import Dovecot

from inboxd.ingest.imap import ImapSource
from inboxd.ingest.imap_wire import Wire

pytestmark = pytest.mark.servers


def test_R9_drops_at_a_hundred_offsets_of_a_fetch(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    expected = mails(8, "dropped", 1500)
    dovecot.append(user, expected)
    whole = MemoryStore()
    with running(options(user, proxy.port), whole):
        eventually(has(whole, 8))
        eventually(lambda: whole.health is None)
    total = proxy.downward
    losses = repeats = 0
    for cut in range(100):
        store = MemoryStore()
        proxy.cut_after(200 + cut * (total - 200) // 100)
        with running(options(user, proxy.port), store) as source:
            eventually(lambda: _nudged(source.wake) and len(store.contents) == 8)  # noqa: B023
            eventually(lambda: store.place is not None and store.place.last_uid == 8)  # noqa: B023
        losses += len(set(expected) - contents(store))
        repeats += store.repeats
        assert contents(store) == set(expected)
    print(f"100 cuts of {total} bytes: {losses} lost, {repeats} fetched twice")
    assert losses == repeats == 0


def _nudged(wake: Callable[[], None]) -> bool:
    """Cut the pause before a reconnection short."""
    wake()
    time.sleep(0.01)
    return True


def test_R9_the_end_of_the_connection_in_idle_does_not_spin(
    dovecot: Dovecot, user: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    looks: list[float] = []
    genuine = Wire.has_news

    def counted(wire: Wire) -> bool:
        looks.append(time.monotonic())
        return genuine(wire)

    with running(options(user, proxy.port), store):
        eventually(lambda: b" IDLE\r\n" in proxy.upward)
        time.sleep(0.2)
        monkeypatch.setattr(Wire, "has_news", counted)
        processor = time.process_time()
        proxy.drop()
        eventually(lambda: "broke the connection off" in str(store.health))
        assert len(looks) <= 3
        eventually(lambda: proxy.connections == 2)
        assert time.process_time() - processor < 0.5
        dovecot.deliver(user, mail("after the end"))
        eventually(has(store, 1))


def test_R9_a_black_hole_is_noticed(dovecot: Dovecot, user: str, proxy: Proxy) -> None:
    store = MemoryStore()
    settings = options(user, proxy.port, poll_interval=1, idle_renew=2, timeout=1)
    with running(settings, store):
        eventually(lambda: b" IDLE\r\n" in proxy.upward)
        begun = time.monotonic()
        proxy.stall()
        eventually(lambda: "does not answer within 1 s" in str(store.health))
        print(f"black hole noticed after {time.monotonic() - begun:.1f} s (poll 1 s, timeout 1 s)")
        assert time.monotonic() - begun < 4
        proxy.flow()
        dovecot.deliver(user, mail("out of the hole"))
        eventually(has(store, 1), 15)
        eventually(lambda: store.health is None)


@pytest.mark.parametrize("phase", ["greeting", "fetch", "idle"])
def test_R16_a_source_stops_within_two_seconds_in_a_black_hole(
    dovecot: Dovecot, user: str, proxy: Proxy, phase: str
) -> None:
    dovecot.append(user, mails(3, size=5000))
    store = MemoryStore()
    marks = {"fetch": b"BODY.PEEK[]", "idle": b" IDLE\r\n"}

    def swallow(data: bytes) -> bytes:
        if marks[phase] in proxy.upward:
            proxy.stall()
            return b""
        return data

    if phase == "greeting":
        proxy.stall()
    else:
        proxy.rewrite(swallow)
    with running(options(user, proxy.port, timeout=30), store):
        eventually(lambda: proxy.connections == 1 and marks.get(phase, b"") in proxy.upward)
        time.sleep(0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2


def test_R16_stopping_needs_no_more_than_the_event(dovecot: Dovecot, user: str) -> None:
    store, stop = MemoryStore(), threading.Event()
    source = ImapSource(options(user, dovecot.imap_port), store, jitter=lambda: 0.5)
    thread = threading.Thread(target=source.run, args=(stop,))
    thread.start()
    eventually(lambda: store.health is None)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()


def test_a_server_that_is_down_and_up_again(require_servers: None) -> None:
    user = "a@b.example"
    server = Dovecot([user])
    try:
        server.append(user, mails(2))
        store = MemoryStore()
        with running(options(user, server.imap_port), store):
            eventually(has(store, 2))
            server.stop()
            eventually(lambda: "Connection refused" in str(store.health))
            time.sleep(1)
            server.start()
            server.append(user, mails(3, "after the outage"))
            eventually(has(store, 5), 10)
            eventually(lambda: store.health is None)
        assert store.repeats == 0
        assert store.calls[-1].first_visit is False
    finally:
        server.close()


def test_pitfall_6_mail_of_a_long_outage_is_fetched_by_its_uid(dovecot: Dovecot, user: str) -> None:
    store = MemoryStore()
    with running(options(user, dovecot.imap_port), store):
        eventually(lambda: store.place is not None)
    old = datetime(2001, 1, 1, tzinfo=UTC)
    dovecot.append(user, mails(2), flags=[b"\\Seen"], date=old)
    with running(options(user, dovecot.imap_port), store):
        eventually(has(store, 2))


def test_R16_a_source_stops_within_two_seconds_while_it_connects() -> None:
    with socket.create_server((HOST, 0), backlog=0) as full, contextlib.ExitStack() as crowd:
        address = full.getsockname()
        for _ in range(3):  # more than the backlog holds: from now on nobody is answered
            waiting = crowd.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        time.sleep(0.1)
        begun = time.monotonic()
        store = MemoryStore()
        with running(options("a@b.example", address[1], timeout=30), store):
            time.sleep(0.5)
            assert store.reports == []
        assert time.monotonic() - begun < 2
