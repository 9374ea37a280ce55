"""Reads a mail's lines into parts: the writer's words, quotes, attributions, and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from .html_marks import MARKS, Mark
from .quotes_attribution import attribution, is_tail, may_end
from .quotes_desks import asks_above, is_forward, is_groupwise
from .quotes_headers import (
    LONGEST_NAME,
    announces_forward,
    field_of,
    header_block,
    is_original,
    is_rule,
    opens_forward,
    opens_original,
)

_PEEK: Final = 4
_MARKED_LINES: Final = 6
_COLONS: Final = (":", "：")
_DASHES: Final = frozenset(("--", "==", "__", "**", "——", "- ", "––", "##", "~~", "++"))
_PROMPT: Final = ">>> "
_SESSION_LINES: Final = 40
_STUB: Final = 4
_SHORT_FORWARD: Final = 6
_TORN_URL: Final = re.compile(r"[(<\[]https?://\S+[)>\]]*\s*>?")
_TERMINAL: Final = ".!?:;…。！？"


class Kind(Enum):
    """What a run of lines is."""

    WORDS = auto()
    QUOTE = auto()
    ATTRIBUTION = auto()
    SIGNATURE = auto()
    BORDER = auto()
    FORWARD = auto()
    REST = auto()


@dataclass(slots=True)
class Part:
    """A run of lines of one kind; blank lines belong to what they follow."""

    kind: Kind
    lines: list[str]

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing on any of its lines."""
        return not any(map(str.strip, self.lines))


def read_parts(lines: list[str], *, marked: bool = False, subject: str = "") -> list[Part]:
    """Return the parts of a mail's text in their order; together they hold every line.

    `marked` lines come from HTML and may carry marks, which are removed from what is returned.
    The mail's `subject` tells a forward from an answer where both bear the same header block.
    """
    return _Reader(lines, marked=marked, subject=subject).parts()


