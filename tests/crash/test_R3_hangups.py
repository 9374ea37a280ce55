"""R3: a client that hangs up tears nothing; what was acknowledged is kept, a retry is no second."""

from __future__ import annotations

import hashlib
import random
import socket
import struct
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from intake import Intake, intake, letter, stuffed
from loopback import eventually

from inboxd.clock import SystemClock
from inboxd.desk.shop import load_shop
from inboxd.pipeline import process_due
from inboxd.store import journal

CUTS = 200


def mail(number: int) -> bytes:
    return letter(f"cut {number}", size=2000)


def cut(shop: Intake, number: int, rng: random.Random) -> bool:
    """Send a mail and hang up somewhere; returns whether its 250 was seen."""
    script = (
        b"EHLO x\r\nMAIL FROM:<j@c.example>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"
        + stuffed(mail(number))
        + b".\r\n"
    )
    # A third each: anywhere, just around the mail's end, and behind it while the commit runs.
    place = (
        rng.randrange(len(script)),
        len(script) - rng.randrange(1, 6),
        len(script),
    )[number % 3]
    line = shop.dialogue()
    line.say(script[:place])
    seen = False
    if number % 3 == 2:
        line.sock.settimeout(rng.choice((0.0005, 0.005, 0.02, 5)))
        try:
            while not seen:
                data = line.sock.recv(4096)
                if not data:
                    break
                seen = b"250 2.0.0 OK: stored" in data
        except (TimeoutError, BlockingIOError):
            pass
    if number % 2:  # a reset instead of an end
        line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif number % 5 == 0:
        line.sock.shutdown(socket.SHUT_WR)
    line.close()
    return seen


def test_R3_200_cuts_lose_nothing_and_tear_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(3)
    plain = journal.append

    def slow(*arguments: object) -> list[int]:
        time.sleep(0.01)
        return plain(*arguments)  # type: ignore[arg-type]

    with intake(tmp_path) as shop:
        monkeypatch.setattr(journal, "append", slow)
        acknowledged = {number for number in range(CUTS) if cut(shop, number, rng)}
        shop.listener.stop()
        assert shop.writer.stop(10), "what was submitted is finished"
        kept = [entry.raw for entry in shop.entries()]
        whole = {mail(number): number for number in range(CUTS)}
        assert set(kept) <= set(whole), "nothing is torn"
        assert len(kept) == len(set(kept)), "nothing came twice"
        assert acknowledged <= {whole[raw] for raw in kept}
        during = len(kept) - len(acknowledged)
        assert acknowledged
        assert during > 0, "some were cut while the commit ran"
        with shop.database.read() as connection:
            found = connection.execute(sa.text("SELECT sha256, id FROM blob")).all()
        assert {row.sha256 for row in found} == {hashlib.sha256(raw).digest() for raw in kept}
        assert shop.database.integrity() is None
    print(f"{CUTS} cuts: {len(acknowledged)} acknowledged, {during} kept unheard, 0 lost, 0 torn")
    _every_sender_retries(tmp_path, whole)


def _every_sender_retries(folder: Path, whole: dict[bytes, int]) -> None:
    """What was sent before is a duplicate by its content; each mail is applied once."""
    with intake(folder) as shop:
        with shop.dialogue() as line:
            for raw in whole:
                assert line.send(raw).startswith("250")
        loaded = load_shop(shop.config)
        while process_due(shop.database, loaded, SystemClock()):
            pass
        with shop.database.read() as connection:
            counts = journal.counts(connection)
    assert counts["applied"] == CUTS
    assert set(counts) == {"applied", "duplicate"}


def test_R3_a_hang_up_while_the_commit_runs_keeps_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = journal.append
    entered, go_on = threading.Event(), threading.Event()

    def held(*arguments: object) -> list[int]:
        entered.set()
        assert go_on.wait(10)
        return plain(*arguments)  # type: ignore[arg-type]

    with intake(tmp_path) as shop:
        monkeypatch.setattr(journal, "append", held)
        line = shop.dialogue()
        line.envelope()
        line.say(letter() + b".\r\n")
        assert entered.wait(10)
        line.close()
        eventually(lambda: not shop.listener._limits.peers, 5, "the session is over")
        assert shop.entries() == []
        go_on.set()
        eventually(lambda: shop.entries(), 5, "the mail is kept")
        assert shop.send(letter("next")).startswith("250")


def test_R3_a_stop_while_the_commit_runs_keeps_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = journal.append
    entered, go_on = threading.Event(), threading.Event()

    def held(*arguments: object) -> list[int]:
        entered.set()
        assert go_on.wait(10)
        return plain(*arguments)  # type: ignore[arg-type]

    with intake(tmp_path) as shop:
        monkeypatch.setattr(journal, "append", held)
        with shop.dialogue() as line:
            line.envelope()
            line.say(letter() + b".\r\n")
            assert entered.wait(10)
            shop.listener.stop()
            assert line.line() == "", "no answer: the sender tries again"
        go_on.set()
        assert shop.writer.stop(10)
        assert len(shop.entries()) == 1
