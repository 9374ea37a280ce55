"""S15 and S16 through the whole pipeline: who gets automatic mail, how often, and that it ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, SHOP, Desk, bounce, letter, make

SILENT: dict[str, dict[str, object]] = {
    "null sender": {"envelope_from": ""},
    "noreply": {"sender": "Parcels <no-reply@parcel.example>"},
    "mailer daemon": {"sender": "MAILER-DAEMON@relay.example"},
    "reply-to noreply": {"headers": "Reply-To: noreply@parcel.example\n"},
    "reply-to us": {"headers": "Reply-To: support@shop.example\n"},
    "list": {"headers": "List-Id: <tea.lists.example>\n"},
    "precedence list": {"headers": "Precedence: list\n"},
    "bulk": {"headers": "Precedence: bulk\n"},
    "junk": {"headers": "Precedence: junk\n"},
    "newsletter": {"headers": "List-Unsubscribe: <mailto:off@news.example>\n"},
    "auto-generated": {"headers": "Auto-Submitted: auto-generated\n"},
    "auto-replied": {"headers": "Auto-Submitted: auto-replied\n"},
    "suppressed": {"headers": "X-Auto-Response-Suppress: All\n"},
    "no OOF wanted": {"headers": "X-Auto-Response-Suppress: OOF\n"},
    "autoreply": {"headers": "X-Autoreply: yes\n"},
    "out of office": {"subject": "Out of Office: Where is my tea?"},
    "spam": {"headers": "X-Spam-Flag: YES\n"},
    "ourselves": {"sender": "support@shop.example"},
    "our plus-address": {"sender": "support+x@shop.example"},
    "an agent": {"sender": "anna@shop.example"},
    "Bcc": {"to": "undisclosed-recipients:;"},
    "two authors": {"sender": "a@customer.example, b@customer.example"},
    "a loop mark": {"headers": "X-Loop: other@desk.example\n"},
}


@pytest.mark.parametrize("why", SILENT)
def test_S15_no_automatic_mail_to(tmp_path: Path, why: str) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    fields = dict(SILENT[why])
    envelope_from = fields.pop("envelope_from", "jane@customer.example")
    desk.send(letter(**fields), to=[SHOP], envelope_from=envelope_from)  # type: ignore[arg-type]
    assert desk.fresh("auto_reply") == []


def test_S15_a_delivery_report_is_not_answered(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.send(bounce("somebody@customer.example"), to=[SHOP], envelope_from="")
    assert desk.fresh("auto_reply") == []


def test_S15_a_person_is_answered(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer()
    (sent,) = desk.fresh("auto_reply")
    assert sent.envelope_from == ""
    assert sent.recipients == ("jane@customer.example",)
    assert sent.mail.headers.get("Auto-Submitted") == "auto-replied"
    assert sent.mail.headers.get("X-Auto-Response-Suppress") == "All"


EACH_TIME = """\
- name: Ack
  when: message.received
  then: [{reply: {canned: received, repeat: true}}]
"""


def test_S15_once_per_person_per_conversation_per_day(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=EACH_TIME)
    asked = desk.customer()
    for _ in range(5):
        desk.clock.advance(timedelta(hours=4))
        desk.customer("More.\n", in_reply_to=asked)
    assert len(desk.fresh("auto_reply")) == 1
    assert desk.has_event("auto_reply.withheld", "within a day")
    desk.clock.advance(timedelta(hours=5))
    desk.customer("A day later.\n", in_reply_to=asked)
    assert len(desk.fresh("auto_reply")) == 1


def test_S16_three_automatic_mails_a_recipient_an_hour_and_eight_a_day(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number in range(10):
        desk.customer(subject=f"Question {number}")
    assert len(desk.fresh("auto_reply")) == 3
    assert desk.has_event("auto_reply.withheld", "a recipient an hour", 10)
    for hour in range(1, 6):
        desk.clock.advance(timedelta(hours=1, seconds=1))
        for number in range(4):
            desk.customer(subject=f"Question {hour}.{number}")
    assert len(desk.fresh("auto_reply")) == 5
    desk.clock.advance(timedelta(hours=24))
    desk.customer(subject="The next day")
    assert len(desk.fresh("auto_reply")) == 1


def test_S16_addresses_are_counted_without_letter_case(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    for number, sender in enumerate(["jane@c.example", "JANE@c.example", "Jane@C.Example"] * 2):
        desk.customer(sender=sender, subject=f"Question {number}")
    assert len(desk.fresh("auto_reply")) == 3


def test_S16_three_automatic_mails_a_conversation_a_day(tmp_path: Path) -> None:
    config = CONFIG + "auto_mail: {per_recipient_hour: 99, per_recipient_day: 99}\n"
    rules = "".join(
        f"- {{name: R{n}, when: conversation.opened, then: [{{reply: {{canned: received}}}}]}}\n"
        for n in range(6)
    )
    desk = make(tmp_path, config=config, rules=rules)
    desk.customer()
    assert len(desk.fresh("auto_reply")) == 3


def test_S16_a_cap_of_none_sends_none(tmp_path: Path) -> None:
    config = CONFIG + "auto_mail: {per_recipient_hour: 0}\n"
    desk = make(tmp_path, config=config, rules=ACKNOWLEDGE)
    desk.customer()
    assert desk.fresh("auto_reply") == []


def _exchange(one: Desk, other: Desk) -> int:
    """Carry what each has queued for the other across; returns how many mails."""
    carried = 0
    for sender, receiver in ((one, other), (other, one)):
        address = receiver.shop.config.mailboxes[0].address
        for sent in sender.fresh():
            if address in sent.recipients:
                receiver.send(sent.raw, to=[address], envelope_from=sent.envelope_from)
                carried += 1
    return carried


def test_S15_pitfall_20_two_inboxds_facing_each_other_send_one_each_at_most(
    tmp_path: Path,
) -> None:
    one = make(tmp_path / "one", rules=EACH_TIME)
    config = CONFIG.replace("shop.example", "desk.example")
    other = make(tmp_path / "other", config=config, rules=EACH_TIME)
    raw = letter("Tea <support@desk.example>", text="Hello, shop.\n")
    one.send(raw, to=[SHOP], envelope_from="support@desk.example")
    rounds = [_exchange(one, other) for _ in range(10)]
    assert rounds == [1] + [0] * 9
    assert len([each for each in one.outbox() if each.kind == "auto_reply"]) == 1
    assert [each for each in other.outbox() if each.kind == "auto_reply"] == []


def test_S16_more_than_fifty_hops_are_put_aside(tmp_path: Path) -> None:
    desk = make(tmp_path)
    hops = "".join(f"Received: from h{n} by h{n + 1}; Mon, 6 May 2030\n" for n in range(51))
    entry = desk.send(hops.encode() + letter())
    assert desk.entry(entry).state == "quarantined"
    assert desk.kinds() == ["alert anna@shop.example"]


def test_S16_our_own_notification_come_back_is_put_aside(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    entry = desk.send(desk.to("anna@shop.example").raw)
    assert desk.entry(entry).state == "quarantined"
