"""Conversations that turn out to be one, and mails that come more than once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from desk_kit import CONFIG, SHOP, START, Desk, letter, make

from inboxd.desk.commands import shell
from inboxd.desk.dossier import conversation_of, dossier
from inboxd.store import conversations, merges

SALES = "sales@shop.example"
TWO = CONFIG.replace(
    "listen:",
    "  - {name: sales, address: sales@shop.example, display_name: Tea Sales,\n"
    "     notify: [carl]}\nlisten:",
)


def child(desk: Desk, name: str, parent: str, text: str = "", **mail: object) -> None:
    """Let Jane send the mail `name`, which names no other mail than `parent`."""
    ids = {"message_id": f"{name}@c", "in_reply_to": f"{parent}@c" if parent else ""}
    desk.customer(text or f"This is {name}.\n", subject=f"About {name}", **ids, **mail)


def two_of_one_thread(tmp_path: Path) -> Desk:
    """Return a shop with #1 and #2, of which nobody knows yet that they are one thread."""
    desk = make(tmp_path)
    child(desk, "second", "first")
    child(desk, "fourth", "third")
    assert desk.count() == 2
    return desk


def come_together(desk: Desk, **mail: object) -> None:
    """Let the mail arrive that #1 is about, and that #2 was waiting for."""
    child(desk, "third", "second", **mail)


