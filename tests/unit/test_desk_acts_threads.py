"""Conversations that agents merge, split and link."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from acts_kit import JOE, do, stranger
from desk_kit import CONFIG, START, Desk, letter, make

from inboxd.conversations import commands as ask
from inboxd.desk.commands import shell
from inboxd.desk.dossier import conversation_of

SALES = "sales@shop.example"
TWO = CONFIG.replace(
    "listen:",
    "  - {name: sales, address: sales@shop.example, notify: [carl]}\nlisten:",
)
JILL = "Jill Low <jill@office.example>"


def two(tmp_path: Path, second: str = "Jane Doe <jane@customer.example>", **mail: str) -> Desk:
    """Return a shop with #1, Jane's, and #2."""
    desk = make(tmp_path)
    desk.customer()
    desk.customer("Is it lost?\n", sender=second, subject="Lost?", **mail)
    desk.fresh()
    return desk


def ask_sales(desk: Desk) -> None:
    mail = letter(text="To sales.\n", subject="An offer?", to=SALES)
    desk.send(mail, to=[SALES], mailbox="sales")


# -- merge


def test_the_conversation_becomes_part_of_the_one_that_is_named(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.AddTags(("late",)), ask.SetField("order", "4711"), number=2)
    assert do(desk, ask.Merge(1), number=2) == "#2 is part of #1 (Where is my tea?) now."
    assert desk.count() == 1
    assert desk.texts(1)[-1] == "inbound: Is it lost?"
    assert desk.texts(2) == []
    assert desk.conversation(1).tags == ("late",)
    assert dict(desk.conversation(1).fields) == {"order": "4711"}
    assert desk.has_event("merged", "#2 into #1: #merge by anna")
    with desk.database.read() as connection:
        assert conversation_of(connection, 2).number == 1


def test_the_number_that_is_named_is_kept_even_where_it_is_the_later_one(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.Merge(2), number=1)
    assert len(desk.texts(2)) == 2
    assert desk.conversation(2).subject == "Lost?"
    assert desk.texts(1) == []


def test_what_follows_in_the_same_mail_is_done_to_the_merged_conversation(tmp_path: Path) -> None:
    desk = two(tmp_path)
    said = do(desk, ask.Assign(agent="carl"), ask.Merge(1), ask.Close(), number=2)
    assert said.splitlines()[-1] == "Closed."
    assert desk.state(1) == "closed"
    assert desk.conversation(1).assignee == "carl"
    (told,) = desk.fresh("notification")
    assert told.recipients == ("carl@shop.example",)
    assert "[#1]" in told.mail.subject


