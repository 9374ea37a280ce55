"""`doctor`: each trouble is found, and said with what to do; what is well is not cried over."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_kit import CONFIG, MAIL, Shop, write_shop
from desk_kit import CONFIG as DESK
from desk_kit import START, Desk, letter, make
from pydantic import SecretStr

from inboxd.desk.shop import load_key
from inboxd.doctor import Finding, Health, examine, healthy
from inboxd.doctor.sources import expected_mails, usual_gap
from inboxd.foreground import SignsOfLife
from inboxd.health import DaemonHealth, ServiceHealth, write_health
from inboxd.process_lock import ProcessLock, is_locked
from inboxd.store import folders, journal

BERLIN = ZoneInfo("Europe/Berlin")


def look(desk: Desk, **config: object) -> dict[str, Finding]:
    """Return the findings by what they are about."""
    changed = desk.shop.config.model_copy(update=config)
    return {each.what: each for each in examine(changed, desk.clock, offline=True)}


def arrive(desk: Desk, times: list[datetime], source: str = "smtp") -> None:
    arrivals = []
    for number, at in enumerate(times):
        raw = f"Subject: {number} {at}\n\nx\n".encode()
        arrivals.append((journal.Arrival("support", source, raw, None, (), at), journal.pack(raw)))
    with desk.database.write() as connection:
        journal.append(connection, arrivals)


def office_hours(weeks: int, minutes: int) -> list[datetime]:
    """Return a mail every so many minutes from 9 to 17 on working days, in Berlin."""
    start = datetime(2030, 4, 1, tzinfo=BERLIN)  # a Monday
    found = []
    for day in range(weeks * 7):
        morning = (start + timedelta(days=day)).replace(hour=9)
        if morning.weekday() < 5:
            found += [
                (morning + timedelta(minutes=m)).astimezone(UTC) for m in range(0, 480, minutes)
            ]
    return found


# -- silence


@pytest.mark.parametrize(
    ("local", "odd"),
    [
        ("2030-05-27 11:00", True),  # Monday, two hours after the first mail would have come
        ("2030-05-27 08:30", False),  # the whole weekend has gone by
        ("2030-05-26 15:00", False),  # Sunday
        ("2030-05-24 16:55", False),  # Friday, minutes after the last one
        ("2030-05-25 03:00", False),  # at night
    ],
)
def test_nights_and_weekends_are_no_silence_and_a_quiet_morning_is(
    tmp_path: Path, local: str, odd: bool
) -> None:
    desk = make(tmp_path)
    arrive(desk, office_hours(8, 12))
    now = datetime.fromisoformat(local).replace(tzinfo=BERLIN)
    desk.clock.advance(now - desk.clock.now())
    found = look(desk, timezone="Europe/Berlin")["listener smtp"]
    assert found.health is (Health.WARN if odd else Health.OK), found
    if odd:
        assert found.words == "silent for 2 days, usually 12 min; 11 mails were to be expected"
        assert "send it a mail" in found.advice
    else:
        assert "usually every 12 min" in found.words


def test_a_young_source_is_not_judged(tmp_path: Path) -> None:
    desk = make(tmp_path)
    arrive(desk, [START + timedelta(minutes=n) for n in range(200)])
    desk.clock.advance(timedelta(days=5))
    found = look(desk)["listener smtp"]
    assert (found.health, "usually" in found.words) == (Health.OK, False)


def test_what_was_to_be_expected_follows_the_hours_of_the_week() -> None:
    times = office_hours(4, 30)
    assert usual_gap(times) == timedelta(minutes=30)
    monday = datetime(2030, 4, 29, 9, tzinfo=BERLIN)
    assert expected_mails(times, monday, monday + timedelta(hours=8), BERLIN) == pytest.approx(
        16, rel=0.1
    )
    assert expected_mails(times, monday + timedelta(hours=9), monday.replace(day=30), BERLIN) == 0


def test_an_imap_source_that_is_ill_fails_and_one_never_read_warns(tmp_path: Path) -> None:
    sources = "sources: [imap: {host: imap.x.example, user: u, password: p}]"
    more = f"notify: [support-team]\n    {sources}"
    desk = make(tmp_path, config=DESK.replace("notify: [support-team]", more))
    key = "imap:u@imap.x.example:993/INBOX"
    assert look(desk)["source u@imap.x.example/INBOX"].health is Health.WARN
    with desk.database.write() as connection:
        folders.set_problem(connection, key, "wrong password for u", desk.clock.now())
    found = look(desk)["source u@imap.x.example/INBOX"]
    assert (found.health, "wrong password" in found.words) == (Health.FAIL, True)


# -- the daemon


def test_the_daemons_state_is_told_from_lock_and_file(tmp_path: Path) -> None:
    desk = make(tmp_path)
    lock = ProcessLock(desk.shop.config.data_dir / "daemon.lock")
    path = desk.shop.config.data_dir / "health.json"
    now = desk.clock.now()
    well = DaemonHealth(
        "0.1.0", 7, "running", now - timedelta(hours=2), now,
        (ServiceHealth("processor", True, 1, 60), ServiceHealth("courier", True, 1, 60, 4)),
    )  # fmt: skip
    assert look(desk)["daemon"].words == "no daemon runs"
    write_health(path, well)
    assert "ended without a word" in look(desk)["daemon"].words
    lock.acquire()
    try:
        assert is_locked(desk.shop.config.data_dir / "daemon.lock")
        found = look(desk)
        assert found["daemon"].health is Health.OK
        assert "process 7 runs, started 2 h ago: processor, courier" in found["daemon"].words
        assert "failed 4 times in a row" in found["courier"].words
        write_health(path, replace(well, version="0.0.9", clock_jumps=2))
        found = look(desk)
        assert "release 0.0.9 runs" in found["release"].words
        stuck = ServiceHealth("processor", True, 99, 60)
        write_health(path, replace(well, services=(stuck,)))
        assert look(desk)["daemon"].health is Health.FAIL
        desk.clock.advance(timedelta(minutes=5))
        assert "no sign for 300 s" in look(desk)["daemon"].words
        path.unlink()
        assert "no sign of life" in look(desk)["daemon"].words
    finally:
        lock.release()
    assert not is_locked(desk.shop.config.data_dir / "daemon.lock")


def test_a_clock_that_is_set_is_noticed(tmp_path: Path) -> None:
    from inboxd.clock import OffsetClock
    from inboxd.daemon import Daemon

    desk = make(tmp_path)
    clock = OffsetClock()
    daemon = Daemon(desk.shop.config, clock)
    signs = SignsOfLife(daemon)
    signs.show()
    signs.show()
    assert signs._jumps == 0
    clock.advance(timedelta(hours=1))
    signs.show()
    assert signs._jumps == 1
    daemon.database.close()


# -- storage


def test_a_clock_behind_the_newest_row_fails(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    assert look(desk)["clock"].health is Health.OK
    desk.clock.advance(timedelta(days=-2))
    found = look(desk)["clock"]
    assert (found.health, "is 2 days ahead" in found.words) == (Health.FAIL, True)


def test_rows_that_refer_to_nothing_are_damage(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.database.close()
    with closing(sqlite3.connect(desk.database.path)) as database:
        database.execute("PRAGMA foreign_keys=0")
        database.execute("UPDATE message SET conversation = 77")
        database.commit()
    found = look(desk)["integrity"]
    assert (found.health, "restore" in found.advice) == (Health.FAIL, True)


def test_the_disk_is_said_to_last_as_long_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    desk = make(tmp_path)
    arrive(desk, [START - timedelta(hours=n) for n in range(300, 0, -1)])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=2_000_000_000))
    found = look(desk)["disk space"]
    assert (found.health, "grows by some" in found.words) == (Health.OK, True)
    monkeypatch.setattr("inboxd.store.growth.bytes_a_day", lambda *_: 400_000_000.0)
    found = look(desk)["disk space"]
    assert found.health is Health.WARN
    assert "room for 5 days" in found.words
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=50_000_000))
    assert look(desk)["disk space"].health is Health.FAIL


# -- secrets


def test_files_that_others_can_read_are_named_with_what_closes_them(tmp_path: Path) -> None:
    secret = tmp_path / "relay password"
    secret.write_text("p")
    secret.chmod(0o644)
    folder = tmp_path / "shop"
    folder.mkdir()
    shop = write_shop(
        folder,
        CONFIG.replace(
            "send:\n  maildir: sent",
            "send:\n  smtp: {host: 127.0.0.1, port: 9, tls: none, user: u, "
            "password: 'file:../relay password'}",
        ),
    )
    shop.run("work")
    (shop.folder / "var").chmod(0o755)
    (shop.folder / "var" / "secret_key").chmod(0o644)
    found = checks(shop)
    advice = [each["advice"] for each in found if each["check"] == "file modes"]
    assert f"chmod 600 '{shop.folder}/../relay password'" in advice
    assert f"chmod 600 {shop.folder}/var/secret_key" in advice
    assert f"chmod 700 {shop.folder}/var" in [each["advice"] for each in found]
    for command in [*advice, f"chmod 700 {shop.folder}/var"]:
        assert os.system(command) == 0
    modes = [each for each in checks(shop) if each["check"] == "file modes"]
    assert [each["status"] for each in modes] == ["ok"]


def checks(shop: Shop) -> list[dict[str, str]]:
    found: list[dict[str, str]] = shop.run("doctor", "--offline", "--json").json["checks"]
    return found


def test_a_configuration_with_passwords_that_others_can_read(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, "secret_key: a secret that stands in here\n" + CONFIG)
    shop.config.chmod(0o644)
    said = [each["words"] for each in checks(shop) if each["group"] == "secrets"]
    assert f"{shop.config} holds passwords and can be read by other users" in said
    shop.config.chmod(0o600)
    assert "holds passwords" not in str(checks(shop))


def test_an_old_key_can_go_when_nobody_needs_it_any_more(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.reply(desk.to("anna@shop.example"), "It was sent.", sender="Anna <anna@shop.example>")
    config = desk.shop.config
    old = config.secret_key
    update = {"secret_key": SecretStr("the new one for tests"), "old_secret_keys": [old]}
    config = config.model_copy(update=update)
    desk = replace(desk, shop=replace(desk.shop, config=config, key=load_key(config)))

    def key() -> Finding:
        return next(each for what, each in look(desk).items() if what.startswith("old key 1"))

    assert "last signed a mail just now, last needed just now" in key().words
    assert key().words.endswith("keep it")
    desk.clock.advance(timedelta(days=400))
    assert key().words.endswith("it can go")
    assert key().advice == "take it out of old_secret_keys"
    assert str(old.get_secret_value() if old else "?") not in str(key())


# -- the rest


def test_what_is_allowed_but_odd_is_said(tmp_path: Path) -> None:
    odd = """\