def test_pitfall_22_a_late_parent_merges_what_its_lateness_had_parted(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    come_together(desk)

    assert desk.count() == 1
    assert desk.texts(1) == [f"inbound: This is {name}." for name in ("second", "fourth", "third")]
    assert desk.texts(2) == []
    assert desk.has_event("merged", "#2 into #1")
    assert desk.has_event("conversation.opened", "jane")
    assert desk.events(2) == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_arrival_makes_no_difference_to_what_is_together(
    tmp_path: Path, order: Sequence[int]
) -> None:
    desk = make(tmp_path)
    chain = [("first", ""), ("second", "first"), ("third", "second"), ("fourth", "third")]
    for each in order:
        child(desk, *chain[each])

    assert desk.count() == 1
    with desk.database.read() as connection:
        found = list(conversations.get_many(connection, range(1, 5)).values())
        living = {merges.survivor(connection, record.number) for record in found}
    assert living == {1}
    assert len(desk.texts(1)) == 4


def test_the_agents_are_told_of_the_merge_and_their_old_mails_go_on_working(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    old = desk.to("anna@shop.example")  # about #2
    come_together(desk)

    told = " ".join(desk.to("anna@shop.example").mail.text.split())
    assert "#2 is the same thread and was merged in." in told
    desk.answer_as("anna", old, "Thank you for all three.")
    assert desk.texts(1)[-1] == "outbound: Thank you for all three."
    assert desk.state(1) == "pending"


def test_a_customers_answer_to_the_merged_number_comes_home(tmp_path: Path) -> None:
    desk = make(tmp_path)
    child(desk, "second", "first")
    child(desk, "fourth", "third")
    desk.answer_as("anna", desk.to("anna@shop.example"), "About the fourth.")
    answer = desk.to("jane@customer.example", "reply")
    come_together(desk)
    desk.reply(answer, "By the reply address.")
    desk.reply(answer, "By our id.", to=SHOP, references=())
    desk.customer("By the tag.\n", subject="Tea [#2]")

    assert desk.count() == 1
    assert [text.removeprefix("inbound: ") for text in desk.texts(1)[-3:]] == [
        "By the reply address.",
        "By our id.",
        "By the tag.",
    ]


def test_a_merged_conversation_is_as_awake_and_as_urgent_as_both_were(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    ben = shell(desk.database, desk.shop, desk.clock, "ben")
    ben.tag(1, "close")
    ben.tag(2, "assign", "carl")
    ben.tag(2, "priority", "high")
    ben.tag(2, "tag", "tea")
    ben.tag(1, "tag", "urn")
    desk.fresh()
    come_together(desk)

    merged = desk.conversation(1)
    assert (merged.state, merged.assignee, merged.priority) == ("open", "carl", "high")
    assert merged.tags == ("tea", "urn")
    assert desk.conversation(2).state == "closed"
    assert "carl@shop.example" in {each.recipients[0] for each in desk.fresh()}


def test_whoever_had_the_merged_one_is_told_that_another_goes_on(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    ben = shell(desk.database, desk.shop, desk.clock, "ben")
    ben.tag(1, "assign", "anna")
    ben.tag(2, "assign", "carl")
    desk.fresh()
    come_together(desk)

    assert desk.conversation(1).assignee == "anna"
    text = " ".join(desk.to("carl@shop.example", "notification").mail.text.split())
    assert "#2, which was yours, was merged into this one." in text


def test_timers_of_a_merged_conversation_never_fire(tmp_path: Path) -> None:
    rules = "- {name: Nudge, when: open, for: 1 day, then: [{tag: nudged}]}\n"
    desk = make(tmp_path, rules=rules)
    child(desk, "second", "first")
    child(desk, "fourth", "third")
    come_together(desk)

    assert (len(desk.timers(1)), desk.timers(2)) == (1, [])
    assert desk.later(days=2) == 1
    assert desk.conversation(1).tags == ("nudged",)


def test_a_snooze_is_kept_where_both_slept(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    ben = shell(desk.database, desk.shop, desk.clock, "ben")
    ben.tag(1, "close")
    ben.tag(2, "snooze", "3d")
    with desk.database.write() as connection:
        desk_unit_absorb(desk, connection)

    merged = desk.conversation(1)
    assert merged.state == "snoozed"
    assert merged.snoozed_until is not None
    assert [timer.kind for timer in desk.timers(1)] == ["wake"]


def desk_unit_absorb(desk: Desk, connection: object) -> None:
    from inboxd.desk.merging import absorb
    from inboxd.desk.unit import Unit

    known = conversations.get_many(connection, [1, 2])  # type: ignore[arg-type]
    unit = Unit(
        connection,  # type: ignore[arg-type]
        desk.shop,
        known[1],
        now=desk.clock.now(),
        cause="command:test",
        actor="test",
    )
    absorb(unit, known[2], "by hand")
    unit.finish()


def test_commands_and_views_take_the_merged_number(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    come_together(desk)
    done = shell(desk.database, desk.shop, desk.clock, "ben").reply(2, "An answer.")

    assert done.conversation.number == 1
    with desk.database.read() as connection:
        assert conversation_of(connection, 2).number == 1
        assert len(dossier(connection, 2).messages) == 4
        listed = conversations.listing(
            connection, states=None, mailbox=None, assignee=None, tag=None, limit=10
        )
    assert [each.number for each in listed] == [1]


def test_merging_goes_on_with_what_was_merged_before(tmp_path: Path) -> None:
    desk = make(tmp_path)
    for name, parent in (("b", "a"), ("d", "c"), ("f", "e"), ("e", "d"), ("c", "b")):
        child(desk, name, parent)

    assert desk.count() == 1
    with desk.database.read() as connection:
        assert merges.survivors(connection, [1, 2, 3]) == {2: 1, 3: 1}
        assert merges.merged_into(connection, 1) == [2, 3]


def test_links_of_a_merged_conversation_lead_to_the_one_that_goes_on(tmp_path: Path) -> None:
    desk = two_of_one_thread(tmp_path)
    desk.customer("Me, too.\n", sender="Max <max@else.example>", in_reply_to="fourth@c")
    assert desk.links(2) == [3]
    come_together(desk)

    assert (desk.links(1), desk.links(2), desk.links(3)) == ([3], [], [1])


def test_imported_history_is_merged_without_a_word(tmp_path: Path) -> None:
    desk = make(tmp_path)
    at = START - timedelta(days=400)
    for name, parent in (("second", "first"), ("fourth", "third"), ("third", "second")):
        raw = letter(message_id=f"{name}@c", in_reply_to=f"{parent}@c", date=at)
        desk.send(raw, history=True, at=at)

    assert desk.count() == 1
    assert (desk.state(1), desk.outbox()) == ("closed", [])


# The same mail more than once

FOOTER = "_______________\nTea mailing list\nTea@lists.example\nTo unsubscribe write to us.\n"
LIST = "List-Id: Tea <tea.lists.example>\nList-Post: <mailto:tea@lists.example>\n"


def through_a_list(text: str, **mail: object) -> bytes:
    """Return the copy that a mailing list makes: subject, footer and headers are its own."""
    subject = "[Tea] Where is my tea?"
    return letter(text=text + FOOTER, subject=subject, headers=LIST, **mail)  # type: ignore[arg-type]


@pytest.mark.parametrize("sender", ["Jane Doe <jane@customer.example>", "Tea <tea@lists.example>"])
def test_pitfall_1_a_copy_through_a_list_is_the_same_mail(tmp_path: Path, sender: str) -> None:
    desk = make(tmp_path)
    desk.customer("Where is it?\n", message_id="one@c", to=f"{SHOP}, tea@lists.example")
    desk.fresh()
    entry = desk.send(through_a_list("Where is it?\n", message_id="one@c", sender=sender))

    assert desk.texts() == ["inbound: Where is it?"]
    assert desk.count() == 1
    assert desk.fresh() == []
    assert (desk.entry(entry).state, desk.entry(entry).error) == (
        "duplicate",
        "another copy of the mail in journal entry 1",
    )


def test_pitfall_1_and_so_is_the_direct_one_that_comes_after_it(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.send(through_a_list("Where is it?\n", message_id="one@c"))
    desk.customer("Where is it?\n", message_id="one@c")

    assert desk.count() == 1
    assert len(desk.texts()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Your parcel 2 is on its way.\n"},
        {"date": START + timedelta(hours=1)},
        {"subject": "Parcel 2", "text": "Your parcel is here.\n"},
    ],
    ids=["other words", "another time", "other subject and words"],
)
def test_pitfall_2_a_reused_id_with_other_content_is_another_mail(
    tmp_path: Path, other: dict[str, object]
) -> None:
    desk = make(tmp_path)
    first = {"subject": "Parcel", "text": "Your parcel 1 is on its way.\n", "message_id": "same@p"}
    desk.send(letter(**first))  # type: ignore[arg-type]
    desk.send(letter(**{**first, **other}))  # type: ignore[arg-type]

    with desk.database.read() as connection:
        kept = [m for n in (1, 2) if conversations.get(connection, n) for m in desk.messages(n)]
    assert len(kept) == 2


# One mail to two mailboxes


def to_both(desk: Desk, **mail: object) -> None:
    raw = letter(to=f"{SHOP}, {SALES}", **mail)  # type: ignore[arg-type]
    desk.send(raw, to=[SHOP])
    desk.send(raw, to=[SALES], mailbox="sales")


def test_a_mail_to_two_mailboxes_is_one_linked_conversation_in_each(tmp_path: Path) -> None:
    desk = make(tmp_path, config=TWO)
    to_both(desk)

    assert [desk.conversation(n).mailbox for n in (1, 2)] == ["support", "sales"]
    assert (desk.links(1), desk.links(2)) == ([2], [1])
    assert desk.has_event("linked", "#2: the same mail in the mailbox sales")
    assert desk.has_event("linked", "#1: the same mail in the mailbox support", number=2)


def test_the_agents_of_both_mailboxes_are_told_that_the_others_have_it(tmp_path: Path) -> None:
    desk = make(tmp_path, config=TWO)
    to_both(desk)

    first = " ".join(desk.to("anna@shop.example").mail.text.split())
    second = " ".join(desk.to("carl@shop.example").mail.text.split())
    assert "The same mail went to Tea Sales." in first
    assert "The same mail went to Tea Shop (#1)." in second


def test_answers_to_both_mailboxes_stay_apart_and_are_linked_once(tmp_path: Path) -> None:
    desk = make(tmp_path, config=TWO)
    to_both(desk, message_id="first@c")
    to_both(desk, text="And another thing.\n", in_reply_to="first@c")

    assert desk.count() == 2
    assert [len(desk.texts(n)) for n in (1, 2)] == [2, 2]
    assert [sum(e.startswith("linked") for e in desk.events(n)) for n in (1, 2)] == [1, 1]


def test_a_mail_in_copy_to_another_mailbox_by_bcc_is_linked_too(tmp_path: Path) -> None:
    desk = make(tmp_path, config=TWO)
    raw = letter(to=SHOP)
    desk.send(raw, to=[SHOP])
    desk.send(raw, to=[SALES], mailbox="sales")

    assert desk.links(2) == [1]
    told = " ".join(desk.to("carl@shop.example").mail.text.split())
    assert "The same mail went to Tea Shop (#1)." in told


def test_a_customers_other_address_is_the_same_party(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer()
    with desk.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO contact_address (address, contact_id) "
            "SELECT 'jane@home.example', contact_id FROM contact_address "
            "WHERE address = 'jane@customer.example'"
        )
    desk.customer("From home.\n", sender="Jane <jane@home.example>", in_reply_to=asked)

    assert desk.count() == 1
    assert desk.texts()[-1] == "inbound: From home."
