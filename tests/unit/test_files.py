"""Single mails from files and pipes: which mailbox they are for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from desk_kit import CONFIG, Desk, letter, make

from inboxd.errors import Permanent, Transient
from inboxd.ingest import files

SALES = "  - {name: sales, address: sales@shop.example}\nlisten:"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make(tmp_path, config=CONFIG.replace("listen:", SALES))
    yield desk
    desk.database.close()


def take(desk: Desk, *mails: bytes, **options: Any) -> list[tuple[str, str | None, list[str]]]:
    ids = files.ingest(desk.database, desk.shop, desk.clock, mails, **options)
    with desk.database.read() as connection:
        rows = connection.execute(sa.text("SELECT * FROM journal ORDER BY id")).all()
    assert ids == [row.id for row in rows][-len(ids) :]
    return [(row.mailbox, row.envelope_from, json.loads(row.envelope_to)) for row in rows]


def test_the_header_names_the_mailbox(desk: Desk) -> None:
    assert take(desk, letter(to="Sales <SALES@shop.example>")) == [("sales", None, [])]


def test_a_mail_for_two_mailboxes_comes_twice(desk: Desk) -> None:
    found = take(desk, letter(cc="sales@shop.example, x@elsewhere.example"))
    assert [mailbox for mailbox, _, _ in found] == ["support", "sales"]


def test_delivered_to_counts_for_mail_that_names_us_nowhere(desk: Desk) -> None:
    raw = letter(to="list@elsewhere.example", headers="Delivered-To: sales+x@shop.example\n")
    assert [mailbox for mailbox, _, _ in take(desk, raw)] == ["sales"]


def test_mail_that_names_nobody_of_ours_goes_to_the_first_mailbox(desk: Desk) -> None:
    assert [mailbox for mailbox, _, _ in take(desk, b"Subject: x\n\nx\n")] == ["support"]


def test_the_envelope_counts_more_than_the_header(desk: Desk) -> None:
    found = take(desk, letter(), sender="", recipients=["sales+1@shop.example"])
    assert found == [("sales", "", ["sales+1@shop.example"])]


def test_an_envelope_of_strangers_leaves_the_word_to_the_header(desk: Desk) -> None:
    found = take(desk, letter(to="sales@shop.example"), recipients=["x@elsewhere.example"])
    assert [mailbox for mailbox, _, _ in found] == ["sales"]


def test_a_named_mailbox_counts_most(desk: Desk) -> None:
    found = take(desk, letter(), mailbox="sales", recipients=["support@shop.example"])
    assert [mailbox for mailbox, _, _ in found] == ["sales"]


def test_an_unknown_mailbox_or_no_mail_at_all_is_refused(desk: Desk) -> None:
    with pytest.raises(Permanent, match="there is no mailbox called selas"):
        take(desk, letter(), mailbox="selas")
    for empty in (b"", b" \r\n\n"):
        with pytest.raises(Permanent, match="there is no mail in the input"):
            take(desk, letter(), empty)
    assert desk.count() == 0
    with desk.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM journal").scalar() == 0


def test_all_of_it_or_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Transient("disk full")

    monkeypatch.setattr("inboxd.store.journal.append", fail)
    with pytest.raises(Transient):
        take(desk, letter())
