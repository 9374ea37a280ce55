"""Mails from files: `parse`, `ingest`, `import`."""

from __future__ import annotations

import json
import mailbox
from pathlib import Path

import pytest
from cli_kit import MAIL, Shop, run, write_shop

from inboxd.errors import Transient
from inboxd.store.db import Database

PARSED = [
    "file",
    "from",
    "reply_to",
    "to",
    "cc",
    "subject",
    "date",
    "message_id",
    "in_reply_to",
    "references",
    "text",
    "reply_text",
    "elided_text",
    "html",
    "attachments",
    "kind",
    "reasons",
    "bounce",
    "defects",
]
BOUNCE = """\
From: MAILER-DAEMON@mx.example
To: support@shop.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
--b--
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return write_shop(tmp_path)


def test_the_contract_of_parse(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(MAIL, encoding="utf-8")
    (tmp_path / "b.eml").write_text(BOUNCE)
    ended = run("parse", tmp_path / "a.eml", tmp_path / "b.eml")
    assert ended.code == 0
    one, two = (json.loads(line) for line in ended.out.splitlines())
    assert list(one) == list(two) == PARSED
    assert one["file"] == str(tmp_path / "a.eml")
    assert one["from"] == {"name": "Jane Doe", "address": "jane@customer.example"}
    assert one["date"] == "2026-01-02T09:00:00Z"
    assert (one["kind"], one["bounce"]) == ("customer", None)
    [attachment] = one["attachments"]
    assert list(attachment) == ["filename", "content_type", "size", "sha256", "inline"]
    assert attachment["filename"] == "order.csv"
    assert two["kind"] == "bounce"
    assert two["bounce"] == {
        "recipients": [{"address": "gone@customer.example", "action": "failed", "status": "5.1.1"}]
    }


def test_parse_reads_the_standard_input_and_any_bytes() -> None:
    for raw in (b"", b"\0\xff\x80" * 99, b"From: \n\n", b"\n", bytes(range(256)) * 20):
        ended = run("parse", "-", stdin=raw)
        assert ended.code == 0
        assert list(json.loads(ended.out)) == PARSED


def test_parse_goes_on_behind_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("Subject: one\n\ntext\n")
    ended = run("parse", tmp_path / "no.eml", tmp_path, tmp_path / "a.eml")
    assert ended.code == 1
    assert [json.loads(line)["subject"] for line in ended.out.splitlines()] == ["one"]
    assert ended.err.splitlines() == [
        f"inboxd: {tmp_path / 'no.eml'}: No such file or directory",
        f"inboxd: {tmp_path}: Is a directory",
    ]


def test_of_several_authors_the_first_is_shown() -> None:
    ended = run("parse", "-", stdin=b"From: a@b.example, c@d.example\n\nx\n")
    assert json.loads(ended.out)["from"]["address"] == "a@b.example"
    assert json.loads(run("parse", "-", stdin=b"Subject: x\n\nx\n").out)["from"] is None


def test_ingest_prints_the_journal_ids(shop: Shop, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(MAIL.replace("<first@", f"<{name}@"), encoding="utf-8")
    assert shop.run("ingest", tmp_path / "a", tmp_path / "b").out == "1\n2\n"
    rows = shop.run("journal", "list", "--json").json
    assert [(row["id"], row["state"], row["source"]) for row in rows] == [
        (2, "received", "pipe"),
        (1, "received", "pipe"),
    ]


def test_ingest_takes_the_envelope(shop: Shop) -> None:
    args = ["--sender", "", "--recipient", "billing@shop.example", "--recipient", "x@y.example"]
    assert shop.run("ingest", "-", *args, stdin=MAIL.encode()).code == 0
    [row] = shop.run("journal", "list", "--json").json
    assert (row["mailbox"], row["envelope_from"]) == ("billing", "")
    assert row["envelope_to"] == ["billing@shop.example"]  # the other one is not ours


def test_ingest_refuses_what_is_no_mail_and_no_mailbox(shop: Shop, tmp_path: Path) -> None:
    assert shop.run("ingest", "-", stdin=b"  \n").code == 1
    assert shop.run("ingest", "-", "--mailbox", "sales", stdin=MAIL.encode()).code == 1
    assert shop.run("ingest", tmp_path / "none").code == 1
    assert shop.run("journal", "list", "--json").json == []


@pytest.mark.parametrize("trouble", [Transient("database: SQLITE_FULL"), OSError(28, "full")])
def test_ingest_asks_to_try_again_where_the_machine_cannot(
    shop: Shop, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Database) -> None:
        raise trouble

    monkeypatch.setattr(Database, "write", fail)
    ended = shop.run("ingest", "-", stdin=MAIL.encode())
    assert (ended.code, ended.out) == (75, "")
    assert ended.err.count("\n") == 1


def test_import_makes_history_findable_and_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "old.mbox")
    for name in ("a", "b"):
        box.add(MAIL.replace("<first@", f"<{name}@").replace("refund", f"refund {name}").encode())
    box.close()
    folder = mailbox.Maildir(tmp_path / "Maildir")
    folder.add(MAIL.replace("<first@", "<a@").replace("refund", "refund a").encode())
    folder.close()
    ended = shop.run("import", tmp_path / "old.mbox", tmp_path / "Maildir")
    assert (ended.code, ended.out) == (0, "2 new, 1 duplicates, 0 quarantined\n")
    assert len(shop.run("search", "refund", "--json").json) == 2
    shop.run("work")
    assert shop.run("outbox", "list", "--json").json == []


def test_import_refuses_before_it_begins(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("Hello")
    box = mailbox.mbox(tmp_path / "old.mbox")
    box.add(MAIL.encode())
    box.close()
    assert shop.run("import", tmp_path / "old.mbox", tmp_path / "text").code == 1
    assert shop.run("import", tmp_path / "old.mbox", "--mailbox", "sales").code == 1
    assert shop.run("journal", "list", "--json").json == []
