"""S4: hostile mails go the whole way: none raises, each is in the journal whole and is shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from desk_kit import Desk, make

ENDS = {
    "empty multipart": "Content-Type: multipart/mixed; boundary=b\n\n",
    "multipart of nothing": "Content-Type: multipart/mixed; boundary=b\n\n--b--\n",
    "multipart without boundary": "Content-Type: multipart/mixed\n\nwords",
    "truncated multipart": "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords",
    "truncated base64": "Content-Transfer-Encoding: base64\n\nd29yZ",
    "unknown charset": "Content-Type: text/plain; charset=x-none\n\nwords \udce4",
    "undefined codec": "Content-Type: text/plain; charset=undefined\n\nwords \udce4",
    "a codec that is no charset": "Content-Type: text/plain; charset=zlib\n\nwords \udce4",
    "an endless charset": f"Content-Type: text/plain; charset={'x' * 5000}\n\nwords",
    "lone surrogates": "Content-Type: text/plain; charset=utf-7\n\n+2AA- words",
    "nul": "\nwords \0 words",
    "controls": "\nwords \x1b[2J \x07 \u2028 \u202e words",
    "escapes of Japanese": "Content-Type: text/plain; charset=iso-2022-jp\n\nwords \x1b$B",
    "unknown transfer encoding": "Content-Transfer-Encoding: rot13\n\nwords",
    "uuencode without end": "\nwords\nbegin 644 a\n#0V%T\n",
    "uuencode of nothing": "Content-Transfer-Encoding: uuencode\n\nwords",
    "winmail.dat of nothing": "Content-Type: application/ms-tnef\n\nwords",
    "winmail.dat that lies": "Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64"
    "\n\n" + base64.b64encode(b"\x78\x9f\x3e\x22\0\0\1\3\x90\6\0\xff\xff\xff\xff").decode(),
    "a mail in itself": "Content-Type: message/rfc822\n\n" * 50 + "words",
    "partial": "Content-Type: message/partial; number=9; total=1\n\nwords",
    "external": "Content-Type: message/external-body; access-type=x\n\nwords",
    "html of nothing": "Content-Type: text/html\n\n<",
    "html of comments": "Content-Type: text/html\n\n" + "<!--" * 1000,
    "html that nests": "Content-Type: text/html\n\n" + "<div>" * 20_000 + "words",
    "html that runs": "Content-Type: text/html\n\n<script>alert(1)</script><p>words",
    "flowed to the end": "Content-Type: text/plain; format=flowed\n\n" + "> " * 1000 + "words ",
    "parameters without end": 'Content-Type: text/plain; a="' + '\\"' * 5000 + "\n\nwords",
    "sections without end": "Content-Type: text/plain" + "; a*0*=b" * 5000 + "\n\nwords",
    "a name that is a path": "Content-Disposition: attachment; filename=../../a\n\nwords",
    "a name of nothing": 'Content-Disposition: attachment; filename="..."\n\nwords',
    "no body": "",
    "no line end": "\nwords" + "x" * 100_000,
    "only line ends": "\n" * 10_000,
}
FIELDS = {
    "nested comments": f"To: {'(' * 400}x{')' * 400} <support@shop.example>",
    "brackets": f"To: {'<' * 5000}support@shop.example",
    "quotes": 'To: "' + '\\"' * 5000 + "support@shop.example",
    "thousands of recipients": "To: " + ", ".join(f"u{n}@x.example" for n in range(3000)),
    "a group of groups": "To: " + "a:" * 2000 + ";",
    "no id": "Message-ID: <>",
    "half an id": "Message-ID: <a@[",
    "an id of blanks": "Message-ID: < >",
    "an id without end": "Message-ID: <" + "a" * 5000 + "@x>",
    "an encoded id": "Message-ID: =?utf-8?q?=3Ca=40b=3E=0D=0ABcc=3A_x?=",
    "a huge year": "Date: Mon, 8 Jan 99999999999999999999 09:30:00 +0000",
    "a huge offset": "Date: Mon, 8 Jan 2024 09:30:00 +999999999",
    "a year of nothing": "Date: Mon, 1 Jan 0000 00:00:00 +0000",
    "a date of words": "Date: yesterday",
    "an encoded line break": "Subject: =?utf-8?q?a=0D=0ABcc=3A_x=40y?=",
    "a word without end": "Subject: =?utf-8?q?" + "=C3" * 5000,
    "a thousand words": "Subject: " + "=?utf-8?q?a?= " * 5000,
    "words of nothing": "Subject: =?utf-8?b??= =?utf-8?q??= =???= =?",
    "raw bytes": "Subject: \udce4\udcf6\udcff",
    "a subject without end": "Subject: " + "x" * 90_000,
    "a thousand references": "References: " + " ".join(f"<{n}@x>" for n in range(2000)),
    "references of nothing": "References: <><><> < > <\nIn-Reply-To: <>",
    "no field at all": ": x",
    "a field of dashes": "-" * 500 + ": x",
    "folds of nothing": "X-Odd:" + "\n " * 2000,
    "a thousand fields": "\n".join(f"X-{n}: {n}" for n in range(2000)),
    "a thousand steps": "\n".join(f"Received: from a by b; {n}" for n in range(40)),
}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


HEAD = "From: Jane <jane@customer.example>\n"
MAILS = {
    **{n: HEAD + f"To: support@shop.example\nSubject: {n}\n{end}" for n, end in ENDS.items()},
    **{n: HEAD + f"{field}\n\nwords of {n}" for n, field in FIELDS.items()},
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make(tmp_path)


def test_S4_there_are_sixty_of_them() -> None:
    assert len(MAILS) >= 60


@pytest.mark.parametrize("name", MAILS)
def test_S4_a_hostile_mail_is_journaled_and_visible(desk: Desk, name: str) -> None:
    entry = desk.send(_bytes(MAILS[name]), to=["support@shop.example"])
    row = desk.entry(entry)
    assert row.state == "applied", row.error
    assert desk.count() == 1
    (message,) = (each for each in desk.messages() if each.direction == "inbound")
    if name in FIELDS:
        assert f"words of {name}" in message.text
    elif "words" in ENDS[name] and "Content-Disposition" not in ENDS[name]:
        assert "words" in message.text or "application" in ENDS[name] or "message/" in ENDS[name]


def test_S4_a_hostile_mail_stops_none_behind_it(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for raw in MAILS.values():
        desk.journal(_bytes(raw), to=["support@shop.example"])
    last = desk.journal(_bytes(HEAD + "To: support@shop.example\nSubject: tea\n\nWhere is it?"))
    desk.work()
    assert desk.entry(last).state == "applied"
    with desk.database.read() as connection:
        states = connection.exec_driver_sql("SELECT state, count(*) FROM journal GROUP BY state")
        counted = {str(state): int(count) for state, count in states}
    assert counted.get("quarantined", 0) == 0
    assert sum(counted.values()) == len(MAILS) + 1
