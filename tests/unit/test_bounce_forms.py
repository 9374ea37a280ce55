"""Delivery reports in the forms of many servers, and mail of people that resembles them."""

from __future__ import annotations

import pytest

from inboxd.mail.classify import TrustPolicy, classify
from inboxd.mail.mime import parse
from inboxd.mail.model import Kind, Verdict

TRUST = TrustPolicy(own_addresses=frozenset({"support@shop.example"}))
RETURNED = """\
Received: from shop.example by mx.firm.example; Mon, 1 Jan 2024 10:00:00 +0000
Message-ID:
 <1042.abc@shop.example>
From: Shop <support@shop.example>
Reply-To: support+k4r7@shop.example
To: carol@firm.example

Your parcel is on its way.
"""


def verdict(sender: str, subject: str, text: str, *fields: str) -> Verdict:
    head = [f"From: {sender}", "To: support@shop.example", f"Subject: {subject}", *fields]
    if not any(field.startswith("Content-Type") for field in fields):
        head += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    raw = ("\n".join(head) + "\n\n" + text).encode()
    return classify(parse(raw), TRUST, None, raw)


def mixed(*parts: tuple[str, str]) -> str:
    written = "".join(f"--b\nContent-Type: {kind}\n\n{text}\n\n" for kind, text in parts)
    return f"{written}--b--\n"


def people(found: Verdict, action: str) -> list[str]:
    assert found.kind is Kind.BOUNCE, (found.kind, found.reasons)
    assert found.bounce is not None
    return sorted(each.address for each in found.bounce.recipients if each.action == action)


MIXED = 'Content-Type: multipart/mixed; boundary="b"'
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'

FORMS = [
    (
        "post_master@sms.example",
        "Re: Your parcel",
        "Error: Invalid user address\n\n550 - Requested action not taken: no such user here\n\n"
        "  MAIL FROM: support@shop.example\n  RCPT TO: 0001@sms.example\n",
        "0001@sms.example",
    ),
    (
        "Gate <MAILER-DAEMON@gate.example>",
        "Delivery problem",
        'This is a permanent error. The following address failed:\n\n"carol@firm.example":\n'
        "SMTP error from remote server after RCPT command:\nhost: mx.firm.example\n",
        "carol@firm.example",
    ),
    (
        "postmaster@gate.example",
        'Undeliverable Mail: "Your parcel"',
        "Your message:\n   From:    support@shop.example\n\nCould not be delivered because of\n\n"
        "550 5.1.1 User unknown\n\nThe following recipients were affected:\n"
        "    carol@firm.example\n\nOriginal Sender:    <shop@relay.example>\n",
        "carol@firm.example",
    ),
    (
        "mailer-daemon@gate.example",
        "Undelivered Mail Returned to Sender",
        "A message that you sent could not be delivered.\n\n"
        "carol@firm.example Invalid Address, ERROR_CODE :550\n\n"
        "Received:from shop.example by gate.example\nMessage-ID:<77@relay.example>\n"
        "From:Shop <other@shop.example>\n",
        "carol@firm.example",
    ),
    (
        "postmaster@carrier.example",
        "Mail Delivery Failure",
        f"<carol@firm.example>:\n\nThis user is unknown. (User unknown)\n\n--------\n{RETURNED}",
        "carol@firm.example",
    ),
    (
        "MAILER-DAEMON@cloud.example",
        "Delivery Status Notification (Failure)",
        "The following message to <carol@firm.example> was undeliverable.\n"
        "The reason for the problem:\n5.1.0 - 550 mailbox unavailable\n",
        "carol@firm.example",
    ),
    (
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@firm.example>",
        "Non remis : Votre colis",
        "Échec de la remise pour ces destinataires ou groupes :\n\ncarol@firm.example\n"
        "L'adresse est introuvable.\n",
        "carol@firm.example",
    ),
    (
        "PostMaster@post.example",
        "来自post.example的退信",
        "抱歉，您的邮件被退回来了\n收件人：carol@firm.example\n退信原因：地址不存在。\n",
        "carol@firm.example",
    ),
    (
        "spi@bank.example",
        "RE: Your parcel : non remis (delivery failed)",
        "******************\nVotre message n'a pas pu etre delivre a\ncarol@firm.example\n",
        "carol@firm.example",
    ),
]


@pytest.mark.parametrize(("sender", "subject", "text", "address"), FORMS)
def test_the_forms_of_many_servers(sender: str, subject: str, text: str, address: str) -> None:
    reply = ["In-Reply-To: <1042.abc@shop.example>"] if subject.startswith("Re: ") else []
    assert people(verdict(sender, subject, text, *reply), "failed") == [address]


