"""Kinds told by what programs write for people, by a shop's own filter, and by what outweighs."""

from __future__ import annotations

from typing import get_args

import pytest

from inboxd.config import Config
from inboxd.config.spam_words import SPAM_HEADERS
from inboxd.desk.shop import Shop
from inboxd.mail.classify import SpamMark, TrustPolicy, classify
from inboxd.mail.mass_mail import SPAM_FIELDS
from inboxd.mail.mime import parse
from inboxd.mail.model import Kind, Verdict

TRUST = TrustPolicy(
    own_addresses=frozenset({"support@shop.example"}),
    agent_addresses=frozenset({"anna@shop.example"}),
    spam_marks=(
        SpamMark("X-Acme-Filter", contains=("spam", "phish")),
        SpamMark("X-Acme-Verdict", equals=("reject",)),
        SpamMark("X-Acme-Level", begins=("high",)),
    ),
    ignored_spam_fields=frozenset({"x-barracuda-spam-status"}),
)


def verdict(
    subject: str,
    text: str = "Where is my parcel?",
    *fields: str,
    sender: str = "carol@firm.example",
) -> Verdict:
    head = [f"From: {sender}", "To: support@shop.example", f"Subject: {subject}", *fields]
    head += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    raw = ("\n".join(head) + "\n\n" + text).encode()
    return classify(parse(raw), TRUST, sender, raw)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("X-Acme-Filter: Phishing, 0.98", "X-Acme-Filter: Phishing, 0.98"),
        ("x-acme-verdict:  REJECT ", "X-Acme-Verdict: REJECT"),
        ("X-Acme-Level: high (9)", "X-Acme-Level: high (9)"),
    ],
)
def test_the_shops_own_filter_is_believed_and_named(field: str, reason: str) -> None:
    found = verdict("My order", "Hello", field)
    assert found.kind is Kind.SPAM
    assert found.reasons == (f"a filter says spam: {reason}",)
    assert not found.may_answer


@pytest.mark.parametrize(
    "field",
    [
        "X-Acme-Filter: clean",
        "X-Acme-Verdict: reject-not",
        "X-Acme-Level: not high",
        "X-Barracuda-Spam-Status: Yes, SCORE=9",
    ],
)
def test_other_words_and_ignored_filters_count_for_nothing(field: str) -> None:
    assert verdict("My order", "Hello", field).kind is Kind.CUSTOMER


def test_the_fields_that_can_be_ignored_are_those_that_are_known() -> None:
    assert get_args(SPAM_HEADERS) == SPAM_FIELDS


def test_the_configuration_reaches_the_policy() -> None:
    config = Config.model_validate(
        {
            "mailboxes": [{"name": "support", "address": "support@shop.example"}],
            "send": {"maildir": "sent"},
            "trust": {
                "spam_headers": [{"name": "X-Acme-Filter", "contains": "SPAM"}],
                "ignore_spam_headers": ["x-spam-flag"],
            },
        }
    )
    trust = Shop.__dict__["trust"].func(_Half(config))
    assert trust.spam_marks == (SpamMark("X-Acme-Filter", contains=("spam",)),)
    assert trust.ignored_spam_fields == {"x-spam-flag"}


