"""What the fuzzer has ever found, and what it begins with, breaks nothing any more."""

from __future__ import annotations

import pytest
from fuzz_targets import CORPUS, TARGETS, run, seeds

INPUTS = [(target, data) for target in TARGETS for data in seeds(target)]


@pytest.mark.parametrize(("target", "data"), INPUTS, ids=range(len(INPUTS)))
def test_what_was_found_breaks_nothing(target: str, data: bytes) -> None:
    run(target, data)


def test_every_find_belongs_to_a_target() -> None:
    assert {each.name for each in CORPUS.iterdir() if each.is_dir()} <= set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_the_examples_are_cut_short_anywhere(target: str) -> None:
    for seed in seeds(target)[:2]:
        for end in range(0, len(seed), 7):
            run(target, seed[:end])
