"""R11 for commands: `ingest` and `work` are ended at a point, as by hand in docs/guarantees.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from intake import letter, write_config
from runner import environment

from inboxd.config import load_config
from inboxd.failpoints import EXIT_CODE, VARIABLE
from inboxd.store.db import Database
from inboxd.store.migrations import HEAD, version


def command(config: Path, *words: str, plan: str = "", stdin: bytes = b"") -> int:
    """Run a command of inboxd's, ended by `plan` where one is given; returns its exit code."""
    armed = {VARIABLE: plan} if plan else {}
    done = subprocess.run(
        [sys.executable, "-m", "inboxd", "--config", str(config), *words],
        input=stdin, capture_output=True, timeout=60, check=False,
        env={**environment(), **armed},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    return done.returncode


def count(config: Path, table: str) -> int:
    database = Database(load_config(config, {}).database_url)
    with database.read() as connection:
        found = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
    database.close()
    return int(found)


@pytest.mark.parametrize("point", ["journal.appended", "journal.committed"])
def test_R11_a_pipe_that_is_ended_tries_again(tmp_path: Path, point: str) -> None:
    """Exit code 0 is the pipe's 250: without it the mail is handed in again, and is one mail."""
    config = write_config(tmp_path)
    words = ("ingest", "--mailbox", "support", "-")
    assert command(config, *words, plan=point, stdin=letter()) == EXIT_CODE
    assert count(config, "journal") == (point == "journal.committed")
    assert command(config, *words, stdin=letter()) == 0
    assert command(config, "work", plan="pipeline.finished") == EXIT_CODE
    assert count(config, "conversation") == 0
    assert command(config, "work") == 0
    assert (count(config, "conversation"), count(config, "message")) == (1, 1)


def test_R11_an_upgrade_that_is_ended_at_any_step_is_done_as_a_whole(tmp_path: Path) -> None:
    """All steps are one transaction: nothing is there after the last as after the first."""
    config = write_config(tmp_path)
    last = int(HEAD)
    for step in (1, last // 2, last):
        assert command(config, "work", plan=f"migration.step:{step}") == EXIT_CODE
        database = Database(load_config(config, {}).database_url)
        assert version(database) is None
        database.close()
    assert command(config, "work") == 0
    database = Database(load_config(config, {}).database_url)
    assert version(database) == HEAD
    assert database.integrity() is None
    database.close()
