"""Answers, forwards and signatures in clients' HTML: what is kept and what is set aside."""

from __future__ import annotations

import pytest

from inboxd.mail.html import html_to_text
from inboxd.mail.mime import parse
from inboxd.mail.quotes import split_reply

WROTE = "Ar Mer, 5 Maw 2025 am 10:30 ysgrifennodd Ann &lt;ann@shop.example&gt;:"
HEADERS = "<b>Oddi wrth:</b> Ann<br><b>Anfonwyd:</b> Mer 5 Mawrth 2025<br><b>Pwnc:</b> Archeb<br>"
GREY = "margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"
GMAIL_FORWARD = (
    '<div dir="ltr">See below.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
    "---------- Forwarded message ---------<br>From: <strong>Ann</strong> &lt;ann@shop.example&gt;"
    "<br>Date: Wed, Mar 5, 2025 at 10:30 AM<br>Subject: Order<br>To: Bob &lt;b@home.example&gt;<br>"
    '</div><br><br><div dir="ltr">It is late.</div></div></div>'
)
THUNDERBIRD_FORWARD = (
    '<p>See below.</p><div class="moz-forward-container"><br>-------- Neges --------<table '
    'class="moz-email-headers-table"><tr><th>Pwnc: </th><td>Archeb</td></tr><tr><th>Oddi wrth: '
    "</th><td>ann@shop.example</td></tr></table><br>It is late."
    f'<div id="divRplyFwdMsg">{HEADERS}</div><p>Older words.</p></div>'
)


def new_words(html: str) -> str:
    return split_reply("", html).reply_text


def test_answers_between_the_quotes_of_gmail_stay_with_them() -> None:
    html = (
        '<div dir="ltr">Answers below.</div><div class="gmail_quote"><div class="gmail_attr">'
        f'{WROTE}<br></div><blockquote class="gmail_quote" style="{GREY}">Which size?</blockquote>'
        f'<div>43.</div><blockquote class="gmail_quote" style="{GREY}">Which colour?</blockquote>'
        "<div>Blue, please.</div></div>"
    )
    assert new_words(html) == (
        "Answers below.\n\n> Which size?\n\n43.\n\n> Which colour?\n\nBlue, please."
    )


def test_answers_between_the_quotes_of_thunderbird_stay_with_them() -> None:
    html = (
        f'<div class="moz-cite-prefix">{WROTE}<br></div><blockquote type="cite">Which size?'
        '</blockquote>43.<br><blockquote type="cite">Which colour?</blockquote><p>Blue.</p>'
        '<blockquote type="cite">Bye<div class="moz-signature">-- <br>Ann</div></blockquote>'
        '<div class="moz-signature">-- <br>Bob</div>'
    )
    assert new_words(html) == "> Which size?\n\n43.\n\n> Which colour?\n\nBlue."


def test_an_answer_below_a_quote_with_a_clients_borders_in_it_is_kept() -> None:
    html = (
        f'<div class="moz-cite-prefix">{WROTE}<br></div><blockquote type="cite"><p>Old.</p>'
        f'<div id="x_divRplyFwdMsg">{HEADERS}</div><table><tr><td><div id="x_Signature">Ann</div>'
        "</td></tr></table><p>Older.</p></blockquote><p>The answer.</p>"
    )
    assert new_words(html) == "The answer."


@pytest.mark.parametrize("html", [GMAIL_FORWARD, THUNDERBIRD_FORWARD])
def test_what_was_forwarded_is_content(html: str) -> None:
    words = new_words(html)
    assert words.startswith("See below.\n\n------")
    assert "It is late." in words


def test_in_what_thunderbird_forwarded_nothing_is_cut() -> None:
    assert new_words(THUNDERBIRD_FORWARD).endswith("Older words.")


def test_a_rule_that_a_client_drew_above_the_quote_goes_with_it() -> None:
    html = f'<p>Yes.</p><hr tabindex="-1"><div id="divRplyFwdMsg">{HEADERS}</div><p>Old.</p>'
    reply = split_reply("", html)
    assert reply.reply_text == "Yes."
    assert reply.elided_text.startswith("-----")
    assert new_words("<p>Yes.</p><hr><p>No.</p>").endswith("-----\n\nNo.")


