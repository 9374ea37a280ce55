"""`inboxd rules backtest`: other rules over the same past, which is not touched."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_kit import run
from desk_kit import Desk, make

from inboxd.backtest import past
from inboxd.backtest import run as run_module
from inboxd.backtest.changes import changes_of
from inboxd.backtest.difference import Difference
from inboxd.backtest.run import Question, backtest, question, simulated
from inboxd.backtest.scratch import open_past
from inboxd.desk.commands import shell
from inboxd.errors import ConfigError, Permanent
from inboxd.timers import fire_until

RULES = """\
- name: Acknowledge
  when: conversation.opened
  then: [{reply: {canned: received}}]
- name: Tea
  when: message.received
  if: {subject: tea}
  then: [{tag: tea}, {assign: {team: support-team}}]
- name: Nudge
  when: pending
  for: 2 days
  then: [{reply: {canned: still-there}}]
"""
OTHER = (
    RULES.replace("tag: tea", "tag: [tea, drink]").replace("support-team", "billing")
    + """\
- name: Let go
  when: pending
  for: 4 days
  then: [close]
- name: Quoted words count
  when: message.received
  if: {body.all: harbour}
  then: [{set: {priority: high, fields.place: harbour}}]
"""
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Ten days of a shop: odd customers ask for tea, every third is answered."""
    folder = tmp_path_factory.mktemp("shop")
    desk = make(folder, rules=RULES)
    for i in range(8):
        desk.customer(
            sender=f"P{i} <p{i}@x{i}.example>",
            subject="Where is my tea?" if i % 2 else "Coffee",
            text="Hello,\nwhere is it?\n> from the harbour\n" if i == 2 else "Where is it?\n",
        )
        if i % 3 == 0:
            desk.answer_as("anna", desk.to("anna@shop.example"), "Here.\n#tag vip")
        desk.later(hours=5)
    somebody = shell(desk.database, desk.shop, desk.clock, "ben")
    somebody.tag(3, "snooze", "2 days")
    somebody.tag(5, "close")
    fire_until(desk.database, desk.shop, desk.clock, desk.clock.now() + timedelta(days=6))
    (folder / "other").mkdir()
    (folder / "other" / "10.yaml").write_text(OTHER, encoding="utf-8")
    desk.database.close()
    return desk


def asked(
    desk: Desk, days: float, rules: str | None = None, mailbox: str | None = None
) -> Question:
    now = desk.clock.now()
    folder = desk.folder / rules if rules is not None else None
    return Question(desk.shop.config, now - timedelta(days=days), now, mailbox, folder)


def found(desk: Desk, days: float, rules: str | None = None) -> Difference:
    return backtest(asked(desk, days, rules), lambda total: lambda count: None)


def counts(difference: Difference) -> dict[str, tuple[int, int]]:
    return {
        f"{each.what} {each.value}".strip(): (each.more_count, each.fewer_count)
        for each in difference.items
    }


@pytest.mark.parametrize("days", [30, 5])
def test_the_same_rules_do_what_they_did(shop: Desk, days: float) -> None:
    """Mails, answers, tags, snoozes and timers are as they were, wherever the look begins."""
    difference = found(shop, days)
    assert counts(difference) == {}
    assert (difference.touched, difference.ends) == (0, ())


def test_other_rules_are_compared_with_the_shops_own(shop: Desk) -> None:
    difference = found(shop, 30, "other")
    assert (difference.mails, difference.conversations) == (8, 8)
    assert counts(difference) == {
        "tagged drink": (4, 0),
        "assigned team billing": (4, 0),
        "assigned team support-team": (0, 4),
        "closed": (3, 0),
        "priority set high": (1, 0),
        "field set place = harbour": (1, 0),
    }
    assert difference.kinds == {
        "assigned": 4,
        "closed": 3,
        "field set": 1,
        "priority set": 1,
        "tagged": 4,
    }
    ends = {(what, from_, to): count for what, from_, to, count, _ in difference.ends}
    assert ends == {
        ("team", "support-team", "billing"): 4,
        ("state", "pending", "closed"): 3,
        ("priority", "normal", "high"): 1,
    }
    (drink,) = (each for each in difference.items if each.value == "drink")
    assert [(each.number, each.rule) for each in drink.more] == [(n, "Tea") for n in (2, 4, 6, 8)]
    assert drink.more[0].subject == "Where is my tea?"


