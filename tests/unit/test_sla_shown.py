"""Where a promise is seen: notifications, lists, digests, the command line, canned replies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_kit import run
from desk_kit import Desk
from sla_kit import POLICIES, shop

from inboxd.config import load_config
from inboxd.desk import view_lists
from inboxd.desk.outlook import calendar_words, promise_words
from inboxd.desk.shop import load_shop
from inboxd.desk.sla_words import day_and_time, due

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2030, 5, 8, 12, tzinfo=UTC)  # a Wednesday, 14:00


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2030-05-08T16:00+02:00", "today 16:00"),
        ("2030-05-08T09:05+02:00", "today 9:05"),
        ("2030-05-09T09:00+02:00", "tomorrow 9:00"),
        ("2030-05-07T23:30+02:00", "yesterday 23:30"),
        ("2030-05-13T10:00+02:00", "Mon 10:00"),
        ("2030-05-15T10:00+02:00", "Wed 2030-05-15 10:00"),
        ("2030-05-02T10:00+02:00", "Thu 10:00"),
        ("2030-05-01T10:00+02:00", "Wed 2030-05-01 10:00"),
    ],
)
def test_a_moment_near_is_told_by_its_day(at: str, words: str) -> None:
    moment = datetime.fromisoformat(at)
    assert day_and_time(moment, NOW, BERLIN) == words
    assert due(moment, NOW, BERLIN).endswith(words)


def notice(desk: Desk, agent: str = "anna") -> str:
    return desk.to(f"{agent}@shop.example", "notification").mail.text


def test_a_notification_says_by_when_in_the_agents_zone(tmp_path: Path) -> None:
    policies = POLICIES + "views: {late: {older_than: 1 min}}\n"
    desk = shop(tmp_path, policies=policies)
    desk.customer()
    assert "\nAnswer due today 15:00 (in 5 h)\n" in notice(desk)
    html = desk.to("anna@shop.example", "notification").mail.html
    assert html is not None
    assert "Answer due today 15:00 (in 5 h)" in html


def test_agents_elsewhere_read_their_own_time(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    path = tmp_path / "inboxd.yaml"
    path.write_text(path.read_text().replace("{name: ben,", "{name: ben, timezone: Asia/Tokyo,"))
    desk.shop = load_shop(load_config(path, {}))
    desk.customer()
    assert "Answer due today 15:00 (in 5 h)" in notice(desk)
    assert "Answer due today 22:00 (in 5 h)" in notice(desk, "ben")


def test_what_is_late_says_since_when(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer()
    desk.later(hours=5)
    assert "\nAnswer overdue since today 15:00\n" in notice(desk)


def test_nothing_is_said_where_nothing_is_promised(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer(subject="Someday")
    assert " due " not in notice(desk)


def listed(desk: Desk, view: str | None) -> list[tuple[int, str]]:
    anna = desk.shop.config.agent("anna")
    assert anna is not None
    with desk.database.read() as connection:
        found = view_lists.listed(connection, desk.shop.config, view, anna, desk.clock.now())
    zone = desk.shop.config.zone(agent=anna)
    return [
        (each.conversation.number, view_lists.facts(each, desk.clock.now(), zone))
        for each in found.listed
    ]


def test_lists_go_by_what_is_due_and_overdue_is_past_its_promise(tmp_path: Path) -> None:
    desk = shop(tmp_path)
    desk.customer("The first.")  # due at 15:00
    desk.customer(subject="Whenever, someday")  # promised nothing
    desk.later(hours=1)
    desk.customer(subject="Gold")  # due at 11:30
    desk.customer("This is urgent.", subject="Four")  # due at 12:00
    assert [number for number, _ in listed(desk, None)] == [3, 4, 1, 2]
    assert listed(desk, "overdue") == []
    desk.later(hours=1)
    assert [number for number, _ in listed(desk, "overdue")] == [3, 4]
    assert "overdue since today 11:30" in listed(desk, "overdue")[0][1]
    desk.later(hours=23)
    # What is promised nothing is overdue by its age, as ever: more than one business day.
    assert [number for number, _ in listed(desk, "overdue")] == [3, 4, 1, 2]


def command(desk: Desk, *words: str) -> str:
    desk.database.close()
    return run("--config", desk.folder / "inboxd.yaml", *words).out


def test_the_command_line_shows_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    desk = shop(tmp_path)
    desk.customer()
    desk.later(hours=1)
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Here it is.")
    desk.customer(subject="Gold")
    shown = command(desk, "show", "1")
    assert "sla       first response met Mon 2030-05-06 11:00 (standard)" in shown
    assert "sla       resolution paused (standard)" in shown
    assert "Mon 2030-05-06 11:30" in command(desk, "list")
    document = json.loads(command(desk, "show", "2", "--json"))
    assert document["sla"] == [
        {
            "kind": "first_response",
            "policy": "gold",
            "state": "running",
            "started_at": "2030-05-06T09:00:00Z",
            "due_at": "2030-05-06T09:30:00Z",
            "warned_at": None,
            "breached_at": None,
            "ended_at": None,
        }
    ]


CANNED = {
    "received": "{% if promise %}You have our answer {{ promise }}.{% else %}Soon.{% endif %}\n"
}
ACKNOWLEDGE = """\
- name: Nothing for some
  when: conversation.opened
  if: {subject: someday}
  then: {sla: none}
