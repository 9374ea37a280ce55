"""S13: what an agent's programs write by themselves reaches no customer and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from desk_kit import SHOP, Desk, Sent, bounce, letter, make

ANNA = "Anna <anna@shop.example>"
AWAY = "I am out of the office until Monday, with no access to my mail. Ben will help you."

# Subject, further headers, and words: as the clients and servers of the trade write them.
NOTICES: dict[str, tuple[str, str, str]] = {
    "RFC 3834": ("Re: Tea", "Auto-Submitted: auto-replied\n", AWAY),
    "Sieve vacation": ("Auto: Tea", "Auto-Submitted: auto-replied (vacation)\n", AWAY),
    "Exchange": ("Automatic reply: Tea", "X-Auto-Response-Suppress: All\n", AWAY),
    "Exchange rule": ("Re: Tea", "Auto-Submitted: auto-generated\n", AWAY),
    "Gmail": ("Out of office Re: Tea", "Precedence: bulk\nX-Autoreply: yes\n", AWAY),
    "cPanel": ("Away: Tea", "X-Autorespond: Tea\nPrecedence: auto_reply\n", AWAY),
    "no header, English": ("Out of Office: Tea", "", AWAY),
    "no header, automatic reply": ("Automatic reply: Tea", "", AWAY),
    "no header, German": (
        "Automatische Antwort: Tee",
        "",
        "Ich bin bis Montag nicht im Büro und lese meine Mails nicht. Bitte schreiben Sie Ben.",
    ),
    "no header, German, away": (
        "Abwesenheitsnotiz: Tee",
        "",
        "Ich bin bis zum 12. Mai abwesend. Ihre Nachricht wird nicht weitergeleitet.",
    ),
    "no header, French": (
        "Réponse automatique : Thé",
        "",
        "Je suis absente du bureau jusqu'à lundi et ne lis pas mes messages.",
    ),
    "no header, Spanish": (
        "Respuesta automática: Té",
        "",
        "Estoy fuera de la oficina hasta el lunes y no leo mi correo.",
    ),
    "no header, Italian": (
        "Risposta automatica: Tè",
        "",
        "Sono fuori ufficio fino a lunedì e non leggo la posta.",
    ),
    "no header, Dutch": (
        "Automatisch antwoord: Thee",
        "",
        "Ik ben tot maandag niet op kantoor en lees mijn mail niet.",
    ),
    "no header, Portuguese": (
        "Resposta automática: Chá",
        "",
        "Estou ausente do escritório até segunda-feira.",
    ),
    "no header, Polish": (
        "Odpowiedź automatyczna: Herbata",
        "",
        "Jestem poza biurem do poniedziałku.",
    ),
    "no header, Japanese": ("自動返信: お茶", "", "月曜日まで不在にしております。"),
}


def asked(tmp_path: Path) -> tuple[Desk, Sent]:
    desk = make(tmp_path)
    desk.customer(message_id="first@customer.example")
    desk.fresh()
    return desk, desk.to("anna@shop.example", "notification")


def addresses(desk: Desk, told: Sent) -> tuple[str, ...]:
    """Return wherever a program may send what it answers to a notification."""
    return (told.reply_to, told.envelope_from, told.mail.from_[0].address, SHOP)


def assert_nothing_came_of_it(desk: Desk) -> None:
    assert desk.fresh() == []
    found = desk.conversation()
    assert (found.state, found.tags, found.assignee) == ("open", (), None)
    assert not [each for each in desk.messages() if each.direction == "outbound"]


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.parametrize("quotes", [False, True], ids=["bare", "quoting"])
def test_S13_an_agents_absence_notice_reaches_no_customer(
    tmp_path: Path, name: str, quotes: bool
) -> None:
    subject, headers, words = NOTICES[name]
    desk, told = asked(tmp_path)
    for to in addresses(desk, told):
        desk.reply(told, words, sender=ANNA, subject=subject, headers=headers, to=to, quote=quotes)
    assert_nothing_came_of_it(desk)


@pytest.mark.parametrize("name", NOTICES)
def test_S13_tags_in_an_absence_notice_do_nothing(tmp_path: Path, name: str) -> None:
    """The agent has put them there for good, perhaps by mistake."""
    subject, headers, words = NOTICES[name]
    desk, told = asked(tmp_path)
    text = f"{words}\n\n#close #assign ben"
    desk.reply(told, text, sender=ANNA, subject=subject, headers=headers, quote=False)
    assert_nothing_came_of_it(desk)


def report(kind: str, inside: str, told: Sent, subject: str) -> bytes:
    """Return a multipart/report from Anna's client about the notification."""
    return (
        f"From: {ANNA}\nTo: {told.reply_to}\nSubject: {subject}\n"
        f"Message-ID: <report@mail.example>\nIn-Reply-To: <{told.mail.message_id}>\n"
        "MIME-Version: 1.0\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=utf-8\n\n"
        "The message that you sent to anna@shop.example was displayed.\n"
        f"--b\nContent-Type: message/{kind}\n\n{inside}\n"
        f"--b\nContent-Type: message/rfc822\n\n{told.raw.decode()}\n--b--\n"
    ).encode()


