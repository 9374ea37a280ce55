"""What was handed out and taken back is rebuilt from the journal as it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from desk_kit import make
from test_desk_assign_by import command, config, mails, owners, rule
from test_rebuild import assert_equal


def test_turns_queues_and_shift_ends_are_rebuilt(tmp_path: Path) -> None:
    office = ", calendar: office, max_open: 2"
    shop = make(
        tmp_path,
        config=config(
            anna=office, ben=office, carl=", max_open: 1",
            teams="{billing: {requeue: true, requeue_away: true}}",
        ),
        rules=rule(),
    )  # fmt: skip
    shop.later()
    assert mails(shop, 6) == ["anna", "ben", "carl", "anna", "ben", None]
    shop.later(minutes=5)
    command(shop, "carl", "#close", 3)
    shop.later(seconds=1)
    shop.later(minutes=5)
    command(shop, "ben", "#away until tomorrow 9:00")
    shop.later(seconds=1)
    shop.clock.advance(timedelta(hours=7, minutes=49))
    shop.later(minutes=2)  # anna's shift is over
    taken_back = owners(shop)
    assert taken_back.count(None) == 4
    shop.later(hours=15)  # the next morning, shortly after 9:00
    assert owners(shop) != taken_back
    new = assert_equal(shop)
    assert owners(new) == owners(shop)
