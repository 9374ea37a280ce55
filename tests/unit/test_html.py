"""HTML as text to read, and as HTML that is safe to show."""

from __future__ import annotations

import time

import pytest

from inboxd.mail.html import clean_html, html_to_text

# Text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello  <b>Anna</b>,</p>\n<p>bye</p>", "Hello Anna,\n\nbye"),
        ("<div>one</div><div>two<br></div><div><br></div><div>three</div>", "one\ntwo\n\nthree"),
        ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
        ("a<span>b</span> c<i> d</i>", "ab c d"),
        ("Tom &amp; J&eacute;r&ocirc;me &lt;3 &#128512; &nbsp; end", "Tom & Jérôme <3 😀 end"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two<ul><li>deep</li></ul></li></ol>", "1. one\n2. two\n  - deep"),
        ("<h1>Title</h1>text<hr>more", "Title\n\ntext\n\n--------------------\n\nmore"),
        ("<pre>  a\n    b\n\nc</pre>d", "  a\n    b\n\nc\n\nd"),
        ("<blockquote>Hi<div>you</div><blockquote>deep</blockquote></blockquote>me",
         "> Hi\n> you\n>\n> > deep\n\nme"),
        ("<table><tr><td>Item<td>Price<tr><td>Shoes, red</td><td>9</td></tr></table>",
         "Item        Price\nShoes, red  9"),
        ("<table><tr><td><p>one</p><p>two</p></td><td>side</td></tr></table>", "one\n\ntwo\nside"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a  b\nc  d"),
        ("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>end", "a\nb\n\nend"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\nmeaning"),
        ("x<!-- no --><![if !mso]>y<![endif]><!--[if mso]>no<![endif]-->z", "xyz"),
        ("<!DOCTYPE html><?xml version='1'?><o:p>x</o:p>", "x"),
        ("<a title='a > b' href=x>a</a><img alt='>'>b", "ab"),
        ('<p class="x"">still</p>text', "still\n\ntext"),
        ("1 < 2 and 3 > 2, I <3 you", "1 < 2 and 3 > 2, I <3 you"),
        ("\u200bzero\ufeff width\u2060", "zero width"),
        ("<div>a</div><div>&nbsp;</div><div>b&nbsp;c</div>", "a\n\nb c"),
        ("<ol start=3 type=a><li>one<li value=5>two<ol type=I><li>x<li>y</ol></ol>",
         "c. one\ne. two\n  I. x\n  II. y"),
        ("<ol start=49 type=i><li>a<li>b<li>c</ol><ol start=27 type=a><li>a</ol>",
         "xlix. a\nl. b\n51. c\n\n27. a"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<ul><li><input type=checkbox checked>done<li><input type=checkbox> open</ul><input>",
         "- [x] done\n- [ ] open"),
        ("<details><summary>More</summary>text</details>", "More\ntext"),
        ('Fine <img alt="&#128077;"><img alt="logo"><img alt="a &#128077;">', "Fine \U0001f44d"),
        ('<a href="https://a.example/x">here</a>then <a href="https://a.example/y">there</a>.',
         "here <https://a.example/x> then there <https://a.example/y>."),
        ("<p dir=rtl>\u05e9\u05dc\u05d5\u05dd <b>1001</b></p>", "\u05e9\u05dc\u05d5\u05dd 1001"),
        ("<p>\u6ce8\u6587<b>\u756a</b>\u3067<br>\u4e8c</p>", "\u6ce8\u6587\u756a\u3067\n\u4e8c"),
        ("<!--[if mso]><p>no</p><![endif]--><!--[if !mso]><!--><p>yes</p><!--<![endif]-->", "yes"),
    ],
)  # fmt: skip
def test_html_reads_well(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://a.example/x?a=1&amp;b=2">order</a>', "order <https://a.example/x?a=1&b=2>"),
        ('<a href="https://a.example/">https://a.example</a>', "https://a.example"),
        ('<a href="https://www.a.example/">a.example</a>', "a.example"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="mailto:a@b.example?subject=x">write</a>', "write <a@b.example?subject=x>"),
        ('<a href="tel:+4930123">+4930123</a>', "+4930123"),
        ('<a href="javascript:alert(1)">x</a><a href="#top">y</a><a name=z>z</a>', "xyz"),
        ('<a href="https://a.example/t"><img src=x alt="Track it"></a>', "[Track it] <https://a.example/t>"),
        ('<a href="https://a.example/t"><img src=x></a>words', "words"),
        ("<a href='https://a.example/1'>one<a href='https://a.example/2'>two",
         "one <https://a.example/1> two <https://a.example/2>"),
    ],
)  # fmt: skip
def test_links_name_their_target_once(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><th>Item<th>Qty<th>Price<tr><td>Shoes<td>1<td>89<tr><td>Socks<td><td>6",
         "Item   Qty  Price\nShoes  1    89\nSocks       6"),
        ("<tr><td>Shoes<td>1<td>89<tr><td>Socks<td>2<td>6<tr><td colspan=2>Total<td>95",
         "Shoes  1  89\nSocks  2  6\nTotal     95"),
        ("<tr><td width=9><td>a<td>1<tr><td><td>bc<td>2", "a   1\nbc  2"),
        ("<tr><td>\u56fd\u5bb6<td>x<tr><td>abc<td>y", "\u56fd\u5bb6  x\nabc   y"),
        ("<tr><td>Ship to<br>Bob<td>Bill to<br>Ann", "Ship to\nBob\n\nBill to\nAnn"),
        ("<tr><td>logo<td><tr><td><td>button<tr><td>words", "logo\nbutton\nwords"),
        ("<tr><td colspan=99999999>a<td colspan=x>b<td colspan=0>c", "a  b  c"),
        (f"<tr><td>{'a' * 90}<td>{'b' * 90}<tr><td>c<td>d", f"{'a' * 90}\n{'b' * 90}\n\nc  d"),
    ],
)  # fmt: skip
def test_tables_are_laid_out(table: str, text: str) -> None:
    assert html_to_text(f"<table>{table}</table>") == text


