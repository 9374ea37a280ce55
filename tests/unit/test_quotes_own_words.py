"""A person's own sentences, lists, logs and addresses are never taken for quotes or endings."""

from __future__ import annotations

import pytest

from inboxd.mail.quotes import split_reply

OWN = {
    # Somebody tells what was written, said or sent.
    "en-told": "On 3 May at 10:30 your colleague wrote:\n\nIt is on its way.\n\nIt is not.",
    "en-told-date": "On Thursday, June 27, 2024, Mr Doe wrote:\n\nWe refund you.\n\nWhen?",
    "en-told-colleague": "My colleague Anna Doe <a@doe.example> wrote:\n\nNo.\n\nIs that so?",
    "de-told": "Am 3. Mai um 10:30 schrieb mir Ihr Kollege:\n\nEs kommt.\n\nEs kam nicht.",
    "de-told-colleague": "Ihre Kollegin Anna Doe <a@doe.example> schrieb:\n\nNein.\n\nWirklich?",
    "fr-told": "Le 3 mai à 10:30 vous avez écrit :\n\nIl arrive.\n\nRien n'est arrivé.",
    "es-told": "El lunes su compañero me escribió:\n\nYa viene.\n\nNo ha venido.",
    "it-told": "Il 3 maggio mi avete scritto:\n\nArriva.\n\nNon è arrivato.",
    "nl-told": "Op maandag schreef u:\n\nHet komt eraan.\n\nEr kwam niets.",
    "pt-told": "Na segunda o seu colega escreveu:\n\nEstá a caminho.\n\nNão chegou.",
    "pl-told": "W poniedziałek pani koleżanka napisała:\n\nJest w drodze.\n\nNie doszło.",
    "sv-told": "I måndags skrev ni:\n\nDet är på väg.\n\nDet kom aldrig.",
    "da-told": "I mandags skrev du:\n\nDen er på vej.\n\nDen kom aldrig.",
    "no-told": "På mandag skrev dere:\n\nDen er på vei.\n\nDen kom aldri.",
    "fi-told": "Maanantaina kollegasi kirjoitti:\n\nSe on tulossa.\n\nEi tullut.",
    "cs-told": "V pondělí vaše kolegyně napsala:\n\nJe na cestě.\n\nNepřišlo.",
    "ru-told": "В понедельник ваш коллега написал:\n\nЗаказ в пути.\n\nНичего не пришло.",
    "tr-told": "Pazartesi günü arkadaşınız yazdı:\n\nYolda.\n\nGelmedi.",
    "ja-told": "月曜日に担当者から返事がありました：\n\n発送済みです。\n\nまだ届きません。",
    "zh-told": "星期一你们的同事说：\n\n已经发货。\n\n还没有收到。",
    "ko-told": "월요일에 담당자가 말했습니다:\n\n발송했습니다.\n\n아직 못 받았어요.",
    # Something was sent, by no device.
    "en-sent": "Where is it?\n\nSent with DHL on Monday",
    "en-sent-phone": "It looks fine now.\n\nFrom my phone I cannot see the pictures",
    "de-sent": "Wo ist es?\n\nGesendet mit DHL am Montag",
    "de-sent-phone": "Ist es da?\n\nIch habe das Foto vom Handy gesendet",
    "de-from-my": "So weit alles gut.\n\nVon meinem Bruder habe ich nichts gehört",
    "fr-sent": "Où est-il ?\n\nEnvoyé par Chronopost le 5 mai",
    "es-sent": "¿Dónde está?\n\nEnviado ayer por correo",
    "it-sent": "Dov'è?\n\nInviato tramite corriere",
    "nl-sent": "Waar is het?\n\nVerstuurd met PostNL",
    "pt-sent": "Onde está?\n\nEnviado pelo correio",
    "pl-sent": "Gdzie jest?\n\nWysłane z opóźnieniem",
    "sv-sent": "Var är det?\n\nSkickat från fel adress",
    "da-sent": "Hvor er den?\n\nSendt fra forkert adresse",
    "no-sent": "Hvor er den?\n\nSendt med posten",
    "fi-sent": "Missä se on?\n\nLähetetty väärään osoitteeseen",
    "cs-sent": "Kde je?\n\nOdesláno z Prahy",
    "ru-sent": "Где заказ?\n\nОтправлено из Москвы",
    "tr-sent": "Nerede?\n\nDün kargo ile gönderildi",
    "ja-sent": "いつ届きますか。\n\n昨日スマホから送信しました",
    "zh-sent": "在哪里？\n\n请用邮件发送",
    "zh-phone": "请重发。\n\n从手机上看不到图片",
    "ko-sent": "어디 있나요?\n\n회사에서 보냄",
    # A journey and other lists of fields.
    "en-journey": "Please book:\n\nFrom: Berlin\nTo: Munich\nDate: 3 May 2024\n\nTwo people.",
    "de-journey": "Bitte buchen:\n\nVon: Berlin\nNach: München\nDatum: 3. Mai\n\nZu zweit.",
    "fr-journey": "Merci de réserver :\n\nDe : Paris\nÀ : Lyon\nDate : 3 mai\n\nPour deux.",
    "es-journey": "Por favor:\n\nDe: Madrid\nPara: Sevilla\nFecha: 3 de mayo\n\nDos personas.",
    "it-journey": "Vorrei:\n\nDa: Roma\nA: Milano\nData: 3 maggio\n\nPer due persone.",
    "nl-journey": "Graag:\n\nVan: Utrecht\nNaar: Breda\nDatum: 3 mei\n\nMet z'n tweeën.",
    "pl-journey": "Proszę o bilet:\n\nOd: Kraków\nDo: Gdańsk\nData: 3 maja\n\nDla dwojga.",
    "sv-journey": "Jag vill boka:\n\nFrån: Malmö\nTill: Umeå\nDatum: 3 maj\n\nFör två.",
    "da-journey": "Jeg vil bestille:\n\nFra: Odense\nTil: Aarhus\nDato: 3. maj\n\nFor to.",
    "cs-journey": "Prosím:\n\nOd: Praha\nKomu: Brno\nDatum: 3. května\n\nPro dva.",
    "ru-journey": "Прошу билет:\n\nОт: Москва\nКому: Казань\nДата: 3 мая\n\nНа двоих.",
    "tr-journey": "Bilet:\n\nKimden: Ankara\nKime: İzmir\nTarih: 3 Mayıs\n\nİki kişi.",
    "zh-journey": "请预订：\n\n发件人: 北京\n日期: 5月3日\n\n两个人。",
    "ko-journey": "예약:\n\n보낸 사람: 서울\n날짜: 5월 3일\n\n두 명.",
    "en-form": "Name: Jane\nSubject: Order 12\nFrom: my phone\nQuestion: where is it?",
    # Lists, tables, logs and code.
    "table": "Sizes:\n\nsize | left\n-----|-----\n41   | 3\n42   | 0\n\nWhich one shall I take?",
    "markdown-heading": "What I need\n-----\nTwo laces\nOne sole",
    "rules": "First this.\n\n-----\n\nThen that.\n\n-----\n\nAnd this.",
    "rule-and-list": "Here is my list:\n\n-----\nMilk\nBread\nCheese",
    "equals": "Total\n=====\n12 Euro",
    "dash-list": "I am missing:\n\n- Shoes\n- Laces",
    "dash-item": "One thing is missing.\n\n- Shoes",
    "stroke": "Please choose:\n/Red\n/Green",
    "log": "It says:\n\n2024-03-05 10:12:33 INFO sent to jane@doe.example: ok\n10:12:34 ERROR: x\n",
    "log-colon": "The log ends with:\n\n[2024-03-05 10:12:33] jane@doe.example wrote:\nnothing\n",
    "shell": "I ran this:\n\n> make\n> make install\n\nand it said that it was done.",
    "python": "My session:\n\n>>> import os\n>>> os.getcwd()\n'/tmp'\n\nIs that right?",
    "python-last": "This fails.\n\n>>> import shoes",
    "diff": "This is the change:\n\n--- old.txt\n+++ new.txt\n@@ -1 +1 @@\n-red\n+blue\n\nOk?",
    "code": "See:\n\n```\nmail.send('Regards,')  # --\n```\n\nWhat does it do?",
    "arrows": "All of it\n>>> is here <<<\nand there",
    "cited": "You said:\n\n> It arrives on Monday.\n\nIt is Friday.",
    "cited-de": "In Ihrer Anleitung steht:\n\n> Zuerst den Schalter drücken.\n\nWelchen?",
    # Addresses, names and thanks within the words.
    "address": "Please send it to\n\nJane Doe\n12 Fox Street\nLondon\n\nnot to the old one.",
    "address-last": "My new address is\n\nJane Doe\n12 Fox Street\nLondon",
    "address-thanks": "Thanks,\n\nmy new address is\n12 Fox Street\nLondon",
    "de-address": "Danke,\n\nmeine neue Adresse ist\nHauptstr. 5\n12345 Berlin",
    "fr-address": "Merci,\n\nvoici ma nouvelle adresse\n5 rue Haute\n75001 Paris",
    "es-address": "Gracias,\n\nmi nueva dirección es\nCalle Mayor 5\n28001 Madrid",
    "thanks": "Hi Anna,\n\nThank you!\n\nJane",
    "thanks-middle": "Thank you.\n\nThe second parcel has come as well.",
    "regards": "As regards the parcel, it came.\n\nRegards to your colleague too!",
    "best": "Which is best?\n\nBest\nGood\nBad",
    "greeting": "Saludos\n\n¿dónde está mi pedido?",
    "television": "I ordered two things:\n\nLG Monitor",
    "one-word-below": "Merci\n\nEt les lacets ?",
    "cheers-in-a-list": "Please add\n\nCheers\nKitKat\n\nto my order.",
    "regards-to": "Was it Mrs Doe who called?\n\nBest regards to her!",
    "between-closings": "Hello.\n\nThanks\nI send it back tomorrow\nRegards are due, too.",
    # Secrets and notes.
    "secret": "Is my order treated confidentially?\n\nAnd who is the recipient?",
    "de-secret": "Bitte behandeln Sie das vertraulich.\n\nDanke, das war es schon.",
    "attention": "Attention: the left shoe is larger.\n\nPlease send another one.",
    "fill-in": "I did.\n\n----- Enter your message below -----\n\nIt was good.",
    "above": "Please look above this line\n\n-- it says so --\n\nand tell me.",
    "marker-word": "The text above this line is mine -- not yours.\n\nIs it clear?",
    "forward-word": "Forwarded message:\n\nthat is what your page says, and nothing else.",
    "original-word": "Original Message\n\nis what it says on the box.",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_a_person_wrote_is_never_cut(text: str) -> None:
    reply = split_reply(text)

    assert (reply.reply_text, reply.elided_text) == (text.strip(), "")


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_a_person_wrote_is_never_cut_above_a_quote(text: str) -> None:
    quote = "On Tue, 5 Mar 2024 at 10:12, Shop <help@shop.example> wrote:\n> Hello\n"

    lines = split_reply(f"{text}\n\n{quote}").reply_text.split()

    assert set(lines) >= {word for word in text.split() if not word.startswith(">")}
