"""Named views: what stands in them for whom, in which order, and how a list reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cli_kit import write_shop
from desk_kit import CONFIG, START, Desk, make

from inboxd.config import Agent
from inboxd.desk import view_lists
from inboxd.desk.commands import Shell
from inboxd.errors import Permanent

VIEWS = """\
views:
  refunds: {tags: {any_of: [Refund, money]}}
  calm: {tags: {none_of: [refund]}, priority: [low, normal]}
  Bens: {assignee: [ben, none], state: [open, pending]}
  mine-too: {assignee: me, order: newest}
  loose: {team: none, mailbox: support}
  billing: {team: [billing]}
  old: {older_than: 2 days}
  slow: {older_than: 4 business hours}
"""
NAMES = ("mine", "unassigned", "waiting", "overdue", "team", "all")


def shop(tmp_path: Path, config: str = CONFIG + VIEWS) -> Desk:
    return make(tmp_path, config=config)


def mails(desk: Desk, count: int) -> None:
    """Let so many customers write, a minute apart."""
    for number in range(1, count + 1):
        desk.customer(sender=f"c{number}@customer.example", subject=f"Question {number}")
        desk.clock.advance(timedelta(minutes=1))


def tag(desk: Desk, number: int, name: str, words: str = "", agent: str | None = None) -> None:
    who = desk.shop.config.agent(agent) if agent else None
    Shell(desk.database, desk.shop, desk.clock, who).tag(number, name, words)


def agent_of(desk: Desk, name: str) -> Agent:
    found = desk.shop.config.agent(name)
    assert found is not None
    return found


def in_view(desk: Desk, view: str, agent: str = "anna", now: datetime | None = None) -> list[int]:
    who, now = agent_of(desk, agent), now or desk.clock.now()
    with desk.database.read() as connection:
        found = view_lists.listed(connection, desk.shop.config, view, who, now)
    return [each.conversation.number for each in found.listed]


def test_every_view_has_a_name(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    names = view_lists.view_names(desk.shop.config)
    assert names[: len(NAMES)] == NAMES
    assert names[len(NAMES) :] == tuple(desk.shop.config.views)


def test_mine_is_what_is_assigned_to_me_or_waits_in_my_team(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 5)
    tag(desk, 1, "assign", "ben")
    tag(desk, 2, "assign", "team:billing")
    tag(desk, 3, "assign", "carl")
    tag(desk, 4, "assign", "carl")
    tag(desk, 4, "close")
    assert in_view(desk, "mine", "ben") == [1]
    assert in_view(desk, "mine", "carl") == [2, 3]
    assert in_view(desk, "mine", "anna") == []


def test_unassigned_is_what_is_nobodys_where_i_hear_of_it(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 3)
    tag(desk, 1, "assign", "ben")
    tag(desk, 2, "assign", "team:billing")
    assert in_view(desk, "unassigned", "ben") == [3]
    assert in_view(desk, "unassigned", "carl") == [2]
    assert in_view(desk, "unassigned", "anna") == [2, 3]  # an admin looks after all


def test_waiting_is_what_customers_owe(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 2)
    desk.answer_as("ben", desk.to("ben@shop.example"), "Tomorrow.")
    assert desk.state(2) == "pending"
    assert in_view(desk, "waiting", "ben") == [2]
    assert in_view(desk, "waiting", "carl") == []
    assert in_view(desk, "unassigned", "ben") == [1]


def test_overdue_is_open_for_a_day_of_business_time(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.clock.advance(timedelta(days=4, hours=2))  # Friday, 10:00
    mails(desk, 1)
    saturday_to_monday = timedelta(days=2, hours=23, minutes=59)
    start = START + timedelta(days=4, hours=2)
    assert in_view(desk, "overdue", now=start + saturday_to_monday) == []
    assert in_view(desk, "overdue", now=start + timedelta(days=3, minutes=1)) == [1]


def test_all_is_all_but_closed_and_spam_and_team_is_the_teams(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 4)
    tag(desk, 1, "close")
    tag(desk, 2, "snooze", "3d")
    tag(desk, 3, "assign", "ben")
    tag(desk, 4, "assign", "carl")
    assert sorted(in_view(desk, "all", "carl")) == [2, 3, 4]
    assert in_view(desk, "team", "anna") == [3]
    assert in_view(desk, "team", "carl") == [4]


@pytest.mark.parametrize(
    ("view", "agent", "wanted"),
    [
        ("refunds", "anna", [1, 2]),
        ("calm", "anna", [2, 3]),
        ("Bens", "anna", [1, 2, 3]),
        ("bens", "anna", [1, 2, 3]),
        ("mine-too", "ben", [2, 1]),
        ("mine-too", "anna", []),
        ("loose", "anna", [1, 2, 4]),
        ("billing", "anna", [3]),
    ],
)
def test_views_of_the_configuration(
    tmp_path: Path, view: str, agent: str, wanted: list[int]
) -> None:
    desk = shop(tmp_path)
    mails(desk, 4)
    tag(desk, 1, "tag", "refund")
    tag(desk, 2, "tag", "money other")
    tag(desk, 1, "assign", "ben")
    tag(desk, 2, "assign", "ben")
    tag(desk, 3, "assign", "team:billing")
    tag(desk, 4, "assign", "carl")
    tag(desk, 4, "priority", "high")
    assert in_view(desk, view, agent) == wanted


@pytest.mark.parametrize(
    ("view", "too_young", "old_enough"),
    [
        ("old", timedelta(hours=47, minutes=59), timedelta(hours=48, minutes=1)),
        ("slow", timedelta(hours=4, minutes=59), timedelta(hours=5, minutes=1)),  # opens at 9:00
    ],
)
def test_older_than(tmp_path: Path, view: str, too_young: timedelta, old_enough: timedelta) -> None:
    desk = shop(tmp_path)
    desk.customer()
    assert in_view(desk, view, now=START + too_young) == []
    assert in_view(desk, view, now=START + old_enough) == [1]


def since(desk: Desk, number: int = 1) -> datetime:
    who = agent_of(desk, "anna")
    with desk.database.read() as connection:
        found = view_lists.listed(connection, desk.shop.config, "all", who, desk.clock.now())
    return next(each.since for each in found.listed if each.conversation.number == number)


def test_a_customer_who_writes_again_does_not_lose_their_place(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer()
    asked = desk.clock.now()
    first = desk.to("ben@shop.example")
    desk.clock.advance(timedelta(hours=3))
    desk.customer("Hello?", in_reply_to=first.mail.references[0], subject="Re: Where is my tea?")
    assert since(desk) == asked


def test_a_snooze_does_not_make_a_promise_younger(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer()
    asked = desk.clock.now()
    tag(desk, 1, "snooze", "3d")
    desk.later(days=3)
    assert desk.state() == "open"
    assert since(desk) == asked


def test_an_answer_settles_a_promise_and_the_next_mail_makes_a_new_one(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer()
    desk.clock.advance(timedelta(hours=1))
    desk.answer_as("ben", desk.to("ben@shop.example"), "Tomorrow.")
    assert since(desk) == desk.clock.now()
    desk.clock.advance(timedelta(hours=1))
    desk.reply(desk.to("jane@customer.example"), "It did not come!")
    assert desk.state() == "open"
    assert since(desk) == desk.clock.now()


def test_closing_settles_a_promise(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer()
    tag(desk, 1, "close")
    desk.clock.advance(timedelta(days=5))
    tag(desk, 1, "open")
    assert since(desk) == desk.clock.now()


def test_oldest_promise_first(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 3)
    tag(desk, 1, "close")
    tag(desk, 1, "open")
    assert in_view(desk, "unassigned") == [2, 3, 1]


def test_a_list_has_fifty_lines_and_costs_one_query(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    mails(desk, 53)
    statements: list[str] = []
    with desk.database.read() as connection:
        sa.event.listen(
            connection, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        found = view_lists.listed(
            connection, desk.shop.config, "unassigned", agent_of(desk, "ben"), desk.clock.now()
        )
    assert [each.conversation.number for each in found.listed] == list(range(1, 51))
    assert found.total == 53
    assert len(statements) == 1


def test_an_unknown_view_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    with pytest.raises(Permanent, match="no view called unasigned; did you mean 'unassigned'"):
        in_view(desk, "unasigned")


def test_a_line_says_number_subject_customer_age_and_whose_it_is(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer(subject="Tea\u0007 " + "x" * 100)
    tag(desk, 1, "assign", "ben")
    tag(desk, 1, "priority", "high")
    desk.clock.advance(timedelta(hours=3))
    with desk.database.read() as connection:
        found = view_lists.listed(
            connection, desk.shop.config, "all", agent_of(desk, "ben"), desk.clock.now()
        )
    (of,) = found.listed
    subject = view_lists.subject(of)
    assert subject.startswith("Tea xxx")
    assert subject.endswith("x…")
    assert len(subject) <= 60
    facts = view_lists.facts(of, desk.clock.now(), desk.shop.config.zone())
    assert " ".join(facts.split()) == "Jane Doe · open, 3 h ago · ben · high"


def test_the_shell_lists_views(tmp_path: Path) -> None:
    cli = write_shop(tmp_path)
    cli.take()
    assert "Nothing stands in the view waiting of Anna." in cli.run("list", "--view", "waiting").out
    listed = cli.run("list", "--view", "all", "--json").json
    assert [each["number"] for each in listed] == [1]
    assert cli.run("list", "--view", "all", "--as", "nobody").code != 0
    assert "did you mean 'all'" in cli.run("list", "--view", "al").err
    assert cli.run("list", "--view", "all", "--state", "open").code == 2
    assert cli.run("list", "--as", "anna").code == 2
