"""Every file in tests/bad_configs/rules is wrong, and says so as the file beside it expects."""

from __future__ import annotations

from pathlib import Path

import pytest

from inboxd.errors import ConfigError
from inboxd.rules.loader import Known, read_rules
from inboxd.yaml_positions import load_yaml

FOLDER = Path(__file__).parents[1] / "bad_configs" / "rules"
BAD = sorted(path.stem for path in FOLDER.glob("*.yaml"))
KNOWN = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"support-team", "billing"}),
    mailboxes=frozenset({"support"}),
    canned=frozenset({"received", "refund-received", "still-there"}),
    skills={"billing": frozenset({"german", "returns"})},
)


def test_S9_there_are_enough_bad_files_and_each_has_its_expectation() -> None:
    assert len(BAD) >= 20
    assert sorted(path.stem for path in FOLDER.glob("*.expect")) == BAD


@pytest.mark.parametrize("name", BAD)
def test_S9_a_bad_rule_file_is_refused_with_every_fault_in_its_place(name: str) -> None:
    expected = (FOLDER / f"{name}.expect").read_text(encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_rules([load_yaml(FOLDER / f"{name}.yaml")], KNOWN)
    # The folder that the tests run in is not part of what is expected.
    faults = [str(fault).replace(f"{FOLDER}/", "") for fault in caught.value.faults]
    assert faults == expected.splitlines()


def test_S9_the_places_are_where_the_words_stand() -> None:
    """The expectations are not just what came out: each unknown key stands where it is said."""
    checked = 0
    for name in BAD:
        lines = (FOLDER / f"{name}.yaml").read_bytes().decode("utf-8", "replace").splitlines()
        for fault in (FOLDER / f"{name}.expect").read_text(encoding="utf-8").splitlines():
            _, line, column, message = fault.split(":", 3)
            if "unknown key" in message or " is called " in message:
                word = message.split("'")[1]
                assert lines[int(line) - 1][int(column) - 1 :].startswith(word)
                checked += 1
    assert checked >= 12
