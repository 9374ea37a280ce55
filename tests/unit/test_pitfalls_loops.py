"""Pitfall 20: another helpdesk that answers ours, under another address each time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, SHOP, Desk, Sent, letter, make

from inboxd.desk.shared_domains import SHARED_DOMAINS, is_shared

EACH_TIME = """\
- name: Ack
  when: message.received
  then: [{reply: {canned: received, repeat: true}}]
"""
Address = Callable[[int], str]
FORMS: dict[str, Address] = {
    "a number": lambda n: f"case-{n}@desk.example",
    "a tag": lambda n: f"support+{n:x}@desk.example",
    "random": lambda n: f"{crc32(str(n).encode()):08x}@desk.example",
    "no two alike": lambda n: f"{'abcdefghij'[n % 10] * (1 + n // 10)}@desk.example",
}


def plain(sent: Sent, sender: str, to: str, *, references: bool) -> bytes:
    """Return a mail as a helpdesk sends it that hides that it is automatic."""
    subject, text = sent.mail.subject, sent.mail.text
    if not references:
        return letter(sender, subject, text, to=to)
    own, (answered, *_) = sent.mail.message_id, sent.mail.in_reply_to
    return letter(sender, subject, text, to=to, message_id=own, in_reply_to=answered)


def play(one: Desk, other: Desk, address: Address, rounds: int, *, references: bool) -> None:
    """Let two shops answer each other; neither sees the other's true address nor its marks."""
    numbers = itertools.count(1)
    first = letter(address(next(numbers)), "Hello", "Hello, shop.\n")
    one.send(first, to=[SHOP])
    for _ in range(rounds):
        moved = 0
        for sender, receiver in ((one, other), (other, one)):
            home = receiver.shop.config.mailboxes[0].address
            own = sender.shop.config.mailboxes[0].address.rpartition("@")[2]
            for sent in sender.fresh("auto_reply"):
                said = address(next(numbers)).replace("desk.example", own)
                receiver.send(plain(sent, said, home, references=references), to=[home])
                moved += 1
        for desk in (one, other):
            desk.clock.advance(timedelta(seconds=20))
        if not moved:
            break


def two_shops(folder: Path, more: str = "") -> tuple[Desk, Desk]:
    config = CONFIG + more
    one = make(folder / "one", config=config, rules=EACH_TIME)
    config = config.replace("shop.example", "desk.example")
    return one, make(folder / "other", config=config, rules=EACH_TIME)


def automatic(desk: Desk) -> list[Sent]:
    return [each for each in desk.outbox() if each.kind == "auto_reply"]


@pytest.mark.parametrize("form", FORMS)
def test_pitfall_20_two_helpdesks_with_changing_addresses_fall_silent(
    tmp_path: Path, form: str
) -> None:
    one, other = two_shops(tmp_path)
    play(one, other, FORMS[form], rounds=60, references=False)
    assert 1 <= len(automatic(one)) <= 10
    assert 1 <= len(automatic(other)) <= 10


def test_pitfall_20_the_game_itself_would_go_on(tmp_path: Path) -> None:
    one, other = two_shops(tmp_path, "auto_mail: {per_domain_hour: 999, per_domain_day: 999}\n")
    play(one, other, FORMS["random"], rounds=20, references=False)
    assert len(automatic(one)) + len(automatic(other)) > 30


def test_pitfall_20_two_helpdesks_that_name_what_they_answer_fall_silent_at_once(
    tmp_path: Path,
) -> None:
    one, other = two_shops(tmp_path)
    play(one, other, FORMS["random"], rounds=60, references=True)
    assert len(automatic(one)) + len(automatic(other)) <= 4


def test_pitfall_20_a_whole_night_ends_at_the_cap_of_a_day(tmp_path: Path) -> None:
    """The other side goes on by itself: a mail every three minutes for twelve hours."""
    desk = make(tmp_path, rules=EACH_TIME)
    for number in range(240):
        desk.journal(letter(f"case-{number}@desk.example", f"Request {number}"), to=[SHOP])
        desk.clock.advance(timedelta(minutes=3))
        if number % 20 == 19:
            desk.work()
    assert len(automatic(desk)) == 30
    assert desk.count() == 240, "every mail is filed, answered or not"


