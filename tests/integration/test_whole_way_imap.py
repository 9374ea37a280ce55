"""The whole way with the shop's mailbox on an IMAP server, and mail sent by submission over TLS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from clients import Answer, File, apple_mail, outlook
from loopback import eventually
from servers import PASSWORD, Dovecot, Postfix
from shop import SIGNATURE, Shop, read, text_of
from test_whole_way_lmtp import assert_nothing_internal, assert_plain_wire

pytestmark = pytest.mark.servers

QUESTION = "Hello,\n\nmy delivery lacks the Darjeeling.\n\nJane\n"
WORDS = "Hello Jane,\n\nit is on its way to you."


def imap_shop(folder: Path, dovecot: Dovecot, postfix: Postfix, after: str, **imap: Any) -> Shop:
    """A shop whose mail Postfix brings into a Dovecot mailbox, where inboxd reads it."""
    shop = Shop(folder, dovecot, postfix)
    dovecot.add_users(shop.address)
    postfix.set_transport(shop.domain, f"lmtp:inet:[127.0.0.1]:{dovecot.lmtp_port}")
    source = {
        "host": "localhost",
        "port": dovecot.imaps_port,
        "tls": "implicit",
        "user": shop.address,
        "password": PASSWORD,
        "ca_file": dovecot.ca_file,
        "after": after,
        "poll": "10 min",  # IDLE alone must bring the mail
        "idle_renew": "9 min",
    }
    shop.mailbox["sources"] = [{"imap": source | imap}]
    shop.config["listen"] = {}
    return shop


def submission(shop: Shop, tls: str) -> dict[str, Any]:
    """How the shop hands its mail in: with a password, over TLS."""
    port = shop.postfix.smtps_port if tls == "implicit" else shop.postfix.submission_port
    return {
        "smtp": {
            "host": "localhost",
            "port": port,
            "tls": tls,
            "user": shop.address,
            "password": PASSWORD,
            "ca_file": shop.postfix.ca_file,
        }
    }


@pytest.mark.parametrize(
    ("after", "tls", "imap_tls"),
    [("seen", "starttls", "implicit"), ("move:Handled", "implicit", "starttls")],
)
def test_question_answer_and_thanks(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, after: str, tls: str, imap_tls: str
) -> None:
    port = dovecot.imaps_port if imap_tls == "implicit" else dovecot.imap_port
    shop = imap_shop(tmp_path, dovecot, postfix, after, tls=imap_tls, port=port)
    shop.config["send"] = submission(shop, tls)
    photo = File("tin.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + os.urandom(30_000))
    with shop.running():
        eventually(lambda: list(shop.problems().values()) == [None], 10, "the folder is visited")
        question = bytes(shop.compose(shop.jane, "Delivery incomplete", QUESTION))
        shop.swaks(shop.jane, shop.address, question)
        acknowledged = read(shop.wait_for(shop.jane, 1))
        assert acknowledged["Auto-Submitted"] == "auto-replied"
        assert acknowledged["Return-Path"] == "<>"
        notified = shop.wait_for(shop.bert, 1)
        words = f"#priority high\n\n{WORDS}\n\n#tag tea"
        shop.answer(shop.bert, outlook(Answer(notified, shop.bert, "Bert", words, [photo])))
        _assert_answer(shop, photo)
        for who in (shop.anna, shop.cleo):
            assert "Bert answered Jane Doe" in text_of(shop.wait_for(who, 2))
        assert "- Tagged: tea." in text_of(shop.wait_for(shop.bert, 2))
        thanks = Answer(shop.inbox(shop.jane)[1], shop.jane, "Jane", "Thank you, it is here.")
        shop.answer(shop.jane, apple_mail(thanks))
        for who in (shop.anna, shop.bert, shop.cleo):
            assert "Thank you, it is here." in text_of(shop.wait_for(who, 3))
        shop.wait_until_quiet()
        _assert_folder(shop, after)
    found = shop.conversations()
    assert [each["number"] for each in found] == [1]
    assert found[0]["state"] == "open"
    assert found[0]["priority"] == "high"
    assert sorted(found[0]["tags"]) == ["delivery", "tea"]
    assert [each["reply_text"] for each in found[0]["messages"]][2:] == [
        WORDS,
        "Thank you, it is here.",
    ]
    log = shop.postfix.log()
    assert f"sasl_username={shop.address}" in log
    assert [len(shop.inbox(who)) for who in (shop.jane, shop.anna, shop.bert)] == [2, 3, 3]


def _assert_answer(shop: Shop, photo: File) -> None:
    raw = shop.wait_for(shop.jane, 2)
    assert_plain_wire(raw)
    assert text_of(raw) == f"{WORDS}\n\n-- \n{SIGNATURE}\n"
    (file,) = read(raw).iter_attachments()
    assert file.get_filename() == photo.name
    assert file.get_payload(decode=True) == photo.content
    assert_nothing_internal(raw, shop, "Subject: Delivery", "Darjeeling")


def _assert_folder(shop: Shop, after: str) -> None:
    """Everything that came in is marked as the configuration says, and nothing is gone."""
    if after == "seen":
        flags = eventually(
            lambda: [
                f for f in [shop.dovecot.flags(shop.address)] if all(b"\\Seen" in e for e in f)
            ],
            10,
            "all mails marked",
        )[0]
        assert flags == [(b"\\Seen",)] * 3
        return
    eventually(lambda: not shop.dovecot.messages(shop.address), 10, "the INBOX emptied")
    assert len(shop.dovecot.messages(shop.address, "Handled")) == 3


def test_pitfall_6_mail_that_came_while_inboxd_was_down_is_answered_once(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """It is found at the next start, and not again at the one after that."""
    shop = imap_shop(tmp_path, dovecot, postfix, "seen")
    with shop.running():
        eventually(lambda: list(shop.problems().values()) == [None], 10, "the folder is visited")
    shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "While down", "Hello?\n")))
    dovecot.wait_for(shop.address, 1)
    for _ in range(2):
        with shop.running():
            shop.wait_for(shop.anna, 1)
            shop.wait_until_quiet()
    assert [each["subject"] for each in shop.conversations()] == ["While down"]
    assert [len(shop.inbox(who)) for who in (shop.jane, shop.anna)] == [1, 1]


def test_pitfall_1_one_mail_through_two_sources_is_one_message(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """The same mail lies in the IMAP folder and comes by LMTP, too."""
    shop = imap_shop(tmp_path, dovecot, postfix, "keep")
    shop.mailbox["sources"].append({"smtp": {}})
    shop.config["listen"] = {"lmtp": {"host": "127.0.0.1", "port": shop.lmtp_port}}
    raw = bytes(shop.compose(shop.jane, "Twice", "Did this come once?\n"))
    with shop.running():
        shop.send(shop.jane, shop.address, raw)
        shop.wait_for(shop.anna, 1)
        shop.wait_until_quiet()  # a change of route must not meet a mail that is under way
        shop.route()
        shop.send(shop.jane, shop.address, raw)
        eventually(lambda: shop.journal_states() == {"applied": 1, "duplicate": 1}, 15)
        shop.wait_until_quiet()
    assert len(shop.conversation()["messages"]) == 2  # the question and its acknowledgement
    assert [len(shop.inbox(who)) for who in (shop.jane, shop.anna)] == [1, 1]
