"""Reading what follows DATA: one right end, however the stream is cut, and a bounded size."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inboxd.ingest.smtp_data import read_data

PIECES = [b"\r\n", b"\r", b"\n", b".", b"..", b"a", b"Subject: x", b"\0", b"\xff", b"x" * 40]
STREAMS = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
CUTS = st.lists(st.integers(1, 25), min_size=1, max_size=10)
STREAM_LIMIT = 32


def by_lines(stream: bytes) -> tuple[bytes, bytes]:
    """Return the mail and what follows it, read line by line as RFC 5321 section 4.5.2 says."""
    mail = b""
    while True:
        line, end, stream = stream.partition(b"\r\n")
        assert end
        if line == b".":
            return mail, stream
        mail += line.removeprefix(b".") + b"\r\n"


async def take(stream: bytes, cuts: list[int], limit: int) -> tuple[bytes | None, bytes, int]:
    reader = asyncio.StreamReader(limit=STREAM_LIMIT)
    progress: list[None] = []
    task = asyncio.create_task(read_data(reader, limit, lambda: progress.append(None)))
    position = 0
    while position < len(stream):
        size = cuts[position % len(cuts)]
        reader.feed_data(stream[position : position + size])
        position += size
        await asyncio.sleep(0)
    mail = await asyncio.wait_for(task, 5)
    reader.feed_eof()
    return mail, await reader.read(), len(progress)


@settings(max_examples=300, deadline=None)
@given(before=STREAMS, after=STREAMS, cuts=CUTS)
@example(before=b"", after=b"QUIT\r\n", cuts=[100])
@example(before=b"\r\n", after=b"", cuts=[1])
@example(before=b"\r\n\r\n", after=b".\r\n", cuts=[2])
@example(before=b".\r\r\n", after=b"", cuts=[3])
@example(before=b"\r" + b"x" * 100 + b"\r\n", after=b"", cuts=[7])
def test_any_stream_reads_as_it_does_line_by_line(before: bytes, after: bytes, cuts: list[int]):
    stream = before + (b"" if before in (b"",) or before.endswith(b"\r\n") else b"\r\n")
    stream += b".\r\n" + after
    mail, rest = by_lines(stream)

    assert asyncio.run(take(stream, cuts, 10_000))[:2] == (mail, rest)


@pytest.mark.parametrize("size", [100, 101])
def test_what_is_above_the_limit_is_read_to_its_end_and_refused(size: int):
    stream = b"x" * (size - 2) + b"\r\n.\r\nNOOP\r\n"

    mail, rest, _ = asyncio.run(take(stream, [9], 100))

    assert (mail is None) is (size > 100)
    assert rest == b"NOOP\r\n"


def test_progress_is_reported_while_a_large_mail_comes_in():
    _, _, pieces = asyncio.run(take(b"x" * 1000 + b"\r\n.\r\n", [10], 10_000))

    assert pieces > 10


def test_a_large_mail_takes_little_more_than_twice_its_size():
    size = 5_000_000
    stream = (b"y" * 76 + b"\r\n") * (size // 78) + b".\r\n"

    async def read() -> int:
        reader = asyncio.StreamReader(limit=1_000_000)
        task = asyncio.create_task(read_data(reader, 10**9, lambda: None))
        view = memoryview(stream)
        tracemalloc.start()
        for position in range(0, len(stream), 100_000):
            reader.feed_data(view[position : position + 100_000])
            await asyncio.sleep(0)
        assert len(await task or b"") == len(stream) - 3
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert asyncio.run(read()) < 2.7 * size
