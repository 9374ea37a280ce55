"""Reads canned replies: Markdown with YAML front matter, one file a language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inboxd.errors import ConfigError, Fault
from inboxd.suggest import hint
from inboxd.yaml_positions import Document, parse_yaml

_KEYS: Final = ("subject", "title")
_NAME = re.compile(r"([a-z0-9][a-z0-9_-]*)(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.md")
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CannedFile:
    """One canned reply in one language, as written.

    `language` is a lower-case tag (RFC 5646), empty for the file that serves everybody else.
    `source` is the whole file; `subject` and `body` stand in lines of their own number in it, so
    that a template made of them knows its lines.
    """

    path: Path
    name: str
    language: str
    title: str
    source: str
    subject: str | None
    body: str

    @property
    def templates(self) -> tuple[str, ...]:
        """The subject, where there is one, and the body."""
        return (self.body,) if self.subject is None else (self.subject, self.body)


def read_canned(folder: Path) -> tuple[list[CannedFile], list[Fault]]:
    """Return the canned replies in a folder, and what is wrong with its files.

    A folder that is not there holds none. `README.md` is no canned reply.
    """
    files: list[CannedFile] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        try:
            files.append(_read(path))
        except ConfigError as error:
            faults += error.faults
    everybody = {file.name for file in files if not file.language}
    faults += [
        _fault(file.path, 0, f"{file.name}.md, for every other language, is missing")
        for file in files
        if file.name not in everybody
    ]
    return files, faults


def _read(path: Path) -> CannedFile:
    name = _NAME.fullmatch(path.name)
    if name is None:
        message = "a canned reply is called NAME.md or NAME.LANGUAGE.md, in lower case"
        raise ConfigError([_fault(path, 0, message)])
    try:
        source = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([_fault(path, 0, f"cannot be read: {error}")]) from error
    front, body = _split(path, source)
    title, subject = _front_matter(front)
    if not body.strip():
        raise ConfigError([_fault(path, 1, "there is no text")])
    language = (name[2] or "").lower()
    return CannedFile(path, name[1], language, title or name[1], source, subject, body)


def _split(path: Path, source: str) -> tuple[Document, str]:
    """Return the front matter and the body, each behind as many lines as in the file."""
    if not source.startswith("---"):
        return parse_yaml(b"", path), source
    fences = list(_FENCE.finditer(source))
    if len(fences) < 2 or fences[0].start() != 0:
        message = "the front matter needs a line of three hyphens before and after it"
        raise ConfigError([_fault(path, 1, message)])
    front = f"\n{source[fences[0].end() + 1 : fences[1].start()]}"
    lines_above = source.count("\n", 0, fences[1].end()) + 1
    body = "\n" * lines_above + source[fences[1].end() + 1 :]
    return parse_yaml(front.encode(), path), body


def _front_matter(front: Document) -> tuple[str, str | None]:
    """Return the title ("" if none) and the subject, behind as many lines as in the file."""
    data = {} if front.data is None else front.data
    if not isinstance(data, dict):
        raise ConfigError([front.fault("the front matter should be a mapping", ())])
    faults = [
        front.fault(f"unknown key {key!r}{hint(key, _KEYS)}", (key,), key=True)
        for key in data
        if key not in _KEYS
    ]
    faults += [
        front.fault(f"{key!r} should be text: put it in quotes", (key,))
        for key in _KEYS
        if not isinstance(data.get(key, ""), str)
    ]
    if faults:
        raise ConfigError(faults)
    subject = data.get("subject")
    if subject is not None:
        line, _ = front.position(("subject",))
        subject = "\n" * (line - 1) + str(subject)
    return str(data.get("title", "")), subject


def _fault(path: Path, line: int, message: str) -> Fault:
    return Fault(str(path), line, min(line, 1), message)
