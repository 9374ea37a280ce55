"""Compression of what is kept (Zstandard, RFC 8878); one compressor a thread, for reuse."""

from __future__ import annotations

import threading

import zstandard

_LEVEL = 3


class _Tools(threading.local):
    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_tools = _Tools()


def compress(data: bytes) -> bytes:
    """Return `data` compressed; the result tells its size."""
    return _tools.compressor.compress(data)


def decompress(data: bytes, size: int = 0) -> bytes:
    """Return what `compress` was given; `size` is the most that is expected."""
    return _tools.decompressor.decompress(data, max_output_size=max(size, 1))


def decompress_or_empty(data: bytes) -> bytes:
    """Return what `compress` was given, or nothing where the stored bytes are damaged."""
    try:
        return decompress(data)
    except zstandard.ZstdError:
        return b""
