"""Threads that write take turns in the order in which they came, and long work makes room."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from desk_kit import letter, make

from inboxd import pipeline
from inboxd.store.turns import Turns


def waits(turns: Turns, count: int) -> bool:
    """Wait until so many others wait."""
    pause = threading.Event()
    while len(turns._waiting) < count:
        pause.wait(0.001)
    return True


def test_those_who_wait_are_served_in_their_order() -> None:
    turns, served = Turns(), list[int]()

    def work(number: int) -> None:
        with turns:
            served.append(number)

    with turns:
        assert not turns.is_wanted
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for number, thread in enumerate(threads):
            thread.start()
            assert waits(turns, number + 1)
        assert turns.is_wanted
    for thread in threads:
        thread.join(10)
    assert served == list(range(8))
    assert not turns.is_wanted


def test_who_asks_again_at_once_comes_after_those_who_wait() -> None:
    turns, order = Turns(), list[str]()

    def other() -> None:
        with turns:
            order.append("other")

    thread = threading.Thread(target=other)
    with turns:
        thread.start()
        assert waits(turns, 1)
    for _ in range(3):
        with turns:
            order.append("again")
    thread.join(10)
    assert order == ["other", "again", "again", "again"]


def test_many_threads_never_hold_it_together() -> None:
    turns, inside, worst = Turns(), list[int](), list[int]()

    def work() -> None:
        for _ in range(200):
            with turns:
                inside.append(1)
                worst.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(worst), max(worst)) == (1200, 1)


def test_a_failure_inside_lets_go_of_it() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns:
        raise ValueError
    with turns:
        assert not turns.is_wanted


class _Interrupted:
    """A gate at which the wait is broken off, as by Ctrl-C."""

    def __init__(self) -> None:
        self.given = False

    def acquire(self) -> None:
        if self.given or not hasattr(self, "made"):
            self.made = True  # the first time its maker closes it
            return
        raise KeyboardInterrupt

    def release(self) -> None:
        self.given = True


def test_who_gives_up_waiting_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    with turns:
        with monkeypatch.context() as patch:
            patch.setattr("inboxd.store.turns.threading.Lock", _Interrupted)
            with pytest.raises(KeyboardInterrupt), turns:
                pass
        assert not turns.is_wanted
    with turns:
        pass


def test_processing_makes_room_between_two_mails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender must not wait for 25 mails until its own is stored, nor the courier."""
    desk = make(tmp_path)
    for number in range(5):
        desk.journal(letter(subject=f"Question {number}"))
    seen: list[int] = []

    def look() -> None:
        with desk.database.write() as connection:
            seen.append(connection.exec_driver_sql("SELECT count(*) FROM message").scalar_one())

    others: list[threading.Thread] = []
    plain = pipeline._process

    def process(*arguments: object) -> None:
        plain(*arguments)  # type: ignore[arg-type]
        others.append(threading.Thread(target=look))
        others[-1].start()
        assert waits(desk.database._turns, 1)

    monkeypatch.setattr(pipeline, "_process", process)
    desk.work()
    for thread in others:
        thread.join(10)
    assert seen == [1, 2, 3, 4, 5]
