"""YAML 1.2 files as plain values that remember where they were written.

Only text, numbers, true and false, null, lists and mappings with text keys come out. Everything
else is a fault: other types, a key twice, more than one document, and anchors that would unfold
into more than `MAX_VALUES` values or into themselves. Dates stay text.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError

from inboxd.errors import ConfigError, Fault
from inboxd.yaml_values import Loc, Place, Plain, values_of

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MAX_BYTES = 5_000_000
MAX_DEPTH = 60

__all__ = ["Document", "Loc", "Plain", "load_yaml", "parse_yaml"]


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file, read: its values, where each was written, and the SHA-256 of its bytes."""

    path: Path
    data: Plain
    digest: str
    places: Mapping[Loc, Place]

    def position(self, loc: Loc, key: bool = False) -> tuple[int, int]:
        """Return the (line, column), from 1, of the value at `loc`, or of its `key`.

        Steps that the file does not hold are passed over, so that a path through a validated model
        leads to the nearest place that somebody wrote: a missing key's mapping, a shorthand's
        value. A dotted key is found by its parts. What an anchor or a merge key repeats lies where
        it was written first.
        """
        found: Loc = ()
        skipped: list[str] = []
        for step in loc:
            if (*found, step) in self.places:
                found, skipped = (*found, step), []
                continue
            skipped.append(str(step))
            if (*found, ".".join(skipped)) in self.places:
                found, skipped = (*found, ".".join(skipped)), []
        place = self.places[found]
        return place.key if key else place.value

    def fault(self, message: str, loc: Loc, key: bool = False) -> Fault:
        """Return the fault `message` with the place of `loc` in this file."""
        return Fault(str(self.path), *self.position(loc, key), message)

    def faults(
        self, error: ValidationError, model: type[BaseModel] | None = None, base: Loc = ()
    ) -> list[Fault]:
        """Return what `error` holds against this file's data, each with its place.

        `model` is what the data was validated against: with it, an unknown key's fault names the
        nearest valid one. `base` is where in this file the validated data lies.
        """
        from inboxd.yaml_faults import described  # pydantic is loaded only where it is used

        found = described(error.errors(include_url=False), model)
        return sorted({self.fault(text, (*base, *loc), key) for text, loc, key in found})


def load_yaml(path: Path) -> Document:
    """Read the YAML file at `path` (UTF-8), or raise `ConfigError` with all that is wrong in it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([Fault(str(path), 0, 0, f"cannot be read: {reason}")]) from error
    return parse_yaml(raw, path)


def parse_yaml(raw: bytes, path: Path) -> Document:
    """Return the document that `raw` holds; `path` is named in what is raised (`ConfigError`)."""
    try:
        data, places = _read(_text_of(raw))
    except _MalformedError as error:
        faults = [Fault(str(path), *position, message) for position, message in error.faults]
        raise ConfigError(faults) from None
    return Document(path, data, hashlib.sha256(raw).hexdigest(), places)


class _MalformedError(Exception):
    """What makes the file no plain YAML: (line, column) and message of each mistake."""

    def __init__(self, *faults: tuple[tuple[int, int], str]) -> None:
        self.faults = faults


def _text_of(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise _MalformedError(((1, 1), f"the file is larger than {MAX_BYTES} bytes"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise _MalformedError((_place_after(before), message)) from None


def _place_after(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def _read(text: str) -> tuple[Plain, Mapping[Loc, Place]]:
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = MAX_DEPTH
    try:
        with warnings.catch_warnings():
            # YAML 1.2 section 7.1 lets an anchor be set anew.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root: Any = yaml.compose(text)
    except MarkedYAMLError as error:
        raise _MalformedError(_syntax_fault(error)) from None
    except YAMLError as error:
        # A character that YAML forbids: its error knows the index alone.
        index = int(getattr(error, "position", 0))
        code = f"U+{ord(text[index]):04X}" if index < len(text) else "end"
        message = f"the character {code} is not allowed in YAML"
        raise _MalformedError((_place_after(text[:index]), message)) from None
    reader = values_of(root, yaml.constructor)
    if reader.mistakes:
        raise _MalformedError(*reader.mistakes)
    return reader.data, reader.places


def _syntax_fault(error: MarkedYAMLError) -> tuple[tuple[int, int], str]:
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    if isinstance(error, MaxDepthExceededError):
        return position, f"nested more than {MAX_DEPTH} deep"
    problem = " ".join(str(error.problem or "this is not YAML").removeprefix("but ").split())
    if error.context is None:
        return position, problem
    begins = error.context_mark
    where = f" from line {begins.line + 1}" if begins and begins.line + 1 < position[0] else ""
    return position, f"{problem} ({error.context}{where})"
