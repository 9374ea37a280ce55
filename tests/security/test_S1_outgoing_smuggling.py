"""S1, outgoing: whatever a mail's content is, it is one mail for every server behind us.

Servers disagree on what ends a line and so on what ends a mail. What leaves us has CRLF and
nothing else for a line end, no NUL, and one line that is a lone dot: the last.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripted_relay import Line, ScriptedRelay

from inboxd.delivery.maildir import MaildirTransport
from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.transport import Outcome, RecipientResult

SENDER, JANE = "support@shop.example", "jane@a.example"
SECOND_MAIL = (
    b"MAIL FROM:<boss@shop.example>", b"RCPT TO:<victim@a.example>", b"DATA",
    b"Subject: smuggled", b"", b"pay at once",
)  # fmt: skip
END_OF_DATA = [
    b"\r\n.\r\n",
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\n.\r",
    b"\r\r\n.\r\r\n",
    b"\n\r.\n\r",
]
WITH_NUL = [b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\0\n.\r\0\n"]


def _obliging(line: Line) -> None:
    line.greet()
    line.take_mails()


def _send(
    *recipients: str, content: bytes, sender: str = SENDER
) -> tuple[list[RecipientResult], bytes]:
    """Send one mail; return the results and every octet that the relay heard."""
    with ScriptedRelay(_obliging) as relay:
        options = SmtpOptions(host="127.0.0.1", port=relay.port, tls="none", timeout=5)
        transport = SmtpTransport(options)
        results = transport.send(sender, recipients, content)
        transport.close()
        heard = relay.heard
    return results, heard


def _mails_as_read_by_the_most_lenient_server(heard: bytes) -> int:
    """Count mails where CR, LF and CRLF all end lines, as the worst server would."""
    mails, in_data = 0, False
    for line in re.split(rb"\r\n|\r|\n", heard):
        if in_data and line == b".":
            mails, in_data = mails + 1, False
        elif not in_data and line.upper() == b"DATA":
            in_data = True
    return mails


def _smuggling(end: bytes) -> bytes:
    line_end = end.partition(b".")[2]
    return b"Subject: hello\r\n\r\nhello" + end + line_end.join(SECOND_MAIL) + end


@pytest.mark.parametrize("end", END_OF_DATA, ids=repr)
def test_S1_every_form_of_end_of_data_stays_one_mail(end: bytes) -> None:
    results, heard = _send(JANE, content=_smuggling(end))
    assert [r.outcome for r in results] == [Outcome.SENT]
    assert _mails_as_read_by_the_most_lenient_server(heard) == 1
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", heard)
    assert heard.count(b"\r\n.\r\n") == 1
    assert heard.endswith(b"\r\n.\r\nQUIT\r\n")
    assert b"Subject: smuggled" in heard, "it is text, and text is not lost"


@pytest.mark.parametrize("end", END_OF_DATA, ids=repr)
def test_S1_the_measure_itself_sees_two_mails_without_the_cure(end: bytes) -> None:
    raw = b"DATA\r\n" + _smuggling(end) + b"\r\n.\r\n"
    assert _mails_as_read_by_the_most_lenient_server(raw) >= 2


@pytest.mark.parametrize("end", WITH_NUL, ids=repr)
def test_S1_a_nul_is_refused_before_anything_is_sent(end: bytes) -> None:
    results, heard = _send(JANE, content=_smuggling(end))
    assert [r.outcome for r in results] == [Outcome.DEAD]
    assert "NUL" in results[0].reply
    assert heard == b""


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", ">\r\n"])
def test_S1_an_address_cannot_become_a_command(line_end: str) -> None:
    address = f"jane@a.example{line_end}RCPT TO:<victim@a.example>"
    results, heard = _send(JANE, address, content=b"hello\r\n")
    assert [r.outcome for r in results] == [Outcome.SENT, Outcome.DEAD]
    assert b"victim" not in heard
    results, heard = _send(JANE, content=b"hello\r\n", sender=address)
    assert [r.outcome for r in results] == [Outcome.DEAD]
    assert heard == b""


@pytest.mark.parametrize("end", END_OF_DATA, ids=repr)
def test_S1_in_a_maildir_it_is_one_file_with_clean_line_ends(tmp_path: Path, end: bytes) -> None:
    MaildirTransport(tmp_path).send(SENDER, [JANE], _smuggling(end))
    (file,) = (tmp_path / "new").iterdir()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", file.read_bytes())
