"""How people and their devices end a mail, by language: closings, footers, legal notices.

The tables are text: a line begins with the languages that its phrases are of.
"""

from __future__ import annotations

from typing import Final

from .quotes_languages import phrases

# A line of nothing but this, with a name below it, ends what was written.
CLOSINGS: Final = frozenset(
    phrases("""
en: regards | best regards | kind regards | kindest regards | warm regards | warmest regards |
    with regards | with best regards | with kind regards | best wishes | with best wishes |
    all the best | all best | sincerely | sincerely yours | yours sincerely | yours faithfully |
    yours truly | truly yours | cheers | respectfully | cordially | br | rgds |
    kr | kind rgds | thanks and regards | thanks & regards | thanks and best regards |
    thanks & best regards | thank you and best regards | thank you and kind regards |
    many thanks and best regards
de: mit freundlichen grüßen | mit freundlichen gruessen | mit freundlichen grüssen |
    mit freundlichem gruß | mit freundlichem gruss | freundliche grüße | freundliche grüsse |
    mit besten grüßen | mit besten grüssen | beste grüße | beste grüsse | besten gruß |
    bester gruß | viele grüße | viele grüsse | liebe grüße | liebe grüsse | schöne grüße |
    schöne grüsse | herzliche grüße | herzliche grüsse | herzlichst | grüße | grüsse | gruß |
    gruss | lieben gruß | mit lieben grüßen | mit herzlichen grüßen | hochachtungsvoll | mfg | lg |
    vg | vlg | bg | mit vielen grüßen | mit bestem gruß
fr: cordialement | bien cordialement | très cordialement | bien à vous | bien à toi | salutations |
    sincères salutations | meilleures salutations | salutations distinguées | cdt | cdlt |
    amicalement | respectueusement | bonne journée | bonne réception | bonne soirée |
    bonne fin de journée | à bientôt
es: saludos | un saludo | saludos cordiales | un cordial saludo | cordiales saludos | cordialmente |
    atentamente | muy atentamente | un abrazo | abrazos | atte | reciba un cordial saludo |
    saludos atentos
it: cordiali saluti | distinti saluti | saluti | un saluto | un cordiale saluto | cordialità |
    cordialmente | i migliori saluti | migliori saluti | tanti saluti | buona giornata
nl: met vriendelijke groet | met vriendelijke groeten | vriendelijke groet | vriendelijke groeten |
    hartelijke groet | hartelijke groeten | groet | groeten | groetjes | mvg |
    met hartelijke groet | hoogachtend
pt: atenciosamente | cumprimentos | com os melhores cumprimentos | melhores cumprimentos |
    com os meus cumprimentos | cordialmente | abraços | abraço | um abraço | att | saudações |
    respeitosamente
pl: pozdrawiam | pozdrawiam serdecznie | serdecznie pozdrawiam | z poważaniem | z powazaniem |
    pozdrowienia | z wyrazami szacunku | łączę pozdrowienia | pozdr
sv: med vänlig hälsning | med vänliga hälsningar | vänliga hälsningar | vänlig hälsning |
    hälsningar | bästa hälsningar | mvh | vh | hälsning | med bästa hälsningar | hej då
da, no: med venlig hilsen | med venlige hilsner | venlig hilsen | venlige hilsner | hilsen |
    hilsner | mange hilsner | bedste hilsner | de bedste hilsner | kh | kærlig hilsen | dbh | vh |
    mvh | knus | med vennlig hilsen | vennlig hilsen | beste hilsen | hilsen fra | bedste hilsen |
    med beste hilsen
fi: ystävällisin terveisin | terveisin | parhain terveisin | terv | kunnioittavasti
cs, sk: s pozdravem | s přátelským pozdravem | s úctou | zdraví | hezký den | s přáním hezkého dne |
    s pozdravom
ru, uk: с уважением | с наилучшими пожеланиями | всего доброго | всего наилучшего | с почтением |
    з повагою
tr: saygılarımla | saygılarımızla | iyi çalışmalar | iyi günler | selamlar | sevgiler |
    en iyi dileklerimle
ja, zh, ko: 敬具 | よろしくお願いいたします | よろしくお願い致します | よろしくお願いします |
    以上、よろしくお願いいたします | 以上、よろしくお願いします | 以上 | 此致 | 敬礼 | 祝好 |
    顺祝商祺 | 此致敬礼 | 谢谢，祝好 | 감사합니다 | 안부 전합니다 | 드림
hu, ro, el: üdvözlettel | tisztelettel | cu stimă | με εκτίμηση
""")
)
# The same only with a comma behind it.
COMMA_CLOSINGS: Final = frozenset(("best", "love", "yours", "take care", "t", "yt"))
# The same with a comma or nothing behind it: "Thank you!" is a sentence of its own.
THANKS: Final = frozenset(
    phrases("""
en: thanks | thank you | many thanks | thanks a lot | thanks so much | thank you very much |
    thank you so much | thanks in advance | thank you in advance | thanks again | thank you again |
    thx | ty
de: danke | vielen dank | danke schön | besten dank | herzlichen dank | vielen dank im voraus
fr, es, it, nl, pt: merci | merci beaucoup | merci d'avance | gracias | muchas gracias | grazie |
    grazie mille | bedankt | dank u | alvast bedankt | obrigado | obrigada | muito obrigado |
    muito obrigada
pl, sv, da, no, fi: dziękuję | z góry dziękuję | tack | tack på förhand | tak | på forhånd tak |
    takk | på forhånd takk | kiitos | kiitos etukäteen
cs, sk, ru, tr, zh, ko: děkuji | děkujeme | ďakujem | спасибо | заранее спасибо | teşekkürler |
    şimdiden teşekkürler | 谢谢 | 고맙습니다
""")
)
POSTSCRIPTS: Final = ("ps ", "ps:", "p.s.", "p.s:", "pps", "p.p.s", "nb:", "n.b.", "p. s.")

