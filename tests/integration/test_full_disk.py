"""A full disk: nothing acknowledged is lost, and work goes on by itself once there is room."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import HOST, eventually
from servers import Dovecot, Postfix
from shop import Shop, read
from small_disks import mounted

pytestmark = pytest.mark.servers


@pytest.fixture
def shop(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Shop:
    return Shop(tmp_path, dovecot, postfix, rules="[]\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    with mounted(tmp_path / "disk", "6m") as folder:
        yield folder


def _fill(folder: Path) -> Path:
    """Leave no room at all on the folder's file system, and return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 512):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def _offer(shop: Shop, raw: bytes) -> tuple[int, bytes]:
    """Offer a mail and return the answer to its end."""
    with smtplib.LMTP(HOST, shop.lmtp_port, timeout=30) as client:
        client.ehlo()
        client.mail(shop.jane)
        client.rcpt(shop.address)
        return client.data(raw)


def _incompressible(shop: Shop, number: int) -> bytes:
    return bytes(shop.compose(shop.jane, f"Mail {number}", os.urandom(30_000).hex() + "\n"))


def test_R13_a_full_disk_answers_451_and_goes_on_by_itself(shop: Shop, small_disk: Path) -> None:
    shop.config["data_dir"] = str(small_disk / "var")
    shop.route()
    with shop.running():
        acknowledged = [f"Mail {number}" for number in range(3)]
        for number in range(3):
            assert _offer(shop, _incompressible(shop, number))[0] == 250
        eventually(lambda: shop.journal_states() == {"applied": 3}, 20)
        shop.wait_until_quiet()
        ballast = _fill(small_disk)
        answers = []
        for number in range(3, 12):
            answers.append(_offer(shop, _incompressible(shop, number)))
            if answers[-1][0] == 250:
                acknowledged.append(f"Mail {number}")
        refused = [words for code, words in answers if code != 250]
        print(f"full disk: {len(acknowledged) - 3} taken, {len(refused)} refused")
        assert {code for code, _ in answers} <= {250, 451}
        assert refused
        assert all(words.startswith(b"4.3.0 ") for words in refused)
        assert not any(b"sql" in words.lower() or b"disk" in words.lower() for words in refused)
        taken = shop.cli("ingest", "--mailbox", "support", "-", stdin=_incompressible(shop, 100))
        assert taken.returncode == 75, taken
        assert b"Traceback" not in taken.stderr
        # Postfix waits for us as any sender does.
        shop.send(shop.jane, shop.address, _incompressible(shop, 50))
        eventually(lambda: b"451" in _queue_reasons(shop), 20, "Postfix keeps the mail")
        ballast.unlink()
        shop.postfix.flush()
        acknowledged.append("Mail 50")
        expected = len(acknowledged)
        eventually(lambda: shop.journal_states() == {"applied": expected}, 60, "goes on")
        shop.wait_until_quiet(60)
        assert sorted(each["subject"] for each in shop.conversations()) == sorted(acknowledged)
        subjects = [str(read(raw)["Subject"]).partition("] ")[2] for raw in shop.inbox(shop.bert)]
        assert sorted(subjects) == sorted(acknowledged)
        assert _offer(shop, _incompressible(shop, 200))[0] == 250


def _queue_reasons(shop: Shop) -> bytes:
    reasons = [
        recipient.get("delay_reason", "")
        for each in shop.postfix.queue()
        for recipient in each["recipients"]
        if shop.domain in recipient["address"]
    ]
    return "\n".join(reasons).encode()


def test_R13_a_disk_that_is_full_at_the_start_is_said_clearly(shop: Shop, small_disk: Path) -> None:
    """Exit code 75: the service manager, or the pipe, tries again later."""
    shop.config["data_dir"] = str(small_disk / "var")
    _fill(small_disk)
    done = shop.cli("ingest", "--mailbox", "support", "-", stdin=_incompressible(shop, 1))
    assert done.returncode == 75, done
    assert b"Traceback" not in done.stderr
    assert done.stderr.strip()
