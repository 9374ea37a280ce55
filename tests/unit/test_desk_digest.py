"""The morning digest: when it is sent, to whom, and what it lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, START, Desk, make
from digest_kit import digest_shop, mails, morning, tick

from inboxd.delivery.maildir import MaildirTransport
from inboxd.desk import digest
from inboxd.desk.commands import Shell
from inboxd.desk.digest_schedule import due
from inboxd.mail.outgoing import MARKER
from inboxd.store import absences
from inboxd.store.absences import AbsenceRecord
from inboxd.work import work


def tag(desk: Desk, number: int, name: str, words: str = "") -> None:
    Shell(desk.database, desk.shop, desk.clock, None).tag(number, name, words)


# -- what it says


def test_it_lists_what_waits_oldest_promise_first_with_numbers(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 4)
    tag(desk, 2, "assign", "ben")
    tag(desk, 3, "assign", "carl")
    sent = morning(desk)
    assert sent.recipients == ("ben@shop.example",)
    assert sent.mail.subject == "3 conversations wait for you, Mon 06 May"
    lines = sent.mail.text.splitlines()
    assert lines[0] == MARKER
    numbered = [line for line in lines if line.strip()[:1].isdigit() and "#" in line]
    assert numbered == [
        "  1  #2  Question 2",
        "  2  #1  Question 1",
        "  3  #4  Question 4",
    ]
    assert "Customer 1 · open, 2 h ago · nobody" in sent.mail.text
    assert lines.index("Yours") < lines.index("Nobody's yet")
    assert "Question 2" in (sent.mail.html or "")
    assert b"Auto-Submitted: auto-generated" in sent.raw


def test_nothing_waiting_is_no_mail_and_none_later_that_day(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    desk.clock.advance(timedelta(hours=2))
    assert tick(desk) == []
    mails(desk, 1)
    assert tick(desk) == []
    desk.clock.advance(timedelta(days=1))
    assert len(tick(desk)) == 1


def test_a_supervisors_digest_shows_the_teams_by_person(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path, more="role: supervisor")
    mails(desk, 5)
    tag(desk, 1, "assign", "anna")
    tag(desk, 2, "assign", "ben")
    tag(desk, 3, "assign", "carl")  # of another team
    tag(desk, 4, "assign", "team:billing")
    text = morning(desk).mail.text
    order = [text.index(each) for each in ("Yours", "#2", "Anna", "#1", "Nobody's yet", "#4", "#5")]
    assert order == sorted(order)
    assert "#3" not in text


def test_it_can_show_a_view(tmp_path: Path) -> None:
    desk = digest_shop(
        tmp_path,
        '{at: "10:00", view: refunds}',
        extra="views: {refunds: {tags: {any_of: [refund]}, order: newest}}\n",
    )
    mails(desk, 3)
    tag(desk, 1, "tag", "refund")
    tag(desk, 3, "tag", "refund")
    sent = morning(desk)
    assert sent.mail.subject == "2 conversations in refunds, Mon 06 May"
    assert sent.mail.text.index("#3") < sent.mail.text.index("#1")
    assert "#2" not in sent.mail.text


def test_at_most_fifty_lines_and_how_many_are_left_out(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 53)
    text = morning(desk).mail.text
    assert " 50  #50  Question 50" in text
    assert "Question 51" not in text
    assert "3 more are not shown" in text


def test_an_agent_who_is_away_gets_none(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 1)
    with desk.database.write() as connection:
        absences.begin(connection, AbsenceRecord("ben", START, START + timedelta(hours=20)))
    desk.clock.advance(timedelta(hours=2))
    assert tick(desk) == []
    desk.clock.advance(timedelta(days=1))
    assert len(tick(desk)) == 1


# -- when it is sent


def test_it_is_sent_once_at_its_time(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 1)
    desk.clock.advance(START + timedelta(hours=2, seconds=-1) - desk.clock.now())
    assert tick(desk) == []
    desk.clock.advance(timedelta(seconds=1))
    assert len(tick(desk)) == 1
    assert tick(desk) == []
    desk.clock.advance(timedelta(hours=3))
    assert tick(desk) == []


def test_nobody_gets_one_unless_it_is_asked_for(tmp_path: Path) -> None:
    desk = make(tmp_path)
    mails(desk, 1)
    for _ in range(48):
        desk.clock.advance(timedelta(hours=1))
        assert tick(desk) == []


def test_a_restart_neither_repeats_nor_loses_it(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 1)
    morning(desk)
    again = desk.reopened()
    assert tick(again) == []
    again.clock.advance(timedelta(days=1))
    assert len(tick(again)) == 1


@pytest.mark.parametrize(("late", "sent"), [(5.9, 1), (6.1, 0)])
def test_one_that_was_missed_is_sent_once_unless_it_is_too_late(
    tmp_path: Path, late: float, sent: int
) -> None:
    desk = digest_shop(tmp_path)
    mails(desk, 1)
    desk.clock.advance(START + timedelta(hours=2 + late) - desk.clock.now())
    assert len(tick(desk)) == sent
    assert tick(desk) == []


def test_one_of_late_evening_is_sent_after_midnight(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path, '"22:00"')
    mails(desk, 1)
    desk.clock.advance(timedelta(hours=18))  # 2:01 on Tuesday
    assert len(tick(desk)) == 1
    desk.clock.advance(timedelta(hours=21))
    assert len(tick(desk)) == 1  # Tuesday's


def test_weekdays_only_unless_told(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path, '"7:00"')
    mails(desk, 1)
    days = []
    for _ in range(14):
        desk.clock.advance(timedelta(hours=24))
        if tick(desk):
            days.append(f"{desk.clock.now():%a}")
    assert days == ["Tue", "Wed", "Thu", "Fri", "Mon", "Tue", "Wed", "Thu", "Fri", "Mon"]


def test_days_of_the_agents_choice(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path, '{at: "6:00", days: [sat, sun]}')
    mails(desk, 1)
    days = []
    for _ in range(7):
        desk.clock.advance(timedelta(hours=24))
        if tick(desk):
            days.append(f"{desk.clock.now():%a}")
    assert days == ["Sat", "Sun"]


@pytest.mark.parametrize(
    ("zone", "at", "day", "first"),
    [
        ("America/New_York", "8:00", (2030, 5, 6), (2030, 5, 6, 12, 0)),
        ("Asia/Tokyo", "8:00", (2030, 5, 7), (2030, 5, 6, 23, 0)),
        ("Europe/Berlin", "8:00", (2030, 3, 29), (2030, 3, 29, 7, 0)),  # before the change
        ("Europe/Berlin", "8:00", (2030, 4, 1), (2030, 4, 1, 6, 0)),  # and after it
        ("Europe/Berlin", "2:30", (2030, 3, 31), (2030, 3, 31, 1, 30)),  # no such time: at 3:30
        ("Europe/Berlin", "2:30", (2030, 10, 27), (2030, 10, 27, 0, 30)),  # twice: the first
    ],
)
def test_the_time_is_the_agents_whatever_the_clocks_do(
    tmp_path: Path, zone: str, at: str, day: tuple[int, int, int], first: tuple[int, ...]
) -> None:
    days = "[mon, tue, wed, thu, fri, sat, sun]"
    desk = digest_shop(tmp_path, f'{{at: "{at}", days: {days}}}', more=f"timezone: {zone}")
    moment = datetime(*first, tzinfo=UTC)  # type: ignore[misc, arg-type]
    before = [each.day for each in due(desk.shop.config, moment - timedelta(seconds=1))]
    assert [each.day for each in due(desk.shop.config, moment)] == [*before, datetime(*day).date()]


@pytest.mark.parametrize("start", [datetime(2030, 3, 30), datetime(2030, 10, 26)])
def test_a_day_on_which_the_clocks_change_has_one_digest(tmp_path: Path, start: datetime) -> None:
    days = "[mon, tue, wed, thu, fri, sat, sun]"
    digest_time = f'{{at: "2:30", days: {days}}}'
    desk = digest_shop(tmp_path, digest_time, more="timezone: Europe/Berlin")
    mails(desk, 1)
    desk.clock.advance(start.replace(tzinfo=UTC) - desk.clock.now())
    sent = 0
    for _ in range(3 * 24 * 4):
        sent += len(tick(desk))
        desk.clock.advance(timedelta(minutes=15))
    assert sent == 3


def test_each_agent_has_a_time_of_their_own(tmp_path: Path) -> None:
    config = CONFIG.replace("{name: ben, ", '{name: ben, digest: "9:00", ').replace(
        "{name: carl, ", '{name: carl, digest: {at: "9:00", view: all}, timezone: Asia/Tokyo, '
    )
    desk = make(tmp_path, config=config)
    mails(desk, 1)
    desk.clock.advance(timedelta(hours=1))
    assert [each.recipients for each in tick(desk)] == [("ben@shop.example",)]
    desk.clock.advance(timedelta(hours=15))  # midnight: 9:00 in Tokyo
    assert [each.recipients for each in tick(desk)] == [("carl@shop.example",)]


# -- what may go wrong


def test_one_agents_fault_does_not_keep_the_others_from_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.replace("{name: ben, ", '{name: ben, digest: "9:00", ').replace(
        "{name: carl, ", '{name: carl, digest: {at: "9:00", view: all}, '
    )
    desk = make(tmp_path, config=config)
    mails(desk, 1)
    working = digest._grouped

    def fails(config: object, agent: object, found: object) -> object:
        if getattr(agent, "name", "") == "ben":
            raise ZeroDivisionError
        return working(config, agent, found)  # type: ignore[arg-type]

    monkeypatch.setattr(digest, "_grouped", fails)
    desk.clock.advance(timedelta(hours=1))
    desk.fresh()
    digest.send_due(desk.database, desk.shop, desk.clock)
    kinds = desk.kinds()
    assert kinds == ["alert anna@shop.example", "digest carl@shop.example"]
    digest.send_due(desk.database, desk.shop, desk.clock)
    assert desk.kinds() == []


def test_a_broken_template_of_the_shops_is_replaced_by_the_shipped_one(tmp_path: Path) -> None:
    desk = make(
        tmp_path,
        config=CONFIG.replace("{name: ben, ", '{name: ben, digest: "9:00", '),
        templates={"digest.txt.j2": "{{ marker }}\n{{ 1 // (groups|length - 1) }}\n"},
    )
    mails(desk, 1)
    desk.clock.advance(timedelta(hours=1))
    desk.fresh()
    digest.send_due(desk.database, desk.shop, desk.clock)
    assert desk.kinds() == ["alert anna@shop.example", "digest ben@shop.example"]
    assert "Question 1" in desk.to("ben@shop.example", "digest").mail.text


def test_a_list_that_is_asked_for_is_no_digest_and_may_be_empty(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    ben = desk.shop.config.agent("ben")
    assert ben is not None
    desk.fresh()
    with desk.database.write() as connection:
        for _ in range(2):
            assert digest.send_list(connection, desk.shop, ben, "overdue", desk.clock.now()) == 0
    first, second = desk.fresh("digest")
    assert first.mail.subject == "0 conversations in overdue"
    assert "nothing in this list" in first.mail.text
    assert first.mail.message_id != second.mail.message_id
    mails(desk, 1)
    assert morning(desk).mail.subject.startswith("1 conversation waits for you")


def test_without_reply_addresses_it_does_not_ask_for_an_answer(tmp_path: Path) -> None:
    config = CONFIG.replace("    signature: |", "    reply_address: none\n    signature: |")
    desk = make(tmp_path, config=config.replace("{name: ben, ", '{name: ben, digest: "9:00", '))
    mails(desk, 1)
    text = morning(desk, hours=1).mail.text
    assert "Question 1" in text
    assert "Answer this mail" not in text


def test_work_sends_what_is_due(tmp_path: Path) -> None:
    every_day = '{at: "0:00", days: [mon, tue, wed, thu, fri, sat, sun], view: all}'
    desk = digest_shop(tmp_path, every_day)
    mails(desk, 1)
    desk.clock.advance(timedelta(hours=17))
    desk.fresh()
    work(desk.database, desk.shop, desk.clock, MaildirTransport(tmp_path / "sent"))
    assert [each.kind for each in desk.fresh("digest")] == ["digest"]
    sent = [path.read_bytes() for path in (tmp_path / "sent" / "new").iterdir()]
    assert any(b"1 conversation in all" in raw for raw in sent)
