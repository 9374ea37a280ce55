"""How people end a mail, by language: closings, thanks, legal notices; and gateways' banners.

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
    many thanks and best regards | warmly | warm wishes | yours in sport | my best |
    have a nice day | have a great day | have a good day | have a great weekend |
    have a nice weekend | with appreciation | with gratitude | talk soon | take care |
    sent with best regards | brgds | best rgds | very best | cheers mate | kindly |
    regards and thanks | looking forward to hearing from you
de: mit freundlichen grüßen | mit freundlichen gruessen | mit freundlichen grüssen |
    mit freundlichem gruß | mit freundlichem gruss | freundliche grüße | freundliche grüsse |
    mit besten grüßen | mit besten grüssen | beste grüße | beste grüsse | besten gruß |
    bester gruß | viele grüße | viele grüsse | liebe grüße | liebe grüsse | schöne grüße |
    schöne grüsse | herzliche grüße | herzliche grüsse | herzlichst | grüße | grüsse | gruß |
    gruss | lieben gruß | mit lieben grüßen | mit herzlichen grüßen | hochachtungsvoll | mfg |
    lg |
    vg | vlg | bg | mit vielen grüßen | mit bestem gruß | freundlichst | viele liebe grüße |
    ganz liebe grüße |
    sonnige grüße | nette grüße | schönen gruß | schöner gruß | herzlichen gruß | es grüßt |
    es grüßt sie | es grüßt freundlich | mit freundlichen grüssen | m.f.g | mit liebem gruß |
    schönen tag | schönen tag noch | einen schönen tag noch | schönes wochenende |
    mit freundlicher empfehlung | mit besten empfehlungen
fr: cordialement | bien cordialement | très cordialement | bien à vous | bien à toi |
    salutations |
    sincères salutations | meilleures salutations | salutations distinguées | cdt | cdlt |
    amicalement | respectueusement | bonne journée | bonne réception | bonne soirée |
    bonne fin de journée | à bientôt | bien sincèrement | sincèrement | bises | bisous | amitiés |
    avec mes salutations | salutations cordiales | très cordiales salutations |
    mes salutations | sincères salutations | bien amicalement | à plus | bon week-end |
    bonne continuation | cordialement vôtre | avec mes remerciements | bien respectueusement |
    je vous prie d'agréer mes salutations distinguées
es: saludos | un saludo | saludos cordiales | un cordial saludo | cordiales saludos |
    cordialmente |
    atentamente | muy atentamente | un abrazo | abrazos | atte | reciba un cordial saludo |
    saludos atentos | reciban un cordial saludo | un fuerte abrazo | un saludo cordial |
    un cordial abrazo |
    saludos y gracias | gracias y saludos | muchos saludos | cordialmente suyo | besos |
    un beso | que tenga un buen día | que tengas un buen día | buen día | slds |
    sin otro particular
it: cordiali saluti | distinti saluti | saluti | un saluto | un cordiale saluto | cordialità |
    cordialmente | i migliori saluti | migliori saluti | tanti saluti | buona giornata |
    cari saluti |
    un caro saluto | con i migliori saluti | con cordialità | buona serata |
    a presto | un abbraccio | grazie e saluti | grazie e cordiali saluti | ringraziando |
    resto in attesa di un cortese riscontro | in attesa di un vostro riscontro | cordialmente suo
nl: met vriendelijke groet | met vriendelijke groeten | vriendelijke groet |
    vriendelijke groeten |
    hartelijke groet | hartelijke groeten | groet | groeten | groetjes | mvg |
    met hartelijke groet | hoogachtend | met vriendelijke groeten en dank | groetjes en bedankt |
    warme groet | lieve groet | lieve groetjes | beste groeten | mvrgr | gr | grtz | grt |
    fijne dag | fijne dag nog | fijn weekend | met de meeste hoogachting | tot ziens | hgr
pt: atenciosamente | cumprimentos | com os melhores cumprimentos | melhores cumprimentos |
    com os meus cumprimentos | cordialmente | abraços | abraço | um abraço | att | saudações |
    respeitosamente | um grande abraço | abs | abç | obrigado e cumprimentos | beijos | bjs |
    cordiais saudações | saudações cordiais | com os meus melhores cumprimentos |
    sem mais | grato | grata | tenha um bom dia | bom dia de trabalho | cpts | cumpts |
    melhores saudações | bom fim de semana
pl: pozdrawiam | pozdrawiam serdecznie | serdecznie pozdrawiam | z poważaniem | z powazaniem |
    pozdrowienia | z wyrazami szacunku | łączę pozdrowienia | pozdr | z pozdrowieniami |
    serdecznie | serdeczne pozdrowienia | miłego dnia | z szacunkiem |
    z góry dziękuję i pozdrawiam |
    dziękuję i pozdrawiam | łączę wyrazy szacunku | życzę miłego dnia | uściski
sv: med vänlig hälsning | med vänliga hälsningar | vänliga hälsningar | vänlig hälsning |
    hälsningar | bästa hälsningar | mvh | vh | hälsning | med bästa hälsningar | hej då | hälsar |
    vänligen | varma hälsningar | soliga hälsningar | allt gott | ha en bra dag | ha en fin dag |
    trevlig helg | tack och hälsningar | kram | kramar | bästa hälsning | med vänlig hälsning
da, no: med venlig hilsen | med venlige hilsner | venlig hilsen | venlige hilsner | hilsen |
    hilsner | mange hilsner | bedste hilsner | de bedste hilsner | kh | kærlig hilsen | dbh | vh |
    mvh | knus | med vennlig hilsen | vennlig hilsen | beste hilsen | hilsen fra | bedste hilsen |
    med beste hilsen | vennligst | ha en fin dag | ha en god dag | god helg | god weekend |
    hav en god dag |
    vennlige hilsener | vennlige hilsninger | med de venligste hilsner | tak og hilsen |
    varme hilsner | klem
fi: ystävällisin terveisin | terveisin | parhain terveisin | terv | kunnioittavasti |
    ystävällisesti | terveiset | yst. terv | yt | parhaimmin terveisin | hyvää päivänjatkoa |
    mukavaa päivää | hyvää viikonloppua | kiittäen | lämpimin terveisin | aurinkoisin terveisin
cs, sk: s pozdravem | s přátelským pozdravem | s úctou | zdraví | hezký den |
    s přáním hezkého dne |
    s pozdravom | srdečně | srdečně zdravím | přeji hezký den | přeji pěkný den | pěkný den |
    s přáním pěkného dne | s přáním příjemného dne | mějte se hezky | s díky |
    s úctou a pozdravem |
    děkuji a přeji hezký den | s pozdravem a přáním hezkého dne | se srdečným pozdravem | mějte se
ru, uk: с уважением | с наилучшими пожеланиями | всего доброго | всего наилучшего | с почтением |
    з повагою | с уважением и наилучшими пожеланиями | хорошего дня | удачного дня |
    искренне ваш |
    с наилучшими | с приветом | с благодарностью | ваш | всех благ | до связи | до свидания |
    спасибо и с уважением | удачи | всего самого доброго | заранее благодарю
tr: saygılarımla | saygılarımızla | iyi çalışmalar | iyi günler | selamlar | sevgiler |
    en iyi dileklerimle | saygılar | saygılarımı sunarım | saygı ve selamlarımla | hürmetlerimle |
    kolay gelsin | iyi günler dilerim | iyi çalışmalar dilerim | en içten dileklerimle |
    sevgilerimle | selam ve saygılarımla | hoşça kalın | görüşmek üzere
ja, zh, ko: 敬具 | よろしくお願いいたします | よろしくお願い致します | よろしくお願いします |
    以上、よろしくお願いいたします | 以上、よろしくお願いします | 以上 | 此致 | 敬礼 | 祝好 |
    顺祝商祺 | 此致敬礼 | 谢谢，祝好 | 감사합니다 | 안부 전합니다 | 드림 | 以上です |
    どうぞよろしくお願いいたします | 何卒よろしくお願いいたします | 宜しくお願い致します |
    宜しくお願いいたします | よろしくお願い申し上げます | よろしくお願い申し上げます |
    どうぞよろしくお願い致します | 何卒よろしくお願い申し上げます | 以上、宜しくお願い致します |
    草々 | かしこ | 祝您工作愉快 | 祝商祺 | 祝工作顺利 | 祝生活愉快 | 祝一切顺利 | 顺颂商祺 |
    順頌商祺 | 順祝商祺 | 商祺 | 祝你好运 | 敬上 | 谨上 | 此致 敬礼 | 祝顺利 | 祝 好 | 祝安好 |
    감사합니다 | 좋은 하루 되세요 | 좋은 하루 보내세요 | 즐거운 하루 되세요 | 수고하세요 |
    감사드립니다 | 안녕히 계세요 | 이만 줄입니다 | 고맙습니다
hu, ro, el: üdvözlettel | tisztelettel | cu stimă | με εκτίμηση | üdv | üdvözlet |
    szívélyes üdvözlettel | köszönettel | toate cele bune | με φιλικούς χαιρετισμούς
""")
)
# The same only with a comma behind it.
COMMA_CLOSINGS: Final = frozenset(("best", "love", "yours", "take care", "t", "xo", "x"))
# "Viele Grüße aus Berlin", "Greetings from Rome"
ORIGIN_WORDS: Final = frozenset(
    (
        "from",
        "aus",
        "de",
        "desde",
        "da",
        "dal",
        "uit",
        "z",
        "ze",
        "från",
        "fra",
        "из",
        "depuis",
        "an",
        "to",
        "till",
        "til",
    )
)
# The same with a comma or nothing behind it: "Thank you!" is a sentence of its own.
THANKS: Final = frozenset(
    phrases("""
en: thanks | thank you | many thanks | thanks a lot | thanks so much | thank you very much |
    thank you so much | thanks in advance | thank you in advance | thanks again |
    thank you again |
    thx | ty | thanks a million | thanks a bunch | thanks and have a nice day | cheers and thanks
de: danke | vielen dank | danke schön | besten dank | herzlichen dank | vielen dank im voraus |
    danke im voraus | danke sehr | tausend dank | vielen lieben dank |
    danke vorab | vielen dank vorab | dankeschön | danke und gruß
fr, es, it, nl, pt: merci | merci beaucoup | merci d'avance | gracias | muchas gracias | grazie |
    grazie mille | bedankt | dank u | alvast bedankt | obrigado | obrigada | muito obrigado |
    muito obrigada | mille mercis | merci bien | merci par avance | mil gracias |
    gracias de antemano |
    muchas gracias de antemano | de antemano gracias | molte grazie | grazie in anticipo |
    grazie ancora | dank je | dank je wel | dankjewel | hartelijk dank | bij voorbaat dank |
    dank alvast | desde já obrigado | desde já obrigada | agradecido | agradecida | valeu
pl, sv, da, no, fi: dziękuję | z góry dziękuję | tack | tack på förhand | tak | på forhånd tak |
    takk | på forhånd takk | kiitos | kiitos etukäteen | tack så mycket | stort tack | mange tak |
    tak på forhånd | tusen takk | takk på forhånd | mange takk | kiitoksia | paljon kiitoksia |
    kiitos paljon | kiitos jo etukäteen | dziękujemy | dzięki | bardzo dziękuję |
    serdecznie dziękuję
cs, sk, ru, tr, zh, ko: děkuji | děkujeme | ďakujem | спасибо | заранее спасибо | teşekkürler |
    şimdiden teşekkürler | 谢谢 | 고맙습니다 | děkuji předem | předem děkuji | díky | moc děkuji |
    mnohokrát děkuji | děkuju | большое спасибо | благодарю | заранее благодарен |
    заранее благодарна |
    teşekkür ederim | çok teşekkürler | çok teşekkür ederim | sağ olun | 謝謝 | 多谢 | 非常感谢 |
    谢谢您 | 谢谢你 | ありがとうございます | ありがとうございました | 감사합니다
""")
)
POSTSCRIPTS: Final = (
    "ps ", "ps:", "p.s.", "p.s:", "ps.", "ps,", "p.s ", "pps", "p.p.s", "nb:", "n.b.", "p. s.",
    "p.d.", "pd:", "p.d:", "з.ы.", "п.с.", "зы:", "пс:", "追伸", "又及", "추신", "not:",
)  # fmt: skip

