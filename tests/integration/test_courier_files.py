"""Canned replies' files on their way out: the bytes of when the mail was made, again and again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from desk_kit import Desk, make
from test_courier import FakeTransport, crash_while_sending, deliver

from inboxd.mail.mime import parse
from inboxd.mail.parts import read_part
from inboxd.store.outbox import LEASE

RULE = "- name: R\n  when: conversation.opened\n  then: [{reply: {canned: papers}}]\n"


def desk(folder: Path) -> Desk:
    (folder / "canned").mkdir()
    (folder / "canned" / "terms.pdf").write_bytes(b"%PDF-1.7 \xff\x00" * 1000)
    (folder / "canned" / "papers.md").write_text("---\nattachments: terms.pdf\n---\nHere.\n")
    made = make(folder, rules=RULE)
    made.customer()
    return made


def papers(transport: FakeTransport) -> list[bytes]:
    sent = (content for _, _, content in transport.sent)
    return [content for content in sent if b"terms.pdf" in content]


def test_R5_a_kept_file_goes_out_with_the_same_bytes_whatever_becomes_of_it(tmp_path: Path) -> None:
    shop, transport = desk(tmp_path), FakeTransport()
    crash_while_sending(shop, transport)
    (tmp_path / "canned" / "terms.pdf").write_bytes(b"another")
    shop = shop.reopened()
    shop.clock.advance(LEASE * 2)
    deliver(shop, transport)
    first, *others = papers(transport)
    assert {hashlib.sha256(each).digest() for each in others} <= {hashlib.sha256(first).digest()}
    (file,) = parse(first).attachments
    assert read_part(first, file.part) == b"%PDF-1.7 \xff\x00" * 1000
    assert (file.filename, file.content_type) == ("terms.pdf", "application/pdf")


def test_a_mail_whose_kept_file_is_gone_is_dead_and_says_so(tmp_path: Path) -> None:
    shop, transport = desk(tmp_path), FakeTransport()
    with shop.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM kept_file")
    deliver(shop, transport)
    assert papers(transport) == []
    assert shop.has_event("delivery.failed", "the kept file 1 that it sends along is gone")
