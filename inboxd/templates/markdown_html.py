"""Markdown with places for values, as HTML for mail.

A value stands in the source as a mark, so that Markdown never reads it: a customer called `*x*`
stays `*x*`. The same source is parsed once, however many values it is filled with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from inboxd.mail.html_clean import clean_html
from inboxd.templates.text_html import linkified

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Private-use characters: letters to Markdown, and nothing that people write.
_MARK = re.compile("\ue000([0-9]+)\ue001")
_HREF = re.compile('href="[^"]*"')
_MARKS: Final = str.maketrans("", "", "\ue000\ue001")
_URL_SYNTAX: Final = ":/?#[]@!$&'()*+,;=%-._~"


def mark(index: int) -> str:
    """Return what stands in the source for value number `index`."""
    return f"\ue000{index}\ue001"


def holds_mark(text: str) -> bool:
    """Whether `text` was made with marks in it."""
    return "\ue000" in text


def without_marks(value: str) -> str:
    """Return a value without the characters that marks are made of."""
    return value.translate(_MARKS)


def fill_text(source: str, values: Sequence[str]) -> str:
    """Return the source itself, readable as it is, with its values."""
    return _MARK.sub(lambda m: values[int(m[1])], source)


def fill_html(source: str, values: Sequence[str]) -> str:
    """Return the source as clean HTML with its values as text, or as parts of link targets."""
    html = _parsed(source)
    html = _HREF.sub(lambda m: _MARK.sub(lambda v: _in_url(values[int(v[1])]), m[0]), html)
    return clean_html(_MARK.sub(lambda m: escape(values[int(m[1])]), html))


def _in_url(value: str) -> str:
    return escape(quote(value, safe=_URL_SYNTAX, errors="replace"))


@lru_cache(maxsize=256)
def _parsed(source: str) -> str:
    return str(_markdown().render(source))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # takes its time to load, and few commands need it

    # A line break in the source is one in the mail: its text form is the source itself. Images are
    # off because a mail must load nothing; such a line shows as a link.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"]).disable("image")
    # Its own normalising would take the marks in a host name for foreign letters.
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    markdown.add_render_rule("text", _text)
    return markdown


def _text(self: object, tokens: Sequence[Any], at: int, options: object, env: object) -> str:
    """Render a run of text with its web addresses as links, unless it stands in a link."""
    inside = sum(token.type.startswith("link_") * token.nesting for token in tokens[:at])
    content: str = tokens[at].content
    return escape(content) if inside else linkified(content)