LANGUAGES = [
    ("Unzustellbar: x", "Fehler bei der Nachrichtenzustellung an folgende Empfänger:"),
    ("ZUSTELLUNGSFEHLER: x", "Ihre Nachricht wurde nicht zugestellt an:"),
    ("No se puede entregar: x", "No se pudo entregar el mensaje a estos destinatarios:"),
    ("Non recapitabile: x", "Impossibile recapitare il messaggio ai seguenti destinatari:"),
    ("Onbestelbaar: x", "Bezorging aan deze geadresseerden of groepen is mislukt:"),
    ("Não é possível entregar: x", "Falha na entrega para estes destinatários:"),
    ("Niedostarczone: x", "Dostarczenie do następujących odbiorców nie powiodło się:"),
    ("Olevererbart: x", "Leverans misslyckades till dessa mottagare:"),
    ("Kan ikke leveres: x", "Levering til disse modtagere eller grupper mislykkedes:"),
    ("Toimittamaton: x", "Toimitus näille vastaanottajille tai ryhmille epäonnistui:"),
    ("Nedoručitelné: x", "Doručení těmto příjemcům nebo skupinám se nezdařilo:"),
    ("Недоставленное: x", "Не удалось выполнить доставку следующим получателям:"),
    ("Teslim Edilemedi: x", "Bu alıcılara teslim başarısız oldu:"),
    ("配信不能: x", "次の受信者への配信に失敗しました:"),
    ("未送达: x", "未能向以下收件人或组传递邮件:"),
    ("無法傳遞: x", "無法傳遞至下列收件者:"),
    ("배달되지 않음: x", "다음 받는 사람에게 배달하지 못했습니다:"),
]


@pytest.mark.parametrize(("subject", "words"), LANGUAGES)
def test_the_languages_of_the_larger_systems(subject: str, words: str) -> None:
    found = verdict("postmaster@firm.example", subject, f"{words}\n\ncarol@firm.example\n")
    assert people(found, "failed") == ["carol@firm.example"]


DELAYS = [
    (
        "Delivery Status Notification (Delay)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to "
        "carol@firm.example. We will retry for 45 more hours.\n",
    ),
    (
        "Verzögerte Zustellung: x",
        "Die Zustellung an diese Empfänger verzögert sich:\n\ncarol@firm.example\n\n"
        "Es wird weiterhin versucht, die Nachricht zuzustellen.\n",
    ),
]


@pytest.mark.parametrize(("subject", "text"), DELAYS)
@pytest.mark.parametrize("fields", [[], ["X-Failed-Recipients: carol@firm.example"]])
def test_pitfall_21_a_delay_in_words_is_no_failure(
    subject: str, text: str, fields: list[str]
) -> None:
    found = verdict("mailer-daemon@firm.example", subject, text, *fields)
    assert people(found, "delayed") == ["carol@firm.example"]
    assert people(found, "failed") == []


def test_what_is_said_of_the_whole_message_counts_for_its_recipients() -> None:
    status = (
        "Reporting-MTA: dns; guard.example\nAction: failed\n\n"
        "Final-Recipient: rfc822; carol@firm.example\nStatus: 4.7.0"
    )
    found = verdict(
        "noreply@guard.example",
        "Re: Your parcel",
        mixed(("text/plain", "You are waitlisted."), ("message/delivery-status", status)),
        REPORT,
    )
    assert people(found, "failed") == ["carol@firm.example"]


def test_an_address_that_was_shortened_for_privacy_is_nobodys() -> None:
    status = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; car...@firm.example\nAction: failed"
    text = mixed(("text/plain", "no"), ("message/delivery-status", status))
    assert people(verdict("MAILER-DAEMON@x.example", "Failure", text, REPORT), "failed") == []


def test_a_report_that_no_person_signs_must_bring_the_mail_back() -> None:
    told = "お客様のメールを送信できませんでした。\nCould not be delivered to: <carol@firm.example>"
    sender, subject = "no-reply@carrier.example", "メールエラー通知"
    returned = mixed(("text/plain; charset=utf-8", told), ("message/rfc822", RETURNED))
    assert people(verdict(sender, subject, returned, MIXED), "failed") == ["carol@firm.example"]
    parcel = verdict(sender, "Delivery notification", "Your parcel is delayed.")
    assert parcel.kind is not Kind.BOUNCE


