"""HTML that is safe to show or to send: it runs nothing and loads nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from .html_tokens import balanced, storable

if TYPE_CHECKING:
    import nh3

# Up to here the worst markup costs the tree builder less than 0.1 s; beyond, it is balanced first.
_PLAIN_TAGS: Final = 2000
_PLAIN_REFERENCES: Final = 20_000
_MAX_TAGS: Final = 20_000
_MAX_DEPTH: Final = 100
_MAX_AMPERSANDS: Final = 100_000

_TAGS: Final = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
))  # fmt: skip
_STYLES: Final = frozenset((
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
    "color", "direction", "font", "font-family", "font-size", "font-style", "font-weight", "height",
    "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left",
    "margin-right", "margin-top", "max-width", "padding", "padding-bottom", "padding-left",
    "padding-right", "padding-top", "text-align", "text-decoration", "text-indent",
    "text-transform", "vertical-align", "white-space", "width",
))  # fmt: skip
_ATTRIBUTES: Final = {
    "*": frozenset((
        "align", "bgcolor", "color", "dir", "height", "lang", "style", "title", "valign", "width",
    )),
    "a": frozenset(("href",)),
    "img": frozenset(("src", "alt")),
    "font": frozenset(("face", "size")),
    "table": frozenset(("border", "cellpadding", "cellspacing")),
    "td": frozenset(("colspan", "rowspan", "nowrap")),
    "th": frozenset(("colspan", "rowspan", "nowrap", "scope")),
    "ol": frozenset(("start", "type")),
    "ul": frozenset(("type",)),
    "li": frozenset(("value",)),
}  # fmt: skip
# Gone with all that they hold.
_UNSEEN: Final = frozenset((
    "script", "style", "title", "noembed", "noframes", "noscript", "template", "svg",
))  # fmt: skip
_LINKS: Final = ("http:", "https:", "mailto:", "tel:")
# Images that the mail itself brings. SVG is none of them: it is a document that can run and load.
_EMBEDDED: Final = ("cid:", "data:image/png;", "data:image/jpeg;", "data:image/gif;")
# What a style must not hold: functions other than colours (one could load), escapes, comments and
# at-rules (they could hide one), and lengths below nothing (they lay an element over others).
_UNSAFE_STYLE: Final = re.compile(r"(?<!\brgb)(?<!\brgba)(?<!\bhsl)(?<!\bhsla)\(|[\\@]|/\*|-[\d.]")
_IGNORED_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f-\xa0]+")


def clean_html(html: str) -> str:
    """Return `html` safe to show or send: it runs and loads nothing; total.

    Kept are text, structure, inline styles without addresses, links (http, https, mailto, tel) and
    images that the mail itself brings (`cid:`, `data:`). Markup beyond 20,000 tags or 100 levels
    is shown as its text.
    """
    html = storable(html)
    if html.count("<") > _PLAIN_TAGS or html.count("&") > _PLAIN_REFERENCES:
        html = balanced(html, max_tags=_MAX_TAGS, max_depth=_MAX_DEPTH)
        if html.count("&amp;") > _MAX_AMPERSANDS:  # quadratic in the tree builder
            html = html.replace("&amp;", "\uff06")
    clean = _cleaner(True).clean(html)
    if "<img" in clean and ' src="' not in clean:  # nothing but frames of images from afar
        clean = _cleaner(False).clean(clean)
    return clean


@lru_cache(maxsize=2)
def _cleaner(with_images: bool) -> nh3.Cleaner:
    import nh3  # compiled code that only HTML to be shown or sent needs

    return nh3.Cleaner(
        tags=_TAGS if with_images else _TAGS - {"img"},
        clean_content_tags=_UNSEEN,
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes=frozenset(("http", "https", "mailto", "tel", "cid", "data")),
        url_relative="deny",
        filter_style_properties=_STYLES,
        link_rel=None,
    )


def _harmless(tag: str, name: str, value: str) -> str | None:
    """Return the attribute's value, or None where it would load or could disguise something."""
    if name == "src":
        return value if value.strip().lower().startswith(_EMBEDDED) else None
    if name == "href":
        return value if _IGNORED_IN_URLS.sub("", value).lower().startswith(_LINKS) else None
    if name == "style":
        return None if _UNSAFE_STYLE.search(value.lower()) else value
    return value
