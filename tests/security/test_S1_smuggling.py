"""S1: no way of ending a mail but the right one, so that no second mail hides in the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake import Dialogue, intake

SMUGGLED = (
    b"MAIL FROM:<evil@c.example>\r\nRCPT TO:<sales@shop.example>\r\nDATA\r\nSubject: 2\r\n\r\nx"
)
ENDS = {
    "LF.LF": b"\n.\n",
    "CR.CR": b"\r.\r",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "NUL before the dot": b"\r\n\x00.\r\n",
    "NUL behind the dot": b"\r\n.\x00\r\n",
    "CRCRLF": b"\r\r\n.\r\r\n",
    "stuffed dot": b"\r\n..\r\n",
    "dot and blank": b"\r\n. \r\n",
}


@pytest.mark.parametrize("verb", ["EHLO", "LHLO"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_S1_a_wrong_end_of_data_makes_no_second_mail(tmp_path: Path, end: bytes, verb: str) -> None:
    protocol = "smtp" if verb == "EHLO" else "lmtp"
    with intake(tmp_path, f"{protocol}: {{port: 0}}") as shop:
        with shop.dialogue(verb) as line:
            assert line.envelope()[-1].startswith("354")
            line.say(b"Subject: 1\r\n\r\nfirst" + end + SMUGGLED + b"\r\n.\r\nNOOP\r\n")
            assert line.reply().startswith("250 2.0.0 OK: stored")
            line.say(b"QUIT\r\n")
            assert [line.reply()[:3], line.reply()[:3]] == ["250", "221"]
        (entry,) = shop.entries()
        assert entry.mailbox == "support"
        assert b"MAIL FROM:<evil@c.example>" in entry.raw
        assert not entry.raw.endswith(b"\r\n.\r\n")


def test_S1_the_right_end_ends_the_mail(tmp_path: Path) -> None:
    """The control: with CRLF.CRLF the same bytes are two mails."""
    with intake(tmp_path) as shop, Dialogue(shop.port) as line:
        line.greet()
        line.envelope()
        line.say(b"Subject: 1\r\n\r\nfirst\r\n.\r\n" + SMUGGLED + b"\r\n.\r\n")
        assert [line.reply()[:3] for _ in range(5)] == ["250", "250", "250", "354", "250"]
        assert [entry.mailbox for entry in shop.entries()] == ["support", "sales"]


def test_S1_an_end_in_pieces_is_an_end(tmp_path: Path) -> None:
    with intake(tmp_path) as shop, shop.dialogue() as line:
        line.envelope()
        for piece in (b"Subject: 1\r\n\r\nfirst\r", b"\n", b".", b"\r", b"\n"):
            line.say(piece)
        assert line.reply().startswith("250")
        assert shop.entries()[0].raw == b"Subject: 1\r\n\r\nfirst\r\n"


def test_S1_a_line_beyond_every_limit_does_not_hide_an_end(tmp_path: Path) -> None:
    """A line of megabytes is a part of its mail; nothing in it is read as a command."""
    mail = b"Subject: 1\r\n\r\n" + b"x" * 2_500_000 + b"\n.\n" + SMUGGLED + b"\r\n"
    with intake(tmp_path) as shop, shop.dialogue() as line:
        line.envelope()
        line.say(mail + b".\r\n")
        assert line.reply().startswith("250")
        assert line.ask("NOOP").startswith("250")
        (entry,) = shop.entries()
        assert entry.raw == mail
