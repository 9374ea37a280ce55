"""Structures as they are seen in the wild, and what people see of them."""

from __future__ import annotations

import base64

import pytest

from inboxd.mail.mime import parse, read_part
from inboxd.mail.model import ParsedMail

HEAD = b"From: a@b.example\nSubject: s\nMIME-Version: 1.0\n"
TEXT = "Content-Type: text/plain\n\n"
HTML = "Content-Type: text/html\n\n"


def mail(rest: str | bytes) -> ParsedMail:
    return parse(HEAD + (rest.encode() if isinstance(rest, str) else rest))


def mixed(body: str, content_type: str = "multipart/mixed; boundary=b") -> ParsedMail:
    return mail(f"Content-Type: {content_type}\n\n{body}")


ONE = f"--b\n{TEXT}one\n--b--\n"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed; boundary=b", ONE),
        ("MULTIPART/MIXED; BOUNDARY=b", ONE),
        ('multipart/mixed\n\tboundary="b"', ONE),
        ("multipart/mixed, boundary=b", ONE),
        ("multipart/mixed;; boundary=b;", ONE),
        ("multipart/mixed; boundary = b", ONE),
        ("multipart / mixed; boundary=b", ONE),
        ('"multipart/mixed"; boundary=b', ONE),
        ("multipart; boundary=b", ONE),
        ("multipart/x-own; boundary=b", ONE),
        ("multipart/*; boundary=b", ONE),
        ("multipart/mixed; boundary=b (a comment)", ONE),
        ("multipart/mixed; boundary=B", ONE),
        ("multipart/mixed; boundary='b'", ONE),
        ("multipart/mixed; boundary='b'", ONE.replace("--b", "--'b'").replace("''--", "'--")),
        ('multipart/mixed; boundary="b', ONE),
        ('multipart/mixed; boundary="b "', ONE),
        ("multipart/mixed; boundary=other; boundary=b", ONE),
        ("multipart/mixed; boundary*=us-ascii''b", ONE),
        ("multipart/mixed; boundary*0=b", ONE),
        ("multipart/mixed; boundary==_b", ONE.replace("--b", "--=_b")),
        ("multipart/mixed", ONE),
        ("multipart/mixed", "This is a multi-part message in MIME format.\n\n" + ONE),
        ("multipart/mixed; boundary=other", "preamble\n" + ONE),
        ("multipart/mixed; bo", "preamble\n\n" + ONE),
        ("multipart/mixed; boundary=b", ONE.replace("--b--", "--b-- \t")),
        ("multipart/mixed; boundary=b", ONE.replace("--b\n", "--b  \n")),
        ("multipart/mixed; boundary=b", ONE.replace("\n", "\r\n")),
        ("multipart/mixed; boundary=b", ONE.removesuffix("\n--b--\n") + "\n--b"),
        ("multipart/mixed; boundary=b", ONE.removesuffix("--b--\n")),
        ("multipart/mixed; boundary=b", "--b\none\n--b--\n"),
        ("multipart/mixed; boundary=b", "--b\n\none\n--b--\n"),
        ("multipart/mixed; boundary=b", "--b\nContent-Type: text/plain\none\n--b--\n"),
        ("multipart/mixed; boundary=b", f"--b\n\n--b\n{TEXT}one\n--b\n\n--b--\n"),
        ("multipart/mixed; boundary=b", f"--b--\n\n--b\n{TEXT}one\n--b--\n"),
        ("multipart/mixed; boundary=b", ONE + "epilogue\n"),
        ("multipart/mixed; boundary=b\nContent-Transfer-Encoding: quoted-printable", ONE),
        ("multipart/mixed; boundary=b\nContent-Type: text/plain", ONE),
    ],
)
def test_one_part_in_every_form_of_multipart(content_type: str, body: str) -> None:
    parsed = mixed(body, content_type)
    assert parsed.text == "one"
    assert parsed.attachments == ()


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text", "words"),
        ("html", "words"),
        ("text/", "words"),
        ("/", "words"),
        ("text/plain/html", "words"),
        ("text/plain charset=utf-8", "words"),
        ("text/plain; charset", "words"),
        ("text/plain; charset=", "words"),
        ("text/plain;charset=utf-8;", "words"),
        ("TEXT/HTML", "words"),
        ("text/xhtml", "words"),
        ("application/xhtml+xml", "words"),
        ("text/markdown", "words"),
        ("text/enriched", "words"),
        ("text/x-unknown", "words"),
        ("x-unknown", "words"),
        ("", "words"),
    ],
)
def test_words_are_shown_whatever_their_type_is_called(content_type: str, text: str) -> None:
    assert mail(f"Content-Type: {content_type}\n\nwords").text == text