PERSONS = [
    ("carol@firm.example", "Undelivered parcel", "My parcel was not delivered. Please help."),
    ("carol@firm.example", "failure notice", "I got a failure notice when I paid. Why?"),
    (
        "carol@firm.example",
        "Zustellung fehlgeschlagen",
        "Das Paket konnte nicht zugestellt werden.",
    ),
    (
        "carol@firm.example",
        "Undelivered Mail Returned to Sender",
        "Hi, I got this from your server.\n\nThis is the mail system at host mx.example.\n"
        "Your message could not be delivered.\n<sales@shop.example>: 550 no\n",
    ),
    (
        "carol@firm.example",
        "Fwd: Undelivered Mail Returned to Sender",
        "---------- Forwarded message ---------\nFrom: Mail Delivery System\n\n"
        "This is the mail system at host mx.example.\n\n<sales@shop.example>: 550 no\n",
    ),
    ("Joe <postmaster@firm.example>", "Delivery problem", "Our order could not be delivered. Joe"),
]


@pytest.mark.parametrize(("sender", "subject", "text"), PERSONS)
def test_people_who_write_about_failures_are_people(sender: str, subject: str, text: str) -> None:
    assert verdict(sender, subject, text).kind is Kind.CUSTOMER


def test_a_newsletter_about_delivery_is_bulk() -> None:
    fields = ["Precedence: bulk", "List-Unsubscribe: <https://tips.example/u>"]
    text = "Nothing is worse than mail that could not be delivered. Read our guide."
    found = verdict("news@tips.example", "Delivery failed? Five reasons", text, *fields)
    assert found.kind is Kind.BULK


def test_the_returned_mail_is_told_by_its_ids_and_its_senders() -> None:
    """Our reply address is found there where the report did not come to it."""
    text = f"Your message to carol@firm.example could not be delivered.\n\n{RETURNED}"
    found = verdict("MAILER-DAEMON@firm.example", "Undeliverable", text)
    assert found.bounce is not None
    assert found.about is not None
    assert found.bounce.original_message_ids == ("1042.abc@shop.example",)
    assert found.bounce.original_senders == ("support@shop.example", "support+k4r7@shop.example")
    assert found.about.message_ids == found.bounce.original_message_ids
    assert found.about.senders == found.bounce.original_senders
    assert found.about.recipients == ("carol@firm.example",)


def test_a_read_receipt_tells_of_its_mail() -> None:
    notification = (
        "Final-Recipient: rfc822; carol@firm.example\n"
        "Original-Message-ID: <1042.abc@shop.example>\nDisposition: manual-action; displayed"
    )
    kind = 'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"'
    text = mixed(("text/plain", "Read."), ("message/disposition-notification", notification))
    found = verdict("carol@firm.example", "Read: Your parcel", text, kind)
    assert found.kind is Kind.RECEIPT
    assert found.bounce is None
    assert found.about is not None
    assert found.about.message_ids == ("1042.abc@shop.example",)
    assert found.about.recipients == ("carol@firm.example",)


def test_a_delivery_receipt_tells_of_its_mail() -> None:
    status = "Final-Recipient: rfc822; carol@firm.example\nAction: delivered\nStatus: 2.0.0"
    text = mixed(
        ("text/plain", "Delivered."),
        ("message/delivery-status", status),
        ("text/rfc822-headers", RETURNED),
    )
    found = verdict("MAILER-DAEMON@firm.example", "Successful delivery", text, REPORT)
    assert found.kind is Kind.RECEIPT
    assert found.about is not None
    assert found.about.message_ids == ("1042.abc@shop.example",)


def test_a_feedback_report_tells_of_its_mail() -> None:
    report = (
        "Feedback-Type: abuse\nVersion: 1\nOriginal-Mail-From: <b+k4r7@shop.example>\n"
        "Original-Rcpt-To: carol@firm.example"
    )
    kind = 'Content-Type: multipart/report; report-type=feedback-report; boundary="b"'
    text = mixed(
        ("text/plain", "Spam."), ("message/feedback-report", report), ("message/rfc822", RETURNED)
    )
    found = verdict("fbl@provider.example", "FW: Your parcel", text, kind)
    assert found.kind is Kind.FEEDBACK
    assert found.about is not None
    assert found.about.message_ids == ("1042.abc@shop.example",)
    assert found.about.recipients == ("carol@firm.example",)
    assert {"b+k4r7@shop.example", "support+k4r7@shop.example"} <= set(found.about.senders)


def test_an_older_form_of_complaints_is_known() -> None:
    found = verdict(
        "staff@hotmail.com",
        "complaint about message from 192.0.2.1",
        mixed(("text/plain", "Complaint."), ("message/rfc822", RETURNED)),
        MIXED,
    )
    assert found.kind is Kind.FEEDBACK
    assert found.about is not None
    assert found.about.message_ids == ("1042.abc@shop.example",)


def test_other_kinds_are_about_nothing() -> None:
    assert verdict("carol@firm.example", "Parcel", "Where is it?").about is None
