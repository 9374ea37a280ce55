"""The words by which mail clients mark what is quoted, in the languages of Europe and East Asia.

All are compared without case. The tables are text: a line begins with the languages that its
phrases are of, where the table is in their order.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

_LABEL: Final = re.compile(r"^[a-z]{2}(?:, [a-z]{2})*: ", re.MULTILINE)


def phrases(table: str) -> tuple[str, ...]:
    """Return the phrases of a table, which `|` parts, in lower case."""
    text = _LABEL.sub("|", table)
    return tuple(phrase.strip().casefold() for phrase in text.split("|") if phrase.strip())


class Field(Enum):
    """What a line of a quoted header block tells."""

    FROM = auto()
    TO = auto()
    SENT = auto()
    DATE = auto()
    SUBJECT = auto()
    OTHER = auto()


# en, de, fr, es, it, nl, pt, pl, sv, da, no, fi, cs, sk, ru, uk, tr, ja, zh, ko, hu, ro, el, vi,
# id, he, ar
_FIELDS: Final = {
    Field.FROM: phrases("""
from | von | de | expéditeur | remitente | da | mittente | van | afzender | remetente | od |
nadawca | från | avsändare | fra | afsender | avsender | lähettäjä | odesílatel | odosielateľ |
от | от кого | отправитель | від | kimden | gönderen | 差出人 | 送信元 | 送信者 | 发件人 |
發件人 | 寄件者 | 寄件人 | 보낸 사람 | 보낸사람 | feladó | expeditor | de la | από | từ |
người gửi | dari | pengirim | מאת | من
"""),
    Field.TO: phrases("""
to | an | à | a | destinataire | destinatario | para | aan | do | adresat | till | til |
vastaanottaja | komu | pro | кому | получатель | kime | alıcı | 宛先 | 收件人 | 收件者 | 받는 사람 |
받는사람 | címzett | către | προς | đến | kepada | אל | إلى
"""),
    Field.SENT: phrases("""
sent | sent on | gesendet | gesendet am | envoyé | envoyé le | enviado | enviado el | enviado em |
enviada | enviada em | enviada a | data de envio | inviato | data invio | verzonden | wysłano |
data wysłania | skickat | sendt | lähetetty | odesláno | odoslané | отправлено | отправлен |
надіслано | gönderildi | gönderme tarihi | gönderilme | 送信日時 | 送信 | 发送时间 | 傳送時間 |
寄件日期 | 發送時間 | 보낸 날짜 | 보낸날짜 | 날짜 및 시간 | elküldve | trimis | στάλθηκε | đã gửi |
terkirim | נשלח | تم الإرسال
"""),
    Field.DATE: phrases("""
date | datum | data | fecha | dato | päivämäärä | päiväys | дата | tarih | 日付 | 日時 | 日期 |
时间 | 날짜 | dátum | ημερομηνία | ngày | tanggal | תאריך | التاريخ
"""),
    Field.SUBJECT: phrases("""
subject | betreff | objet | sujet | asunto | oggetto | onderwerp | assunto | temat | ämne | emne |
aihe | předmět | predmet | тема | konu | 件名 | 主题 | 主旨 | 主題 | 제목 | tárgy | subiect | θέμα |
chủ đề | subjek | perihal | נושא | الموضوع
"""),
    Field.OTHER: phrases("""
cc | c.c. | bcc | kopie | kopie an | copie | copie à | copia | cópia | kopia | kopi | kopio |
kopie (cc) | dw | копия | копія | bilgi | ccへ | 抄送 | 副本 | 参照 | 참조 | 숨은참조 | másolat |
reply-to | reply to | antwort an | répondre à | responder a | rispondi a | antwoord aan |
responder para | odpowiedz do | svar til | svara till | attachments | attachment | anlagen |
anhang | pièces jointes | adjuntos | allegati | bijlagen | anexos | załączniki | bifogade filer |
vedhæftede filer | вложения | 添付ファイル | 附件 | 첨부파일 | importance | priority | priorität |
wichtigkeit | organization | organisation | message-id | sensitivity | mailed-by | signed-by |
sent by | gesendet von
"""),
}
FIELD_NAMES: Final[dict[str, Field]] = {
    name: field for field, names in _FIELDS.items() for name in names
}

# Verbs of attribution lines; and the same where words are not spaced.
VERBS: Final = frozenset(
    phrases("""
