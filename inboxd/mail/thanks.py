"""Tells a mail that says "Thank you!" and nothing else.

A shop may want such a mail filed without the closed conversation being opened again. A question
that is taken for thanks would be lost, so every word must be known: anything else is not thanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_CHARS = 240
_MAX_WORDS = 24

# One of these must stand in it.
_THANKS = """
    thanks thank thankyou thx thanx tnx ty cheers danke dank dankeschön vielendank merci gracias
    grazie bedankt dankjewel dankuwel dankje obrigado obrigada obrigados obrigadas dziękuję
    dziękujemy dzięki dziekuje dzieki tack tak takk kiitos kiitoksia děkuji děkujeme děkuju díky
    dekuji diky спасибо благодарю благодарим teşekkürler teşekkür tesekkurler sağol sağolun
"""
# These may stand around it. No word here denies, asks for something, or tells of trouble.
_AROUND = """
    a again all also and any anyway appreciate appreciated are as ok okay awesome best brilliant
    day dear email e mail excellent fantastic fast fine for from glad good got great greetings
    happy have having hello help helped helpful helping hey hi i i'm im it it's its indeed
    information info kind kindest kindly lovely lot lots m many message much must my n nice now
    of oh on perfect perfectly prompt quick quickly quickest really received regards reply
    replying response resolved rgds s sincerely sir so solved sorted super support take swift
    team that that's the this time to today top u ur very warm warmest we weekend well will
    wishes wonderful work worked works working yay year you you're your yours madam mr mrs ms
    assistance service

    alles allerbesten antwort auch beste besten bestens bis das dafür damit den der die dir
    einen ein euch eure eurer freundlich freundliche freundlichen freundlicher funktioniert für
    ganz geholfen geklappt gelöst gern gerne glg gruß grüße grüßen gruss grüsse guten gut habe
    haben hallo hat herzlichen herzliche herzlich hilfe ich ihnen ihr ihre ihrer im in ist jetzt
    klappt lg liebe lieben mal mfg mit morgen moin nachricht nett nette noch nochmal nochmals
    perfekt prima prompte rasche rückmeldung schnelle schnellen schön schöne schönen schöner
    schon sehr servus sie sonnigen spitze super tag tage tausend toll und vg viel viele vielen
    vielmals von wieder wir wochenende wunderbar wunderschönen information infos frau herr herrn
    unterstützung guter service angekommen

    aide au avec beaucoup bien bonjour bonne bonsoir bon c'est cordialement d'avance de des du
    et fonctionne infiniment journée je l'aide la le les maintenant mille message monsieur
    madame parfait parfaitement pour rapide rapidité réponse retour soirée super tout toute
    toutes très un une votre vos vous weekend week end salutations cela ça marche agréable
    génial nickel

    ahora amable atención ayuda buen buena buenas bueno buenos con cordial cordiales de día días
    el en es estimado estimada excelente feliz fin funciona genial hola la las lo los mil muchas
    muchísimas muy noche ok perfecto por rápida rápido respuesta resuelto saludo saludos semana
    su tarde tardes tu todo un una y

    adesso aiuto ancora bene buon buona buongiorno buonasera ciao cordiali cordialità di e
    funziona gentile gentilezza gentilissimi giornata grazie il la mille molte molto ok ora
    ottimo per perfetto risolto risposta saluti salve serata sua supporto tante tutto un una
    velocissima veloce vostra vostro

    allemaal alles bedankt beste dag de en erg fijn fijne geholpen goed goede groet groeten
    groetjes hallo hartelijk hartelijke heel help hulp hoi het ik is je jullie met mooi mvg nog
    nogmaals nu opgelost prima reactie snel snelle super top uw van veel vriendelijke voor
    weekend werkt antwoord

    abraço abraços agora ajuda atenção bem boa bom com cumprimentos da de dia e está funciona
    fim já melhores muito muita muitíssimo ok olá pela pelo perfeito rápida resolvido resposta
    semana sua tarde tudo um uma atenciosamente ótimo

    bardzo dobrego dnia dobry dzień działa i miłego odpowiedź ok pomoc pozdrawiam pozdrowienia
    państwu panu pani serdecznie serdeczne super szybką szybka teraz wszystko za świetnie witam

    allt bra det du en er för fungerar funkar glad ha hej hälsning hälsningar hjälpen hjälp i
    jag jättebra kanon mvh mycket mkt nu på perfekt snabb snabba snabbt stort så svar svaret
    tusen toppen trevlig vänliga vänlig helg dag bästa

    alt du en for fin fint fungerer god gode hej hei hilsen hilsner hjælp hjælpen hjelp hjelpen
    hurtig hurtige hyggelig i jeg kjempebra mange meget mvh med mye nu nå og perfekt rask raskt
    rigtig super svar svaret så tusind tusen venlig venlige vennlig vh dag dejlig weekend helg
    virker

    avusta erittäin hei hienoa hyvää ihanaa kaikki kovasti moi nopeasta nopea nyt oikein ok
    paljon päivää päivänjatkoa suuri suuret terveisin toimii tosi vastauksesta viikonloppua
    ystävällisin

    dobrý dobry den funguje hezký hezky krásný mockrát moc pěkný pomoc pozdravem pozdrav rychlou
    rychlé s srdečně teď už vám víkend vše za odpověď ok super perfektní

    большое огромное вам за помощь ответ быстрый быстрое всё все хорошо отлично супер работает
    теперь здравствуйте добрый день уважением с и вас очень оперативность хорошего дня ок
    понятно получила получил получено

    çok çözüldü ederim ederiz elinize ellerinize günler harika her için ilginiz iyi kolay gelsin
    merhaba oldu sağlık selamlar saygılar saygılarımla size şey şimdi tamam teşekkürlerimle
    yardımınız hızlı cevap cevabınız çalışıyor süper bey hanım
