"""What ends a mail in each language: devices' lines, closings, notices, help desks' markers."""

from __future__ import annotations

import pytest

from inboxd.mail.quotes import split_reply

WORDS = "It came today.\n\nWhere are the laces?"
QUOTE = "On Tue, 5 Mar 2024 at 10:12, Shop <help@shop.example> wrote:\n> Hello\n"

DEVICES = {
    "en": """
        Sent from my iPhone | Sent from my iPad | Sent from my Samsung Galaxy smartphone. | Sent
        from my Galaxy | Sent from Samsung Mobile | Get Outlook for iOS<https://x.example/o> | Get
        Outlook for Android | Get Outlook for Mac | Sent from Outlook for iOS | Sent from Mail for
        Windows 10 | Sent from Mail<https://x.example/f> for Windows | Sent from Yahoo Mail on
        Android | Sent from Yahoo Mail for iPhone | Yahoo Mail: Search, Organize, Conquer | Sent
        with Proton Mail secure email. | Sent from Proton Mail for iOS | Sent from Proton Mail
        mobile | Sent from my Huawei phone | Sent from my Xiaomi | Sent from my BlackBerry 10
        smartphone. | Sent from my BlackBerry® wireless device | Sent via BlackBerry from T-Mobile |
        Sent from my Android device with K-9 Mail. Please excuse my brevity. | Sent from FairEmail |
        Sent using Zoho Mail | Sent via Superhuman | Sent via Superhuman iOS | Sent from Spark |
        Sent with Spark | Sent from HEY | Sent from Front | Sent from AOL Mobile Mail | Sent from
        Gmail Mobile | Sent from my Verizon, Samsung Galaxy smartphone | Sent from my T-Mobile 4G
        LTE Device | Sent from Polymail | Sent from BlueMail for Android | Sent from
        TypeApp<https://x.example/t> | Sent from my mobile. Please excuse typos. | Sent from my
        phone - please excuse brevity | Sent from Canary (https://x.example) | Sent from my Apple
        Watch
    """,
    "de": """
        Von meinem iPhone gesendet | Von meinem iPad gesendet | Von meinem Samsung Galaxy Smartphone
        gesendet. | Gesendet von meinem Xiaomi Handy | Gesendet von Outlook für
        iOS<https://x.example/o> | Outlook für Android<https://x.example/o> | Outlook für iOS
        beziehen<https://x.example/o> | Holen Sie sich Outlook für iOS | Gesendet von Yahoo Mail auf
        Android | Gesendet mit der GMX Mail App | Gesendet mit der WEB.DE Mail App | Diese Nachricht
        wurde von meinem Android-Gerät mit K-9 Mail gesendet. | Diese Nachricht wurde von meinem
        Android Mobiltelefon mit GMX Mail gesendet. | Gesendet mit Proton Mail | Gesendet mit der
        Telekom Mail App | Mit der Telekom Mail App gesendet | Gesendet von Mail für Windows |
        Gesendet von meinem HUAWEI P30 | Gesendet aus Outlook für Android | Gesendet von iPhone |
        Von meinem Mobilgerät gesendet | Von meinem Huawei-Mobiltelefon gesendet
    """,
    "fr": """
        Envoyé de mon iPhone | Envoyé depuis mon iPhone | Envoyé depuis mon appareil Galaxy | Envoyé
        depuis mon téléphone Orange | Envoyé à partir de Outlook pour Android | Envoyé à partir
        d'Outlook pour iOS<https://x.example/o> | Téléchargez Outlook pour iOS<https://x.example/o>
        | Obtenir Outlook pour Android | Envoyé depuis Yahoo Mail pour iPhone | Envoyé avec Proton
        Mail | Envoyé à partir de Courrier pour Windows | Envoyé de mon smartphone Samsung Galaxy. |
        Envoyé depuis l'application Mail Orange | Envoyé via BlackBerry | Envoyé sans fil par mon
        terminal mobile BlackBerry sur le réseau de Bell.
    """,
    "es": """
        Enviado desde mi iPhone | Enviado desde mi Samsung Galaxy | Enviado desde Outlook para
        Android | Obtener Outlook para iOS<https://x.example/o> | Enviado desde Yahoo Mail para
        iPhone | Enviado desde mi dispositivo Huawei | Enviado con Proton Mail | Enviado desde
        Correo para Windows | Enviado de Samsung Mobile | Enviado desde mi teléfono móvil | Enviado
        desde mi smartphone BlackBerry
    """,
    "it": """
        Inviato da iPhone | Inviato dal mio iPhone | Inviato dal mio dispositivo Samsung | Inviato
        da Outlook per Android | Ottieni Outlook per iOS<https://x.example/o> | Scarica Outlook per
        Android | Inviato da Yahoo Mail su Android | Inviato da Posta per Windows | Inviato da
        Libero Mail | Inviato dallo smartphone Samsung Galaxy. | Inviato dal mio telefono Huawei |
        Inviato con Proton Mail
    """,
    "nl": """
        Verstuurd vanaf mijn iPhone | Verzonden vanaf mijn iPad | Verzonden vanaf Outlook voor
        Android<https://x.example/o> | Verzonden vanuit Mail voor Windows | Outlook voor iOS
        downloaden<https://x.example/o> | Verzonden met Proton Mail | Verzonden vanaf Samsung Mobile
        | Verstuurd via mijn Samsung Galaxy | Verzonden met de GMX mobile Mail App | Verzonden via
        Yahoo Mail op Android
    """,
    "pt": """
        Enviado do meu iPhone | Enviado do meu smartphone Samsung Galaxy. | Enviado a partir do meu
        iPhone | Enviado do Outlook para Android | Obter o Outlook para iOS<https://x.example/o> |
        Baixar o Outlook para iOS | Enviado do Yahoo Mail no Android | Enviado do Email para Windows
        | Enviado via iPhone | Enviado de meu iPhone | Enviado com Proton Mail | Enviado de Samsung
        Mobile
    """,
    "pl": """
        Wysłane z iPhone'a | Wysłano z iPhone'a | Wysłane z mojego iPhone’a | Pobierz program
        Outlook dla systemu Android | Wysłane z aplikacji Poczta dla systemu Windows | Wysłano z
        telefonu Samsung | Wysłane z urządzenia Huawei | Wysłane z Yahoo Mail na Androidzie |
        Wysłano ze smartfona Xiaomi | Wysłane przy użyciu Proton Mail | Wysłano z Outlook dla iOS
    """,
    "sv": """
        Skickat från min iPhone | Skickat från min Samsung-enhet | Skickat från Outlook för iOS |
        Hämta Outlook för Android<https://x.example/o> | Skickades från E-post för Windows | Skickat
        från Yahoo Mail på Android | Skickat från min Huawei-mobil | Skickat med Proton Mail |
        Skickat från min mobil | Skickat från min surfplatta
    """,
    "da-no": """
        Sendt fra min iPhone | Sendt fra min Samsung Galaxy | Hent Outlook til
        Android<https://x.example/o> | Sendt fra Outlook til iOS | Sendt fra Mail til Windows |
        Sendt fra Yahoo Mail på Android | Sendt fra min mobil | Sendt med Proton Mail | Få Outlook
        for iOS | Sendt fra min Huawei-telefon | Sendt fra Outlook for Android | Sendt fra min
        Samsung-enhet
    """,
    "fi": """
        Lähetetty iPhonesta | Lähetetty iPadista | Lähetetty Samsung-laitteesta | Hanki Outlook for
        Android | Hanki Outlook Androidille | Lähetetty Windowsin Sähköpostista | Lähetetty Samsung
        Galaxy -älypuhelimesta. | Lähetetty puhelimesta | Lähetetty Huawei-puhelimestani | Lähetetty
        Outlookista | Lähetetty Proton Mail -palvelusta
    """,
    "cs": """
        Odesláno z iPhonu | Odesláno z mého iPhonu | Získat Outlook pro Android | Stáhněte si
        Outlook pro iOS | Odesláno z aplikace Pošta pro Windows | Odesláno z mobilu | Odesláno ze
        Samsung Mobile | Odesláno z telefonu Xiaomi | Odesláno pomocí Proton Mail | Odesláno z mého
        telefonu Huawei
    """,
    "ru": """
        Отправлено с iPhone | Отправлено с моего iPhone | Отправлено из Mail.ru для Android |
        Отправлено из мобильной Почты Mail.ru | Отправлено из Яндекс Почты для Android | Отправлено
        с мобильного устройства Huawei | Отправлено с устройства Samsung | Получить Outlook для iOS
        | Скачайте Outlook для Android | Отправлено из приложения "Почта" для Windows | Отправлено
        из мобильного приложения Яндекс Почты | Отправлено с телефона Xiaomi | Отправлено с помощью
        Proton Mail
    """,
    "tr": """
        iPhone'umdan gönderildi | iPad'imden gönderildi | Android için Outlook'u edinin | Windows
        için Posta ile gönderildi | Samsung cihazımdan gönderildi | Android'de Yahoo Postadan
        gönderildi | Huawei telefonumdan gönderildi | Samsung Galaxy akıllı telefonumdan gönderildi.
        | Proton Mail ile gönderildi | Telefonumdan gönderildi
    """,
    "ja": """
        iPhoneから送信 | iPadから送信 | Outlook for iOS を入手<https://x.example/o> |
        Android 版 Outlook を入手 |
        Windows 版のメールから送信 | Yahoo!メール - スマホから送信 | Androidから送信 |
        スマートフォンから送信 | Galaxyから送信 | Outlook
        for Android から送信
    """,
    "zh": """
        发自我的iPhone | 发自我的 iPhone | 發自我的 iPhone | 從我的 iPhone 傳送 |
        从我的 iPhone 发送 | 发自我的小米手机 | 发自我的华为手机
        | 来自我的华为手机 | 发自网易邮箱大师 | 发送自 Windows 10 版邮件应用 |
        获取 Outlook for iOS<https://x.example/o> |
        下载适用于 iOS 的 Outlook<https://x.example/o> |
        取得 Outlook iOS 版<https://x.example/o> | 从 Windows
        版邮件发送 | 发自我的Samsung | 来自我的小米手机
    """,
    "ko": """
        나의 iPhone에서 보냄 | 내 iPhone에서 보냄 |
        Android용 Outlook 다운로드<https://x.example/o> | iOS용 Outlook
        다운로드 | 삼성 갤럭시 스마트폰에서 보냈습니다. | 네이버 메일 앱에서 보냈습니다. |
        나의 갤럭시에서 보냄 | Windows용 메일에서 보냄 | 나의
        Galaxy에서 보냄
    """,
}


