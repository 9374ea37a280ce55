"""S4: MIME bombs are kept, marked and shown shortened, in bounded time, without an exception."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from inboxd.mail.identity import content_digest
from inboxd.mail.mime import parse, parse_headers, read_part
from inboxd.mail.model import MimeBudget, ParsedMail

HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: bomb\nMessage-ID: <1@b.example>\n"
LARGE = 25_000_000
SMALL = 2_500_000
HEADER = 99_000
# The promise is 2 s for 25 MB. In processor time, with room for machines that are shared.
SECONDS = 3.0


def _filled(unit: bytes, size: int = SMALL) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def _nested(levels: int, boundary: Callable[[int], bytes]) -> bytes:
    out = HEAD
    for level in range(levels):
        mark = boundary(level)
        out += b'Content-Type: multipart/mixed; boundary="' + mark + b'"\n\n--' + mark + b"\n"
    return out + b"Content-Type: text/plain\n\ninnermost\n"


def _parts(unit: bytes, count: int, subtype: bytes = b"mixed") -> bytes:
    head = HEAD + b"Content-Type: multipart/" + subtype + b"; boundary=b\n\n"
    return head + b"".join(b"--b\n" + unit + b"\n" for _ in range(count)) + b"--b--\n"


def _typed(content_type: bytes, body: bytes, more: bytes = b"") -> bytes:
    return HEAD + b"Content-Type: " + content_type + b"\n" + more + b"\n" + body


def _with(field: bytes, value: bytes) -> bytes:
    return field + b": " + value + b"\nX-Last: 1\n\nbody"


BODIES = {
    "line ends": HEAD + b"\n" + b"\n" * LARGE,
    "short lines": HEAD + b"\n" + _filled(b"a\n", LARGE),
    "quoted lines": HEAD + b"\n" + _filled(b"> a\n", LARGE),
    "one line": HEAD + b"\n" + b"a" * LARGE,
    "carriage returns": HEAD + b"\n" + b"\r" * LARGE,
    "nul": HEAD + b"\n" + b"\0" * LARGE,
    "undeclared 8-bit": HEAD + b"\n" + _filled(b"gr\xfc\xdfe \xa4\n", LARGE),
    "all bytes": HEAD + b"\n" + _filled(bytes(range(256))),
    "unknown charset": _typed(b"text/plain; charset=x-none", _filled(b"\xe4\xf6")),
    "utf-7": _typed(b"text/plain; charset=utf-7", _filled(b"+2AA-")),
    "utf-16": _typed(b"text/plain; charset=utf-16", _filled(b"\xd8\0")),
    "iso-2022-jp": _typed(b"text/plain; charset=iso-2022-jp", _filled(b"\x1b$B-!-\x1b(B\n")),
    "undefined codec": _typed(b"text/plain; charset=undefined", b"\xe4"),
    "flowed": _typed(b"text/plain; format=flowed; delsp=yes", _filled(b"> \n>> \n", LARGE)),
    "base64": _typed(b"text/plain", _filled(b"QUJD\n"), b"Content-Transfer-Encoding: base64\n"),
    "base64 padding": _typed(b"a/b", _filled(b"Q="), b"Content-Transfer-Encoding: base64\n"),
    "base64 noise": _typed(b"a/b", _filled(b"\xff!"), b"Content-Transfer-Encoding: base64\n"),
    "quoted-printable": _typed(
        b"text/plain", _filled(b"=\n", LARGE), b"Content-Transfer-Encoding: quoted-printable\n"
    ),
    "uuencode": _typed(
        b"a/b", b"begin 644 a\n" + _filled(b"!\n", LARGE), b"Content-Transfer-Encoding: uuencode\n"
    ),
    "uuencoded files": HEAD + b"\n" + _filled(b"begin 644 a\n#0V%T\n`\nend\n"),
    "uuencode begins": HEAD + b"\n" + _filled(b"begin 644 a\nhello\n", LARGE),
    "uuencode never ends": HEAD + b"\n" + _filled(b"begin 644 a\n#0V%T\n"),
    "html opens": _typed(b"text/html", b"<" * SMALL),
    "html divisions": _typed(b"text/html", _filled(b"<div>")),
    "html tables": _typed(b"text/html", _filled(b"<table><tr><td>")),
    "html quotes": _typed(b"text/html", _filled(b"<blockquote>x")),
    "html comments": _typed(b"text/html", _filled(b"<!--")),
    "html entities": _typed(b"text/html", _filled(b"&#xD800;")),
    "winmail.dat": _typed(
        b"application/ms-tnef", b"\x78\x9f\x3e\x22" + _filled(b"\0\0\2\3\x90\x06\0\0\0\0\0\0\0")
    ),
}
STRUCTURES = {
    "2,000 levels": _nested(2000, lambda level: b"b%d" % level),
    "100,000 levels": _nested(20_000, lambda level: b"b%d" % level),
    "levels of one boundary": _nested(2000, lambda level: b"b"),
    "levels that are prefixes": _nested(150, lambda level: b"b" * (level + 1)),
    "5,000 parts": _parts(b"\nx", 5000),
    "empty parts": _parts(b"", 5000),
    "alternatives": _parts(b"Content-Type: text/html\n\n<p>x", 5000, b"alternative"),
    "attached mails": _parts(b"Content-Type: message/rfc822\n\nSubject: =?a?q?b?=", 5000),
    "large parts": _parts(b"\n" + _filled(b"gr\xfc\xdfe \xa4\n", 24_000), 1000),
    "parts of header": _parts(_filled(b"X: \xe4=?a?q?b?=\n", 24_000), 1000),
    "parts of html": _parts(b"Content-Type: text/html\n\n" + _filled(b"<p>x", 24_000), 1000),
    "almost boundaries": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n"
    + _filled(b"--bx\n", LARGE),
    "empty multipart": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n",
    "multipart without boundary": HEAD + b"Content-Type: multipart/mixed\n\nx",
    "one part for ever": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 99,
}
HEADERS = {
    "fields": _filled(b"X: y\n", LARGE),
    "folds": HEAD + b"X: y\n" + _filled(b" y\n", LARGE),
    "no fields": HEAD + _filled(b"junk\n", LARGE),
    "broken fields": HEAD + _filled(b"junk\nTo: x\n", LARGE),
    "long subject": _with(b"Subject", _filled(b"=?utf-8?q?a?= ", LARGE)),
    "nested comments": _with(b"To", b"(" * 400 + b"x" + b")" * 400 + b" <a@b.example>"),
    "empty id": _with(b"Message-ID", b"<>"),
    "torn id": _with(b"Message-ID", b"<a@["),
    "huge year": _with(b"Date", b"Mon, 8 Jan 99999999999 09:30:00 +0000"),
    "encoded line break": _with(b"From", b"=?utf-8?q?a=0D=0Ab?= <a@b.example>"),
    "parameters": _with(b"Content-Type", b"text/plain" + _filled(b"; a*0*=b", HEADER)),
    "quoted parameters": _with(b"Content-Type", b'text/plain; a="' + _filled(b'\\"', HEADER)),
}
for _field in (b"From", b"To", b"Message-ID", b"References", b"Subject", b"Date", b"Content-Type"):
    for _unit in (b"(", b'"', b"<", b",", b";", b"a ", b"a@b,", b"=?a?q?", b"\\", b"[", b"\xe4@"):
        _name = f"{_field.decode()} of {_unit!r}"
        HEADERS[_name] = _with(_field, _filled(_unit, HEADER))


def _timed(read: Callable[[bytes], ParsedMail], raw: bytes) -> ParsedMail:
    begin = time.process_time()
    mail = read(raw)
    assert time.process_time() - begin < SECONDS
    assert not [d for d in mail.defects if d.startswith(("parse:", "quotes:", "html:"))]
    return mail


def _assert_contained(raw: bytes) -> ParsedMail:
    mail = _timed(parse, raw)
    _timed(parse_headers, raw)
    assert mail.size == len(raw)
    assert len(mail.text) <= MimeBudget().max_text_chars
    assert len(mail.html or "") <= MimeBudget().max_text_chars
    assert len(mail.attachments) <= 2000
    assert sum(len(d) for d in mail.defects) < 40_000
    begin = time.process_time()
    content_digest(raw)
    if mail.attachments:
        read_part(raw, mail.attachments[-1].part)
    assert time.process_time() - begin < SECONDS
    return mail


@pytest.mark.parametrize("name", BODIES)
def test_S4_bodies(name: str) -> None:
    mail = _assert_contained(BODIES[name])
    assert mail.subject == "bomb"
    assert mail.message_id == "1@b.example"


@pytest.mark.parametrize("name", STRUCTURES)
def test_S4_structures(name: str) -> None:
    mail = _assert_contained(STRUCTURES[name])
    assert mail.subject == "bomb"


@pytest.mark.parametrize("name", HEADERS)
def test_S4_headers(name: str) -> None:
    _assert_contained(HEADERS[name])


def test_S4_what_lies_too_deep_is_kept_as_one_part_and_marked() -> None:
    raw = STRUCTURES["2,000 levels"]
    mail = parse(raw)
    assert any(d.startswith("mime: nested deeper than 20") for d in mail.defects)
    (rest,) = mail.attachments
    assert read_part(raw, rest.part).endswith(b"innermost\n")


def test_S4_depth_up_to_the_limit_is_read() -> None:
    mail = parse(_nested(20, lambda level: b"b%d" % level))
    assert mail.text == "innermost"
    assert not [d for d in mail.defects if "deeper" in d]


def test_S4_too_many_parts_are_left_out_and_marked() -> None:
    raw = _parts(b"Content-Type: image/png\n\nx", 1500)
    mail = parse(raw)
    assert len(mail.attachments) == 999
    assert "mime: more than 1000 parts: the rest is left out" in mail.defects
    assert len(parse(raw, MimeBudget(max_parts=2000)).attachments) == 1500


def test_S4_a_long_text_is_shortened_and_marked() -> None:
    mail = parse(BODIES["one line"])
    assert len(mail.text) == 1_000_000
    assert "text/plain: longer than 1000000 characters: read shortened" in mail.defects


def test_S4_a_long_header_is_shortened_and_marked() -> None:
    mail = parse(HEADERS["fields"])
    assert "header: longer than 100000 bytes: read shortened" in mail.defects
    assert len(mail.headers) <= 25_000


def test_S4_decoded_bytes_are_bounded() -> None:
    raw = _parts(b"Content-Type: image/png\n\n" + b"x" * 1000, 50)
    mail = parse(raw, MimeBudget(max_decoded_bytes=10_000))
    assert [bool(a.sha256) for a in mail.attachments] == [True] * 10 + [False] * 40
    assert "attachment: beyond the budget of decoded bytes: not looked into" in mail.defects
