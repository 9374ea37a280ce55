"""One mail, one transaction: poison, faults of the program, and a database that cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from desk_kit import ACKNOWLEDGE, CONFIG, START, Desk, letter, make

from inboxd import pipeline
from inboxd.desk import customer_mail, mailings, trouble
from inboxd.desk.explain import explanation
from inboxd.errors import Poison, Transient
from inboxd.pipeline import process_due
from inboxd.store import journal

PAIR = ["notification anna@shop.example", "notification ben@shop.example"]


def fail_for(monkeypatch: pytest.MonkeyPatch, word: str, error: Exception) -> list[int]:
    """Let a mail with `word` in its subject fail after all its work; returns the attempts."""
    real = mailings.notify
    tries: list[int] = []

    def notify(unit: mailings.Unit, *rest: object) -> None:
        real(unit, *rest)  # type: ignore[arg-type]
        if word in unit.conversation.subject:
            tries.append(unit.number)
            raise error

    monkeypatch.setattr(mailings, "notify", notify)
    return tries


def test_R10_poison_is_tried_three_times_put_aside_whole_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path)
    tries = fail_for(monkeypatch, "poison", ValueError("some words of the mail"))
    raw = letter(subject="poison")
    entry = desk.send(raw)
    assert desk.entry(entry).state == "received"
    for _ in range(10):
        desk.clock.advance(timedelta(minutes=5))
        desk.work()
    assert len(tries) == 3
    row = desk.entry(entry)
    assert (row.state, row.attempts, row.error) == ("quarantined", 3, "ValueError")
    assert desk.kinds() == ["alert anna@shop.example"]
    text = desk.to("anna@shop.example", "alert").mail.text
    assert f"inboxd journal replay {entry}" in text
    assert "some words" not in text
    with desk.database.read() as connection:
        assert journal.raw(connection, entry) == raw
    assert desk.count() == 0


def test_R10_replay_gives_three_more_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make(tmp_path)
    with monkeypatch.context() as patch:
        fail_for(patch, "poison", Poison("hopeless"))
        entry = desk.send(letter(subject="poison"))
    assert desk.entry(entry).state == "quarantined"
    assert desk.entry(entry).error == "hopeless"
    with desk.database.write() as connection:
        assert journal.requeue(connection, [entry], desk.clock.now()) == 1
    desk.work()
    assert desk.entry(entry).state == "applied"
    assert desk.conversation().subject == "poison"


def test_R10_pitfall_7_nobody_waits_behind_poison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path, config=CONFIG.replace("notify: [support-team]", "notify: [anna]"))
    fail_for(monkeypatch, "poison", RuntimeError())
    entries = [
        desk.journal(letter(subject="poison" if n % 10 == 5 else f"Question {n}"))
        for n in range(60)
    ]
    desk.work()
    done = [desk.entry(each).state for each in entries]
    assert (done.count("applied"), done.count("received")) == (54, 6)
    for _ in range(3):
        desk.clock.advance(timedelta(minutes=5))
        desk.work()
    done = [desk.entry(each).state for each in entries]
    assert (done.count("applied"), done.count("quarantined")) == (54, 6)
    assert desk.count() == 54
    assert [desk.conversation(n).number for n in range(1, 55)] == list(range(1, 55))


def test_a_failed_attempt_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    fail_for(monkeypatch, "poison", RuntimeError())
    desk.send(letter(subject="poison"))
    with desk.database.read() as connection:
        for table in ("conversation", "message", "contact", "party", "event", "trace", "outbox"):
            count = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            assert count == 0, table


def test_a_mail_that_recovers_says_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    with monkeypatch.context() as patch:
        fail_for(patch, "tea", RuntimeError())
        desk.send(letter())
    desk.clock.advance(timedelta(minutes=1))
    desk.work()
    assert desk.kinds() == ["auto_reply jane@customer.example", *PAIR]
    assert len(desk.messages()) == 2


FAULTS: dict[str, Callable[[], Exception]] = {
    "SQLAlchemy's": lambda: sa.exc.OperationalError("", {}, Exception("database is locked")),
    "the driver's": lambda: sqlite3.OperationalError("database or disk is full"),
    "ours": lambda: Transient("later"),
    "a damaged file": lambda: sqlite3.DatabaseError("database disk image is malformed"),
}


@pytest.mark.parametrize("whose", FAULTS)
def test_a_database_that_fails_counts_against_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    desk = make(tmp_path)
    entry = desk.journal(letter())
    with monkeypatch.context() as patch:
        fail_for(patch, "tea", FAULTS[whose]())
        for _ in range(5):
            with pytest.raises(Exception, match=r"locked|full|later|malformed"):
                process_due(desk.database, desk.shop, desk.clock)
    assert (desk.entry(entry).state, desk.entry(entry).attempts) == ("received", 0)
    desk.work()
    assert desk.entry(entry).state == "applied"


def test_a_broken_alert_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path)
    fail_for(monkeypatch, "poison", Poison("hopeless"))

    def broken(mail: object) -> None:
        raise ValueError("a broken template")

    monkeypatch.setattr(trouble, "compose", broken)
    entries = [desk.journal(letter(subject=each)) for each in ("poison", "Question")]
    desk.work()
    assert [desk.entry(each).state for each in entries] == ["quarantined", "applied"]


def test_a_mail_that_cannot_be_read_counts_against_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path)
    real = pipeline.read

    def read(shop: object, entry: journal.Entry) -> object:
        if b"poison" in entry.raw:
            raise RecursionError
        return real(shop, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "read", read)
    entries = [desk.journal(letter(subject=each)) for each in ("poison", "Question")]
    desk.work()
    assert [desk.entry(each).state for each in entries] == ["received", "applied"]


def test_mail_for_a_mailbox_that_is_gone_is_put_aside(tmp_path: Path) -> None:
    desk = make(tmp_path)
    entry = desk.send(letter(), mailbox="gone")
    assert desk.entry(entry).state == "quarantined"
    assert "not configured any more" in desk.to("anna@shop.example", "alert").mail.text


def test_mail_is_worked_on_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for number in range(30):
        desk.journal(letter(subject=f"Question {number}"))
    desk.work()
    subjects = [desk.conversation(n).subject for n in range(1, 31)]
    assert subjects == [f"Question {n}" for n in range(30)]


def test_somebody_elses_work_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path)
    desk.journal(letter())
    real = pipeline.read

    def read(shop: object, entry: journal.Entry) -> object:
        with monkeypatch.context() as patch:  # another process is faster
            patch.setattr(pipeline, "read", real)
            process_due(desk.database, desk.shop, desk.clock)
        return real(shop, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "read", read)
    process_due(desk.database, desk.shop, desk.clock)
    assert desk.count() == 1
    assert desk.kinds() == PAIR


def test_process_one_tells_what_became_of_a_mail(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter()
    desk.journal(raw)
    desk.journal(raw)
    with desk.database.read() as connection:
        entries = journal.due(connection, desk.clock.now(), 9)
    outcomes = []
    with desk.database.write() as connection:
        for entry in entries:
            reading = pipeline.read(desk.shop, entry)
            outcomes.append(pipeline.process_one(connection, desk.shop, entry, reading, desk.clock))
    assert [(each.state.value, each.conversation) for each in outcomes] == [
        ("applied", 1),
        ("duplicate", None),
    ]


def test_limits_are_kept(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for _ in range(5):
        desk.journal(letter())
    assert process_due(desk.database, desk.shop, desk.clock, limit=2) == 2
    assert desk.count() == 2
    assert process_due(desk.database, desk.shop, desk.clock) == 3
    assert process_due(desk.database, desk.shop, desk.clock) == 0


def test_what_is_kept_explains_itself(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer()
    with desk.database.read() as connection:
        told = explanation(connection, 1)
    (cause,) = told["causes"]
    assert cause["kind"] == "mail"
    assert cause["read"]["kind"] == "customer"
    assert any(step.startswith("new:") for step in cause["thread"])
    (ruling,) = cause["rulings"]
    assert ruling["matched"][0]["rule"] == "Acknowledge"
    assert ruling["matched"][0]["did"] == ["reply received"]


def test_a_desk_function_that_fails_is_retried_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Desk = make(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(customer_mail, "open_conversation", lambda case: 1 / 0)
        entry = desk.send(letter())
        assert desk.entry(entry).next_attempt_at == START + timedelta(seconds=5)
        desk.clock.advance(timedelta(seconds=5))
        desk.work()
        assert desk.entry(entry).next_attempt_at == START + timedelta(seconds=65)
    desk.clock.advance(timedelta(seconds=60))
    desk.work()
    assert (desk.entry(entry).state, desk.entry(entry).attempts) == ("applied", 2)
