"""What a sender newly wrote, told apart from quotes, signatures and notices."""

from __future__ import annotations

import gc
import time

import pytest

from inboxd.mail.quotes import cut_at_marker, split_reply

WORDS = "Thanks, that helps.\n\nWhere is the second parcel?"
QUOTE = "> Hello Jane,\n> your parcel is on its way.\n"
BARE = "Hello Jane,\nyour parcel is on its way.\n"
ATTRIBUTION = "On Tue, 5 Mar 2024 at 10:12, Shop <help@shop.example> wrote:\n"
MARKER = "##- Reply above this line. Everything below stays here. -##"

ATTRIBUTIONS = {
    "en-gmail": "On Tue, Mar 5, 2024 at 10:12\u202fAM Shop <help@shop.example> wrote:",
    "en-gmail-wrapped": "On Tue, Mar 5, 2024 at 10:12 AM Shop Support <\nhelp@shop.example> wrote:",
    "en-gmail-old": "2024-03-05 10:12 GMT+01:00 Shop <help@shop.example>:",
    "en-apple": "On Mar 5, 2024, at 10:12, Shop <help@shop.example> wrote:",
    "en-thunderbird": "On 3/5/24 10:12, Shop Support wrote:",
    "en-yahoo": "On Tuesday, March 5, 2024 at 10:12:33 AM GMT+1, Shop <help@shop.example> wrote:",
    "en-proton": "On Tuesday, March 5th, 2024 at 10:12, Shop <help@shop.example> wrote:",
    "en-mutt": "On Tue, Mar 05, 2024 at 10:12:33AM +0100, Shop Support wrote:",
    "en-three-lines": "On Tue, 5 Mar 2024 at 10:12,\nShop Support <help@shop.example>\nwrote:",
    "en-zoho": "---- On Tue, 05 Mar 2024 10:12:33 +0100 Shop <help@shop.example> wrote ----",
    "en-samsung": "---- Shop Support wrote ----",
    "en-lotus": "-----Shop Support/Shop wrote: -----",
    "de-gmail": "Am Di., 5. März 2024 um 10:12 Uhr schrieb Shop Support <\nhelp@shop.example>:",
    "de-apple": "Am 05.03.2024 um 10:12 schrieb Shop <help@shop.example>:",
    "de-thunderbird": "Am 05.03.24 um 10:12 schrieb Shop Support:",
    "de-lotus": "Shop Support schrieb am 05.03.2024 10:12:33:",
    "fr-gmail": "Le mar. 5 mars 2024 à 10:12, Shop <help@shop.example> a écrit :",
    "fr-wrapped": "Le mar. 5 mars 2024 à 10:12, Shop Support <help@shop.example>\na écrit :",
    "fr-thunderbird": "Le 05/03/2024 à 10:12, Shop Support a écrit\u00a0:",
    "es-gmail": "El mar, 5 mar 2024 a las 10:12, Shop (<help@shop.example>) escribió:",
    "es-thunderbird": "El 5/3/24 a las 10:12, Shop Support escribió:",
    "it-gmail": "Il giorno mar 5 mar 2024 alle ore 10:12 Shop <\nhelp@shop.example> ha scritto:",
    "it-thunderbird": "Il 05/03/2024 10:12, Shop Support ha scritto:",
    "nl-gmail": "Op di 5 mrt 2024 om 10:12 schreef Shop <help@shop.example>:",
    "nl-apple": "Op 5 mrt 2024, om 10:12 heeft Shop <help@shop.example> het volgende geschreven:",
    "pt-gmail": "Em ter., 5 de mar. de 2024 às 10:12, Shop <help@shop.example>\nescreveu:",
    "pt-thunderbird": "Em 05/03/2024 10:12, Shop Support escreveu:",
    "pl-gmail": "wt., 5 mar 2024 o 10:12 Shop <help@shop.example> napisał(a):",
    "pl-thunderbird": "W dniu 05.03.2024 o 10:12, Shop Support pisze:",
    "sv-gmail": "Den tis 5 mars 2024 kl 10:12 skrev Shop <help@shop.example>:",
    "sv-apple": "5 mars 2024 kl. 10:12 skrev Shop <help@shop.example>:",
    "da-gmail": "Den tirs. 5. mar. 2024 kl. 10.12 skrev Shop <help@shop.example>:",
    "no-gmail": "tir. 5. mars 2024 kl. 10:12 skrev Shop <help@shop.example>:",
    "no-thunderbird": "Den 05.03.2024 10:12, skrev Shop Support:",
    "fi-gmail": "ti 5. maalisk. 2024 klo 10.12 Shop (help@shop.example) kirjoitti:",
    "fi-thunderbird": "Shop Support kirjoitti 5.3.2024 klo 10.12:",
    "cs-gmail": "út 5. 3. 2024 v 10:12 odesílatel Shop <help@shop.example> napsal:",
    "cs-thunderbird": "Dne 05. 03. 24 v 10:12 Shop Support napsal(a):",
    "ru-gmail": "вт, 5 мар. 2024 г. в 10:12, Shop <help@shop.example>:",
    "ru-thunderbird": "05.03.2024 10:12, Shop Support пишет:",
    "ru-mail.ru": "Вторник, 5 марта 2024, 10:12 +03:00 от Shop <help@shop.example>:",
    "tr-gmail": "Shop <help@shop.example>, 5 Mar 2024 Sal, 10:12 tarihinde şunu yazdı:",
    "ja-gmail": "2024年3月5日(火) 10:12 Shop <help@shop.example>:",
    "ja-apple": "2024/03/05 10:12、Shop <help@shop.example>のメール:",
    "zh-gmail": "Shop <help@shop.example> 于2024年3月5日周二 10:12写道：",
    "zh-netease": '在 2024-03-05 10:12:33，"Shop" <help@shop.example> 写道：',
    "zh-tw-gmail": "Shop <help@shop.example> 於 2024年3月5日 週二 上午10:12寫道：",
    "ko-gmail": "2024년 3월 5일 (화) 오전 10:12, Shop <help@shop.example>님이 작성:",
    "vi-gmail": "Vào 10:12 5 tháng 3, 2024, Shop <help@shop.example> đã viết:",
}
HEADER_BLOCKS = {
    "en": ("From", "Sent", "Tuesday, March 5, 2024 10:12 AM", "To", "Subject"),
    "de": ("Von", "Gesendet", "Dienstag, 5. März 2024 10:12", "An", "Betreff"),
    "fr": ("De ", "Envoyé ", "mardi 5 mars 2024 10:12", "À ", "Objet "),
    "es": ("De", "Enviado el", "martes, 5 de marzo de 2024 10:12", "Para", "Asunto"),
    "it": ("Da", "Inviato", "martedì 5 marzo 2024 10:12", "A", "Oggetto"),
    "nl": ("Van", "Verzonden", "dinsdag 5 maart 2024 10:12", "Aan", "Onderwerp"),
    "pt": ("De", "Enviada em", "terça-feira, 5 de março de 2024 10:12", "Para", "Assunto"),
    "pl": ("Od", "Wysłano", "wtorek, 5 marca 2024 10:12", "Do", "Temat"),
    "sv": ("Från", "Skickat", "den 5 mars 2024 10:12", "Till", "Ämne"),
    "da": ("Fra", "Sendt", "5. marts 2024 10:12", "Til", "Emne"),
    "fi": ("Lähettäjä", "Lähetetty", "tiistai 5. maaliskuuta 2024", "Vastaanottaja", "Aihe"),
    "cs": ("Od", "Odesláno", "úterý 5. března 2024 10:12", "Komu", "Předmět"),
    "ru": ("От", "Отправлено", "5 марта 2024 г. 10:12", "Кому", "Тема"),
    "tr": ("Kimden", "Gönderildi", "5 Mart 2024 Salı 10:12", "Kime", "Konu"),
    "ja": ("差出人", "送信日時", "2024年3月5日 10:12", "宛先", "件名"),
    "zh": ("发件人", "发送时间", "2024年3月5日 10:12", "收件人", "主题"),
    "ko": ("보낸 사람", "보낸 날짜", "2024년 3월 5일 화요일 오전 10:12", "받는 사람", "제목"),
}
ORIGINALS = [
    "-----Original Message-----",
    "-------- Original message --------",
    "------------------ Original ------------------",
    "-----Ursprüngliche Nachricht-----",
    "-------- Message d'origine --------",
    "-------- Mensaje original --------",
    "-------- Messaggio originale --------",
    "-------- Oorspronkelijk bericht --------",
    "-------- Mensagem original --------",
    "-------- Oryginalna wiadomość --------",
    "-----Ursprungligt meddelande-----",
    "-------- Oprindelig besked --------",
    "-------- Opprinnelig melding --------",
    "-------- Alkuperäinen viesti --------",
    "-------- Původní zpráva --------",
    "-------- Исходное сообщение --------",
    "-------- Orijinal mesaj --------",
    "-------- 元のメッセージ --------",
    "------------------ 原始邮件 ------------------",
    "-------- 원본 이메일 --------",
]
FORWARDS = [
    "---------- Forwarded message ---------",
    "-------- Forwarded Message --------",
    "Begin forwarded message:",
    "-------- Weitergeleitete Nachricht --------",
    "Anfang der weitergeleiteten Nachricht:",
    "---------- Message transféré ---------",
    "---------- Mensaje reenviado ---------",
    "-------- Messaggio Inoltrato --------",
    "---------- Doorgestuurd bericht ---------",
    "---------- Mensagem encaminhada ---------",
    "---------- Treść przekazanej wiadomości ---------",
    "---------- Vidarebefordrat meddelande ---------",
    "---------- Videresendt meddelelse ---------",
    "-------- Välitetty viesti --------",
    "-------- Přeposlaná zpráva --------",
    "-------- Пересылаемое сообщение --------",
    "-------- İletilmiş Mesaj --------",
    "-------- 転送メッセージ --------",
    "-------- 转发的消息 --------",
    "-------- 전달된 메시지 --------",
    "----- Forwarded by Jane Doe/Home on 05.03.2024 10:12 -----",
]
DEVICES = [
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Sent from Yahoo Mail on Android",
    "Sent with Proton Mail secure email.",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Enviado do meu iPhone",
    "Wysłane z iPhone'a",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "나의 iPhone에서 보냄",
]
CLOSINGS = [
    "Best regards,",
    "Mit freundlichen Grüßen",
    "Cordialement,",
    "Un saludo,",
    "Cordiali saluti",
    "Met vriendelijke groet,",
    "Atenciosamente,",
    "Pozdrawiam,",
    "Med vänliga hälsningar",
    "Med venlig hilsen",
    "Ystävällisin terveisin",
    "S pozdravem",
    "С уважением,",
    "Saygılarımla,",
    "よろしくお願いいたします。",
    "此致，",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
@pytest.mark.parametrize("layout", ["quoted", "unmarked", "no blank line", "answer below"])
def test_attribution_is_set_aside_with_its_quote(attribution: str, layout: str) -> None:
    text = {
        "quoted": f"{WORDS}\n\n{attribution}\n\n{QUOTE}",
        "unmarked": f"{WORDS}\n\n{attribution}\n\n{BARE}",
        "no blank line": f"{WORDS}\n{attribution}\n{QUOTE}",
        "answer below": f"{attribution}\n{QUOTE}\n{WORDS}\n",
    }[layout]
    reply = split_reply(text)
    assert reply.reply_text == WORDS
    assert "your parcel" in reply.elided_text


@pytest.mark.parametrize("width", [40, 50, 60, 72])
def test_attribution_is_found_however_wrapped(width: int) -> None:
    line = "On Tue, Mar 5, 2024 at 10:12 AM Shop Support of the Example Company <help@shop.example>"
    for cut in (line.rfind(" ", 0, width), line.rfind(" ", 0, width - 15)):
        wrapped = f"{line[:cut]}\n{line[cut + 1 :]}\nwrote:"
        assert split_reply(f"{WORDS}\n\n{wrapped}\n\n{QUOTE}").reply_text == WORDS
        assert split_reply(f"{WORDS}\n\n{wrapped}\n\n{BARE}").reply_text == WORDS


def test_attribution_glued_to_the_words_leaves_them() -> None:
    assert split_reply(f"Yes please {ATTRIBUTION}> Both?\n").reply_text == "Yes please"
    assert split_reply(f"Yes please--- {ATTRIBUTION}> Both?\n").reply_text == "Yes please"


@pytest.mark.parametrize("names", HEADER_BLOCKS.values(), ids=HEADER_BLOCKS)
@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("rule", ["", "________________________________\n"])
def test_outlook_header_block_begins_the_quote(
    names: tuple[str, ...], bold: bool, rule: str
) -> None:
    sender, sent, date, to, subject = (f"*{n}:*" if bold else f"{n}:" for n in names)
    date = date.strip("*:")
    block = f"{sender} Shop <help@shop.example>\n{sent} {date}\n{to} Jane Doe\n{subject} Your order"
    for text in (f"{WORDS}\n\n{rule}{block}\n\n{BARE}", f"{WORDS}\n{rule}{block}\n{BARE}"):
        assert split_reply(text).reply_text == WORDS
        assert split_reply(text.replace("\n", "\r\n")).reply_text == WORDS


def test_header_block_needs_no_address_where_sender_date_and_subject_stand() -> None:
    block = "Von: Support, Shop\nGesendet: Dienstag, 5. März 2024\nAn: Doe, Jane\nBetreff: Schuhe"
    assert split_reply(f"{WORDS}\n\n{block}\n\n{BARE}").reply_text == WORDS


@pytest.mark.parametrize("line", ORIGINALS)
def test_original_message_line_begins_the_quote(line: str) -> None:
    assert split_reply(f"{WORDS}\n\n{line}\n{BARE}").reply_text == WORDS


@pytest.mark.parametrize("line", FORWARDS)
def test_forwarded_mail_is_kept_with_the_words_above_it(line: str) -> None:
    mail = f"{line}\nFrom: a@b.example\nDate: Tue, 5 Mar 2024\nSubject: Hm\nTo: c@d.example\n\nText"
    assert split_reply(mail).reply_text == mail
    assert split_reply(f"Please see below.\n\n{mail}").reply_text == f"Please see below.\n\n{mail}"


def test_forwarded_mail_within_the_quote_goes_with_it() -> None:
    text = f"{WORDS}\n\n-----Original Message-----\n\nSee:\n\n{FORWARDS[0]}\nFrom: a@b.example\n"
    assert split_reply(text).reply_text == WORDS


def test_forward_by_outlook_without_new_words_keeps_its_content() -> None:
    mail = (
        "From: a <a@b.example>\nSent: Tuesday, March 5, 2024\nTo: Jane\nSubject: Hm\n\n"
        "The parcel is lost."
    )
    assert split_reply(mail).reply_text == mail
    older = f"{mail}\n\n{ATTRIBUTION}{QUOTE}"
    assert split_reply(older).reply_text == mail


@pytest.mark.parametrize(
    "text",
    [
        "> only a quote\n> of ours",
        f"{ATTRIBUTION}{QUOTE}",
        "-- \nJane",
        "Sent from my iPhone",
        "Best regards,\nAnna",
        "-----Original Message-----\nHello",
        ATTRIBUTION + BARE,
    ],
)
def test_reply_is_never_empty_where_there_is_text(text: str) -> None:
    assert split_reply(text).reply_text == text.strip()
    assert split_reply(text).elided_text == ""


@pytest.mark.parametrize("text", ["", "\n\n", " \t\r\n", "\ufeff"])
def test_no_text_gives_no_reply(text: str) -> None:
    assert split_reply(text).reply_text == ""


@pytest.mark.parametrize("footer", DEVICES)
def test_device_footer_is_set_aside(footer: str) -> None:
    assert split_reply(f"{WORDS}\n\n{footer}\n").reply_text == WORDS
    quoted = split_reply(f"{WORDS}\n\n{footer}\n\n{ATTRIBUTION}{QUOTE}")
    assert quoted.reply_text == WORDS
    assert quoted.elided_text.startswith(footer)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closing_with_a_name_below_is_set_aside(closing: str) -> None:
    text = f"{WORDS}\n\n{closing}\n\nJane Doe\nHead of Shoes\n+49 30 123456\nwww.doe.example\n"
    assert split_reply(text).reply_text == WORDS
    assert split_reply(f"{text}\n{ATTRIBUTION}{QUOTE}").reply_text == WORDS


@pytest.mark.parametrize(
    "ending",
    [
        "-- \nJane Doe\nDoe Ltd",
        "--\nJane Doe",
        "—\nJane Doe",
        "-Jane Doe",
        "/Jane",
        "Thanks,\nJane",
        "Best,\nJane",
        "LG\nJane\n\nVon meinem iPhone gesendet",
        "Sent from my iPhone\nPlease excuse typos",
        "_______________________________________________\nusers mailing list\nhttps://lists.example",
        "Disclaimer\n\nWhat is said here binds nobody.",
        "This e-mail is confidential and intended solely for the addressee.\nDelete it otherwise.",
        "________________________________\nDiese E-Mail enthält vertrauliche Informationen und ist "
        "nur für den Empfänger bestimmt.",
        "Virus-free. www.scanner.example",
    ],
)
def test_ending_is_set_aside(ending: str) -> None:
    reply = split_reply(f"{WORDS}\n\n{ending}\n")
    assert (reply.reply_text, reply.elided_text) == (WORDS, ending)


def test_endings_can_be_kept() -> None:
    text = f"{WORDS}\n\nRegards,\nAnna\n\n-- \nShop Support"
    kept = split_reply(f"{text}\n\n{ATTRIBUTION}{QUOTE}", keep_signatures=True)
    assert kept.reply_text == text


@pytest.mark.parametrize(
    "text",
    [
        "On Monday he wrote: your parcel is lost.\nIs that true?",
        "On Monday he wrote:\n\nYour parcel is lost.\n\nIs that true?",
        "On 3 May 2024 at 10:30 you wrote:\n\nThe refund is on its way.\n\nIt never came.",
        "Am 3. Mai um 10:30 schrieb ich Ihnen:\n\nWo ist es?\n\nBis heute nichts.",
        "I called 3 times at 10:30 and your colleague wrote:\n\nplease wait\n\nWhat now?",
        "I want to travel:\n\nFrom: Berlin\nTo: Munich\nDate: 3 May 2024\n\nIs that possible?",
        "Please change my address.\nFrom: old@doe.example\nTo: new@doe.example\nThank you!",
        "Invitation:\n\nDate: Wednesday, 3 May 2024\nTime: 7:00\nAddress: 130 Fox St\n\nCome!",
        "Name: Jane\nEmail: jane@doe.example\nSubject: Order\nMessage: where is it?",
        "Please fill in.\n\n----- Enter your message below -----\n\nIt was good.",
        "Sent from my desk, this is much easier than from my phone.",
        "My order:\n\n- shoes\n- socks",
        "I would like:\n\n-Shoes",
        "See below:\n\n-----\nitem 1\n-----\nitem 2",
        "Hi Anna,\n\nThank you!\n\nJane",
        "Which one is it?\n\nBest\nGood\nBad",
        "We pay by invoice.\n\nRegards,\nJane\n\nPS: and where are the socks?",
        "Please close it.\n\nRegards,\nAnna\n#close",
        "Hello\n\n>>> look here <<<\n\nbye",
        "All is well.\n>From here on it is better.",
        "Is my order treated confidentially?",
        "A fix -- this is not a signature.",
        "Attention: the shoes are broken.\n\nPlease help.",
    ],
)
def test_legitimate_words_are_never_cut(text: str) -> None:
    reply = split_reply(text)
    assert reply.reply_text == text
    assert reply.elided_text == ""


def test_pitfall_24_answers_between_quoted_lines_stay_with_them() -> None:
    text = (
        f"See below.\n\n{ATTRIBUTION}"
        "> Which size?\n\n42\n\n> Which colour?\n\nRed\n\n> Regards\n> Shop\n\n-- \nJane"
    )
    reply = split_reply(text)
    assert reply.reply_text == ("See below.\n\n> Which size?\n\n42\n\n> Which colour?\n\nRed")
    assert reply.elided_text == f"{ATTRIBUTION}> Regards\n> Shop\n-- \nJane"


def test_pitfall_24_one_answer_between_quotes_stays_with_its_question() -> None:
    reply = split_reply(f"{ATTRIBUTION}> Which size?\n42\n> Regards\n")
    assert reply.reply_text == "> Which size?\n\n42"


def test_pitfall_24_long_quotes_are_shortened_to_what_is_answered() -> None:
    story = "".join(f"> line {number}\n" for number in range(40))
    reply = split_reply(f"{ATTRIBUTION}{story}>\n> Which size?\n\n42\n\n> And colour?\n\nRed")
    assert reply.reply_text == "> Which size?\n\n42\n\n> And colour?\n\nRed"
    assert "line 0\n" in reply.elided_text


def test_answer_below_one_quote_needs_no_quote() -> None:
    assert split_reply(f"{ATTRIBUTION}{QUOTE}{WORDS}").reply_text == WORDS
    both = split_reply(f"Hello\n\n{ATTRIBUTION}{QUOTE}\n{WORDS}")
    assert both.reply_text == f"Hello\n\n{WORDS}"


def test_lines_that_wrapping_tore_off_a_quote_belong_to_it() -> None:
    torn = "> this line was so long that some client has wrapped it at the very\nmargin\n> here"
    assert split_reply(f"{WORDS}\n\n{ATTRIBUTION}{torn}").reply_text == WORDS
    link = "> See your order (https://shop.example/orders\n/view?id=12345)\n> there"
    assert split_reply(f"{WORDS}\n\n{ATTRIBUTION}{link}").reply_text == WORDS


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated from outside of the organization. Do not click links.",
        "[EXTERNAL EMAIL]",
        "You don't often get email from jane@doe.example. Learn why this is important",
        "ACHTUNG: Diese E-Mail kommt von außerhalb des Unternehmens.",
    ],
)
def test_banner_of_a_gateway_is_set_aside(banner: str) -> None:
    assert split_reply(f"{banner}\n\n{WORDS}").reply_text == WORDS