- name: Ack
  when: conversation.opened
  then: [{reply: {canned: received}}]
"""


@pytest.mark.parametrize(
    ("at", "subject", "words"),
    [
        (datetime(2030, 5, 6, 8, tzinfo=UTC), "Tea", "answer by Monday 15:00"),
        # Friday evening: four hours of Monday.
        (datetime(2030, 5, 10, 18, tzinfo=UTC), "Tea", "answer by Monday 14:00"),
        # Before a holiday, and over the change of the clocks on the last of March.
        (datetime(2030, 3, 29, 16, 30, tzinfo=UTC), "Tea", "answer by Tuesday"),
        (datetime(2030, 5, 6, 8, tzinfo=UTC), "Someday", "Soon."),
    ],
)
def test_customers_read_when_to_expect_an_answer(
    at: datetime, subject: str, words: str, tmp_path: Path
) -> None:
    office = "  office: {holidays: {dates: [2030-04-01]}, hours: "
    policies = POLICIES.replace("  office: {hours: ", office)
    desk = shop(tmp_path, rules=ACKNOWLEDGE, canned=CANNED, policies=policies)
    desk.clock.advance(at - desk.clock.now())
    desk.customer(subject=subject)
    assert words in desk.to("jane@customer.example", "auto_reply").mail.text


def test_an_admin_sees_when_a_calendar_is_open_and_what_is_overdue(tmp_path: Path) -> None:
    office = "  office: {holidays: {country: DE, dates: [2030-12-24]}, hours: "
    desk = shop(tmp_path, policies=POLICIES.replace("  office: {hours: ", office))
    words = dict(calendar_words(desk.shop.config, NOW))
    assert words["office"] == (
        "open until today 18:00; next holiday Thu 2030-05-30 (Ascension Day); Europe/Berlin"
    )
    evening = datetime(2030, 5, 10, 17, tzinfo=UTC)
    closed = dict(calendar_words(desk.shop.config, evening))["office"]
    assert closed.startswith("closed, opens Mon 9:00; ")
    desk.customer()
    with desk.database.read() as connection:
        assert promise_words(connection, desk.clock.now()) == ("2 promises to keep", 0)
        late = promise_words(connection, datetime(2030, 5, 7, tzinfo=UTC))
    assert late == ("2 promises to keep, 1 overdue", 1)
    found = command(desk, "doctor", "--offline")
    assert "calendar office" in found
    assert "inboxd list --view overdue" not in found
