"""The files that a canned reply brings along: checked when it is loaded, and again when it is sent.

They lie beside the canned reply or in folders below; no path leads out of there, by dots or by a
symbolic link.
"""

from __future__ import annotations

import hashlib
import mimetypes
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from inboxd.mail.encoded_words import one_line

MAX_FILE: Final = 10_000_000
MAX_ALL: Final = 20_000_000  # of one mail; in base64 a third more, and relays take 25 to 50 MB
MOST_FILES: Final = 20
_FURTHER_TYPES: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".ics": "text/calendar",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class CannedAttachment:
    """A file of a canned reply. `sha256` is what it held when the canned replies were loaded."""

    folder: Path
    path: str
    content_type: str
    size: int
    sha256: bytes

    @property
    def filename(self) -> str:
        """The name that the reader sees."""
        return PurePosixPath(self.path).name

    def read(self) -> bytes:
        """Return what the file holds now; raises ValueError where it cannot be sent."""
        return _bytes(self.folder, self.path)


def look_at(folder: Path, path: str) -> CannedAttachment:
    """Return the attachment at `path`, from `folder`; raises ValueError where it cannot be sent."""
    data = _bytes(folder, path)
    digest = hashlib.sha256(data).digest()
    return CannedAttachment(folder, path, content_type(path), len(data), digest)


def content_type(path: str) -> str:
    """Return the type that a file's name stands for; not asked of the machine, which may differ."""
    suffix = PurePosixPath(path).suffix.lower()
    known = _known_types().types_map[1].get(suffix)
    return _FURTHER_TYPES.get(suffix) or known or "application/octet-stream"


def _known_types() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()


def _bytes(folder: Path, path: str) -> bytes:
    file = _inside(folder, path)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path!r} is not a file")
        if status.st_size > MAX_FILE:
            raise ValueError(f"{path!r} is larger than {MAX_FILE // 1_000_000} MB")
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path!r} beside the canned reply") from None
    except OSError as error:
        raise ValueError(f"{path!r} cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE:  # it grew meanwhile
        raise ValueError(f"{path!r} is larger than {MAX_FILE // 1_000_000} MB")
    return data


def _inside(folder: Path, path: str) -> Path:
    """Return where a file lies; raises ValueError where that is not below `folder`."""
    parts = PurePosixPath(path)
    if one_line(path) != path or "\\" in path or not parts.name:
        raise ValueError(f"{path!r} is no file's name")
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"{path!r} leads out of the folder of the canned replies")
    file = folder / parts
    try:
        inside = file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise ValueError(f"{path!r} cannot be found: {error}") from error
    if not inside:
        raise ValueError(f"{path!r} leads out of the folder of the canned replies")
    return file
