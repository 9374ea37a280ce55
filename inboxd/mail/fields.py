"""The header section of a mail or of a part: where it ends, and its fields in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inboxd.mail.charsets import decode_text
from inboxd.mail.headers import clean_line, unfold
from inboxd.mail.reading import Reading

# RFC 5322 section 2.2: a field name is printable US-ASCII without colon; "." stops at LF only.
_ANY = r"[!-9;-~]+"
_REST = r"[ \t]*:(.*(?:\n[ \t].*)*)"
ALL_FIELDS = re.compile(rf"^({_ANY}){_REST}", re.M)
CONTENT_FIELDS = re.compile(rf"^([Cc][Oo][Nn][Tt][Ee][Nn][Tt]-{_ANY}){_REST}", re.M)
SUBJECT_FIELD = re.compile(rf"^([Ss][Uu][Bb][Jj][Ee][Cc][Tt]){_REST}", re.M)
_NO_FIELD = re.compile(rb"^(?![ \t\r\n]|[!-9;-~]+[ \t]*:)", re.M)
_END = re.compile(rb"\n\r*\n")
# By these a header section is known to go on behind lines that are no fields.
_KNOWN = (
    rb"(?:received|from|to|cc|subject|date|message-id|reply-to|in-reply-to|references|mime-version"
    rb"|content-(?:type|transfer-encoding|disposition|id)|return-path|delivered-to|sender)[ \t]*:"
)
_KNOWN_FIELD = re.compile(_KNOWN, re.I)
_BROKEN_LINES = re.compile(rb"(?:[^\n]+\n){1,5}?(?=" + _KNOWN + rb")", re.I)
_LATE_FIELD = re.compile(rb"^" + _KNOWN + rb".{0,2000}(?:\n[ \t].{0,998}){0,20}", re.I | re.M)
_MAX_BROKEN = 100
_SEARCHED = 10
_LABEL_WITHIN = 16_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENVELOPE_LINE = re.compile(rb"(?:\r?\n)*>?From (?![ \t]*:)[^\n]*\n")
_UNDECODED = re.compile("[\udc80-\udcff]")
_DECLARED = re.compile(rb"charset[ \t]*=[ \t]*\"?([A-Za-z0-9_.:-]{2,40})", re.I)


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields: `items` in order, unfolded, encoded words still encoded.

    `first` has the first value of each by lower-case name, `repeated` the names that occur more
    than once; `body` is where the body begins.
    """

    items: tuple[tuple[str, str], ...]
    first: dict[str, str]
    body: int
    repeated: set[str]

    def get(self, name: str) -> str:
        """Return the first value of the field `name` (lower case), or an empty string."""
        return self.first.get(name, "")

    def get_all(self, name: str) -> list[str]:
        """Return all values of the field `name` (lower case), topmost first."""
        if name not in self.repeated:
            return [self.first[name]] if name in self.first else []
        return [value for found, value in self.items if found.lower() == name]


def skip_envelope_line(raw: bytes) -> int:
    """Return the offset of the first field: behind an mbox "From " line, blanks, or a mark."""
    found = _ENVELOPE_LINE.match(raw)
    if found:
        return found.end()
    start = len(_BYTE_ORDER_MARK) if raw.startswith(_BYTE_ORDER_MARK) else 0
    while raw[start : start + 1] in (b"\r", b"\n", b" ", b"\t"):
        start += 1
    return start if start and _KNOWN_FIELD.match(raw, start) else 0


def read_fields(
    raw: bytes,
    start: int,
    end: int,
    limit: int,
    reading: Reading,
    wanted: re.Pattern[str] = ALL_FIELDS,
) -> Fields:
    """Read the `wanted` fields of the header that begins at `start` in `raw`, before `end`.

    Of a section longer than `limit` bytes the first `limit` are read, and of the next ones the
    fields that identify a mail. Raw 8-bit text is UTF-8, else what is declared near it.
    """
    stop, body = _section(raw, start, end, limit, reading)
    block = raw[start : min(stop, start + limit)]
    if stop - start > limit:
        reading.note(f"header: longer than {limit} bytes: read shortened")
        late = _LATE_FIELD.finditer(raw, start + limit, min(stop, start + _SEARCHED * limit))
        block = block[: block.rfind(b"\n") + 1] + b"\n".join(f.group() for f in late)[:limit]
    items = [
        (name, unfold(value))
        for name, value in wanted.findall(block.decode("utf-8", "surrogateescape"))
    ]
    if not block.isascii() or b"\x1b" in block:
        near = raw[start : min(end, start + _LABEL_WITHIN)]
        declared = _DECLARED.search(near)
        label = declared.group(1).decode("ascii") if declared else None
        items = [(name, _repaired(name, value, label, near, reading)) for name, value in items]
    items = [(name, clean_line(value)) for name, value in items]
    first: dict[str, str] = {}
    repeated: set[str] = set()
    for name, value in items:
        key = name.lower()
        if key in first:
            repeated.add(key)
        else:
            first[key] = value
    return Fields(tuple(items), first, body, repeated)


def _section(raw: bytes, start: int, end: int, limit: int, reading: Reading) -> tuple[int, int]:
    """Return where the fields end and where the body begins.

    A line that is no field ends the section (RFC 5322 asks for an empty line), unless a well-known
    field follows soon: then it is a line that somebody broke, and is passed over.
    """
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return start, raw.index(b"\n", start) + 1
    blank = _END.search(raw, start, end)
    stop, body = (blank.start() + 1, blank.end()) if blank else (end, end)
    searched = min(stop, start + _SEARCHED * limit)
    position = start
    for _ in range(_MAX_BROKEN):
        odd = _NO_FIELD.search(raw, position, searched)
        if odd is None or odd.start() >= searched:
            return stop, body
        broken = _BROKEN_LINES.match(raw, odd.start(), searched)
        if broken is None or odd.start() == start > 0:
            if odd.start() > start:
                reading.note("header: no empty line behind it: ended at the first other line")
            return odd.start(), odd.start()
        reading.note("header: lines that are no fields: passed over")
        position = broken.end()
    return stop, body


def _repaired(name: str, value: str, declared: str | None, near: bytes, reading: Reading) -> str:
    """Read again a value that is not UTF-8, or that holds the escapes of ISO-2022-JP.

    `near` is the beginning of the mail, by which an undeclared charset is guessed.
    """
    where = name[:40].lower()
    if _UNDECODED.search(value):
        data = value.encode("utf-8", "surrogateescape")
        return decode_text(data, declared, reading, where, near)
    if "\x1b$" in value or "\x1b(" in value:
        return decode_text(value.encode("utf-8"), "iso-2022-jp", reading, where)
    return value