def _cases(tables: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (language, line)
        for language, table in tables.items()
        for line in " ".join(table.split()).split(" | ")
    ]


@pytest.mark.parametrize(("language", "footer"), _cases(DEVICES))
def test_line_of_a_device_or_program_is_set_aside(language: str, footer: str) -> None:
    for mail in (f"{WORDS}\n\n{footer}\n", f"{WORDS}\n{footer}", f"{WORDS}\n\n{footer}\n\n{QUOTE}"):
        reply = split_reply(mail)
        assert reply.reply_text == WORDS, language
        assert footer in reply.elided_text


@pytest.mark.parametrize(
    "footer",
    [
        "(sent from a phone)",
        "<<sent by galaxy>>",
        "Jane from mobile",
        "From my iPhone 6",
        "Sent from my cell, please excuse any typos.",
        "Sent from my phone - sorry for brevity",
        "Sent from my Samsung Galaxy. Please excuse typos",
        "Sent from Mailbox",
        "Sent from SomeApp<https://x.example/app>",
        "Sent wirelessly from my BlackBerry device on the Bell network.\n"
        "Envoyé sans fil par mon terminal mobile BlackBerry sur le réseau de Bell.",
        "Please consider the environment before printing this e-mail.",
        "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken.",
        "Avant d'imprimer, pensez à l'environnement.",
    ],
)
def test_line_of_a_device_may_be_decorated_or_excuse_itself(footer: str) -> None:
    assert split_reply(f"{WORDS}\n\n{footer}").reply_text == WORDS


