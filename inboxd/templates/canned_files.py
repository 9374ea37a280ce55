"""Reads canned replies: Markdown with YAML front matter, one file a language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inboxd.errors import ConfigError, Fault
from inboxd.suggest import hint
from inboxd.templates.canned_attachments import (
    MAX_ALL,
    MOST_FILES,
    CannedAttachment,
    look_at,
)
from inboxd.yaml_positions import Document, parse_yaml

_TEXTS: Final = ("language", "subject", "title")
_KEYS: Final = ("attachments", *_TEXTS)
_LANGUAGE: Final = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
_NAME = re.compile(rf"([a-z0-9][a-z0-9_-]*)(?:\.({_LANGUAGE}))?\.md")
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CannedFile:
    """One canned reply in one language, as written.

    `language` is a lower-case tag (RFC 5646), empty for the file that serves everybody else;
    `written_in` is the language that this one says it is written in, or empty.
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
    written_in: str = ""
    attachments: tuple[CannedAttachment, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """The subject, where there is one, and the body."""
        return (self.body,) if self.subject is None else (self.subject, self.body)


def read_canned(
    folder: Path, languages: tuple[str, ...] = ()
) -> tuple[list[CannedFile], list[Fault]]:
    """Return the canned replies in a folder, and what is wrong with its files.

    A folder that is not there holds none. `README.md` is no canned reply. One of the `languages`
    (lower-case tags) has to be there, where there is no file for everybody else.
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
    return files, faults + _language_faults(files, languages)


def _language_faults(files: list[CannedFile], languages: tuple[str, ...]) -> list[Fault]:
    """Return what is wrong between the files of one canned reply."""
    known = {(file.name, file.language): file for file in files}
    everybody = {file.name for file in files if file.language in ("", *languages)}
    faults = []
    for file in files:
        if file.name not in everybody:
            message = f"{file.name}.md, for every other language, is missing"
            faults.append(_fault(file.path, 0, message))
        twin = known.get((file.name, file.written_in)) if file.written_in else None
        if twin is not None:
            message = f"it says that it is written in {file.written_in}, as {twin.path.name} is"
            faults.append(_fault(file.path, 0, message))
    return faults


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
    said = _front_matter(front, path.parent, name[2])
    if not body.strip():
        raise ConfigError([_fault(path, 1, "there is no text")])
    return CannedFile(
        path,
        name[1],
        (name[2] or "").lower(),
        said.title or name[1],
        source,
        said.subject,
        body,
        said.language,
        said.attachments,
    )


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


@dataclass(frozen=True, slots=True)
class _Front:
    """What the front matter says; `subject` stands behind as many lines as in the file."""

    title: str
    subject: str | None
    language: str
    attachments: tuple[CannedAttachment, ...]


def _front_matter(front: Document, folder: Path, language: str | None) -> _Front:
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
        for key in _TEXTS
        if not isinstance(data.get(key, ""), str)
    ]
    written_in = data.get("language", "")
    if isinstance(written_in, str) and written_in:
        if language is not None:
            message = f"the file's name says already that it is in {language}"
            faults.append(front.fault(message, ("language",)))
        elif not re.fullmatch(_LANGUAGE, written_in):
            message = f"{written_in!r} is no language such as de or de-AT"
            faults.append(front.fault(message, ("language",)))
    attachments, bad = _attachments(front, folder, data.get("attachments", []))
    if faults or bad:
        raise ConfigError(faults + bad)
    subject = data.get("subject")
    if subject is not None:
        line, _ = front.position(("subject",))
        subject = "\n" * (line - 1) + str(subject)
    return _Front(str(data.get("title", "")), subject, str(written_in).lower(), attachments)


def _attachments(
    front: Document, folder: Path, listed: object
) -> tuple[tuple[CannedAttachment, ...], list[Fault]]:
    """Return the attachments that the front matter names, and what is wrong with them."""
    key = "attachments"
    paths = [listed] if isinstance(listed, str) else listed
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return (), [front.fault("'attachments' should be a list of files", (key,))]
    if len(paths) > MOST_FILES:
        return (), [front.fault(f"a canned reply has at most {MOST_FILES} attachments", (key,))]
    found: list[CannedAttachment] = []
    faults: list[Fault] = []
    for i, path in enumerate(paths):
        try:
            found.append(look_at(folder, path))
        except ValueError as error:
            faults.append(front.fault(str(error), (key, i)))
    if sum(each.size for each in found) > MAX_ALL:
        message = f"the attachments are larger than {MAX_ALL // 1_000_000} MB together"
        faults.append(front.fault(message, (key,)))
    return tuple(found), faults


def _fault(path: Path, line: int, message: str) -> Fault:
    return Fault(str(path), line, min(line, 1), message)
