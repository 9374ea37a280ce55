"""What is made of a mail that shows another state than the one that we put there."""

from __future__ import annotations

import itertools

import pytest

from inboxd.conversations.states import ConversationState
from inboxd.ingest.imap_mirror_plan import (
    Mirroring,
    Verdict,
    Wish,
    asked_by_keywords,
    can_keep,
    decisive,
    judge,
    new_uids,
    uid_set,
)

STATES = [state.value for state in ConversationState]


def test_only_a_change_that_nothing_else_explains_is_a_persons() -> None:
    """For every combination, so that no loop can come of one that nobody thought of."""
    for shown, moving, wanted, observed in itertools.product(
        ["", *STATES], ["", *STATES], STATES, STATES
    ):
        verdict = judge(shown=shown, moving=moving, wanted=wanted, observed=observed)
        if verdict in (Verdict.ASKED, Verdict.REFUSED):
            assert shown == wanted != observed != moving
            assert (observed == "snoozed") == (verdict is Verdict.REFUSED)
        if verdict is Verdict.AGREED:
            assert observed == wanted


@pytest.mark.parametrize(
    ("shown", "moving", "wanted", "observed", "verdict"),
    [
        ("open", "", "open", "closed", Verdict.ASKED),
        ("closed", "", "closed", "open", Verdict.ASKED),
        ("open", "", "open", "snoozed", Verdict.REFUSED),
        ("open", "", "pending", "closed", Verdict.OVERTAKEN),  # the database wins
        ("open", "closed", "open", "closed", Verdict.OVERTAKEN),  # our own, cut off, then reopened
        ("open", "closed", "open", "spam", Verdict.ASKED),
        ("", "", "open", "closed", Verdict.OVERTAKEN),  # nothing was shown yet
        ("open", "", "closed", "closed", Verdict.AGREED),
    ],
)
def test_verdicts(shown: str, moving: str, wanted: str, observed: str, verdict: Verdict) -> None:
    assert judge(shown=shown, moving=moving, wanted=wanted, observed=observed) is verdict


def test_where_several_mails_were_moved_the_newest_decides() -> None:
    wishes = [Wish(1, 30, "closed"), Wish(2, 5, "spam"), Wish(1, 7, "pending")]
    assert decisive(wishes) == [Wish(2, 5, "spam"), Wish(1, 30, "closed")]
    assert decisive([]) == []


@pytest.mark.parametrize(
    ("shown", "borne", "asked"),
    [
        ("open", {"open", "closed"}, "closed"),
        ("open", {"closed"}, "closed"),
        ("open", {"open"}, None),
        ("open", set(), None),
        ("open", {"closed", "spam"}, None),
    ],
)
def test_keywords_ask_only_where_they_are_clear(
    shown: str, borne: set[str], asked: str | None
) -> None:
    assert asked_by_keywords(shown, borne) == asked


@pytest.mark.parametrize(
    ("permanent", "kept"),
    [
        ((), True),  # RFC 3501: without the answer all flags are kept
        ((b"\\Seen", b"\\*"), True),
        ((b"(\\Seen", b"$Open", b"$CLOSED)"), True),
        ((b"\\Seen", b"$Open"), False),
        ((b"()",), False),
    ],
)
def test_which_folders_keep_keywords(permanent: tuple[bytes, ...], kept: bool) -> None:
    assert can_keep(permanent, ["$Open", "$Closed"]) is kept


@pytest.mark.parametrize(
    ("answer", "validity", "pairs"),
    [
        ([b"38505 304,319:320 3956:3958"], 38505, {304: 3956, 319: 3957, 320: 3958}),
        ([b"1 7 9", b"1 8 10"], 1, {7: 9, 8: 10}),
        ([b"1 8:7 9:10"], 1, {7: 9, 8: 10}),
        ([], 0, {}),
        ([b""], 0, {}),
        ([b"nonsense"], 0, {}),
        ([b"1 7:9 3"], 0, {}),
        ([b"1 , ,"], 1, {}),
        ([b"1 1:4294967295 1:4294967295"], 1, {}),
    ],
)
def test_new_uids_are_read_out_of_copyuid(
    answer: list[bytes], validity: int, pairs: dict[int, int]
) -> None:
    assert new_uids(answer) == (validity, pairs)


def test_uid_sets_are_ascending() -> None:
    assert uid_set([7, 3]) == "3,7"


def test_names_of_states() -> None:
    folders = Mirroring("INBOX", True, {"open": "INBOX", "closed": "Closed"})
    assert folders.shows_in_source
    assert not Mirroring("INBOX", False, {"open": "INBOX"}).shows_in_source
    assert not Mirroring("INBOX", True, {"open": "Open"}).shows_in_source