CLOSINGS = {
    "en": "Best regards, | Kind regards | Sincerely, | All the best, | Cheers! | Thanks, | Best,",
    "de": "Mit freundlichen Grüßen | Viele Grüße, | Mit freundlichen Gruessen | LG | VG, | Danke,",
    "fr": "Cordialement, | Bien à vous, | Bonne journée, | Cdt | Salutations distinguées | Merci,",
    "es": "Saludos, | Un saludo, | Atentamente, | Saludos cordiales | Gracias, | Un abrazo,",
    "it": "Cordiali saluti | Distinti saluti, | Saluti | Grazie, | Un caro saluto,",
    "nl": "Met vriendelijke groet, | Groetjes, | Mvg | Hartelijke groeten | Bedankt,",
    "pt": "Atenciosamente, | Cumprimentos, | Com os melhores cumprimentos | Abraços, | Obrigado,",
    "pl": "Pozdrawiam, | Z poważaniem | Z powazaniem, | Pozdrawiam serdecznie | Dziękuję,",
    "sv": "Med vänliga hälsningar | Mvh | Hälsningar, | Med vanliga halsningar | Tack,",
    "da": "Med venlig hilsen | Mvh | De bedste hilsner, | Venlig hilsen, | Tak,",
    "no": "Med vennlig hilsen | Vennlig hilsen, | Hilsen | Takk,",
    "fi": "Ystävällisin terveisin | Terveisin, | Terv. | Ystavallisin terveisin | Kiitos,",
    "cs": "S pozdravem | S přátelským pozdravem, | S úctou | Děkuji, | Hezký den,",
    "ru": "С уважением, | С наилучшими пожеланиями | Всего доброго, | Спасибо,",
    "tr": "Saygılarımla, | İyi çalışmalar, | Saygilarimla | Teşekkürler,",
    "ja": "よろしくお願いいたします。 | 敬具 | 以上、よろしくお願いします。",
    "zh": "此致， | 祝好， | 谢谢， | 顺祝商祺",
    "ko": "감사합니다. | 안부 전합니다, | 고맙습니다,",
}


