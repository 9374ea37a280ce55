"""The language of a mail: told by its words, else declared; never guessed from a few letters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from inboxd.mail.language import LANGUAGES, called, declared, language_of, told_by
from inboxd.mail.model import Headers, ParsedMail

SAID = {
    "ar": "مرحبا، لم يصل طلبي بعد. متى سيتم تسليمه؟",
    "cs": "Dobrý den, můj balík ještě nepřišel. Kdy bude doručen?",
    "da": "Hej, min pakke er ikke kommet endnu. Hvornår bliver den leveret?",
    "de": "Guten Tag, mein Paket ist noch nicht angekommen. Wann wird es geliefert?",
    "el": "Καλημέρα, το δέμα μου δεν έχει φτάσει ακόμα.",
    "en": "Hello, my parcel has not arrived yet. When will it be delivered?",
    "es": "Hola, todavía no he recibido mi pedido. ¿Cuándo llegará?",
    "fi": "Hei, pakettini ei ole vielä saapunut. Milloin se toimitetaan?",
    "fr": "Bonjour, je n'ai pas encore reçu mon colis. Quand sera-t-il livré ?",
    "he": "שלום, החבילה שלי עדיין לא הגיעה. מתי היא תגיע?",
    "hu": "Jó napot, a csomagom még nem érkezett meg. Mikor szállítják ki?",
    "it": "Buongiorno, non ho ancora ricevuto il mio pacco. Quando arriva?",
    "ja": "こんにちは、荷物がまだ届いていません。いつ届きますか。",
    "ko": "안녕하세요, 제 소포가 아직 도착하지 않았습니다.",
    "nl": "Hallo, mijn pakket is nog niet aangekomen. Wanneer wordt het geleverd?",
    "no": "Hei, jeg har ikke mottatt pakken min ennå. Hvor blir det av den?",
    "pl": "Dzień dobry, moja paczka jeszcze nie dotarła. Kiedy zostanie dostarczona?",
    "pt": "Bom dia, ainda não recebi a minha encomenda. Quando será entregue?",
    "ro": "Bună ziua, coletul meu nu a ajuns încă. Când va fi livrat?",
    "ru": "Здравствуйте, моя посылка ещё не пришла. Когда её доставят?",
    "sk": "Dobrý deň, môj balík ešte neprišiel. Kedy bude doručený?",
    "sv": "Hej, mitt paket har inte kommit än. När kommer det att levereras?",
    "tr": "Merhaba, paketim hâlâ gelmedi. Ne zaman teslim edilecek?",
    "uk": "Добрий день, моя посилка ще не прийшла. Коли її доставлять?",
    "zh": "你好，我的包裹还没有到。什么时候能送到？",
}


def test_every_language_has_its_words() -> None:
    assert {called(code) for code in LANGUAGES} == set(SAID)


@pytest.mark.parametrize("code", sorted(SAID))
def test_words_tell_the_language_each_time(code: str) -> None:
    assert told_by(SAID[code]) == code
    assert told_by(SAID[code]) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "Thanks!",
        "4711 4712 4713 4714",
        "https://shop.example/a/b x@shop.example DHL",
        "?",
    ],
)
def test_few_words_tell_nothing(text: str) -> None:
    assert told_by(text) == ""


@pytest.mark.parametrize(
    ("headers", "html", "expected"),
    [
        ([("Content-Language", "de-DE")], None, "de"),
        ([("content-language", " EN ")], None, "en"),
        ([("Content-Language", "de, en")], None, ""),
        ([("Content-Language", "de"), ("Content-Language", "fr")], None, ""),
        ([("Content-Language", "x-klingon and more")], None, ""),
        ([], '<html xmlns="x" lang="fr-CA"><body>Hi', "fr"),
        ([], "<html><BODY class=a LANG=nb link=b>Hei", "no"),
        ([], "<p lang=de>Hallo</p>", ""),
        ([("Content-Language", "es")], "<html lang=de>", "es"),
        ([], None, ""),
    ],
)
def test_what_is_declared(headers: list[tuple[str, str]], html: str | None, expected: str) -> None:
    assert declared(ParsedMail(headers=Headers(headers), html=html)) == expected


def test_the_words_come_before_what_the_program_declares() -> None:
    outlook = Headers([("Content-Language", "en-US")])
    assert language_of(ParsedMail(reply_text=SAID["de"], headers=outlook)) == "de"
    assert language_of(ParsedMail(reply_text="Thanks!", headers=outlook)) == "en"


def test_the_subject_helps_where_the_words_are_few() -> None:
    mail = ParsedMail(
        subject="Meine Bestellung ist noch nicht angekommen", reply_text="Hilfe bitte"
    )
    assert language_of(mail) == "de"


def test_quoted_words_do_not_count() -> None:
    mail = ParsedMail(text=f"{SAID['en']}\n> {SAID['de']}", reply_text=SAID["en"])
    assert language_of(mail) == "en"


def test_the_library_is_loaded_only_where_a_language_is_asked_for() -> None:
    code = (
        "import sys, inboxd.daemon, inboxd.rules.loader, inboxd.desk.facts, inboxd.mail.language\n"
        "print(sorted({'lingua', 'ahocorasick_rs'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
