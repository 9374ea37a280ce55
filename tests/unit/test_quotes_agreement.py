"""Where the plain text leaves a question open that the HTML beside it answers."""

from __future__ import annotations

import pytest

from inboxd.mail.html_agreement import end_of_same, marks_more
from inboxd.mail.quotes import split_reply

SIGNED = "Hello there,\nit works.\n\nJane Doe\nSales Manager\nACME Ltd\n"
SIGNED_HTML = (
    "<div>Hello there,<br>it works.<br><br></div>"
    "<div id=Signature>Jane Doe<br>Sales Manager<br>ACME Ltd</div>"
)


def test_a_signature_that_only_the_html_names_is_set_aside() -> None:
    reply = split_reply(SIGNED, SIGNED_HTML)

    assert reply.reply_text == "Hello there,\nit works."
    assert reply.elided_text == "Jane Doe\nSales Manager\nACME Ltd"


def test_an_attribution_in_an_unknown_language_is_set_aside() -> None:
    text = "Hei!\n\nYsgrifennodd Jane Doe ar 3 Mai:\n> Helo\n"
    html = (
        "<div>Hei!</div><div class=gmail_quote><div class=gmail_attr>"
        "Ysgrifennodd Jane Doe ar 3 Mai:</div><blockquote>Helo</blockquote></div>"
    )
    reply = split_reply(text, html)

    assert reply.reply_text == "Hei!"
    assert "Ysgrifennodd" in reply.elided_text
    assert "> Helo" in reply.elided_text


def test_signatures_that_are_to_be_kept_are_kept() -> None:
    assert split_reply(SIGNED, SIGNED_HTML, keep_signatures=True).elided_text == ""


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ("Other words\n\nJane\n", "Hello there"),
        ("Hello\n", "Hello there"),
        ("Hello there and more\nJane\n", "Hello there"),
        ("Hello there\n#close\n", "Hello there"),
        ("Hello there\n", "Hello there"),
        ("Hello there\n", ""),
    ],
    ids=["other words", "shorter", "goes on in the line", "a tag below", "nothing below", "empty"],
)
def test_texts_that_do_not_agree_are_left_as_they_are(plain: str, words: str) -> None:
    assert end_of_same(plain, words) is None


def test_layout_and_punctuation_do_not_matter() -> None:
    plain = "Hello *there*,\nit  works!\nJane\n"
    assert end_of_same(plain, "Hello there, it works") == plain.index("\nJane")


def test_html_is_not_read_where_the_text_says_enough() -> None:
    assert not marks_more(SIGNED_HTML, "Hello\n-- \nJane\n", "Hello")
    assert not marks_more("<div class=gmail_attr>x:</div>", "Hello\n", "Hello")
    assert not marks_more("<p>Hello</p>", "Hello:\n", "Hello:")