class _Reader:
    """One pass over the lines of a mail.

    `_first` is the first line with the writer's own words so far, `_last` the last line that is
    not blank; `_columns` are the places where an attribution begins in the middle of a line.
    """

    def __init__(self, lines: list[str], *, marked: bool, subject: str) -> None:
        self._lines = lines
        self._marked = marked
        self._subject = subject
        self._kinds: list[Kind | None] = [None] * len(lines)
        self._columns: dict[int, int] = {}
        self._first: int | None = None
        self._last = -1

    def parts(self) -> list[Part]:
        """Read all lines and return them as parts."""
        end, kind = self._read()
        if kind is not None:
            self._kinds[end:] = [kind] * (len(self._lines) - end)
        return self._grouped()

    def _read(self) -> tuple[int, Kind | None]:
        """Give each line its kind, up to where all that follows is one: that place and kind."""
        lines, kinds, marked = self._lines, self._kinds, self._marked
        index, count = 0, len(lines)
        before: Kind | None = None
        while index < count:
            line = lines[index]
            text = line.strip()
            if marked and line[:1] in MARKS:
                following, kind = self._read_marked(index)
            elif not text:
                before = kinds[index]
                index += 1
                continue
            elif text[0] == ">" and before is Kind.QUOTE:
                kinds[index] = Kind.QUOTE
                self._last = index
                index += 1
                continue
            elif text[0] == ">" and self._is_quote(index, text):
                following, kind = self._read_quote(index, text)
            elif before is Kind.QUOTE and self._is_torn(index, text):
                kinds[index] = Kind.QUOTE
                following, kind = index + 1, None
            else:
                kinds[index] = before = Kind.WORDS
                if not _is_suspect(text):
                    self._last = index
                    if self._first is None:
                        self._first = index
                    index += 1
                    continue
                following, kind = self._inspect(index, text)
            if kind is not None:
                return following, kind
            if kinds[index] is not Kind.WORDS:
                self._last = max(index, following - 1)
            elif following > index:
                self._last = following - 1
                if self._first is None and not (is_rule(text) or opens_original(text)):
                    self._first = index
            before = kinds[following - 1] if following else None
            index = following
        return count, None

    # Quotes

    def _is_quote(self, index: int, text: str) -> bool:
        """Tell whether a line that starts with `>` is quoted.

        Not quoted are arrows around something (`>>> here <<<`), what a mailbox file escaped
        (`>From here on`), and the end of an address that was broken off (`> wrote:`).
        """
        alone = not self._starts_quote(index - 1) and not self._starts_quote(index + 1)
        return not alone or not (text[-1] == "<" or text.startswith(">From ") or is_tail(text))

    def _starts_quote(self, index: int) -> bool:
        return 0 <= index < len(self._lines) and self._lines[index].lstrip()[:1] == ">"

    def _read_quote(self, index: int, text: str) -> tuple[int, Kind | None]:
        """Take the first line of a quote; return as `_inspect` does."""
        if is_groupwise(text):
            self._kinds[index] = Kind.ATTRIBUTION
            return (index, Kind.REST) if self._has_words(index) else (index + 1, None)
        self._kinds[index] = Kind.QUOTE
        last = self._last
        found = None
        if last >= 0 and self._kinds[last] is Kind.WORDS and index - last <= _PEEK:
            found = attribution(self._lines, last, quoted=True)
        if found is None:
            if text.startswith(_PROMPT) and self._is_session(index):
                self._kinds[index] = Kind.WORDS
                return index + 1, None
            # Apple Mail quotes what it forwards, with the line that says so.
            forwarded = last < 0 or self._kinds[last] is Kind.WORDS
            if forwarded and opens_forward(text.lstrip("> ")):
                return index, Kind.FORWARD
            return index + 1, None
        self._kinds[found.line : last + 1] = [Kind.ATTRIBUTION] * (last + 1 - found.line)
        if found.column:
            self._columns[found.line] = found.column
        elif self._first is not None and self._first >= found.line:
            self._first = None
        return index + 1, None

    def _is_session(self, index: int) -> bool:
        """Tell whether a line is of a Python session that the writer shows, which is no quote.

        Quotes of the third level stand among others; a session has its prompt on every line.
        """
        lines = self._lines
        if index and lines[index - 1].startswith(_PROMPT):
            return self._kinds[index - 1] is Kind.WORDS
        if self._last < 0 or self._kinds[self._last] is not Kind.WORDS:
            return False
        for line in lines[index : index + _SESSION_LINES]:
            if not line.startswith(">"):
                break
            if not line.startswith(_PROMPT):
                return False
        return True

    def _is_torn(self, index: int, text: str) -> bool:
        """Tell whether a line was torn off the quoted line above it by somebody's wrapping."""
        if not self._starts_quote(index + 1) or len(text) > 200:
            return False
        if _TORN_URL.fullmatch(text):
            return True
        above = self._lines[index - 1].rstrip()
        if " " not in text and _is_open(above):
            return True
        return (
            len(above) > 64 and len(text) < 30 and text[0].islower() and above[-1] not in _TERMINAL
        )

    # Separators

    def _inspect(self, index: int, text: str) -> tuple[int, Kind | None]:
        """Look closer at a line that may part the words from the rest.

        Returns the line to go on with; or, with a kind, the line from which all is of that kind.
        A separator with nothing above it parts nothing: the mail below it is the message.
        """
        dashed = text[:2] in _DASHES
        if (dashed or text[-1] in _COLONS) and opens_forward(text):
            return self._without_rules(index), Kind.FORWARD
        if dashed and opens_original(text) and self._has_words(index):
            return index, self._rest(index)
        if dashed and asks_above(text):
            if self._has_words(index):
                return index, Kind.REST
            self._kinds[index] = Kind.ATTRIBUTION
            return index + 1, None
        if (
            len(text) > _SHORT_FORWARD
            and text[-1] in _COLONS
            and self._block_follows(index)
            and announces_forward(text)
        ):
            return index, Kind.FORWARD
        if field_of(text) is not None:
            block = header_block(self._lines, index)
            if block is not None and self._has_words(index):
                return self._without_rules(index), self._rest(index)
            if block is not None:
                self._kinds[index : block.end] = [Kind.WORDS] * (block.end - index)
                return block.end, None
        if len(text) < _STUB and (not index or len(self._lines[index - 1]) < _STUB):
            return index + 1, None  # too little for an attribution's end
        if may_end(text) and not self._quote_follows(index):
            found = attribution(self._lines, index, quoted=False)
            if found is not None and self._has_words(found.line, found.column):
                if found.column:
                    self._columns[found.line] = found.column
                return found.line, Kind.REST
        return index + 1, None

    def _rest(self, index: int) -> Kind:
        """Return what stands below a separator: the mail that is answered, or forwarded."""
        if not self._subject:
            return Kind.REST
        block = next(
            (text for line in self._lines[index : index + _PEEK] if field_of(text := line.strip())),
            "",
        )
        return Kind.FORWARD if is_forward(self._subject, block) else Kind.REST

    def _block_follows(self, index: int) -> bool:
        """Tell whether a field of a header block, perhaps quoted, is the next line with words."""
        for line in self._lines[index + 1 : index + 1 + _PEEK]:
            if text := line.strip("> \t"):
                return field_of(text) is not None
        return False

    def _has_words(self, line: int, column: int = 0) -> bool:
        if self._first is None:
            return column > 0
        return self._first < line or (self._first == line and column > 0)

    def _without_rules(self, index: int) -> int:
        """Return the line from which a separator begins: rules above it belong to it."""
        while index > 0:
            text = self._lines[index - 1].strip()
            if text and not is_rule(text) and not is_original(text):
                break
            index -= 1
        return index

    def _quote_follows(self, index: int) -> bool:
        for following in range(index + 1, min(index + 1 + _PEEK, len(self._lines))):
            text = self._lines[following].strip()
            if text:
                return text[0] == ">" and not is_tail(text)
        return False

    # Marks

    def _read_marked(self, index: int) -> tuple[int, Kind | None]:
        mark = self._lines[index][0]
        if mark == Mark.BORDER:
            if self._has_words(index):
                return index, self._rest(index + 1)
            self._kinds[index] = Kind.BORDER
            return index + 1, None
        if mark == Mark.SIGNATURE:
            self._kinds[index] = Kind.SIGNATURE
            return index + 1, None
        return self._read_marked_attribution(index), None

    def _read_marked_attribution(self, start: int) -> int:
        """Take the lines that a client marked as attribution; return the line to go on with.

        The container that is marked also holds forwarded mail: then they are lines like others.
        """
        lines = self._lines
        end = start
        texts: list[str] = []
        while end < len(lines) and (not lines[end] or lines[end][0] == Mark.ATTRIBUTION):
            lines[end] = lines[end][1:]
            if lines[end].strip():
                texts.append(lines[end].strip())
            end += 1
        short = 0 < len(texts) <= _MARKED_LINES
        if not short or any(opens_forward(text) or field_of(text) for text in texts):
            return start
        if texts[-1][-1] not in _COLONS and not self._starts_quote(end):
            return start
        self._kinds[start:end] = [Kind.ATTRIBUTION] * (end - start)
        return end

    # Parts

    def _grouped(self) -> list[Part]:
        """Return the runs of lines of one kind, without marks, divided where a line is."""
        lines, kinds = self._lines, self._kinds
        starts: list[int] = []
        before: Kind | None = None
        for index, kind in enumerate(kinds):
            if kind is not before and kind is not None:
                starts.append(index)
                before = kind
        if not starts:
            return [Part(Kind.WORDS, lines)] if lines else []
        starts[0] = 0
        parts: list[Part] = []
        for start, end in pairwise([*starts, len(lines)]):
            kind = next(filter(None, kinds[start:end]))
            run = lines[start:end]
            if self._marked:
                run = [line[1:] if line[:1] in MARKS else line for line in run]
            column = self._columns.get(start, 0)
            if column:
                parts.append(Part(Kind.WORDS, [run[0][:column]]))
                run[0] = run[0][column:]
            parts.append(Part(kind, run))
        return parts


def _is_suspect(text: str) -> bool:
    """Tell cheaply whether a line may be a separator, a header field or an attribution's end."""
    return (
        text[:2] in _DASHES
        or text[-1] in ":：-"
        or ":" in text[:LONGEST_NAME]
        or (not text.isascii() and "：" in text[:LONGEST_NAME])
    )


def _is_open(line: str) -> bool:
    """Tell whether a bracket of an address or link is still open at the end of `line`."""
    return line.rfind("(http") > line.rfind(")") or line.rfind("<http") > line.rfind(">", 1)
