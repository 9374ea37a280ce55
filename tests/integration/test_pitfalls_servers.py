"""Pitfalls 1 to 4 between real servers: one mail twice, two under one id, none, and races."""

from __future__ import annotations

from pathlib import Path

import pytest
from loopback import eventually
from servers import Dovecot, Postfix
from shop import Shop
from test_whole_way_imap import imap_shop

pytestmark = pytest.mark.servers

LIST_FIELDS = b"List-Id: Everybody <all.lists.example>\nList-Post: <mailto:all@lists.example>\n"
FOOTER = b"_______________________________________________\nall mailing list\nall@lists.example\n"


def words(shop: Shop) -> list[str]:
    """Return what customers wrote, in all conversations."""
    found = [each for one in shop.conversations() for each in one["messages"]]
    return sorted(each["reply_text"].strip() for each in found if each["direction"] == "inbound")


def acknowledged(shop: Shop) -> int:
    """Return how many acknowledgements went out."""
    return sum(1 for each in shop.outbox() if each.kind == "auto_reply")


def settled(shop: Shop, mails: int) -> None:
    """Wait until so many mails have come in and everything is done."""
    eventually(lambda: sum(shop.journal_states().values()) >= mails, 20, "all mails journaled")
    shop.wait_until_quiet()


@pytest.fixture
def shop(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Shop:
    """A shop that takes its mail by LMTP from Postfix."""
    made = Shop(tmp_path, dovecot, postfix)
    made.mailbox["aliases"] = [f"help@{made.domain}"]
    made.route()
    return made


def test_pitfall_1_two_of_our_addresses_and_a_list_make_one_message(shop: Shop) -> None:
    addresses = [shop.address, f"help@{shop.domain}"]
    mail = shop.compose(shop.jane, "Everywhere", "Did this come once?\n", To=", ".join(addresses))
    raw = bytes(mail)
    by_list = LIST_FIELDS + raw.replace(b"Subject: ", b"Subject: [all] ", 1) + FOOTER
    with shop.running():
        shop.send(shop.jane, addresses, raw)
        settled(shop, 1)
        for address in addresses:
            shop.send(shop.jane, address, raw)
        shop.send("all-bounces@lists.example", shop.address, by_list)
        settled(shop, 4)
    assert words(shop) == ["Did this come once?"]
    assert acknowledged(shop) == 1
    assert [len(shop.inbox(who)) for who in (shop.jane, shop.anna)] == [1, 1]


def test_pitfall_2_mails_under_one_id_are_all_there(shop: Shop) -> None:
    same = {"Message_ID": f"<status@parcel-{shop.number}.example>"}
    with shop.running():
        for number in range(4):
            text = f"Parcel {number} is on its way.\n"
            shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "P", text, **same)))
        settled(shop, 4)
    assert words(shop) == [f"Parcel {number} is on its way." for number in range(4)]
    assert shop.journal_states() == {"applied": 4}


def test_pitfall_3_a_mail_without_id_is_fetched_once_for_ever(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """Not at the next visits, not after a restart, and not when the folder is numbered anew."""
    shop = imap_shop(tmp_path, dovecot, postfix, "keep", poll="1 s")
    raws = []
    for number in range(3):
        mail = shop.compose(shop.jane, "No id", f"Question {number}\n")
        del mail["Message-ID"]
        raws.append(bytes(mail))
    assert not any(b"message-id" in raw.lower() for raw in raws)
    with shop.running():
        eventually(lambda: list(shop.problems().values()) == [None], 10, "the folder is visited")
        dovecot.append(shop.address, raws)
        settled(shop, 3)
    dovecot.reset_uidvalidity(shop.address)
    with shop.running():
        dovecot.append(shop.address, [raws[0].replace(b"Question 0", b"Question 3")])
        settled(shop, 4)
    assert words(shop) == [f"Question {number}" for number in range(4)]
    assert shop.journal_states()["applied"] == 4
    assert len(shop.conversations()) == 4
    assert acknowledged(shop) == 3, "the cap of one person in an hour; none of them twice"


def test_pitfall_4_two_fetchers_on_one_folder_take_each_mail_whole_and_once(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    """Both move what they have taken out of the folder, under each other's hands."""
    shop = imap_shop(tmp_path, dovecot, postfix, "move:Done", poll="1 s")
    (first,) = shop.mailbox["sources"]
    second = {"imap": {**first["imap"], "port": dovecot.imap_port, "tls": "starttls"}}
    shop.mailbox["sources"] = [first, second]
    people = [f"p{number}@customers-{number}.example" for number in range(40)]
    raws = [
        bytes(shop.compose(who, f"Question {n}", f"Words {n:02} " + "and more " * 500 + "end.\n"))
        for n, who in enumerate(people)
    ]
    dovecot.append(shop.address, raws)
    with shop.running():
        eventually(lambda: not dovecot.messages(shop.address), 30, "the folder emptied")
        eventually(lambda: len(shop.conversations()) == 40, 20, "all mails filed")
    assert list(shop.problems().values()) == [None, None], "both fetchers were at work"
    found = words(shop)
    assert [text[:8] for text in found] == [f"Words {number:02}" for number in range(40)]
    assert all(text.endswith("end.") for text in found), "nobody got an empty or a torn body"
    assert shop.journal_states()["applied"] == 40
    assert shop.journal_states().get("quarantined", 0) == 0
    # A server may let both move the same mail; none of them is lost.
    assert len(set(dovecot.messages(shop.address, "Done"))) == 40