# How a device or a program signs: its first words; where words are not spaced, its first or last
# signs; the first words of what a scanner appends; and how people excuse their phones.
DEVICE_OPENINGS: Final = phrases("""
en: sent from my | sent from mail for | sent from yahoo | sent from outlook | sent from aol |
    sent from proton | sent from samsung | sent from gmail | sent from mobile |
    sent from the all new | sent from android | sent from iphone | sent from ipad |
    sent from a mobile | sent from windows | sent from blackberry | sent from nine |
    sent from spark | sent from mymail | sent from workspace | sent via | sent using | sent with |
    sent on the go | get outlook for | get bluemail for
de: von meinem | von meiner | gesendet von meinem | gesendet von meiner | gesendet von mail |
    gesendet von outlook | gesendet von yahoo | gesendet von iphone | gesendet von android |
    gesendet mit | gesendet über | gesendet aus | diese nachricht wurde von meinem | outlook für |
    holen sie sich outlook
fr: envoyé de mon | envoyé de ma | envoyé depuis | envoyé à partir de | envoyé à partir d |
    envoyé via | envoyé avec | téléchargez outlook | télécharger outlook | obtenez outlook |
    obtenir outlook
es: enviado desde | enviado de mi | enviado mediante | enviado con | obtener outlook
it: inviato da | inviato dal | inviato con | inviato tramite | scarica outlook | ottieni outlook
nl: verzonden vanaf | verstuurd vanaf | verzonden met | verzonden via | verzonden vanuit |
    verstuurd via | outlook voor | download outlook
pt: enviado do | enviado do meu | enviado de meu | enviado a partir de | enviado a partir do |
    enviado através do | enviado via | obter o outlook | obter outlook | baixar o outlook
pl: wysłane z | wysłano z | wysłane za | pobierz outlook | pobierz aplikację outlook |
    uzyskaj outlook
sv: skickat från | skickat med | skickas från | skickades från | hämta outlook | skaffa outlook
da, no: sendt fra | sendt med | sendt via | hent outlook | få outlook | skaff deg outlook
fi: lähetetty | hanki outlook | hae outlook
cs, sk: odesláno z | odoslané z | posláno z | získat outlook | získejte outlook | stáhnout outlook
ru, uk: отправлено с | отправлено из | отправлено через | надіслано з | получить outlook |
    скачать outlook
hu, ro: küldve | trimis de pe
""")
UNSPACED_OPENINGS: Final = phrases("""
zh: 发自我的 | 從我的 | 从我的 | 发送自 | 傳送自 | 获取适用于 | 下载适用于 | 取得 outlook
""")
DEVICE_ENDINGS: Final = phrases("""
tr, id: gönderildi | gönderildi. | edinin | dikirim
ja: から送信 | から送信。 | で送信 | を入手 | を取得
zh: 发送 | 傳送
ko: 에서 보냄 | 에서 보냄. | 에서 전송 | 다운로드
""")
SCANNER_OPENINGS: Final = phrases("""
en: virus-free | this email has been checked for viruses | this email has been scanned |
    no virus found in this | avast logo
de: virenfrei | diese e-mail wurde von avast | diese e-mail wurde auf viren
fr, es, it, nl: garanti sans virus | cet e-mail a été vérifié | libre de virus |
    este correo electrónico ha sido comprobado | senza virus | virusvrij
""")
APOLOGIES: Final = ("excuse", "typo", "brevity", "pardon", "tippfehler", "entschuldig", "kürze")