WORD = "<style><!-- p.MsoNormal, li.MsoNormal {margin:0cm; margin-bottom:%s;} --></style>"
OWA = "<style> P {margin-top:0;margin-bottom:0;} </style>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (WORD % ".0001pt" + "<p class=MsoNormal>a<p class=MsoNormal>b", "a\nb"),
        (WORD % ".0001pt" + "<p class=MsoNormal>a<o:p></o:p><p class=MsoNormal><o:p>&nbsp;</o:p>"
         "<p class=MsoListParagraph>b", "a\n\nb"),
        (WORD % ".0001pt" + "<p class=MsoNormal style='margin-bottom:12.0pt'>a<p>b", "a\n\nb"),
        (WORD % "8.0pt" + "<p class=MsoNormal>a<p class=MsoNormal>b", "a\n\nb"),
        ("<p class=MsoNormal>a<p class=MsoNormal>b", "a\n\nb"),
        (OWA + "<p>a</p><p>b</p><p><br></p><p>c</p>", "a\nb\n\nc"),
        (OWA + "<p style='margin:1em 0'>a</p><p>b</p>", "a\n\nb"),
        ("<p style='margin:0'>a</p><p style='margin: 0px 0px 0px 8px'>b</p>", "a\nb"),
        ("<p style='margin:0 0 10px'>a</p><p style='margin:0'>b</p>", "a\n\nb"),
        ("<p style='margin-left:0'>a</p><p style='margin-top:0'>b</p>", "a\n\nb"),
    ],
)  # fmt: skip
def test_paragraphs_stand_apart_where_a_reader_sees_them_apart(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">no</div>',
        '<span style="DISPLAY : none !important">no<span>no</span>no</span>',
        "<p hidden>no</p>",
        '<div style="max-height:0;overflow:hidden">no</div>',
        '<div style="color:red; visibility:hidden">no<div>no</div></div>',
        '<div style="opacity:0">no</div>',
        "<script>no</script><style>no {}</style><title>no</title>",
        "<STYLE>no</Style><svg><text>no</text></svg><select><option>no</select>",
        "<style>İ no</style>",
        '<img src="https://t.example/pixel" width=1 height=1 alt="no">',
        '<img src="https://t.example/picture" alt="no">',
        "<template>no</template><object>no</object>",
        "<!-- no --><!--> <!---> <!--no--!>",
    ],
)
def test_hidden_parts_are_left_out(hidden: str) -> None:
    assert html_to_text(f"one {hidden} two").split() == ["one", "two"]


def test_looks_of_layouts_do_not_hide() -> None:
    html = '<td style="font-size:0px;overflow:hidden;"><div aria-hidden="true">shown</div></td>'
    assert html_to_text(html) == "shown"
    assert html_to_text('<div style="overflow: hidden ">shown</div>') == "shown"


def test_a_document_that_shows_nothing_gives_what_it_has() -> None:
    assert html_to_text('<div style="display:none">preview</div>') == "preview"
    assert html_to_text('<img src=x alt="Sale today">') == "[Sale today]"
    assert html_to_text('<a href="https://a.example"><img src=x></a>') == "<https://a.example>"
    assert html_to_text("") == ""
    assert html_to_text("<p> </p>") == ""


def test_a_writer_indents_without_quoting() -> None:
    html = 'a<blockquote style="margin:0 0 0 40px;border:none;padding:0px">b</blockquote>c'
    assert html_to_text(html) == "a\n\nb\n\nc"


