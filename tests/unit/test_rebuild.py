"""`journal replay --into`: conversations rebuilt from the journal are what the original's are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, JANE, SHOP, START, Desk, bounce, letter, make
from digest_kit import digest_shop, mails, morning

from inboxd.backup import make_backup
from inboxd.desk import commands, contact_book
from inboxd.desk.commands import shell
from inboxd.errors import Permanent
from inboxd.rebuild import Rebuilt, rebuild
from inboxd.restore import restore
from inboxd.store import outbox
from inboxd.store.db import Database

RULES = """\
- name: Acknowledge
  when: conversation.opened
  then:
    - reply: {canned: received}
- name: Refunds
  when: message.received
  if: {subject: {contains: refund}}
  then:
    - tag: refund
    - set: {priority: high}
    - assign: {team: support-team}
- name: Nudge
  when: pending
  for: 2 days
  then:
    - reply: {canned: still-there}
- name: Let go
  when: pending
  for: 5 days
  then:
    - close: true
"""
KIM = "Kim <kim@customer.example>"


def rebuilt(desk: Desk, name: str = "new.db") -> tuple[Rebuilt, Desk]:
    """Rebuild the desk's database; returns what is said of it, and a desk that works on it."""
    target = desk.folder / name
    done = rebuild(desk.shop, desk.database.path, target)
    return done, replace(desk, database=Database(f"sqlite:///{target}"))


