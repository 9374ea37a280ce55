"""How devices, mail programs and scanners sign a mail, in the languages of quotes_languages.py.

Only what they write is known here: a line that says "sent" and names a device or a program. A
person's "Sent with DHL on Monday." names neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .quotes_languages import phrases

_LONGEST: Final = 400
_SHORT: Final = 100
_BLANKS: Final = 13
_DECORATION: Final = " \t\u00a0*_()[]<>«»\"'·•|~-–—"

# Nothing else begins so.
_IDIOMS: Final = phrases("""
en: sent from my | sent from mail for | get outlook for | get bluemail for | get typeapp for
de: gesendet von meinem | gesendet von meiner | holen sie sich outlook
fr: envoyé de mon | envoyé depuis mon | téléchargez outlook | télécharger outlook |
    obtenez outlook | obtenir outlook
es: enviado desde mi | enviado de mi | obtener outlook | descargar outlook
it: inviato dal mio | scarica outlook | ottieni outlook
nl: verzonden vanaf mijn | verstuurd vanaf mijn | verzonden met mijn | outlook downloaden |
    download outlook
pt: enviado do meu | enviado de meu | enviado a partir do meu | obter o outlook | obter outlook |
    baixar o outlook | transferir o outlook
pl: wysłane z mojego | wysłano z mojego | pobierz outlook | pobierz aplikację outlook |
    pobierz program outlook | uzyskaj outlook
sv: skickat från min | skickat från mitt | hämta outlook | skaffa outlook
da, no: sendt fra min | sendt fra mit | sendt fra mitt | hent outlook | få outlook |
    skaff deg outlook | last ned outlook
fi: hanki outlook | hae outlook | lataa outlook
cs, sk: odesláno z mého | odesláno z mojí | odoslané z môjho | získat outlook |
    získejte outlook | stáhnout outlook | stáhněte si outlook
ru, uk: отправлено с моего | надіслано з мого | получить outlook | скачать outlook |
    скачайте outlook
zh: 发自我的 | 發自我的 | 发送自我的 | 傳送自我的 | 来自我的 | 來自我的 | 获取 outlook |
    获取适用于 | 下载适用于 ios | 下载适用于 android | 取得 outlook | 下載適用於
""")
# Words by which a device's line begins, with what follows them; it must name a device besides.
_SENT: Final = (
    (
        "sent|email sent|message sent|mail sent|this (?:message|e-?mail|mail) was sent|posted",
        "from|via|using|with|by|on|through|wirelessly|securely",
    ),
    ("composed|typed|written", "on|with|from"),
    (
        "(?:mobil )?(?:gesendet|versendet|verschickt)",
        "von|vom|mit|über|aus|via|per|unterwegs",
    ),
    ("diese (?:nachricht|e-?mail|mail) wurde", "von|vom|mit|über"),
    ("von", "meinem|meiner"),
    (
        "(?:(?:ce )?(?:message|mail|courriel) (?:a été )?)?(?:envoyé|expédié)",
        "de|depuis|via|avec|à partir|sans|par|du|en",
    ),
    (
        "(?:(?:este )?mensaje )?(?:fue )?envia[dr][oa]",
        "desde|de|con|mediante|a través|por|vía|via|sin",
    ),
    ("(?:messaggio )?inviat[oa]", "da|dal|dalla|dallo|dall['’]|con|tramite|via|usando"),
    ("(?:dit bericht is )?(?:verzonden|verstuurd)", "vanaf|met|via|vanuit|door|van"),
    ("(?:mensagem )?enviad[oa]", "do|de|da|dum|via|a partir|pelo|pela|através|com|no"),
    ("(?:wiadomość )?wysłan[aeo]", "z|ze|za|przez|przy|dzięki"),
    ("(?:meddelandet )?(?:skicka(?:t|d|s|des))", "från|med|via"),
    ("(?:denne (?:e-mail|meddelelse|e-post) er )?sendt", "fra|med|via|ved"),
    ("(?:od|po)?(?:eslán[oa]|slán[oa])|odoslané", "z|ze|zo|pomocí|přes|prostřednictvím"),
    (
        "(?:письмо |сообщение )?(?:отправлен[оа]?|послано|надіслано|відправлено)",
        "с|со|из|через|от|при|з|із|за",
    ),
    ("(?:el)?küldve|trimis|στάλθηκε", "a|az|de|din|από"),
)
# Where the verb stands last, the device stands first.
_SENT_LAST: Final = phrases("""
de, hu: gesendet | küldve
fi, tr, id: lähetetty | gönderildi | gönderilmiştir | edinin | indirin | dikirim
ja: から送信 | から送信しました | から送信されました | で送信 | から返信 | より送信 | を入手 |
    を取得
