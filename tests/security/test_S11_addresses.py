"""S11: any doubt in From leaves a defect, and no author but the mailbox in the angle brackets."""

from __future__ import annotations

import pytest

from inboxd.mail.mime import parse, parse_headers
from inboxd.mail.model import MimeBudget

TRUE = "boss@corp.example"
EVIL = "x@evil.example"

# The From field, and the addresses that may come out of it; one address is the author.
DOUBTFUL = {
    f"{TRUE} <{EVIL}>": [EVIL],
    f'"{TRUE}" <{EVIL}>': [EVIL],
    f"'{TRUE}' <{EVIL}>": [EVIL],
    f"{TRUE}, {EVIL}": [TRUE, EVIL],
    f"<{TRUE}> <{EVIL}>": [TRUE, EVIL],
    f"{TRUE} {EVIL}": [TRUE, EVIL],
    f"{TRUE}\r\n {EVIL}": [TRUE, EVIL],
    f"Group: {TRUE}, {EVIL};": [TRUE, EVIL],
    f"{TRUE}:{EVIL}": [TRUE, EVIL],
    f"=?utf-8?q?boss=40corp=2Eexample?= <{EVIL}>": [EVIL],
    f"=?utf-8?q?boss=40corp=2Eexample=3E?= <{EVIL}>": [EVIL],
    f"=?utf-8?b?Ym9zc0Bjb3JwLmV4YW1wbGU=?= <{EVIL}>": [EVIL],
    f"=?utf-8?q?boss=40corp.example=3E=2C_=3C?= {EVIL}": [EVIL],
    "=?utf-8?q?boss=40corp=2Eexample?=": [TRUE],
    "=?utf-8?q?Boss_=3Cboss=40corp=2Eexample=3E?=": [TRUE],
    "=?utf-8?q?boss=40corp=2Eexample=2C_x=40evil=2Eexample?=": [],
    "<=?utf-8?q?boss?=@corp.example>": ["=?utf-8?q?boss?=@corp.example", TRUE],
    f"{TRUE}\0@evil.example": [],
    f"{TRUE}@evil.example": [],
    f'"{TRUE}\\" <{EVIL}>': ["boss@corp.example\\", EVIL],
    f"{TRUE} (<{EVIL}>)": [TRUE],
    f"<@evil.example:{TRUE}>": [TRUE],
    f"Boss <{TRUE}": [TRUE],
    f"Boss <<{TRUE}>>": [TRUE],
    "Boss": [],
    "<>": [],
    "undisclosed-recipients:;": [],
    "": [],
}


@pytest.mark.parametrize(("field", "addresses"), DOUBTFUL.items())
def test_S11_doubt_in_from_is_marked(field: str, addresses: list[str]) -> None:
    raw = f"From: {field}\r\nSubject: s\r\n\r\nx".encode()
    for mail in (parse(raw), parse_headers(raw)):
        assert sorted(a.address for a in mail.from_) == sorted(addresses)
        assert (mail.author.address if mail.author else None) == (
            addresses[0] if len(addresses) == 1 else None
        )
        assert any(defect.startswith("from:") for defect in mail.defects)


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        (TRUE, "", TRUE),
        (f"<{TRUE}>", "", TRUE),
        (f"Boss <{TRUE}>", "Boss", TRUE),
        (f'"Boss, The" <{TRUE}>', "Boss, The", TRUE),
        (f'"Boss \\"B\\" Smith" <{TRUE}>', 'Boss "B" Smith', TRUE),
        (f"{TRUE} (Boss)", "Boss", TRUE),
        (f"=?utf-8?q?J=C3=BCrgen?= <{TRUE}>", "Jürgen", TRUE),
        (f"=?utf-8?q?M=C3=BCller,_J?= <{TRUE}>", "Müller, J", TRUE),
        (f'"=?utf-8?q?J=C3=BCrgen?=" <{TRUE}>', "Jürgen", TRUE),
        (f"Jürgen O'Neil-Müller Jr. <{TRUE}>", "Jürgen O'Neil-Müller Jr.", TRUE),
        (f"{TRUE} <{TRUE}>", "", TRUE),
        (f"Boss <{TRUE}>,", "Boss", TRUE),
        ('"odd local"@corp.example', "", '"odd local"@corp.example'),
        ("boss@[192.0.2.1]", "", "boss@[192.0.2.1]"),
        ("用户@例え.example", "", "用户@例え.example"),
        (f"{'(' * 400}x{')' * 400} Boss <{TRUE}>", "Boss", TRUE),
    ],
)
def test_S11_what_is_beyond_doubt_is_not_marked(field: str, name: str, address: str) -> None:
    mail = parse(f"From: {field}\r\n\r\nx".encode())
    assert mail.author is not None
    assert (mail.author.name, mail.author.address) == (name, address)
    assert mail.defects == ()


def test_S11_several_from_fields_have_no_author() -> None:
    mail = parse(f"From: {TRUE}\nSubject: s\nFrom: Evil <{EVIL}>\n\nx".encode())
    assert mail.author is None
    assert [a.address for a in mail.from_] == [TRUE, EVIL]
    assert "from: 2 fields: all of them read" in mail.defects


def test_S11_the_same_mailbox_twice_is_still_marked() -> None:
    mail = parse(f"From: {TRUE}\nFrom: {TRUE.upper()}\n\nx".encode())
    assert mail.author is not None
    assert "from: 2 fields: all of them read" in mail.defects


def test_S11_a_second_from_behind_a_long_header_is_seen() -> None:
    filler = "X-Filler: " + "x" * 120_000
    mail = parse(f"From: {TRUE}\n{filler}\nFrom: {EVIL}\n\nx".encode())
    assert mail.author is None


def test_S11_without_from_the_stand_in_is_marked() -> None:
    mail = parse(f"From: Boss <>\nReply-To: {EVIL}\n\nx".encode())
    assert mail.author is not None
    assert mail.author.address == EVIL
    assert "from: no address: Sender or Reply-To taken" in mail.defects


def test_recipients_are_read_from_broken_lists_too() -> None:
    mail = parse(
        b"To: A <a@b.example>, Bob Smith c@d.example, ,\n <e@f.example>; g..h@i.example\n"
        b"Cc: undisclosed-recipients:;\nReply-To: Team: j@k.example, l@m.example;\n\nx"
    )
    assert {a.address for a in mail.to} == {
        "a@b.example",
        "c@d.example",
        "e@f.example",
        "g..h@i.example",
    }
    assert mail.cc == ()
    assert [a.address for a in mail.reply_to] == ["j@k.example", "l@m.example"]


def test_the_number_of_addresses_is_bounded() -> None:
    field = ", ".join(f"User {n} <u{n}@b.example>" for n in range(500))
    mail = parse(f"To: {field}\n\nx".encode(), MimeBudget(max_addresses=50))
    assert [a.address for a in mail.to] == [f"u{n}@b.example" for n in range(50)]
    assert "to: more than 50 addresses: the rest is left out" in mail.defects