def test_its_customer_answers_into_the_merged_conversation(tmp_path: Path) -> None:
    desk = two(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example"), "We look for it.")
    answer = desk.to("jane@customer.example", "reply")
    do(desk, ask.Merge(1), number=2)
    desk.reply(answer, "Found it.")
    assert desk.count() == 1
    assert desk.texts(1)[-1] == "inbound: Found it."


def test_an_agents_mail_about_the_old_number_leads_to_the_new_one(tmp_path: Path) -> None:
    desk = two(tmp_path)
    old = desk.to("ben@shop.example")
    do(desk, ask.Merge(1), number=2)
    desk.answer_as("ben", old, "It is here.")
    assert desk.texts(1)[-1] == "outbound: It is here."


def test_reminders_go_along(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.Remind(START + timedelta(days=1), "ask again"), number=2)
    do(desk, ask.Merge(1), number=2)
    desk.fresh()
    assert [each.kind for each in desk.timers(1)] == ["remind"]
    desk.later(days=1)
    (told,) = desk.fresh("notification")
    assert "[#1]" in told.mail.subject
    assert "ask again" in told.mail.text


def test_another_customer_does_not_get_the_first_ones_answers(tmp_path: Path) -> None:
    desk = two(tmp_path, JILL, cc="boss@office.example")
    said = do(desk, ask.Merge(1), number=2)
    assert "answered to jane@customer.example as before" in said
    assert "jill@office.example, boss@office.example gets no answers" in said
    assert "#cc jill@office.example" in said
    assert {a for a, role in desk.parties(1).items() if role in ("contact", "cc")} == {
        "jane@customer.example"
    }
    desk.fresh()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Soon.")
    assert [each.recipients for each in desk.fresh("reply")] == [("jane@customer.example",)]


def test_another_customers_later_mail_waits_for_a_word(tmp_path: Path) -> None:
    desk = two(tmp_path, JILL)
    desk.answer_as("anna", desk.to("anna@shop.example"), "We look for it.")
    answer = desk.to("jill@office.example", "reply")
    do(desk, ask.Merge(1), number=2)
    desk.reply(answer, "Thank you.", sender=JILL)
    assert desk.parties(1)["jill@office.example"] == "pending"
    assert "let in: jill@office.example" in do(desk, ask.Allow()).casefold()
    assert desk.parties(1)["jill@office.example"] == "cc"


def test_people_in_copy_of_the_same_customer_go_along(tmp_path: Path) -> None:
    desk = two(tmp_path, cc="joe@customer.example")
    do(desk, ask.Merge(1), number=2)
    assert desk.parties(1)["joe@customer.example"] == "cc"


def test_whoever_dealt_with_either_is_told_but_for_the_one_who_merges(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.Assign(agent="ben"), agent="ben")
    do(desk, ask.Assign(agent="carl"), agent="carl", number=2)
    do(desk, ask.Merge(1), number=2)
    told = {each.recipients[0]: " ".join(each.mail.text.split()) for each in desk.fresh()}
    assert "Anna merged #2 into this one." in told["ben@shop.example"]
    assert "#2, which was yours, was merged" in told["carl@shop.example"]
    assert set(told) == {"ben@shop.example", "carl@shop.example"}


def test_a_merge_into_a_closed_conversation_wakes_it(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.Close())
    do(desk, ask.Merge(1), number=2)
    assert desk.state(1) == "open"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (99, "there is no conversation #99"),
        (2**70, "there is no conversation"),
        (1, "#1 is this conversation"),
        (3, "in the mailbox sales"),
        (4, "#4 is spam"),
    ],
)
def test_what_cannot_be_merged_is_refused(tmp_path: Path, number: int, why: str) -> None:
    desk = make(tmp_path, config=TWO)
    desk.customer()
    desk.customer("Is it lost?\n", subject="Lost?")
    ask_sales(desk)
    desk.customer("Cheap pills.\n", subject="Pills")
    do(desk, ask.Spam(), number=4)
    before = desk.conversation()
    said = do(desk, ask.Merge(number))
    assert said.startswith("refused: ")
    assert why in said
    assert desk.conversation() == before
    assert len(desk.texts(1)) == 1


def test_merging_with_where_it_was_merged_is_refused(tmp_path: Path) -> None:
    desk = two(tmp_path)
    do(desk, ask.Merge(1), number=2)
    assert "#2 is this conversation" in do(desk, ask.Merge(2), number=1)


def test_rules_for_a_state_do_not_run_again_for_the_one_that_goes_on(tmp_path: Path) -> None:
    rules = "- {name: Wait, when: pending, then: [{tag: waits}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.customer("Is it lost?\n", subject="Lost?")
    anna = shell(desk.database, desk.shop, desk.clock, "anna")
    anna.act(1, ask.Pending())
    anna.act(1, ask.RemoveTags(("waits",)))
    anna.act(2, ask.Close())
    done = anna.act(2, ask.Merge(1))
    assert (done.conversation.number, done.conversation.state) == (1, "pending")
    assert done.conversation.tags == ()


# -- split


