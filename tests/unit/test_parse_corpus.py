"""Reading measured on real mail that nobody on this project wrote; not part of the repository."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no mail corpus in {CORPUS}")

# How its collector files the HTML of a mail and what has no name; we show both as the mail's words.
COLLECTORS_NAMES = {"message.html", "file"}


def expectations() -> list[tuple[ParsedMail, dict[str, Any]]]:
    lines = (CORPUS / "parse" / "expect.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        (parse((CORPUS / "parse" / entry["file"]).read_bytes()), entry["expect"])
        for entry in entries
    ]


def folded(text: str) -> str:
    return " ".join(text.split())


def share(hits: list[bool]) -> float:
    assert hits
    return sum(hits) / len(hits)


def test_subjects_are_read() -> None:
    hits = [folded(m.subject) == folded(e["subject"]) for m, e in expectations() if "subject" in e]
    assert share(hits) >= 0.95


def test_senders_are_read() -> None:
    """Two of 32 senders are no addresses where the collector copied a broken field."""
    hits = [
        [a.address for a in mail.from_] == [expect["from_email"]]
        for mail, expect in expectations()
        if " " not in expect.get("from_email", " ")
    ]
    assert share(hits) >= 0.95


def test_recipients_are_read() -> None:
    hits = []
    for mail, expect in expectations():
        for name, addresses in (("to", mail.to), ("cc", mail.cc), ("reply_to", mail.reply_to)):
            if name in expect:
                named = [a.rpartition("<")[2].strip("> ") for a in expect[name].split(",")]
                hits.append([a.address for a in addresses] == [a for a in named if a])
    assert share(hits) >= 0.95


def test_attachments_are_named() -> None:
    hits = [
        [a.filename for a in mail.attachments]
        == [a["name"] for a in expect["attachments"] if a["name"] not in COLLECTORS_NAMES]
        for mail, expect in expectations()
        if "attachments" in expect
    ]
    assert share(hits) >= 0.95


def test_S4_every_mail_is_read_soundly_and_fast() -> None:
    paths = sorted(
        p for p in CORPUS.rglob("*") if p.is_file() and p.suffix not in (".jsonl", ".md")
    )
    for path in paths:
        raw = path.read_bytes()
        begin = time.process_time()
        mail = parse(raw)
        assert time.process_time() - begin < 2.0, path.name
        assert not [d for d in mail.defects if d.startswith(("parse:", "quotes:", "html:"))]
