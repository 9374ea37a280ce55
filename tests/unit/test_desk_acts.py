"""What an agent can have done to a conversation: states, fields, colleagues, questions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from acts_kit import do
from desk_kit import START, Desk, make

from inboxd.config import load_config
from inboxd.conversations import commands as ask
from inboxd.desk.shop import load_shop
from inboxd.store import reminders


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make(tmp_path)
    desk.customer()
    desk.fresh()
    return desk


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (ask.Close(), "closed"),
        (ask.Pending(), "pending"),
        (ask.Spam(), "spam"),
        (ask.Snooze(START + timedelta(days=1)), "snoozed"),
        (ask.Open(), "open"),
    ],
)
def test_states(desk: Desk, command: ask.Act, state: str) -> None:
    assert do(desk, command)
    assert desk.state() == state
    assert desk.kinds() == []


def test_spam_blocks_nobody(desk: Desk) -> None:
    do(desk, ask.Spam())
    desk.customer("Another question.\n", subject="Another")
    assert desk.state(2) == "open"


def test_a_field_is_set_changed_and_taken_away(desk: Desk) -> None:
    assert do(desk, ask.SetField("order", "4711")) == "Field order = 4711."
    do(desk, ask.SetField("order", "4712"))
    assert dict(desk.conversation().fields) == {"order": "4712"}
    assert "taken away" in do(desk, ask.SetField("order", ""))
    assert dict(desk.conversation().fields) == {}
    assert desk.has_event("field.changed", "order was taken away")
    assert "no field order" in do(desk, ask.SetField("order", ""))


def test_who_had_it_is_told_and_named(desk: Desk) -> None:
    do(desk, ask.Assign(agent="ben"), agent="ben")
    assert do(desk, ask.Assign(agent="anna")) == "Assigned to anna; ben had it."
    assert desk.kinds() == ["notification ben@shop.example"]
    assert "Anna assigned it to anna" in " ".join(desk.to("ben@shop.example").mail.text.split())
    assert do(desk, ask.Assign(agent="carl")) == "Assigned to carl; you had it."
    assert desk.kinds() == ["notification carl@shop.example"]
    assert do(desk, ask.Assign(team="billing"), agent="carl").endswith("; you had it.")


def test_a_note_calls_for_colleagues_by_name_and_by_team(desk: Desk) -> None:
    said = do(desk, ask.Note(), text="@Ben, what do you think?\nWrite to jane@carl.example.")
    assert said == "Kept as a private note; Ben will read it."
    assert desk.kinds() == ["notification ben@shop.example"]
    assert "Anna asks for you in a note" in " ".join(desk.to("ben@shop.example").mail.text.split())
    do(desk, ask.Note(), text="For @billing. And @nobody, @anna.")
    assert desk.kinds() == ["notification carl@shop.example"]
    assert do(desk, ask.Note(), text="Just so.") == "Kept as a private note."
    assert desk.kinds() == []


def test_a_reminder_reaches_the_one_agent_and_changes_nothing(desk: Desk) -> None:
    said = do(desk, ask.Remind(START + timedelta(days=2), "call  her"), agent="carl")
    assert said.startswith("You will be reminded on Wed 2030-05-08 ")
    assert said.endswith(": call her.")
    before = desk.conversation()
    assert [each.kind for each in desk.timers()] == ["remind"]
    assert desk.later(days=1) == 0
    assert desk.later(days=1) == 1
    assert desk.kinds() == ["notification carl@shop.example"]
    told = " ".join(desk.to("carl@shop.example").mail.text.split())
    assert "You asked to be reminded: call her" in told
    assert desk.conversation() == before
    assert desk.timers() == []
    assert desk.later(days=30) == 0


def test_a_reminder_outlives_answers_states_and_restarts_and_fires_late_once(desk: Desk) -> None:
    do(desk, ask.Remind(START + timedelta(hours=1)))
    do(desk, ask.Remind(START + timedelta(hours=1), "the second"))
    do(desk, ask.Snooze(START + timedelta(hours=2)))
    do(desk, ask.Close())
    desk.customer("One more thing.\n", in_reply_to=desk.messages()[0].message_id or "")
    desk.fresh()
    desk = desk.reopened()
    assert desk.later(days=3) == 2
    assert desk.kinds() == ["notification anna@shop.example"] * 2
    assert desk.later(days=3) == 0
    assert desk.kinds() == []


def test_a_reminder_of_an_agent_who_is_gone_is_dropped(desk: Desk) -> None:
    do(desk, ask.Remind(START + timedelta(hours=1)), agent="carl")
    path = desk.folder / "inboxd.yaml"
    text = "\n".join(line for line in path.read_text().splitlines() if "carl" not in line)
    path.write_text(text)
    desk.shop = load_shop(load_config(path, {}))
    assert desk.later(days=1) == 1
    assert desk.kinds() == []
    assert desk.timers() == []


def test_reminders_are_withdrawn_by_who_asked_and_when(desk: Desk) -> None:
    do(desk, ask.Remind(START + timedelta(days=1), "the first"))
    desk.clock.advance(timedelta(minutes=1))
    asked_at = desk.clock.now()
    do(desk, ask.Remind(START + timedelta(days=1), "the second"))
    do(desk, ask.Remind(START + timedelta(days=1), "ben's"), agent="ben")
    with desk.database.write() as connection:
        assert reminders.withdraw(connection, 1, "anna", asked_at, asked_at) == 1
        assert reminders.withdraw(connection, 1, "anna", asked_at, asked_at) == 0
    desk.later(days=1)
    told = [each.mail.text for each in desk.fresh("notification")]
    assert len(told) == 2
    assert not any("the second" in each for each in told)


def test_the_history_is_the_whole_conversation_with_its_notes(desk: Desk) -> None:
    desk.answer_as("anna", desk.to("anna@shop.example"), "It comes tomorrow.")
    do(desk, ask.Note(), text="A difficult one.")
    said = do(desk, ask.History())
    assert said.startswith("#1 Where is my tea?: 3 messages")
    places = [said.index(each) for each in ("green tea", "It comes tomorrow.", "A difficult one.")]
    assert places == sorted(places)
    assert "---- Private note by Anna" in said
    assert "---- Answer by Anna" in said


def test_what_is_known_of_the_customer(desk: Desk) -> None:
    desk.customer("Something else.\n", subject="Another matter")
    do(desk, ask.Close(), number=2)
    lines = do(desk, ask.ShowContact()).splitlines()
    assert lines[:2] == ["Jane Doe", "jane@customer.example"]
    assert any(line.startswith("first seen: Mon 2030-05-06") for line in lines)
    assert "2 conversations:" in lines
    assert any(line.startswith("#2  Another matter") and "closed" in line for line in lines)
    assert any(line.startswith("#1  ") and "open" in line for line in lines)


def test_a_search_finds_conversations_with_the_place(desk: Desk) -> None:
    desk.customer("Nothing of the kind.\n", subject="Coffee")
    lines = do(desk, ask.Search("green tea"), number=2).splitlines()
    assert lines[0] == "1 conversation with: green tea"
    assert lines[1].startswith("#1  Where is my tea?")
    assert "green tea" in lines[2]
    assert do(desk, ask.Search("submarine")) == "No conversation with: submarine"
    assert do(desk, ask.Search('"')).startswith("No conversation")


def test_a_list_comes_in_a_mail_of_its_own(desk: Desk) -> None:
    desk.customer("Something else.\n", subject="Another matter")
    do(desk, ask.Assign(agent="anna"), number=2)
    desk.fresh()
    said = do(desk, ask.ListView("mine"))
    assert said == "The list mine comes in a mail of its own: 1 conversation."
    (sent,) = desk.fresh()
    assert sent.recipients == ("anna@shop.example",)
    assert "Another matter" in sent.mail.text


def test_an_unknown_list_is_refused_with_the_nearest(desk: Desk) -> None:
    assert "did you mean 'mine'" in do(desk, ask.ListView("mines"))
    assert desk.kinds() == []


def test_help_explains(desk: Desk) -> None:
    assert "#close" in do(desk, ask.Help("close"))


def test_questions_change_nothing(desk: Desk) -> None:
    before, events = desk.conversation(), desk.events()
    for question in (ask.History(), ask.ShowContact(), ask.Search("tea"), ask.Help()):
        do(desk, question)
    assert (desk.conversation(), desk.events()) == (before, events)
