"""What inboxd makes is for its owner alone, whatever the umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_kit import CONFIG, MAIL, write_shop

from inboxd.private_files import make_private_folder, open_private


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("_umask")
def test_everything_in_the_data_folder_is_private(tmp_path: Path) -> None:
    nested = CONFIG.replace("data_dir: var", "data_dir: a/b/var\ndatabase: sqlite:///c/d/inboxd.db")
    shop = write_shop(tmp_path, nested.replace("maildir: sent", "maildir: x/y/sent"))
    shop.take(MAIL)
    assert shop.run("backup", tmp_path / "copy.db").code == 0
    made = [path for top in ("a", "x") for path in [tmp_path / top, *(tmp_path / top).rglob("*")]]
    assert {path.name for path in made} >= {"var", "inboxd.db", "secret_key", "new", "cur", "tmp"}
    assert any(path.suffix == ".inboxd" for path in made)
    loose = [
        f"{path} {mode(path):o}" for path in [*made, tmp_path / "copy.db"] if mode(path) & 0o077
    ]
    assert loose == []


def test_the_databases_neighbours_are_as_private_as_itself(tmp_path: Path) -> None:
    from inboxd.store.db import Database
    from inboxd.store.migrations import upgrade

    before = os.umask(0)
    try:
        database = Database(f"sqlite:///{tmp_path}/var/inboxd.db")
        upgrade(database)
        names = {path.name: mode(path) for path in (tmp_path / "var").iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert names == {"inboxd.db": 0o600, "inboxd.db-wal": 0o600, "inboxd.db-shm": 0o600}


def test_an_umask_that_takes_the_owners_rights_away_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        make_private_folder(tmp_path / "a" / "b")
        os.close(open_private(tmp_path / "a" / "b" / "c", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    finally:
        os.umask(before)
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)
    assert mode(tmp_path / "a" / "b" / "c") == 0o600


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_private_folder(tmp_path / "new")
    make_private_folder(tmp_path)
    assert mode(tmp_path) == 0o750
