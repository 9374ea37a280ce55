"""What follows of #block and #away when customers write afterwards."""

from __future__ import annotations

from pathlib import Path

from desk_kit import ACKNOWLEDGE, Desk, make

from inboxd.desk.commands import shell

BOTH = ["notification anna@shop.example", "notification ben@shop.example"]


def blocked(tmp_path: Path) -> Desk:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#block")
    desk.fresh()
    return desk


def test_new_mail_of_a_blocked_sender_is_spam_and_disturbs_nobody(tmp_path: Path) -> None:
    desk = blocked(tmp_path)
    desk.customer("Buy now!\n", subject="Once more")

    assert (desk.state(1), desk.state(2)) == ("spam", "spam")
    assert desk.kinds() == []
    assert desk.has_event("state.changed", "an agent has blocked its sender", number=2)


def test_other_people_are_not_blocked(tmp_path: Path) -> None:
    desk = blocked(tmp_path)
    desk.customer(sender="Max <max@else.example>")

    assert desk.state(2) == "open"
    assert desk.kinds() == ["auto_reply max@else.example", *BOTH]


def test_who_is_away_hears_nothing_until_they_are_back(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "#away until tomorrow")
    desk.fresh()
    desk.customer(subject="While Ben is away")
    assert desk.kinds() == BOTH[:1]
    desk.later(days=2)
    desk.customer(subject="When he is back")
    assert desk.kinds() == BOTH


def test_mail_of_somebody_elses_conversation_reaches_the_team_meanwhile(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer()
    ben = shell(desk.database, desk.shop, desk.clock, "ben")
    ben.tag(1, "assign", "ben")
    ben.tag(1, "away", "ben")
    desk.fresh()
    desk.customer("Where is it?\n", in_reply_to=asked)

    assert desk.kinds() == BOTH[:1]


def test_somebody_hears_of_it_where_all_are_away(tmp_path: Path) -> None:
    desk = make(tmp_path)
    someone = shell(desk.database, desk.shop, desk.clock, "anna")
    desk.customer()
    for name in ("anna", "ben"):
        someone.tag(1, "away", name)
    desk.fresh()
    desk.customer(subject="Is anybody there?")

    assert desk.kinds() == BOTH