# Legal notices: a heading of its own, or a paragraph that names both secrecy and the receiver.
NOTICE_HEADINGS: Final = frozenset(
    phrases("""
en: disclaimer | confidentiality notice | confidentiality note | confidentiality | legal notice |
    legal disclaimer | email disclaimer | e-mail disclaimer | privacy notice |
    email confidentiality notice
de: haftungsausschluss | vertraulichkeitshinweis | rechtlicher hinweis | rechtliche hinweise
fr: avis de confidentialité | avertissement | clause de confidentialité
es, pt: aviso legal | aviso de confidencialidad | aviso de confidencialidade |
    cláusula de confidencialidad | aviso de privacidad | aviso jurídico | nota de confidencialidad
it, nl, sv, pl: avviso di riservatezza | vertrouwelijkheid | ansvarsfriskrivning |
    klauzula poufności | nota di riservatezza | informacja o poufności |
    sekretessmeddelande | ansvarsfraskrivelse | luottamuksellisuus
cs, ru, tr: vyloučení odpovědnosti | důvěrnost | отказ от ответственности | конфиденциальность |
    yasal uyarı | gizlilik bildirimi
ja, zh, ko: 免責事項 | 免责声明 | 免責聲明 | 保密声明 | 保密聲明 | 면책 조항 | 법적 고지
""")
)
SECRECY: Final = phrases("""
en: confidential | privileged | proprietary | legally protected
de, nl: vertraulich | rechtlich geschützt | vertrouwelijk
fr, es, pt, it: confidentiel | confidenci | riservat
sv, da, no, fi: konfidentiel | konfidensiel | fortrolig | sekretess | luottamuksel
pl, cs, ru, tr: poufn | důvěrn | конфиденциальн | gizli
ja, zh, ko: 機密 | 秘密 | 保密 | 机密 | 기밀 | 비밀
""")
RECEIVER: Final = phrases("""
en: intended recipient | addressee | intended solely | intended only | intended for the use |
    named recipient | received this message in error | received this e-mail in error |
    received this email in error | received this communication in error |
    to whom it is addressed |
    to whom they are addressed
de, nl: empfänger | adressat | geadresseerde | ontvanger | bestemd voor
fr, es, pt, it: destinataire | destinatari | destinatári | destinado exclusiv
sv, da, no, fi: mottagare | modtager | mottaker | adressat | vastaanottaj
pl, cs, ru, tr: adresat | odbiorc | příjemc | adresát | получател | адресат | alıcı | muhatab
ja, zh, ko: 受信者 | 収信者 | 名宛人 | 受取人 | 宛先 | 收件人 | 接收者 | 收信人 | 收件者 |
    수신자 | 수신인 |
    받는 사람
""")
# One of these stands in every notice: a look at them saves the look at each paragraph.
NOTICE_STEMS: Final = phrases("""
en, fr, es, pt, sv: onfiden | privileged | proprietary | legally | disclaimer | legal notice |
    privacy notice | avertissement | aviso
de, nl, it: vertraulich | rechtlich | haftungsaus | vertrouwelijk | riservat
sv, da, no, fi: fortrolig | sekretess | ansvarsf | luottamuksel
pl, tr: poufn | gizli
""")
FOREIGN_NOTICE_STEMS: Final = phrases("""
cs, ru, tr: důvěrn | vyloučení | конфиденциальн | отказ от | yasal uyarı
ja, zh, ko: 機密 | 秘密 | 保密 | 机密 | 기밀 | 비밀 | 免責 | 免责 | 면책 | 법적
""")

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
nl, sv, da, no: let op | u ontvangt niet vaak | varning | advarsel | du får inte ofta |
    du får ikke ofte |
    du modtager ikke ofte
fi: varoitus | et saa usein
pl, cs, ru, tr: uwaga | pozor | upozornění | внимание | вы нечасто получаете | dikkat |
    nie otrzymujesz często | tento e-mail pochází
ja, zh, ko: 注意 | 外部 | 【外部 | [外部 | 警告 | 주의
""")
BANNER_WORDS: Final = phrases("""
en: outside | external | often get email | learn why this is important
de: extern | außerhalb | ausserhalb | häufig e-mails | oft e-mails | weitere informationen
fr: extérieur | souvent d
es, pt, it: externo | esterno | esterna | correo electrónico de | fora d
nl, sv, da, no: buiten | utanför | udefra | utenfor
pl, ru: zewnątrz | zewnętrz | внешн | нечасто получаете
cs, fi, tr: externí | mimo organizaci | ulkopuol | dışından | harici
ja, zh, ko: 外部 | 组织外 | 組織外 | 외부
""")