HTML_QUOTES = {
    "gmail": '<div dir="ltr">{}</div><br><div class="gmail_quote"><div class="gmail_attr">'
    "Kedden foo, Shop &lt;help@shop.example&gt; bar:<br></div>"
    '<blockquote class="gmail_quote" style="margin:0 0 0 0.8ex">Hello</blockquote></div>',
    "outlook-windows": '<div><p>{}</p></div><div style="border:none;border-top:solid #E1E1E1 1.0pt;'
    'padding:3.0pt 0cm 0cm 0cm"><p><b>Feladta:</b> x<br><b>Mikor:</b> y</p></div><p>Hello</p>',
    "outlook-web": '<div>{}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
    "<b>Feladta:</b> x<br><b>Mikor:</b> y<br></div><div>Hello</div>",
    "yahoo": '<div>{}</div><div id="yahoo_quoted_1" class="yahoo_quoted"><p>foo:</p>Hello</div>',
    "thunderbird": '<p>{}</p><div class="moz-cite-prefix">Foo bar baz:<br></div>'
    '<blockquote type="cite">Hello</blockquote><div class="moz-signature">Jane</div>',
    "apple": '{}<br><div id="AppleMailSignature">Jane<br>Doe Ltd</div><div><br>Am 05.03.2024 um '
    "10:12 schrieb Shop &lt;help@shop.example&gt;:<br><br></div>"
    '<blockquote type="cite">Hello</blockquote>',
    "proton": '<div>{}</div><div class="protonmail_signature_block">Jane</div>'
    '<div class="protonmail_quote">Foo bar baz:<br>'
    '<blockquote class="protonmail_quote">Hello</blockquote></div>',
    "gmx": '<div>{}</div><div name="quote" style="border-left: 2px solid #C3D9E5">Hello</div>',
    "hotmail": "<div>{}</div><div>&gt; Subject: Hm<br>&gt; From: a@b.example<br>&gt; Hello</div>",
}


