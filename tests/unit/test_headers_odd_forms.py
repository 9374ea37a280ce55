"""Encoded words and dates in the broken forms that mail has."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inboxd.mail.dates import parse_date
from inboxd.mail.mime import parse
from inboxd.mail.reading import Reading


def subject(value: bytes) -> str:
    return parse(b"From: a@b.example\nSubject: " + value + b"\n\nx").subject


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe aus Kiel?=",
        "=?UTF-8? Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=? UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?UTF-8 ?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?UTF-8?Q?_Gr=C3=BC=C3=9Fe_aus_Kiel_?=",
        "=??Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        '=?"utf-8"?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=',
        "=?'utf-8'?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?utf-8; x?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?utf-8*de?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?utf-8?q?Gr=c3=bc=c3=9fe_aus_Kiel?=",
        "=?utf-8?Q?Grüße_aus_Kiel?=",
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus Kiel",
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_Kiel",
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?",
        "=?utf-8?Q?Gr=C3=BC?==?utf-8?Q?=C3=9Fe_aus_Kiel?=",
        "=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe_aus_Kiel?=",
        "=?utf-8?Q?Gr=C3=BC=\r\n =C3=9Fe_aus_Kiel?=",
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?IGF1cyBLaWVs?=",
        "=?utf-8?B?R3LDvMOfZSBhdXMgS2llbA==?=",
        "=?utf-8?B?R3LDvMOfZSBhdXMgS2llbA?=",
        "=?utf-8?B?R3LDvMOfZSBhdXMgS2llbA===?=",
        "=?utf-8?B?R3LDvMOfZSBhdXMgS2llbA==",
        "=?utf-8?B? R3LDvMOfZSBhdXMgS2llbA== ?=",
        "=?utf-8?B?R3LDvMOfZSBh\r\n dXMgS2llbA==?=",
        "=?utf-8?B?R3LDvMOfZSBhd?= =?utf-8?B?XMgS2llbA==?=",
        "=?iso-8859-1?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=",
        "=?utf-8?Q?Gr=FC=DFe_aus_Kiel?=",
        "=?x-unknown?Q?Gr=FC=DFe_aus_Kiel?=",
        "=?us-ascii?Q?Gr=FC=DFe_aus_Kiel?=",
        "=?utf-7?Q?Gr+APwA3w-e_aus_Kiel?=",
    ],
)
def test_a_subject_in_every_form_of_encoded_words(value: str) -> None:
    assert " ".join(subject(value.encode()).split()) == "Grüße aus Kiel"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?Q?50%=?=", "50%"),
        ("=?utf-8?Q?a?b?=", "a?b"),
        ("=?utf-8?Q?a=3F=3D?=", "a?="),
        ("=?utf-8?Q??=", ""),
        ("=?utf-8?B?YQ==?=b", "ab"),
        ("a=?utf-8?B?Yg==?=", "ab"),
        ("=?utf-8?Q?a?=, =?utf-8?Q?b?=", "a, b"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
    ],
)
def test_what_stands_in_and_around_encoded_words(value: str, expected: str) -> None:
    assert subject(value.encode()) == expected


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        ("Rückfrage zur Größe", "cp1252"),
        ("Vous êtes où ?", "cp1252"),
        ("für", "cp1252"),
        ("Siparişim nerede", "cp1254"),
        ("Gdzie jest moje zamówienie", "cp1250"),
        ("Где мой заказ", "cp1251"),
        ("Не работает сайт", "koi8-r"),
        ("Ερώτηση για τιμολόγιο", "cp1253"),
        ("שאלה על הזמנה", "cp1255"),
        ("สอบถามสินค้า", "cp874"),
        ("订单查询问题", "gb18030"),
        ("關於發票", "big5"),
        ("お問い合わせ", "cp932"),
        ("注文番号についてお伺いします", "euc_jp"),
        ("주문 확인", "cp949"),
        ("ご注文", "iso-2022-jp"),
        ("Grüße", "utf-8"),
    ],
)
def test_pitfall_11_a_raw_subject_that_nothing_labels(value: str, charset: str) -> None:
    assert subject(value.encode(charset)) == value


def test_pitfall_11_a_raw_subject_is_guessed_together_with_the_text() -> None:
    text = "您好，我想询问一下我的订单什么时候可以发货，谢谢您的帮助。".encode("gb18030")
    parsed = parse(b"From: a@b.example\nSubject: " + "您好".encode("gb18030") + b"\n\n" + text)
    assert parsed.subject == "您好"


NINE = datetime(2024, 1, 8, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 8 Jan 2024 09:30:00 +0000",
        "Mon, 8 Jan 2024 10:30:00 +0100",
        "8 Jan 2024 10:30 +0100",
        "Mon, 08 Jan 24 09:30:00 GMT",
        "Mon, 8 Jan 2024 09:30:00 Z",
        "Mon, 8 Jan 2024 10:30:00 +01:00",
        "Mon, 8 Jan 2024 10:30:00 GMT+1",
        "Mon, 8 Jan 2024 10:30:00 GMT+01:00",
        "Mon, 8 Jan 2024 10:30:00 UTC+0100",
        "Mon, 8 Jan 2024 11:30:00 CEST",
        "Mon, 8 Jan 2024 10:30:00 MEZ",
        "Mon, 8 Jan 2024 18:30:00 JST",
        "Mon, 8 Jan 2024 01:30:00 PST",
        "Mon, 8 Jan 2024 10:30:00 +0100 (CET)",
        "Mon,8 Jan 2024 10:30:00+0100",
        "Mon, 8 January 2024 10:30:00 +0100",
        "Mon, 8-Jan-2024 10:30:00 +0100",
        "Mon, 8 Jan 2024 10.30.00 +0100",
        "Mon, 8 Jan 2024 9:30:00 AM +0000",
        "Mon, 8 Jan 2024 09:30:00.123 +0000",
        "Mon Jan  8 09:30:00 2024",
        "2024-01-08 09:30:00",
        "2024-01-08T09:30:00Z",
        "2024-01-08T10:30:00+01:00",
        "2024-01-08 10:30:00 +0100",
        "Mo, 8 Jan 2024 10:30:00 +0100",
        "lundi, 8 janv. 2024 10:30:00 +0100",
        "Date: Mon, 8 Jan 2024 09:30:00 +0000",
        "Mon, 8 Jan 2024 09:30:00",
    ],
)
def test_dates_in_every_form(value: str) -> None:
    assert parse_date(value, Reading()) == NINE


@pytest.mark.parametrize(
    ("value", "hour"),
    [("12:30:00 AM", 0), ("12:30:00 PM", 12), ("1:30:00 pm", 13), ("11:30 PM", 23)],
)
def test_halves_of_the_day(value: str, hour: int) -> None:
    moment = parse_date(f"Mon, 8 Jan 2024 {value} +0000", Reading())
    assert moment == datetime(2024, 1, 8, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Wed, 15 Dec 2010    59:10 -0500",
        "Wed, 31 Feb 2010 06:59:10 +0100",
        "Wed, 15 Dec 2010 24:00:00 +0100",
        "Mon, 30 Jun 3609 15:33:50 +0600",
        "Mon, 1 Jan 0000 00:00:00 +0000",
        "15/12/2010 06:59:10",
        "8 Xyz 2024 10:30",
        "1292396350",
        "%date%",
        "9" * 5000,
        ("8 Jan " * 5000),
        "Mon, 8 Jan 2024 09:30:00 +" + "0" * 5000,
    ],
)
def test_absurd_dates_are_none_and_marked(value: str) -> None:
    reading = Reading()
    assert parse_date(value, reading) is None
    assert any(defect.startswith("date:") for defect in reading.defects)
