"""Corpora of mail with expectations: folders of raw files and an `expect.jsonl` for them.

Each line is `{"file": …, "kind": …, "expect": {…}}`; without expectations a file is to be read
without failing. A folder at the top that holds no `expect.jsonl` at any depth is one such folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPECTATIONS = "expect.jsonl"
_NO_MAIL = frozenset({".jsonl", ".json", ".md"})


class UnreadableCorpus(Exception):
    """There is no corpus where one was looked for, or its expectations cannot be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file (or folder of messages) and what its collector expects of it."""

    path: Path
    file: str
    kind: str
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a corpus; `name` is its path below the corpus."""

    name: str
    entries: tuple[Entry, ...]


def read_corpus(corpus: Path, only: str | None = None) -> list[Folder]:
    """Return the corpus's folders in order of name; `only` names one of them.

    Raises `UnreadableCorpus`.
    """
    if not corpus.is_dir():
        raise UnreadableCorpus(f"{corpus} is no folder")
    folders = sorted(_folders(corpus), key=lambda folder: folder.name)
    if only is not None:
        folders = [folder for folder in folders if folder.name == only.strip("/")]
    if not folders:
        raise UnreadableCorpus(f"{corpus} holds no {f'folder {only}' if only else EXPECTATIONS}")
    return folders


def _folders(corpus: Path) -> Iterator[Folder]:
    expected = sorted(corpus.rglob(EXPECTATIONS))
    if not expected:
        return
    for path in expected:
        yield Folder(path.parent.relative_to(corpus).as_posix(), tuple(_expected_entries(path)))
    if any(path.parent == corpus for path in expected):
        return  # the corpus is one folder: what lies in it are its files
    for path in corpus.iterdir():
        if path.is_dir() and not any(each.is_relative_to(path) for each in expected):
            files = (each for each in sorted(path.rglob("*")) if _is_mail(each))
            entries = (Entry(f, f.relative_to(path).as_posix(), "no-crash", {}) for f in files)
            yield Folder(path.name, tuple(entries))


def _is_mail(path: Path) -> bool:
    return path.is_file() and path.suffix not in _NO_MAIL and not path.name.startswith(".")


def _expected_entries(path: Path) -> Iterator[Entry]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableCorpus(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _entry(path, number, line)


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        fields = json.loads(line)
        file, expect = fields["file"], fields.get("expect") or {}
        kind = fields.get("kind") or ""
        return Entry(path.parent / file, str(file), str(kind), dict(expect))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise UnreadableCorpus(f"{path}:{number}: no expectation ({why})") from error
