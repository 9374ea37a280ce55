"""Reading measured on real mail that nobody on this project wrote; not part of the repository.

`scripts/score` prints the figures; here they have to reach the aims.
"""

from __future__ import annotations

from functools import cache

import pytest
from score import CORPUS
from score_corpus import Folder, read_corpus
from score_report import MOST_FALSE_BOUNCES, Score, missed, summed
from score_run import score

FOLDERS = {folder.name: folder for folder in read_corpus(CORPUS)} if CORPUS.is_dir() else {}
pytestmark = pytest.mark.skipif(not FOLDERS, reason=f"no mail corpus in {CORPUS}")


@cache
def scored(name: str) -> Score:
    folder: Folder = FOLDERS[name]
    return summed(name, score(folder))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_reaches_its_aims(folder: str) -> None:
    assert list(missed([scored(folder)])) == []


def test_mails_are_taken_for_bounces_wrongly_once_at_most() -> None:
    wrong = [f"{name}/{file}" for name in FOLDERS for file in scored(name).false_bounces]
    assert len(wrong) <= MOST_FALSE_BOUNCES, wrong