@pytest.mark.parametrize("html", HTML_QUOTES.values(), ids=HTML_QUOTES)
def test_html_quote_of_each_client_is_set_aside(html: str) -> None:
    reply = split_reply("", html.format("Thanks, that helps."))
    assert reply.reply_text == "Thanks, that helps."
    assert "Hello" in reply.elided_text


def test_pitfall_24_html_answers_between_quotes_stay() -> None:
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On Tue, X wrote:<br></div>'
        '<blockquote class="gmail_quote">Size?</blockquote><div>42</div>'
        '<blockquote class="gmail_quote">Colour?</blockquote><div>Red</div></div>'
    )
    assert split_reply("", html).reply_text == "> Size?\n\n42\n\n> Colour?\n\nRed"


def test_html_forward_is_kept() -> None:
    html = (
        'See:<br><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message '
        "---------<br>From: A &lt;a@b.example&gt;<br></div><div>Lost parcel</div></div>"
    )
    assert "Lost parcel" in split_reply("", html).reply_text
    only = '<div id="appendonsend"></div><div id="divRplyFwdMsg">From: x</div><p>Lost parcel</p>'
    assert "Lost parcel" in split_reply("", only).reply_text


def test_plain_text_rules_unless_it_is_poor() -> None:
    html = "<p>The words in HTML</p>"
    assert split_reply("The plain words", html).reply_text == "The plain words"
    stub = "Your mail client does not support HTML messages."
    assert split_reply(stub, html).reply_text == "The words in HTML"
    assert split_reply(" \n", html).reply_text == "The words in HTML"


