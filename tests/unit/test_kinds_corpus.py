"""Kinds measured on real mail that nobody on this project wrote; not part of the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inboxd.mail.classify import TrustPolicy, classify
from inboxd.mail.mime import parse
from inboxd.mail.model import Kind, Verdict

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no mail corpus in {CORPUS}")


def verdict(path: Path) -> Verdict:
    """Classify a file as the mailbox that it was sent to would."""
    raw = path.read_bytes()
    mail = parse(raw)
    ours = frozenset(address.key for address in (*mail.to, *mail.cc))
    return classify(mail, TrustPolicy(own_addresses=ours), None, raw)


def expectations(folder: str) -> list[tuple[Path, dict[str, Any]]]:
    lines = (CORPUS / folder / "expect.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [(CORPUS / folder / entry["file"], entry["expect"]) for entry in entries]


def test_bounces_are_detected_with_their_recipients() -> None:
    detected: list[bool] = []
    recipients: list[bool] = []
    for path, expect in expectations("bounces"):
        found = verdict(path)
        named = found.bounce.recipients if found.bounce else ()
        if "is_bounce" in expect:
            detected.append((found.kind is Kind.BOUNCE) == expect["is_bounce"])
        if "bounced_recipients" in expect:
            failed = sorted(r.address for r in named if r.action == "failed")
            delayed = sorted(r.address for r in named if r.action == "delayed")
            recipients.append(
                failed == sorted(expect["bounced_recipients"])
                and delayed == sorted(expect["temporary_recipients"])
            )
    print(f"bounces: {sum(detected)} of {len(detected)} detected")
    print(f"recipients: {sum(recipients)} of {len(recipients)} right")
    assert sum(detected) / len(detected) >= 0.97
    assert sum(recipients) / len(recipients) >= 0.95


def test_automatic_answers_are_told_from_peoples() -> None:
    for path, expect in expectations("auto_replies"):
        found = verdict(path)
        automatic = found.kind in (Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE)
        facts = {
            "is_auto_reply": automatic,
            "is_auto_reply_or_bulk": automatic or found.kind is Kind.BULK,
            "may_auto_respond": found.may_answer,
            "is_bounce": found.kind is Kind.BOUNCE,
        }
        wanted = {name: value for name, value in expect.items() if name in facts}
        assert {name: facts[name] for name in wanted} == wanted, path.name


@pytest.mark.parametrize("folder", ["parse", "threads", "torture"])
def test_only_reports_are_taken_for_bounces(folder: str) -> None:
    """A bounce in these folders carries a delivery status, unless it is the one false allowed."""
    wrong = [
        path.name
        for path in sorted((CORPUS / folder).rglob("*"))
        if path.is_file()
        and path.name != "expect.jsonl"
        and verdict(path).kind is Kind.BOUNCE
        and b"delivery-status" not in path.read_bytes().lower()
    ]
    assert len(wrong) <= 1
