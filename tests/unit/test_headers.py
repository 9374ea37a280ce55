import base64
from datetime import UTC, datetime

import pytest

from inboxd.mail.dates import parse_date
from inboxd.mail.headers import clean_line, decode_words, message_id, message_ids
from inboxd.mail.mime import parse, parse_headers
from inboxd.mail.reading import Reading


def decoded(value: str) -> str:
    return decode_words(value, Reading(), "test")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?q?Gr=FC=DFe_aus?= Kiel", "Grüße aus Kiel"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        # a character split between two words
        ("=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),
        # a base64 group split between two words
        ("=?utf-8?b?R3LDv?= =?utf-8?b?MOfZQ==?=", "Grüße"),
        # padding missing
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        # spaces, and a question mark, inside a word
        ("=?utf-8?q?Wo ist sie?", "Wo ist sie"),
        ("=?utf-8?q?Wo ist? sie?=", "Wo ist? sie"),
        # no space around words
        ("Re:=?utf-8?q?=C3=BC?=!", "Re:ü!"),
        # cut off at the end
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe", "Grüße"),
        ('"=?utf-8?q?M=C3=BCller?=" GmbH', '"Müller" GmbH'),
        ("=?nonsense-9?q?abc?=", "abc"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("a=?b", "a=?b"),
    ],
)
def test_encoded_words_are_read_also_in_broken_forms(value: str, expected: str) -> None:
    assert decoded(value) == expected


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "朱镕基"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("iso-2022-jp", "iso-2022-jp", "こんにちは"),
        ("windows-1251", "cp1251", "Заказ"),
    ],
)
def test_pitfall_11_words_in_the_charsets_of_the_field(label: str, codec: str, text: str) -> None:
    encoded = base64.b64encode(text.encode(codec)).decode()
    assert decoded(f"=?{label}?B?{encoded}?=") == text


@pytest.mark.parametrize("control", ["\r", "\n", "\r\n", "\v", "\0", "\x85", "\u2028", "\u2029"])
def test_S6_no_control_character_survives_in_one_line(control: str) -> None:
    assert clean_line(f"a{control}Bcc: b") == "a" + " " * len(control) + "Bcc: b"


def test_S6_encoded_line_breaks_become_spaces_in_subject_and_name() -> None:
    mail = parse(
        b"From: =?utf-8?q?a=0D=0ABcc=3A_b?= <a@b.example>\nSubject: =?utf-8?b?YQ0KQmNjOiBi?=\n\nx"
    )
    assert mail.subject == "a  Bcc: b"
    assert mail.author is not None
    assert mail.author.name == "a  Bcc: b"
    assert mail.headers.get("subject") == "a  Bcc: b"


def test_S6_reading_direction_is_not_turned_by_a_name() -> None:
    mail = parse("From: \u202eboss <a@b.example>\n\n".encode())
    assert mail.author is not None
    assert mail.author.name == "boss"


def test_raw_eight_bit_headers_are_utf8_or_what_the_mail_declares() -> None:
    assert parse("Subject: Grüße\n\n".encode()).subject == "Grüße"
    latin = "Subject: Grüße\nContent-Type: text/plain; charset=iso-8859-1\n\n"
    assert parse(latin.encode("iso-8859-1")).subject == "Grüße"
    russian = "Subject: Где мой заказ\nContent-Type: text/plain; charset=koi8-r\n\nx"
    assert parse(russian.encode("koi8-r")).subject == "Где мой заказ"
    japanese = b"Subject: \x1b$B$3$s$K$A$O\x1b(B\n\nx"
    assert parse(japanese).subject == "こんにちは"


def test_pitfall_11_eight_bit_headers_of_a_multipart_follow_its_first_part() -> None:
    raw = (
        b"Subject: \xc3\xc4\xc5 \xcd\xcf\xca\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n'
        b"Content-Type: text/plain; charset=koi8-r\n\n\xc4\xc1\n--b--\n"
    )
    assert parse(raw).subject == b"\xc3\xc4\xc5 \xcd\xcf\xca".decode("koi8-r")


def test_folded_fields_are_unfolded() -> None:
    mail = parse(b"Subject: one\r\n two\r\n\tthree\r\nTo: <a@b.example>,\r\n <c@d.example>\r\n\r\n")
    assert mail.subject == "one two three"
    assert [a.address for a in mail.to] == ["a@b.example", "c@d.example"]


def test_fields_keep_their_order_and_are_found_without_case() -> None:
    mail = parse(b"Received: 2\nX-A: =?utf-8?q?=C3=BC?=\nreceived: 1\n\nx")
    assert list(mail.headers) == [("Received", "2"), ("X-A", "ü"), ("received", "1")]
    assert mail.headers.get_all("RECEIVED") == ["2", "1"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", ("a@b",)),
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@b><c@d>", ("a@b", "c@d")),
        ("<a@b>,<c@d>", ("a@b", "c@d")),
        ("a@b, c@d", ("a@b", "c@d")),
        ("a@b", ("a@b",)),
        ("< a@b >", ("a@b",)),
        ("<very-long- part@b>", ("very-long-part@b",)),
        ("<a@b> <a@b>", ("a@b",)),
        ("Your message of Monday <a@b>", ("a@b",)),
        ("Your message of Monday from joe@b.example", ()),
        ("<a@b", ("a@b",)),
        ("<>", ()),
        ("", ()),
        ("<no-domain>", ("no-domain",)),
    ],
)
def test_message_ids_are_found_in_every_form(value: str, expected: tuple[str, ...]) -> None:
    assert message_ids(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "a@b"),
        ("a@b", "a@b"),
        ("20180802145828.58E7387959", "20180802145828.58E7387959"),
        ("<>", None),
        ("<a@[", "a@["),
        ("<a@[127.0.0.1]>", "a@[127.0.0.1]"),
        ("no id here", None),
        ("<" + "a" * 2000 + "@b>", None),
    ],
)
def test_the_message_id_is_read_in_every_form(value: str, expected: str | None) -> None:
    assert message_id(value) == expected


