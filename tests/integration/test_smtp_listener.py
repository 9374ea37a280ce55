"""The SMTP listener: what it takes, what it refuses, and what lies in the journal after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake import Dialogue, Intake, intake, letter
from loopback import HOST, eventually

from inboxd.config import Listener
from inboxd.ingest.smtp import SmtpListener


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Intake]:
    with intake(tmp_path) as running:
        yield running


def test_a_mail_lies_in_the_journal_byte_for_byte(shop: Intake) -> None:
    raw = letter("first") + b".a line with a dot\r\n..two\r\n\r\n"
    assert shop.send(raw).startswith("250 2.0.0 OK: stored as 1")
    (entry,) = shop.entries()
    assert entry.raw == raw
    assert (entry.mailbox, entry.source) == ("support", "smtp")
    assert (entry.envelope_from, entry.envelope_to) == ("j@c.example", ("support@shop.example",))


def test_the_null_sender_is_kept_as_such(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.send(letter(), sender="").startswith("250")
    assert [entry.envelope_from for entry in shop.entries()] == [""]


def test_two_mailboxes_get_an_entry_each_and_one_mailbox_gets_one(shop: Intake) -> None:
    to = [
        "support@shop.example",
        "sales@shop.example",
        "support+x@shop.example",
        "help@shop.example",
    ]
    assert shop.send(letter(), to) == "250 2.0.0 OK: stored as 1,2"
    found = {entry.mailbox: entry.envelope_to for entry in shop.entries()}
    assert found == {"support": (to[0], to[2], to[3]), "sales": (to[1],)}


def test_names_are_taken_in_any_case_of_letters(shop: Intake) -> None:
    assert shop.send(letter(), ["Support+ABC@Shop.Example"]).startswith("250")
    (entry,) = shop.entries()
    assert (entry.mailbox, entry.envelope_to) == ("support", ("Support+ABC@Shop.Example",))


def test_mailboxes_without_the_smtp_source_are_not_served(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.envelope(["fetched@shop.example"])[1].startswith("550 5.1.1")


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe \xe4\xf6\xfc \x00 bytes\r\n",
        b"x" * 900_000 + b"\r\n",
        b"y" * 3_000 + b"\r\n" + b"z" * 99_000 + b"\r\n",
        b"no blank line at all",
        b"\r\n" * 1000,
    ],
    ids=["8-bit", "long-line", "long-lines", "no-end", "blank"],
)
def test_odd_bodies_are_taken_as_they_are(shop: Intake, body: bytes) -> None:
    raw = letter("odd") + body
    assert shop.send(raw).startswith("250")
    (entry,) = shop.entries()
    assert entry.raw == (raw if raw.endswith(b"\r\n") else raw + b"\r\n")


def test_bytes_outside_of_utf8_in_the_envelope_do_not_keep_the_mail_out(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.ask(b"MAIL FROM:<caf\xe9@c.example>").startswith("250")
        assert line.ask(b"RCPT TO:<support+\xff@shop.example>").startswith("250")
        assert line.ask("DATA").startswith("354")
        line.say(letter() + b".\r\n")
        assert line.reply().startswith("250")
    (entry,) = shop.entries()
    assert entry.envelope_from == "caf\ufffd@c.example"
    assert entry.envelope_to == ("support+\ufffd@shop.example",)


def test_smtputf8_addresses_are_taken(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.ask("MAIL FROM:<jörg@kundin.example> SMTPUTF8 BODY=8BITMIME").startswith("250")
        assert line.ask("RCPT TO:<support@shop.example>").startswith("250")
        assert line.ask("DATA").startswith("354")
        line.say("Subject: Grüße\r\n\r\nTee\r\n.\r\n".encode())
        assert line.reply().startswith("250")
    assert shop.entries()[0].envelope_from == "jörg@kundin.example"


def test_a_connection_carries_many_mails_and_pipelined_commands(shop: Intake) -> None:
    with shop.dialogue() as line:
        for number in range(3):
            line.say(
                b"MAIL FROM:<j@c.example>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"
                + letter(f"mail {number}")
                + b".\r\n"
            )
            answers = [line.reply()[:3] for _ in range(4)]
            assert answers == ["250", "250", "354", "250"]
        assert line.ask("QUIT").startswith("221")
    assert len(shop.entries()) == 3


def test_an_envelope_ends_with_its_mail(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.send(letter()).startswith("250")
        assert line.ask("DATA").startswith("503")
        assert line.ask("RCPT TO:<support@shop.example>").startswith("503")


def test_one_session_does_not_shorten_the_commands_of_another(shop: Intake) -> None:
    """aiosmtpd keeps the limits of all sessions in one table and clears it for each new one."""
    long = f"MAIL FROM:<{'a' * 480}@c.example> SIZE=100 SMTPUTF8"
    with shop.dialogue() as line, Dialogue(shop.port):
        assert line.ask(long).startswith("250")


def test_mails_that_come_at_once_share_commits(
    shop: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shop.writer._append

    def slow(batch: list[object]) -> list[int]:
        time.sleep(0.05)
        return plain(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.writer, "_append", slow)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(shop.send(letter(f"mail {n}"))))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 40
    assert all(answer.startswith("250") for answer in answers)
    assert sorted(entry.raw for entry in shop.entries()) == sorted(
        letter(f"mail {n}") for n in range(40)
    )
    assert len(shop.commits) <= 20
    print(f"40 concurrent mails, {len(shop.commits)} commits")


def test_every_answer_names_its_own_mail(shop: Intake) -> None:
    """A batch's ids are handed out in the order of the mails."""
    answers: dict[int, str] = {}

    def send(number: int) -> None:
        answers[number] = shop.send(
            letter(f"n{number}"), ["support@shop.example", "sales@shop.example"]
        )

    threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    by_id = {entry.id: entry for entry in shop.entries()}
    for number, answer in answers.items():
        ids = [int(each) for each in answer.rpartition(" ")[2].split(",")]
        assert [by_id[each].mailbox for each in ids] == ["support", "sales"]
        assert all(by_id[each].raw == letter(f"n{number}") for each in ids)


