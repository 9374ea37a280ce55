"""What follows DATA, read in large pieces (RFC 5321 sections 4.1.1.4 and 4.5.2).

aiosmtpd reads a mail line by line and keeps each line as an object of its own: a large mail then
takes several times its size, and a line above a limit costs the sender a permanent refusal. Here
the stream is searched for the one right end, CRLF "." CRLF, and for nothing else: whatever only
looks like an end (a bare LF or CR beside the dot) is part of the mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LINE_END = b"\r\n"
_END = b"\r\n.\r\n"
_END_AT_ONCE = b".\r\n"


async def read_data(
    reader: asyncio.StreamReader, limit: int, on_progress: Callable[[], None]
) -> bytes | None:
    """Return the mail that `reader` gives, dots unstuffed, or None where it is above `limit` bytes.

    Either way it is read to its end, and not a byte further. `on_progress` is called for every
    piece of a mail that comes in several (a piece has about the stream's own limit).
    """
    kept = _Kept(limit)
    if not await _ends_at_once(reader, kept):
        await _read_to_end(reader, kept, on_progress)
    return kept.mail()


class _Kept:
    """The pieces of a mail, or only their size once that is too large."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    def mail(self) -> bytes | None:
        if self._size > self._limit:
            return None
        mail = b"".join(self._pieces)
        self._pieces.clear()
        if b"\r\n." in mail:
            mail = mail.replace(b"\r\n.", _LINE_END)
        return mail[1:] if mail.startswith(b".") else mail


async def _ends_at_once(reader: asyncio.StreamReader, kept: _Kept) -> bool:
    """Read the lines at the beginning that may be the end, or be empty; returns whether one was.

    From then on an end has its own CRLF in front of it, which has not been taken yet.
    """
    while True:
        first = await reader.readexactly(1)
        if first not in b".\r":
            kept.add(first)
            return False
        try:
            line = first + await reader.readuntil(_LINE_END)
        except asyncio.LimitOverrunError as overrun:
            kept.add(first + await reader.read(overrun.consumed))
            return False
        if line == _END_AT_ONCE:
            return True
        if line == _END:  # an empty line, read together with what follows it
            kept.add(_LINE_END)
            return True
        kept.add(line)


async def _read_to_end(
    reader: asyncio.StreamReader, kept: _Kept, on_progress: Callable[[], None]
) -> None:
    while True:
        try:
            last = await reader.readuntil(_END)
        except asyncio.LimitOverrunError as overrun:
            kept.add(await reader.read(overrun.consumed))
            on_progress()
        else:
            kept.add(last[: -len(_END_AT_ONCE)])
            return
