"""Renders HTML as plain text that reads well: one pass over the tags, no tree.

Quotes become `> `, lists get bullets, cells of a table row stand side by side, a link is followed
by its target in angle brackets. On request the lines that a mail client marked up as signature,
attribution or border of a quote carry a mark, so that the splitting of quotes sees what it knew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from .html_block import Block
from .html_marks import Mark, Zone, is_hidden, is_pixel, zone_of
from .html_tables import Table
from .html_tokens import VOID, Tag, attributes, decoded, storable, tokens

_MAX_TABLES: Final = 20
_MAX_HREF: Final = 2000
_LOOK_UP: Final = 64

_PARAGRAPHS: Final = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "dl", "fieldset", "figure")
)
_CONTAINERS: Final = frozenset(
    (
        "div",
        "blockquote",
        "ul",
        "ol",
        "li",
        "dd",
        "table",
        "tr",
        "td",
        "th",
        "pre",
        "center",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "form",
        "nav",
        "aside",
        "address",
        "details",
    )
)
_BREAKING: Final = (
    _CONTAINERS | _PARAGRAPHS | frozenset(("dt", "tbody", "thead", "tfoot", "caption", "body"))
)
_TABLE_PARTS: Final = frozenset(("table", "tr", "td", "th", "tbody", "thead", "tfoot"))
_CELLS: Final = frozenset(("td", "th"))
# By start tag: what it ends without an end tag, and what it cannot reach beyond.
_IMPLIED_ENDS: Final = {
    "td": (_CELLS, frozenset(("tr", "table"))),
    "th": (_CELLS, frozenset(("tr", "table"))),
    "tr": (frozenset(("tr", "td", "th")), frozenset(("table",))),
    "li": (frozenset(("li",)), frozenset(("ul", "ol", "td", "th"))),
    "dd": (frozenset(("dd",)), frozenset(("dl", "td", "th"))),
}
_SKIPPED: Final = frozenset(
    ("svg", "object", "select", "template", "audio", "video", "canvas", "map")
)
_LINK_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:", "ftp://")
_INVISIBLE: Final = ("\u200b", "\u2060", "\ufeff", "\u034f")


class Renderer:
    """Turns one HTML document into lines, some with a `Mark` in front; use it once.

    `reveal` shows what is hidden, images' alternative texts and bare links too: for documents that
    show nothing else.
    """

    def __init__(self, *, reveal: bool = False) -> None:
        self._reveal = reveal
        self._root = self._block = Block()
        self._columns: list[tuple[Block, Table]] = []
        self._flat_tables = 0
        self._open: list[tuple[str, Zone | None]] = []
        self._counts: dict[str, int] = {}
        self._signatures = 0
        self._attribution: int | None = None
        self._pre = 0
        self._skipped = ""
        self._skip_depth = 0
        self._href: str | None = None
        self._label: list[str] = []

    def render(self, html: str) -> str:
        """Return the text of `html`."""
        for token in tokens(html):
            if isinstance(token, str):
                if not self._skipped:
                    self._add_text(token)
            elif self._skipped:
                self._skip(token)
            elif token.closing:
                self._end(token.name)
            else:
                self._start(token)
        self._end_link()
        while self._open:
            self._pop()
        self._end_line()
        return "\n".join(self._root.lines)

    @property
    def _mark(self) -> str:
        if self._signatures:
            return Mark.SIGNATURE
        return Mark.ATTRIBUTION if self._attribution is not None else ""

    def _end_line(self) -> None:
        block = self._block
        block.space = False
        if block.parts:
            block.end_line(self._mark)

    def _add_text(self, text: str) -> None:
        text = decoded(text)
        if not text.isascii():
            for invisible in _INVISIBLE:
                if invisible in text:
                    text = text.replace(invisible, "")
            if not text:
                return
        if self._href is not None:
            self._label.append(text)
        if not self._pre:
            self._block.add_words(text)
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")
        self._add_verbatim(first)
        for line in rest:
            self._break_line()
            self._add_verbatim(line)

    def _add_verbatim(self, line: str) -> None:
        line = Mark.removed_from(line).expandtabs(8)
        if line:
            self._block.parts.append(line)

    def _break_line(self) -> None:
        if self._block.parts:
            self._end_line()
        else:
            self._block.ask_gap()

    # Start tags

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if name in _SKIPPED or (
            tag.attributes and not self._reveal and name not in VOID and is_hidden(tag.attributes)
        ):
            self._skipped, self._skip_depth = name, 1
            if name in _BREAKING:
                self._end_line()
        elif name == "br":
            self._break_line()
        elif name == "a":
            self._start_link(tag)
        elif name == "img":
            self._add_image(tag)
        elif name in _BREAKING:
            self._start_block(tag)
        elif tag.attributes and name == "span" and zone_of(tag) is Zone.BORDER:
            self._draw_border()

    def _start_block(self, tag: Tag) -> None:
        name = tag.name
        self._end_line()
        if name in _IMPLIED_ENDS:
            self._close_siblings(*_IMPLIED_ENDS[name])
        zone = zone_of(tag) if tag.attributes or name == "blockquote" else None
        if name in _PARAGRAPHS or name == "blockquote":
            self._block.ask_gap()
        if zone is Zone.BORDER:
            self._draw_border()
            zone = None
        if name == "hr":
            self._block.put("-" * 20, self._mark)
            self._block.ask_gap()
        if name not in _CONTAINERS:
            return
        self._open.append((name, zone))
        self._counts[name] = self._counts.get(name, 0) + 1
        if zone is not None:
            self._enter_zone(zone)
        if name in _TABLE_PARTS:
            self._start_table_part(name)
        elif name in ("ul", "ol"):
            if not self._block.lists:
                self._block.ask_gap()
            self._block.lists.append(0 if name == "ol" else -1)
        elif name == "li":
            self._block.lead = self._bullet()
        elif name == "pre":
            self._pre += 1
            self._block.ask_gap()

    def _bullet(self) -> str:
        lists = self._block.lists
        if not lists:
            return ""
        if lists[-1] < 0:
            return "- "
        lists[-1] += 1
        return f"{lists[-1]}. "

    def _enter_zone(self, zone: Zone) -> None:
        if zone is Zone.QUOTE:
            self._block.ask_gap()
            self._block.quotes += 1
            self._attribution = None
        elif zone is Zone.SIGNATURE:
            self._signatures += 1
        elif zone is Zone.ATTRIBUTION:
            self._attribution = len(self._open)

    def _draw_border(self) -> None:
        self._end_line()
        self._block.put("", Mark.BORDER)

    def _start_table_part(self, name: str) -> None:
        if name == "table":
            if len(self._columns) < _MAX_TABLES:
                self._columns.append((self._block, Table()))
            else:
                self._flat_tables += 1
            return
        if not self._columns or self._flat_tables:
            return
        if name == "tr":
            self._columns[-1][1].start_row()
        else:
            self._block = Block()

    def _start_link(self, tag: Tag) -> None:
        self._end_link()
        href = attributes(tag).get("href", "").strip()
        if href.lower().startswith(_LINK_SCHEMES) and len(href) <= _MAX_HREF:
            self._href = "".join(href.split())
        self._label.clear()

    def _end_link(self) -> None:
        href, self._href = self._href, None
        if href is None:
            return
        label = " ".join("".join(self._label).split())
        if (label or self._reveal) and not _says_same(label, href):
            self._block.add_words(f" <{href.removeprefix('mailto:')}>")

    def _add_image(self, tag: Tag) -> None:
        if not self._reveal and self._href is None:
            return
        values = attributes(tag)
        text = values.get("alt", "").strip()
        if text and not is_pixel(values) and (self._reveal or not "".join(self._label).strip()):
            self._label.append(text)
            self._block.add_words(f"[{text}]")

    # End tags

    def _end(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name in _CONTAINERS:
            self._close(name)
        elif name in _BREAKING:
            self._end_line()
            if name in _PARAGRAPHS:
                self._block.ask_gap()

    def _close(self, name: str) -> None:
        """Close the innermost open `name` and all within it; a cell keeps in what is not its own.

        The search is bounded, for a closing tag that matches nothing must not cost the depth.
        """
        if not self._counts.get(name):
            return
        for back in range(1, min(len(self._open), _LOOK_UP) + 1):
            opened = self._open[-back][0]
            if opened == name:
                for _ in range(back):
                    self._pop()
                return
            if opened in _TABLE_PARTS and name not in _TABLE_PARTS:
                return

    def _close_siblings(self, names: frozenset[str], borders: frozenset[str]) -> None:
        """Close the element that a start tag ends without saying so: `<td>a<td>b`."""
        for back in range(1, min(len(self._open), _LOOK_UP) + 1):
            opened = self._open[-back][0]
            if opened in names:
                for _ in range(back):
                    self._pop()
                return
            if opened in borders:
                return

    def _pop(self) -> None:
        name, zone = self._open[-1]
        self._end_line()
        block = self._block
        if name in ("td", "th"):
            self._end_cell()
        elif name == "table":
            self._end_table()
        elif name in ("ul", "ol") and block.lists:
            block.lists.pop()
            if not block.lists:
                block.ask_gap()
        elif name == "li":
            block.lead = ""
        elif name in ("pre", "blockquote"):
            self._pre -= name == "pre"
            block.ask_gap()
        if zone is not None:
            self._leave_zone(zone)
        self._open.pop()
        self._counts[name] -= 1

    def _leave_zone(self, zone: Zone) -> None:
        if zone is Zone.QUOTE:
            self._block.quotes -= 1
            self._block.gap = None
            self._block.ask_gap()
        elif zone is Zone.SIGNATURE:
            self._signatures -= 1
        elif zone is Zone.ATTRIBUTION and self._attribution == len(self._open):
            self._attribution = None

    def _end_cell(self) -> None:
        if self._flat_tables:
            return
        if self._columns and self._block is not self._columns[-1][0]:
            self._columns[-1][1].add_cell(self._block.lines)
            self._block = self._columns[-1][0]

    def _end_table(self) -> None:
        if self._flat_tables:
            self._flat_tables -= 1
            return
        block, table = self._columns.pop()
        self._block = block
        for line in table.lines():
            if line:
                mark, line = Mark.parted(line)
                block.put(line, mark or self._mark)
            else:
                block.ask_gap()

    # What is not shown

    def _skip(self, tag: Tag) -> None:
        """Read past a hidden element: up to its own end tag, or the next paragraph for a `p`."""
        if tag.name != self._skipped or tag.name in VOID:
            return
        if not tag.closing and tag.name != "p":
            self._skip_depth += 1
            return
        self._skip_depth -= 1
        if self._skip_depth <= 0:
            self._skipped = ""
            if not tag.closing:
                self._start(tag)


def _says_same(label: str, href: str) -> bool:
    """Tell whether a link's text already names its target."""
    kind, _, target = href.partition(":")
    if kind.lower() in ("mailto", "tel"):
        target = target.partition("?")[0]
        return target.lower() in label.lower() or not target
    bare = target.strip("/").removeprefix("www.")
    return label.partition("://")[2].strip("/").removeprefix("www.") == bare or (
        label.strip("/").removeprefix("www.") == bare
    )


@lru_cache(maxsize=4)
def marked_text(html: str) -> str:
    """Return `html` as text whose lines carry the marks of the client that wrote it.

    The last few are kept, for a mail's text and the split of it come from the same rendering.
    """
    html = storable(html)
    return Renderer().render(html) or Renderer(reveal=True).render(html)
