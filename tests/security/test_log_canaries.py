"""No mail text, address, password or token in a log line, whatever goes wrong, whoever speaks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("canaries.py")
# What must have come up, or the run has shown nothing.
EVENTS = (
    "smtp.accepted", "smtp.login_refused", "smtp.recipient_refused", "smtp.too_large",
    "smtp.not_stored", "smtp.session_error", "mail.processed", "mail.failed", "rules.acted",
    "mail.attempted", "outbox.transport_failed", "worker.failed", "imap.interrupted",
    "service.restarted", "thread.died", "library.said", "reload.refused",
)  # fmt: skip


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_canary_is_in_the_log(tmp_path: Path, form: str) -> None:
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(tmp_path), form], capture_output=True, timeout=120
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, said[-4000:]
    canaries = json.loads((tmp_path / "canaries.json").read_text())
    assert len(canaries) > 35
    found = {what: word for what, word in canaries.items() if word.lower() in said.lower()}
    lines = [line for line in said.splitlines() if any(w in line for w in found.values())]
    assert found == {}, lines[:5]
    missing = [event for event in EVENTS if event not in said]
    assert missing == [], said[-4000:]
    if form == "json":
        for line in done.stderr.decode().splitlines():
            assert json.loads(line)["event"], line


def test_a_processed_mail_is_told_with_all_its_ids(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(tmp_path), "json"], capture_output=True, timeout=120
    )
    lines = [json.loads(line) for line in done.stderr.decode().splitlines()]
    processed = [line for line in lines if line["event"] == "mail.processed"]
    first = processed[0]
    assert {first["kind"], first["step"], first["state"]} == {"customer", "new", "applied"}
    assert all(isinstance(first[name], int) for name in ("journal", "conversation", "message"))
    acted = next(line for line in lines if line["event"] == "rules.acted")
    assert (acted["rules"], acted["journal"]) == (["Acknowledge"], first["journal"])
    assert acted["conversation"] == first["conversation"]
    accepted = next(line for line in lines if line["event"] == "smtp.accepted")
    assert accepted["journal"] == [first["journal"]]
    attempted = [line for line in lines if line["event"] == "mail.attempted"]
    assert {line["conversation"] for line in attempted} >= {first["conversation"]}
