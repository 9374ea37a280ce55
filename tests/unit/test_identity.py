import pytest

from inboxd.mail.identity import content_digest

MAIL = (
    b"Received: from a by b\r\nReturn-Path: <a@b.example>\r\nDelivered-To: x@shop.example\r\n"
    b"DKIM-Signature: v=1; b=abc\r\nFrom: A <a@b.example>\r\nTo: support@shop.example\r\n"
    b"Subject: a long subject\r\nDate: Mon, 8 Jan 2024 09:30:00 +0000\r\n"
    b"Message-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nwhere is it?\r\n"
)


@pytest.mark.parametrize(
    "same",
    [
        MAIL.replace(b"\r\n", b"\n"),
        MAIL.replace(b"from a by b", b"from c by d (another relay)"),
        MAIL.replace(b"x@shop.example", b"y@shop.example"),
        MAIL.replace(b"Return-Path", b"Authentication-Results: mx; dkim=pass\r\nReturn-Path"),
        MAIL.replace(b"a long subject", b"a long\r\n subject"),
        MAIL.replace(b"Subject:", b"SUBJECT:"),
        MAIL.replace(b"where is it?\r\n", b"where is it?  \t\r\n"),
        MAIL + b"\r\n\r\n",
        MAIL[:-2],
        b"From someone Mon Jan  8 09:30:00 2024\r\n" + MAIL,
        MAIL.replace(b"From: A <a@b.example>\r\nTo", b"To").replace(
            b"Subject", b"From: A <a@b.example>\r\nSubject"
        ),
        MAIL.replace(b"MIME-Version", b"X-Spam-Status: No\r\nX-UID: 7\r\nMIME-Version"),
    ],
)
def test_R4_the_same_mail_on_another_way_is_the_same(same: bytes) -> None:
    assert same != MAIL
    assert content_digest(same) == content_digest(MAIL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"where is it?", b"where are they?"),
        (b"where is it?", b"whereis it?"),
        (b"Hello,\r\n\r\n", b"Hello,\r\n"),
        (b"<1@b.example>", b"<2@b.example>"),
        (b"a long subject", b"another subject"),
        (b"A <a@b.example>", b"B <b@b.example>"),
        (b"To: support", b"Cc: support"),
        (b"09:30:00", b"09:30:01"),
        (b"charset=utf-8", b"charset=koi8-r"),
    ],
)
def test_pitfall_2_other_content_under_the_same_id_is_another_mail(old: bytes, new: bytes) -> None:
    assert content_digest(MAIL.replace(old, new)) != content_digest(MAIL)


def test_pitfall_3_a_mail_without_message_id_has_an_identity() -> None:
    bare = MAIL.replace(b"Message-ID: <1@b.example>\r\n", b"")
    assert content_digest(bare) == content_digest(bare.replace(b"a by b", b"c by d"))
    assert content_digest(bare) != content_digest(bare.replace(b"Hello", b"Hi"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"", b"x"),
        (b"only words", b"other words"),
        (b"\n\nonly words", b"\n\nother words"),
        (b"From: a\rSubject: s\r\rone", b"From: a\rSubject: s\r\rtwo"),
        (b"From: a\nbroken one\n\nx", b"From: a\nbroken two\n\nx"),
        (b"Subject: a\n\n", b"Subject: a\n\na"),
    ],
)
def test_mails_without_proper_header_are_told_apart(one: bytes, other: bytes) -> None:
    assert content_digest(one) != content_digest(other)


def test_large_bodies_are_the_same_however_their_lines_end() -> None:
    body = b"".join(b"line %d \n" % n for n in range(300_000))
    head = b"Subject: s\n\n"
    crlf = (head + body).replace(b" \n", b"\r\n")
    assert content_digest(head + body) == content_digest(crlf)