def test_enriched_text_is_shown_without_its_marks() -> None:
    raw = (
        "Content-Type: text/enriched\n\n<bold>Hi</bold>\nthere\n\n"
        "<color><param>red</param>1 << 2</color>"
    )
    assert mail(raw).text == "Hi there\n1 < 2"


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("8bits", "abc", "abc"),
        ("7-bit", "abc", "abc"),
        ("", "abc", "abc"),
        ('"base64"', "YWJj", "abc"),
        ("base-64", "YWJj", "abc"),
        ("Base64 (x)", "YWJj", "abc"),
        ("base64\nContent-Transfer-Encoding: 7bit", "YWJj", "abc"),
        ("quoted-printable;", "a=3Db", "a=b"),
        ("quotedprintable", "a=3Db", "a=b"),
        ("quoted printable", "a=3Db", "a=b"),
        ("qp", "a=3Db", "a=b"),
        ("text/html", "abc", "abc"),
        ("base64", "words that nobody encoded at all!\nmore", None),
        ("base64", "YWJj\n\n--\nwords (behind it)\n", "abc\n\n\n--\nwords (behind it)"),
        ("base64", "YW\nJj\n\n\n", "abc"),
        ("base64", ">YWJj", "abc"),
        ("base64", "YWJ", "ab"),
        ("quoted-printable", "a=\n", "a"),
        ("quoted-printable", "a=  \nb", "ab"),
        ("quoted-printable", "line \t\nnext=20\nlast", "line\nnext \nlast"),
        ("quoted-printable", "a=E\nb =ZZ =c3=bc", "a=E\nb =ZZ ü"),
    ],
)
def test_transfer_encodings_that_are_misspelt_or_broken(
    encoding: str, body: str, text: str | None
) -> None:
    raw = (
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}"
    )
    assert mail(raw).text == (body if text is None else text)


def test_flowed_text_is_not_joined_at_blanks_that_transport_added() -> None:
    raw = (
        "Content-Type: text/plain; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\n"
        "one=20\nparagraph\nnot \njoined"
    )
    assert mail(raw).text == "one paragraph\nnot\njoined"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode("utf-16-be"), "utf-16", "Grüße"),
        ("Grüße".encode("utf-16-le"), "utf-16", "Grüße"),
        ("Grüße".encode("utf-16"), "", "Grüße"),
        ("Grüße".encode("utf-8-sig"), "", "Grüße"),
        (b"Gr+APwA3w-e 1 + 1 = 2 +-", "utf-7", "Grüße 1 + 1 = 2 +"),
        (b"\x1b$B$3$s$K$A$O\x1b(B", "", "こんにちは"),
        (b"\x1b$B$3$s$K$A$O\x1b(B", "us-ascii", "こんにちは"),
        (b"\x1b$B$3$s$K$A$O\x1b(B", "utf-8", "こんにちは"),
        (b"\xad\xa1 \xa4\xb3\xa4\xf3\xa4\xcb\xa4\xc1\xa4\xcf \x8e\xb1", "euc-jp", "① こんにちは ｱ"),
        ("Grüße ".encode() * 5 + b"\xff\xfe", "utf-8", "Grüße " * 5 + "��"),
        ("您好我想查询订单".encode("gb18030") + b"\xff", "gb2312", "您好我想查询订单�"),
    ],
)  # fmt: skip
def test_pitfall_11_bodies_that_their_label_does_not_describe(
    data: bytes, charset: str, text: str
) -> None:
    head = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    encoded = base64.b64encode(data).decode()
    assert mail(f"{head}Content-Transfer-Encoding: base64\n\n{encoded}").text == text.strip()


def test_html_names_its_charset_where_the_header_says_ascii() -> None:
    parsed = mail(
        b"Content-Type: text/html; charset=us-ascii\n\n"
        + b"<meta charset=windows-1251><p>\xc4\xe0, \xe3\xe4\xe5"
    )
    assert parsed.text.strip() == "Да, где"


IMAGE = "Content-Type: image/png; name=i.png\nContent-ID: <i@x>\n{more}\nx\n"


@pytest.mark.parametrize("kind", ["mixed", "related", "x-own"])
@pytest.mark.parametrize("more", ["", "Content-Disposition: attachment; filename=i.png\n"])
@pytest.mark.parametrize("source", ["cid:i@x", "cid:i%40x", "cid:i&#64;x"])
def test_an_image_that_the_html_shows_is_inline_wherever_it_stands(
    kind: str, more: str, source: str
) -> None:
    parsed = mixed(
        f"--b\n{HTML}<img src='{source}'>\n--b\n{IMAGE.format(more=more)}--b--\n",
        f"multipart/{kind}; boundary=b",
    )
    assert [(a.filename, a.inline, a.content_id) for a in parsed.attachments] == [
        ("i.png", True, "i@x")
    ]