@pytest.mark.parametrize(
    ("html", "word"),
    [
        ("<a " * 1000 + "> tail", "tail"),
        ("words <b", "words"),
        ("words <!-- never closed <b>tail</b>", "tail"),
        ("<style>never closed <b>tail</b>", "tail"),
        ('words <a href="never closed>tail', "tail"),
        ("a\0b<p>\0tail", "tail"),
        ("\ud800 tail", "tail"),
        ("<div>" * 10_000 + "tail", "tail"),
        ("<div>" * 10_000 + "tail" + "</div>" * 10_000, "tail"),
        ("<table><tr><td>" * 500 + "tail", "tail"),
        ("<blockquote>" * 5000 + "tail", "tail"),
        ("<ul><li>" * 5000 + "tail", "tail"),
        ("</div></table></td></p></ul></blockquote>tail", "tail"),
        ("<li>tail", "tail"),
        ("<td>tail</td>", "tail"),
        ("&#" + "9" * 5000 + ";tail", "tail"),
        ("&#x" + "f" * 5000 + ";tail", "tail"),
        ("&#xD800;&#0;&#1114112;tail", "tail"),
    ],
)
def test_broken_html_keeps_its_words(html: str, word: str) -> None:
    text = html_to_text(html)
    assert word in text
    assert "\0" not in text
    text.encode()
    clean_html(html).encode()


# Hostile input

HOSTILE = [
    "<div>", "<b>", "word ", "<p>x", "<", "&", "&amp;", "&a", "a\0b<p>\0", "<table><tr><td>", "x ",
    "<ul><li>", "<blockquote>x", "<a href=x>", "<!--", "<b><i><u><p>", "<a ", '<a ="', "<li>x",
    "<td>x", "<style>", "<div hidden>x", "<p hidden>x", "<b><div>x</b></div>", "<style>İ</STYLE>",
    '<a href="http://x/">y</a>', "<br>", "<ol><li>x", "&nbsp;", "</div>", "<tr>", "<x y=z>", "\n",
    '<p class="yahoo-quoted-begin">x', '<hr><div id="appendonsend">', "<p.MsoNormal {margin",
    "<table><tr><td colspan=999>x", '<a name="_MailAutoSig">x',
    '<span class="gmail_signature_prefix"><span>',
    "<blockquote>a@b 10:30:", '<br id="lineBreakAtBeginningOfSignature">',
    "<ol start=99 type=i><li>x",
    '<a name="_MailOriginal">a:', '<p style="margin:0">x', '<div class="x_x_x_x_m_12345yiv123456">',
    '<div class="gmail_quote">', '<div id="appendonsend">x', "<table>x<b>y</b>", "&#9999999999;",
]  # fmt: skip
WRAPPED = {
    "attributes": ("<a ", "x ", ">"),
    "unclosed attributes": ("<a ", "x= ", ""),
    "spaces in a tag": ("<p class", " ", ">"),
    "style": ('<p style="', "font-size : ", '">x'),
    "margins": ('<p style="', "margin:0 0 0 0", '">x'),
    "names taken in": ('<div class="', "x_", '">'),
    "blanks in a rule": ("<style>p {", " ", "margin-top:0"),
    "one row of cells": ("<table><tr>", "<td>", ""),
    "images": ('<a href="http://a.example/">', '<img alt="&#128512;">', ""),
    "classes": ('<div class="', "gmail_quote ", '">'),
    "tags before a quote": ("", "<a ", '=">"'),
    "closing tags of nothing": ("<div>" * 50_000, "</td>", ""),
    "lines of pre": ("<pre>", "\n", ""),
    "one reference": ("&#", "9", ";"),
    "formatting and paragraphs": (
        "".join(f"<b title={number}>" for number in range(15_000)), "<p>x", ""
    ),
}  # fmt: skip


# Each of these was once the slowest for text or for cleaning.
WORST = ["<div>", "<p>x", "<ol><li>x", "<br>", "&", "&amp;", "<b><i><u><p>", "<"]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_time_is_bounded_whatever_the_markup(pattern: str) -> None:
    _assert_bounded(pattern * (150_000 // len(pattern)), seconds=3)


@pytest.mark.parametrize("parts", WRAPPED.values(), ids=WRAPPED)
def test_a_megabyte_around_anything_takes_seconds(parts: tuple[str, str, str]) -> None:
    start, pattern, end = parts
    _assert_bounded(start + pattern * (1_000_000 // len(pattern)) + end, seconds=12)


@pytest.mark.parametrize("pattern", WORST)
def test_a_megabyte_of_the_worst_takes_seconds(pattern: str) -> None:
    _assert_bounded(pattern * (1_000_000 // len(pattern)), seconds=12)


def _assert_bounded(html: str, seconds: float) -> None:
    """Both readings take less than `seconds` of processor time each."""
    for read in (html_to_text, clean_html):
        before = time.process_time()
        read(html).encode()
        assert time.process_time() - before < seconds