def test_an_encoded_message_id_is_decoded() -> None:
    mail = parse(b"Message-ID: =?utf-8?q?=3Ca=40b=2Eexample=3E?=\n\n")
    assert mail.message_id == "a@b.example"


def test_references_are_bounded_to_the_newest() -> None:
    ids = " ".join(f"<{n}@x>" for n in range(500))
    mail = parse(f"References: {ids}\nIn-Reply-To: <499@x>\n\n".encode())
    assert mail.references == tuple(f"{n}@x" for n in range(300, 500))
    assert mail.in_reply_to == ("499@x",)


def test_a_message_id_without_id_is_a_defect() -> None:
    mail = parse(b"Message-ID: <>\n\n")
    assert mail.message_id is None
    assert "message-id: no id in it: read as missing" in mail.defects


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 8 Jan 2024 09:30:00 +0100", datetime(2024, 1, 8, 8, 30, tzinfo=UTC)),
        ("8 Jan 2024 09:30 GMT", datetime(2024, 1, 8, 9, 30, tzinfo=UTC)),
        ("Mon, 8 Jan 2024 09:30:00 +0100 (CET)", datetime(2024, 1, 8, 8, 30, tzinfo=UTC)),
        ("Mon, 8 Jan 2024 9:30:00 +0100", datetime(2024, 1, 8, 8, 30, tzinfo=UTC)),
        ("Mon, 8 Jan 2024 09:30:00", datetime(2024, 1, 8, 9, 30, tzinfo=UTC)),
        ("Mon, 8 Jan 99999999999999999999 09:30:00 +0000", None),
        ("Mon, 8 Jan 0001 00:00:00 +2359", None),
        ("Thu, 1 Jan 1950 00:00:00 +0000", None),
        ("Thu, 1 Jan 2150 00:00:00 +0000", None),
        ("yesterday", None),
        ("(" * 5000, None),
        ("Mon, 8 Jan 2024 29:24:05 +0700", None),
    ],
)
def test_dates_are_utc_or_none(value: str, expected: datetime | None) -> None:
    reading = Reading()
    assert parse_date(value, reading) == expected
    assert (expected is None) <= any(d.startswith("date:") for d in reading.defects)


def test_a_missing_date_is_none_without_defect() -> None:
    mail = parse(b"From: a@b.example\n\nx")
    assert mail.date is None
    assert mail.defects == ()


def test_delivered_to_collects_what_relays_and_forwarders_write() -> None:
    mail = parse(
        b"Delivered-To: support+abc@shop.example\nX-Original-To: <info@shop.example>\n"
        b"Envelope-To: info@shop.example\nX-Envelope-To: c@d.example\n"
        b"X-Forwarded-To: e@f.example\n\n"
    )
    assert mail.delivered_to == (
        "support+abc@shop.example",
        "info@shop.example",
        "c@d.example",
        "e@f.example",
    )


def test_a_header_section_goes_on_behind_a_line_somebody_broke() -> None:
    mail = parse(b"Subject: a\nbroken line\nFrom: a@b.example\n\nbody")
    assert (mail.subject, mail.text) == ("a", "body")
    assert mail.author is not None
    assert any(d.startswith("header:") for d in mail.defects)


def test_a_missing_empty_line_begins_the_body() -> None:
    mail = parse(b"Subject: a\nFrom: a@b.example\nHello there,\n\nall well?")
    assert mail.subject == "a"
    assert mail.text == "Hello there,\n\nall well?"


@pytest.mark.parametrize(
    "before", [b"From someone Mon Jan  8 2024\n", b">From someone\n", b"\r\n\r\n", b""]
)
def test_mbox_lines_and_blank_lines_before_the_header_are_skipped(before: bytes) -> None:
    mail = parse(before + b"From: a@b.example\r\nSubject: s\r\n\r\nbody\r\n")
    assert (mail.subject, mail.text) == ("s", "body")


def test_lone_carriage_returns_end_lines_where_there_are_no_others() -> None:
    mail = parse(b"From: a@b.example\rSubject: s\r\rone\rtwo")
    assert (mail.subject, mail.text) == ("s", "one\ntwo")


def test_a_long_header_is_read_shortened_with_the_fields_that_identify_it() -> None:
    raw = b"X-Long: " + b"x" * 150_000 + b"\nSubject: late\nFrom: a@b.example\n\nbody"
    mail = parse(raw)
    assert (mail.subject, mail.text) == ("late", "body")
    assert mail.author is not None
    assert any(d.startswith("header: longer") for d in mail.defects)


def test_parse_headers_reads_what_parse_reads_of_the_header() -> None:
    raw = (
        b"From: A <a@b.example>\nTo: c@d.example\nSubject: s\nMessage-ID: <1@x>\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"
        b"\n--b\n\nx\n--b--\n"
    )
    head, whole = parse_headers(raw), parse(raw)
    assert head.text == ""
    assert head.report_type == "delivery-status"
    for name in ("from_", "to", "subject", "message_id", "content_type", "headers", "size"):
        assert getattr(head, name) == getattr(whole, name)
