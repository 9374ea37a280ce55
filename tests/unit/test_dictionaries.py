"""Compression with dictionaries that a database learns from its own rows."""

from __future__ import annotations

import random
import subprocess
import sys
from base64 import encodebytes
from pathlib import Path

import pytest
import zstandard
from bench_corpus import generate
from desk_kit import JANE, Desk, letter, make
from hypothesis import given
from hypothesis import strategies as st

from inboxd.store import compression, dictionaries, journal, messages
from inboxd.store.compression import FIRST_LESSON, Packer, decompress
from inboxd.store.db import Database
from inboxd.store.packing import IN_PIECES, PLAIN, pack_mail, skeleton_or_empty, unpack_mail


def fill(desk: Desk, count: int, seed: int = 3) -> None:
    for number, raw in enumerate(generate(count, seed)):
        ours = letter(JANE, subject=f"Tea {seed} {number}", text="Dear\n" * 9)
        desk.journal(raw if number % 2 else ours)
    desk.work()


def learned(desk: Desk) -> list[str]:
    with desk.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT kind FROM dictionary ORDER BY id")
        return list(rows.scalars())


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = make(tmp_path_factory.mktemp("taught"))
    fill(desk, FIRST_LESSON + 4)
    fill(desk, 4, seed=4)
    return desk


def test_dictionaries_are_learned_once_there_is_something_to_learn_from(tmp_path: Path) -> None:
    desk = make(tmp_path)
    fill(desk, 20)
    assert learned(desk) == []


def test_every_kind_is_learned_once(taught: Desk) -> None:
    assert sorted(learned(taught)) == sorted(compression.KINDS)


def test_later_rows_are_smaller(taught: Desk) -> None:
    with taught.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, length(data) FROM trace ORDER BY id").all()
    sizes = [size for _, size in rows]
    assert sum(sizes[-4:]) * 2 < sum(sizes[:4])


def test_another_process_reads_everything(taught: Desk) -> None:
    script = (
        "import sys\n"
        "from inboxd.store import journal, messages, outbox\n"
        "from inboxd.store.db import Database\n"
        "database = Database(sys.argv[1])\n"
        "with database.read() as connection:\n"
        "    for entry in range(1, 137):\n"
        "        assert journal.raw(connection, entry)\n"
        "    texts = [m.text for n in range(1, 100) for m in messages.of(connection, n)]\n"
        "    assert len(texts) > 100 and all(texts), texts\n"
        "    assert all(messages.traces(connection, n) for n in range(1, 20))\n"
        "    for row in outbox.listing(connection, None, 500):\n"
        "        assert outbox.get(connection, row.id).draft\n"
    )
    subprocess.run([sys.executable, "-c", script, taught.database.url], check=True)


def test_a_process_learns_of_what_another_one_has_learned(tmp_path: Path) -> None:
    desk = make(tmp_path)
    other = Database(desk.database.url)
    with other.read() as connection:
        assert messages.of(connection, 1) == []
    fill(desk, FIRST_LESSON + 4)
    entry = desk.journal(letter(JANE, subject="The last one", text="Dear\n" * 99))
    compression._known.clear()
    compression._tools.decompressors = {0: zstandard.ZstdDecompressor()}
    with other.read() as connection:
        assert b"The last one" in (journal.raw(connection, entry) or b"")
    assert not dictionaries.learn_when_due(other, FIRST_LESSON + 4)
    other.close()
    assert len(learned(desk)) == len(compression.KINDS)


def test_without_its_dictionary_a_row_counts_as_damaged(tmp_path: Path) -> None:
    samples = [f"the same words again and again, number {n}".encode() * 3 for n in range(500)]
    lost = zstandard.train_dictionary(2000, samples, dict_id=99_999)
    packed = zstandard.ZstdCompressor(dict_data=lost).compress(samples[0])
    with pytest.raises(zstandard.ZstdError):
        decompress(packed)
    assert compression.decompress_or_empty(packed) == b""


def test_lessons_come_at_128_and_eight_times_as_many() -> None:
    lessons = [dictionaries._next_lesson(n) for n in (0, 128, 1500, 62_000, 63_000)]
    assert lessons == [128, 1024, 12_000, 496_000, 2**62]


def mail(file: bytes, line: bytes = b"\r\n", width: int = 76, tail: bytes = b"") -> bytes:
    flat = encodebytes(file).replace(b"\n", b"")
    lines = [flat[start : start + width] for start in range(0, len(flat), width)]
    head = b"Subject: x", b"Content-Type: image/png", b"content-transfer-encoding: BASE64", b"", b""
    return line.join(head) + line.join([*lines, b""]) + tail


FILE = random.Random(1).randbytes(9_000)


@pytest.mark.parametrize("width", [60, 72, 76, 255])
@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
@pytest.mark.parametrize("tail", [b"", b"--x--\r\n", b"\r\n", b"\n\nbelow"])
def test_files_are_kept_decoded(width: int, line: bytes, tail: bytes) -> None:
    raw = mail(FILE, line, width, tail)
    codec, data = pack_mail(raw, None)
    assert codec == IN_PIECES
    assert len(data) < len(FILE) + 300
    assert unpack_mail(data, len(raw)) == raw
    assert skeleton_or_empty(data).startswith(b"Subject: x")


@pytest.mark.parametrize(
    "raw",
    [
        mail(FILE).replace(b"A", b" A", 1),
        mail(FILE)[:-3],
        mail(FILE, width=400),
        mail(FILE) + b"more",
        mail(FILE).replace(b"BASE64", b"7bit"),
        mail(b"x" * 100),
        b"\ncontent-transfer-encoding: base64\n\n" + b"\n" * 2000,
        b"",
    ],
)
def test_what_could_not_be_written_again_byte_by_byte_is_kept_as_it_is(raw: bytes) -> None:
    codec, data = pack_mail(raw, None)
    assert codec == PLAIN
    assert unpack_mail(data, len(raw)) == raw


_LINES = st.sampled_from(
    [
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"\r\n",
        b"\n",
        b"--x\r\n",
        encodebytes(FILE[:900]),
        encodebytes(FILE[:900]).replace(b"\n", b"\r\n"),
        b"QUJD\r\n",
        b"=",
        b"\r",
    ]
)


@given(st.lists(_LINES | st.binary(max_size=30), max_size=30).map(b"".join))
def test_every_mail_comes_back_as_it_was(raw: bytes) -> None:
    assert unpack_mail(pack_mail(raw, None)[1], len(raw)) == raw
    assert unpack_mail(pack_mail(raw * 9, Packer())[1], len(raw) * 9) == raw * 9


def test_damaged_mails_are_refused() -> None:
    raw = mail(FILE)
    data = pack_mail(raw, None)[1]
    for broken in (data[:7], data[:20], data[:200], data[:-40], data[:4] + b"\xff" + data[5:]):
        with pytest.raises(zstandard.ZstdError):
            unpack_mail(broken, len(raw))
        skeleton_or_empty(broken)