def test_many_mails_are_replayed_in_processes(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = []
    alone = found(shop, 30, "other")
    monkeypatch.setattr(run_module, "MANY_MAILS", 1)
    together = backtest(asked(shop, 30, "other"), lambda total: said.append)
    assert together == alone
    assert sum(said) == 16


def test_what_was_before_is_left_as_it_was(shop: Desk) -> None:
    """Rules that came later find the conversations as they stood, and their timers under way."""
    assert counts(found(shop, 5.5, "other")) == {"closed": (3, 0)}


def test_nothing_of_the_shop_is_touched(shop: Desk) -> None:
    files = sorted(p for p in shop.folder.rglob("*") if p.is_file() and not p.name.endswith("-shm"))
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in files}
    simulated(asked(shop, 30), shop.folder / "other", lambda count: None)
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in files} == before


def test_the_past_cannot_be_written_to(shop: Desk, tmp_path: Path) -> None:
    with open_past(shop.database, tmp_path) as database, database.write() as connection:
        with pytest.raises(Exception, match="readonly"):
            connection.exec_driver_sql("DELETE FROM past.message")
        assert past.choose(connection, datetime(2000, 1, 1, tzinfo=UTC), "support") == 8


def test_the_command_shows_counts_and_samples(shop: Desk, tmp_path: Path) -> None:
    # The command goes by the machine's clock: for it, all of this is yet to come.
    config = shop.folder / "inboxd.yaml"
    ended = run("--config", config, "rules", "backtest", "--rules", shop.folder / "other", "--json")
    assert ended.code == 0
    told = ended.json
    assert (told["compared"], told["mails"], told["otherwise"]) == ("rules", 8, 5)
    assert set(told) == {
        "since",
        "until",
        "mailbox",
        "compared",
        "mails",
        "conversations",
        "otherwise",
        "kinds",
        "changes",
        "ends",
    }
    ended = run("--config", config, "rules", "backtest", "--since", "2 weeks")
    assert ended.code == 0
    assert "compared with what really happened" in ended.out
    assert "Nothing would have been otherwise." in ended.out
    ended = run("--config", config, "rules", "backtest", "--since", "then")
    assert (ended.code, "is not a duration" in ended.err) == (1, True)
    ended = run("--config", config, "rules", "backtest", "--mailbox", "suport")
    assert (ended.code, "did you mean 'support'?" in ended.err) == (1, True)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "10.yaml").write_text("- name: x\n  when: nver\n", encoding="utf-8")
    ended = run("--config", config, "rules", "backtest", "--rules", broken)
    assert (ended.code, "10.yaml:2:9: " in ended.err) == (78, True)


def test_without_a_database_there_is_nothing_to_replay(shop: Desk, tmp_path: Path) -> None:
    other = shop.shop.config.model_copy(update={"data_dir": tmp_path})
    with pytest.raises(Permanent, match="no database yet"):
        backtest(question(other, shop.clock.now(), "30d", None, None), lambda n: lambda c: None)


def test_rules_with_faults_are_refused(shop: Desk, tmp_path: Path) -> None:
    shutil.copytree(shop.folder / "other", tmp_path / "rules")
    (tmp_path / "rules" / "20.yaml").write_text("- nonsense\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        backtest(
            Question(
                shop.shop.config, shop.clock.now(), shop.clock.now(), None, tmp_path / "rules"
            ),
            lambda n: lambda c: None,
        )


@pytest.mark.parametrize(
    ("kind", "text", "changes"),
    [
        ("state.changed", "open → closed: it says so", [("closed", "")]),
        ("tag.added", "a, b", [("tagged", "a"), ("tagged", "b")]),
        ("assignee.changed", "to team billing", [("assigned", "team billing")]),
        ("priority.changed", "normal → high", [("priority set", "high")]),
        ("auto_reply.sent", "received to jane@x.example", [("answered", "received")]),
        ("auto_reply.withheld", "received: too many", []),
        ("something.new", "what", [("something.new", "what")]),
    ],
)
def test_every_line_of_history_is_read(kind: str, text: str, changes: list[object]) -> None:
    assert list(changes_of(kind, text)) == changes
