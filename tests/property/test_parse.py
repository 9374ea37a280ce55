"""What holds for every mail: reading is total, and what a client wrote comes out again."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.mail.flowed import unflow
from inboxd.mail.headers import clean_line, decode_words, message_ids
from inboxd.mail.identity import content_digest
from inboxd.mail.mime import parse, parse_headers, read_part
from inboxd.mail.model import MimeBudget
from inboxd.mail.reading import Reading
from inboxd.mail.uuencode import split_uuencoded

TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Cf"), max_codepoint=0x1FFFF),
    max_size=60,
)
LINES = st.lists(TEXT.map(str.strip).filter(lambda s: not s.startswith((">", "From "))), max_size=8)

# Test machines are shared: how long one example takes says nothing.
UNTIMED = settings(deadline=None)

# Pieces of which hostile mails are made.
PIECES = st.sampled_from(
    [
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"Message-ID: ",
        b"Date: ",
        b"Content-Type: ",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Disposition: attachment; filename*0*=",
        b"multipart/mixed; boundary=b",
        b"multipart/alternative; boundary=b",
        b"text/html; charset=utf-16",
        b"application/ms-tnef\n",
        b"message/rfc822\n",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\n--b\n",
        b"\n--b--\n",
        b"begin 644 x\n#0V%T\n`\nend\n",
        b"=?utf-8?b?",
        b"=?gb2312?q?=D6",
        b"?=",
        b"<a@b.example>",
        b"a@b.example, ",
        b'"',
        b"(",
        b"\0",
        b"\x1b$B",
        b"\xe4\xf6\xfc",
        b"\xed\xa0\x80",
        b"<p>words<blockquote>",
    ]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=40).map(b"".join))
def test_any_bytes_are_read_the_same_way_twice(raw: bytes) -> None:
    mail = parse(raw)
    assert mail == parse(raw)
    assert not [d for d in mail.defects if d.startswith(("parse:", "quotes:", "html:"))]
    assert parse_headers(raw).subject == mail.subject
    for attachment in mail.attachments:
        assert len(read_part(raw, attachment.part)) == attachment.size


@settings(deadline=None, max_examples=150)
@given(TEXT, LINES, st.binary(max_size=300), TEXT)
def test_what_a_client_writes_is_what_is_read(
    subject: str, lines: list[str], data: bytes, filename: str
) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject = clean_line(subject)
    message["From"] = "a@b.example"
    text = "\n".join(lines).strip()
    message.set_content(text + "\n", cte="base64")
    message.add_attachment(data, "application", "x-data", filename=f"a{clean_line(filename)}.bin")
    raw = message.as_bytes()
    mail = parse(raw)
    assert " ".join(mail.subject.split()) == " ".join(subject.split())
    assert mail.text.strip() == text
    (attachment,) = mail.attachments
    assert read_part(raw, attachment.part) == data


@UNTIMED
@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(0, 5), st.integers(0, 5))
def test_budgets_are_kept(pieces: list[bytes], depth: int, parts: int) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n"
    raw += b"".join(
        b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n" + p for p in pieces
    )
    mail = parse(raw, MimeBudget(max_depth=depth, max_parts=parts, max_text_chars=10))
    assert len(mail.text) <= 10
    assert len(mail.attachments) <= max(parts, 1)


@UNTIMED
@given(st.text(max_size=200))
def test_headers_become_one_storable_line(text: str) -> None:
    line = clean_line(decode_words(text, Reading(), "x"))
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1


@UNTIMED
@given(st.lists(st.from_regex(r"[a-z0-9.]{1,20}@[a-z]{1,10}", fullmatch=True), unique=True))
def test_message_ids_are_found_however_they_are_separated(ids: list[str]) -> None:
    for separator in (" ", "", ",", "\t", " , "):
        assert message_ids(separator.join(f"<{i}>" for i in ids)) == tuple(ids)
    assert message_ids(" ".join(ids)) == tuple(ids)


@UNTIMED
@given(st.text(st.sampled_from("ab >-\n"), max_size=100))
def test_unflowing_keeps_every_letter(text: str) -> None:
    letters = [c for c in text if c in "ab"]
    assert [c for c in unflow(text, delsp=False) if c in "ab"] == letters


@UNTIMED
@given(st.binary(max_size=200))
def test_text_without_uuencoded_files_stays_as_it_is(text: bytes) -> None:
    rest, files = split_uuencoded(text)
    assert files or rest == text


@UNTIMED
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_content_digest_is_total_and_ignores_line_ends(raw: bytes, trace: bytes) -> None:
    content_digest(raw)
    mail = b"Subject: s\n\n" + raw.replace(b"\r", b"")
    assert content_digest(mail) == content_digest(mail.replace(b"\n", b"\r\n"))
    received = b"Received: " + trace.translate(None, b"\r\n") + b"\n"
    assert content_digest(received + mail) == content_digest(mail)
