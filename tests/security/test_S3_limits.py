"""S3: limits of the listener, and nothing is ever relayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from intake import Dialogue, Intake, intake, letter
from loopback import eventually

RELAYS = [
    "<x@elsewhere.example>",
    "<x%elsewhere.example@shop.example>",
    "<support%elsewhere.example@shop.example>",
    "<@shop.example:x@elsewhere.example>",
    "<@shop.example,@relay.example:x@elsewhere.example>",
    "<elsewhere.example!x>",
    "<shop.example!elsewhere.example!x>",
    "<elsewhere.example!x@shop.example>",
    '<"x@elsewhere.example"@shop.example>',
    '<"support@shop.example"@elsewhere.example>',
    "<support@shop.example@elsewhere.example>",
    "<postmaster@elsewhere.example>",
    "<support@[127.0.0.1]>",
    "<x@[192.0.2.1]>",
    "<support@[IPv6:::1]>",
    "<support@sub.shop.example>",
    "<support@shop.example.elsewhere.example>",
    "<support@xshop.example>",
    "<support@localhost>",
    "<support>",
    "support@elsewhere.example",
    "<x+support@shop.example>",
    "<support@shop.example%elsewhere.example>",
    "<>",
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Intake]:
    limits = "limits: {recipients: 5, size: 20 kB, connections: 6, connections_per_peer: 4}"
    with intake(tmp_path, f"smtp: {{port: 0, {limits}}}") as running:
        yield running


def test_S3_nothing_is_relayed(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.ask("MAIL FROM:<support@shop.example>").startswith("250")
        answers = {form: line.ask(f"RCPT TO:{form}") for form in RELAYS}
        assert len(RELAYS) >= 20
        for form, answer in answers.items():
            assert answer[:3] in ("550", "553", "501", "555"), (form, answer)
        assert line.ask("DATA").startswith("503")
    assert shop.entries() == []


def test_S3_a_source_route_to_us_is_ours(shop: Intake) -> None:
    """RFC 5321 appendix C: the route is ignored. Nothing goes to it."""
    with shop.dialogue() as line:
        line.ask("MAIL FROM:<j@c.example>")
        assert line.ask("RCPT TO:<@relay.example:support@shop.example>").startswith("250")
        line.ask("DATA")
        line.say(letter() + b".\r\n")
        assert line.reply().startswith("250")
    assert shop.entries()[0].envelope_to == ("support@shop.example",)


def test_S3_an_unknown_recipient_is_refused_and_the_others_get_the_mail(shop: Intake) -> None:
    with shop.dialogue() as line:
        answers = line.envelope(["nobody@shop.example", "support@shop.example"])
        assert answers[1].startswith("550 5.1.1")
        assert "nobody" not in answers[1]
        line.say(letter() + b".\r\n")
        assert line.reply().startswith("250")
    assert [entry.envelope_to for entry in shop.entries()] == [("support@shop.example",)]


def test_S3_too_many_recipients_are_put_off(shop: Intake) -> None:
    with shop.dialogue() as line:
        answers = line.envelope([f"support+{n}@shop.example" for n in range(7)])
        assert [answer[:3] for answer in answers] == ["250"] * 6 + ["452"] * 2 + ["354"]
        line.say(letter() + b".\r\n")
        assert line.reply().startswith("250")
    assert len(shop.entries()[0].envelope_to) == 5


def test_S3_a_mail_that_says_it_is_too_large_is_refused_at_once(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.ask("MAIL FROM:<j@c.example> SIZE=20001").startswith("552")
        assert line.ask("MAIL FROM:<j@c.example> SIZE=20000").startswith("250")
        assert "250-SIZE 20000" in line.ask("EHLO client.example")


def test_S3_a_mail_that_is_too_large_is_refused_and_the_session_goes_on(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.send(letter(size=30_000)).startswith("552")
        assert line.send(letter("small")).startswith("250")
    assert [entry.raw for entry in shop.entries()] == [letter("small")]


def test_S3_a_peer_that_has_too_many_connections_hears_421_until_it_hangs_up(shop: Intake) -> None:
    lines = [shop.dialogue() for _ in range(4)]
    with Dialogue(shop.port) as one_too_many:
        assert one_too_many.reply().startswith("421 4.7.0")
        assert one_too_many.line() == ""
    lines.pop().close()
    eventually(lambda: _is_admitted(shop), 5, "a place is free again")
    for line in lines:
        assert line.ask("NOOP").startswith("250")
        line.close()


def test_S3_all_peers_together_have_a_limit(tmp_path: Path) -> None:
    limits = "limits: {connections: 3, connections_per_peer: 50}"
    with intake(tmp_path, f"smtp: {{port: 0, {limits}}}") as shop:
        lines = [shop.dialogue() for _ in range(3)]
        with Dialogue(shop.port) as one_too_many:
            assert one_too_many.reply().startswith("421")
        for line in lines:
            line.close()
        eventually(lambda: _is_admitted(shop), 5, "a place is free again")


def test_S3_refused_connections_do_not_take_places(shop: Intake) -> None:
    lines = [shop.dialogue() for _ in range(4)]
    for _ in range(30):
        with Dialogue(shop.port) as refused:
            assert refused.reply().startswith("421")
    for line in lines:
        line.close()
    eventually(lambda: _is_admitted(shop), 5, "a place is free again")
    eventually(lambda: shop.listener._limits.peers.total() == 0, 5, "nobody is counted")


def test_S3_refusing_takes_bytes_that_come_anyway(shop: Intake) -> None:
    lines = [shop.dialogue() for _ in range(4)]
    with Dialogue(shop.port) as refused:
        refused.say(b"EHLO x\r\nMAIL FROM:<j@c.example>\r\n")
        assert refused.line()[:3] in ("421", "")
    for line in lines:
        line.close()
    eventually(lambda: _is_admitted(shop), 5)


def test_S3_endless_commands_and_noise_are_refused(shop: Intake) -> None:
    with shop.dialogue() as line:
        assert line.ask("MAIL FROM:<" + "a" * 5000 + "@c.example>").startswith("500")
        assert line.ask(b"\x00\xff\xfe").startswith("500")
        assert line.ask("").startswith("500")
        for _ in range(10):
            answer = line.ask("BOGUS")
            if answer.startswith("502"):
                break
        assert "too many" in answer.lower()
        assert line.line() == ""


def test_S3_VRFY_and_EXPN_tell_nothing(shop: Intake) -> None:
    with shop.dialogue() as line:
        known, unknown = (line.ask(f"VRFY {name}@shop.example") for name in ("support", "nobody"))
        assert known == unknown
        assert known.startswith("252")
        assert line.ask("EXPN support").startswith("502")


def _is_admitted(shop: Intake) -> bool:
    with Dialogue(shop.port) as line:
        return line.reply().startswith("220")
