"""S9: every file in tests/bad_configs is wrong, and says so as the file beside it expects."""

from __future__ import annotations

from pathlib import Path

import pytest

from inboxd.config import load_config
from inboxd.desk.shop import load_shop
from inboxd.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "bad_configs"
BAD = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def faults_of(name: str, folder: Path) -> list[str]:
    """Load a copy that has a folder of its own, as a start would, and return its faults."""
    for empty in ("rules", "canned"):
        (folder / empty).mkdir()
    path = folder / f"{name}.yaml"
    path.write_bytes((FOLDER / f"{name}.yaml").read_bytes())
    with pytest.raises(ConfigError) as caught:
        load_shop(load_config(path, {}))
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


def test_S9_there_are_enough_bad_files_and_each_has_its_expectation() -> None:
    assert len(BAD) >= 20
    assert sorted(path.stem for path in FOLDER.glob("*.expect")) == BAD


@pytest.mark.parametrize("name", BAD)
def test_S9_a_bad_configuration_is_refused_with_every_fault_in_its_place(
    name: str, tmp_path: Path
) -> None:
    expected = (FOLDER / f"{name}.expect").read_text(encoding="utf-8")
    assert faults_of(name, tmp_path) == expected.splitlines()


def test_S9_the_places_are_where_the_words_stand() -> None:
    """The expectations are not just what came out: what a message quotes stands at its place."""
    checked = 0
    for name in BAD:
        lines = (FOLDER / f"{name}.yaml").read_bytes().decode("utf-8", "replace").splitlines()
        for fault in (FOLDER / f"{name}.expect").read_text(encoding="utf-8").splitlines():
            _, line, column, message = fault.split(":", 3)
            place = lines[int(line) - 1][int(column) - 1 :] if lines else ""
            words = message.split()
            if "unknown key" in message:
                assert place.startswith(message.split("'")[1])
            elif "belongs to" in message or "is a team's" in message or "of its own" in message:
                assert place.startswith(words[0])
            elif " is called " in message or " are called " in message:
                assert place.startswith(words[-1])
            else:
                continue
            checked += 1
    assert checked >= 12


def test_S9_no_message_holds_a_secret() -> None:
    for name in BAD:
        told = (FOLDER / f"{name}.expect").read_text(encoding="utf-8")
        assert "password: secret" not in told
        assert ": short" not in told