data_dir: var
mailboxes:
  - {name: support, address: support@shop.example, reply_address: none}
listen: {smtp: {host: 0.0.0.0, port: 0}}
send: {smtp: {host: relay.x.example, tls: none, allow_plaintext: true}}
agents: [{name: ben, address: ben@shop.example}]
"""
    desk = make(tmp_path, config=odd)
    found = list(examine(desk.shop.config, desk.clock, offline=True))
    words = "\n".join(each.words for each in found if each.group == "setup")
    for part in (
        "nobody is told of mail that no agent has yet",
        "agents cannot answer by mail",
        "crosses the network to relay.x.example in the clear",
        "takes mail from others without TLS",
    ):
        assert part in words
    assert healthy(found), "odd is not ill"


def test_versions_are_there_for_a_report(tmp_path: Path) -> None:
    found = look(make(tmp_path))
    assert found["programs"].words.startswith("inboxd 0.1.0, Python 3.")
    assert "aiosmtpd 1." in found["libraries"].words
    assert "?" not in found["libraries"].words


def test_it_can_be_read_on_a_telephone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    shop = write_shop(tmp_path)
    shop.take(MAIL)
    ended = shop.run("doctor", "--offline")
    lines = ended.out.splitlines()
    assert "queues" in lines
    assert " !! daemon: no daemon runs" in lines
    assert "    -> inboxd serve, or inboxd work" in lines
    long = [line for line in lines if len(line) > 44 and str(tmp_path) not in line]
    assert long == []
    assert lines[-1] == "2 warnings"


def test_nothing_is_written(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.send(letter())
    desk.database.close()
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.db"))
    look(desk)
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.db")) == before
