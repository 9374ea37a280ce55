"""HTML from outside: as text to read, and as HTML that is safe to show."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from .html_marks import unmarked
from .html_text import marked_text
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
_UNSEEN: Final = frozenset(("script", "style", "title", "noembed", "noframes", "template", "svg"))
# Images that the mail itself brings. SVG is none of them: it is a document that can run and load.
_EMBEDDED: Final = ("cid:", "data:image/png;", "data:image/jpeg;", "data:image/gif;")
_LOADING: Final = ("url", "image", "src", "expression", "\\", "@", "/*")


def html_to_text(html: str) -> str:
    """Return the visible text of `html`, to be read by people; total and linear in its length.

    Links are followed by their target in angle brackets, quotes become `> `, hidden elements,
    scripts, styles, comments and images are left out. A document that shows nothing else gives
    what it hides, its images' alternative texts and its links.
    """
    return unmarked(marked_text(html))


def clean_html(html: str) -> str:
    """Return `html` safe to show inside a page of ours: it runs and loads nothing; total.

    Kept are text, structure, inline styles without addresses, links, and images that the mail
    itself brings (`cid:`, `data:`). Markup beyond 20,000 tags or 100 levels is shown as its text.
    """
    html = storable(html)
    if html.count("<") > _PLAIN_TAGS or html.count("&") > _PLAIN_REFERENCES:
        html = balanced(html, max_tags=_MAX_TAGS, max_depth=_MAX_DEPTH)
        if html.count("&amp;") > _MAX_AMPERSANDS:  # quadratic in the tree builder
            html = html.replace("&amp;", "\uff06")
    return _cleaner().clean(html)


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    import nh3  # compiled code that only showing HTML needs

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_UNSEEN,
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes=frozenset(("http", "https", "mailto", "tel", "cid", "data")),
        url_relative="deny",
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer nofollow",
    )


def _harmless(tag: str, name: str, value: str) -> str | None:
    """Return the attribute's value, or None where it would load or could disguise something.

    CSS escapes could hide a function that loads, so no style with a backslash is kept.
    """
    text = value.strip().lower()
    if name == "src":
        return value if text.startswith(_EMBEDDED) else None
    if name == "href":
        return None if text.startswith(("cid:", "data:")) else value
    if name == "style":
        return None if any(word in text for word in _LOADING) else value
    return value
