"""Turns a composed YAML node tree into plain values and the place of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

MAX_VALUES = 200_000
MAX_MISTAKES = 100

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
Loc: TypeAlias = tuple[str | int, ...]
_Entries: TypeAlias = dict[str, tuple[Any, Any]]

_PREFIX = "tag:yaml.org,2002:"
# A date would need a type of its own, and `=` means nothing to us: both are read as text.
_TEXT = frozenset(_PREFIX + name for name in ("str", "timestamp", "value", "merge"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written, and its key: (line, column), both from 1."""

    value: tuple[int, int]
    key: tuple[int, int]


def values_of(root: Any, constructor: SafeConstructor) -> Reader:
    """Return the reader that has read the node `root`, which is None for an empty document."""
    reader = Reader(constructor)
    reader.places[()] = Place((1, 1), (1, 1))
    if root is not None:
        reader.data = reader.read(root, (), _start(root))
    return reader


@dataclass(slots=True)
class Reader:
    """Walks a node tree once; what is wrong in it collects in `mistakes`."""

    constructor: SafeConstructor
    data: Plain = None
    places: dict[Loc, Place] = field(default_factory=dict)
    mistakes: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    _inside: set[int] = field(default_factory=set)
    _count: int = 0

    def read(self, node: Any, loc: Loc, key: tuple[int, int]) -> Plain:
        """Return the value of `node`, whose key or list item starts at `key`."""
        start = _start(node)
        empty = isinstance(node, ScalarNode) and not node.value and node.style is None
        self.places[loc] = Place(key if empty else start, key)
        self._count += 1
        if self._count > MAX_VALUES:
            return self._unfolds_too_far(start)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._inside:
            return self._mistake(start, "this anchor holds itself")
        self._inside.add(id(node))
        value = self._collection(node, loc)
        self._inside.discard(id(node))
        return value

    def _collection(self, node: Any, loc: Loc) -> Plain:
        kind = "map" if isinstance(node, MappingNode) else "seq"
        if str(node.tag) != _PREFIX + kind:
            return self._mistake(_start(node), f"the type {_tag(node)} is not allowed here")
        if isinstance(node, SequenceNode):
            return [self.read(each, (*loc, i), _start(each)) for i, each in enumerate(node.value)]
        return {
            name: self.read(value, (*loc, name), _start(key))
            for name, (key, value) in self._entries(node).items()
        }

    def _entries(self, node: Any) -> _Entries:
        """Return a mapping's keys and values, its own before those that `<<` merges in."""
        own: _Entries = {}
        merged: list[Any] = []
        merges = 0
        for key, value in node.value:
            if str(key.tag) == _PREFIX + "merge":
                merges += 1
                if merges > 1:
                    self._mistake(_start(key), "the key '<<' stands here twice")
                merged += value.value if isinstance(value, SequenceNode) else [value]
            elif not isinstance(key, ScalarNode) or str(key.tag) not in _TEXT:
                self._mistake(_start(key), "a key is text: put it in quotes")
            elif key.value in own:
                first = _start(own[key.value][0])[0]
                self._mistake(_start(key), f"the key {key.value!r} stands in line {first} already")
            else:
                own[key.value] = (key, value)
        for each in merged:
            for name, entry in self._merged(each).items():
                own.setdefault(name, entry)
        return own

    def _merged(self, node: Any) -> _Entries:
        if not isinstance(node, MappingNode):
            self._mistake(_start(node), "'<<' merges mappings only")
            return {}
        if id(node) in self._inside:
            self._mistake(_start(node), "this anchor holds itself")
            return {}
        self._count += len(node.value)
        if self._count > MAX_VALUES:
            self._unfolds_too_far(_start(node))
            return {}
        self._inside.add(id(node))
        entries = self._entries(node)
        self._inside.discard(id(node))
        return entries

    def _scalar(self, node: Any) -> Plain:
        tag = str(node.tag)
        if tag in _TEXT:
            return str(node.value)
        try:
            if tag == _PREFIX + "null":
                return None
            if tag == _PREFIX + "bool":
                return bool(self.constructor.construct_yaml_bool(node))
            if tag == _PREFIX + "int":
                return int(self.constructor.construct_yaml_int(node))
            if tag == _PREFIX + "float":
                return float(self.constructor.construct_yaml_float(node))
        except (ValueError, KeyError, IndexError, ConstructorError):
            return self._mistake(_start(node), "this is not a number: put it in quotes")
        return self._mistake(_start(node), f"the type {_tag(node)} is not allowed here")

    def _unfolds_too_far(self, start: tuple[int, int]) -> Plain:
        if self._count < 2 * MAX_VALUES:
            self._mistake(start, f"the file's anchors unfold into more than {MAX_VALUES} values")
        self._count = 2 * MAX_VALUES
        return None

    def _mistake(self, start: tuple[int, int], message: str) -> Plain:
        """Note what is wrong at `start`; the value that stands there is read as null."""
        if len(self.mistakes) < MAX_MISTAKES and (start, message) not in self.mistakes:
            self.mistakes.append((start, message))
        return None


def _start(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _tag(node: Any) -> str:
    return "!!" + str(node.tag).removeprefix(_PREFIX)
