"""Bounces, notices of absence and other mail that nobody wrote: filed, and nobody is disturbed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, SHOP, Desk, Sent, bounce, letter, make

PAIR = ["notification anna@shop.example", "notification ben@shop.example"]
AWAY = "Auto-Submitted: auto-replied\n"


def answered(tmp_path: Path, **options: object) -> tuple[Desk, Sent]:
    """Return a shop where Anna has answered Jane, and the answer."""
    desk = make(tmp_path, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "It comes tomorrow.")
    desk.fresh()
    return desk, desk.to("jane@customer.example", "reply")


def test_pitfall_21_a_bounce_is_an_event_and_tells_the_agents(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    entry = desk.send(bounce("jane@customer.example"), to=[answer.envelope_from], envelope_from="")
    assert desk.entry(entry).state == "applied"
    assert (desk.count(), desk.state(), len(desk.messages())) == (1, "pending", 2)
    assert desk.has_event("delivery.failed", "jane@customer.example: failed (5.1.1)")
    assert desk.bounced("jane@customer.example")
    assert desk.kinds() == PAIR
    assert "could not be delivered" in desk.to("anna@shop.example").mail.text


def test_pitfall_21_a_bounce_does_not_reopen(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    desk.send(bounce("jane@customer.example"), to=[answer.envelope_from], envelope_from="")
    assert (desk.count(), desk.state()) == (1, "closed")


@pytest.mark.parametrize("action", ["delayed", "relayed"])
def test_pitfall_21_a_delay_is_an_event_alone(tmp_path: Path, action: str) -> None:
    desk, answer = answered(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    desk.fresh()
    report = bounce("jane@customer.example", action, "4.4.1")
    desk.send(report, to=[answer.envelope_from], envelope_from="")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "closed", [])
    assert not desk.bounced("jane@customer.example")


def test_a_bounce_at_the_plain_address_is_found_by_the_id_it_returns(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    original = answer.mail.message_id or ""
    desk.send(bounce("jane@customer.example", original=original), to=[SHOP], envelope_from="")
    assert desk.count() == 1
    assert desk.has_event("delivery.failed")


def test_automatic_mail_to_a_bounced_address_stops_until_it_writes_again(tmp_path: Path) -> None:
    rules = "- {name: Bye, when: closed, then: [{reply: {canned: still-there}}]}\n"
    desk, answer = answered(tmp_path, rules=rules)
    desk.send(bounce("jane@customer.example"), to=[answer.envelope_from], envelope_from="")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    assert desk.fresh("auto_reply") == []
    assert desk.has_event("auto_reply.withheld", "has bounced")
    desk.reply(answer, "I am back.")
    assert not desk.bounced("jane@customer.example")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    assert len(desk.fresh("auto_reply")) == 1


def test_a_notification_that_bounces_tells_the_admin_once(tmp_path: Path) -> None:
    desk, _ = answered(tmp_path)
    sent = desk.to("ben@shop.example", "notification")
    for _ in range(3):
        desk.send(bounce("ben@shop.example"), to=[sent.envelope_from], envelope_from="")
    assert desk.kinds() == ["alert anna@shop.example"]
    assert desk.count() == 1


def test_a_bounce_of_unknown_origin_is_filed_quietly(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.send(bounce("somebody@elsewhere.example"), to=[SHOP], envelope_from="")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "closed", [])


def test_a_bounce_of_our_own_mail_whose_row_is_gone_opens_nothing(tmp_path: Path) -> None:
    desk = make(tmp_path)
    original = desk.shop.key.message_id("support", "shop.example", 77, "lost")
    entry = desk.send(
        bounce("jane@customer.example", original=original), to=[SHOP], envelope_from=""
    )
    assert desk.entry(entry).state == "applied"
    assert (desk.count(), desk.kinds()) == (0, [])


@pytest.mark.parametrize("state", ["pending", "closed", "snoozed"])
def test_pitfall_30_a_notice_of_absence_stays_in_the_conversation_and_tells_nobody(
    tmp_path: Path, state: str
) -> None:
    desk, answer = answered(tmp_path)
    if state != "pending":
        tag = {"closed": "#close", "snoozed": "#snooze 3d"}[state]
        desk.answer_as("anna", desk.to("anna@shop.example"), tag)
    desk.fresh()
    before = desk.conversation()
    desk.clock.advance(timedelta(minutes=5))
    desk.reply(
        answer,
        "I am out of the office until Friday.",
        subject="Automatic reply: Where is my tea?",
        headers=AWAY,
        envelope_from="",
        to=answer.envelope_from,
    )
    assert (desk.count(), desk.state(), desk.kinds()) == (1, state, [])
    assert desk.conversation().state_since == before.state_since
    assert desk.texts()[-1] == "inbound: I am out of the office until Friday."


def test_pitfall_30_a_notice_of_absence_neither_starts_nor_moves_timers(tmp_path: Path) -> None:
    rules = "- {name: Nudge, when: pending, for: 3 days, then: [{tag: late}]}\n"
    desk, answer = answered(tmp_path, rules=rules)
    before = desk.timers()
    desk.clock.advance(timedelta(days=1))
    desk.reply(answer, "I am away.", subject="Out of office: tea", headers=AWAY)
    assert desk.timers() == before


def test_a_notice_of_absence_from_nowhere_is_filed_closed(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer("I am away.\n", subject="Out of Office", headers=AWAY)
    assert (desk.state(), desk.kinds()) == ("closed", [])


def test_mail_that_a_program_wrote_on_its_own_is_told_but_not_answered(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer("An order came in.\n", headers="Auto-Submitted: auto-generated\n")
    assert (desk.state(), desk.kinds()) == ("open", PAIR)


def test_a_filters_spam_is_kept_apart_and_nobody_is_told(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    asked = desk.customer("Cheap pills.\n", headers="X-Spam-Flag: YES\n")
    assert (desk.state(), desk.kinds(), desk.conversation().tags) == ("spam", [], ())
    desk.customer("More pills.\n", in_reply_to=asked)
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "spam", [])


def test_a_read_receipt_is_filed_and_tells_nobody(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    raw = letter(to=answer.reply_to, subject="Read: Where is my tea?").replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    )
    desk.send(raw, to=[answer.reply_to])
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "pending", [])
    assert desk.has_event("delivery.receipt")


def test_a_mail_too_large_to_fetch_opens_a_conversation_that_says_so(tmp_path: Path) -> None:
    desk = make(tmp_path)
    header = letter().split(b"\n\n")[0] + b"\n\n"
    desk.send(header, oversize=123_000_000)
    assert "too large to be fetched (123 MB)" in desk.texts()[0]
    assert desk.kinds() == PAIR
    assert "123 MB" in desk.to("anna@shop.example").mail.text


def history(desk: Desk, raw: bytes, days_ago: int) -> int:
    at = desk.clock.now() - timedelta(days=days_ago)
    return desk.send(raw, history=True, at=at)


def test_imported_history_files_threads_and_sends_nothing(tmp_path: Path) -> None:
    rules = ACKNOWLEDGE + "- {name: N, when: closed, for: 1 day, then: [{tag: old}]}\n"
    desk = make(tmp_path, rules=rules)
    history(desk, letter(text="Old question.\n", message_id="q@customer.example"), 300)
    ours = letter(
        f"Tea Shop <{SHOP}>",
        text="Old answer.\n",
        to="Jane <jane@customer.example>",
        message_id="a@old.example",
        in_reply_to="q@customer.example",
        references=("q@customer.example",),
    )
    history(desk, ours, 299)
    thanks = letter(text="Old thanks.\n", in_reply_to="a@old.example")
    history(desk, thanks, 280)
    assert desk.count() == 1
    assert desk.texts() == [
        "inbound: Old question.",
        "outbound: Old answer.",
        "inbound: Old thanks.",
    ]
    assert desk.state() == "closed"
    assert desk.kinds() == []
    assert desk.timers() == []
    assert desk.conversation().created_at == desk.clock.now() - timedelta(days=300)
    assert desk.conversation().updated_at == desk.clock.now() - timedelta(days=280)


def test_a_long_imported_thread_is_not_torn_at_thirty_days(tmp_path: Path) -> None:
    desk = make(tmp_path)
    history(desk, letter(text="One.\n", message_id="1@customer.example"), 300)
    for number, days in enumerate((280, 260, 240, 220), start=2):
        raw = letter(
            text=f"{number}.\n",
            message_id=f"{number}@customer.example",
            in_reply_to=f"{number - 1}@customer.example",
        )
        history(desk, raw, days)
    assert desk.count() == 1
    assert len(desk.messages()) == 5


def test_history_that_begins_with_our_own_mail_is_with_its_receiver(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter(f"Tea Shop <{SHOP}>", text="Dear Jane.\n", to="Jane Doe <jane@customer.example>")
    history(desk, raw, 100)
    assert desk.conversation().contact_address == "jane@customer.example"
    assert desk.texts() == ["outbound: Dear Jane."]
    assert SHOP not in desk.parties()


def test_history_imported_into_a_living_conversation_disturbs_nothing(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(message_id="now@customer.example", in_reply_to="then@customer.example")
    before = desk.conversation()
    desk.fresh()
    history(desk, letter(text="Long ago.\n", message_id="then@customer.example"), 20)
    assert desk.conversation() == before
    assert len(desk.messages()) == 2
    assert desk.kinds() == []


def test_history_that_is_here_already_is_a_duplicate(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter()
    desk.send(raw)
    assert desk.entry(history(desk, raw, 10)).state == "duplicate"


def test_a_customers_mail_to_an_imported_conversation_reopens_it(tmp_path: Path) -> None:
    desk = make(tmp_path, config=CONFIG)
    history(desk, letter(message_id="q@customer.example"), 10)
    desk.customer("And now?\n", in_reply_to="q@customer.example")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "open", PAIR)


def test_what_an_agent_wrote_to_a_customer_is_outbound_history(tmp_path: Path) -> None:
    desk = make(tmp_path)
    history(desk, letter(message_id="q@customer.example"), 30)
    raw = letter(
        "Anna <anna@shop.example>",
        text="Dear Jane.\n",
        to="jane@customer.example",
        cc=SHOP,
        in_reply_to="q@customer.example",
    )
    history(desk, raw, 29)
    assert desk.texts()[-1] == "outbound: Dear Jane."
    assert desk.kinds() == []
    assert not desk.has_event("held")


def test_our_own_notifications_in_an_archive_alarm_nobody(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    raw = desk.to("anna@shop.example").raw
    desk.fresh()
    assert desk.entry(history(desk, raw, 1)).state == "quarantined"
    assert desk.kinds() == []


def test_a_partys_answer_that_a_filter_calls_spam_is_told_but_not_answered(tmp_path: Path) -> None:
    rules = "- {name: A, when: message.received, then: [{reply: {canned: received}}]}\n"
    desk, answer = answered(tmp_path, rules=rules)
    desk.reply(answer, "I need help!", headers="X-Spam-Flag: YES\n")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "open", PAIR)
    assert "calls this mail spam" in " ".join(desk.to("anna@shop.example").mail.text.split())


def test_a_strangers_spam_with_a_token_is_not_told(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.reply(answer, "Pills.", sender="x@evil.example", headers="X-Spam-Flag: YES\n")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "pending", [])


def test_what_a_filter_calls_spam_reopens_nothing(tmp_path: Path) -> None:
    desk, answer = answered(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#close")
    desk.fresh()
    desk.reply(answer, "I need help!", headers="X-Spam-Flag: YES\n")
    assert (desk.count(), desk.state(), desk.kinds()) == (1, "closed", [])
