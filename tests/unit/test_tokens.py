from __future__ import annotations

from datetime import date

import pytest

from inboxd.conversations.tokens import (
    ExpiredToken,
    Purpose,
    ReplyAddressPattern,
    Token,
    TokenKey,
)

SECRET = b"sixteen bytes and then some"
KEY = TokenKey(SECRET)
TODAY = date(2030, 5, 6)
CARLA = "mail:carla@customer.example"


def customer_token(key: TokenKey = KEY, conversation: int = 1042) -> str:
    return key.token(Purpose.CUSTOMER, "support", conversation, CARLA)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("conversation", [1, 255, 256, 1042, 2**24 - 1, 2**24, 2**63])
@pytest.mark.parametrize("expires", [None, TODAY, date(2190, 1, 1)])
def test_a_token_says_what_went_in(purpose: Purpose, conversation: int, expires: date | None):
    text = KEY.token(purpose, "support", conversation, "agent:anna", expires)

    read = KEY.read(text, "support", TODAY)

    assert read == Token(purpose, conversation, KEY.party_hash("agent:anna"), expires)
    assert isinstance(read, Token)
    assert KEY.is_for(read, "agent:anna")
    assert not KEY.is_for(read, "agent:ben")


def test_a_token_fits_into_a_local_part():
    longest = KEY.token(Purpose.AGENT, "support", 2**24 - 1, "agent:anna", TODAY)

    assert len(longest) <= 32
    assert len(f"support+{longest}") < 64
    assert longest == longest.lower()
    assert longest.isalnum()


def test_letter_case_does_not_matter():
    assert KEY.read(customer_token().upper(), "support", TODAY) is not None


def test_every_changed_character_is_noticed():
    text = KEY.token(Purpose.AGENT, "support", 1042, "agent:anna", TODAY)
    for position, old in enumerate(text):
        for new in set("abcdefghijklmnopqrstuvwxyz234567") - {old}:
            forged = text[:position] + new + text[position + 1 :]
            assert KEY.read(forged, "support", TODAY) is None, forged


@pytest.mark.parametrize(
    "text", ["", "a", "support", "0189", "=" * 8, "ä" * 20, "a" * 10_000, customer_token() + "a"]
)
def test_what_is_no_token_reads_as_none(text: str):
    assert KEY.read(text, "support", TODAY) is None


def test_another_mailbox_or_another_secret_reads_as_none():
    assert KEY.read(customer_token(), "sales", TODAY) is None
    assert TokenKey(b"another secret of us").read(customer_token(), "support", TODAY) is None


def test_purposes_and_parties_give_different_tokens():
    texts = {KEY.token(purpose, "support", 1042, CARLA) for purpose in Purpose}
    texts.add(KEY.token(Purpose.CUSTOMER, "support", 1042, "mail:dan@customer.example"))

    assert len(texts) == len(Purpose) + 1


def test_an_expired_token_is_told_from_a_forged_one():
    text = KEY.token(Purpose.AGENT, "support", 1042, "agent:anna", date(2030, 5, 5))

    read = KEY.read(text, "support", TODAY)

    assert isinstance(read, ExpiredToken)
    assert read.token.conversation == 1042
    assert isinstance(KEY.read(text, "support", date(2030, 5, 5)), Token)


def test_old_secrets_verify_and_the_new_one_signs():
    rotated = TokenKey(b"the secret of this year", old=(SECRET,))
    old = rotated.read(customer_token(), "support", TODAY)

    assert isinstance(old, Token)
    assert rotated.is_for(old, CARLA)
    assert KEY.read(customer_token(rotated), "support", TODAY) is None
    assert rotated.read_message_id(KEY.message_id("support", "shop.example", 7, "k"), "support")


def test_parties_are_compared_without_letter_case_and_their_hash_is_keyed():
    assert KEY.party_hash("mail:Carla@Customer.Example") == KEY.party_hash(CARLA)
    assert KEY.party_hash(CARLA) != TokenKey(b"another secret of us").party_hash(CARLA)


@pytest.mark.parametrize(
    ("conversation", "expires"),
    [(0, None), (-1, None), (2**64, None), (1, date(2019, 12, 31)), (1, date(2300, 1, 1))],
)
def test_what_cannot_be_signed_is_refused(conversation: int, expires: date | None):
    with pytest.raises(ValueError):
        KEY.token(Purpose.AGENT, "support", conversation, "agent:anna", expires)


