"""Plain text as HTML: paragraphs, quotes, links, and nothing that the text could smuggle in."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import Final

PARAGRAPH: Final = '<p style="margin:0 0 1em">'
QUOTE: Final = (
    '<blockquote style="margin:0 0 1em;padding:0 0 0 12px;border-left:3px solid #9aa0a6;'
    'color:#777d85">'
)
MAX_QUOTE_DEPTH: Final = 8

_URL = re.compile(r"""\b(https?://[^\s<>"'`\\^{|}]+)""", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTE_SIGNS = re.compile(r"(?:> ?)+")
_BLANK_LINES = re.compile(r"\n(?:[ ]*\n)+")
_BRACKETS = ((")", "("), ("]", "["))


def text_to_html(text: str) -> str:
    """Return `text` as a fragment of HTML with inline styles only.

    Everything is escaped; `http` and `https` addresses become links; lines that begin with `>`
    become block quotes, at most eight deep.
    """
    text = _without_controls(text)
    if not text:
        return ""
    if not text.startswith(">") and "\n>" not in text:
        return _paragraphs(text)
    return _with_quotes(text.split("\n"))


def linkified(text: str) -> str:
    """Return `text` escaped, with its web addresses as links."""
    if "://" not in text:
        return escape(text)
    pieces = _URL.split(text)
    pieces[0::2] = map(escape, pieces[0::2])
    pieces[1::2] = map(_link, pieces[1::2])
    return "".join(pieces)


def _link(url: str) -> str:
    """Return a link to `url`; the punctuation that ends a sentence stays outside."""
    unopened = {close: url.count(close) - url.count(open_) for close, open_ in _BRACKETS}
    end = len(url)
    while end:
        last = url[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in ".,;:!?*_":
            break
        end -= 1
    address = escape(url[:end])
    return f'<a href="{address}">{address}</a>{escape(url[end:])}'


def _without_controls(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        text = text.replace("\t", "    ")
    if not text.replace("\n", "").isprintable():
        text = _CONTROLS.sub("", text)
    return text.strip("\n")


def _paragraphs(text: str) -> str:
    """Return text without quotes as paragraphs; "" if it is blank."""
    text = text.strip("\n")
    if not text or text.isspace():
        return ""
    html = linkified(text)
    if "\n " in html:
        html = _BLANK_LINES.sub("\n\n", html)
    if "  " in html:  # columns and indents stay as they were typed
        html = html.replace("  ", "&nbsp; ")
    blocks = [block.strip("\n").replace("\n", "<br>\n") for block in html.split("\n\n")]
    return "".join([f"{PARAGRAPH}{block}</p>\n" for block in blocks if block])


def _with_quotes(lines: list[str]) -> str:
    out: list[str] = []
    depth = 0
    for level, group in groupby(map(_unquoted, lines), key=lambda pair: pair[0]):
        body = _paragraphs("\n".join([line for _, line in group]))
        if not body:  # a blank line between two quotes parts nothing
            continue
        out += (QUOTE * (level - depth), "</blockquote>\n" * (depth - level), body)
        depth = level
    return "".join(out) + "</blockquote>\n" * depth


def _unquoted(line: str) -> tuple[int, str]:
    """Return how deeply a line is quoted, and the line without its signs (RFC 3676 section 4.5)."""
    signs = _QUOTE_SIGNS.match(line)
    if signs is None:
        return 0, line
    return min(signs[0].count(">"), MAX_QUOTE_DEPTH), line[signs.end() :]
