"""R16: the daemon starts as a whole or not at all, watches its threads, and stops within 10 s."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from intake import CONFIG, Dialogue, letter, new_database, write_config
from loopback import HOST, eventually

from inboxd.clock import Clock, OffsetClock, SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.errors import Permanent, Transient
from inboxd.service import Worker
from inboxd.store import timers

NO_IMAP = CONFIG.replace(
    """  - name: fetched
    address: fetched@shop.example
    sources:
      - imap: {host: 127.0.0.1, port: 9, tls: none, user: fetched, password: secret}
""",
    "",
)
assert NO_IMAP != CONFIG
SMTP = "listen: {smtp: {port: 0}}"


def make(folder: Path, more: str = SMTP, base: str = NO_IMAP, clock: Clock | None = None) -> Daemon:
    return Daemon(load_config(write_config(folder, more, base), {}), clock or SystemClock())


@contextmanager
def serving(daemon: Daemon) -> Iterator[Daemon]:
    daemon.start()
    try:
        yield daemon
    finally:
        assert daemon.stop()


def count(daemon: Daemon, query: str) -> Any:
    with daemon.database.read() as connection:
        return connection.execute(sa.text(query)).scalar()


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield

    def left() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread not in before]

    eventually(lambda: not left(), 5, f"no thread left: {left()}")


def test_a_mail_goes_all_the_way(tmp_path: Path) -> None:
    with serving(make(tmp_path)) as daemon:
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()
            assert line.send(letter()).startswith("250")
        eventually(lambda: count(daemon, "SELECT count(*) FROM conversation") == 1, 10)


def test_it_stops_twice_and_another_starts_after_it(tmp_path: Path) -> None:
    for _ in range(3):
        daemon = make(tmp_path)
        daemon.start()
        assert daemon.stop()
        assert daemon.stop()


def test_a_daemon_that_was_never_started_stops(tmp_path: Path) -> None:
    new_database(load_config(write_config(tmp_path, SMTP, NO_IMAP), {})).close()
    assert make(tmp_path).stop()


def test_a_second_daemon_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with serving(make(tmp_path)) as daemon:
        with pytest.raises(Permanent, match="another inboxd"):
            make(tmp_path).start()
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()


def test_R16_it_stops_within_10_s_with_open_sessions_and_leaves_no_lease(tmp_path: Path) -> None:
    more = "listen: {smtp: {port: 0}, lmtp: {port: 0}}"
    daemon = make(tmp_path, more)
    daemon.start()
    lines = [Dialogue(listener.port) for listener in daemon.listeners for _ in range(10)]
    for line in lines[:10]:
        line.greet()
        line.envelope()
        line.say(b"Subject: half\r\n")
    with daemon.database.write() as connection:
        connection.execute(_queued(tmp_path, "sending", daemon._owner))
    begun = time.monotonic()
    assert daemon.stop()
    assert time.monotonic() - begun < 10
    for line in lines:
        line.close()
    assert count(daemon, "SELECT count(*) FROM outbox WHERE lease IS NOT NULL") == 0
    daemon.database.close()


def _queued(folder: Path, state: str, owner: str | None, due: str = "2999-01-01") -> sa.TextClause:
    from datetime import UTC, datetime

    from inboxd.store.tables import Outbox, table_of

    at = datetime.fromisoformat(due).replace(tzinfo=UTC)
    table = table_of(Outbox)
    values = {
        "effect_key": f"test:{state}:{owner}", "kind": "reply", "message_id": "x@y",
        "envelope_from": "", "draft": b"", "state": state, "lease": owner, "attempts": 1,
        "created_at": at, "next_attempt_at": at,
    }  # fmt: skip
    return sa.insert(table).values(**values)  # type: ignore[return-value]


def test_R16_a_courier_that_hangs_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """A relay that takes the connection and says nothing, for as long as it likes."""
    with socket.create_server((HOST, 0)) as relay:
        port = relay.getsockname()[1]
        base = NO_IMAP.replace(
            "send: {maildir: sent}", f"send: {{smtp: {{host: 127.0.0.1, port: {port}, tls: none}}}}"
        )
        daemon = make(tmp_path, SMTP, base)
        daemon.start()
        with daemon.database.write() as connection:
            connection.execute(_queued(tmp_path, "queued", None, "2020-01-01"))
            connection.execute(
                sa.text("INSERT INTO outbox_recipient VALUES (1, 'j@c.example', 'queued', '')")
            )
            from inboxd.mail.drafts import Draft, encode_draft
            from inboxd.store.compression import compress

            draft = compress(encode_draft(Draft((b"Subject: x\r\n\r\nx\r\n",))))
            connection.execute(sa.text("UPDATE outbox SET draft = :d"), {"d": draft})
        daemon.courier.wake()
        connection_, _ = relay.accept()
        begun = time.monotonic()
        assert daemon.stop()
        assert time.monotonic() - begun < 10
        connection_.close()
    assert count(daemon, "SELECT count(*) FROM outbox WHERE state = 'sending'") == 0
    daemon.database.close()


def test_leases_of_a_crashed_daemon_are_given_back_and_those_of_others_are_not(
    tmp_path: Path,
) -> None:
    database = new_database(load_config(write_config(tmp_path, SMTP, NO_IMAP), {}))
    with database.write() as connection:
        connection.execute(_queued(tmp_path, "sending", "daemon:host:old"))
        connection.execute(_queued(tmp_path, "sending", "work:other"))
    database.close()
    daemon = make(tmp_path)
    with serving(daemon):
        query = "SELECT count(*) FROM outbox WHERE lease = '{}'"
        assert count(daemon, query.format("daemon:host:old")) == 0
        assert count(daemon, query.format("work:other")) == 1


def test_a_taken_port_stops_everything_again(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        more = f"listen: {{smtp: {{port: 0}}, lmtp: {{port: {taken}}}}}"
        daemon = make(tmp_path, more, CONFIG)
        with pytest.raises(OSError):
            daemon.start()
        assert not daemon.processor.alive
        assert not daemon.courier.alive
        assert daemon.stop()
    with serving(make(tmp_path)):  # the lock is free again
        pass


def test_a_database_that_is_none_is_refused_in_clear_words(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, SMTP, NO_IMAP), {})
    new_database(config).close()
    (config.data_dir / "inboxd.db").write_bytes(b"this is no database at all" * 500)
    with pytest.raises(Permanent, match="file is not a database"):
        make(tmp_path).start()


def test_a_damaged_database_is_refused_in_clear_words(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, SMTP, NO_IMAP), {})
    new_database(config).close()
    path = config.data_dir / "inboxd.db"
    data = bytearray(path.read_bytes())
    for start in range(4096 * 3, len(data), 4096):
        data[start : start + 2000] = b"\xa5" * 2000
    path.write_bytes(data)
    with pytest.raises(Permanent, match=r"damaged|malformed"):
        make(tmp_path).start()


# -- the tick


def test_the_tick_fires_timers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fired: list[int] = []

    def fire(*_: object) -> int:
        fired.append(1)
        return 0

    monkeypatch.setattr("inboxd.timers.fire_due", fire)
    with serving(make(tmp_path)):
        eventually(lambda: len(fired) >= 2, 10, "every second")


def test_the_tick_notices_what_another_process_writes(tmp_path: Path) -> None:
    import sqlite3

    daemon = make(tmp_path)
    with serving(daemon):
        eventually(lambda: not daemon._others_wrote(), 5)
        woken: list[str] = []
        for worker in (daemon.processor, daemon.courier):
            worker.wake = lambda name=worker.name: woken.append(name)  # type: ignore[method-assign,misc]
        other = sqlite3.connect(daemon.database.path)
        other.execute(
            "INSERT INTO contact (name, created_at, fields) VALUES ('x', '2030-01-01', '{}')"
        )
        other.commit()
        other.close()
        eventually(lambda: {"processor", "courier"} <= set(woken), 5)


def test_a_tick_that_fails_is_followed_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fail(*_: object) -> int:
        calls.append(1)
        raise Transient("locked") if len(calls) % 2 else ValueError("a fault")

    monkeypatch.setattr("inboxd.timers.fire_due", fail)
    with serving(make(tmp_path)):
        eventually(lambda: len(calls) >= 3, 10)


def test_a_snooze_ends_by_the_offset_clock(tmp_path: Path) -> None:
    clock = OffsetClock()
    daemon = make(tmp_path, clock=clock)
    with serving(daemon):
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()
            line.send(letter())
        eventually(lambda: count(daemon, "SELECT count(*) FROM conversation") == 1, 10)
        with daemon.database.write() as connection:
            connection.execute(sa.text("UPDATE conversation SET state = 'snoozed'"))
            due = [("", clock.now() + timedelta(hours=3))]
            timers.arm(connection, 1, timers.WAKE, due, clock.now())
        clock.advance(timedelta(hours=4))
        state = "SELECT state FROM conversation"
        eventually(lambda: count(daemon, state) == "open", 10)


# -- watching


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("part", ["journal", "processor", "courier"])
def test_a_thread_that_dies_is_started_again_and_the_admin_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    class Fatal(BaseException):
        pass

    daemon = make(tmp_path)
    service: Any = {
        "journal": daemon._writer, "processor": daemon.processor, "courier": daemon.courier,
    }[part]  # fmt: skip
    attribute = "_append" if part == "journal" else "_work"
    plain = getattr(service, attribute)
    died = threading.Event()

    def die_once(*arguments: object) -> Any:
        if not died.is_set():
            died.set()
            raise Fatal
        return plain(*arguments)

    setattr(service, attribute, die_once)
    with serving(daemon):
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()
            first = line.send(letter("one"))
            assert first.startswith("451" if part == "journal" else "250")
            eventually(died.is_set, 10)
            eventually(lambda: service.alive, 10, "started again")
            assert line.send(letter("one")).startswith("250")
        eventually(lambda: count(daemon, "SELECT count(*) FROM conversation") == 1, 10)
        alert = "SELECT count(*) FROM outbox WHERE kind = 'alert' AND effect_key LIKE '%restarted%'"
        eventually(lambda: count(daemon, alert) == 1, 10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_imap_source_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []

    def run(self: object, stop: threading.Event) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise RuntimeError("a fault of ours")
        stop.wait()

    monkeypatch.setattr("inboxd.ingest.imap.ImapSource.run", run)
    with serving(make(tmp_path, SMTP, CONFIG)) as daemon:
        eventually(lambda: len(runs) == 3, 10)
        # The new thread runs before the daemon has taken it into its list.
        eventually(lambda: [each.is_alive() for each in daemon._source_threads] == [True], 10)
        alert = "SELECT count(*) FROM outbox WHERE kind = 'alert'"
        eventually(lambda: count(daemon, alert) == 1, 5, "told once, not thrice")


def test_each_imap_source_has_a_thread(tmp_path: Path) -> None:
    with serving(make(tmp_path, SMTP, CONFIG)):
        assert "imap" in [thread.name for thread in threading.enumerate()]


# -- reload


def rules(folder: Path, text: str) -> None:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "10.yaml").write_text(text, encoding="utf-8")


GOOD = "- name: Tag\n  when: conversation.opened\n  then:\n    - tag: tea\n"


def test_a_reload_takes_new_rules_and_refuses_broken_ones(tmp_path: Path) -> None:
    rules(tmp_path, "[]\n")
    with serving(make(tmp_path)) as daemon:
        rules(tmp_path, GOOD)
        assert daemon.reload() == []
        assert [rule.name for rule in daemon.shop.rules.rules] == ["Tag"]
        before = daemon.shop
        rules(tmp_path, GOOD.replace("tag:", "tga:"))
        (fault,) = daemon.reload()
        assert fault.startswith(f"{tmp_path}/rules/10.yaml:4:7: unknown")
        assert daemon.shop is before, "the old ones stay in force"
        alerts = "SELECT count(*) FROM outbox WHERE kind = 'alert'"
        assert count(daemon, alerts) == 1
        daemon.reload()
        assert count(daemon, alerts) == 1, "told once"
        (tmp_path / "inboxd.yaml").unlink()
        assert "cannot be read" in daemon.reload()[0]
        assert daemon.shop is before


def test_a_reload_with_other_mailboxes_keeps_those_that_are_served(tmp_path: Path) -> None:
    with serving(make(tmp_path)) as daemon:
        text = NO_IMAP.replace("name: support", "name: service").replace(
            "role: admin", "teams: [t]"
        )
        write_config(tmp_path, SMTP, text)
        assert daemon.reload() == []
        assert list(daemon.shop.desks) == ["support", "sales"], "until the next start"
        assert list(daemon.shop.config.teams) == ["t"], "what can change has changed"
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()
            assert line.send(letter()).startswith("250")
        eventually(lambda: count(daemon, "SELECT count(*) FROM conversation") == 1, 10)
    with serving(make(tmp_path, SMTP, text)) as daemon:
        assert list(daemon.shop.desks) == ["service", "sales"]


def test_a_reload_changes_what_mailboxes_say(tmp_path: Path) -> None:
    with serving(make(tmp_path)) as daemon:
        text = NO_IMAP.replace("{name: support,", "{name: support, display_name: Tea,")
        write_config(tmp_path, SMTP, text)
        assert daemon.reload() == []
        assert daemon.shop.desks["support"].shown == "Tea"


# -- workers


def worker(work: Callable[[], int], pause: float = 0.05) -> Worker:
    return Worker("test", work, timedelta(seconds=pause))


def test_a_worker_outlives_what_its_work_raises_and_backs_off() -> None:
    times: list[float] = []

    def fail() -> int:
        times.append(time.monotonic())
        raise [ValueError("x"), Transient("y"), MemoryError(), KeyError("z")][len(times) % 4]

    busy = worker(fail)
    busy.start()
    eventually(lambda: len(times) >= 4, 10)
    assert busy.alive
    assert busy.failures >= 3
    waits = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert waits[0] >= 0.15
    assert waits[1] >= 0.35
    assert waits[2] >= 0.7
    begun = time.monotonic()
    assert busy.stop(5)
    assert time.monotonic() - begun < 1, "a pause does not hold up the stop"


def test_a_worker_works_as_long_as_there_is_work_and_then_when_woken() -> None:
    left, calls = [3], []

    def work() -> int:
        calls.append(1)
        left[0] = max(0, left[0] - 1)
        return left[0]

    lazy = worker(work, pause=60)
    lazy.start()
    eventually(lambda: len(calls) == 3)
    lazy.wake()
    eventually(lambda: len(calls) == 4)
    assert lazy.stop(5)
    assert not lazy.alive


def test_a_stop_right_after_the_start_is_not_lost() -> None:
    """The wake-up of a stop that comes just before the loop clears it."""
    for _ in range(200):
        quick = worker(lambda: 0, pause=60)
        quick.start()
        assert quick.stop(5)


def test_a_worker_recovers_after_failures() -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("gone")
        return 0

    flaky = worker(work)
    flaky.start()
    eventually(lambda: len(calls) >= 4, 10)
    assert flaky.failures == 0
    assert flaky.stop(5)
