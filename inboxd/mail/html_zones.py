"""Where in a client's HTML a rendering stands: within a quote, a signature, an attribution."""

from __future__ import annotations

import re
from typing import Final

from .html_block import Block
from .html_clients import Zone, zone_of
from .html_marks import MARKS, Mark
from .html_tokens import Tag

RULE: Final = "-" * 20
_ZONED: Final = ("blockquote", "signature")
_LONGEST_FIELD_NAME: Final = 40
_LONGEST_ATTRIBUTION: Final = 300
_COLONS: Final = (":", "\uff1a")
_TIME: Final = re.compile(r"\d\s?[:.h\u6642\u65f6\uc2dc]\s?\d\d")


class Zones:
    """The zones that are open, and what they make of the lines that are written."""

    __slots__ = ("_attribution", "_forwards", "_original", "_quotes", "_signature_next", "_signed")

    def __init__(self) -> None:
        self._quotes = self._signed = self._forwards = 0
        self._attribution: int | None = None
        self._signature_next = self._original = False

    def of(self, tag: Tag) -> Zone | None:
        """Tell what the start tag of a block opens here."""
        name = tag.name
        zone = None
        if tag.attributes or name in _ZONED:
            zone = zone_of(name, tag.attributes)
            if self._forwards and zone is not Zone.QUOTE:
                zone = None
        if self._signature_next and name in ("div", "p"):
            self._signature_next = False
            zone = zone or Zone.SIGNATURE
        return zone

    def enter(self, zone: Zone, block: Block, depth: int) -> None:
        """Begin a zone at `depth` open elements, with `block` being written."""
        if zone is Zone.QUOTE:
            if not (self._quotes or self._forwards) and self._attribution is None:
                _mark_attribution(block.lines)
            block.ask_gap()
            block.quotes += 1
            self._quotes += 1
            self._attribution = None
        elif zone is Zone.SIGNATURE:
            self._signed += 1
        elif zone is Zone.ATTRIBUTION:
            self._attribution = depth
        elif zone is Zone.BORDER:
            self._put_border(block)
        elif zone is Zone.FORWARD:
            self._forwards += 1
        elif zone is Zone.SIGNATURE_NEXT:
            self._signature_next = True
        elif zone is Zone.ORIGINAL:
            self._original = True

    def leave(self, zone: Zone, block: Block, depth: int) -> None:
        """End the zone that was entered at `depth`."""
        if zone is Zone.QUOTE:
            block.quotes -= 1
            self._quotes -= 1
            block.gap = None
            block.ask_gap()
        elif zone is Zone.SIGNATURE:
            self._signed -= 1
        elif zone is Zone.FORWARD:
            self._forwards -= 1
        elif zone is Zone.ATTRIBUTION and self._attribution == depth:
            self._attribution = None

    @property
    def mark(self) -> str:
        """The mark of a line that ends here; in a quote there is nothing but the quote."""
        if self._quotes:
            return ""
        if self._signed:
            return Mark.SIGNATURE
        return Mark.ATTRIBUTION if self._attribution is not None else ""

    def mark_of(self, block: Block) -> str:
        """Return the mark of the line that `block` is about to end, behind a border it may need."""
        mark = self.mark
        if mark == Mark.SIGNATURE and block.parts[0][:1] == "#":
            mark = ""  # an agent's tag, which clients let people write below their signature
        if self._original:
            self._original = False
            if ":" in "".join(block.parts)[:_LONGEST_FIELD_NAME]:
                self._put_border(block)
        return mark

    def _put_border(self, block: Block) -> None:
        """Put the mark of a border, above a rule that was drawn for it."""
        if self._quotes or self._forwards:
            return
        if block.lines[-1:] == [f"{block.prefix}{RULE}"]:
            block.lines.insert(-1, str(Mark.BORDER))
        else:
            block.put("", Mark.BORDER)


def _mark_attribution(lines: list[str]) -> None:
    """Mark the last line where it stands right above a quote and can be nothing but attribution.

    Whatever its language, it ends in a colon and names an address and a time of day.
    """
    line = lines[-1] if lines else ""
    if line[-1:] not in _COLONS or "@" not in line or len(line) > _LONGEST_ATTRIBUTION:
        return
    if line[0] not in MARKS and _TIME.search(line):
        lines[-1] = f"{Mark.ATTRIBUTION}{line}"
