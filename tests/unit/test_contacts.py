"""A customer's addresses: in the store, and from a shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import MAIL, Shop, write_shop
from desk_kit import START, make

from inboxd.store import contacts, conversations
from inboxd.store.tables import Contact, table_of

JANE, OTHER = "jane@customer.example", "jane@office.example"
SECOND = MAIL.replace("jane@customer", "jane@office").replace("<first@", "<second@")


def test_a_contact_has_several_addresses_and_no_two_contacts_share_one(tmp_path: Path) -> None:
    with make(tmp_path).database.write() as connection:
        jane, _ = contacts.find_or_add(connection, JANE, "Jane", START)
        tom, _ = contacts.find_or_add(connection, "tom@x.example", "Tom", START)
        assert contacts.add_address(connection, jane.id, "Jane@Office.example")
        assert not contacts.add_address(connection, jane.id, OTHER)
        assert not contacts.add_address(connection, tom.id, OTHER)
        found = contacts.find(connection, "JANE@office.example")
        assert found is not None
        assert (found.id, found.name, found.address) == (jane.id, "Jane", OTHER)
        known = contacts.addresses_of(connection, [jane.id, tom.id])
        assert [each.address for each in known[jane.id]] == [JANE, OTHER]
        assert [each.address for each in known[tom.id]] == ["tom@x.example"]
        assert contacts.addresses_of(connection, []) == {}


def test_merging_moves_addresses_conversations_and_what_the_other_lacks(tmp_path: Path) -> None:
    table = table_of(Contact)
    with make(tmp_path).database.write() as connection:
        jane, _ = contacts.find_or_add(connection, JANE, "", START)
        other, _ = contacts.find_or_add(connection, OTHER, "Jane Doe", START)
        connection.execute(table.update().where(table.c.id == jane.id).values(fields={"a": "1"}))
        fields = {"a": "2", "b": "3"}
        connection.execute(table.update().where(table.c.id == other.id).values(fields=fields))
        contacts.mark_bounced(connection, OTHER, START)
        numbers = [
            conversations.add(
                connection,
                mailbox="support",
                subject="Tea",
                subject_key="tea",
                contact_id=each.id,
                contact_address=each.address,
                at=START,
            ).number
            for each in (jane, other)
        ]
        assert contacts.merge(connection, jane.id, other.id) == 1
        (row,) = connection.execute(table.select()).all()
        assert (row.id, row.name, row.fields) == (jane.id, "Jane Doe", {"a": "1", "b": "3"})
        records = conversations.get_many(connection, numbers)
        assert {each.contact_id for each in records.values()} == {jane.id}
        assert records[numbers[1]].contact_address == OTHER
        moved = contacts.find(connection, OTHER)
        assert moved is not None
        assert (moved.id, moved.bounced_at) == (jane.id, START)
        assert sorted(contacts.conversations_of(connection, jane.id)) == numbers


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = write_shop(tmp_path)
    shop.take()
    return shop


def test_a_contact_is_shown_with_addresses_and_conversations(shop: Shop) -> None:
    shown = shop.run("contact", "show", "Jane@Customer.example", "--json").json
    assert shown["name"] == "Jane Doe"
    assert shown["addresses"] == [{"address": JANE, "bounced_at": None}]
    (conversation,) = shown["conversations"]
    assert (conversation["number"], conversation["subject"]) == (1, "Where is my refund?")
    out = shop.run("contact", "show", JANE).out
    assert all(words in out for words in ("Jane Doe", JANE, "Where is my refund?"))


def test_an_address_is_added_and_its_mail_is_the_contacts(shop: Shop) -> None:
    added = shop.run("contact", "add-address", JANE, OTHER)
    assert (added.code, added.out) == (0, f"Jane Doe: {JANE}, {OTHER}\n")
    again = shop.run("contact", "add-address", JANE, OTHER.upper(), "--json")
    assert [each["address"] for each in again.json["addresses"]] == [JANE, OTHER]
    shop.take(SECOND)
    shown = shop.run("contact", "show", OTHER, "--json").json
    assert [each["number"] for each in shown["conversations"]] == [2, 1]


def test_two_contacts_become_one(shop: Shop) -> None:
    shop.take(SECOND)
    merged = shop.run("contact", "merge", JANE, OTHER)
    assert (merged.code, merged.out) == (0, "Jane Doe: 1 conversation came over.\n")
    shown = shop.run("contact", "show", OTHER, "--json").json
    assert [each["address"] for each in shown["addresses"]] == [JANE, OTHER]
    assert [each["contact"]["address"] for each in shown["conversations"]] == [OTHER, JANE]
    assert [each["contact"]["name"] for each in shop.run("list", "--json").json] == ["Jane Doe"] * 2


def test_a_contact_has_tags_and_fields(shop: Shop) -> None:
    tagged = shop.run("contact", "tag", JANE, "VIP", "dealer")
    assert (tagged.code, tagged.out) == (0, "Jane Doe: dealer, vip\n")
    fields = shop.run("contact", "set", JANE.upper(), "plan=Business ", "number=4711")
    assert fields.out == "Jane Doe: dealer, vip, number=4711, plan=Business\n"
    assert shop.run("contact", "untag", JANE, "dealer", "other").code == 0
    shown = shop.run("contact", "set", JANE, "number=", "--json").json
    assert (shown["tags"], shown["fields"]) == (["vip"], {"plan": "Business"})
    assert shown["first_seen"].endswith("Z")
    assert "  vip, plan=Business\n" in shop.run("contact", "show", JANE).out
    shop.take(SECOND)
    shop.run("contact", "tag", OTHER, "gold")
    shop.run("contact", "set", OTHER, "plan=Free", "city=Rome")
    merged = shop.run("contact", "merge", JANE, OTHER, "--json").json
    assert merged["tags"] == ["gold", "vip"]
    assert merged["fields"] == {"plan": "Business", "city": "Rome"}


REFUSED = (
    (["tag", JANE, "two words"], "a tag is made of letters"),
    (["tag", "nobody@x.example", "vip"], "no contact has"),
    (["set", JANE, "plan"], "write NAME=TEXT"),
    (["set", JANE, "my plan=x"], "a field's name is made of letters"),
    (["show", "nobody@x.example"], "no contact has the address nobody@x.example"),
    (["add-address", "nobody@x.example", "new@x.example"], "no contact has"),
    (["add-address", JANE, "nonsense"], "no address that mail can be sent to"),
    (["add-address", JANE, "support@shop.example"], "an address of the shop"),
    (["add-address", JANE, "support+x@shop.example"], "an address of the shop"),
    (["add-address", JANE, "Anna@shop.example"], "an address of the shop or of an agent"),
    (["add-address", JANE, OTHER], f"inboxd contact merge {JANE} {OTHER}"),
    (["merge", JANE, "nobody@x.example"], "no contact has"),
    (["merge", JANE, JANE], "one contact already"),
)


def test_what_cannot_be_is_refused_and_changes_nothing(shop: Shop) -> None:
    shop.take(SECOND)
    before = shop.run("contact", "show", JANE, "--json").json
    for args, words in REFUSED:
        ended = shop.run("contact", *args)
        assert (ended.code, ended.out) == (1, ""), args
        assert words in " ".join(ended.err.split())
    assert shop.run("contact", "show", JANE, "--json").json == before


def test_mail_from_another_address_of_the_contact_joins_the_conversation(shop: Shop) -> None:
    reply = SECOND.replace("Message-ID", "In-Reply-To: <first@customer.example>\nMessage-ID")
    assert shop.run("contact", "add-address", JANE, OTHER).code == 0
    shop.take(reply)
    (conversation,) = shop.run("list", "--json").json
    assert [each["from"]["address"] for each in conversation["messages"]] == [JANE, OTHER]
    assert conversation["contact"]["address"] == JANE


def test_without_that_it_is_a_strangers(shop: Shop) -> None:
    reply = SECOND.replace("Message-ID", "In-Reply-To: <first@customer.example>\nMessage-ID")
    shop.take(reply)
    assert len(shop.run("list", "--json").json) == 2
