"""S16: a mail that goes round is noticed, and mail that only travels far is not."""

from __future__ import annotations

import pytest

from inboxd.mail.classify import TrustPolicy, classify
from inboxd.mail.mime import parse
from inboxd.mail.model import Kind, Verdict

TRUST = TrustPolicy(
    own_addresses=frozenset({"support@shop.example", "sales@shop.example"}),
    is_own_message_id=lambda message_id: message_id == "1042.abc.sig@shop.example",
)
HOP = "Received: from a.example by b.example with ESMTP id 1; Mon, 1 Jan 2024 10:00:00 +0000"
OURS = "Message-ID: <1042.abc.sig@shop.example>"


def verdict(
    *fields: str, sender: str = "carol@firm.example", trust: TrustPolicy = TRUST
) -> Verdict:
    head = [*fields, f"From: {sender}", "To: support@shop.example", "Subject: Parcel"]
    return classify(parse("\r\n".join([*head, "", "Where is it?"]).encode()), trust, sender)


def test_S16_more_than_fifty_hops_are_a_loop() -> None:
    assert verdict(*[HOP] * 50).kind is Kind.CUSTOMER
    found = verdict(*[HOP] * 51)
    assert found.kind is Kind.LOOP
    assert found.reasons == ("51 Received lines, more than 50",)
    assert not found.may_answer


def test_S16_the_limit_can_be_set() -> None:
    trust = TrustPolicy(own_addresses=TRUST.own_addresses, max_received=3)
    assert verdict(*[HOP] * 3, trust=trust).kind is Kind.CUSTOMER
    assert verdict(*[HOP] * 4, trust=trust).kind is Kind.LOOP


@pytest.mark.parametrize(
    "field",
    [
        "X-Loop: support@shop.example",
        "X-Loop: <Support@Shop.example>",
        "X-Inboxd-Loop: sales+k4r7@shop.example",
    ],
)
def test_S16_our_own_mark_is_a_loop(field: str) -> None:
    found = verdict(field)
    assert found.kind is Kind.LOOP
    assert not found.may_answer


def test_S16_somebody_elses_mark_stops_automatic_mail_only() -> None:
    found = verdict("X-Loop: help@other.example")
    assert found.kind is Kind.CUSTOMER
    assert not found.may_answer


@pytest.mark.parametrize("field", [OURS, "X-Inboxd-Conversation: 1042"])
def test_S16_our_own_mail_that_comes_back_is_a_loop(field: str) -> None:
    assert verdict(field, sender="support@shop.example").kind is Kind.LOOP


def test_S16_a_stranger_with_our_message_id_is_no_loop() -> None:
    assert verdict(OURS).kind is Kind.CUSTOMER


def test_S16_a_person_who_writes_from_our_address_is_heard_but_not_answered() -> None:
    found = verdict("Message-ID: <77@mua.example>", sender="sales@shop.example")
    assert found.kind is Kind.CUSTOMER
    assert not found.may_answer


def test_S16_a_loop_of_bounces_is_a_loop() -> None:
    report = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
    assert verdict(*[HOP] * 60, report).kind is Kind.LOOP
