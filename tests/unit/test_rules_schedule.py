"""Rules with a schedule: cron, in the mailbox's zone, once a due moment whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk_kit import CONFIG, Desk, letter, make
from rules_kit import rules

from inboxd.desk import ruling, scheduling
from inboxd.desk.scheduling import run_due
from inboxd.desk.shop import load_shop
from inboxd.errors import ConfigError
from inboxd.rules.schedules import next_due
from inboxd.store import rule_schedules
from inboxd.timers import tick

DAILY = """\
- name: Daily
  when: schedule
  schedule: 0 9 * * *
  then: [{note: morning}]
"""
BERLIN = ZoneInfo("Europe/Berlin")


def notes(desk: Desk, number: int = 1) -> int:
    return len([each for each in desk.texts(number) if each.startswith("note")])


def due(desk: Desk) -> dict[str, datetime]:
    with desk.database.read() as connection:
        return {each.mailbox: each.due_at for each in rule_schedules.listing(connection)}


# -- when


@pytest.mark.parametrize(
    ("cron", "after", "moments"),
    [
        ("0 9 * * mon-fri", "2030-05-03T12:00", ["2030-05-06T07:00", "2030-05-07T07:00"]),
        # The clocks go forward on 31 March at 2:00, and back on 27 October at 3:00.
        ("30 2 * * *", "2030-03-30T12:00", ["2030-03-31T01:00", "2030-04-01T00:30"]),
        ("0 9 * * *", "2030-03-30T12:00", ["2030-03-31T07:00", "2030-04-01T07:00"]),
        ("30 2 * * *", "2030-10-26T12:00", ["2030-10-27T00:30", "2030-10-28T01:30"]),
        ("0 * * * *", "2030-10-26T23:30", ["2030-10-27T00:00", "2030-10-27T01:00"]),
        ("0 0 29 2 *", "2030-01-01T00:00", ["2032-02-28T23:00"]),
        ("0 12 L * *", "2030-02-01T00:00", ["2030-02-28T11:00"]),
        ("0 12 * * mon#1", "2030-05-07T00:00", ["2030-06-03T10:00"]),
    ],
)
def test_moments_are_local_and_dst_neither_loses_nor_repeats_one(
    cron: str, after: str, moments: list[str]
) -> None:
    at, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in moments:
        at = next_due(cron, at, BERLIN)
        found.append(f"{at:%Y-%m-%dT%H:%M}")
    assert found == moments


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("when: schedule", "needs the key 'schedule'"),
        ("when: schedule, schedule: 0 9 * *", "five fields"),
        ("when: schedule, schedule: 0 0 9 * * *", "five fields"),
        ("when: schedule, schedule: 61 9 * * *", "the minute cannot be read"),
        ("when: schedule, schedule: 0 9 * * someday", "the day-of-week cannot be read"),
        ("when: schedule, schedule: 0 9 31 2 *", "the day-of-month cannot be read"),
        ("when: [schedule, open], schedule: 0 9 * * *", "with no other event"),
        ("when: open, schedule: 0 9 * * *", "with no other event"),
        ("when: schedule, for: 2 h, schedule: 0 9 * * *", "'for' goes with a state"),
        ("when: schedule, schedule: {cron: 0 9 * * *, states: [spam]}", "should be"),
    ],
)
def test_what_is_no_schedule_is_refused(rule: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(f"- {{name: r, {rule}, then: {{tag: x}}}}\n")
    assert message in str(caught.value)


# -- at the desk


def test_a_rule_looks_at_every_open_conversation_once_a_moment(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=DAILY)
    desk.customer()
    desk.customer(subject="Another")
    desk.customer(subject="Done")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    desk.later(minutes=59)
    assert notes(desk) == 0
    desk.later(minutes=1)
    for _ in range(3):
        desk.later(minutes=7)
    assert [notes(desk, number) for number in (1, 2, 3)] == [1, 1, 0]
    desk.later(days=1)
    assert [notes(desk, number) for number in (1, 2, 3)] == [2, 2, 0]


def test_states_and_conditions_say_which(tmp_path: Path) -> None:
    text = """\
    - name: R
      when: schedule
      schedule: {cron: 0 9 * * *, states: [pending, closed]}
      if: {tags: {none_of: [keep]}}
      then: [{tag: seen}]
    """
    desk = make(tmp_path, rules=text)
    for words in ("#close", "#tag keep\n#close", "#pending", "#spam"):
        desk.customer(subject=words)
        desk.answer_as("anna", desk.to("anna@shop.example"), words)
    desk.later(days=1)
    assert ["seen" in desk.conversation(n).tags for n in (1, 2, 3, 4)] == [True, False, True, False]


def test_a_restart_and_three_days_down_neither_lose_nor_repeat_a_moment(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=DAILY)
    desk.customer()
    run_due(desk.database, desk.shop, desk.clock)
    desk.clock.advance(timedelta(days=3, hours=5))
    desk = desk.reopened()
    desk.later()
    assert notes(desk) == 1
    desk = desk.reopened()
    desk.later()
    assert notes(desk) == 1
    assert due(desk) == {"support": datetime(2030, 5, 10, 9, tzinfo=UTC)}


def test_each_mailbox_has_its_own_time(tmp_path: Path) -> None:
    config = CONFIG.replace(
        "listen:",
        "  - {name: sales, address: sales@shop.example, timezone: America/New_York}\nlisten:",
    )
    desk = make(tmp_path, rules=DAILY, config="timezone: Europe/Berlin\n" + config)
    desk.customer()
    desk.send(letter(to="sales@shop.example"), mailbox="sales")
    run_due(desk.database, desk.shop, desk.clock)
    assert {name: at.hour for name, at in due(desk).items()} == {"support": 7, "sales": 13}
    desk.later(hours=5)
    assert (notes(desk, 1), notes(desk, 2)) == (0, 1)


def test_many_conversations_are_looked_at_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "BATCH", 2)
    desk = make(tmp_path, rules=DAILY)
    for number in range(5):
        desk.customer(subject=f"No {number}")
    run_due(desk.database, desk.shop, desk.clock)
    desk.clock.advance(timedelta(hours=1))
    assert run_due(desk.database, desk.shop, desk.clock) == 2
    desk = desk.reopened()  # killed in the middle
    desk.later()
    assert [notes(desk, number) for number in range(1, 6)] == [1] * 5


def test_a_tick_looks_at_many_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "BATCH", 2)
    desk = make(tmp_path, rules=DAILY)
    for number in range(5):
        desk.customer(subject=f"No {number}")
    tick(desk.database, desk.shop, desk.clock)
    desk.clock.advance(timedelta(hours=1))
    assert tick(desk.database, desk.shop, desk.clock) == (0, 5)
    assert [notes(desk, number) for number in range(1, 6)] == [1] * 5


def test_a_changed_schedule_is_due_anew_and_one_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=DAILY)
    desk.customer()
    run_due(desk.database, desk.shop, desk.clock)
    file = tmp_path / "rules" / "10.yaml"
    file.write_text(DAILY.replace("0 9", "30 10"))
    desk.shop = load_shop(desk.shop.config)
    desk.later(hours=1)
    assert notes(desk) == 0
    assert due(desk) == {"support": datetime(2030, 5, 6, 10, 30, tzinfo=UTC)}
    file.write_text("[]\n")
    desk.shop = load_shop(desk.shop.config)
    desk.later(days=2)
    assert (notes(desk), due(desk)) == (0, {})


def test_a_clock_that_was_a_year_ahead_does_not_silence_a_rule_for_a_year(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=DAILY)
    desk.customer()
    desk.later(days=365)
    assert notes(desk) == 1
    desk.clock.advance(timedelta(days=-365))
    desk.later(hours=2)
    assert notes(desk) == 2
    desk.clock.advance(timedelta(hours=-2))  # a small step back repeats nothing
    desk.later(hours=1)
    desk.later(hours=1)
    assert notes(desk) == 2


def test_a_conversation_that_fails_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path, rules=DAILY)
    desk.customer()
    desk.customer(subject="Another")
    real = ruling.run_schedule

    def broken(unit: ruling.Unit, *rest: object) -> None:
        if unit.number == 1:
            raise RuntimeError("a fault of the program")
        real(unit, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ruling, "run_schedule", broken)
    desk.fresh()
    desk.later(days=1)
    assert [notes(desk, number) for number in (1, 2)] == [0, 1]
    (told,) = desk.fresh("alert")
    assert "Daily" in told.mail.text


def test_effects_of_two_moments_are_told_apart_and_what_follows_follows(tmp_path: Path) -> None:
    text = """\
    - name: Nudge
      when: schedule
      schedule: 0 9 * * *
      then: [{reply: {canned: still-there, repeat: true}}, {tag: nudged}]
    - {name: Told, when: tag.added, then: [{notify: carl}]}
    """
    desk = make(tmp_path, rules=text)
    desk.customer()
    desk.later(days=1, hours=2)
    desk.later(days=1, hours=2)
    assert len(desk.fresh("auto_reply")) == 2
    assert any("carl@shop.example" in each.recipients for each in desk.outbox())
