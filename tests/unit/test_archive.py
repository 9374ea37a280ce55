"""History out of mbox files and Maildirs, each mail as it was."""

from __future__ import annotations

import mailbox
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from desk_kit import START, Desk, make

from inboxd.errors import Permanent
from inboxd.ingest.archive import import_archive, open_archive

FROM = b"From jane@customer.example Mon May  6 08:00:00 2024\n"


def letter(number: int, body: str = "Hello\n", to: str = "support@shop.example") -> bytes:
    return (
        f"From: Jane <jane@customer.example>\nTo: {to}\nSubject: Mail {number}\n"
        f"Message-ID: <{number}@customer.example>\n"
        f"Date: Mon, 6 May 2024 08:0{number}:00 +0000\n\n{body}"
    ).encode()


def mails(path: Path) -> list[bytes]:
    archive = open_archive(path)
    try:
        found = list(archive.mails())
        assert len(found) == archive.count
        return found
    finally:
        archive.close()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_an_mbox_gives_its_mails_in_order(tmp_path: Path) -> None:
    content = b"".join(FROM + letter(n) + b"\n" for n in range(12))
    assert mails(write(tmp_path / "mbox", content)) == [letter(n) for n in range(12)]


def test_quoted_from_lines_lose_one_mark(tmp_path: Path) -> None:
    body = ">From the start\n>>From quoted\n> From x\nX>From\n>Fromage\n"
    (found,) = mails(write(tmp_path / "mbox", FROM + letter(1, body) + b"\n"))
    assert found == letter(1, "From the start\n>From quoted\n> From x\nX>From\n>Fromage\n")


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_the_last_mail_may_end_anyhow(tmp_path: Path, end: bytes) -> None:
    content = FROM + letter(1) + b"\n" + FROM + letter(2).rstrip(b"\n") + end
    found = mails(write(tmp_path / "mbox", content))
    assert found[0] == letter(1)
    assert found[1].rstrip(b"\n") == letter(2).rstrip(b"\n")


def test_an_mbox_with_crlf_keeps_its_line_ends(tmp_path: Path) -> None:
    content = b"".join(FROM + letter(n) + b"\n" for n in range(3)).replace(b"\n", b"\r\n")
    assert mails(write(tmp_path / "mbox", content)) == [
        letter(n).replace(b"\n", b"\r\n") for n in range(3)
    ]


def test_an_empty_mbox_has_no_mails(tmp_path: Path) -> None:
    assert mails(write(tmp_path / "mbox", b"")) == []


def test_a_maildir_gives_new_and_old_mails_byte_for_byte(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    raw = b"Subject: \xff\r\n\r\n>From here\r\nFrom there\n"
    for each in (letter(1), raw):
        box.add(each)
    (tmp_path / "box" / "cur" / "1.x:2,S").write_bytes(letter(3))
    assert sorted(mails(tmp_path / "box")) == sorted([letter(1), raw, letter(3)])


def test_what_is_neither_is_refused_in_clear_words(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "half" / "cur").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    cases = {
        "folder": "is a folder, but not a Maildir (it has no cur/ in it)",
        "half": "is a folder, but not a Maildir (it has no new/ in it)",
        "pipe": "is neither a file nor a folder",
        "nowhere": "does not exist",
        "zip": "is not an mbox file: it does not begin with 'From '",
        "mail": "is not an mbox file: it does not begin with 'From '",
    }
    write(tmp_path / "zip", b"PK\x03\x04 and so on")
    write(tmp_path / "mail", letter(1))
    for name, words in cases.items():
        with pytest.raises(Permanent) as caught:
            open_archive(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name} {words}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make(tmp_path)
    yield desk
    desk.database.close()


def take(desk: Desk, path: Path, name: str | None = None) -> list[int]:
    archive = open_archive(path)
    try:
        return list(import_archive(desk.database, desk.shop, desk.clock, archive, name))
    finally:
        archive.close()


def rows(desk: Desk) -> list[Any]:
    with desk.database.read() as connection:
        return list(connection.execute(sa.text("SELECT * FROM journal ORDER BY id")))


def test_an_import_is_history_at_its_own_dates_and_sends_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    path = write(tmp_path / "mbox", b"".join(FROM + letter(n) + b"\n" for n in range(5)))
    assert take(desk, path) == [5]
    desk.work()
    assert [(r.source, r.state, bool(r.history), r.envelope_from) for r in rows(desk)] == [
        ("import", "applied", True, None)
    ] * 5
    assert desk.conversation(1).created_at == datetime(2024, 5, 6, 8, 0, tzinfo=UTC)
    assert desk.outbox() == []


def test_importing_again_adds_nothing(desk: Desk, tmp_path: Path) -> None:
    lf = b"".join(FROM + letter(n) + b"\n" for n in range(5))
    box = mailbox.Maildir(tmp_path / "box")
    for n in range(5):
        box.add(letter(n))
    take(desk, write(tmp_path / "one", lf))
    desk.work()
    before = desk.count()
    for path in (
        tmp_path / "one",
        write(tmp_path / "two", lf.replace(b"\n", b"\r\n")),
        tmp_path / "box",
    ):
        take(desk, path)
        desk.work()
    assert desk.count() == before
    assert [r.state for r in rows(desk)] == ["applied"] * 5 + ["duplicate"] * 15


def test_commits_are_bounded_and_counted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inboxd.ingest.archive._BATCH_MAILS", 2)
    path = write(tmp_path / "mbox", b"".join(FROM + letter(n) + b"\n" for n in range(5)))
    assert take(desk, path) == [2, 2, 1]
    monkeypatch.setattr("inboxd.ingest.archive._BATCH_BYTES", 10)
    assert take(desk, path) == [1] * 5


@pytest.mark.parametrize(
    "date", ["Thu, 1 Jan 1970 00:00:00 +0000", "nonsense", "Mon, 6 May 2999 08:00 +0000"]
)
def test_an_impossible_date_is_now(desk: Desk, tmp_path: Path, date: str) -> None:
    raw = letter(1).replace(b"Mon, 6 May 2024 08:01:00 +0000", date.encode())
    take(desk, write(tmp_path / "mbox", FROM + raw))
    assert rows(desk)[0].received_at == rows(desk)[0].next_attempt_at
    with desk.database.read() as connection:
        from inboxd.store import journal

        assert journal.due(connection, START, 1)[0].received_at == START


def test_mail_that_names_no_mailbox_of_ours_goes_to_the_first(desk: Desk, tmp_path: Path) -> None:
    take(desk, write(tmp_path / "mbox", FROM + letter(1, to="other@elsewhere.example")))
    assert [r.mailbox for r in rows(desk)] == ["support"]
