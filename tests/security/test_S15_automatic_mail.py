"""S15: to whom automatic mail may go back (RFC 3834). Here: the decision about one mail."""

from __future__ import annotations

import pytest

from inboxd.mail.classify import TrustPolicy, classify
from inboxd.mail.mime import parse
from inboxd.mail.model import Verdict

TRUST = TrustPolicy(
    own_addresses=frozenset({"support@shop.example", "sales@shop.example"}),
    is_own=lambda address: address.startswith("r-"),
)
CUSTOMER = {"From": "Carol <carol@firm.example>", "To": "support@shop.example", "Subject": "Parcel"}
DSN = 'multipart/report; report-type=delivery-status; boundary="b"'


def verdict(changes: dict[str, str], envelope: str | None = "carol@firm.example") -> Verdict:
    fields = {name: value for name, value in {**CUSTOMER, **changes}.items() if value}
    head = "\r\n".join(f"{name}: {value}" for name, value in fields.items())
    raw = f"{head}\r\n\r\nWhere is it?\r\n".encode()
    return classify(parse(raw), TRUST, envelope, raw)


FORBIDDEN: dict[str, tuple[dict[str, str], str | None]] = {
    "null sender": ({}, ""),
    "null Return-Path": ({"Return-Path": "<>"}, None),
    "mailing list by List-Id": ({"List-Id": "<talk.lists.example>"}, "carol@firm.example"),
    "mailing list by Precedence": ({"Precedence": "list"}, "carol@firm.example"),
    "bulk": ({"Precedence": "bulk"}, "carol@firm.example"),
    "junk": ({"Precedence": "junk"}, "carol@firm.example"),
    "newsletter": ({"List-Unsubscribe": "<https://news.example/u>"}, "carol@firm.example"),
    "one person's mail out of a sales program": (
        {"List-Unsubscribe": "<https://crm.example/u>", "In-Reply-To": "<a@shop.example>"},
        "carol@firm.example",
    ),
    "auto-replied": ({"Auto-Submitted": "auto-replied"}, "carol@firm.example"),
    "auto-generated": ({"Auto-Submitted": "auto-generated"}, "carol@firm.example"),
    "any other Auto-Submitted": ({"Auto-Submitted": "x-unheard-of"}, "carol@firm.example"),
    "delivery report": ({"Content-Type": DSN}, "carol@firm.example"),
    "our own address": ({"From": "sales@shop.example"}, "sales@shop.example"),
    "our own reply address": ({"From": "support+k4r7@shop.example"}, "x@relay.example"),
    "Reply-To of ours": ({"Reply-To": "r-77@shop.example"}, "carol@firm.example"),
    "mailer-daemon": ({"From": "MAILER-DAEMON@relay.example"}, "x@relay.example"),
    "postmaster": ({"From": "Postmaster@relay.example"}, "x@relay.example"),
    "noreply": ({"From": "Parcels <noreply@parcels.example>"}, "x@parcels.example"),
    "do-not-reply in Reply-To": ({"Reply-To": "do-not-reply@x.example"}, "carol@firm.example"),
    "bounce address in the envelope": ({}, "bounces+77-carol=x@esp.example"),
    "list's envelope": ({}, "owner-talk@lists.example"),
    "X-Auto-Response-Suppress": ({"X-Auto-Response-Suppress": "OOF, DR"}, "carol@firm.example"),
    "X-Loop": ({"X-Loop": "somebody@else.example"}, "carol@firm.example"),
    "two authors": ({"From": "carol@firm.example, dan@firm.example"}, "carol@firm.example"),
    "no author": ({"From": ""}, "carol@firm.example"),
    "we are in neither To nor Cc": ({"To": "undisclosed-recipients:;"}, "carol@firm.example"),
    "marked as spam": ({"X-Spam-Flag": "YES"}, "carol@firm.example"),
    "out of office by its subject alone": (
        {"Subject": "Out of office: Parcel"},
        "carol@firm.example",
    ),
}
ALLOWED: dict[str, tuple[dict[str, str], str | None]] = {
    "a customer": ({}, "carol@firm.example"),
    "a customer, envelope unknown": ({}, None),
    "Auto-Submitted: no": ({"Auto-Submitted": "no"}, "carol@firm.example"),
    "we stand in Cc": ({"To": "dan@firm.example", "Cc": "Sales@Shop.example"}, "c@firm.example"),
    "our reply address": ({"To": "support+k4r7@shop.example"}, "carol@firm.example"),
    "an address of a reply pattern": ({"To": "r-77@shop.example"}, "carol@firm.example"),
    "a person whose name holds a robot's": ({"From": "tony.replyson@firm.example"}, "t@x.example"),
    "Reply-To of their own": ({"Reply-To": "carol@home.example"}, "carol@firm.example"),
    "Precedence: first-class": ({"Precedence": "first-class"}, "carol@firm.example"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_S15_no_automatic_mail_goes_back(name: str) -> None:
    found = verdict(*FORBIDDEN[name])
    assert not found.may_answer
    assert found.reasons, "a refusal says why"


@pytest.mark.parametrize("name", ALLOWED)
def test_S15_a_person_gets_an_answer(name: str) -> None:
    assert verdict(*ALLOWED[name]).may_answer


def test_S15_what_we_send_ourselves_is_never_answered() -> None:
    """The fields that our own automatic mail carries stop another inboxd."""
    ours = {"From": "help@other.example", "Auto-Submitted": "auto-replied"}
    assert not verdict(ours, "").may_answer
    assert not verdict({**ours, "Auto-Submitted": ""}, "").may_answer
    assert not verdict(ours, "help@other.example").may_answer


def test_S15_there_are_at_least_24_refusals() -> None:
    assert len(FORBIDDEN) >= 24


WITHOUT_MARKS: dict[str, dict[str, str]] = {
    "read receipt": {
        "Content-Type": 'multipart/report; report-type=disposition-notification; boundary="b"'
    },
    "complaint": {"Content-Type": 'multipart/report; report-type=feedback-report; boundary="b"'},
    "server's words": {"From": "MAILER-DAEMON@x.example", "Subject": "Returned mail"},
    "automatic reply in Japanese": {"Subject": "自動返信: Parcel"},
    "campaign": {"X-Campaign-Id": "77"},
    "our own loop mark": {"X-Inboxd-Loop": "support@shop.example"},
}


@pytest.mark.parametrize("name", WITHOUT_MARKS)
def test_S15_no_automatic_mail_goes_back_to_programs_of_other_forms(name: str) -> None:
    found = verdict(WITHOUT_MARKS[name])
    assert not found.may_answer
    assert found.reasons, "a refusal says why"


def test_S15_pitfall_20_the_other_sides_address_does_not_matter() -> None:
    """What one helpdesk's answers have in common is what stands in them."""
    for number in range(3):
        fields = {"From": f"help+case{number}@desk.example", "Auto-Submitted": "auto-replied"}
        assert not verdict(fields, f"help+case{number}@desk.example").may_answer