@pytest.mark.parametrize(("language", "closing"), _cases(CLOSINGS))
def test_closing_and_name_are_set_aside(language: str, closing: str) -> None:
    ending = f"{closing}\nJane Doe\nDoe Ltd\n+49 30 123456"

    assert split_reply(f"{WORDS}\n\n{ending}").elided_text == ending, language
    assert split_reply(f"{WORDS}\n\n{ending}\n\n{QUOTE}").reply_text == WORDS


@pytest.mark.parametrize(
    "ending",
    [
        "Mit freundlichen Grüßen / Best regards\n\nJane Doe",
        "Viele Grüße aus Berlin\nJane",
        "Mit freundlichen Grüßen\n\ni.A. Max Doe\nEinkauf\nHRB 1234",
        "Liebe Grüße an alle\nJane",
        "Cheers 🎉\nJane",
        "Regards,\njane doe, account manager\nDoe Ltd",
        "Thanks!\nJane",
        "Thanks,\nBest regards,\nJane",
        "Thanks,\nJane\n\nKind regards,\nJane Doe\nDoe Ltd",
        "Mvh Anna",
        "Best regards, Jane Doe",
        "-jane",
        "- Jane Doe",
        "---\nJane",
        "—————\nJane Doe\njane@doe.example",
        "______________________________\n\nJane Doe\nHead of Shoes",
    ],
)
def test_farewell_in_other_shapes_is_set_aside(ending: str) -> None:
    words = "It came today.\n\nAll is well."
    assert split_reply(f"{words}\n\n{ending}").reply_text == words


def test_farewell_does_not_reach_up_into_the_letter() -> None:
    words = "Hello.\n\nThanks\nJane will send it back tomorrow, with the laces\nand the box."

    assert split_reply(f"{words}\n\nRegards,\nJane").reply_text == words