def test_an_image_that_nothing_shows_is_a_file() -> None:
    parsed = mixed(f"--b\n{HTML}<p>x\n--b\n{IMAGE.format(more='')}--b--\n")
    assert [a.inline for a in parsed.attachments] == [False]


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/calendar; method=REQUEST", "invitation.ics"),
        ("application/ics", "invitation.ics"),
        ("text/x-vcalendar", "invitation.ics"),
        ("text/calendar; name=meeting.ics", "meeting.ics"),
    ],
)
def test_calendar_invitations_are_named_as_such(content_type: str, name: str) -> None:
    parsed = mixed(f"--b\n{TEXT}come\n--b\nContent-Type: {content_type}\n\nBEGIN\n--b--\n")
    assert (parsed.text, [a.filename for a in parsed.attachments]) == ("come", [name])


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ("Subject: inner\n\nbody", "inner.eml"),
        ("From: x@y.example\n\nbody", "attachment-1.eml"),
        ("", "attachment-1.eml"),
        ("no header at all", "attachment-1.eml"),
        ("Subject: ...\n\nbody", "attachment-1.eml"),
        ("Content-Type: message/rfc822\n\nSubject: deep\n\nbody", "attachment-1.eml"),
    ],
)
@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_an_attached_mail_has_a_name(inner: str, name: str, encoding: str) -> None:
    body = base64.b64encode(inner.encode()).decode() if encoding == "base64" else inner
    raw = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{body}\n--b--\n"
    )
    (attached,) = mail(raw).attachments
    assert attached.filename == name
    assert read_part(HEAD + raw.encode(), attached.part) == inner.encode()


def test_the_only_text_is_shown_though_it_has_a_name() -> None:
    parsed = mixed("--b\nContent-Disposition: inline; filename=a.txt\n\nwords\n--b--\n")
    assert (parsed.text, [a.filename for a in parsed.attachments]) == ("words", ["a.txt"])
    parsed = mixed(
        f"--b\nContent-Disposition: inline; filename=a.txt\n\nfile\n--b\n{TEXT}words\n--b--\n"
    )
    assert (parsed.text, [a.filename for a in parsed.attachments]) == ("words", ["a.txt"])


def test_a_uuencoded_file_may_have_an_encoded_name() -> None:
    parsed = mail("\nbegin 644 =?utf-8?q?=C3=BC.txt?=\n#0V%T\n`\nend\n")
    assert [a.filename for a in parsed.attachments] == ["ü.txt"]


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        ("\ufeffFrom: a@b.example\nSubject: s\n\nbody", "s", "body"),
        (" From: a@b.example\nSubject: s\n\nbody", "s", "body"),
        ("\r\n \r\nFrom: a@b.example\nSubject: s\n\nbody", "s", "body"),
        ("From : a@b.example\nSubject : s\n\nbody", "s", "body"),
        ("FROM: a@b.example\nSUBJECT: s\n\nbody", "s", "body"),
        ("From: a@b.example\nSubject: s\n   \nTo: c@d.example\n\nbody", "s", "body"),
        ("From: a@b.example\nSubject:\n s\n\nbody", "s", "body"),
        ("From: a@b.example\nSubject:\n\nbody", "", "body"),
        ("From: a@b.example\nX Odd: x\nSubject: s\n\nbody", "s", "body"),
        ("From: a@b.example\n: x\nSubject: s\n\nbody", "s", "body"),
        ("From: a@b.example\nÜ: x\nSubject: s\n\nbody", "s", "body"),
        ("+OK 123 octets\nFrom: a@b.example\nSubject: s\n\nbody", "s", "body"),
        ("From: a@b.example\r\r\nSubject: s\r\r\n\r\r\nbody\r\r\n", "s", "body"),
        ("From: a@b.example\nSubject: s", "s", ""),
        ("From: a@b.example\nSubject: one\nSubject: two\n\nbody", "one", "body"),
    ],
)
def test_header_sections_in_odd_forms(raw: str, subject: str, text: str) -> None:
    parsed = parse(raw.encode())
    assert (parsed.subject, parsed.text) == (subject, text)
    assert parsed.author is not None
    assert parsed.author.address == "a@b.example"


def test_pitfall_10_a_mail_of_seventy_files_is_listed_whole() -> None:
    data = base64.encodebytes(bytes(3000)).decode()
    part = "--b\nContent-Type: image/png; name={}.png\nContent-Transfer-Encoding: base64\n\n" + data
    raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n"
    raw += "".join(part.format(number) for number in range(70)) + "--b--\n"
    parsed = mail(raw)
    assert parsed.text == "words"
    assert [a.filename for a in parsed.attachments] == [f"{number}.png" for number in range(70)]
    assert {a.size for a in parsed.attachments} == {3000}


def test_pitfall_26_a_date_in_the_future_is_only_a_claim() -> None:
    parsed = mail("Date: Mon, 8 Jan 2098 09:30:00 +0000\n\nwords")
    assert parsed.date is not None
    assert parsed.date.year == 2098
    assert parsed.defects == ()
