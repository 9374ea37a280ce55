"""S7, inbound: HTML from outside is cleaned; what is left runs nothing and loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from inboxd.mail.html_clean import clean_html

_TAGS = """
    script style link meta base form input button textarea select option iframe frame frameset
    object embed applet param svg math video audio source track picture canvas template noscript
    portal body head html dialog marquee foreignobject animate set use image isindex plaintext
"""
_ATTRIBUTES = """
    srcset background poster data action formaction ping manifest xlink:href lowsrc dynsrc usemap
    code codebase archive classid longdesc cite profile srcdoc target id class name
"""
_FORBIDDEN_TAGS = set(_TAGS.split())
_LOADING = set(_ATTRIBUTES.split())


class Elements(HTMLParser):
    """The start tags of what was cleaned, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag not in _FORBIDDEN_TAGS
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in _LOADING
            if name == "href":
                assert re.match(r"\s*(?:https?:|mailto:|tel:)", value, re.IGNORECASE)
            if name == "src":
                assert re.match(r"cid:|data:image/(?:png|jpeg|gif);", value, re.IGNORECASE)
            if name == "style":
                assert not re.search(r"url|image|@|\\|/\*|expression|position|behavior", value)
    assert not re.search("<!--|<!|<[?]", html)


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script from afar": "<script src=//t.example/x.js></script>",
    "script in pieces": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script in capitals, unclosed": "<SCRIPT>alert(1)",
    "NUL in a tag": "<scr\0ipt>alert(1)</scr\0ipt>",
    "event": "<p onclick=alert(1)>x</p>",
    "event behind a stroke": "<img/onerror=alert(1)/src=x>",
    "event with a tab": "<p\tonmouseover\t=\talert(1)>x</p>",
    "event on an animation": "<b style=animation-name:x onanimationend=alert(1)>x</b>",
    "event through a broken quote": "<p title=\"a'b\" x='\">' onclick=alert(1)>x</p>",
    "javascript": "<a href='javascript:alert(1)'>x</a>",
    "javascript in capitals": "<a href=' jAvaScript:alert(1)'>x</a>",
    "javascript with a tab": "<a href='java\tscript:alert(1)'>x</a>",
    "javascript with a new line": "<a href='java&#10;script:alert(1)'>x</a>",
    "javascript in references": "<a href='&#x6a;&#97;vascript&colon;alert(1)'>x</a>",
    "javascript behind controls": "<a href='\x01\x1fjavascript:alert(1)'>x</a>",
    "javascript with NUL": "<a href='java\0script:alert(1)'>x</a>",
    "vbscript": "<a href='vbscript:msgbox(1)'>x</a>",
    "data": "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "data with a new line": "<a href='da&#10;ta:text/html,<script>alert(1)</script>'>x</a>",
    "data behind a control": "<a href='\x0bdata:text/html,x'>x</a>",
    "cid as a link": "<a href='cid:a'>x</a>",
    "file": "<a href='file:///etc/passwd'>x</a>",
    "link without a scheme": "<a href='//t.example/x'>x</a><a href='/x'>y</a>",
    "svg": "<svg onload=alert(1)><script>alert(1)</script><image href=//t.example/p></svg>",
    "svg as an image": "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "svg as an image, in capitals": "<img src='DATA:IMAGE/SVG+XML;base64,AAAA'>",
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "math with a link": "<math xlink:href='javascript:alert(1)'>x</math>",
    "iframe": "<iframe src='https://t.example'></iframe><iframe srcdoc='<script>alert(1)'>",
    "object": "<object data='https://t.example'></object><embed src='https://t.example'>",
    "applet": "<applet code=x.class codebase=https://t.example></applet>",
    "form": "<form action='//t.example'><input name=x><button formaction=//t.example>go</button>",
    "input that is an image": "<input type=image src='https://t.example/p.gif'>",
    "meta": "<meta http-equiv=refresh content='0;url=https://t.example'>",
    "base": "<base href='https://t.example'><a href='x'>x</a>",
    "link": "<link rel=stylesheet href='https://t.example/x.css'>",
    "prefetch": "<link rel=dns-prefetch href='//t.example'>",
    "style sheet": "<style>@import '//t.example/x.css'; p {background: url(//t.example)}</style>",
    "font": "<style>@font-face {src: url(https://t.example)}</style>",
    "style sheet, unclosed": "<style>p {background: url(https://t.example/p.gif)}",
    "image": "<img src='https://t.example/p.gif'><img src='//t.example/p.gif'><img src='/p.gif'>",
    "image under another name": "<image src='https://t.example/p.gif'>",
    "srcset": "<img srcset='https://t.example/p.gif 2x' src=cid:a>",
    "lowsrc": "<img lowsrc='https://t.example/p.gif' dynsrc='https://t.example/p.avi' src=cid:a>",
    "picture": "<picture><source srcset='https://t.example/p.gif'><img src=cid:a></picture>",
    "video": "<video poster='https://t.example/p.gif'><source src='https://t.example'></video>",
    "audio": "<audio src='https://t.example/a.mp3' autoplay></audio>",
    "background": "<body background='//t.example/p.gif'><table background='//t.example/p'><td>x",
    "ping": "<a href='https://a.example' ping='https://t.example'>x</a>",
    "quote's source": "<blockquote cite='https://t.example'>x</blockquote>",
    "style url": "<p style='background:url(https://t.example/p.gif)'>x</p>",
    "style url in a list": "<li style='list-style:url(https://t.example/p.gif)'>x</li>",
    "style image-set": "<p style='background-image:image-set(\"//t.example/p.gif\" 1x)'>x</p>",
    "style with an escape": "<p style='color:red;background:u\\72l(https://t.example/p.gif)'>x</p>",
    "style with a comment": "<p style='background:u/**/rl(https://t.example/p.gif)'>x</p>",
    "style with a reference": "<p style='border:1px solid url&#40;https://t.example&#41;'>x</p>",
    "style with a variable": "<p style='color:var(--x)'>x</p>",
    "style expression": "<p style='width:expression(alert(1))'>x</p>",
    "style binding": "<p style='-moz-binding:url(//t.example);behavior:url(x.htc)'>x</p>",
    "style position": "<p style='position:fixed;top:0;left:0;z-index:99'>x</p>",
    "noscript": "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "template": "<template><script>alert(1)</script><img src=//t.example></template>",
    "mglyph": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "select": "<select><template><style><!--</style><img src=x onerror=alert(1)>--></select>",
    "title": "<title><a href=\"</title><img src=x onerror=alert(1)>\">",
    "textarea": "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "xmp": "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "plaintext": "<plaintext><img src=x onerror=alert(1)>",
    "comment": "<!--><img src=x onerror=alert(1)>--><!--[if IE]><script>x</script><![endif]-->",
    "comment in a comment": "<!-- <!-- --> <img src=x onerror=alert(1)> -->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]><svg><![CDATA[><img src=x onerror=alert(1)>]]>",
    "instruction": "<?xml-stylesheet href='https://t.example/x.css'?><!DOCTYPE html SYSTEM 'x'>",
    "unclosed attribute": "<a href='https://a.example title=\"><script>alert(1)</script>",
    "unclosed tag": "<img src=x onerror=alert(1) ",
    "nesting": "<b><p><i></b><script>alert(1)</script><table><a href=javascript:x><tr></i>x",
    "halves of a surrogate": "<p title='\ud800'>\udfff<script>alert(1)</script>",
}  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_S7_nothing_runs_and_nothing_loads(html: str) -> None:
    clean = clean_html(html)
    assert_harmless(clean)
    assert clean_html(clean) == clean
    assert_harmless(clean_html(f'<div title="a">{html}<p>kept</p></div>'))


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_S7_nothing_runs_in_markup_that_is_balanced_first(html: str) -> None:
    assert_harmless(clean_html("<br>" * 2001 + html))


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<p>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
        ('<img src="cid:logo@1" alt="L">', '<img src="cid:logo@1" alt="L">'),
        ('<img src="CID:logo">', '<img src="CID:logo">'),
        ('<img src="data:image/png;base64,AAAA">', '<img src="data:image/png;base64,AAAA">'),
        ('<a href="https://a.example/x?y=1&amp;z">l</a>',
         '<a href="https://a.example/x?y=1&amp;z">l</a>'),
        ('<a href="mailto:a@b.example">l</a>', '<a href="mailto:a@b.example">l</a>'),
        ('<a href="tel:+4930123">l</a>', '<a href="tel:+4930123">l</a>'),
        ('<p style="color:red;position:absolute">x</p>', '<p style="color:red">x</p>'),
        ('<p style="color:rgb(1,2,3)">x</p>', '<p style="color:rgb(1, 2, 3)">x</p>'),
        ('<p style="color:red;margin-left:-9999px">x</p>', "<p>x</p>"),
        ('<p style="color:rgb(1,2,3) calc(1px)">x</p>', "<p>x</p>"),
        ('<td background="//t.example">x', "x"),
        ("<title>gone</title><noscript>gone</noscript>kept", "kept"),
        ('<img src="https://t.example/p.gif" alt="A">x', "x"),
        ("1 < 2 &amp; 3", "1 &lt; 2 &amp; 3"),
    ],
)  # fmt: skip
def test_S7_what_is_harmless_stays(html: str, cleaned: str) -> None:
    assert clean_html(html) == cleaned


def test_S7_markup_beyond_the_limits_keeps_its_text() -> None:
    clean = clean_html("<b>x</b>" * 30_000 + "tail")
    assert clean.endswith("tail")
    assert clean.count("<b>") == 20_000
    deep = clean_html("<div>" * 5000 + "tail")
    assert "tail" in deep
    assert deep.count("<div>") == 100
