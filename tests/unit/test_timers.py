"""Timers: armed on entering a state, moved on renewal, cancelled on leaving, fired once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from desk_kit import CONFIG, START, Desk, make

from inboxd.desk import ruling
from inboxd.desk.shop import load_shop
from inboxd.errors import Transient
from inboxd.store.tables import Timer, table_of
from inboxd.timers import fire_due

NUDGE = """\
- name: Nudge
  when: pending
  for: 3 days
  then: [{reply: {canned: still-there}}, {tag: nudged}]
- name: Let go
  when: pending
  for: 8 days
  then: [close]
"""
SLOW = """\
- name: Slow
  when: open
  for: 2 h
  then: [{set: {priority: high}}, {notify: carl}]
"""


def pending(tmp_path: Path, rules: str = NUDGE, **options: object) -> Desk:
    """Return a shop where the customer owes an answer."""
    desk = make(tmp_path, rules=rules, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
    desk.fresh()
    return desk


def due(desk: Desk) -> dict[str, datetime]:
    return {each.rule or each.kind: each.due_at for each in desk.timers()}


def states(desk: Desk) -> list[str]:
    table = table_of(Timer)
    with desk.database.read() as connection:
        return list(connection.execute(sa.select(table.c.state).order_by(table.c.id)).scalars())


def test_entering_a_state_arms_its_rules(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=NUDGE + SLOW)
    desk.customer()
    assert due(desk) == {"Slow": START + timedelta(hours=2)}
    desk.clock.advance(timedelta(hours=1))
    desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
    assert due(desk) == {
        "Nudge": START + timedelta(days=3, hours=1),
        "Let go": START + timedelta(days=8, hours=1),
    }


def test_leaving_the_state_cancels_them(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    desk.reply(desk.to("jane@customer.example"), "The green one.")
    assert due(desk) == {}
    assert states(desk) == ["cancelled", "cancelled"]
    assert desk.later(days=30) == 0
    assert desk.fresh("auto_reply") == []


def test_a_second_answer_moves_them(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    desk.clock.advance(timedelta(days=2))
    desk.answer_as("anna", desk.to("anna@shop.example"), "Or the black one?")
    assert due(desk)["Nudge"] == START + timedelta(days=5)


def test_a_customer_who_writes_twice_moves_the_timers_of_open(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=SLOW)
    asked = desk.customer()
    desk.clock.advance(timedelta(hours=1))
    desk.customer("Hello?\n", in_reply_to=asked)
    assert due(desk) == {"Slow": START + timedelta(hours=3)}


def test_a_timer_fires_once_and_an_automatic_reply_renews_nothing(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    assert desk.later(days=3, seconds=-1) == 0
    assert desk.later(seconds=1) == 1
    assert [each.recipients for each in desk.fresh("auto_reply")] == [("jane@customer.example",)]
    assert (desk.state(), desk.conversation().tags) == ("pending", ("nudged",))
    assert due(desk) == {"Let go": START + timedelta(days=8)}
    assert desk.later(days=4) == 0
    assert desk.later(days=1) == 1
    assert desk.state() == "closed"
    assert desk.kinds() == []
    assert states(desk) == ["fired", "fired"]


def test_the_nudge_threads_with_the_customers_mail(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    desk.later(days=3)
    (nudge,) = desk.fresh("auto_reply")
    assert "first@customer.example" in nudge.mail.references
    assert nudge.mail.headers.get("Auto-Submitted") == "auto-replied"


def test_business_days_are_counted_in_the_shops_zone(tmp_path: Path) -> None:
    rules = "- {name: N, when: pending, for: 3 business days, then: [{tag: x}]}\n"
    desk = make(tmp_path, rules=rules, config="timezone: Europe/Berlin\n" + CONFIG)
    desk.clock.advance(timedelta(days=3))  # Thursday, 10:00 in Berlin
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
    (timer,) = desk.timers()
    assert timer.due_at == START + timedelta(days=8)  # Tuesday


def test_a_timers_conditions_are_asked_again(tmp_path: Path) -> None:
    rules = """\
    - name: N
      when: pending
      for: 1 day
      if: {tags: {none_of: [vip]}}
      then: [{tag: late}]
    """
    desk = pending(tmp_path, rules)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#tag vip")
    assert desk.later(days=1) == 1
    assert desk.conversation().tags == ("vip",)


def test_a_timer_may_tell_agents(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=SLOW)
    desk.customer()
    desk.fresh()
    desk.later(hours=2)
    assert desk.kinds() == ["notification carl@shop.example"]
    text = desk.to("carl@shop.example").mail.text
    assert "The rule “Slow” says so." in text
    assert "green tea" in text


def test_R15_timers_survive_a_new_process_and_three_days_down(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    desk = desk.reopened()
    desk.clock.advance(timedelta(days=6))
    assert desk.later() == 1
    assert len(desk.fresh("auto_reply")) == 1
    assert desk.reopened().later() == 0


@pytest.mark.parametrize(
    "step", [timedelta(hours=1), -timedelta(hours=1), timedelta(days=365), -timedelta(days=365)]
)
def test_R15_a_clock_that_jumps_fires_each_timer_once(tmp_path: Path, step: timedelta) -> None:
    desk = pending(tmp_path)
    desk.clock.advance(step)
    desk.later()
    desk.clock.advance(-step)
    desk.later()
    desk.later(days=3)
    assert len(desk.fresh("auto_reply")) <= 1
    desk.later(days=30)
    assert states(desk).count("fired") + states(desk).count("cancelled") == 2
    assert desk.state() == "closed"


def test_R15_a_cancelled_timer_never_fires_whatever_the_clock_says(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    desk.reply(desk.to("jane@customer.example"), "The green one.")
    desk.fresh()
    for days in (400, -800, 1200):
        desk.later(days=days)
    assert desk.kinds() == []


def test_a_rule_that_is_gone_has_its_timers_cancelled(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    (tmp_path / "rules" / "10.yaml").write_text("[]\n")
    desk.shop = load_shop(desk.shop.config)
    assert desk.later(days=9) == 2
    assert states(desk) == ["cancelled", "cancelled"]
    assert desk.kinds() == []
    assert desk.state() == "pending"


def test_a_mailbox_that_is_gone_has_its_timers_cancelled(tmp_path: Path) -> None:
    desk = pending(tmp_path)
    other = CONFIG.replace("name: support", "name: renamed")
    (tmp_path / "inboxd.yaml").write_text(other)
    desk.shop = replace(
        desk.shop, config=make(tmp_path / "other", config=other, rules=NUDGE).shop.config
    )
    assert fire_due(desk.database, desk.shop, desk.clock) == 0
    desk.clock.advance(timedelta(days=9))
    assert fire_due(desk.database, desk.shop, desk.clock) == 2
    assert states(desk) == ["cancelled", "cancelled"]


def test_a_snooze_ends_and_tells_those_who_hear_of_it(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=SLOW)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "#snooze 2 days")
    assert due(desk) == {"wake": START + timedelta(days=2)}
    desk.fresh()
    desk.later(days=2)
    assert (desk.state(), desk.conversation().snoozed_until) == ("open", None)
    assert desk.kinds() == ["notification anna@shop.example", "notification ben@shop.example"]
    assert "The snooze is over." in desk.to("ben@shop.example").mail.text
    assert due(desk) == {"Slow": START + timedelta(days=2, hours=2)}


def test_a_customer_ends_a_snooze_and_cancels_the_wake(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "#snooze 2 days")
    desk.customer("Hello?\n", in_reply_to=asked)
    assert (desk.state(), desk.conversation().snoozed_until) == ("open", None)
    assert due(desk) == {}
    desk.fresh()
    assert desk.later(days=3) == 0
    assert desk.kinds() == []


def test_snoozing_again_moves_the_wake(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "#snooze 2 days")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#snooze 5 days")
    assert due(desk) == {"wake": START + timedelta(days=5)}
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    assert due(desk) == {}


def test_a_rule_may_snooze(tmp_path: Path) -> None:
    rules = "- {name: Later, when: conversation.opened, then: [{snooze: 1 h}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.state() == "snoozed"
    assert desk.later(hours=1) == 1
    assert desk.state() == "open"


def test_a_failing_timer_is_tried_three_times_and_the_admin_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = pending(tmp_path)

    def broken(*args: object) -> None:
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(ruling, "run_timer", broken)
    assert desk.later(days=3) == 1
    assert states(desk)[0] == "waiting"
    for _ in range(5):
        desk.later(minutes=5)
    assert states(desk)[0] == "failed"
    assert desk.kinds() == ["alert anna@shop.example"]
    assert desk.state() == "pending"


def test_one_failing_timer_does_not_keep_others_from_firing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = pending(tmp_path)
    desk.customer(sender="Tom <tom@customer.example>", subject="Another")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Yes?")
    desk.fresh()
    real = ruling.run_timer

    def broken(unit: ruling.Unit, *rest: object) -> None:
        if unit.number == 1:
            raise RuntimeError("a fault of the program")
        real(unit, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ruling, "run_timer", broken)
    desk.later(days=3)
    assert desk.conversation(2).tags == ("nudged",)
    assert desk.conversation(1).tags == ()


def test_a_database_that_fails_counts_against_no_timer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = pending(tmp_path)

    def locked(*args: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(ruling, "run_timer", locked)
        desk.clock.advance(timedelta(days=3))
        for _ in range(5):
            with pytest.raises(Transient):
                fire_due(desk.database, desk.shop, desk.clock)
    assert [each.attempts for each in desk.timers()] == [0, 0]
    assert desk.later() == 1
    assert len(desk.fresh("auto_reply")) == 1
