"""A daemon in a process of its own takes edited files by itself, whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from intake import CONFIG, write_config
from loopback import eventually
from runner import Runner

from inboxd.config import load_config
from inboxd.health import read_health

NO_IMAP = (
    CONFIG.partition("  - name: fetched")[0]
    + "send: {maildir: sent}\nadmins: [boss@shop.example]\n"
)
TAG = "- name: Tag\n  when: conversation.opened\n  then:\n    - tag: tea\n"
CLOSE = "- name: Close\n  when: conversation.opened\n  then: [close]\n"


class Edited:
    """A daemon, the files that are edited under it, and what it says of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "rules" / "10.yaml"
        self.file.parent.mkdir()
        self.file.write_text("[]\n", encoding="utf-8")
        self.config = write_config(folder, "listen: {smtp: {port: 0}}", NO_IMAP)
        config = load_config(self.config, {})
        health = config.data_dir / "health.json"
        self.log = folder / "log"
        self.runner = Runner(self.config, self.log, health.exists)
        self.runner.start()
        self.health = health

    def said(self, words: str, times: int = 1) -> None:
        """Wait until the log holds some words."""
        eventually(lambda: self.log.read_text().count(words) >= times, 20, words)

    def replace(self, text: str) -> None:
        """Put a new file in the old one's place, as most editors do."""
        other = self.file.with_name(".10.yaml.new")
        other.write_text(text, encoding="utf-8")
        other.replace(self.file)

    def alerts(self) -> list[str]:
        """The words of the mails to the admin."""
        mails = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in (self.folder / "sent" / "new").glob("*")
        ]
        return [
            mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            for mail in mails
            if "refused" in str(mail["Subject"])
        ]


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[Edited]:
    edited = Edited(tmp_path)
    try:
        yield edited
        assert read_health(edited.health).is_well
        assert edited.runner.terminate() == 0
        assert "Traceback" not in edited.log.read_text()
    finally:
        edited.runner.close()


def test_edits_are_taken_whole_and_broken_ones_refused_with_their_place(edited: Edited) -> None:
    edited.replace(TAG)
    edited.said("rules=1", 1)
    with edited.file.open("a", encoding="utf-8") as file:  # in pieces, as a slow editor writes
        for piece in ("- name: Cl", "ose\n  when: conversation.opened\n", "  thne: [close]\n"):
            file.write(piece)
            file.flush()
    edited.said("reload.refused")
    fault = f"{edited.file}:7:3: unknown key 'thne'; did you mean 'then'?"
    # The place alone: what is wrong there may quote words that are nobody else's business.
    assert f"{edited.file}:7:3" in edited.log.read_text()
    eventually(lambda: len(edited.alerts()) == 1, 20)
    (words,) = edited.alerts()
    assert fault in " ".join(words.split())
    edited.file.write_text(edited.file.read_text() + "\n# still so\n", encoding="utf-8")
    os.kill(edited.runner._pid, signal.SIGHUP)  # looked at again, and just as wrong
    edited.replace(TAG + CLOSE)
    edited.said("reload.faults_mended")
    edited.said("rules=2")
    assert edited.log.read_text().count("reload.refused") == 1, "the same faults are told once"
    assert len(edited.alerts()) == 1


def test_a_folder_that_is_put_in_the_others_place_is_watched_from_then_on(edited: Edited) -> None:
    new = edited.folder / "other"
    new.mkdir()
    (new / "10.yaml").write_text(TAG, encoding="utf-8")
    rules = edited.file.parent
    rules.rename(edited.folder / "old")
    new.rename(rules)
    edited.said("rules=1")
    edited.replace(TAG + CLOSE)
    edited.said("rules=2")
    canned = edited.folder / "canned"
    shutil.rmtree(canned, ignore_errors=True)
    canned.mkdir()
    (canned / "hello.md").write_text("Hello.\n", encoding="utf-8")
    edited.said("reloaded", 3)
