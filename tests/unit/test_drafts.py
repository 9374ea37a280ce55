"""Mails as they are kept until they leave: texts kept once, and bytes that stay the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, make

from inboxd.conversations.states import OutboxState
from inboxd.desk import leaks
from inboxd.errors import Permanent
from inboxd.mail.compose import compose
from inboxd.mail.drafts import (
    assemble,
    decode_draft,
    encode_draft,
    encode_texts,
    text_of,
)
from inboxd.mail.model import Address
from inboxd.mail.outgoing import OutgoingAttachment, OutgoingMail
from inboxd.store import outbox

MAIL = OutgoingMail(
    from_=Address("Tea Shop", "support@shop.example"),
    to=(Address("Ben", "ben@shop.example"),),
    subject="[#1] Grüße",
    message_id="1.a.b@shop.example",
    date=datetime(2030, 5, 6, 8, tzinfo=UTC),
    text="Grüße\nWrite to WORD1 or WORD10.\n",
    html="<p>Grüße: <a href='mailto:WORD1'>WORD10</a></p>",
    attachments=(OutgoingAttachment("a.pdf", "application/pdf", 7, 2),),
    fills={"WORD1": "close+x@shop.example", "WORD10": "Ben <& Co>"},
)


def file(journal_id: int, part: int) -> bytes:
    return b"%PDF"


def test_fills_stand_in_the_place_of_their_words() -> None:
    draft = compose(MAIL)
    assert text_of(draft) == "Grüße\nWrite to close+x@shop.example or Ben <& Co>.\n"
    whole = replace(
        MAIL,
        fills={},
        text=MAIL.text.replace("WORD10", "Ben <& Co>").replace("WORD1", "close+x@shop.example"),
        html="<p>Grüße: <a href='mailto:close+x@shop.example'>Ben &lt;&amp; Co&gt;</a></p>",
    )
    assert assemble(draft, file) == assemble(compose(whole), file)


def test_texts_kept_apart_make_the_same_bytes() -> None:
    draft = compose(MAIL)
    apart = encode_draft(draft, texts_apart=True)
    assert decode_draft(apart, encode_texts(draft.texts)) == decode_draft(encode_draft(draft))
    assert "Grüße".encode() not in apart
    with pytest.raises(Permanent):
        decode_draft(apart)


def test_what_looks_like_a_slot_in_a_mail_is_none() -> None:
    draft = compose(replace(MAIL, text="\x010\x02 and WORD1\0\n"))
    assert text_of(draft) == "0 and close+x@shop.example\n"


def test_R5_what_a_release_has_stored_makes_the_same_bytes_in_every_later_one() -> None:
    """A mail may be sent again after an upgrade: this hash must never change."""
    stored = encode_draft(compose(MAIL))
    content = assemble(decode_draft(stored), file)
    found = (hashlib.sha256(stored).hexdigest(), hashlib.sha256(content).hexdigest())
    assert found == (
        "fe16382d996c088942331e7b9e39ab06e16bb8bc9d1405d6f07514b51ca9966e",
        "cbcae525e8a33f987d6cbfd2e2fd23493914ac7a6e2cb282fa6ce886f7e30e3e",
    )


def test_a_draft_of_the_first_release_is_still_read() -> None:
    stored = b"\x01\x00\x00\x00\x03abc\xff\xff\xff\xff" + b"\0" * 7 + b"\x07\0\0\0\x02"
    assert assemble(decode_draft(stored), file) == b"abcJVBERg==\r\n"


def texts(desk: Desk) -> int:
    with desk.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM outbox_text").scalar_one())


def test_colleagues_who_are_told_the_same_share_one_text(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("Where is it?\n")
    anna, ben = desk.to("anna@shop.example"), desk.to("ben@shop.example")
    assert texts(desk) == 1
    assert "Assign to Ben" in anna.mail.text
    assert "Assign to Anna" in ben.mail.text
    assert anna.mail.text != ben.mail.text
    assert anna.mail.reply_to != ben.mail.reply_to


def test_shared_and_own_rendering_say_the_same(tmp_path: Path) -> None:
    named = CONFIG.replace("name: ben, ", 'name: ben, display_name: "Ben  O\'Neill & <b>Co</b>", ')
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    own = {"notification.txt.j2": '{% include "shipped/notification.txt.j2" %}'}
    said = []
    for folder in ("a", "b"):
        desk = make(tmp_path / folder, config=named, templates=own if folder == "b" else None)
        desk.customer("Where is it?\n\n-- \nJane {{ 7 * 7 }}\n")
        for agent in ("anna", "ben"):
            mail = desk.to(f"{agent}@shop.example").mail
            said.append((mail.text, mail.html.replace("&#x27;", "&#39;")))
        assert texts(desk) == (1 if folder == "a" else 2)
    assert said[:2] == said[2:]


def test_texts_go_with_the_last_mail_that_bears_them(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    ids = [sent.id for sent in desk.outbox()]
    with desk.database.write() as connection:
        outbox.withdraw(connection, ids[:1])
    assert texts(desk) == 1
    with desk.database.write() as connection:
        outbox.withdraw(connection, ids[1:])
    assert texts(desk) == 0


def test_of_a_notification_that_was_sent_its_words_are_kept(tmp_path: Path) -> None:
    """Agents quote them in answers, where they must not reach the customer."""
    desk = make(tmp_path)
    desk.customer("Where is it?\n")
    with desk.database.write() as connection:
        for number in (1, 2):
            outbox.settle(connection, number, OutboxState.SENT, desk.clock.now(), forget=number < 2)
        sent, kept = (outbox.get(connection, number) for number in (1, 2))
    assert sent is not None
    assert kept is not None
    assert (sent.state, sent.draft) == ("sent", b"")
    assert kept.draft != b""
    words = leaks._text(sent)
    assert "Where is it?" in words
    assert "Close: support+@shop.example" in words  # nobody's: the address was the agent's own
    assert len(words.splitlines()) == len(leaks._text(kept).splitlines())