def test_farewell_on_one_line_below_a_quote_is_an_answer() -> None:
    assert split_reply(f"{QUOTE}\nRegards, Jane").reply_text == "Regards, Jane"


NOTICES = {
    "en": "This message is confidential and intended only for the addressee. Delete it otherwise.",
    "de": "Diese E-Mail enthält vertrauliche Informationen. Sind Sie nicht der Empfänger, "
    "löschen Sie sie.",
    "fr": "Ce message est confidentiel et réservé à son destinataire. Supprimez-le sinon.",
    "es": "Este mensaje es confidencial y va dirigido a su destinatario. Bórrelo si no lo es.",
    "it": "Questo messaggio è riservato e rivolto al solo destinatario. Cancellatelo altrimenti.",
    "nl": "Dit bericht is vertrouwelijk en alleen voor de geadresseerde. Verwijder het anders.",
    "pt": "Esta mensagem contém dados confidenciais para o destinatário. Apague-a se não o for.",
    "pl": "Wiadomość zawiera informacje poufne i jest przeznaczona dla adresata. Proszę usunąć.",
    "sv": "Meddelandet är konfidentiellt och avsett för mottagaren. Radera det annars.",
    "da": "Denne mail er fortrolig og kun til den rette modtager. Slet den ellers.",
    "no": "Denne e-posten er konfidensiell og kun for mottakeren. Slett den ellers.",
    "fi": "Viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Poista se muuten.",
    "cs": "Tato zpráva je důvěrná a určena pouze příjemci. Jinak ji prosím smažte.",
    "ru": "Это письмо конфиденциально: конфиденциальная информация только для получателя.",
    "tr": "Bu ileti gizlidir ve yalnızca alıcısı içindir. Size gelmediyse lütfen siliniz.",
    "ja": "このメールには機密情報が含まれており、受信者以外の方は破棄してください。",
    "zh": "本邮件含有保密信息，仅供指定的收件人使用。如您误收，请立即删除。",
    "ko": "이 메일은 기밀 정보를 포함하며 지정된 수신인만 볼 수 있습니다.",
}


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES)
def test_legal_notice_is_set_aside(notice: str) -> None:
    for ending in (notice, f"________________________________\n{notice}", f"-- \nJane\n\n{notice}"):
        reply = split_reply(f"{WORDS}\n\n{ending}")
        assert (reply.reply_text, reply.elided_text) == (WORDS, ending)


MARKERS = [
    "##- Please type your reply above this line -##",
    "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
    "##- この行より上に返信を入力してください -##",
    "-- Please reply above this line --",
    "=== Répondre au-dessus de cette ligne ===",
    "----- Responda por encima de esta línea -----",
    "--- Scrivi sopra questa riga ---",
    "--- Typ uw antwoord boven deze regel ---",
    "--- Digite acima desta linha ---",
    "--- Wpisz odpowiedź powyżej tej linii ---",
    "--- Skriv svaret ovanför denna linje ---",
    "--- Skriv dit svar over denne linje ---",
    "--- Kirjoita tämän rivin yläpuolelle ---",
    "--- Napište odpověď nad tento řádek ---",
    "--- Введите ответ над этой чертой ---",
    "--- Yanıtınızı bu satırın üzerine yazın ---",
    "--- 请在此行上方回复 ---",
    "--- 이 줄 위에 답장을 입력하세요 ---",
]


@pytest.mark.parametrize("marker", MARKERS)
def test_below_a_help_desks_marker_stands_what_is_answered(marker: str) -> None:
    reply = split_reply(f"{WORDS}\n\n{marker}\n\nYour request is being looked at.\n")
    assert reply.reply_text == WORDS
    assert reply.elided_text.startswith(marker)


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_on_top_is_no_word_of_the_help_desk_that_writes_to_us(marker: str) -> None:
    reply = split_reply(f"{marker}\n\nYour request is being looked at.")
    assert (reply.reply_text, reply.elided_text) == ("Your request is being looked at.", marker)