zh: 发送 | 傳送 | 發送
ko: 에서 보냄 | 에서 전송 | 에서 발송 | 에서 보냈습니다 | 에서 보낸 메일 | 에서 보낸 이메일 |
    에서 전송됨 | 다운로드
""")
_FIRST_WORDS: Final = re.compile(
    r"(?:나의 |내 |제 |mit (?:der |dem )?|[从從]\s?(?:我的\s?)?|由\s?)?"
)
# What they name; inflected at their ends in many languages.
_PRODUCTS: Final = phrases("""
en: iphon | ipad | ipod | ios | macbook | imac | apple watch | android | samsung | galaxy |
    huawei | xiaomi | redmi | oneplus | google pixel | pixel phone | motorola | sony |
    xperia | nokia |
    htc | lg smartphone | lg mobile | fairphone | blackberry |
    windows | smartphone | phone | mobile | tablet | cell phone | handheld | verizon | t-mobile |
    at&t | vodafone | outlook | yahoo | ymail | gmail | google mail | aol | hotmail | icloud |
    proton | tutanota | fastmail | thunderbird | k-9 | k9 | fairemail | aquamail | aqua mail |
    bluemail | blue mail | mymail | typeapp | airmail | polymail | superhuman | acompli |
    mailbox for | mailbird | mailspring | canary mail | newton mail | edison | em client | zoho |
    missive | spike | workspace | webmail | roundcube | telekom | gmx | web.de | t-online |
    freenet |
    mail & media | libero | virgilio | orange | laposte | wanadoo | free mail | seznam | centrum |
    onet | interia | o2 | mail.ru | yandex | яндекс | rambler | naver |
    daum | foxmail | qqmail | qq邮箱 | qq郵箱
de, nl: handy | mobiltelefon | mobilgerät | mobiltelefoon | telefoon
fr, es, it, pt: téléphone | mobile | portable | teléfono | móvil | movil | celular | cellulare |
    telefonino | telemóvel | telefone | dispositivo | appareil
pl, cs: telefon | komórk | mobiln | smartfon
sv, da, no, fi: mobil | telefon | puhelim | mobiili | surffilev
ru, uk: телефон | смартфон | андроид | почт | пошт | устройств | планшет
tr: telefon | cihaz | akıllı
ja: スマートフォン | スマホ | 携帯 | タブレット | アイフォン | ドコモ | ソフトバンク
zh: 手机 | 手機 | 平板 | 邮箱 | 郵箱 | 邮件 | 郵件 | 小米 | 华为 | 荣耀 | 三星 | 网易
ko: 아이폰 | 아이패드 | 갤럭시 | 삼성 | 휴대폰 | 스마트폰 | 모바일 | 안드로이드 | 네이버 |
    다음메일 |
    메일 앱
""")
# Lines whose words are words of their own too: only as a whole.
_WHOLE: Final = re.compile(
    r"sent (?:from|with|via|using) (?:the )?(?:spark|hey|nine|front|boxer|mailbox|shortwave|mail)"
    r"|from my (?:[\w']+ ){0,2}[\w']+"
    r"|[\w.-]+ from (?:my )?mobile"
    r"|outlook (?:für|voor|för|til|pour|para|per) (?:ios|android|mac|windows)(?: \w+)?"
    r"|(?:发自|發自|发送自|傳送自)\s?.{1,20}"
)
_IDIOM: Final = re.compile(rf"(?:{'|'.join(map(re.escape, _IDIOMS))})")
_OPENING: Final = re.compile(
    "|".join(rf"(?:{verbs}) (?:{small})(?:\b|$)" for verbs, small in _SENT)
)
_FINNISH: Final = re.compile(r"lähetetty ")
_PRODUCT: Final = re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, _PRODUCTS))})")
_LINK: Final = re.compile(r"[<(\[]?(?:https?|itms|mailto):|<$")
_APOLOGIES: Final = phrases("""
en: excuse | typo | brevity | pardon | autocorrect | auto-correct
de: tippfehler | entschuldig | kürze | autokorrektur
fr, es, it: concision | fautes | brevedad | disculp | brevità | scus
nl, pt: typefout | kortheid | brevidade | desculp
pl, sv, da, no, fi: przeprasz | ursäkta | undskyld | beklager | anteeksi | lyhyyt
cs, ru: omluvte | stručnost | извините | краткост
""")
_SCANNER_OPENINGS: Final = phrases("""
en: virus-free | this email has been checked for viruses | this email has been scanned |
    this e-mail has been scanned | this message has been scanned | no virus found in this |
    avast logo | yahoo mail: search, organize | please consider the environment |
    please think of the environment |
    think before you print | think green