class _Half:
    """A shop as far as its policy looks at it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.agent_addresses: dict[str, str] = {}
        self.addresses = self

    def owns(self, address: str) -> bool:
        return False

    _is_own_message_id = owns


@pytest.mark.parametrize(
    "text",
    [
        "This is an automated reply. We have received your request.",
        "Please note: this is an automatically generated message.",
        "Dies ist eine automatisch generierte Antwort.",
        "Ceci est un message automatique, merci de ne pas répondre.",
        "Este es un mensaje automático.",
        "Questo è un messaggio automatico.",
        "Dit is een automatisch gegenereerd bericht.",
        "Esta é uma mensagem automática.",
        "To jest wiadomość wygenerowana automatycznie.",
        "Detta är ett automatiskt svar.",
        "Dette er et automatisk svar.",
        "Tämä on automaattinen vastaus.",
        "Toto je automatická odpověď.",
        "Это автоматический ответ.",
        "Bu otomatik bir mesajdır.",
        "このメールは自動送信です。",
        "这是一封自动回复邮件。",
        "본 메일은 자동 발송되었습니다.",
    ],
)
def test_pitfall_20_a_helpdesk_without_marks_is_known_by_its_words(text: str) -> None:
    """Its address may be another one in each mail, and no header may tell."""
    for number in range(2):
        found = verdict(f"Re: Case {number}", text, sender=f"help+{number}@desk.example")
        assert found.kind is Kind.AUTO_REPLY
        assert not found.may_answer
        assert any("text says" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "I only got an automated reply. When will somebody answer?",
        "Is this an automated message?",
        "My automatic gate does not open.",
        "Das Auto ist automatisch.",
    ],
)
def test_people_who_write_about_automatic_mail_are_people(text: str) -> None:
    assert verdict("My order", text).kind is Kind.CUSTOMER


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Anna is out of the office.", "I will be out of the office and return on Monday."),
        ("AUTO: Anna ist außer Haus (Rückkehr am 05.08.)", "Ich bin abwesend."),
        ("【自動返信】不在のお知らせ", "不在にしております。"),
        ("Nieobecność w biurze: zamówienie", ""),
        ("부재 중 알림: 주문", ""),
        ("On holiday", "I am on holiday until 5 August. For urgent matters please contact Bob."),
        ("In ferie", "Sono in ferie fino al 5 agosto. Per urgenze contattare Bob."),
        ("Lomalla", "Olen lomalla 5.8. asti. Kiireellisissä asioissa ota yhteyttä."),
        ("İzindeyim", "Pazartesiye kadar izindeyim. Acil durumlarda Bob."),
        ("休假", "我正在休假,8月5日回来。"),
    ],
)
def test_pitfall_30_notices_without_any_header(subject: str, text: str) -> None:
    found = verdict(subject, text)
    assert found.kind is Kind.OUT_OF_OFFICE
    assert not found.may_answer


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Holiday booking", "We will be on holiday from 3 August. Is a room free?"),
        ("Vacation rental", "We are on vacation in June. Please contact me about prices."),
        ("Question about the Out of Office plugin", "The out of office plugin does not work."),
        ("Re: Out of office: your parcel", "Then please send it on Tuesday."),
        ("Urlaub", "Ich bin vom 3. bis 10. August im Urlaub. Können Sie später liefern?"),
        ("Delivery while I am away", "I will be away until Monday, please deliver on Tuesday."),
        ("休暇の予約", "休暇の予約をしたいです。部屋はありますか？"),
        ("Auto: Reifen", "Ich brauche Reifen."),
    ],
)
def test_pitfall_30_people_write_about_holidays(subject: str, text: str) -> None:
    assert verdict(subject, text).kind is Kind.CUSTOMER


REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'


@pytest.mark.parametrize(
    ("fields", "sender", "kind"),
    [
        (["X-Spam-Flag: YES", "Auto-Submitted: auto-replied"], "carol@firm.example", Kind.SPAM),
        (["X-Spam-Flag: YES"], "anna@shop.example", Kind.AGENT),
        (["Auto-Submitted: auto-replied"], "anna@shop.example", Kind.AUTO_REPLY),
        (["List-Id: <talk.lists.example>"], "carol@firm.example", Kind.LIST),
        (["List-Id: <x>", "Auto-Submitted: auto-replied"], "carol@firm.example", Kind.AUTO_REPLY),
        (
            ["List-Unsubscribe: <https://crm.example/u>", "In-Reply-To: <a@shop.example>"],
            "carol@firm.example",
            Kind.CUSTOMER,
        ),
    ],
)
def test_what_outweighs_what(fields: list[str], sender: str, kind: Kind) -> None:
    assert verdict("My order", "Hello", *fields, sender=sender).kind is kind


def test_a_bounce_that_a_filter_calls_spam_is_a_bounce() -> None:
    found = verdict("Returned mail", "x", "X-Spam-Flag: YES", sender="MAILER-DAEMON@relay.example")
    assert found.kind is Kind.BOUNCE