def test_the_newest_mail_becomes_a_conversation_of_its_own(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    stranger(desk)
    desk.fresh()
    said = do(desk, ask.Split())
    assert said == "The mail of joe@elsewhere.example was taken out of #1 and is #2 now."
    assert desk.texts(1) == ["inbound: Where is my green tea?"]
    assert desk.texts(2) == ["inbound: I have a question of mine."]
    assert desk.parties(2)["joe@elsewhere.example"] == "contact"
    assert "joe@elsewhere.example" not in desk.parties(1)
    new = desk.conversation(2)
    assert (new.state, new.contact_address, new.subject) == ("open", "joe@elsewhere.example", "tea")
    assert (desk.links(1), desk.links(2)) == ([2], [1])
    assert desk.has_event("split", "is #2 now")
    assert desk.has_event("conversation.opened", "split off #1 by anna", number=2)
    told = desk.fresh("notification")
    assert sorted(each.recipients[0] for each in told) == ["anna@shop.example", "ben@shop.example"]
    assert all("[#2]" in each.mail.subject for each in told)
    assert "I have a question of mine." in told[0].mail.text


def test_answers_and_later_mails_stay_in_the_conversation_that_was_split_off(
    tmp_path: Path,
) -> None:
    desk = make(tmp_path)
    desk.customer()
    mail = stranger(desk)
    do(desk, ask.Split(), agent="carl")
    desk.answer_as("carl", desk.to("carl@shop.example"), "An answer to you.")
    answer = desk.to("joe@elsewhere.example", "reply")
    assert answer.recipients == ("joe@elsewhere.example",)
    desk.reply(answer, "Thank you!", sender=JOE)
    assert desk.texts(2)[-1] == "inbound: Thank you!"
    desk.customer("I forgot something.\n", sender=JOE, subject="Fwd: tea", in_reply_to=mail)
    assert desk.texts(2)[-1] == "inbound: I forgot something."
    assert desk.count() == 2
    assert len(desk.texts(1)) == 1


def test_what_else_the_agent_says_is_about_the_mail_that_was_split_off(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    stranger(desk)
    desk.fresh()
    do(desk, ask.Split(), ask.AddTags(("found",)), ask.Assign(agent="carl"), ask.Close())
    assert (desk.state(1), desk.state(2)) == ("open", "closed")
    assert (desk.conversation(1).tags, desk.conversation(2).tags) == ((), ("found",))
    assert desk.conversation(1).assignee is None
    told = {each.recipients[0]: each.mail.subject for each in desk.fresh("notification")}
    assert "[#2]" in told["carl@shop.example"]


def test_a_customers_second_matter_is_split_off_with_the_same_customer(tmp_path: Path) -> None:
    desk = make(tmp_path)
    first = desk.customer(cc="joe@customer.example")
    desk.customer(
        "And where is my cup?\n",
        in_reply_to=first,
        subject="Re: Where is my tea?",
        cc="joe@customer.example",
    )
    do(desk, ask.Assign(team="billing"))
    do(desk, ask.Split())
    assert desk.texts(2) == ["inbound: And where is my cup?"]
    assert desk.conversation(2).contact_id == desk.conversation(1).contact_id
    assert desk.conversation(2).team == "billing"
    people = {a: role for a, role in desk.parties(2).items() if role != "agent"}
    assert people == {"jane@customer.example": "contact", "joe@customer.example": "cc"}
    assert desk.parties(1)["jane@customer.example"] == "contact"


def test_a_late_parent_does_not_merge_what_was_split(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(message_id="second@c", in_reply_to="first@c")
    desk.customer("And my cup?\n", message_id="third@c", in_reply_to="second@c")
    do(desk, ask.Split())
    desk.customer("The first of all.\n", message_id="first@c", subject="Where is my tea?")
    assert desk.count() == 2


def test_the_first_mail_of_a_conversation_cannot_be_split_off(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    do(desk, ask.Note(), text="Mine.")
    assert "nothing to split" in do(desk, ask.Split())
    assert desk.count() == 1


def test_the_explanation_of_a_mail_goes_with_it(tmp_path: Path) -> None:
    from inboxd.desk.explain import explanation

    desk = make(tmp_path)
    desk.customer()
    stranger(desk)
    do(desk, ask.Split())
    with desk.database.read() as connection:
        assert [each["kind"] for each in explanation(connection, 2)["causes"]] == ["mail"]
        assert len(explanation(connection, 1)["causes"]) == 1


# -- link


def test_links_lead_both_ways_and_across_mailboxes(tmp_path: Path) -> None:
    desk = make(tmp_path, config=TWO)
    desk.customer()
    ask_sales(desk)
    assert do(desk, ask.Link(2)) == "Linked with #2 (An offer?)."
    assert (desk.links(1), desk.links(2)) == ([2], [1])
    assert desk.has_event("linked", "#2")
    assert desk.has_event("linked", "#1", number=2)
    assert "already" in do(desk, ask.Link(1), number=2)
    assert "there is no conversation #9" in do(desk, ask.Link(9))
    assert "is this conversation" in do(desk, ask.Link(1))
