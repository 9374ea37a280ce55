"""Who of a team is chosen: each way, of what is known of everybody."""

from __future__ import annotations

import pytest

from inboxd.conversations.handing_out import Candidate, Strategy, choose, skills_needed

ANNA = Candidate("anna", load=3, turn=5, skills=frozenset({"german"}))
BEN = Candidate("ben", load=1, turn=7, skills=frozenset({"german", "returns"}), max_open=4)
CARL = Candidate("carl", load=1, turn=2)


@pytest.mark.parametrize(
    ("team", "by", "needed", "name", "why"),
    [
        ([ANNA, BEN, CARL], "round_robin", (), "carl", "round robin"),
        ([ANNA, BEN], "round_robin", (), "anna", "round robin"),
        ([ANNA, Candidate("new")], "round_robin", (), "new", "round robin"),
        ([Candidate("a"), Candidate("b")], "round_robin", (), "a", "round robin"),
        ([ANNA, BEN, CARL], "least_loaded", (), "carl", "fewest open (1)"),
        ([ANNA, BEN], "least_loaded", (), "ben", "fewest open (1)"),
        ([ANNA, BEN, CARL], "skill", ("german",), "ben", "of those who know german; carl does not"),
        ([ANNA, BEN, CARL], "round_robin", ("german",), "anna", "round robin; carl does not know"),
        ([ANNA, CARL], "skill", ("returns", "german"), None, "anna does not know returns; carl"),
        ([ANNA, BEN, CARL], "skill", (), "carl", "fewest open (1)"),
        ([Candidate("a", "is away"), BEN], "round_robin", (), "ben", "round robin; a is away"),
        ([Candidate("a", load=4, max_open=4)], "round_robin", (), None, "a has 4 of 4 open"),
        ([Candidate("a", load=3, max_open=4)], "least_loaded", (), "a", "fewest open (3)"),
        ([Candidate("a", load=9, max_open=4), ANNA], "least_loaded", (), "anna", "a has 9 of 4"),
        ([Candidate("a", "is not at work")], "skill", (), None, "nobody is free: a is not at work"),
        ([], "round_robin", (), None, "the team has no members"),
    ],
)
def test_each_way_of_choosing(
    team: list[Candidate], by: Strategy, needed: tuple[str, ...], name: str | None, why: str
) -> None:
    choice = choose(team, by, needed)
    assert choice.name == name
    assert why in choice.why


KNOWN = {"german", "returns", "french"}


@pytest.mark.parametrize(
    ("by", "skill", "fields", "tags", "needed", "unknown"),
    [
        ("round_robin", None, {"skill": "german"}, ["returns"], set(), set()),
        ("round_robin", "german", {}, [], {"german"}, set()),
        ("skill", "german", {"skill": "french"}, ["returns"], {"german"}, set()),
        ("skill", None, {"skill": "French, returns"}, ["german"], {"french", "returns"}, set()),
        ("skill", None, {"skill": "french klingon"}, [], {"french"}, {"klingon"}),
        ("skill", None, {"skill": " "}, ["returns", "vip"], {"returns"}, set()),
        ("skill", None, {}, ["vip"], set(), set()),
        ("skill", "gone", {}, [], set(), {"gone"}),
    ],
)
def test_what_a_conversation_needs(
    by: Strategy,
    skill: str | None,
    fields: dict[str, str],
    tags: list[str],
    needed: set[str],
    unknown: set[str],
) -> None:
    need = skills_needed(by, skill, fields, tags, KNOWN)
    assert (need.skills, need.unknown) == (needed, unknown)