en, de: wrote | writes | written | sent | schrieb | schrieben | geschrieben
fr, es, ca, it: écrit | ecrit | écrivait | envoyé | escribió | escribio | escriure | escrigué |
    scritto | scrisse | scriveva
nl, pt: schreef | geschreven | escreveu
pl: napisał | napisała | napisał(a) | napisana | nadesłał | nadesłała | pisze
sv, da, no, fi: skrev | skreiv | kirjoitti
cs, sk: napsal | napsala | napsal(a) | napísal | napísala | napísal(a)
ru, uk: написал | написала | написал(а) | писал | писала | пишет | написав | пише
tr: yazdı | yazmış
hu, ro, el: írta | scris | έγραψε
vi, id: viết | menulis | tulis
he, ar: כתב | כתבה | كتب
""")
)
UNSPACED_VERBS: Final = phrases("""
ja: 書きました | のメール | のメッセージ | 作成
zh: 写道 | 寫道 | 写了 | 来信
ko: 작성 | 님이 씀 | 님이 보낸 | 썼습니다
""")
# The same verbs said of somebody whom only a person would name so: prose, not a mail client.
PROSE: Final = (
    r"\b(?:you|he|she|we|they|i|who|it) (?:wrote|writes|sent|said)",
    r"schrieb(?:en)? (?:ich|er|sie|wir|man|mir|uns|ihnen)\b",
    r"\b(?:ai|avez|avons|as) (?:é|e)crit",
    r"\b(?:ho|hai|avete) scritto",
    r"schreef (?:ik|hij|zij|u|je)\b",
    r"\b(?:jag|han|hon|ni|du|jeg|hun|vi) skrev",
    r"skrev (?:jag|han|hon|ni|du|jeg|hun|vi)\b",
)
# Words that open an attribution before its date, and weekdays that open it, in full and short.
OPENERS: Final = frozenset(
    phrases("""
en, de: on | at | in | am
fr, es, it: le | el | il | la
nl, pt: op | em | no
sv, da, no: den | på
pl, cs, sk: w | dnia | dne | dňa
vi, id, ro, el: vào | lúc | pada | în | στις
he: ב | בתאריך
zh: 在 | 于 | 於
""")
)
WEEKDAYS: Final = frozenset(
    phrases("""
en: monday | tuesday | wednesday | thursday | friday | saturday | sunday | mon | tue | wed | thu |
    fri | sat | sun
de: montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonnabend | sonntag | mo | di |
    mi | do | fr | sa | so
fr: lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche | lun | mar | mer | jeu | ven |
    sam | dim
es: lunes | martes | miércoles | jueves | viernes | sábado | domingo | mié | jue | vie | sáb | dom
it: lunedì | martedì | mercoledì | giovedì | venerdì | sabato | domenica | gio | sab
nl: maandag | dinsdag | woensdag | donderdag | vrijdag | zaterdag | zondag | ma | wo | vr | za |
    zo
pt: segunda-feira | terça-feira | quarta-feira | quinta-feira | sexta-feira | segunda | terça |
    quarta | quinta | sexta | seg | ter | qua | qui | sex
pl: poniedziałek | wtorek | środa | czwartek | piątek | sobota | niedziela | pon | wt | śr | czw |
    pt | sob | niedz
sv: måndag | tisdag | onsdag | torsdag | fredag | lördag | söndag | mån | tis | ons | tor | tors |
    fre | lör | sön
da, no: mandag | tirsdag | lørdag | søndag | man | tir | tirs | lør | søn
fi: maanantai | maanantaina | tiistai | tiistaina | keskiviikko | keskiviikkona | torstai |
    torstaina | perjantai | perjantaina | lauantai | lauantaina | sunnuntai | sunnuntaina | ti |
    ke | to | pe | la | su
