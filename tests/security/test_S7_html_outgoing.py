"""S7, outgoing: the HTML that we send escapes what others wrote and loads nothing from afar."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from inboxd.mail.html_clean import clean_html
from inboxd.templates.canned import load_canned
from inboxd.templates.canned_context import (
    CannedContact,
    CannedContext,
    CannedConversation,
    CannedShop,
)
from inboxd.templates.contexts import (
    AutoReplyContext,
    BaseContext,
)
from inboxd.templates.render import Renderer
from inboxd.templates.samples import SAMPLES
from inboxd.templates.text_html import text_to_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/p.gif>",
    "<svg/onload=alert(1)>",
    "</p></div><iframe src=https://evil.example>",
    "<style>@import 'https://evil.example'</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "javascript://x.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://x.example/"onmouseover="alert(1)',
    "https://x.example/'onmouseover='alert(1)",
    "https://x.example/<script>alert(1)</script>",
    "https://x.example/&quot;onclick=x",
    "> <b onclick=x>quoted</b>",
    ">>>>>>>>>>>>>>>> <object data=https://evil.example>",
    "<!--<form action=https://evil.example>-->",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<link rel=stylesheet href=https://evil.example>",
    "<body background=https://evil.example>",
    "<input autofocus onfocus=alert(1)>",
    "<video poster=https://evil.example>",
    "<td background=https://evil.example>",
    "<div style='background:url(https://evil.example)'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "&lt;script&gt;",
    "{{7*7}}<b>",
    "\x00<scr\x00ipt>",
    "<<b>b</b>",
    "<plaintext>",
    "]]><x>",
]
_TAGS = (
    "html head meta title body div p span strong a br ul ol li details summary pre code table "
    "tr td blockquote h1 b"
)
ALLOWED_TAGS = set(_TAGS.split())
RENDERER = Renderer(None)
LOADING = {"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "xlink"}


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_harmless(html: str) -> None:
    elements = Elements(html)
    assert set(elements.tags) <= ALLOWED_TAGS
    for name, value in elements.attributes:
        assert not name.startswith("on")
        assert name not in LOADING
        if name == "href":
            assert re.match(r"https?://|mailto:|tel:", value)
        if name == "style":
            assert "url(" not in value
            assert "import" not in value


def filled(context: BaseContext, words: str) -> BaseContext:
    """Put the words into every text of a context, also of those within."""
    return replace(context, **{f.name: _filled(getattr(context, f.name), words)
                               for f in fields(context)
                               if f.name not in ("marker", "direction")})  # fmt: skip


def _filled(value: object, words: str) -> object:
    if isinstance(value, str):
        return words
    if isinstance(value, tuple):
        return tuple(_filled(each, words) for each in value)
    return filled(value, words) if hasattr(value, "__dataclass_fields__") else value  # type: ignore[arg-type]


@pytest.mark.parametrize("words", HOSTILE)
def test_S7_hostile_words_in_every_field_of_every_mail(words: str) -> None:
    for name, samples in SAMPLES.items():
        for sample in samples:
            html = RENDERER.render(name, filled(sample, words)).html
            assert_harmless(html)


@pytest.mark.parametrize("words", HOSTILE)
def test_S7_plain_text_as_html(words: str) -> None:
    html = text_to_html(words)
    assert set(Elements(html).tags) <= {"p", "br", "a", "blockquote"}
    assert_harmless(html)


@pytest.mark.parametrize("words", HOSTILE)
def test_S7_html_in_a_canned_reply_is_text(tmp_path: Path, words: str) -> None:
    source = words.replace("{{7*7}}", "")
    (tmp_path / "a.md").write_text(
        f"Hello {{{{ contact.name }}}}\n\n{source}\n\n![i](https://e.example/x.png)\n"
    )
    contact, about = CannedContact(words), CannedConversation(1, words)
    context = CannedContext(contact, about, CannedShop(words))
    html = load_canned(tmp_path).render("a", None, context).html
    assert_harmless(html)
    assert "img" not in Elements(html).tags


def test_S7_the_html_of_an_automatic_reply_is_cleaned_once_more() -> None:
    context = AutoReplyContext(
        subject="s",
        text="t",
        html="<p onclick=x>kept<script>gone</script><img src=//evil.example></p>",
    )
    html = RENDERER.render("auto_reply", context).html
    assert "<p>kept</p>" in html
    assert_harmless(html)


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<p>a <b>b</b></p>", "<p>a <b>b</b></p>"),
        ('<a href="https://x.example" onclick="y">l</a>', '<a href="https://x.example">l</a>'),
        ('<a href="javascript:x">l</a>', "<a>l</a>"),
        ('<a href="java&#10;script:x">l</a>', "<a>l</a>"),
        ('<a href="data:text/html,x">l</a>', "<a>l</a>"),
        ("<style>p{background:url(//x)}</style>t", "t"),
        ('<p style="background:url(//x)">t</p>', "<p>t</p>"),
        ('<td style="text-align:right">t</td>', "t"),
        ('<p style="text-align:right">t</p>', '<p style="text-align:right">t</p>'),
        ('<img src="https://x.example/p.gif">t', "t"),
        ("<form action=x><input></form>t", "t"),
        ("<!-- c -->t", "t"),
    ],
)
def test_S7_cleaning(html: str, cleaned: str) -> None:
    assert clean_html(html) == cleaned