def test_html_tells_where_the_quote_begins_when_plain_text_does_not() -> None:
    text = "New words.\n\nFoo bar baz\nHello Jane"
    html = 'New words.<div class="moz-cite-prefix">Foo:</div><blockquote>Hello Jane</blockquote>'
    assert split_reply(text, html).reply_text == "New words."


def test_marks_in_a_mail_mean_nothing() -> None:
    assert split_reply("Hello\n\x1eall of it\n\x1cis new").reply_text.count("\n") == 2
    html = "<pre>Hello\n\x1eall of it</pre>"
    assert split_reply("", html).reply_text == "Hello\nall of it"


# The marker


@pytest.mark.parametrize(
    "below",
    [
        f"{MARKER}\nsecret",
        f"{ATTRIBUTION}> {MARKER}\n> secret",
        f"{ATTRIBUTION}| {MARKER}\n| secret",
        f"{ATTRIBUTION}>> {MARKER}\n>> secret",
        f"{ATTRIBUTION}    {MARKER}   \nsecret",
        f"{ATTRIBUTION}> {MARKER.replace(' ', chr(0xA0))}",
        f"{ATTRIBUTION}> {MARKER.replace('Everything', 'Every' + chr(0xAD) + 'thing')}",
        f"{ATTRIBUTION}> ##- Reply above this line. Everything\n> below stays here. -##\n> secret",
        f"{ATTRIBUTION}> ##-=20Reply above this line. Every=\nthing below stays here. -##",
        f"*{MARKER}*",
        "> Reply above this line. Everything below stays here.",
        f"{ATTRIBUTION.strip()} {MARKER}",
        f"Sent from my iPhone\n\n{ATTRIBUTION}\n> {MARKER}",
        f"{ATTRIBUTION}> [Shop]\n> \n> {MARKER}",
        f"-----Original Message-----\nFrom: Shop <h@shop.example>\nDate: x\nSubject: y\n\n{MARKER}",
        f"Kirjutas Shop 5.03.2024 kell 10:12:\n\n> {MARKER}",
        "Von: Shop <h@shop.example>\nGesendet: Dienstag, 5. März 2024\nAn: Anna\nBetreff: Ein "
        f"langer Betreff, der\numgebrochen ist\n\n{MARKER}",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_marker_is_found_however_a_client_wrote_it(below: str, newline: str) -> None:
    text = f"{WORDS}\n\n{below}".replace("\n", newline)
    assert cut_at_marker(text, MARKER) == (WORDS, True)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_attribution_above_the_marker_goes_with_it(attribution: str) -> None:
    assert cut_at_marker(f"{WORDS}\n\n{attribution}\n\n> {MARKER}\n", MARKER) == (WORDS, True)


@pytest.mark.parametrize("names", HEADER_BLOCKS.values(), ids=HEADER_BLOCKS)
def test_header_block_above_the_marker_goes_with_it(names: tuple[str, ...]) -> None:
    sender, sent, date, to, subject = names
    block = f"{sender}: Shop <h@shop.example>\n{sent}: {date}\n{to}: Anna\n{subject}: Re: Hm"
    text = f"{WORDS}\n\n________________________________\n{block}\n\n{MARKER}\n"
    assert cut_at_marker(text, MARKER) == (WORDS, True)


def test_marker_cuts_at_its_first_place_and_keeps_the_words_above() -> None:
    text = f"I wrote my reply above this line.\n\n{MARKER}\nsecret\n{MARKER}"
    assert cut_at_marker(text, MARKER) == ("I wrote my reply above this line.", True)
    assert cut_at_marker(f"{MARKER}\nsecret", MARKER) == ("", True)
    assert cut_at_marker("No marker here", MARKER) == ("No marker here", False)
    assert cut_at_marker("anything", "") == ("anything", False)


def test_marker_survives_a_wrong_charset() -> None:
    marker = "-- Répondez au-dessus de cette ligne --"
    for written in ("R?pondez", "RÃ©pondez", "Re\u0301pondez", "R=E9pondez"):
        assert cut_at_marker(f"Oui\n\n> -- {written} au-dessus de cette ligne --", marker)[1]
    assert cut_at_marker("はい\n\n> ##- この線の上に返信 -##", "##- この線の上に返信 -##") == (
        "はい",
        True,
    )


# Hostile input

MEGABYTE = 1_000_000
HOSTILE = [
    "a:\n", ":\n", ">\n", "a:\n> b\n", "wrote:\n", ATTRIBUTION, ATTRIBUTION + "> x\n",
    "x wrote:\n> x\ny\n", "From: x\n", "From: a@b.c\nTo: x\n", "From: a\n\n", "\n", " ", "a", "a@",
    "-", "--\n", "-----\n", "-----Original Message-----\n", "\r", "\0", "\ud800", "-Bob\n\n",
    "Regards,\nBob\n", "Sent from my iPhone\n", "confidential intended recipient\n", "_____\n",
    "> a\n(http://a\n> b\n", "> a\nb\n", "On 5 ", "<\n", "<a@b.c\n> wrote:\n", "> wrote:\n",
    MARKER[:-15] + "\n", "r e p l y ", "r" + " " * 1000, "：\n", "1:\n", "On (", "--forwarded \n",
    ">>> a\n", "Shop\nSupport <a@b.c>\n", "A <a@b.c> wrote:\n", "Thanks\nBob\n", "---\nBob Doe\n",
    "Forwarded message:\n\n", "##- x -##\n", "Sent from my iPhone, ", "Tue,\n5 May 10:12 x wrote\n",
    "caution external ", "Mon 5 Mar 2024 at 10:12 a@b.c wrote:\n",
]  # fmt: skip


def _seconds(pattern: str, size: int) -> float:
    text = (pattern * (size // len(pattern) + 1))[:size]
    gc.collect()
    gc.disable()  # its share depends on what other tests have left behind
    try:
        before = time.process_time()
        split_reply(f"Hello\n{text}")
        cut_at_marker(f"Hello\n{text}\n{MARKER}", MARKER)
        return time.process_time() - before
    finally:
        gc.enable()


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
def test_time_is_linear_whatever_the_text(pattern: str) -> None:
    # Four times the input: sixteen times the work would be quadratic.
    assert _seconds(pattern, 160_000) < 10 * _seconds(pattern, 40_000) + 0.6


@pytest.mark.parametrize("pattern", ["a:\n", "> a\nb\n", ATTRIBUTION + "> x\n"])
def test_a_megabyte_is_split_in_seconds(pattern: str) -> None:
    assert _seconds(pattern, MEGABYTE) < 20


def test_a_sign_off_is_kept_where_it_is_asked_for_and_footers_are_not() -> None:
    text = "it is on its way.\n\nKind regards,\nAnna\n\n-- \nAnna Agent\nTel. 123"

    kept = split_reply(f"{text}\n\n{ATTRIBUTION}{QUOTE}", keep_sign_off=True)

    assert kept.reply_text == "it is on its way.\n\nKind regards,\nAnna"


def test_a_device_footer_goes_although_the_sign_off_stays() -> None:
    text = "it is on its way.\n\nBest,\nAnna\n\nSent from my iPhone"

    assert split_reply(text, keep_sign_off=True).reply_text == "it is on its way.\n\nBest,\nAnna"
