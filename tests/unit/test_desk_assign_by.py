"""`assign … by` and teams' queues, with the real database and a clock that stands still."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_kit import CONFIG, Desk, letter, make

from inboxd.config import load_config
from inboxd.conversations.tokens import Purpose
from inboxd.desk import ruling
from inboxd.desk.unit import Unit

ANNA, BEN, CARL = "anna@shop.example", "ben@shop.example", "carl@shop.example"


def config(
    *,
    anna: str = "",
    ben: str = "",
    carl: str = "",
    teams: str = "",
    hours: str = '{mon-fri: ["9:00-12:30", "13:30-18:00"]}',
) -> str:
    head = CONFIG.partition("agents:")[0]
    return f"""{head}timezone: Europe/Berlin
calendars:
  office: {{timezone: Europe/Berlin, hours: {hours}}}
{f"teams: {teams}" if teams else ""}
agents:
  - {{name: anna, address: {ANNA}, teams: [billing], role: admin{anna}}}
  - {{name: ben, address: {BEN}, teams: [billing]{ben}}}
  - {{name: carl, address: {CARL}, teams: [billing]{carl}}}
  - {{name: dora, address: dora@shop.example, teams: [support-team]}}
"""


def rule(by: str = "by: round_robin", when: str = "conversation.opened") -> str:
    return f"- name: Billing\n  when: {when}\n  then: [{{assign: {{team: billing, {by}}}}}]\n"


def desk(folder: Path, by: str = "by: round_robin", rules: str = "", **said: str) -> Desk:
    return make(folder, config=config(**said), rules=rules + rule(by))


def mails(shop: Desk, count: int) -> list[str | None]:
    """Let so many customers write; returns who has got each conversation."""
    before = shop.count()
    for n in range(count):
        shop.customer(subject=f"Bill {before + n}")
    return [shop.conversation(before + n + 1).assignee for n in range(count)]


def owners(shop: Desk) -> list[str | None]:
    return [shop.conversation(n + 1).assignee for n in range(shop.count())]


def command(shop: Desk, agent: str, words: str, number: int = 1) -> None:
    """Let an agent write to a conversation, at an address of their own."""
    known = shop.shop.config.agent(agent)
    assert known is not None
    party = f"agent:{agent}"
    to = shop.reply_address(Purpose.AGENT, number, party, days=90)
    shop.send(letter(f"{agent} <{known.address}>", "Re: x", words, to=to), to=[to])


def test_round_robin_takes_turns_also_over_a_restart(tmp_path: Path) -> None:
    shop = desk(tmp_path)
    assert mails(shop, 4) == ["anna", "ben", "carl", "anna"]
    shop = shop.reopened()
    assert mails(shop, 3) == ["ben", "carl", "anna"]
    assert shop.has_event("assignee.changed", "to ben: round robin", 5)
    assert shop.to(BEN).mail.subject.startswith("[#5]")


def test_round_robin_goes_on_where_it_was_when_somebody_was_away(tmp_path: Path) -> None:
    shop = desk(tmp_path)
    assert mails(shop, 2) == ["anna", "ben"]
    command(shop, "carl", "#away")
    assert mails(shop, 3) == ["anna", "ben", "anna"]
    command(shop, "carl", "#back")
    assert mails(shop, 4) == ["carl", "ben", "anna", "carl"]


def test_least_loaded_counts_what_is_open(tmp_path: Path) -> None:
    shop = desk(tmp_path, "by: least_loaded")
    assert mails(shop, 3) == ["anna", "ben", "carl"]
    command(shop, "ben", "#close", 2)
    command(shop, "carl", "It is on its way.", 3)  # pending: the customer owes an answer
    assert mails(shop, 3) == ["ben", "carl", "anna"]


def test_skill_asks_the_rule_then_the_field_then_the_tags(tmp_path: Path) -> None:
    skills = {"anna": ", skills: [german]", "ben": ", skills: [returns, german]"}
    shop = desk(tmp_path, "skill: returns", **skills)
    assert mails(shop, 3) == ["ben", "ben", "ben"]
    opened = "  when: conversation.opened\n"
    tagged = f"- name: T\n{opened}  if: {{subject: Retour}}\n  then: {{tag: returns}}\n"
    field = (
        f"- name: F\n{opened}  if: {{subject: Hallo}}\n  then: {{set: {{fields.skill: german}}}}\n"
    )
    shop = desk(tmp_path / "other", "by: skill", tagged + field, **skills)
    shop.customer(subject="Retour")
    shop.customer(subject="Hallo")
    shop.customer(subject="Hallo")
    shop.customer(subject="Hi")
    assert owners(shop) == ["ben", "anna", "ben", "carl"]  # one each: ben's turn is longer ago


def test_whoever_has_it_already_keeps_it_unless_away(tmp_path: Path) -> None:
    shop = make(tmp_path, config=config(), rules=rule(when="message.received"))
    shop.customer()
    sent = shop.to(ANNA)
    assert shop.conversation().assignee == "anna"
    command(shop, "anna", "Here it is.")
    shop.reply(shop.to("jane@customer.example"), "Thank you, but where?")
    assert shop.conversation().assignee == "anna"
    command(shop, "anna", "#away")
    shop.reply(shop.to("jane@customer.example"), "Hello?")
    assert shop.conversation().assignee == "ben"
    assert sent


def test_nobody_gets_more_than_max_open_and_a_closed_one_frees_a_place(tmp_path: Path) -> None:
    shop = desk(tmp_path, anna=", max_open: 2", ben=", max_open: 1", carl=", max_open: 1")
    assert mails(shop, 6) == ["anna", "ben", "carl", "anna", None, None]
    assert shop.conversation(5).team == "billing"
    assert shop.has_event("assignee.changed", "ben has 1 of 1 open; carl has 1 of 1 open", 5)
    shop.fresh()
    assert shop.later(seconds=5) == 0
    assert shop.fresh() == []  # and nobody hears of what waits
    command(shop, "carl", "#close", 3)
    assert shop.later(seconds=1) == 1
    assert owners(shop)[4:] == ["carl", None]
    (told,) = shop.fresh("notification")
    assert told.recipients == (CARL,)
    assert "has waited in the queue of team billing" in told.mail.text
    assert "Where is my green tea?" in told.mail.text
    command(shop, "ben", "#close", 2)
    shop = shop.reopened()
    shop.later(seconds=1)
    assert owners(shop)[5] == "ben"


def test_a_new_mail_in_what_waits_disturbs_nobody(tmp_path: Path) -> None:
    shop = desk(tmp_path, anna=", max_open: 1", ben=", max_open: 1", carl=", max_open: 1")
    mails(shop, 3)
    first = shop.customer(subject="Mine")
    shop.fresh()
    shop.customer("And another thing.\n", subject="Re: Mine", in_reply_to=first)
    assert len(shop.messages(4)) == 2
    assert shop.fresh() == []


def test_what_came_at_night_is_handed_out_when_the_shift_begins_longest_wait_first(
    tmp_path: Path,
) -> None:
    hours = ", calendar: office, max_open: 2"
    shop = desk(tmp_path, anna=hours, ben=hours, carl=hours)
    shop.clock.advance(timedelta(hours=12))  # 22:00 in Berlin
    assert mails(shop, 3) == [None] * 3
    shop.later(hours=10, minutes=59)
    assert owners(shop) == [None] * 3
    shop.later(minutes=1)  # 9:00
    assert owners(shop) == ["anna", "ben", "carl"]
    assert shop.has_event("assignee.changed", "to ben: round robin", 2)


def test_a_lunch_break_hands_nothing_out_and_ends_no_shift(tmp_path: Path) -> None:
    office = ", calendar: office"
    shop = desk(
        tmp_path, anna=office, ben=", calendar: office, max_open: 5", carl=office,
        teams="{billing: {requeue: true}}",
    )  # fmt: skip
    assert mails(shop, 1) == ["anna"]
    shop.later(hours=2, minutes=45)  # 12:45
    assert owners(shop) == ["anna"]
    assert mails(shop, 1) == [None]
    shop.later(minutes=45)
    assert owners(shop) == ["anna", "ben"]


def test_at_the_end_of_a_shift_unanswered_conversations_go_back(tmp_path: Path) -> None:
    late = ", calendar: late"
    shop = make(
        tmp_path,
        config=config(anna=", calendar: office", ben=late, teams="{billing: {requeue: true}}")
        .replace("calendars:\n", 'calendars:\n  late: {hours: {mon-fri: "12:00-22:00"}}\n')
        .replace("teams: [billing]}", "teams: []}"),
        rules=rule(),
    )
    shop.later()
    assert mails(shop, 4) == ["anna"] * 4
    command(shop, "anna", "It is on its way.\n\n#open", 2)  # open, but answered
    command(shop, "anna", "#close", 3)
    shop.clock.advance(timedelta(hours=7, minutes=59))  # 17:59
    shop = shop.reopened()
    shop.later()
    assert owners(shop) == ["anna"] * 4
    shop.fresh()
    shop.later(minutes=1)
    assert owners(shop) == ["ben", "anna", "anna", "ben"]
    assert shop.has_event("assignee.changed", "to team billing: back to the queue, for anna's", 1)
    assert [each.recipients for each in shop.fresh("notification")] == [(BEN,), (BEN,)]
    shop.later(hours=4)  # 22:00: ben's is over, too, and nobody is there
    assert owners(shop) == [None, "anna", "anna", None]
    shop.later(hours=11)  # 9:00
    assert owners(shop) == ["anna"] * 4


def test_what_is_not_the_teams_stays_when_the_shift_ends(tmp_path: Path) -> None:
    office = ", calendar: office"
    shop = desk(tmp_path, anna=office, ben=office, carl=office)  # no requeue
    shop.later()
    assert mails(shop, 1) == ["anna"]
    shop.later(hours=9)
    assert owners(shop) == ["anna"]


def test_whoever_goes_away_leaves_work_behind_where_the_team_asks_for_it(tmp_path: Path) -> None:
    shop = desk(tmp_path, teams="{billing: {requeue_away: true}}")
    shop.later()
    assert mails(shop, 4) == ["anna", "ben", "carl", "anna"]
    command(shop, "anna", "#away until tomorrow 9:00")
    assert "goes back to team billing" in shop.to(ANNA, "receipt").mail.text
    shop.later(seconds=1)
    assert Counter(owners(shop)) == {"ben": 2, "carl": 2}
    assert shop.has_event("assignee.changed", "anna is away", 1)
    shop.later(days=1, hours=2)
    assert mails(shop, 1) == ["anna"]


def test_an_absence_that_ends_by_itself_gets_what_waits(tmp_path: Path) -> None:
    shop = desk(tmp_path)
    for name in ("anna", "ben", "carl"):
        mails(shop, 1)
        command(shop, name, f"#away until {'16:00' if name == 'ben' else '18:00'}")
    assert mails(shop, 2) == [None, None]
    shop.later(hours=5, minutes=59)
    assert owners(shop)[3:] == [None, None]
    shop.later(minutes=1)
    assert owners(shop)[3:] == ["ben", "ben"]


@pytest.mark.parametrize(("words", "team"), [("#assign ben", "billing"), ("#assign none", None)])
def test_people_decide_against_the_queue(tmp_path: Path, words: str, team: str | None) -> None:
    shop = desk(tmp_path, anna=", max_open: 1", ben=", max_open: 1", carl=", max_open: 1")
    mails(shop, 4)
    command(shop, "anna", words, 4)
    assert shop.conversation(4).team == team
    command(shop, "anna", "#close", 1)
    shop.later(seconds=1)
    assert owners(shop)[3] == ("ben" if team else None)


def test_a_team_that_gets_it_back_by_hand_keeps_it(tmp_path: Path) -> None:
    shop = desk(tmp_path)
    mails(shop, 1)
    shop.fresh()
    command(shop, "anna", "#assign billing")
    assert {each.recipients for each in shop.fresh("notification")} == {(BEN,), (CARL,)}
    shop.later(minutes=1)
    assert owners(shop) == [None]


def test_undoing_puts_it_back_into_the_queue(tmp_path: Path) -> None:
    shop = desk(tmp_path, anna=", max_open: 1", ben=", max_open: 1", carl=", max_open: 1")
    mails(shop, 4)
    command(shop, "anna", "#assign carl", 4)
    command(shop, "anna", "#undo", 4)
    assert owners(shop)[3] is None
    command(shop, "ben", "#close", 2)
    shop.later(seconds=1)
    assert owners(shop)[3] == "ben"


def test_rules_see_who_got_it(tmp_path: Path) -> None:
    seen = "- name: Seen\n  when: assignee.changed\n  then: {tag: seen}\n"
    shop = desk(tmp_path, "by: round_robin", seen, anna=", max_open: 1", ben=", max_open: 1",
                carl=", max_open: 1")  # fmt: skip
    mails(shop, 4)
    assert "seen" in shop.conversation(1).tags
    command(shop, "anna", "#untag seen", 4)
    command(shop, "anna", "#close", 1)
    shop.later(seconds=1)
    assert (shop.conversation(4).assignee, shop.conversation(4).tags) == ("anna", ("seen",))


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (datetime(2030, 3, 31, 6, tzinfo=UTC), 59, 60),  # 8:00 in summer time, which begins
        (datetime(2030, 10, 27, 7, tzinfo=UTC), 59, 60),  # 8:00 in winter time, which begins
    ],
)
def test_a_shift_ends_by_the_clock_on_the_wall_when_the_clocks_change(
    tmp_path: Path, day: datetime, before: int, after: int
) -> None:
    hours = '{mon-sun: ["0:00-9:00"]}'
    shop = desk(
        tmp_path, anna=", calendar: office", ben="", carl="", hours=hours,
        teams="{billing: {requeue: true}}",
    )  # fmt: skip
    shop.clock.advance(day - timedelta(hours=9) - shop.clock.now())
    shop.later(hours=9)  # over the change, within the shift
    assert mails(shop, 1) == ["anna"]
    shop.later(minutes=before)
    assert owners(shop) == ["anna"]
    shop.later(minutes=after - before)
    assert owners(shop) == ["ben"]


def test_a_shift_over_midnight_is_one(tmp_path: Path) -> None:
    night = '{mon-sun: ["0:00-6:00", "22:00-24:00"]}'
    shop = desk(
        tmp_path, anna=", calendar: office", hours=night, teams="{billing: {requeue: true}}"
    )
    shop.clock.advance(timedelta(hours=13))  # 23:00
    shop.later()
    assert mails(shop, 1) == ["anna"]
    shop.later(hours=2)
    assert owners(shop) == ["anna"]
    shop.later(hours=5)
    assert owners(shop) == ["ben"]


def test_what_fails_to_be_handed_out_is_left_to_people_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = desk(tmp_path, anna=", max_open: 1", ben=", max_open: 1", carl=", max_open: 1")
    mails(shop, 5)
    command(shop, "anna", "#close", 1)
    shop.fresh()
    follow = ruling.follow

    def broken(unit: Unit, *rest: Any) -> None:
        if unit.number == 4:
            raise ValueError("a fault")
        follow(unit, *rest)

    monkeypatch.setattr("inboxd.desk.queues.ruling.follow", broken)
    shop.later(seconds=1)
    shop.later(seconds=1)
    assert owners(shop)[3:] == [None, "anna"]
    assert shop.kinds() == ["alert anna@shop.example", "notification anna@shop.example"]
    monkeypatch.undo()
    command(shop, "ben", "#close", 2)
    shop.later(seconds=1)
    assert owners(shop)[3:] == [None, "anna"]


def test_a_hand_out_that_is_cut_off_happens_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = desk(
        tmp_path, anna=", max_open: 1", ben="", carl=", max_open: 1",
        teams="{billing: {requeue_away: true}}",
    )  # fmt: skip
    shop.later()
    mails(shop, 3)
    command(shop, "ben", "#away")
    command(shop, "anna", "#close", 1)
    shop.fresh()

    class Killed(BaseException):
        pass

    def cut_off(*_: Any) -> None:
        raise Killed

    for place in ("queues.ruling.follow", "shift_ends.presence.save", "queues.send_notifications"):
        with monkeypatch.context() as patch:
            patch.setattr(f"inboxd.desk.{place}", cut_off)
            with pytest.raises(Killed):
                shop.later(seconds=1)
        assert owners(shop)[1] == "ben"
    shop = shop.reopened()
    shop.later(seconds=1)
    shop.later(seconds=1)
    assert owners(shop)[1] == "anna"
    assert [each.recipients for each in shop.fresh("notification")] == [(ANNA,)]
    assert sum("assignee.changed: to anna" in each for each in shop.events(2)) == 1


def test_a_team_that_is_gone_has_nobody_to_wait_for(tmp_path: Path) -> None:
    shop = desk(tmp_path, anna=", max_open: 1", ben=", max_open: 1", carl=", max_open: 1")
    mails(shop, 3)
    first = shop.customer(subject="Mine")
    path = tmp_path / "inboxd.yaml"
    path.write_text(path.read_text().replace("teams: [billing]", "teams: [support-team]"))
    (tmp_path / "rules" / "10.yaml").write_text("[]\n")
    object.__setattr__(shop.shop, "config", load_config(path, {}))
    shop = shop.reopened()
    shop.fresh()
    shop.customer("Hello?", subject="Re: Mine", in_reply_to=first)
    assert len(shop.fresh("notification")) == 4


def test_agents_who_are_gone_from_the_configuration_get_nothing(tmp_path: Path) -> None:
    shop = desk(tmp_path)
    mails(shop, 2)
    path = tmp_path / "inboxd.yaml"
    carl = f"  - {{name: carl, address: {CARL}, teams: [billing]}}\n"
    path.write_text(path.read_text().replace(carl, ""))
    object.__setattr__(shop.shop, "config", load_config(path, {}))
    assert mails(shop.reopened(), 2) == ["anna", "ben"]


def test_the_nearest_promise_is_handed_out_first_and_then_the_longest_wait(tmp_path: Path) -> None:
    only = ", max_open: 1, calendar: office"
    text = config(anna=only).replace("teams: [billing]}", "teams: []}")
    text = text.replace("mailboxes:", "sla:\n  gold: {first_response: 4 h}\nmailboxes:", 1)
    gold = "- name: G\n  when: conversation.opened\n  if: {subject: gold}\n  then: {sla: gold}\n"
    shop = make(tmp_path, config=text, rules=gold + rule())
    shop.clock.advance(timedelta(hours=12))
    for subject in ("first", "second", "gold", "third"):
        shop.customer(subject=subject)
        shop.clock.advance(timedelta(minutes=1))
    given = []
    shop.later(hours=11)
    for _ in range(4):
        (number,) = (n + 1 for n, name in enumerate(owners(shop)) if name and n + 1 not in given)
        given.append(number)
        command(shop, "anna", "Here.", number)
        shop.later(seconds=1)
    assert given == [3, 1, 2, 4]
