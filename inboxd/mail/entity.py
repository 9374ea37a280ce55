"""The structure of a mail: its entities by their offsets in the raw bytes (RFC 2046).

The parser of the standard library builds every line as a string of its own; 25 MB of empty lines
cost it seven seconds, 2,000 nested multiparts a RecursionError. Offsets are found by searching for
the boundaries, so that nothing is copied and the time follows the size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from inboxd.mail.fields import ALL_FIELDS, CONTENT_FIELDS, Fields, read_fields, skip_envelope_line
from inboxd.mail.parameters import Parameterized, content_disposition, content_type
from inboxd.mail.reading import Reading
from inboxd.mail.transfer import decode_base64_file, decode_transfer

PART_HEADER_BYTES = 20_000
MAX_DEPTH = 100
_MAX_LOOKALIKES = 30_000

_DELIMITER_TAIL = re.compile(rb"(--)?[ \t]*\r?(?:\n|\Z)")
_FIRST_DELIMITER = re.compile(rb"(?:\r?\n)*--([^\r\n]{1,200}?)[ \t]*\r?\n")
# Behind a preamble only what the fields of a part follow is taken for a boundary.
_LATER_DELIMITER = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=content-)", re.I | re.M)
_PREAMBLE_BYTES = 20_000


@dataclass(slots=True, eq=False)
class Entity:
    """A mail, or a part of it: `raw[body:end]` is its body, still encoded for transfer.

    `index` is its place in the depth-first walk, `within` the content type of its parent. A
    multipart that cannot be read as one has no children; `too_deep` says that it was not tried.
    """

    index: int
    depth: int
    within: str
    fields: Fields
    content: Parameterized
    disposition: Parameterized
    body: int
    end: int
    too_deep: bool = False
    children: list[Entity] = field(default_factory=list)

    @property
    def type(self) -> str:
        """The content type in lower case, without parameters."""
        return self.content.value

    @property
    def encoding(self) -> str:
        """The content transfer encoding in lower case."""
        return self.fields.get("content-transfer-encoding").strip().lower()

    @property
    def content_id(self) -> str | None:
        """The Content-ID without its brackets, or None."""
        return self.fields.get("content-id").strip().strip("<>").strip()[:998] or None

    def decoded(self, raw: bytes, reading: Reading) -> bytes:
        """Return the bytes of the body, transfer encoding removed."""
        if self.encoding == "base64" and not self.type.startswith("text/"):
            # A large file is not copied before it is decoded.
            return decode_base64_file(memoryview(raw)[self.body : self.end], reading, self.type)
        return decode_transfer(raw[self.body : self.end], self.encoding, reading, self.type)


def normalized(raw: bytes) -> bytes:
    """Return `raw` with LF line ends where it knows only CR ones, else as it is."""
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def scan(raw: bytes, reading: Reading) -> list[Entity]:
    """Return the entities of `raw` (see `normalized`) depth first, the mail itself at index 0.

    Stops, with a defect, at the limits of the reading's budget: what lies deeper stays one part,
    what comes later belongs to no part.
    """
    entities: list[Entity] = []
    _read_entity(raw, skip_envelope_line(raw), len(raw), None, entities, reading)
    return entities


def read_header(raw: bytes, reading: Reading) -> Entity:
    """Return the mail of `raw` (see `normalized`) as an entity whose body is not looked into."""
    fields = read_fields(
        raw, skip_envelope_line(raw), len(raw), reading.budget.max_header_bytes, reading
    )
    return _entity(0, None, fields, len(raw), reading)


def _entity(
    index: int, parent: Entity | None, fields: Fields, end: int, reading: Reading
) -> Entity:
    digest = parent is not None and parent.type == "multipart/digest"
    default = "message/rfc822" if digest else "text/plain"
    return Entity(
        index=index,
        depth=parent.depth + 1 if parent else 0,
        within=parent.type if parent else "",
        fields=fields,
        content=content_type(fields.get("content-type"), default, reading),
        disposition=_disposition(fields, reading),
        body=fields.body,
        end=end,
    )


def _disposition(fields: Fields, reading: Reading) -> Parameterized:
    """Return the Content-Disposition; of several the first that names the file."""
    values = fields.get_all("content-disposition")
    if len(values) < 2:
        return content_disposition(fields.get("content-disposition"), reading)
    reading.note("mime: several fields Content-Disposition: the one with a file name taken")
    found = [content_disposition(value, reading) for value in values[:10]]
    return next((one for one in found if one.get("filename")), found[0])


def _read_entity(
    raw: bytes,
    start: int,
    end: int,
    parent: Entity | None,
    entities: list[Entity],
    reading: Reading,
) -> None:
    budget = reading.budget
    limit = PART_HEADER_BYTES if parent else budget.max_header_bytes
    wanted = CONTENT_FIELDS if parent else ALL_FIELDS
    fields = read_fields(raw, start, end, limit, reading, wanted)
    entity = _entity(len(entities), parent, fields, end, reading)
    entities.append(entity)
    if parent is not None:
        parent.children.append(entity)
    if not entity.type.startswith("multipart/"):
        return
    if entity.depth >= min(budget.max_depth, MAX_DEPTH):
        entity.too_deep = True
        reading.note(f"mime: nested deeper than {entity.depth}: the rest is kept as one part")
        return
    for part_start, part_end in _part_spans(raw, entity, budget.max_parts - len(entities), reading):
        if len(entities) >= budget.max_parts:
            reading.note(f"mime: more than {budget.max_parts} parts: the rest is left out")
            return
        _read_entity(raw, part_start, part_end, entity, entities, reading)


def _part_spans(raw: bytes, entity: Entity, room: int, reading: Reading) -> list[tuple[int, int]]:
    """Return the spans of a multipart's parts, at most one more than there is room for."""
    boundary = entity.content.get("boundary").rstrip().encode("utf-8", "replace")
    lines, closed = _delimiters(raw, boundary, entity, room) if boundary else ([], False)
    if not lines:
        found = _FIRST_DELIMITER.match(raw, entity.body, entity.end) or _LATER_DELIMITER.search(
            raw, entity.body, min(entity.end, entity.body + _PREAMBLE_BYTES)
        )
        if found:
            boundary = found.group(1).removesuffix(b"--")
            lines, closed = _delimiters(raw, boundary, entity, room)
            reading.note(f"mime: {entity.type}: boundary taken from its first line")
    if not lines:
        reading.note(f"mime: {entity.type}: no part in it: read as text")
        return []
    if not closed and len(lines) <= room:
        reading.note(f"mime: {entity.type}: no closing boundary: read to the end")
    spans = []
    for number, (_, after, closing) in enumerate(lines):
        if closing:
            continue
        stop = lines[number + 1][0] if number + 1 < len(lines) else entity.end
        spans.append((min(after, stop), stop))
    if not spans:
        # Nothing but a closing boundary: what stands before it is all there is.
        entity.end = lines[0][0]
        reading.note(f"mime: {entity.type}: no part in it: read as text")
    return spans


def _delimiters(
    raw: bytes, boundary: bytes, entity: Entity, room: int
) -> tuple[list[tuple[int, int, bool]], bool]:
    """Return the boundary lines and whether one of them closes.

    A line is given as the offset at which the line end before it begins, the offset behind it, and
    whether it closes. Parts that follow a closing line are still read.
    """
    needle = b"\n--" + boundary
    lines: list[tuple[int, int, bool]] = []
    closed = False
    # The body begins behind a line end, which may be the one that belongs to the first boundary.
    position = max(entity.body - 1, 0)
    for _ in range(_MAX_LOOKALIKES):
        hit = raw.find(needle, position, entity.end)
        if hit < 0:
            break
        position = hit + len(needle)
        tail = _DELIMITER_TAIL.match(raw, position, entity.end)
        if tail is None:
            continue
        closed = closed or tail.group(1) is not None
        before = hit - 1 if hit > entity.body and raw[hit - 1] == 0x0D else hit
        lines.append((max(before, entity.body), tail.end(), tail.group(1) is not None))
        if len(lines) > room + 1:
            break
        # The line end of a boundary may be the one that the next boundary begins with.
        position = max(tail.end() - 1, position)
    return lines, closed