def test_short_secrets_are_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        TokenKey(b"short")


def test_a_message_id_is_stable_and_signed():
    made = KEY.message_id("support", "shop.example", 1042, "journal:7/rule:ack/0")

    assert made == KEY.message_id("support", "shop.example", 1042, "journal:7/rule:ack/0")
    assert made != KEY.message_id("support", "shop.example", 1042, "journal:7/rule:ack/1")
    assert KEY.read_message_id(made, "support") == 1042
    assert KEY.read_message_id(f"<{made.upper()}>".strip("<>"), "support") == 1042
    assert KEY.read_message_id(made, "sales") is None
    assert KEY.read_message_id(made.replace("1042", "1043", 1), "support") is None


def test_pitfall_29_a_message_id_looks_like_others():
    local, _, domain = KEY.message_id("support", "shop.example", 1042, "k").partition("@")

    assert domain == "shop.example"
    assert [len(part) for part in local.split(".")] == [4, 13, 16]
    assert local.replace(".", "").isalnum()


@pytest.mark.parametrize(
    "message_id",
    ["", "@", "1042@shop.example", "x.y.z@shop.example", "1042.aaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@x"],
)
def test_ids_of_others_read_as_none(message_id: str):
    assert KEY.read_message_id(message_id, "support") is None


PLUS = ReplyAddressPattern.parse("{local}+{token}@{domain}")
CATCH_ALL = ReplyAddressPattern.parse("{token}@reply.shop.example")
NONE = ReplyAddressPattern.parse("none")
ADDRESS = "support@shop.example"


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        (PLUS, "support+abc234@shop.example"),
        (CATCH_ALL, "abc234@reply.shop.example"),
        (ReplyAddressPattern.parse("r-{token}@{domain}"), "r-abc234@shop.example"),
        (ReplyAddressPattern.parse("{token}.{local}@{domain}"), "abc234.support@shop.example"),
    ],
)
def test_a_pattern_gives_back_the_token_it_was_given(pattern: ReplyAddressPattern, made: str):
    assert pattern.format(ADDRESS, "abc234") == made
    assert pattern.extract(made, ADDRESS) == "abc234"
    assert pattern.extract(f" <{made.upper()}>", ADDRESS) == "abc234"
    assert pattern.owns(made, ADDRESS)
    assert pattern.owns("Support@Shop.Example", ADDRESS)


def test_a_mailbox_without_reply_addresses_has_its_address_alone():
    assert ReplyAddressPattern.parse(None) == NONE
    assert NONE.format(ADDRESS, "abc234") == ADDRESS
    assert NONE.extract("support+abc234@shop.example", ADDRESS) is None
    assert NONE.owns(ADDRESS, ADDRESS)
    assert not NONE.owns("support+abc234@shop.example", ADDRESS)


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "@",
        "anna@shop.example",
        "supporter@shop.example",
        "support+@shop.example",
        "support+abc@shop.example.evil.example",
        "xsupport+abc@shop.example",
        "support+a@b@shop.example",
        "support+abc@sub.shop.example",
    ],
)
def test_a_pattern_leaves_other_addresses_alone(recipient: str):
    assert PLUS.extract(recipient, ADDRESS) is None
    assert not PLUS.owns(recipient, ADDRESS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "support@shop.example",
        "{local}+{token}",
        "{local}+{token}@",
        "{token}{token}@reply.example",
        "{token}@{token}.example",
        "{token}@{domain}",
        "{local}{token}@{domain}",
        "x{token}@{domain}",
        "{local}+{tokn}@{domain}",
        "{local}+{token}+{user}@{domain}",
        "{local}+{token}@{local}.example",
        "{domain}+{token}@reply.example",
    ],
)
def test_patterns_that_cannot_work_are_refused(text: str):
    with pytest.raises(ValueError):
        ReplyAddressPattern.parse(text)


def test_a_reply_address_that_no_server_takes_is_refused():
    with pytest.raises(ValueError, match="64 octets"):
        PLUS.format("a" * 40 + "@shop.example", "b" * 32)
