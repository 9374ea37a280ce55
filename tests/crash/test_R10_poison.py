"""R10: of 1,000 mails 10 cannot be worked on: 990 are applied, 10 put aside whole, nobody waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, letter, make

from inboxd.desk import mailings
from inboxd.doctor import Health, examine
from inboxd.pipeline import process_due
from inboxd.store import journal

MAILS, EVERY = 1000, 100


def test_R10_ten_in_a_thousand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_told = CONFIG.replace("notify: [support-team]", "notify: [anna]")
    desk = make(tmp_path, config=one_told)
    real, tries = mailings.notify, []

    def notify(unit: mailings.Unit, *rest: object) -> None:
        real(unit, *rest)  # type: ignore[arg-type]
        if "poison" in unit.conversation.subject:  # all of its work has been done by now
            tries.append(unit.conversation.subject)
            raise ValueError("some words of the mail")

    monkeypatch.setattr(mailings, "notify", notify)
    bad = set(range(EVERY // 2, MAILS, EVERY))
    raws = {
        desk.journal(raw): (number, raw)
        for number in range(MAILS)
        for raw in [letter(subject=f"{'poison' if number in bad else 'Question'} {number}")]
    }
    rounds = 0
    while process_due(desk.database, desk.shop, desk.clock):
        rounds += 1
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 990, "received": 10}, "nobody waits"
    for _ in range(3):
        desk.later(minutes=5)
    with desk.database.read() as connection:
        assert journal.counts(connection) == {"applied": 990, "quarantined": 10}
        kept = {number: journal.raw(connection, number) for number in raws}
    assert kept == {entry: raw for entry, (_, raw) in raws.items()}, "whole"
    assert {number for entry, (number, _) in raws.items()
            if desk.entry(entry).state == "quarantined"} == bad  # fmt: skip
    assert sorted(tries) == sorted(3 * [f"poison {number}" for number in bad]), "three tries each"
    assert desk.count() == 990
    with desk.database.read() as connection:
        alerts = "SELECT count(*) FROM outbox WHERE kind = 'alert'"
        assert connection.exec_driver_sql(alerts).scalar_one() == 10, "the admin hears of each"
    found = {each.what: each for each in examine(desk.shop.config, desk.clock, offline=True)}
    assert found["quarantine"].health is Health.WARN
    assert "10 mails could not be worked on" in found["quarantine"].words
    print(f"{MAILS} mails: 990 applied, 10 quarantined after 3 tries each")
