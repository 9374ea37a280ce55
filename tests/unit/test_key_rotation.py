"""The secret key is changed while mail is under way: what the old one signed goes on working.

Each test lets a shop send with one key, gives it another with the first one kept as an old key,
and plays an answer to what was sent before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk_kit import CONFIG, JANE, SHOP, Desk, bounce, letter, make
from digest_kit import digest_shop, mails, morning
from pydantic import SecretStr
from test_desk_actions_by_mail import links, tap

from inboxd.conversations.tokens import Purpose, TokenKey
from inboxd.desk.shop import load_key

NEW = "another secret for tests, of no other use"
MAKER = "Mia Maker <mia@maker.example>"


def rotate(desk: Desk, *, keep: bool = True) -> Desk:
    """Return the same shop with another key; without `keep` the old one is forgotten."""
    config = desk.shop.config
    assert config.secret_key is not None
    old = [config.secret_key] if keep else []
    config = config.model_copy(update={"secret_key": SecretStr(NEW), "old_secret_keys": old})
    shop = replace(desk.shop, config=config, key=load_key(config))
    for cached in ("desks", "addresses", "trust"):
        shop.__dict__.pop(cached, None)
    desk.fresh()
    return replace(desk, shop=shop)


def answered(tmp_path: Path) -> Desk:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "It was sent on Monday.")
    return desk


def test_a_customers_reply_address_of_the_old_key_leads_back(tmp_path: Path) -> None:
    desk = answered(tmp_path)
    sent = desk.to("jane@customer.example")
    desk = rotate(desk)
    desk.reply(sent, "Thank you, where is it now?", references=(), in_reply_to="gone@c.example")
    assert desk.count() == 1
    assert desk.texts()[-1].startswith("inbound: Thank you, where is it now?")


def test_without_the_old_key_it_leads_nowhere(tmp_path: Path) -> None:
    desk = answered(tmp_path)
    sent = desk.to("jane@customer.example")
    desk = rotate(desk, keep=False)
    desk.reply(sent, "Where is it now?", references=(), in_reply_to="gone@c.example")
    assert desk.count() == 2, "the key is what proves it"


def test_an_agents_answer_to_a_mail_of_the_old_key_is_proven(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    told = desk.to("anna@shop.example")
    desk = rotate(desk)
    desk.answer_as("anna", told, "It was sent on Monday.\n\n#close")
    assert desk.state() == "closed"
    assert "It was sent on Monday." in desk.to("jane@customer.example").mail.text


def test_the_new_key_signs_and_the_old_one_would_not_read_it(tmp_path: Path) -> None:
    desk = rotate(answered(tmp_path))
    desk.customer("Another thing.\n", sender="Kim <kim@customer.example>")
    told = desk.to("anna@shop.example")
    token = told.reply_to.partition("+")[2].partition("@")[0]
    old = TokenKey(b"a secret for tests, of no other use")
    new = TokenKey(NEW.encode())
    today = desk.clock.now().date()
    assert old.read(token, "support", today) is None
    assert new.read(token, "support", today) is not None
    assert told.mail.message_id is not None
    assert old.read_message_id(told.mail.message_id, "support") is None
    assert new.read_message_id(told.mail.message_id, "support") == 2


def test_an_agents_thread_stays_whole_over_the_change(tmp_path: Path) -> None:
    desk = make(tmp_path)
    first = desk.customer()
    before = desk.to("anna@shop.example").mail.references
    desk = rotate(desk)
    desk.customer("And is it organic?\n", in_reply_to=first)
    after = desk.to("anna@shop.example").mail.references
    assert len(before) == 1
    assert after[0] == before[0], "both name the old root"
    assert len(after) == 2


def test_links_of_the_old_key_act(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    told = desk.to("anna@shop.example")
    assert "Close" in links(told)
    desk = rotate(desk)
    tap(desk, told, "Close")
    assert desk.state() == "closed"


def test_a_list_of_the_old_key_is_answered_line_by_line(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 2)
    sent = morning(desk)
    desk = rotate(desk)
    desk.answer_as("ben", sent, "1 close\n2 assign anna\n")
    assert (desk.state(1), desk.conversation(2).assignee) == ("closed", "anna")


def test_a_side_threads_address_of_the_old_key_leads_back(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Warranty?\n\n#forward mia@maker.example")
    sent = desk.to("mia@maker.example", "forward")
    desk = rotate(desk)
    desk.reply(sent, "It is.", sender=MAKER)
    assert desk.count() == 1
    assert "It is." in desk.to("anna@shop.example", "side").mail.text


def test_a_bounce_to_an_address_of_the_old_key_finds_its_conversation(tmp_path: Path) -> None:
    desk = answered(tmp_path)
    answer = desk.to("jane@customer.example")
    assert answer.envelope_from
    desk = rotate(desk)
    desk.send(bounce("jane@customer.example"), to=[answer.envelope_from], envelope_from="")
    assert desk.count() == 1
    assert desk.bounced("jane@customer.example")


def test_an_address_for_new_mail_of_the_old_key_is_taken(tmp_path: Path) -> None:
    desk = make(tmp_path)
    address = desk.reply_address(Purpose.NEW, 1, "agent:anna", days=300)
    desk = rotate(desk)
    words = "We have found your umbrella.\n\n#to kim@customer.example"
    raw = letter("Anna <anna@shop.example>", "Your umbrella", words, to=address)
    desk.send(raw, to=[address], envelope_from="anna@shop.example")
    assert "umbrella" in desk.to("kim@customer.example").mail.text


def test_our_own_id_of_the_old_key_threads_where_its_row_is_gone(tmp_path: Path) -> None:
    """As after a restored backup: nothing but the signature knows the mail."""
    desk = make(tmp_path)
    desk.customer()
    key = desk.shop.key
    lost = key.message_id("support", "shop.example", 1, "an effect that no row remembers")
    desk = rotate(desk)
    desk.send(letter(JANE, "Re: tea", "Where?\n", in_reply_to=lost), to=[SHOP])
    assert desk.count() == 1


@pytest.mark.parametrize("count", [2, 5])
def test_several_old_keys_are_accepted(tmp_path: Path, count: int) -> None:
    desk = answered(tmp_path)
    sent = desk.to("jane@customer.example")
    olds = [SecretStr(f"an old secret for tests number {n}") for n in range(count)]
    config = desk.shop.config
    assert config.secret_key is not None
    update = {"secret_key": SecretStr(NEW), "old_secret_keys": [*olds, config.secret_key]}
    config = config.model_copy(update=update)
    desk = replace(desk, shop=replace(desk.shop, config=config, key=load_key(config)))
    desk.reply(sent, "Where is it now?", references=(), in_reply_to="gone@c.example")
    assert desk.count() == 1


def test_the_kit_signs_with_the_key_that_these_tests_change() -> None:
    assert "secret_key: a secret for tests, of no other use" in CONFIG