"""
# Scripts without blanks between words: pieces of which the whole text must consist.
_THANKS_PIECES = """
    ありがとう ありがとうございます ありがとうございました 有難うございます 有難うございました
    有り難うございます 有り難うございました 感謝します 感謝いたします 感謝しております
    感謝申し上げます 助かりました 谢谢 謝謝 多谢 多謝 感谢 感謝 감사합니다 감사해요 감사드립니다
    고맙습니다 고마워요
"""
_PIECES = """
    どうも 大変 本当に 誠に 早速の 迅速な ご お 対応 返信 返事 回答 連絡 を いただき 頂き
    とても いつも
    お世話になっております お世話になりました 了解です 了解しました 承知しました 承知いたしました
    よろしくお願いします よろしくお願いいたします よろしくお願い致します 解決しました 無事届きました
    受け取りました 您 你 你们 您们 您的 你的 非常 十分 太 了 帮助 幫助 回复 回覆 答复 收到 已收到
    好的 知道了 明白了 辛苦了 解决了 解決了 네 예 정말 너무 대단히 빠른 답변 도움 주셔서 알겠습니다
    확인했습니다 잘 받았습니다 수고하세요 해결되었습니다 、 。 ！ ， ～ ~ ! , .
"""
_PIECE = re.compile(
    "|".join(
        sorted(
            map(re.escape, f"{_THANKS_PIECES} {_PIECES}".split()),
            key=lambda piece: (-len(piece), piece),
        )
    )
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HAPPY = frozenset("👍🙏😊🙂😀😃😄😁☺👌❤♥🎉💐🌹✅🤗😍🥰👏💪🌞☀")
_THANKFUL = ("👍", "🙏")
_JOINERS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")
_SMILEY = re.compile(r"[:;=]-?[)D]|\(:|<3|\^\^")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# What may stand between words. No digit, no question mark, no sign of money or of an address.
_BETWEEN = re.compile(r"[\s.,;:!…()\"'’*~|–—-]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in text.split())


_THANKS_WORDS = _words(_THANKS)
_THANKING = _words(_THANKS_PIECES)
_KNOWN = _THANKS_WORDS | _words(_AROUND)


def is_mere_thanks(reply_text: str, names: Iterable[str] = ()) -> bool:
    """Return whether `reply_text` thanks, and says nothing else.

    `reply_text` is what the sender newly wrote, without quotations. `names` are people who may be
    named in it, such as the contact and the agents: words of display names, in any case. Whatever
    is long, asks, holds a digit or a word that is not known is not mere thanks.
    """
    text = reply_text.strip()
    if not text or len(text) > _MAX_CHARS:
        return False
    text = _SMILEY.sub(" ", _JOINERS.sub("", text))
    thankful = any(sign in text for sign in _THANKFUL)
    text = "".join(" " if character in _HAPPY else character for character in text).strip()
    if _CJK.search(text):
        return _thanks_unspaced(text)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    if len(words) > _MAX_WORDS or not _BETWEEN.fullmatch(_WORD.sub("", text)):
        return False
    allowed = {part.casefold() for name in names for part in _WORD.findall(name)}
    if any(word not in _KNOWN and word not in allowed for word in words):
        return False
    return any(word in _THANKS_WORDS for word in words) or (thankful and not words)


def _thanks_unspaced(text: str) -> bool:
    """Cut `text` into the longest pieces that are known, once from left to right."""
    whole = "".join(text.split())
    at, thanked = 0, False
    while at < len(whole):
        piece = _PIECE.match(whole, at)
        if piece is None:
            return False
        thanked = thanked or piece.group(0) in _THANKING
        at = piece.end()
    return thanked
