"""Compression of what is kept (Zstandard, RFC 8878).

Mails of one shop are much alike, and small: compressed one by one they gain little. A `Packer`
compresses with dictionaries that were learned from a database's own rows (`dictionaries`). What it
returns names its dictionary, so that `decompress` needs to be told nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

import sqlalchemy as sa
import zstandard

_LEVEL: Final = 3
FIRST_LESSON: Final = 128
Kind = Literal["mail", "draft", "text", "message", "trace"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Dictionaries = Mapping[Kind, zstandard.ZstdCompressionDict]


class _Tools(threading.local):
    """One thread's compressors, for reuse."""

    def __init__(self) -> None:
        self.plain = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressors = {0: zstandard.ZstdDecompressor()}
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}


_tools = _Tools()
# Dictionaries by their ids, which are drawn: those of all databases that this process works with.
_known: dict[int, zstandard.ZstdCompressionDict] = {}
_sources: list[Callable[[], None]] = []


class UnknownDictionaryError(zstandard.ZstdError):
    """Something was compressed with a dictionary that no open database holds."""


class Packer:
    """Compresses what one database keeps.

    `load` makes the database's dictionaries known by calling `use`; it is called when something
    cannot be decompressed, for another process may have learned a new one.
    """

    def __init__(self, load: Callable[[], None] | None = None) -> None:
        self.lesson = FIRST_LESSON  # the journal entry with which dictionaries are learned anew
        self._load = load
        self._loaded = load is None
        self._current: dict[Kind, int] = {}
        if load is not None:
            _sources.append(load)

    def compress(self, data: bytes, kind: Kind) -> bytes:
        """Return `data` compressed; the result tells its size and its dictionary."""
        if not self._loaded:
            self.load()
        current = self._current.get(kind)
        if current is None:
            return _tools.plain.compress(data)
        compressor = _tools.compressors.get(current)
        if compressor is None:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_known[current])
            _tools.compressors[current] = compressor
        return compressor.compress(data)

    def use(self, dictionaries: Dictionaries) -> None:
        """Compress with `dictionaries` from now on, and let everybody decompress with them."""
        for kind, dictionary in dictionaries.items():
            self._current[kind] = add(dictionary).dict_id()
        self._loaded = True

    def load(self) -> None:
        """Read the database's dictionaries again."""
        self._loaded = True
        if self._load is not None:
            self._load()

    def close(self) -> None:
        """Let the database go; what it had compressed can be read for as long as before."""
        if self._load in _sources:
            _sources.remove(self._load)


def add(dictionary: zstandard.ZstdCompressionDict) -> zstandard.ZstdCompressionDict:
    """Let `decompress` know a dictionary; returns it as it is known."""
    found = _known.get(dictionary.dict_id())
    if found is None:
        dictionary.precompute_compress(level=_LEVEL)
        found = _known.setdefault(dictionary.dict_id(), dictionary)
    return found


def packer_of(connection: sa.Connection) -> Packer:
    """Return the packer of the database that a connection belongs to."""
    packer: Packer = connection.info["packer"]
    return packer


def compress(data: bytes) -> bytes:
    """Return `data` compressed without a dictionary; the result tells its size."""
    return _tools.plain.compress(data)


def decompress(data: bytes, size: int = 0) -> bytes:
    """Return what `compress`, here or in a packer, was given; `size` is the most expected.

    Raises `ZstdError` where the data are damaged.
    """
    number = zstandard.get_frame_parameters(data).dict_id
    decompressor = _tools.decompressors.get(number)
    if decompressor is None:
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(number))
        _tools.decompressors[number] = decompressor
    return decompressor.decompress(data, max_output_size=max(size, 1))


def decompress_or_empty(data: bytes) -> bytes:
    """Return what `compress` was given, or nothing where the stored bytes are damaged."""
    try:
        return decompress(data)
    except zstandard.ZstdError:
        return b""


def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    if number not in _known:
        for load in _sources:
            load()
    try:
        return _known[number]
    except KeyError:
        raise UnknownDictionaryError(f"dictionary {number} is not known") from None