# Legal notices: a heading of its own, or a paragraph that names both secrecy and the receiver.
NOTICE_HEADINGS: Final = frozenset(
    phrases("""
en: disclaimer | confidentiality notice | confidentiality note | confidentiality | legal notice |
    legal disclaimer | email disclaimer | e-mail disclaimer | privacy notice
de: haftungsausschluss | vertraulichkeitshinweis | rechtlicher hinweis
fr: avis de confidentialité | avertissement | clause de confidentialité
es, pt: aviso legal | aviso de confidencialidad | aviso de confidencialidade |
    cláusula de confidencialidad
it, nl, sv, pl: avviso di riservatezza | vertrouwelijkheid | ansvarsfriskrivning |
    klauzula poufności
ja, zh: 免責事項 | 免责声明
""")
)
SECRECY: Final = phrases("""
en: confidential | privileged | proprietary
de, nl: vertraulich | vertrouwelijk
fr, es, pt, it: confidentiel | confidencial | riservat
sv, da, no, fi: konfidentiell | fortrolig | luottamuksel
pl, cs, ru, tr: poufn | důvěrn | конфиденциальн | gizli
ja, zh, ko: 機密 | 保密 | 机密 | 기밀
""")
RECEIVER: Final = phrases("""
en: intended recipient | addressee | intended solely | intended only | intended for the use |
    named recipient | received this message in error | received this e-mail in error |
    received this email in error
de, nl: empfänger | adressat | geadresseerde | ontvanger
fr, es, pt, it: destinataire | destinatario | destinatário
sv, da, no, fi: mottagare | modtager | mottaker | vastaanottaj
pl, cs, ru, tr: adresat | odbiorc | příjemc | adresát | получател | адресат | alıcı
ja, zh, ko: 受信者 | 収信者 | 收件人 | 수신자 | 수신인
""")
# One of these stands in every notice: a look at them saves the look at each paragraph.
NOTICE_STEMS: Final = (
    *SECRECY,
    *phrases("""
en: disclaimer | legal notice | privacy notice
de: haftungsausschluss | rechtlicher hinweis
fr, es, sv: avertissement | aviso legal | ansvarsfriskrivning
ja, zh: 免責事項 | 免责声明
"""),
)

# What the receiving side's gateway puts on top of a mail: how it begins and what it speaks of.
BANNER_OPENINGS: Final = phrases("""
en: caution | external | warning | attention | [external | [extern | ***external |
    this message originated | this email originated | this e-mail originated |
    you don't often get email from | you don’t often get email from |
    some people who received this
de: achtung | vorsicht | extern | sie erhalten nicht häufig | sie erhalten nicht oft |
    sie bekommen nicht oft | einige personen, die diese
fr: vous n'obtenez pas souvent | vous n’obtenez pas souvent | vous ne recevez pas souvent
es, pt: no suele recibir | no acostumbra | atención | atenção
it: attenzione | non si ricevono spesso | non ricevi spesso
nl, sv, da, no: let op | u ontvangt niet vaak | varning | advarsel
pl, cs, ru, tr: uwaga | pozor | внимание | dikkat
""")
BANNER_WORDS: Final = phrases("""
en: outside | external | often get email | learn why this is important
de: extern | außerhalb | ausserhalb | häufig e-mails | oft e-mails | weitere informationen
fr: extérieur | souvent d
es, pt, it: externo | esterno | esterna | correo electrónico de | fora d
nl, sv, da, no: buiten | utanför | udefra | utenfor
pl, ru: zewnątrz | zewnętrz | внешн
""")