cs: pondělí | úterý | středa | čtvrtek | pátek | neděle | po | út | st | čt | pá | ne
ru: понедельник | вторник | среда | четверг | пятница | суббота | воскресенье | пн | вт | ср | чт |
    пт | сб | вс | нд
tr: pazartesi | salı | çarşamba | perşembe | cuma | cumartesi | pazar | pzt | sal | çar | per |
    cum | cmt | paz
""")
)

# The line above a quoted mail, without its dashes: words for "message", and what it is called.
MESSAGE_WORDS: Final = phrases("""
en, de: message | mail | e-mail | email | nachricht
fr, es, it, pt: mensaje | correo | messaggio | mensagem
nl, pl: bericht | wiadomość
sv, da, no, fi: meddelande | brev | meddelelse | besked | melding | viesti
cs, ru, uk: zpráva | správa | сообщение | письмо | повідомлення
tr: ileti | mesaj | posta
ja, zh, ko: メッセージ | メール | 邮件 | 郵件 | 信件 | 消息 | 訊息 | 메시지 | 메일 | 이메일
hu, ro, el, vi, id: üzenet | mesajul | μήνυμα | thư | pesan
""")
ORIGINAL_WORDS: Final = phrases("""
en, de: original | original- | reply | ursprüngliche | antwort
fr, es, it, pt: originale | d'origine | d’origine | initial
nl, pl: oorspronkelijk | oorspronkelijke | origineel | oryginalna | pierwotna
sv, da, no, fi: ursprungligt | originalt | oprindelig | oprindeligt | opprinnelig | alkuperäinen
cs, ru, uk: původní | pôvodná | исходное | оригинальное | оригінальне
tr: orijinal | özgün
ja, zh, ko: 元の | 原始 | 原件 | 原 | 回复的原 | 回覆的原 | 원본
hu, el, vi, id: eredeti | αρχικό | gốc | asli
""")
FORWARDED_WORDS: Final = phrases("""
en, de: forwarded | forward | weitergeleitete | weitergeleitet
fr, es, it, pt: transféré | transmis | réexpédié | reenviado | reenviada | inoltrato | encaminhada |
    encaminhado
nl, pl: doorgestuurd | doorgestuurde | przekazana | przekazanej | podana dalej
sv, da, no: vidarebefordrat | vidarebefordrad | videresendt | videresend
fi: välitetty | edelleenlähetetty | edelleen lähetetty
cs, ru, uk: přeposlaná | preposlaná | пересылаемое | пересланное | перенаправленное | переслане
tr: yönlendirilen | yönlendirilmiş | iletilen | iletilmiş
ja, zh, ko: 転送 | 転送された | 转发 | 轉寄 | 转发的 | 转发的原 | 轉寄的原 | 전달된 | 전달
hu, ro, el, vi, id: továbbított | redirecționat | προωθημένο | chuyển tiếp | diteruskan
""")
# Apple Mail opens a forwarded mail with a line of words.
FORWARD_LINES: Final = frozenset(
    phrases("""
en: begin forwarded message
de: anfang der weitergeleiteten nachricht | anfang der weitergeleiteten e-mail
fr: début du message transféré | début du message réexpédié
es: inicio del mensaje reenviado
it: inizio messaggio inoltrato
nl: begin doorgestuurd bericht
pt: início da mensagem encaminhada | início da mensagem reencaminhada
pl: początek przekazywanej wiadomości | początek przekazanej wiadomości
sv: vidarebefordrat brev | start på vidarebefordrat meddelande
da, no: start på videresendt besked | videresendt besked | start på videresendt melding |
    begynnelsen på videresendt melding
fi: välitetty viesti alkaa | aloita välitetty viesti
cs, sk: začátek přeposlané zprávy | začiatok preposlanej správy
ru: начало переадресованного сообщения | начало пересылаемого сообщения | пересылаемое сообщение
tr: iletilen e-posta başlangıcı | yönlendirilen ileti başlangıcı
ja: 転送されたメッセージ
zh: 开始转发的邮件 | 开始转发邮件 | 以下是转发的邮件 | 下面是被转发的邮件 | 開始轉寄郵件
ko: 전달된 메시지 시작 | 전달된 메시지
""")
)
