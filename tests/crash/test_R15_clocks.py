"""R15: whatever happens to the clock, each timer fires once, and a cancelled one never.

A thousand random schedules of one conversation each, with the clock set forward and back by an hour
and a year, over changes of the clocks, and with the daemon down for days. What fires, and when, is
compared with a plain model that knows nothing of rows and transactions.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from desk_kit import CONFIG, Desk, make

from inboxd.conversations.states import ConversationState
from inboxd.desk import actions
from inboxd.desk.unit import Unit
from inboxd.store import contacts, conversations, messages, reminders, timers
from inboxd.timers import fire_due

SCHEDULES = 1000
AT_ONCE = 125
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
DOWN = timedelta(hours=72)

RULES = """\
- {name: slow, when: open, for: 3 h, then: {tag: slow}}
- {name: old, when: open, for: 2 days, then: {tag: old}}
- {name: silent, when: pending, for: 5 h, then: {tag: silent}}
- {name: asleep, when: snoozed, for: 90 min, then: {tag: asleep}}
- {name: done, when: closed, for: 7 days, then: {tag: done}}
"""
PROMISES = """\
timezone: Europe/Berlin
sla: {quick: {first_response: 4 h, warn_at: 85 min}}
"""
# What the rules wait for in each state.
WAITS: dict[str, dict[str, Callable[[datetime], datetime]]] = {
    "open": {"slow": lambda at: at + 3 * HOUR, "old": lambda at: days_on(at, 2)},
    "pending": {"silent": lambda at: at + 5 * HOUR},
    "snoozed": {"asleep": lambda at: at + timedelta(minutes=90)},
    "closed": {"done": lambda at: days_on(at, 7)},
}
STARTS = [
    datetime(2030, 3, 29, 12, tzinfo=UTC),  # the clocks go forward on the 31st
    datetime(2030, 10, 25, 12, tzinfo=UTC),  # and back on the 27th
    datetime(2028, 2, 28, 6, tzinfo=UTC),
    datetime(2030, 6, 3, 9, tzinfo=UTC),
]
JUMPS = [HOUR, -HOUR, YEAR, -YEAR, DOWN, timedelta(days=1), timedelta(days=3)]


def days_on(at: datetime, days: int) -> datetime:
    local = at.astimezone(BERLIN)
    return (local.replace(fold=0) + timedelta(days=days)).astimezone(UTC)


@dataclass
class Model:
    """What ought to be armed and what ought to have fired."""

    state: str = "open"
    armed: dict[tuple[str, str], tuple[datetime, int]] = field(default_factory=dict)
    fired: list[tuple[datetime, str]] = field(default_factory=list)
    due: datetime | None = None  # of the promise, if there is one
    start: datetime | None = None
    paused: datetime | None = None
    told: set[str] = field(default_factory=set)
    serial: int = 0

    def arm(self, kind: str, name: str, due: datetime) -> None:
        self.serial += 1
        self.armed[kind, name] = (due, self.serial)

    def drop(self, *kinds: str) -> None:
        self.armed = {key: each for key, each in self.armed.items() if key[0] not in kinds}

    def enter(self, state: str, now: datetime, until: datetime | None = None) -> None:
        self.state = state
        self.drop("rule", "wake")
        for name, when in WAITS[state].items():
            self.arm("rule", name, when(now))
        if until is not None:
            self.arm("wake", "", until)

    def promise(self, now: datetime, *, answered: bool = False, waits: bool = False) -> None:
        if answered or self.state == "closed":
            self.due = self.paused = None
        if waits and self.due is None and self.state != "closed":
            self.start, self.due, self.told = now, now + 4 * HOUR, set()
        if self.due is not None:
            if self.state in ("pending", "snoozed"):
                self.paused = self.paused or now
            elif self.paused is not None:
                if self.paused < self.due:  # no time passes for a clock that was put back
                    self.due += max(timedelta(), now - max(self.paused, self.start or now))
                self.paused = None
        self.drop("sla")
        if self.due is None or self.paused is not None or "breached" in self.told:
            return
        if "warning" not in self.told:
            warn = max(self.due - timedelta(minutes=85), self.start or now)
            self.arm("sla", "warning", warn)
        self.arm("sla", "breached", self.due)

    def tick(self, now: datetime) -> None:
        while due := [(at, n, key) for key, (at, n) in self.armed.items() if at <= now]:
            _, _, (kind, name) = min(due)
            del self.armed[kind, name]
            self.fired.append((now, f"{kind} {name}".strip()))
            if kind == "wake":
                self.enter("open", now)
                self.promise(now)
            if kind == "sla":
                self.told.add(name)
                if name == "breached":
                    self.drop("sla")
                    self.promise(now)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    config = CONFIG.replace("    notify:", "    sla: quick\n    notify:") + PROMISES
    made = make(tmp_path_factory.mktemp("clocks"), rules=RULES, config=config)

    def hurry(connection: Any, record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # the power does not fail in here

    sa.event.listen(made.database.engine, "connect", hurry)
    return made


class Schedule:
    """One conversation, done to in two ways: by the model and for real."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance, self.model = desk, chance, Model()
        self.move_to(chance.choice(STARTS) + self.some())
        with desk.database.write() as connection:
            contact, _ = contacts.find_or_add(connection, "jane@customer.example", "", self.now)
            record = conversations.add(
                connection,
                mailbox="support",
                subject="Tea",
                subject_key="tea",
                contact_id=contact.id,
                contact_address="jane@customer.example",
                at=self.now,
            )
            self.number = record.number
            unit = Unit(connection, desk.shop, record, now=self.now, cause="test", actor="test")
            unit.begin()
            unit.promises.wait()
            unit.finish()
        self.model.enter("open", self.now)
        self.model.promise(self.now, waits=True)

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def move_to(self, moment: datetime) -> None:
        self.desk.clock.advance(moment - self.now)

    def some(self) -> timedelta:
        return timedelta(seconds=self.chance.randrange(1, 6 * 3600))

    def step(self) -> None:
        if self.chance.random() < 0.3:
            self.desk.clock.advance(self.chance.choice(JUMPS))
        else:
            self.desk.clock.advance(self.some())
        if self.chance.random() < 0.7:  # else the daemon is down
            self.tick()
        if self.chance.random() < 0.6:
            self.act()

    def tick(self) -> None:
        while fire_due(self.desk.database, self.desk.shop, self.desk.clock):
            pass
        self.model.tick(self.now)

    def act(self) -> None:
        what = self.chance.choice(["customer", "answer", "pending", "snooze", "close", "remind"])
        until = self.now + self.some()
        with self.desk.database.write() as connection:
            record = conversations.get(connection, self.number)
            assert record is not None
            unit = Unit(
                connection, self.desk.shop, record, now=self.now, cause="test", actor="test"
            )
            self._do(unit, what, until)
            unit.finish()

    def _do(self, unit: Unit, what: str, until: datetime) -> None:
        model, now = self.model, self.now
        if what == "remind":
            due = reminders.add(unit.connection, self.number, "carl", "", until, now)
            model.arm("remind", str(due), until)
            return
        state = {"customer": "open", "answer": "pending", "snooze": "snoozed", "close": "closed"}
        became = state.get(what, what)
        renews = what in ("customer", "answer")
        if became != model.state or renews or what == "snooze":
            model.enter(became, now, until if what == "snooze" else None)
        model.promise(now, answered=what == "answer", waits=what == "customer")
        if what == "snooze":
            unit.renew()
            actions.snooze(unit, until)
            return
        if renews:
            unit.renew()
        if what == "customer":
            unit.promises.wait()
        if what == "answer":
            unit.promises.answered()
        actions.set_state(unit, ConversationState(became))

    def finish(self) -> None:
        """Let the time come of everything that is armed."""
        while self.model.armed:
            self.move_to(max(self.now, min(due for due, _ in self.model.armed.values())))
            self.tick()

    def fired(self) -> list[tuple[datetime, str]]:
        """Return what has fired, out of the history."""
        found = []
        with self.desk.database.read() as connection:
            assert timers.armed(connection, self.number) == []
            for event in messages.events(connection, self.number):
                name = event.text.partition(":")[0]
                line = {
                    "timer.fired": f"rule {name}",
                    "sla.warning": "sla warning",
                    "sla.breached": "sla breached",
                }.get(event.kind)
                if (event.kind, event.text) == ("notified", "carl"):
                    line = "remind"
                if event.kind == "state.changed" and "the snooze is over" in event.text:
                    line = "wake"
                if line is not None:
                    found.append((event.at, line))
        return found


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE))
def test_R15_each_timer_fires_once_and_cancelled_ones_never(desk: Desk, first: int) -> None:
    fired = 0
    for n in range(first, first + AT_ONCE):
        schedule = Schedule(desk, random.Random(f"R15 {n}"))
        for _ in range(schedule.chance.randrange(3, 10)):
            schedule.step()
        schedule.finish()
        expected = [
            (at, "remind" if what.startswith("remind") else what)
            for at, what in schedule.model.fired
        ]
        # What comes due at once, because it is late, may come in any order.
        assert sorted(schedule.fired()) == sorted(expected), f"schedule {n}"
        fired += len(expected)
    assert fired > AT_ONCE * 2
