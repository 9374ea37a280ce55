"""Which mailbox takes mail for an address, and which addresses are nobody's."""

from __future__ import annotations

import pytest

from inboxd.config import Config
from inboxd.desk.addresses import AddressBook


def book(*mailboxes: dict[str, object]) -> AddressBook:
    config = Config.model_validate({"mailboxes": list(mailboxes), "send": {"maildir": "sent"}})
    return AddressBook(config)


SHOP = book(
    {"name": "support", "address": "Support@Shop.example", "aliases": ["help@shop.example"]},
    {"name": "sales", "address": "support+sales@shop.example", "reply_address": "none"},
    {"name": "tokens", "address": "t@shop.example", "reply_address": "{token}@reply.shop.example"},
)


@pytest.mark.parametrize(
    ("recipient", "mailbox"),
    [
        ("support@shop.example", "support"),
        ("SUPPORT@SHOP.EXAMPLE", "support"),
        ("help@shop.example", "support"),
        ("support+abc@shop.example", "support"),
        ("help+abc@shop.example", "support"),
        ("support+a+b@shop.example", "support"),
        ("support+@shop.example", "support"),
        ("support+sales@shop.example", "sales"),
        ("Support+Sales@shop.example", "sales"),
        ("anything@reply.shop.example", "tokens"),
        ("t+x@shop.example", "tokens"),
    ],
)
def test_a_mailbox_takes_its_addresses(recipient: str, mailbox: str) -> None:
    found = SHOP.mailbox_for(recipient)
    assert found is not None
    assert found.name == mailbox
    assert SHOP.owns(recipient)


@pytest.mark.parametrize(
    "recipient",
    [
        "", "@", "support", "support@", "@shop.example", "+x@shop.example", "nobody@shop.example",
        "supporter@shop.example", "xsupport@shop.example", "support@sub.shop.example",
        "support@shop.example.evil.example", "support@shop.example@evil.example",
        "support%evil.example@shop.example", "evil.example!support@shop.example",
        '"support@shop.example"@evil.example', "@reply.shop.example", "x@y@reply.shop.example",
        "support@evil.example", "support\x00@shop.example", "support @shop.example",
    ],
)  # fmt: skip
def test_other_addresses_are_nobodys(recipient: str) -> None:
    assert SHOP.mailbox_for(recipient) is None
    assert not SHOP.owns(recipient)


def test_recipients_are_gathered_by_mailbox_in_their_order() -> None:
    to = ["t@shop.example", "x@elsewhere.example", "help@shop.example", "support+1@shop.example"]
    assert SHOP.by_mailbox(to) == {"tokens": [to[0]], "support": [to[2], to[3]]}
    assert SHOP.by_mailbox([]) == {}
