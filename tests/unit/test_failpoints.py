"""Failpoints do nothing but where they are armed; which ones there are is held by R11's test."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from inboxd import failpoints
from inboxd.failpoints import EXIT_CODE, VARIABLE, Failpoints


def test_R11_without_the_variable_a_point_is_an_empty_function() -> None:
    """Nothing is counted or looked up: this is what production pays."""
    assert failpoints.armed is None
    assert failpoints.reach is failpoints._pass_by
    assert failpoints.reach.__code__.co_names == ()
    assert len(failpoints.reach.__code__.co_code) <= 6, "return None"


def test_points_are_counted_and_the_chosen_one_ends_the_process_at_its_hit() -> None:
    ended: list[int] = []
    points = Failpoints("two:2", ended.append)
    for name in ("one", "two", "one"):
        points.reach(name)
    assert ended == []
    points.reach("two")
    assert ended == [EXIT_CODE]
    assert points.passed == {"one": 2, "two": 2}
    points.arm("record")
    points.reach("two")
    assert ended == [EXIT_CODE]


def test_a_trail_names_what_was_passed() -> None:
    reader, writer = os.pipe()
    points = Failpoints()
    points.arm("record", writer)
    points.reach("one")
    points.reach("two")
    os.close(writer)
    with open(reader) as trail:
        assert trail.read() == "one\ntwo\n"


@pytest.mark.parametrize(("plan", "code"), [("journal.committed:2", EXIT_CODE), ("other", 0)])
def test_the_variable_ends_a_process(plan: str, code: int) -> None:
    program = "from inboxd.failpoints import reach\nfor _ in 'ab': reach('journal.committed')"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, VARIABLE: plan}, check=False
    )
    assert done.returncode == code