de: virenfrei | diese e-mail wurde von avast | diese e-mail wurde auf viren |
    bitte denken sie an die umwelt | bitte prüfen sie der umwelt zuliebe |
    der umwelt zuliebe | denken sie an die umwelt
fr: garanti sans virus | cet e-mail a été vérifié | l'absence de virus dans ce courrier |
    pensez à l'environnement | pensez à l’environnement | avant d'imprimer | avant d’imprimer |
    n'imprimez ce
es: libre de virus | este correo electrónico ha sido comprobado | antes de imprimir |
    piense en el medio ambiente | por favor, piense en el medio
it: senza virus | privo di virus | questa e-mail è stata controllata | prima di stampare |
    rispetta l'ambiente | pensa all'ambiente
nl: virusvrij | deze e-mail is gecontroleerd | denk aan het milieu |
    bedenk voordat u
pt: livre de vírus | este e-mail foi verificado | este email foi escrutinado | antes de imprimir
pl: wolny od wirusów | bez wirusów | zanim wydrukujesz | pomyśl o środowisku |
    proszę pomyśl o środowisku
sv, da, no, fi: virusfri | denna e-post har kontrollerats | tänk på miljön | tænk på miljøet |
    tenk på miljøet | ajattele ympäristöä
cs, ru, tr: bez virů | před vytištěním | без вирусов | не содержит вирусов | virüs bulunmuyor
ja, zh: ウイルス フリー | 无病毒
""")


# The first letters of whatever is looked at closely: of the openings above, and of these.
_LETTERS: Final = 4
_STEMS: Final = phrases("""
sent | email | message | mail | this | posted | composed | typed | written | from | outlook |
mobil | gesendet | versendet | verschickt | diese | von meinem | mit der | mit dem | ce message |
ce mail | ce courriel | envoyé | expédié | este | mensaje | fue envi | enviad | inviat |
messaggio | dit bericht | verzonden | verstuurd | mensagem | wiadomość | wysłan | meddelandet |
skick | denne | sendt | odeslán | poslán | odoslané | slán | eslán | письмо | сообщение |
отправлен | послано | надіслано | відправлено | küldve | elküldve | trimis | στάλθηκε | lähetetty
""")
_STARTS: Final = frozenset(phrase[:_LETTERS] for phrase in (*_STEMS, *_IDIOMS, *_SCANNER_OPENINGS))
_UNSPACED_STARTS: Final = frozenset(("发自", "發自", "发送", "傳送"))


def is_device_footer(line: str) -> bool:
    """Tell whether the stripped `line` is what a device, program or scanner signs with.

    "Sent from my desk, is much easier" is not: they write neither commas (but to excuse
    themselves) nor long sentences.
    """
    if not 5 <= len(line) <= _LONGEST:
        return False
    text = line.casefold().strip(_DECORATION)
    if not (text[:_LETTERS] in _STARTS or text[:2] in _UNSPACED_STARTS or "mobile" in text):
        first = _LINK.split(text, maxsplit=1)[0] if "<" in text or "http" in text else text
        if not first.rstrip(_DECORATION + ".!。！").endswith(_SENT_LAST):
            return False
    if text.startswith(_SCANNER_OPENINGS):
        return True
    link = _LINK.search(text)
    words = (text[: link.start()] if link else text).replace("\u00a0", " ")
    words = _without_apology(words).strip(_DECORATION + ".!。！")
    if len(words) > _SHORT or words.count(" ") > _BLANKS:
        return False
    head, comma, model = words.partition(",")
    if comma:
        return _IDIOM.match(head) is not None and _PRODUCT.match(model.strip()) is not None
    if _IDIOM.match(words):
        return True
    if _WHOLE.fullmatch(words):
        return not words.startswith("from my") or _PRODUCT.search(words) is not None
    opening = _OPENING.match(words) or _FINNISH.match(words)
    if opening is not None:
        linked = link is not None and words.count(" ") < 5
        return linked or _PRODUCT.search(words, opening.end()) is not None
    if not words.endswith(_SENT_LAST):
        return False
    first = _FIRST_WORDS.match(words)
    return _PRODUCT.match(words, first.end() if first else 0) is not None


def is_apology(line: str) -> bool:
    """Tell whether the stripped `line` excuses what a phone does to words."""
    return len(line) < _SHORT and _mentions(line.casefold(), _APOLOGIES)


def _without_apology(words: str) -> str:
    """Return `words` up to where they begin to ask for pardon."""
    for at in (words.find(sign) for sign in (", ", ". ", "; ", " - ", " – ", "! ")):
        if at > 0 and _mentions(words[at:], _APOLOGIES):
            return words[:at]
    return words


def _mentions(text: str, words: Iterable[str]) -> bool:
    return any(map(text.__contains__, words))
