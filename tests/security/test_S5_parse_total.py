"""S5: reading is total, deterministic, and gives only what can be stored."""

from __future__ import annotations

import json
from dataclasses import asdict
from email.message import EmailMessage
from random import Random

import pytest
from fuzz_targets import assert_sound

from inboxd.mail.identity import content_digest
from inboxd.mail.mime import parse, parse_headers, read_part

MAILS = 10_000


def _seeds() -> list[bytes]:
    message = EmailMessage()
    message["From"] = "Jürgen Müller <j@b.example>"
    message["To"] = "Support <support@shop.example>, c@d.example"
    message["Subject"] = "Rückfrage zur Bestellung – dringend"
    message["Date"] = "Mon, 08 Jan 2024 09:30:00 +0100"
    message["Message-ID"] = "<1@b.example>"
    message["References"] = "<0@b.example> <00@b.example>"
    message.set_content("Grüße\n\nOn Monday, Shop wrote:\n> words\n")
    message.add_alternative('<p>Grüße</p><img src="cid:i"><blockquote>words</blockquote>', "html")
    message.add_attachment(b"%PDF" * 20, "application", "pdf", filename="März.pdf")
    report = (
        b"From: MAILER-DAEMON (Mail)\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?= =?gb2312?q?=D6=EC?=\r\n"
        b"Date: Mon, 8 Jan 99999 09:30 GMT\r\nMessage-ID: <a@[\r\n"
        b'Content-Type: multipart/report; boundary="b"; report-type=delivery-status\r\n\r\n--b\r\n'
        b"Content-Type: text/plain; charset=koi8-r; format=flowed\r\n\r\n"
        b"\xc4\xc1 \r\n> \xc4\xc1\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: lost\r\n\r\nx\r\n--b--\r\n"
    )
    packed = (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbegin 644 a\n"
        b"#0V%T\n`\nend\n--b\nContent-Type: application/ms-tnef; name*=utf-8''winmail%2Edat\n\n"
        b"\x78\x9f\x3e\x22\x01\x00\x02\x02\x90\x06\x00\x02\x00\x00\x00ab\x00\x00"
        b"\x02\x0f\x80\x06\x00\x03\x00\x00\x00abc\x00\x00\n--b--\n"
    )
    japanese = (
        b"Subject: \x1b$B$3$s\x1b(B\nContent-Type: text/html; charset=iso-2022-jp\n"
        b"Content-Transfer-Encoding: 7bit\n\n<p>\x1b$B-!$3\x1b(B</p>"
    )
    return [message.as_bytes(), report, packed, japanese]


HOSTILE = [
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\x1b$B",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc2\x85",
        b"\\",
    ),
    *(b"=?utf-8?q?=00=0D=0A?=", b"=?utf-7?q?+2AA-?=", b"=?", b"?=", b'"', b"(", b"<", b">", b"@"),
    *(
        b"--b",
        b"\n--b--\n",
        b"; charset=undefined",
        b"; boundary=",
        b"charset=utf-16",
        b"*0*=",
        b"%",
    ),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Type: multipart/mixed; boundary=b\n"),
    *(
        b"Content-Type: message/rfc822\n",
        b"From: ",
        b"Message-ID: <>\n",
        b"&#xD800;",
        b"<div>" * 50,
    ),
]


def _mutated(seed: bytes, random: Random) -> bytes:
    data = bytearray(seed)
    for _ in range(random.randrange(1, 12)):
        at = random.randrange(len(data) + 1)
        way = random.random()
        if way < 0.35:
            data[at:at] = random.choice(HOSTILE)
        elif way < 0.55:
            data[at : at + random.randrange(1, 40)] = b""
        elif way < 0.75 and data:
            data[at % len(data)] = random.randrange(256)
        elif way < 0.9:
            start = random.randrange(len(data) + 1)
            data[at:at] = data[start : start + random.randrange(200)]
        else:
            data[at:] = b"" if random.random() < 0.2 else data[at:]
    return bytes(data)


@pytest.mark.parametrize("part", range(4))
def test_S5_mutated_mails_are_read_and_can_be_stored(part: int) -> None:
    random = Random(1000 + part)
    seeds = _seeds()
    for number in range(MAILS // 4):
        raw = _mutated(seeds[number % len(seeds)], random)
        mail = parse(raw)
        assert_sound(mail)
        assert content_digest(raw) == content_digest(raw)
        if number % 10 == 0:
            assert parse(raw) == mail
            assert_sound(parse_headers(raw))
            json.dumps(asdict(mail), default=str, ensure_ascii=False).encode()
        for attachment in mail.attachments:
            assert len(read_part(raw, attachment.part)) == attachment.size


@pytest.mark.parametrize("seed", range(4))
def test_S5_every_truncation_is_read(seed: int) -> None:
    raw = _seeds()[seed]
    for length in range(0, len(raw), 3):
        assert_sound(parse(raw[:length]))


@pytest.mark.parametrize(
    "raw", [b"", b"\0", b"\n", b"\r", b":", b" ", b"\xff" * 100, b"From ", b"--"]
)
def test_S5_the_smallest_mails_are_read(raw: bytes) -> None:
    assert_sound(parse(raw))
    assert_sound(parse_headers(raw))


def test_S5_reading_does_not_depend_on_what_was_read_before() -> None:
    first, second = _seeds()[:2]
    alone = parse(second)
    parse(first)
    assert parse(second) == alone
