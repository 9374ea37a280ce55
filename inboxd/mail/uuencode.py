"""Files that old mailers write into the text itself, between "begin 644 name" and "end"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inboxd.mail.transfer import decode_uu

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300})\r?\n([^\r\n]{1,80})\r?$", re.M)
_END = re.compile(rb"^end[ \t]*\r?(?:\n|\Z)", re.M)
MAX_FILES = 100
_MAX_SENTENCES = 1000


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file found in a text: its name as written there, and its bytes."""

    name: bytes
    data: bytes


def split_uuencoded(text: bytes) -> tuple[bytes, list[UuFile]]:
    """Return `text` without its uuencoded files, and those files.

    A "begin" whose next line does not have the length that its first character gives is a sentence.
    """
    if b"begin " not in text:
        return text, []
    kept: list[bytes] = []
    files: list[UuFile] = []
    position = 0
    while len(files) < MAX_FILES and len(kept) < _MAX_SENTENCES:
        found = _BEGIN.search(text, position)
        if found is None:
            break
        if not _is_uu_line(found.group(2)):
            kept.append(text[position : found.end()])
            position = found.end()
            continue
        end = _END.search(text, found.end())
        stop = end.end() if end else len(text)
        kept.append(text[position : found.start()])
        files.append(UuFile(found.group(1), decode_uu(text[found.start(2) : stop])))
        position = stop
    return b"".join(kept) + text[position:], files


def _is_uu_line(line: bytes) -> bool:
    if not 32 < line[0] <= 96:
        return False
    expected = (((line[0] - 32) & 63) + 2) // 3 * 4 + 1
    return expected - 3 <= len(line) <= expected + 2 and max(line) <= 96