def test_pitfall_20_an_answer_to_our_automatic_mail_from_elsewhere_gets_none(
    tmp_path: Path,
) -> None:
    """Even at a provider of mailboxes, and the first time it happens."""
    desk = make(tmp_path, rules=EACH_TIME)
    desk.customer(sender="desk1@gmail.com")
    (sent,) = desk.fresh("auto_reply")
    desk.customer("Got it.\n", sender="desk2@gmail.com", in_reply_to=sent.mail.message_id)
    assert desk.fresh("auto_reply") == []
    assert desk.count() == 2
    assert desk.has_event("auto_reply.withheld", "went to desk1@gmail.com", 2)


def test_pitfall_20_the_admin_is_told_once(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(15):
        desk.customer(sender=f"case-{number}@desk.example")
    alerts = desk.fresh("alert")
    assert [each.recipients for each in alerts] == [("anna@shop.example",)]
    assert "desk.example" in alerts[0].mail.subject
    assert "auto_mail.shared_domains" in alerts[0].mail.text
    assert desk.has_event("auto_reply.withheld", "10 new addresses of desk.example an hour", 11)


def test_pitfall_20_a_tag_in_an_address_makes_no_other_person(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(6):
        desk.customer(sender=f"desk+{number}@gmail.com")
    assert len(desk.fresh("auto_reply")) == 3


def test_pitfall_20_a_busy_monday_is_answered(tmp_path: Path) -> None:
    """Three hundred people within an hour, all new, at one provider, with much the same words."""
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(300):
        desk.journal(letter(f"customer{number}@gmail.com"), to=[SHOP])
        desk.clock.advance(timedelta(seconds=10))
    desk.work()
    assert len({each.recipients for each in automatic(desk)}) == 300


def test_pitfall_20_a_firm_whose_people_are_known_is_answered(tmp_path: Path) -> None:
    """Thirty colleagues write on Monday, who had written before; each is answered."""
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    people = [f"person{number}@firm.example" for number in range(30)]
    for start in range(0, 30, 10):
        for sender in people[start : start + 10]:
            desk.customer(sender=sender)
        desk.clock.advance(timedelta(hours=25))
    desk.fresh()
    for sender in people:
        desk.customer(sender=sender, subject="Another thing")
    assert len(desk.fresh("auto_reply")) == 30


def test_pitfall_20_where_agents_have_answered_people_new_ones_are_answered(
    tmp_path: Path,
) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(10):
        desk.customer(sender=f"person{number}@firm.example")
        desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "It is on its way.")
    desk.fresh()
    for number in range(10, 40):
        desk.customer(sender=f"person{number}@firm.example")
    assert len(desk.fresh("auto_reply")) == 30


def test_pitfall_20_a_domain_that_is_named_as_shared_has_no_cap(tmp_path: Path) -> None:
    config = CONFIG + "auto_mail: {shared_domains: [Buyers.Market.example]}\n"
    desk = make(tmp_path, config=config, rules=ACKNOWLEDGE)
    for number in range(15):
        desk.customer(sender=f"buyer{number}@buyers.market.example")
        desk.customer(sender=f"buyer{number}@other.example")
    receivers = [each.recipients[0].rpartition("@")[2] for each in desk.fresh("auto_reply")]
    assert receivers.count("buyers.market.example") == 15
    assert receivers.count("other.example") == 10


def test_pitfall_20_the_caps_of_a_domain_can_be_set(tmp_path: Path) -> None:
    config = CONFIG + "auto_mail: {per_domain_hour: 2, per_domain_day: 3}\n"
    desk = make(tmp_path, config=config, rules=ACKNOWLEDGE)
    for number in range(12):
        desk.customer(sender=f"case-{number}@desk.example")
        desk.clock.advance(timedelta(minutes=20))
    assert len(automatic(desk)) == 3
    desk.clock.advance(timedelta(hours=25))
    desk.customer(sender="case-99@desk.example")
    assert len(automatic(desk)) == 4


def test_shared_domains_are_domains() -> None:
    assert len(SHARED_DOMAINS) > 200
    assert all("." in each and each == each.casefold() for each in SHARED_DOMAINS)
    assert is_shared("GMail.com")
    assert is_shared("Firm.example", ["firm.example"])
    assert not is_shared("desk.example", ["firm.example"])