def assert_equal(desk: Desk) -> Desk:
    done, new = rebuilt(desk)
    assert done.refused == ()
    assert done.comparison.is_equal, done.comparison
    assert done.comparison.same == desk.count()
    for table in ("contact", "contact_address", "message_ref", "blocked_sender", "absence"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert rows(new, query) == rows(desk, query), table
    # At one moment the kit looks at schedules before timers, and the daemon the other way round.
    query = (
        "SELECT at, conversation, actor, kind, text, journal_id FROM event "
        "ORDER BY at, conversation, kind, text"
    )
    assert rows(new, query) == rows(desk, query)
    timers = (
        "SELECT conversation, kind, rule, due_at, armed_at, state FROM timer ORDER BY 5, 1, 2, 3, 4"
    )
    assert rows(new, timers) == rows(desk, timers)
    states = "SELECT id, state, content_sha256, mailbox FROM journal ORDER BY id"
    assert rows(new, states) == rows(desk, states)
    keys = "SELECT effect_key, kind, message_id, conversation FROM outbox ORDER BY effect_key"
    assert rows(new, keys) == rows(desk, keys)
    return new


def rows(desk: Desk, query: str) -> list[tuple[object, ...]]:
    with desk.database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def life(desk: Desk) -> None:
    """Let a week go by in the shop, with everything that a week brings."""
    first = desk.customer("I want my money back.\n", subject="refund for order 123456")
    told = desk.to("anna@shop.example")
    desk.clock.advance(timedelta(minutes=7))
    desk.answer_as("anna", told, "Which order?\n\n#tag asked #priority urgent")
    desk.customer("Where are my cups?\n", sender=KIM, subject="Cups")
    desk.later(days=2, hours=1)  # Jane is nudged
    desk.customer("Order 123456.\n", in_reply_to=first)
    desk.answer_as("ben", desk.to("ben@shop.example"), "#note She was very patient.")
    desk.answer_as("anna", desk.to("anna@shop.example"), "It is on its way.\n\n#snooze 1 day")
    desk.later(days=1, minutes=1)
    raw = letter(KIM, "Cups", "Where are my cups?\n", message_id="again@customer.example")
    for _ in range(2):  # the same mail twice
        desk.send(raw, to=[SHOP])
    desk.later(hours=2)
    answer = desk.to("jane@customer.example")
    desk.send(bounce("jane@customer.example"), to=[answer.envelope_from], envelope_from="")
    desk.send(letter("Spam <win@spam.example>", "WIN", "win\n"), to=[SHOP])
    desk.answer_as("anna", desk.to("anna@shop.example"), "#spam")
    desk.later(days=6)


def test_a_week_comes_out_as_it_was(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    life(desk)
    assert desk.count() >= 3
    assert {"asked", "refund"} <= set(desk.conversation(1).tags)
    new = assert_equal(desk)
    assert new.texts() == desk.texts()
    assert new.database.integrity() is None


def test_nothing_is_sent_and_nothing_waits_to_be(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    life(desk)
    new = assert_equal(desk)
    with new.database.read() as connection:
        assert not outbox.any_due(connection, new.clock.now() + timedelta(days=99))
        assert set(outbox.counts(connection)) <= {"sent", "dead"}


def test_acts_at_a_shell_are_done_again(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    anna = shell(desk.database, desk.shop, desk.clock, "anna")
    first = desk.customer()
    desk.customer("Cups?\n", sender=KIM, subject="Cups")
    for minutes, act in enumerate(
        (
            lambda: anna.tag(1, "tag", "vip tea"),
            lambda: anna.tag(1, "assign", "ben"),
            lambda: anna.note(1, "A note.\n"),
            lambda: anna.reply(1, "Your tea is on its way."),
            lambda: anna.remind(1, "2 days", "has it arrived?"),
            lambda: anna.tag(2, "snooze", "1 day"),
            lambda: anna.tag(2, "link", "1"),
            lambda: commands.away(desk.database, desk.shop, desk.clock, "ben", "mon 9:00"),
            lambda: contact_book.add_address(
                desk.database,
                desk.shop.config,
                desk.clock,
                "kim@customer.example",
                "k@home.example",
            ),
            lambda: contact_book.tag(desk.database, desk.clock, "kim@customer.example", "vip", "x"),
            lambda: contact_book.tag(
                desk.database, desk.clock, "kim@customer.example", "x", off=True
            ),
            lambda: contact_book.set_fields(
                desk.database, desk.clock, "kim@customer.example", "plan=pro"
            ),
            lambda: anna.tag(2, "block"),
            lambda: commands.unblock(desk.database, desk.clock, "kim@customer.example"),
        )
    ):
        desk.clock.advance(timedelta(minutes=minutes + 1))
        act()
    desk.customer("Thank you.\n", in_reply_to=first)
    desk.later(days=3)
    new = assert_equal(desk)
    assert new.conversation().assignee == desk.conversation().assignee
    again, _ = rebuilt(new, "again.db")
    assert again.comparison.is_equal, "what is rebuilt can be rebuilt"


def test_a_list_is_answered_by_the_numbers_that_it_had(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 3)
    sent = morning(desk)
    desk.clock.advance(timedelta(minutes=20))
    desk.answer_as("ben", sent, "1 close\n3 tag later\n")
    assert desk.state(1) == "closed"
    assert_equal(desk)


def test_addresses_from_before_lead_into_the_rebuilt_database(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    desk.customer()
    desk.customer("Cups?\n", sender=KIM, subject="Cups")
    told, answer = desk.to("anna@shop.example"), desk.to("kim@customer.example")
    new = assert_equal(desk)
    new.reply(answer, "Blue ones, please.", sender=KIM, references=(), in_reply_to="x@y.example")
    assert "inbound: Blue ones, please." in new.texts(2)
    new.answer_as("anna", told, "We have blue ones.\n\n#close")
    assert new.state(2) == "closed"


def test_history_comes_between_its_neighbours(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    desk.customer()
    desk.clock.advance(timedelta(hours=1))
    for day in (1, 2, 3):
        raw = letter(
            f"Old {day} <old{day}@c.example>", f"Old {day}", date=START - timedelta(days=99)
        )
        desk.send(raw, to=[SHOP], history=True, at=START - timedelta(days=100 - day))
    desk.clock.advance(timedelta(hours=1))
    desk.customer("New.\n", sender=KIM)
    assert_equal(desk)


def test_compressed_texts_and_mails_are_read_with_the_originals_dictionaries(
    tmp_path: Path,
) -> None:
    desk = make(tmp_path)
    for number in range(132):
        raw = letter(
            f"Customer {number} <c{number}@customer.example>",
            f"Order {number}",
            f"Hello,\nwhere is my order {number}? I have waited for {number} days by now,\n"
            f"and nobody has answered my mail number {number * 7}.\nYours, {number}\n" * 5,
        )
        desk.journal(raw, to=[SHOP])
    desk.work()
    desk.customer("One more.\n" * 200, sender=KIM)
    assert rows(desk, "SELECT count(*) FROM dictionary") != [(0,)]
    done, new = rebuilt(desk)
    assert done.comparison.is_equal, done.comparison
    assert new.texts(133) == desk.texts(133)
    assert new.database.integrity() is None


SCHEDULED = """\
- name: Every morning
  when: schedule
  schedule: 0 9 * * *
  if: {tags: {none_of: [seen]}}
  then:
    - tag: seen
- name: Not this
  when: message.received
  if: {subject: {contains: lottery}}
  then: [{drop: true}]
- name: Late
  when: sla.warning
  then: [{tag: late}]
"""


def test_schedules_promises_and_dropped_mail_come_out_as_they_were(tmp_path: Path) -> None:
    promise = "sla: {standard: {first_response: 4 hours, warn_at: 50%}}\n"
    config = CONFIG.replace("notify: [support-team]", "notify: [support-team]\n    sla: standard")
    desk = make(tmp_path, config=config + promise, rules=SCHEDULED)
    desk.work()
    desk.later(minutes=1)
    desk.customer()
    desk.send(letter("Win <w@spam.example>", "lottery", "You won.\n"), to=[SHOP])
    for _ in range(4):
        desk.later(minutes=50)
    desk.later(days=1, hours=2)
    desk.customer("Cups?\n", sender=KIM, subject="Cups")
    desk.answer_as("anna", desk.to("anna@shop.example"), "We have some.")
    desk.later(days=3)
    desk.customer("And plates?\n", sender="Dan <dan@customer.example>")
    desk.later(hours=20)
    assert "seen" in desk.conversation(1).tags
    assert "late" in desk.conversation(1).tags
    new = assert_equal(desk)
    query = "SELECT conversation, cause FROM trace ORDER BY cause, conversation"
    assert rows(new, query) == rows(desk, query)


def test_what_was_put_aside_and_what_waits_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(tmp_path)
    loop = "Received: from a by b; Mon, 6 May 2030 08:00:00 +0000\n" * 60
    desk.send(letter(headers=loop), to=[SHOP])
    desk.customer("Fine.\n")
    waits = desk.journal(letter(KIM), to=[SHOP])
    done, new = rebuilt(desk)
    assert (done.quarantined, done.comparison.is_equal) == (1, True)
    assert new.entry(waits).state == "received"
    new.work()
    assert new.count() == 2, "goes on from there"


def test_a_restored_backup_is_followed_through_its_gap(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    desk.customer()
    desk.clock.advance(timedelta(hours=1))
    make_backup(desk.shop.config, desk.clock, tmp_path / "b.db")
    desk.database.close()
    desk.database.path.unlink()
    desk.clock.advance(timedelta(hours=1))
    restore(desk.shop.config, desk.clock, tmp_path / "b.db")
    desk.clock.advance(timedelta(hours=1))
    desk.customer("Cups?\n", sender=KIM, subject="Cups")
    done, new = rebuilt(desk)
    assert done.comparison.is_equal, done.comparison
    assert new.count() == 3


def test_other_rules_make_another_history_and_the_comparison_says_where(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    desk.customer("x\n", subject="refund")
    desk.customer("Cups?\n", sender=KIM, subject="Cups")
    other = make(tmp_path / "other", rules=RULES.replace("tag: refund", "tag: money"))
    shop = replace(other.shop, config=desk.shop.config)
    done, new = rebuilt(replace(desk, shop=shop))
    assert (done.comparison.same, done.comparison.different) == (1, (1,))
    assert new.conversation(1).tags == ("money",)


def test_the_journal_is_enough_where_the_rest_is_gone(tmp_path: Path) -> None:
    """Timers then fire when they were due, and what was sent is not known."""
    desk = make(tmp_path, rules=RULES)
    first = desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
    desk.later(days=3)
    desk.customer("The green one.\n", in_reply_to=first)
    desk.database.close()
    before = desk.texts()
    desk.database.close()
    with closing(sqlite3.connect(desk.database.path)) as database:
        database.execute("PRAGMA foreign_keys=0")
        for table in ("timer", "outbox", "outbox_recipient", "trace", "event", "message", "party"):
            database.execute(f"DROP TABLE {table}")
        database.commit()
    target = tmp_path / "new.db"
    rebuild(desk.shop, desk.database.path, target)
    new = replace(desk, database=Database(f"sqlite:///{target}"))
    assert new.texts() == before
    assert new.state() == "open"


def test_what_cannot_be_done_again_is_named(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    shell(desk.database, desk.shop, desk.clock, "ben").tag(1, "close")
    config = desk.shop.config
    fewer = [agent for agent in config.agents if agent.name != "ben"]
    shop = replace(desk.shop, config=config.model_copy(update={"agents": fewer}))
    done, _ = rebuilt(replace(desk, shop=shop))
    (refused,) = done.refused
    assert "there is no agent called ben" in refused
    assert done.comparison.different == (1,)


@pytest.mark.parametrize("source", ["gone.db", "text.db", "empty.db"])
def test_what_holds_no_journal_is_refused(tmp_path: Path, source: str) -> None:
    desk = make(tmp_path)
    (tmp_path / "text.db").write_text("no database" * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(Permanent):
        rebuild(desk.shop, tmp_path / source, tmp_path / "new.db")
    assert list(tmp_path.glob("*new.db*")) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    desk = make(tmp_path)
    (tmp_path / "new.db").write_text("mine")
    with pytest.raises(Permanent, match="exists"):
        rebuild(desk.shop, desk.database.path, tmp_path / "new.db")
    assert (tmp_path / "new.db").read_text() == "mine"


def test_the_original_is_not_touched(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    life(desk)
    before = [rows(desk, f"SELECT * FROM {name}") for name in ("journal", "outbox", "event")]
    rebuilt(desk)
    assert [rows(desk, f"SELECT * FROM {n}") for n in ("journal", "outbox", "event")] == before


def test_a_rebuilt_database_can_take_the_originals_place(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=RULES)
    desk.customer()
    _, new = rebuilt(desk)
    new.database.close()
    desk.database.close()
    done = restore(desk.shop.config, desk.clock, new.database.path, replace=True)
    assert (done.conversations, done.held) == (1, 0)
    assert desk.texts()[0].startswith("inbound: Where is my green tea?")
    assert JANE


def test_the_command_says_whether_all_is_as_it_was(tmp_path: Path) -> None:
    from cli_kit import MAIL, write_shop

    shop = write_shop(tmp_path)
    shop.take(MAIL)
    assert shop.run("tag", "1", "vip").code == 0
    target = tmp_path / "new.db"
    ended = shop.run("journal", "replay", "--into", target)
    assert ended.code == 0, ended
    assert ended.out == (
        f"{target}: 1 conversation from 1 mail\n"
        f"all of them are as in {tmp_path}/var/inboxd.db\n"
    )  # fmt: skip
    assert target.stat().st_mode & 0o777 == 0o600
    assert shop.run("journal", "replay", "--into", target).code == 1
    aside = tmp_path / "aside.db"
    ended = shop.run("journal", "replay", "--from", target, "--into", aside, "--json")
    assert (ended.json["same"], ended.json["different"]) == (1, [])
    assert shop.run("journal", "replay", "--from", target).code == 2
    assert shop.run("journal", "replay", "1", "--into", aside).code == 2
