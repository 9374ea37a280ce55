"""Address fields as they are seen in the wild: who is meant, and under which name."""

from __future__ import annotations

import pytest

from inboxd.mail.mime import parse

JANE = "jane@x.example"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (f'"Doe, Jane" <{JANE}>', "Doe, Jane"),
        (f"Jane Doe<{JANE}>", "Jane Doe"),
        (f'"Jane" Doe <{JANE}>', "Jane Doe"),
        (f'Jane "Q" Doe <{JANE}>', "Jane Q Doe"),
        (f'"Jane \\"Q\\" Doe" <{JANE}>', 'Jane "Q" Doe'),
        (f"{JANE} (Jane (Q) Doe)", "Jane Q Doe"),
        (f"(Jane Doe) {JANE}", "Jane Doe"),
        (f"Jane (Shop) <{JANE}>", "Jane (Shop)"),
        (f"Jane Doe | Shop & Co. <{JANE}>", "Jane Doe | Shop & Co."),
        (f"🙂 Jane <{JANE}>", "🙂 Jane"),
        (f"Jürgen Müller <{JANE}>", "Jürgen Müller"),
        (f"=?utf-8?Q?Doe=2C_Jane?= <{JANE}>", "Doe, Jane"),
        (f"=?utf-8?Q?Doe,_Jane?= <{JANE}>", "Doe, Jane"),
        (f'"=?utf-8?Q?Doe=2C_Jane?=" <{JANE}>', "Doe, Jane"),
        (f'=?utf-8?Q?"Doe,_Jane"?= <{JANE}>', "Doe, Jane"),
        (f"=?utf-8?Q?J=C3=BCrgen?=<{JANE}>", "Jürgen"),
        (f"=?utf-8?Q?Jane?= Doe =?utf-8?Q?J=C3=BCr?= <{JANE}>", "Jane Doe Jür"),
        (f'"=?utf-8?B?SsO8cmdlbg==?= Doe" <{JANE}>', "Jürgen Doe"),
        (f'"<{JANE}>" <{JANE}>', ""),
        (f"'{JANE}' <{JANE}>", ""),
        (f'"" <{JANE}>', ""),
        (f"'' <{JANE}>", ""),
        (f"Jane <{JANE} >", "Jane"),
        (f"Jane < {JANE}>", "Jane"),
        ("Jane <jane @x.example>", "Jane"),
        (f"Jane <{JANE}>, ", "Jane"),
        (f"Jane <{JANE}> (work)", "Jane"),
        (f"\tJane\t<{JANE}>", "Jane"),
    ],
)
def test_a_sender_beyond_doubt(field: str, name: str) -> None:
    mail = parse(f"From: {field}\n\nx".encode())
    assert mail.author is not None
    assert (mail.author.name, mail.author.address) == (name, JANE)
    assert mail.defects == ()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (f"Doe, Jane <{JANE}>", "Doe, Jane"),
        (f"J. Doe, Ph.D. <{JANE}>", "J. Doe, Ph.D."),
        (f"Jane Doe; Shop <{JANE}>", "Jane Doe; Shop"),
        (f"Jane: Doe <{JANE}>", "Jane: Doe"),
        (f"Jane [Shop] <{JANE}>", "Jane [Shop]"),
        (f"Jane @ Shop <{JANE}>", "Jane @ Shop"),
        (f"Jane Doe <{JANE}", "Jane Doe"),
        (f"Jane Doe {JANE}>", "Jane Doe"),
        (f"Jane Doe {JANE}", "Jane Doe"),
        (f'"Jane Doe" {JANE}', "Jane Doe"),
        (f'Jane "Doe <{JANE}>', "Jane Doe"),
        (f'Jane Doe" <{JANE}>', "Jane Doe"),
        (f"<{JANE}> Jane Doe", "Jane Doe"),
        (f"Jane <{JANE}> via Portal", "Jane via Portal"),
        (f"Jane Doe [mailto:{JANE}]", "Jane Doe"),
        (f"Jane <mailto:{JANE}>", "Jane"),
        (f"<<{JANE}>>", ""),
        (f"Jane <{JANE}>;", "Jane"),
        (f"Jane <{JANE}> <{JANE}>", "Jane"),
        (f"{JANE} {JANE}", ""),
        (f'"{JANE}"', ""),
        (f"'{JANE}'", ""),
        (f"=?utf-8?Q?Jane_<{JANE}>?=", "Jane"),
        ("=?utf-8?Q?Jane_=3Cjane=40x=2Eexample=3E?=", "Jane"),
        ("=?utf-8?Q?Jane?= <=?utf-8?Q?jane=40x.example?=>", "Jane"),
    ],
)
def test_S11_a_sender_in_a_broken_field_is_named_and_marked(field: str, name: str) -> None:
    mail = parse(f"From: {field}\n\nx".encode())
    assert mail.author is not None
    assert (mail.author.name, mail.author.address) == (name, JANE)
    assert any(defect.startswith("from:") for defect in mail.defects)


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        ("a@x.example;b@x.example", ["a@x.example", "b@x.example"]),
        ("A <a@x.example>; B <b@x.example>;", ["a@x.example", "b@x.example"]),
        ("a@x.example b@x.example", ["a@x.example", "b@x.example"]),
        ("A <a@x.example> B <b@x.example>", ["a@x.example", "b@x.example"]),
        (", a@x.example,, b@x.example,", ["a@x.example", "b@x.example"]),
        ("Doe, J <a@x.example>, Roe, K <b@x.example>", ["a@x.example", "b@x.example"]),
        ('"a@x.example, b@x.example"', ["a@x.example", "b@x.example"]),
        ("'a@x.example', 'b@x.example'", ["a@x.example", "b@x.example"]),
        ("T: a@x.example, b@x.example;, c@x.y", ["a@x.example", "b@x.example", "c@x.y"]),
        ("T: a@x.example, b@x.example", ["a@x.example", "b@x.example"]),
        ("A <a@x.example>\r\n\t, B <b@x.example>", ["a@x.example", "b@x.example"]),
        ('"A" a@x.example, "B" b@x.example', ["a@x.example", "b@x.example"]),
        ('"A" <a@x.example>, B', ["a@x.example"]),
        ("To: a@x.example", ["a@x.example"]),
        ("alice@intern", ["alice@intern"]),
        ("undisclosed-recipients:;", []),
        ("Undisclosed recipients <>", []),
        ("<Undisclosed-Recipient:;>", []),
        ("Support", []),
        ("", []),
    ],
)  # fmt: skip
def test_recipients_in_every_form(field: str, addresses: list[str]) -> None:
    mail = parse(f"From: a@b.example\nTo: {field}\nCc: {field}\n\nx".encode())
    assert [found.address for found in mail.to] == addresses
    assert [found.address for found in mail.cc] == addresses