def test_a_taken_port_is_an_oserror_and_leaves_nothing(shop: Intake) -> None:
    before = threading.active_count()
    taken = Listener(host=HOST, port=shop.port)
    other = SmtpListener(
        taken,
        shop.listener._handler._addresses,
        frozenset(),
        shop.writer,
        None,
        "x",  # type: ignore[arg-type]
    )
    with pytest.raises(OSError):
        other.start()
    other.stop()
    eventually(lambda: threading.active_count() == before, 3, "no thread left")


def test_stop_ends_open_sessions_at_once(tmp_path: Path) -> None:
    with intake(tmp_path) as shop:
        lines = [shop.dialogue() for _ in range(10)]
        lines[0].envelope()
        lines[0].say(b"Subject: half a mail\r\n")
        begun = time.monotonic()
        shop.listener.stop()
        assert time.monotonic() - begun < 2
        assert [line.line() for line in lines] == [""] * 10
        for line in lines:
            line.close()
        assert shop.entries() == []
        shop.listener.stop()


def test_a_silent_client_is_put_out(tmp_path: Path) -> None:
    with (
        intake(tmp_path, "smtp: {port: 0, limits: {timeout: 1 s}}") as shop,
        shop.dialogue() as line,
    ):
        begun = time.monotonic()
        assert line.line() == ""
        assert 0.5 < time.monotonic() - begun < 5


def test_a_listener_that_was_never_started_stops(shop: Intake) -> None:
    other = SmtpListener(
        Listener(port=0),
        shop.listener._handler._addresses,
        frozenset(),
        shop.writer,
        None,
        "x",  # type: ignore[arg-type]
    )
    other.stop()
    other.stop()
