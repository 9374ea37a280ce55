"""The LMTP listener: one answer for each recipient after the mail's end (RFC 2033 section 4.2)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake import Intake, intake, letter
from loopback import HOST, eventually
from servers import Postfix

from inboxd.errors import Transient
from inboxd.store import journal

THREE = ["support@shop.example", "sales@shop.example", "support+x@shop.example"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Intake]:
    with intake(tmp_path, "lmtp: {port: 0, limits: {size: 50 kB}}") as running:
        yield running


def answers(shop: Intake, raw: bytes, to: list[str] = THREE) -> list[str]:
    """Send a mail; returns the answers to its end, and proves that there are no more."""
    with shop.dialogue() as line:
        assert line.envelope(to)[-1].startswith("354")
        line.say(raw + b".\r\nNOOP\r\n")
        found = [line.reply() for _ in to]
        assert line.reply() == "250 OK"
        return found


def test_each_recipient_has_an_answer(shop: Intake) -> None:
    assert answers(shop, letter()) == ["250 2.0.0 OK: stored as 1,2"] * 3
    assert [entry.source for entry in shop.entries()] == ["lmtp", "lmtp"]
    assert shop.entries()[0].envelope_to == (THREE[0], THREE[2])


def test_each_recipient_is_told_to_come_back(shop: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> list[int]:
        raise Transient("disk full")

    monkeypatch.setattr(journal, "append", refuse)
    found = answers(shop, letter())
    assert [each[:9] for each in found] == ["451 4.3.0"] * 3
    assert "disk" not in found[0]
    assert shop.entries() == []


def test_each_recipient_is_told_of_the_size(shop: Intake) -> None:
    assert [each[:3] for each in answers(shop, letter(size=60_000))] == ["552"] * 3


def test_a_line_of_megabytes_is_no_reason_to_refuse_a_mail(tmp_path: Path) -> None:
    with intake(tmp_path, "lmtp: {port: 0}") as shop:
        found = answers(shop, letter() + b"x" * 2_200_000 + b"\r\n")
        assert [each[:3] for each in found] == ["250"] * 3


def test_a_fault_within_the_server_answers_each_recipient(
    shop: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> str:
        raise MemoryError("a secret")

    monkeypatch.setattr("inboxd.ingest.smtp._Handler.handle_DATA", fail)
    assert answers(shop, letter()) == ["451 4.3.0 Local error, please try again later"] * 3


def test_the_same_recipient_twice_has_two_answers(shop: Intake) -> None:
    assert len(answers(shop, letter(), ["support@shop.example"] * 2)) == 2
    assert len(shop.entries()) == 1


def test_without_a_valid_recipient_data_is_refused_once(shop: Intake) -> None:
    with shop.dialogue() as line:
        found = line.envelope(["nobody@shop.example"])
        assert [each[:3] for each in found] == ["250", "550", "503"]
        assert line.ask("NOOP") == "250 OK"


def test_one_transaction_after_another_counts_its_own_recipients(shop: Intake) -> None:
    with shop.dialogue() as line:
        for count in (3, 1, 2):
            line.envelope(THREE[:count])
            line.say(letter(f"{count}") + b".\r\n")
            assert [line.reply()[:3] for _ in range(count)] == ["250"] * count
        assert line.ask("RSET").startswith("250")
        assert line.ask("QUIT").startswith("221")


def test_lhlo_greets_and_helo_does_not(shop: Intake) -> None:
    """RFC 2033 section 4.1."""
    with shop.dialogue() as line:
        greeting = line.ask("LHLO client.example")
        assert "250-8BITMIME" in greeting
        assert "250-SIZE 50000" in greeting
        for verb in ("HELO", "EHLO"):
            assert line.ask(f"{verb} client.example").startswith("500")


@pytest.mark.servers
def test_postfix_delivers(shop: Intake, postfix: Postfix, monkeypatch: pytest.MonkeyPatch) -> None:
    postfix.route_to_lmtp("shop.example", shop.port)
    with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
        client.sendmail("jane@customers.example", THREE, letter("by postfix"))
    found = eventually(lambda: len(shop.entries()) >= 2 and shop.entries(), 15, "delivered")
    assert found
    assert {entry.mailbox for entry in found} == {"support", "sales"}
    assert all(b"Subject: by postfix\r\n" in entry.raw for entry in found)
    assert all(entry.envelope_from == "jane@customers.example" for entry in found)
    eventually(lambda: "stored as" in postfix.log(), 5)


@pytest.mark.servers
def test_postfix_keeps_what_is_put_off_and_comes_back(
    shop: Intake, postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    postfix.route_to_lmtp("shop.example", shop.port)
    with monkeypatch.context() as broken:
        broken.setattr(journal, "pack", lambda raw: 1 / 0)
        with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
            client.sendmail("jane@customers.example", THREE[:1], letter("again"))
        eventually(lambda: "451 4.3.0 Not stored" in postfix.log(), 15, "put off")
        assert shop.entries() == []
    eventually(lambda: (postfix.flush(), shop.entries())[1], 20, "delivered in the end")
