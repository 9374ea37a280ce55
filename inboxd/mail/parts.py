"""The files of a mail: which of its parts they are, how they are named, and their bytes."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

from inboxd.mail.charsets import decode_text
from inboxd.mail.entity import Entity, normalized, scan
from inboxd.mail.fields import SUBJECT_FIELD, read_fields
from inboxd.mail.filenames import filename_from_subject, safe_filename
from inboxd.mail.headers import clean_line, decode_words, display
from inboxd.mail.layout import MESSAGES, filename_parameter, lay_out
from inboxd.mail.model import Attachment, MimeBudget, ReportPart
from inboxd.mail.reading import DEFAULT_BUDGET, Reading
from inboxd.mail.tnef import TnefFile, Unpacked, unpack_tnef
from inboxd.mail.uuencode import UuFile, split_uuencoded

REPORT_BYTES = 64_000
# A file inside a part (of a winmail.dat, or uuencoded in a text) has the number of that part plus
# its own number, counted from 1, times this.
INSIDE = 1_000_000
_SUBJECT_WITHIN = 64_000
_SUBJECT_CHARS = 2000
# A name with an extension; other words describe a part rather than name it.
_FILE_NAME = re.compile(r"[^\r\n/\\]{1,200}\.[A-Za-z0-9]{1,5}")


def describe(raw: bytes, entity: Entity, reading: Reading) -> Attachment:
    """Return a part as an attachment.

    Beyond the budget of decoded bytes its size is that of its encoded form, its hash is empty.
    """
    size = entity.end - entity.body
    data = b""
    sha256 = ""
    if reading.decoded_bytes + size <= reading.budget.max_decoded_bytes:
        data = entity.decoded(raw, reading)
        reading.decoded_bytes += len(data)
        size = len(data)
        sha256 = hashlib.sha256(data).hexdigest()
    else:
        reading.note("attachment: beyond the budget of decoded bytes: not looked into")
    inline = entity.disposition.value == "inline" or (
        entity.disposition.value != "attachment"
        and entity.within == "multipart/related"
        and entity.content_id is not None
    )
    return Attachment(
        part=entity.index,
        filename=_filename(entity, data, reading),
        content_type=entity.type,
        size=size,
        sha256=sha256,
        inline=inline,
        content_id=clean_line(entity.content_id) if entity.content_id else None,
    )


def _filename(entity: Entity, data: bytes, reading: Reading) -> str:
    name = filename_parameter(entity) or _name_beside(entity)
    if not name and entity.type in MESSAGES:
        limit = _SUBJECT_WITHIN
        fields = read_fields(data, 0, len(data), limit, Reading(reading.budget), SUBJECT_FIELD)
        value = fields.get("subject")[:_SUBJECT_CHARS]
        subject = display(value, reading, "subject of an attached mail")
        return filename_from_subject(subject, entity.index)
    return safe_filename(name, entity.type, entity.index)


def _name_beside(entity: Entity) -> str:
    """Return the name that the fields beside the usual ones give a part, or an empty string."""
    described = entity.fields.get("content-description")
    if _FILE_NAME.fullmatch(described):
        return described
    path = _last_element(entity.fields.get("content-location"))
    return path if _FILE_NAME.fullmatch(path) else ""


def _last_element(location: str) -> str:
    """Return the last element of the path of an address, its escapes decoded (RFC 2557)."""
    path = location.partition("?")[0].partition("#")[0].strip().rpartition("/")[2]
    return unquote(path[:_SUBJECT_CHARS])


def is_tnef(entity: Entity) -> bool:
    """Whether a part is a winmail.dat, by its type or its name."""
    return entity.type in ("application/ms-tnef", "application/vnd.ms-tnef") or (
        filename_parameter(entity).lower() == "winmail.dat"
    )


def unpack(raw: bytes, entity: Entity, reading: Reading) -> Unpacked | None:
    """Return what a winmail.dat holds, or None where it lies beyond the budget."""
    size = entity.end - entity.body
    if reading.decoded_bytes + size > reading.budget.max_decoded_bytes:
        return None
    return unpack_tnef(entity.decoded(raw, reading), reading)


def describe_unpacked(owner: Entity, files: list[TnefFile], reading: Reading) -> list[Attachment]:
    """Return the files of a winmail.dat as attachments."""
    attachments = []
    for number, file in enumerate(files, 1):
        part = owner.index + INSIDE * number
        content_type = clean_line(file.content_type).lower() or "application/octet-stream"
        reading.decoded_bytes += len(file.data)
        attachments.append(
            Attachment(
                part=part,
                filename=safe_filename(file.name, content_type, part),
                content_type=content_type,
                size=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
                inline=file.content_id is not None,
                content_id=clean_line(file.content_id) if file.content_id else None,
            )
        )
    return attachments


def describe_uuencoded(found: list[tuple[int, UuFile]], reading: Reading) -> list[Attachment]:
    """Return the files that stood uuencoded in text parts, given with those parts' indexes."""
    attachments = []
    numbers: dict[int, int] = {}
    for owner, file in found:
        numbers[owner] = numbers.get(owner, 0) + 1
        part = owner + INSIDE * numbers[owner]
        name = decode_text(file.name, None, reading, "uuencoded file name")
        name = decode_words(name, reading, "uuencoded file name")
        attachments.append(
            Attachment(
                part=part,
                filename=safe_filename(name, "application/octet-stream", part),
                content_type="application/octet-stream",
                size=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
            )
        )
    return attachments


def report_part(raw: bytes, entity: Entity, reading: Reading) -> ReportPart:
    """Return a machine-readable report as text with LF line ends; of a returned mail its header."""
    data = entity.decoded(raw, reading)[:REPORT_BYTES].replace(b"\r\n", b"\n")
    if entity.type in MESSAGES:
        data = data.partition(b"\n\n")[0] + b"\n"
    text = decode_text(data, entity.content.get("charset"), reading, entity.type)
    return ReportPart(entity.type, text)


def read_part(raw: bytes, part: int, budget: MimeBudget = DEFAULT_BUDGET) -> bytes:
    """Return the decoded bytes of the attachment whose `Attachment.part` is `part`.

    `budget` must be the one that the mail was parsed with. Raises LookupError if the mail has no
    such part.
    """
    raw = normalized(raw)
    reading = Reading(budget)
    number, index = divmod(part, INSIDE)
    entities = scan(raw, reading)
    if part < 0 or index >= len(entities):
        raise LookupError(f"no part {part}")
    data = entities[index].decoded(raw, reading)
    if number == 0:
        return data
    # A text that calls itself winmail.dat is no file, but may hold uuencoded ones.
    if entities[index] in lay_out(entities[0]).files:
        inside = [file.data for file in unpack_tnef(data, reading).files]
    else:
        inside = [file.data for file in split_uuencoded(data)[1]]
    if number > len(inside):
        raise LookupError(f"no part {part}")
    return inside[number - 1]
