"""Whose mail a forwarded one is, in the forms that mail clients write."""

from __future__ import annotations

import pytest
from desk_kit import File, letter

from inboxd.mail.forwarded import Forwarded, original_sender
from inboxd.mail.mime import parse

JANE = "jane@customer.example"

FORMS = {
    "Gmail": """\
FYI

---------- Forwarded message ---------
From: Jane Doe <jane@customer.example>
Date: Mon, May 6, 2030 at 10:00 AM
Subject: Where is my tea?
To: <anna@home.example>

Hello,
where is it?
""",
    "Apple Mail": """\
FYI

Begin forwarded message:

> From: Jane Doe <jane@customer.example>
> Subject: Where is my tea?
> Date: 6. May 2030 at 10:00:00 CEST
> To: anna@home.example
>
> Hello,
> where is it?
""",
    "Outlook": """\
FYI

________________________________
From: Jane Doe <jane@customer.example>
Sent: Monday, May 6, 2030 10:00 AM
To: Anna <anna@home.example>
Subject: Where is my tea?

Hello,
where is it?
""",
    "Outlook, old": """\
FYI

-----Original Message-----
From: Jane Doe [mailto:jane@customer.example]
Sent: Monday, May 6, 2030 10:00 AM
To: Anna
Subject: Where is my tea?

Hello,
where is it?
""",
    "Outlook, a link in the address": """\
FYI

From: Jane Doe <jane@customer.example<mailto:jane@customer.example>>
Sent: Monday, May 6, 2030 10:00 AM
To: Anna
Subject: Where is my tea?

Hello,
where is it?
""",
    "Thunderbird, German": """\
FYI

-------- Weitergeleitete Nachricht --------
Betreff: Where is my tea?
Datum: Mon, 6 May 2030 10:00:00 +0200
Von: Jane Doe <jane@customer.example>
An: anna@home.example

Hello,
where is it?
""",
    "French": """\
FYI

---------- Message transféré ---------
De : Jane Doe <jane@customer.example>
Date : lun. 6 mai 2030 à 10:00
Objet : Where is my tea?
À : <anna@home.example>

Hello,
where is it?
""",
    "Japanese": """\
FYI

差出人: Jane Doe <jane@customer.example>
日付: 2030年5月6日 10:00
件名: Where is my tea?
宛先: anna@home.example

Hello,
where is it?
""",
    "bold names": """\
FYI

*From:* Jane Doe <jane@customer.example>
*Sent:* Monday, May 6, 2030 10:00 AM
*To:* anna@home.example
*Subject:* Where is my tea?

Hello,
where is it?
""",
}


def read(text: str, **mail: object) -> Forwarded | None:
    raw = letter("Anna <anna@shop.example>", "Fwd: tea", text, **mail)  # type: ignore[arg-type]
    return original_sender(parse(raw), raw)


@pytest.mark.parametrize("client", FORMS)
def test_what_a_client_writes_above_a_forwarded_mail_is_read(client: str) -> None:
    found = read(FORMS[client])
    assert found is not None
    assert (found.doubt, found.words, found.subject) == ("", "FYI", "Where is my tea?")
    assert found.sender is not None
    assert (found.sender.name, found.sender.address) == ("Jane Doe", JANE)
    assert found.text == "Hello,\nwhere is it?"


@pytest.mark.parametrize(
    "sender",
    [
        "Jane Doe",
        "",
        "jane@a.example, tom@b.example",
        "jane@a.example <tom@b.example>",
        "jane@a.example [mailto:tom@b.example]",
        "jane@localhost",
        "Jane <jane@customer.example> <tom@b.example>",
    ],
)
def test_a_from_line_with_a_doubt_names_nobody(sender: str) -> None:
    found = read(FORMS["Gmail"].replace("Jane Doe <jane@customer.example>", sender))
    assert found is not None
    assert found.sender is None
    assert "does not name one sender" in found.doubt


def test_two_headers_are_a_doubt_quoted_ones_too() -> None:
    twice = FORMS["Outlook"] + FORMS["Gmail"].partition("FYI")[2]
    quoted = FORMS["Outlook"] + "".join(f"> {line}\n" for line in FORMS["Gmail"].splitlines())
    for text in (twice, quoted):
        found = read(text)
        assert found is not None
        assert found.sender is None
        assert found.doubt.startswith("It forwards 2 mails")


def test_two_from_lines_in_one_header_are_a_doubt() -> None:
    line = "From: Jane Doe <jane@customer.example>\n"
    other = line.replace("jane", "tom")
    for lines in (line + other, line + "X-Note: x\n" + other):
        found = read(FORMS["Gmail"].replace(line, lines))
        assert found is None or found.sender is None
    at_the_end = FORMS["Gmail"].replace("To: <anna@home.example>\n", other)
    found = read(at_the_end)
    assert found is None or found.sender is None


def attached(text: str = "For us.", *others: File, **mail: object) -> Forwarded | None:
    inner = letter(text="where is it?\n", message_id="her@customer.example", **mail)  # type: ignore[arg-type]
    return read(text, files=[File("m.eml", "message/rfc822", inner), *others])


def test_an_attached_mail_is_read() -> None:
    found = attached()
    assert found is not None
    assert found.sender is not None
    assert (found.sender.address, found.words) == (JANE, "For us.")
    assert (found.text.strip(), found.subject) == ("where is it?", "Where is my tea?")
    assert found.ids == ("her@customer.example",)


def test_an_attached_mail_with_two_authors_or_a_second_one_is_a_doubt() -> None:
    two = attached(sender="a@x.example, b@x.example")
    other = File("n.eml", "message/rfc822", letter())
    for found in (two, attached("x", other), attached(FORMS["Gmail"])):
        assert found is not None
        assert found.sender is None
        assert found.doubt


@pytest.mark.parametrize(
    "text", ["", "Hello.", "From: me\nTo: you", "From Monday\nTo: Tuesday\nDate: soon"]
)
def test_other_mail_forwards_nothing(text: str) -> None:
    assert read(text) is None


def test_it_takes_time_in_proportion_to_the_text() -> None:
    found = read(FORMS["Gmail"] + "From: a@x.example\n" * 100_000)
    assert found is not None