def read_receipt(told: Sent) -> bytes:
    inside = (
        "Reporting-UA: mail.example\nFinal-Recipient: rfc822;anna@shop.example\n"
        f"Original-Message-ID: <{told.mail.message_id}>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    return report("disposition-notification", inside, told, "Read: [#1] Where is my tea?")


def deleted_unread(told: Sent) -> bytes:
    inside = (
        "Reporting-UA: mail.example\nFinal-Recipient: rfc822;anna@shop.example\n"
        f"Original-Message-ID: <{told.mail.message_id}>\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
    )
    return report("disposition-notification", inside, told, "Not read: [#1] Where is my tea?")


def calendar_response(told: Sent) -> bytes:
    """A meeting that Anna's calendar accepts by itself."""
    return (
        f"From: {ANNA}\nTo: {told.reply_to}\nSubject: Accepted: Tea\n"
        "Message-ID: <calendar@mail.example>\nAuto-Submitted: auto-replied\n"
        f"In-Reply-To: <{told.mail.message_id}>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=utf-8\n\nAnna has accepted.\n"
        "--b\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n\n"
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n--b--\n"
    ).encode()


REPORTS: dict[str, Callable[[Sent], bytes]] = {
    "read receipt": read_receipt,
    "deleted unread": deleted_unread,
    "calendar": calendar_response,
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("null", [False, True], ids=["her address", "null sender"])
def test_S13_what_an_agents_client_reports_reaches_no_customer(
    tmp_path: Path, name: str, null: bool
) -> None:
    desk, told = asked(tmp_path)
    sender = "" if null else "anna@shop.example"
    desk.send(REPORTS[name](told), to=[told.reply_to], envelope_from=sender)
    assert_nothing_came_of_it(desk)


@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_S13_a_bounce_of_a_notification_reaches_no_customer(tmp_path: Path, action: str) -> None:
    desk, told = asked(tmp_path)
    raw = bounce("anna@shop.example", action, original=told.mail.message_id or "")
    for to in (told.envelope_from, told.reply_to):
        desk.send(raw, to=[to], envelope_from="")
    assert not [each for each in desk.fresh() if "jane@customer.example" in each.recipients]
    assert desk.conversation().tags == ()
    assert not desk.bounced("jane@customer.example")


def test_pitfall_18_an_absence_notice_to_what_we_ask_an_agent_ends_there(tmp_path: Path) -> None:
    """From an alias that nobody has configured: held, asked, and the question answered by robot."""
    desk, told = asked(tmp_path)
    desk.reply(told, "Tomorrow.", sender="Anna <anna@elsewhere.example>")
    question = desk.to("anna@shop.example", "held")
    assert desk.kinds() == ["held anna@shop.example"]
    for name in NOTICES:
        subject, headers, words = NOTICES[name]
        desk.reply(question, words, sender=ANNA, subject=subject, headers=headers)
    assert_nothing_came_of_it(desk)


def test_pitfall_19_an_agents_answer_is_sent_and_no_note(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes tomorrow.")
    assert desk.texts() == ["inbound: Where is my green tea?", "outbound: It comes tomorrow."]
    assert "reply jane@customer.example" in desk.kinds()


@pytest.mark.parametrize("subject", ["", "Fwd: something else", "RE: AW: SV: [#99] other"])
def test_pitfall_19_whatever_the_subject_says(tmp_path: Path, subject: str) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes tomorrow.", subject=subject)
    assert desk.to("jane@customer.example", "reply").mail.text.startswith("It comes tomorrow.")


def test_pitfall_19_what_does_not_reach_the_customer_is_said(tmp_path: Path) -> None:
    """A note that was held instead of sent tells its writer so, at once and with the words."""
    desk, told = asked(tmp_path)
    raw = letter(ANNA, "Re: tea", "It comes tomorrow.", in_reply_to=told.mail.message_id or "")
    desk.send(raw, to=[SHOP])
    assert desk.kinds() == ["held anna@shop.example"]
    text = desk.to("anna@shop.example", "held").mail.text
    assert "Nothing was sent" in text
    assert "It comes tomorrow." in text
