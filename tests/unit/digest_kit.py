"""What the tests of digests share: a shop whose agents get them, and the ticks that send them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from desk_kit import CONFIG, Desk, Sent, make

from inboxd.desk.digest import send_due


def digest_shop(
    tmp_path: Path, digest: str = '"10:00"', who: str = "ben", more: str = "", extra: str = ""
) -> Desk:
    """Return a shop in which `who` gets a digest; `more` are further keys of the agent's."""
    at = f"{{name: {who}, address: {who}@shop.example, "
    assert at in CONFIG
    keys = f"{more}, " if more else ""
    return make(tmp_path, config=CONFIG.replace(at, f"{at}digest: {digest}, {keys}") + extra)


def mails(desk: Desk, count: int) -> None:
    """Let so many customers write, a minute apart."""
    for number in range(1, count + 1):
        desk.customer(
            sender=f"Customer {number} <c{number}@customer.example>", subject=f"Question {number}"
        )
        desk.clock.advance(timedelta(minutes=1))


def tick(desk: Desk) -> list[Sent]:
    """Look once at what is due; returns the lists that were sent since `fresh` was asked last."""
    send_due(desk.database, desk.shop, desk.clock)
    return desk.fresh("digest")


def morning(desk: Desk, **by: float) -> Sent:
    """Move the clock on (two hours unless told) and return the one list that is sent then."""
    desk.clock.advance(timedelta(**by) if by else timedelta(hours=2))
    desk.fresh()
    (sent,) = tick(desk)
    return sent