def test_a_tag_in_a_signature_is_read() -> None:
    html = (
        '<div>Dear Jane, done.</div><div id="Signature"><div>Bob</div><div>#close</div></div>'
        f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADERS}</div>'
    )
    assert new_words(html) == "Dear Jane, done.\n\n#close"


def test_a_signature_of_word_is_known_by_its_bookmark() -> None:
    html = (
        "<p class=MsoNormal>Hello there.</p><p class=MsoNormal><a name='_MailAutoSig'><span>Bob"
        "</span></a></p><p class=MsoNormal><span style='mso-bookmark:_MailAutoSig'>Cwmni</span></p>"
    )
    reply = split_reply("", html)
    assert reply.reply_text == "Hello there."
    assert reply.elided_text.split() == ["Bob", "Cwmni"]


@pytest.mark.parametrize(
    "line",
    [
        WROTE,
        "2025/3/5 10:30 ann@shop.example\uff1a",
        "Ann &lt;ann@shop.example&gt;, 5 Maw 10h30:",
    ],
)
def test_a_line_right_above_a_quote_with_address_and_time_is_its_attribution(line: str) -> None:
    assert new_words(f"<p>Fine.</p><div>{line}</div><blockquote>Old.</blockquote>") == "Fine."


@pytest.mark.parametrize(
    "line",
    [
        "The sign at your door says:",
        "At 10:30 your shop wrote me this, ann@shop.example",
        "ann@shop.example 10:30 " + "x" * 300 + ":",
    ],
)
def test_a_persons_line_above_a_quote_is_kept(line: str) -> None:
    words = new_words(f"<p>Fine.</p><div>{line}</div><blockquote>Old.</blockquote>")
    assert words == f"Fine.\n\n{line}"


@pytest.mark.parametrize(
    "html",
    [
        "<p>Mine.</p><div style='border-top:1px solid #ccc'>Mine, too.</div>",
        "<p>Mine.</p><div style='border:none;border-top:solid red 1px'>Mine, too.</div>",
        "<p>Mine.</p><a name='quote'></a><p>Mine, too.</p>",
        "<p>Mine.</p><p><a name='_MailOriginal'>Mine,</a> too.</p>",
        "<p>Mine.</p><hr><p>Mine, too.</p>",
        "<p>Mine.</p><p class='x_MsoNormal'>Mine, too.</p>",
        "<p>Mine.</p><span class='signature_field quoted'>Mine, too.</span>",
        '<p>Mine.</p><div class="history">Mine, too.</div>',
    ],
)
def test_what_only_looks_like_a_clients_border_cuts_nothing(html: str) -> None:
    assert new_words(html).endswith("Mine, too.")


def test_names_that_other_clients_put_something_before_are_known() -> None:
    for name in ("x_gmail_signature", "m_-8765gmail_signature", "ydp1a2b3c4gmail_signature",
                 "yiv0123456789x_x_gmail_signature", "m_12345x_gmail_signature"):  # fmt: skip
        assert new_words(f'<p>Mine.</p><div class="{name}">Bob</div>') == "Mine."
    assert html_to_text('<p>Mine.</p><div class="x_gmail_signature">Bob</div>') == "Mine.\n\nBob"


def test_a_mail_of_html_alone_is_split_by_its_marks() -> None:
    html = (
        "<div>Diolch!</div><div id='ms-outlook-mobile-signature'>Mynnwch Outlook ar gyfer iOS</div>"
        f"<hr><div id='divRplyFwdMsg'>{HEADERS}</div><p>Old.</p>"
    )
    raw = f"From: bob@home.example\nContent-Type: text/html; charset=utf-8\n\n{html}\n"
    mail = parse(raw.encode())
    assert mail.reply_text == "Diolch!"
    assert "Mynnwch Outlook" in mail.elided_text
    assert "Old." in mail.text
