"""Splitting a reply from its quotes and reading HTML: total, and nothing is lost."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.mail.html import clean_html, html_to_text
from inboxd.mail.quotes import cut_at_marker, split_reply

MARKER = "##- Reply above this line. Everything below stays here. -##"
LINES = st.sampled_from(
    [
        "",
        " ",
        "Hello,",
        "Where is my parcel?",
        "> quoted",
        ">> deeper",
        ">",
        "| barred",
        "On Tue, 5 Mar 2024 at 10:12, Shop <help@shop.example> wrote:",
        "Yes. On Tue, 5 Mar 2024 at 10:12, Shop <help@shop.example> wrote:",
        "On Tue, 5 Mar 2024 at 10:12, Shop <",
        "help@shop.example> wrote:",
        "> wrote:",
        "Am 05.03.2024 um 10:12 schrieb Shop:",
        "2024年3月5日(火) 10:12 Shop <help@shop.example>:",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "Forwarded message:",
        "> Begin forwarded message:",
        "##- Please type your reply above this line -##",
        ">>> Shop <help@shop.example> 05.03.2024 10:12 >>>",
        ">>> print(1)",
        "Shop",
        "Support <help@shop.example>, 5 Mar 2024 Sal,",
        "10:12 tarihinde şunu yazdı:",
        "Tue,",
        "Thanks!",
        "Mvh Anna",
        "---",
        "Original Message",
        "From: Shop <help@shop.example>",
        "Sent: Tuesday, March 5, 2024 10:12 AM",
        "To: Jane",
        "Subject: Shoes",
        "________________________________",
        "-- ",
        "--",
        "Jane Doe",
        "-Jane",
        "Best regards,",
        "Sent from my iPhone",
        "CAUTION: external mail",
        "This mail is confidential and intended solely for the addressee.",
        "#close",
        MARKER,
        f"> {MARKER}",
        "\ufeff\u200b",
        "\x1c\x1d\x1e",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=25).map("\n".join),
)
TAGS = st.sampled_from(
    [
        "<p>", "</p>", "<div>", "</div>", "<br>", "<blockquote>", "</blockquote>", "<table>",
        "<tr>", "<td>", "</td>", "</table>", "<ul>", "<li>", "</ul>", "<pre>", "</pre>",
        "<a href='http://x'>", "</a>", "<b>", "</b>", "<style>", "</style>", "<!--", "-->",
        "<p hidden>", "<", ">", "&amp;", "&#9", '<div class="gmail_quote">',
        '<div class="gmail_attr">', '<div id="appendonsend">', "<img alt=x>",
        '<div class="yahoo_quoted">', '<div id="Signature">', "On Mon, X wrote:", "word", " ",
        "\n", '"',
    ]
)  # fmt: skip
HTMLS = st.lists(st.one_of(TAGS, st.text(max_size=8)), max_size=40).map("".join)
INVISIBLE = "\ufeff\u200b\u200e\u200f"


def _visible(text: str) -> Counter[str]:
    return Counter(char for char in text if not char.isspace() and char not in INVISIBLE)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(["", "Re: Shoes", "FW: Shoes", "VS: Sko"]))
def test_nothing_is_lost_between_reply_and_elided(text: str, subject: str) -> None:
    for keep_signatures in (False, True):
        reply = split_reply(text, keep_signatures=keep_signatures, subject=subject)
        assert _visible(reply.reply_text) + _visible(reply.elided_text) == _visible(text)
        assert bool(_visible(reply.reply_text)) == bool(_visible(text))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_splitting_is_deterministic_and_only_ever_narrows(text: str) -> None:
    first = split_reply(text)
    assert split_reply(text) == first
    again = split_reply(first.reply_text)
    assert _visible(again.reply_text) <= _visible(first.reply_text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_what_stands_below_the_marker_never_gets_through(above: str, below: str) -> None:
    kept, found = cut_at_marker(f"{above}\n{MARKER}\n{below}", MARKER)
    assert found
    assert above.replace("\r\n", "\n").replace("\r", "\n").startswith(kept)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_text_without_the_marker_is_left_alone(text: str) -> None:
    kept, found = cut_at_marker(text, MARKER)
    assert found or kept == text


@settings(max_examples=300, deadline=None)
@given(HTMLS, st.one_of(st.just(""), TEXTS))
def test_html_never_raises_and_is_always_storable(html: str, text: str) -> None:
    rendered = html_to_text(html)
    assert "\0" not in rendered
    rendered.encode()
    clean_html(html).encode()
    reply = split_reply(text, html)
    if _visible(text):
        assert _visible(reply.reply_text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zs")), max_size=80))
def test_plain_words_survive_as_html(words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;")
    assert html_to_text(f"<p>{escaped}</p>").split() == words.replace("\u034f", "").split()


@settings(max_examples=150, deadline=None)
@given(HTMLS)
def test_cleaned_html_is_clean(html: str) -> None:
    clean = clean_html(html)
    assert "<script" not in clean
    assert clean_html(clean) == clean
