"""What `compose` writes, read back by another parser and looked at byte by byte."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage

import pytest

from inboxd.errors import Permanent
from inboxd.mail.compose import (
    Draft,
    OutgoingAttachment,
    OutgoingMail,
    PartRef,
    assemble,
    compose,
    decode_draft,
    encode_draft,
)
from inboxd.mail.model import Address

SHOP = Address("Shop Support", "support@shop.example")
EVA = Address("Eva Kunde", "eva@customer.example")
MAIL = OutgoingMail(
    from_=SHOP,
    to=(EVA,),
    subject="Re: Where is it?",
    message_id="1.abc@shop.example",
    date=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
    text="It arrives tomorrow.\n",
)
PDF = OutgoingAttachment("invoice.pdf", "application/pdf", 7, 2)


def read_part(journal_id: int, part: int) -> bytes:
    return f"part {part} of {journal_id} ".encode() * 20


def wire(mail: OutgoingMail) -> bytes:
    return assemble(compose(mail), read_part)


def parsed(mail: OutgoingMail) -> EmailMessage:
    message = email.message_from_bytes(wire(mail), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not [d for p in message.walk() for d in p.defects]
    return message


def content(part: EmailMessage | None) -> str:
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def header_lines(mail: OutgoingMail) -> list[str]:
    return wire(mail).partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def test_a_plain_mail_is_written_exactly() -> None:
    assert wire(MAIL) == (
        b"From: Shop Support <support@shop.example>\r\n"
        b"To: Eva Kunde <eva@customer.example>\r\n"
        b"Subject: Re: Where is it?\r\n"
        b"Date: Sun, 01 Mar 2026 12:00:05 +0000\r\n"
        b"Message-ID: <1.abc@shop.example>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"It arrives tomorrow.\r\n"
    )


def test_the_same_mail_gives_the_same_bytes() -> None:
    mail = replace(MAIL, html="<p>Grüße</p>", attachments=(PDF,))
    assert wire(mail) == wire(mail)


def test_boundaries_follow_from_the_message_id_and_stand_nowhere_else() -> None:
    first = replace(MAIL, html="<p>x</p>")
    boundary = parsed(first).get_boundary()
    assert boundary != parsed(replace(first, message_id="2.abc@shop.example")).get_boundary()
    hostile = replace(first, text=f"--{boundary}\n--{boundary}--\n", html=f"<p>\n--{boundary}--\n")
    message = parsed(hostile)
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert content(message.get_body(("plain",))) == hostile.text


def test_the_date_is_written_in_utc() -> None:
    date = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert "Date: Tue, 30 Jun 2026 23:30:00 +0000" in header_lines(replace(MAIL, date=date))


def test_a_date_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        compose(replace(MAIL, date=datetime(2026, 7, 1)))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "eva@customer.example"),
        ("Eva", "Eva <eva@customer.example>"),
        ("Kunde, Eva", '"Kunde, Eva" <eva@customer.example>'),
        ("Dr. Eva", '"Dr. Eva" <eva@customer.example>'),
        ('Eva "E" \\ K', '"Eva \\"E\\" \\\\ K" <eva@customer.example>'),
        ("Jürgen", "=?utf-8?q?J=C3=BCrgen?= <eva@customer.example>"),
        ("山田太郎", "=?utf-8?b?5bGx55Sw5aSq6YOO?= <eva@customer.example>"),
        ("=?utf-8?q?x?=", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <eva@customer.example>"),
    ],
)
def test_display_names(name: str, written: str) -> None:
    mail = replace(MAIL, to=(Address(name, "eva@customer.example"),))
    assert f"To: {written}" in header_lines(mail)
    assert [a.display_name for a in parsed(mail)["To"].addresses] == [name]


def test_encoded_words_keep_their_length_and_split_no_character() -> None:
    subject = "[#1042] Anfrage: " + "日本語の件名がとても長い場合🙂" * 12
    lines = header_lines(replace(MAIL, subject=subject))
    at = next(i for i, line in enumerate(lines) if line.startswith("Subject:"))
    words = [w for line in lines[at:] for w in line.split() if w.startswith("=?")]
    assert len(words) > 5
    assert max(map(len, words)) <= 75
    assert max(map(len, lines)) <= 76
    for word in words:  # each by itself is whole characters
        decoded = email.header.decode_header(word)[0][0]
        decoded.decode("utf-8")
    assert parsed(replace(MAIL, subject=subject))["Subject"] == subject


def test_what_needs_no_encoding_stays_readable_in_the_subject() -> None:
    lines = header_lines(replace(MAIL, subject="Re: [#1042] Rückgabe please"))
    assert "Subject: Re: [#1042] =?utf-8?q?R=C3=BCckgabe?= please" in lines


def test_a_long_subject_is_folded_and_a_very_long_one_shortened() -> None:
    words = "where is my order " * 10
    mail = replace(MAIL, subject=words)
    assert parsed(mail)["Subject"] == words.strip()
    assert max(map(len, header_lines(mail))) <= 78
    endless = parsed(replace(MAIL, subject="x" * 100_000))["Subject"]
    assert endless == "x" * 499 + "…"


def test_many_recipients_are_folded() -> None:
    to = tuple(Address(f"Person Number {i}", f"person{i}@customer.example") for i in range(60))
    mail = replace(MAIL, to=to, cc=(EVA, SHOP))
    assert max(map(len, header_lines(mail))) <= 78
    message = parsed(mail)
    assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [
        (a.name, a.address) for a in to
    ]
    assert len(message["Cc"].addresses) == 2


def test_a_mail_to_nobody_names_an_empty_group() -> None:
    assert "To: undisclosed-recipients:;" in header_lines(replace(MAIL, to=()))


def test_threading_fields() -> None:
    mail = replace(MAIL, in_reply_to="b@c", references=("a@c", "b@c"))
    lines = header_lines(mail)
    assert "In-Reply-To: <b@c>" in lines
    assert "References: <a@c> <b@c>" in lines


def test_references_keep_the_first_and_the_newest_and_none_twice() -> None:
    ids = tuple(f"{i}.some-long-identifier@mail.customer.example" for i in range(300))
    mail = replace(MAIL, references=(*ids, ids[0], ids[-1]))
    kept = parsed(mail)["References"].split()
    assert kept == [f"<{i}>" for i in (ids[0], *ids[-20:])]
    assert max(map(len, header_lines(mail))) <= 78


@pytest.mark.parametrize("bad", ["a b@c", "a@c>\r\nBcc: x@y", "", "é@c", "x" * 901, "<a@c>"])
def test_foreign_ids_that_cannot_be_written_are_left_out(bad: str) -> None:
    lines = header_lines(replace(MAIL, in_reply_to=bad, references=("a@c", bad)))
    assert not any(line.startswith("In-Reply-To") for line in lines)
    assert "References: <a@c>" in lines


@pytest.mark.parametrize("bad", ["", "a b@c", "a@c>\r\nX: y", "é@c"])
def test_an_own_id_that_cannot_be_written_is_refused(bad: str) -> None:
    with pytest.raises(Permanent):
        compose(replace(MAIL, message_id=bad))


@pytest.mark.parametrize("kind", ["auto-replied", "auto-generated"])
def test_S15_automatic_mail_is_marked(kind: str) -> None:
    lines = header_lines(replace(MAIL, automatic=kind))  # type: ignore[arg-type]
    assert f"Auto-Submitted: {kind}" in lines
    assert "X-Auto-Response-Suppress: All" in lines
    assert "Precedence: auto_reply" in lines


def test_an_agents_own_words_are_not_marked_as_automatic() -> None:
    text = "\n".join(header_lines(MAIL))
    assert "Auto-Submitted" not in text
    assert "Precedence" not in text


def test_further_fields_keep_long_web_addresses_whole() -> None:
    url = "<https://shop.example/u/" + "x" * 200 + ">"
    mail = replace(MAIL, headers=(("List-Unsubscribe", url), ("X-Empty", " ")))
    assert f"List-Unsubscribe: {url}" in header_lines(mail)
    assert "X-Empty" not in parsed(mail)


@pytest.mark.parametrize(
    "name", ["Bcc", "from", "Content-Type", "MIME-Version", "X Y", "X:", "X\r\nBcc", "", "É"]
)
def test_further_fields_are_not_free_to_be_anything(name: str) -> None:
    with pytest.raises(Permanent):
        compose(replace(MAIL, headers=((name, "x"),)))


def test_idn_domains_become_a_labels() -> None:
    mail = replace(MAIL, to=(Address("", "eva@Bücher.example"),))
    assert "To: eva@xn--bcher-kva.example" in header_lines(mail)
    assert not compose(mail).needs_smtputf8


def test_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    draft = compose(replace(MAIL, to=(Address("", "jürgen@bücher.example"),)))
    assert draft.needs_smtputf8
    assert "To: jürgen@xn--bcher-kva.example\r\n".encode() in assemble(draft, read_part)


def test_local_parts_that_only_phones_know_are_quoted() -> None:
    mail = replace(MAIL, to=(Address("", "a..b.@docomo.example"),))
    assert 'To: "a..b."@docomo.example' in header_lines(mail)
    quoted = replace(MAIL, to=(Address("", '"a b"@customer.example'),))
    assert 'To: "a b"@customer.example' in header_lines(quoted)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "eva",
        "@x.example",
        "eva@",
        "eva@x..example",
        "e va@x.example",
        "eva@x.example\r\nBcc: x@y.example",
        "a@b@x.example",
        "<eva@x.example>",
        "eva@x.example, bob@x.example",
        "eva@-\u2028.example",
        "eva@\u0080.example",
        "eva\x00@x.example",
        "ev\ud800a@x.example",
        '"a\r\nb"@x.example',
        "x" * 320 + "@x.example",
    ],
)
def test_S6_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Permanent):
        compose(replace(MAIL, to=(Address("", address),)))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain.\n", "7bit"),
        ("x" * 78 + "\n", "7bit"),
        ("x" * 79 + "\n", "quoted-printable"),
        ("Grüße aus dem Laden\n", "quoted-printable"),
        ("-- \nsignature\n", "quoted-printable"),
        ("From here on\n", "quoted-printable"),
        ("tab\there\n", "quoted-printable"),
        ("ご注文の品は明日届きます。\n", "base64"),
        ("Ваш заказ придёт завтра.\n", "base64"),
    ],
)
def test_the_body_is_encoded_by_its_content(text: str, encoding: str) -> None:
    message = parsed(replace(MAIL, text=text))
    assert message["Content-Transfer-Encoding"] == encoding
    assert content(message) == text


def test_no_body_line_begins_with_from() -> None:
    text = "From From From x\nFrom y\n" + "From " * 60 + "\n"
    raw = wire(replace(MAIL, text=text))
    body = raw.partition(b"\r\n\r\n")[2]
    assert b"\nFrom " not in b"\n" + body
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert content(parsed(replace(MAIL, text=text))) == text


def test_line_ends_and_controls_in_texts() -> None:
    text = "one\r\ntwo\rthree\x00\x07\x1b[31m\u0085\nfour \u2028 five"
    message = parsed(replace(MAIL, text=text))
    assert content(message) == "one\ntwo\nthree[31m\nfour \u2028 five\n"


def test_text_and_html_are_alternatives() -> None:
    message = parsed(replace(MAIL, html="<p>Grüße</p>"))
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
    assert content(parts[1]) == "<p>Grüße</p>\n"


def test_attachments_stay_in_the_journal_until_the_mail_is_sent() -> None:
    mail = replace(MAIL, html="<p>x</p>", attachments=(PDF, replace(PDF, part=3)))
    draft = compose(mail)
    assert [s for s in draft.segments if isinstance(s, PartRef)] == [PartRef(7, 2), PartRef(7, 3)]
    assert len(draft.segments) == 9
    message = parsed(mail)
    assert message.get_content_type() == "multipart/mixed"
    assert [p.get_content_type() for p in message.iter_parts()] == [
        "multipart/alternative",
        "application/pdf",
        "application/pdf",
    ]
    files = list(message.iter_attachments())
    assert [f.get_content() for f in files] == [read_part(7, 2), read_part(7, 3)]
    assert [f.get_content_disposition() for f in files] == ["attachment", "attachment"]


def test_images_that_the_html_shows_are_related_to_it_and_others_attached() -> None:
    shown = OutgoingAttachment("a.png", "image/png", 1, 1, inline=True, content_id="a@x")
    hidden = OutgoingAttachment("b.png", "image/png", 1, 2, inline=True, content_id="b@x")
    mail = replace(MAIL, html='<img src="cid:a@x">', attachments=(shown, hidden))
    message = parsed(mail)
    assert [p.get_content_type() for p in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
    ]
    related = next(p for p in message.walk() if p.get_content_type() == "multipart/related")
    assert related.get_param("type") == "text/html"
    assert [p["Content-ID"] for p in message.walk()][5:] == ["<a@x>", None]


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "nonsense", "a/b; c=d", ""])
def test_types_that_cannot_be_base64_become_octet_streams(kind: str) -> None:
    message = parsed(replace(MAIL, attachments=(replace(PDF, content_type=kind),)))
    (file,) = message.iter_attachments()
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_content() == read_part(7, 2)


@pytest.mark.parametrize(
    ("filename", "fallback"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("Rechnung März.pdf", "Rechnung Marz.pdf"),
        ("請求書.pdf", "attachment.pdf"),
        ("a \"b\" 'c' %41.txt", "a _b_ _c_ _41.txt"),
        ("README", "README"),
        ("語" * 60 + ".pdf", "attachment.pdf"),
        ("x" * 100 + ".pdf", "x" * 48 + "_" + "x" * 6 + ".pdf"),
    ],
)
def test_file_names_and_their_ascii_fallback(filename: str, fallback: str) -> None:
    mail = replace(MAIL, attachments=(replace(PDF, filename=filename),))
    (file,) = parsed(mail).iter_attachments()
    assert file.get_filename() == filename
    assert file.get_param("name") == fallback
    assert max(map(len, wire(mail).split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..\\..\\boot.ini", ".._.._boot.ini"),
        ("", "attachment"),
        ("..", "attachment"),
        ("/", "_"),
        ("a\r\nb.txt", "a b.txt"),
        ("x" * 300 + ".pdf", "x" * 145 + "….pdf"),
        ("x" * 300, "x" * 149 + "…"),
    ],
)
def test_S18_file_names_that_we_send_are_no_paths(filename: str, shown: str) -> None:
    (file,) = parsed(
        replace(MAIL, attachments=(replace(PDF, filename=filename),))
    ).iter_attachments()
    assert file.get_filename() == shown


def test_drafts_survive_storage() -> None:
    draft = compose(replace(MAIL, html="<p>x</p>", attachments=(PDF,)))
    assert decode_draft(encode_draft(draft)) == draft
    assert decode_draft(encode_draft(Draft(()))) == Draft(())


def test_damaged_drafts_are_refused() -> None:
    draft = compose(replace(MAIL, attachments=(PDF,)))
    stored = encode_draft(draft)
    intact = {
        len(encode_draft(replace(draft, segments=draft.segments[:n])))
        for n in range(len(draft.segments))
    }
    for end in range(len(stored)):
        if end in intact:  # where a segment ends, a shorter draft is a draft
            continue
        with pytest.raises(Permanent):
            decode_draft(stored[:end])
    with pytest.raises(Permanent):
        decode_draft(b"\x09" + stored[1:])
