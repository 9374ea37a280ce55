"""What to fetch next from an IMAP folder, and how far the cursor may move."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from inboxd.ingest.imap_cursor import Cursor, Listed, Progress, batches, chunks, resume
from inboxd.ingest.imap_marks import Marking, choose
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_problems import FolderUnusable, LoginRefused, SourceProblem, is_slow
from inboxd.ingest.imap_retry import retry_delay

AT = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


def listed(**sizes: int) -> dict[int, Listed]:
    return {int(name[1:]): Listed(size, AT) for name, size in sizes.items()}


def progress(last: int, *beyond: int) -> Progress:
    return Progress(Cursor(7, last), frozenset(beyond))


def options(after: str = "seen", folder: str = "INBOX") -> ImapOptions:
    return ImapOptions(
        host="imap.shop.example",
        port=993,
        tls="implicit",
        user="support",
        password="hush",
        folder=folder,
        after=after,
    )


def test_R6_a_range_to_the_end_may_answer_below_its_start() -> None:
    assert progress(10).unread([10]) == []
    assert progress(10).unread([9, 10, 12, 11, 11]) == [11, 12]


def test_what_was_read_beyond_a_missing_mail_is_not_read_again() -> None:
    assert progress(4, 6, 7).unread([5, 6, 7, 8]) == [5, 8]


def test_the_cursor_moves_to_the_last_settled_uid() -> None:
    assert progress(3).settled([4, 6, 9], ()) == progress(9)


def test_pitfall_7_the_cursor_waits_below_a_missing_mail_while_others_go_on() -> None:
    waiting = progress(3).settled([4, 6], missing=[5])
    assert waiting == progress(4, 6)
    further = waiting.settled([7, 8], missing=[5])
    assert further == progress(4, 6, 7, 8)
    assert further.settled([], missing=[]) == progress(8)
    assert further.settled([5], missing=[]) == progress(8)


def test_the_cursor_never_moves_back() -> None:
    assert progress(20).settled([], missing=[5]) == progress(20)
    assert progress(20).settled([3], missing=[]) == progress(20)


def test_a_first_visit_starts_before_the_first_mail() -> None:
    assert resume(None, 7, None) == progress(0)


def test_R7_another_uidvalidity_starts_again() -> None:
    assert resume(Cursor(6, 500), 7, progress(500)) == progress(0)


def test_the_stored_cursor_wins_over_memory() -> None:
    assert resume(Cursor(7, 20), 7, progress(30, 32)) == progress(20)
    assert resume(Cursor(7, 30), 7, progress(30, 32)) == progress(30, 32)
    assert resume(Cursor(7, 30), 7, None) == progress(30)


def test_every_interleaving_reads_every_mail_once_and_never_skips_one() -> None:
    chance = random.Random(4)
    for _ in range(300):
        folder = sorted(chance.sample(range(1, 60), 20))
        broken = {uid: chance.randint(1, 3) for uid in chance.sample(folder, 4)}
        state, read = progress(0), []
        missing: set[int] = set()
        for _ in range(5):
            for uid in state.unread(folder):
                if broken.get(uid, 0) > 0:
                    broken[uid] -= 1
                    missing.add(uid)
                    state = state.settled([], missing)
                else:
                    read.append(uid)
                    missing.discard(uid)
                    state = state.settled([uid], missing)
                assert state.cursor.last_uid < min(missing, default=99)
                lost = {u for u in folder if u <= state.cursor.last_uid} - set(read)
                assert not lost, "a crash now would lose these"
            state = state.settled([], missing)
        assert sorted(read) == folder
        assert state == progress(folder[-1])


def test_batches_are_bounded_by_count_and_bytes() -> None:
    many = {uid: Listed(10, AT) for uid in range(1, 121)}
    assert [len(batch.uids) for batch in batches(many, 1000)] == [50, 50, 20]
    heavy = listed(u1=5, u2=5, u3=5, u4=30, u5=1)
    made = batches(heavy, 1000, max_bytes=12)
    assert [batch.uids for batch in made] == [(1, 2), (3,), (4,), (5,)]


def test_pitfall_10_the_header_alone_of_a_mail_over_the_limit() -> None:
    made = batches(listed(u1=5, u2=2_000_000_000, u3=5), max_size=50_000_000)
    assert [(batch.uids, batch.header_only) for batch in made] == [
        ((1,), False),
        ((2,), True),
        ((3,), False),
    ]


def test_a_mail_that_broke_a_batch_comes_by_itself() -> None:
    made = batches(listed(u1=5, u2=5, u3=5), max_size=100, alone={2})
    assert [batch.uids for batch in made] == [(1,), (2,), (3,)]


def test_chunks() -> None:
    assert list(chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(chunks([], 2)) == []


FLAGS = {b"PERMANENTFLAGS": (b"\\Answered", b"\\Seen", b"\\Deleted", b"\\*)")}


@pytest.mark.parametrize(
    ("after", "selected", "capabilities", "read_only", "expected"),
    [
        ("keep", FLAGS, {b"MOVE"}, True, Marking.NOTHING),
        ("move:INBOX", FLAGS, {b"MOVE"}, False, Marking.NOTHING),
        ("seen", FLAGS, set(), False, Marking.SEEN),
        ("seen", {}, set(), False, Marking.SEEN),
        ("seen", {b"PERMANENTFLAGS": (b"(\\Answered)",)}, set(), False, Marking.NO_SEEN),
        ("seen", FLAGS, {b"MOVE"}, True, Marking.READ_ONLY),
        ("move:Done", FLAGS, {b"MOVE", b"UIDPLUS"}, False, Marking.MOVE),
        ("move:Done", FLAGS, {b"UIDPLUS"}, False, Marking.COPY),
        ("move:Done", {b"PERMANENTFLAGS": (b"(\\Seen)",)}, {b"UIDPLUS"}, False, Marking.NO_MOVE),
        ("move:Done", FLAGS, {b"IDLE"}, False, Marking.NO_MOVE),
        ("move:Done", FLAGS, {b"MOVE"}, True, Marking.READ_ONLY),
    ],
)
def test_R8_marking_is_what_the_server_permits(
    after: str,
    selected: dict[bytes, object],
    capabilities: set[bytes],
    read_only: bool,
    expected: Marking,
) -> None:
    assert choose(options(after), selected, capabilities, read_only=read_only) is expected


def test_retries_double_to_a_limit_and_are_spread() -> None:
    delays = [retry_delay(failures, 0.5) for failures in range(1, 12)]
    assert delays[:5] == [1, 2, 4, 8, 16]
    assert delays[-1] == 300
    assert retry_delay(3, 0.0) == 3
    assert retry_delay(3, 0.999) < 5
    assert retry_delay(10_000, 0.5) == 300


def test_what_only_a_person_can_mend_is_retried_slowly() -> None:
    assert retry_delay(1, 0.5, slow=True) == 60
    assert retry_delay(100, 0.5, slow=True) == 900
    assert is_slow(LoginRefused("no"))
    assert is_slow(FolderUnusable("no"))
    assert not is_slow(SourceProblem("busy"))
    assert not is_slow(ConnectionRefusedError())


def test_options_hide_the_password_and_name_themselves() -> None:
    assert "hush" not in repr(options())
    assert options().key == "imap:support@imap.shop.example:993/INBOX"
    assert options("move:Done").move_to == "Done"


@pytest.mark.parametrize("bad", ["user", "password", "folder", "host"])
def test_options_refuse_line_ends_that_would_end_a_command(bad: str) -> None:
    values = {"host": "h", "user": "u", "password": "p", "folder": "f"}
    values[bad] += "\r\nA1 DELETE INBOX"
    with pytest.raises(ValueError, match="control character"):
        ImapOptions(port=993, tls="implicit", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", ["move:", "delete", ""])
def test_options_refuse_an_unknown_after(after: str) -> None:
    with pytest.raises(ValueError, match="move:FOLDER"):
        options(after)
