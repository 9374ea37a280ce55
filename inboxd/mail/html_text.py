"""Renders HTML as plain text that reads well: one pass over the tags, no tree.

Quotes become `> `, lists get bullets, cells of a table row stand side by side, a link is followed
by its target in angle brackets. On request the lines that a mail client marked up as signature,
attribution or border of a quote carry a mark, so that the splitting of quotes sees what it knew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from .html_block import Block
from .html_clients import Zone, inline_zone_of
from .html_elements import (
    BREAKING,
    CELLS,
    CONTAINERS,
    IMPLIED_ENDS,
    PARAGRAPHS,
    SKIPPED,
    TABLE_PARTS,
)
from .html_links import says_same, target
from .html_lists import Numbering
from .html_margins import Margins
from .html_marks import Mark, checkbox, is_emoji, is_hidden, is_pixel, may_show_emoji
from .html_tables import Table
from .html_tokens import VOID, Tag, attributes, decoded, storable, tokens
from .html_zones import RULE, Zones

_MAX_TABLES: Final = 20
_LOOK_UP: Final = 64
_INLINE: Final = frozenset(("a", "span", "br", "font"))
_ENDING: Final = BREAKING | {"a"}
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
        self._zones = Zones()
        self._margins = Margins("")
        self._tight = False
        self._pre = 0
        self._skipped = ""
        self._skip_depth = 0
        self._href: str | None = None
        self._label: list[str] = []

    def render(self, html: str) -> str:
        """Return the text of `html`."""
        self._margins = Margins(html)
        for token in tokens(html):
            if isinstance(token, str):
                if not self._skipped:
                    self._add_text(token)
            elif self._skipped:
                self._skip(token)
            elif not token.closing:
                self._start(token)
            elif token.name in _ENDING or self._counts.get(token.name):
                self._end(token.name)
        self._end_link()
        while self._open:
            self._pop()
        self._end_line()
        return "\n".join(self._root.lines)

    def _end_line(self) -> None:
        block = self._block
        if block.parts:
            block.end_line(self._zones.mark_of(block))
        else:
            block.skip_line()

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
        if name in SKIPPED or (
            tag.attributes and not self._reveal and name not in VOID and is_hidden(tag.attributes)
        ):
            self._skipped, self._skip_depth = name, 1
            if name in BREAKING:
                self._end_line()
        elif name in BREAKING:
            self._start_block(tag)
        elif name == "img":
            self._add_image(tag)
        elif name == "input":
            self._block.add_words(checkbox(tag))
        else:
            if name == "br":
                self._break_line()
            elif name == "a":
                self._start_link(tag)
            if tag.attributes and name in _INLINE:
                self._start_inline(tag)

    def _start_inline(self, tag: Tag) -> None:
        """Enter what a client named within a line; a name within that is left with it."""
        name = tag.name
        zone = inline_zone_of(tag.attributes)
        if zone is not None and zone not in (Zone.SIGNATURE, Zone.ATTRIBUTION):
            self._end_line()
            self._zones.enter(zone, self._block, 0)
        elif name != "br" and (zone is not None or self._counts.get(name)):
            if zone is not None:
                self._end_line()
            self._push(name, zone)

    def _push(self, name: str, zone: Zone | None) -> None:
        self._open.append((name, zone))
        self._counts[name] = self._counts.get(name, 0) + 1
        if zone is not None:
            self._zones.enter(zone, self._block, len(self._open))

    def _start_block(self, tag: Tag) -> None:
        name = tag.name
        self._end_line()
        if self._counts.get("p"):
            self._close("p")
        if name in IMPLIED_ENDS:
            self._close_siblings(*IMPLIED_ENDS[name])
        zone = self._zones.of(tag)
        if name == "p":
            self._tight = self._margins.are_tight(tag.attributes)
        if (name in PARAGRAPHS and not (name == "p" and self._tight)) or name == "blockquote":
            self._block.ask_gap()
        if name in CONTAINERS or (zone is not None and name == "p"):
            self._push(name, zone)
        elif zone is not None:
            self._zones.enter(zone, self._block, 0)
        if name == "hr":
            self._block.put(RULE, self._zones.mark)
            self._block.ask_gap()
        if name in TABLE_PARTS:
            self._start_table_part(tag)
        elif name in ("ul", "ol"):
            if not self._block.lists:
                self._block.ask_gap()
            self._block.lists.append(Numbering(tag))
        elif name == "li":
            lists = self._block.lists
            self._block.lead = lists[-1].next(tag) if lists else ""
        elif name == "pre":
            self._pre += 1
            self._block.ask_gap()

    def _start_table_part(self, tag: Tag) -> None:
        name = tag.name
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
        elif name in CELLS:
            self._columns[-1][1].start_cell(tag)
            self._block = Block()

    def _start_link(self, tag: Tag) -> None:
        self._end_link()
        self._href = target(attributes(tag).get("href", ""))
        self._label.clear()

    def _end_link(self) -> None:
        href, self._href = self._href, None
        if href is None:
            return
        label = " ".join("".join(self._label).split())
        if (label or self._reveal) and not says_same(label, href):
            self._block.add_target(href.removeprefix("mailto:"))

    def _add_image(self, tag: Tag) -> None:
        if not (self._reveal or self._href is not None or may_show_emoji(tag.attributes)):
            return
        values = attributes(tag)
        text = values.get("alt", "").strip()
        if is_emoji(text):
            self._add_text(text)
        elif self._href is None and not self._reveal:
            return
        elif text and not is_pixel(values) and (self._reveal or not "".join(self._label).strip()):
            self._label.append(text)
            self._block.add_words(f"[{text}]")

    # End tags

    def _end(self, name: str) -> None:
        if name == "a":
            self._end_link()
        if name in CONTAINERS or self._counts.get(name):
            self._close(name)
        elif name in BREAKING:
            self._end_line()
            if name in PARAGRAPHS and not (name == "p" and self._tight):
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
            if opened in TABLE_PARTS and name not in TABLE_PARTS:
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
            self._zones.leave(zone, block, len(self._open))
        self._open.pop()
        self._counts[name] -= 1

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
                block.put(line, mark or self._zones.mark)
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


@lru_cache(maxsize=4)
def marked_text(html: str) -> str:
    """Return `html` as text whose lines carry the marks of the client that wrote it.

    The last few are kept, for a mail's text and the split of it come from the same rendering.
    """
    html = storable(html)
    return Renderer().render(html) or Renderer(reveal=True).render(html)
