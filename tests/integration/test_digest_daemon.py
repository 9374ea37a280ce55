"""The daemon sends a digest that came due while nobody was there, once, through its way out."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from desk_kit import Desk
from digest_kit import digest_shop, mails

from inboxd.daemon import Daemon


def run_for_the_digest(desk: Desk, folder: Path, wanted: int) -> list[bytes]:
    """Run the daemon until so many lists lie in its Maildir, and a while longer."""
    daemon = Daemon(desk.shop.config, desk.clock)
    daemon.start()
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and len(lists(folder)) < wanted:
            time.sleep(0.1)
        time.sleep(1.5)  # more than one tick
        return lists(folder)
    finally:
        assert daemon.stop()


def lists(folder: Path) -> list[bytes]:
    """Return the lists that were delivered."""
    raw = [path.read_bytes() for path in (folder / "new").glob("*")]
    return [each for each in raw if b"wait for you" in each or b"waits for you" in each]


def test_the_daemon_sends_a_missed_digest_once(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 2)
    desk.clock.advance(timedelta(hours=3))
    desk.database.close()
    (sent,) = run_for_the_digest(desk, tmp_path / "sent", 1)
    assert b"To: Ben <ben@shop.example>" in sent
    assert run_for_the_digest(desk, tmp_path / "sent", 1) == [sent]
