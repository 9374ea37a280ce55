"""The elements of HTML, by how they are laid out as text."""

from __future__ import annotations

from typing import Final

PARAGRAPHS: Final = frozenset((
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "dl", "fieldset", "figure",
))  # fmt: skip
CONTAINERS: Final = frozenset((
    "div", "blockquote", "ul", "ol", "li", "dd", "table", "tr", "td", "th", "pre", "center",
    "section", "article", "header", "footer", "main", "form", "nav", "aside", "address", "details",
    "signature",
))  # fmt: skip
BREAKING: Final = (
    CONTAINERS
    | PARAGRAPHS
    | frozenset(
        ("dt", "tbody", "thead", "tfoot", "caption", "body", "summary", "legend", "figcaption")
    )
)
TABLE_PARTS: Final = frozenset(("table", "tr", "td", "th", "tbody", "thead", "tfoot"))
CELLS: Final = frozenset(("td", "th"))
# By start tag: what it ends without an end tag, and what it cannot reach beyond.
IMPLIED_ENDS: Final = {
    "td": (CELLS, frozenset(("tr", "table"))),
    "th": (CELLS, frozenset(("tr", "table"))),
    "tr": (frozenset(("tr", "td", "th")), frozenset(("table",))),
    "li": (frozenset(("li",)), frozenset(("ul", "ol", "td", "th"))),
    "dd": (frozenset(("dd",)), frozenset(("dl", "td", "th"))),
}
SKIPPED: Final = frozenset(
    ("svg", "object", "select", "template", "audio", "video", "canvas", "map")
)
