"""How programs that answer for somebody word their subjects, in the languages that people use.

A subject alone proves little: a customer may ask about "Out of office". So a phrase counts by
itself only in the form that programs give it, in front of a colon and the subject they answer.
"""

from __future__ import annotations

import re

# What programs write in front of the colon.
_NOTICES = (
    r"out[ -]of[ -](?:the[ -])?office(?:[ -](?:auto-?reply|reply|response|notice|notification"
    r"|message))?",
    r"ooo(?:[ -]?reply)?",
    r"vacation (?:reply|message|notice|response|auto-?reply)",
    r"(?:absence|leave|holiday) (?:notice|notification)",
    r"away (?:from my (?:mail|e-?mail|desk)|notice|message)",
    r"abwesenheits(?:notiz|meldung|assistent|nachricht|info|mitteilung|benachrichtigung)",
    r"automatische abwesenheits\w+",
    r"abwesenheit",
    r"nicht im (?:büro|haus)|außer haus",
    r"absen(?:ce|t|te|t\(e\)) du bureau",
    r"message d['’]absence|avis d['’]absence|absence temporaire",
    r"fuera de (?:la )?oficina",
    r"ausente de la oficina|mensaje de ausencia|aviso de ausencia",
    r"fuori (?:sede|ufficio)",
    r"messaggio di assenza|avviso di assenza|assente dall['’]ufficio|assenza dall['’]ufficio",
    r"niet (?:op|in) (?:het )?kantoor|niet aanwezig|afwezig",
    r"afwezigheids(?:bericht|assistent|melding)",
    r"fora do escritório|fora da empresa",
    r"ausência temporária|mensagem de ausência|aviso de (?:ausência|férias)",
    r"nieobecn(?:ość|y|a)(?: w (?:biurze|pracy))?",
    r"poza biurem|informacja o nieobecności",
    r"frånvaro(?:meddelande|besked)?|ej på kontoret|inte på kontoret",
    r"fraværs(?:meddelelse|melding|assistent|besked|varsel)|fravær",
    r"ikke til ?stede|ikke på kontoret|ude af kontoret|ute av kontoret|ikke tilgjengelig",
    r"poissa (?:toimistosta|työpaikalta)|poissaolo(?:ilmoitus|viesti)?",
    r"mimo kancelář|nepřítomnost(?: v kanceláři)?|oznámení o nepřítomnosti",
    r"нет на (?:рабочем )?месте|вне офиса|отсутствие (?:на рабочем месте|в офисе)",
    r"ofis dışında(?:yım)?|işyeri dışında",
    r"irodán kívül|távollét|în afara biroului|mimo kancelárie|εκτός γραφείου|поза офісом",
    r"不在(?:通知|のお知らせ|連絡|のご連絡|メール)?|休暇(?:通知|のお知らせ)",
    r"不在办公室|不在辦公室|外出(?:自动|自動)?(?:回复|答复|回覆|通知)",
    r"부재 ?중(?: ?알림)?|부재 ?알림|자리 ?비움",
)
# What people write as well: a travel agency gets mail about vacations.
_ABSENCES = (
    r"away",
    r"vacation",
    r"(?:on |annual |parental |maternity )?(?:holiday|leave)",
    r"im urlaub|urlaub",
    r"en congés?|en vacances|de vacaciones|in ferie|met vakantie",
    r"de férias|na urlopie|på semester|på ferie|lomalla",
    r"na dovolené|в отпуске|izinde(?:yim)?|yıllık izin",
)
_ABSENCES_UNSPACED = r"外出中|休暇|休假|外出|휴가"
_AUTOMATIC = (
    r"auto(?:mat(?:ic|ed))?[- ]?(?:reply|replies|response|responder|answer|acknowledge?ment)",
    r"auto(?:matische)?[- ]?(?:antwort|rückantwort|empfangsbestätigung)",
    r"automatische (?:eingangsbestätigung|e-?mail|nachricht|rückmeldung)",
    r"(?:réponse|accusé de réception|message) automatique",
    r"(?:respuesta|contestación|mensaje) automátic[ao]|autorespuesta|auto-respuesta",
    r"(?:risposta automatica|risponditore automatico|messaggio automatico)",
    r"automatisch (?:antwoord|bericht)|automatische (?:beantwoording|ontvangstbevestiging)",
    r"(?:resposta|mensagem) (?:automática|automàtica)",
    r"odpowiedź automatyczna|automatyczna odpowiedź|auto-?odpowiedź|autoresponder",
    r"auto(?:matiskt )?svar|automatiskt meddelande",
    r"automatisk (?:svar|besvarelse|besked|melding)",
    r"automaatti(?:nen )?vastaus|automaattinen viesti",
    r"automatická odpověď|automatická odpoveď",
    r"автоматический ответ|авто-?ответ(?:чик)?|автоматична відповідь|автоматичен отговор",
    r"otomatik (?:yanıt|cevap|mesaj)",
    r"automatikus válasz|răspuns automat|automatski odgovor|samodejni odgovor",
    r"αυτόματη απάντηση|automaatvastus|automatinis atsakymas|automātiskā atbilde",
    r"תשובה אוטומטית|مרد تلقائي|رد تلقائي|ตอบกลับอัตโนมัติ|trả lời tự động|balasan otomatis",
    r"自動応答|自動返信|自動回答|自动回复|自動回覆|自动答复|自動答覆|自動回復|系统自动回复",
    r"자동 ?(?:회신|응답|답장|답변)",
)
_OPENS = r"[\s\[(*【]{0,8}"
_CLOSES = r"[\s\])*】]{0,8}"
_NOTICE_PREFIX = re.compile(
    rf"{_OPENS}(?:{'|'.join(_NOTICES)}){_CLOSES}(?:[:：]|(?<=[\])】])\s)", re.IGNORECASE
)
_AUTOMATIC_PREFIX = re.compile(
    rf"{_OPENS}(?:{'|'.join(_AUTOMATIC)})(?:{_CLOSES}[:：]|[\])】])", re.IGNORECASE
)
_AUTOMATIC_SUBJECT = re.compile(
    rf"{_OPENS}(?:yahoo! )?(?:{'|'.join(_AUTOMATIC)})\W{{0,8}}", re.IGNORECASE
)
_COLONS = re.compile(r"[:：\])】]")
_STRONG = re.compile(
    r"\b(?:out[ -]of[ -](?:the[ -])?office|vacation (?:reply|message)|abwesenheitsnotiz"
    r"|absen(?:ce|te?) du bureau|fuera de (?:la )?oficina|fuori (?:sede|ufficio)"
    r"|niet op kantoor|fora do escritório|poza biurem|frånvaromeddelande|inte på kontoret"
    r"|ikke på kontoret|poissa toimistosta|mimo kancelář|вне офиса|ofis dışında"
    r"|(?:absent|absence|abwesend|abwesenheit|assente|ausência|ausente|afwezig(?:heid)?|nieobecność"
    r"|frånvaro|fravær|poissa|poissaolo|nepřítomnost|отсутствие|отсутствую)\b)"
    r"|不在|부재|不在通知|不在办公室|不在辦公室|부재 ?중|außer haus|nicht im (?:büro|haus)",
    re.IGNORECASE,
)
_WEAK = re.compile(rf"\b(?:{'|'.join(_ABSENCES)})\b|{_ABSENCES_UNSPACED}", re.IGNORECASE)
# "AUTO: Anna is out of the office (returning Monday)", as Notes writes it.
_AUTO = re.compile(r"\s{0,8}auto\s?:", re.IGNORECASE)


# Some part of every phrase above, case-folded: most subjects hold none, and are done with.
_STEMS = re.compile(
    "auto|автомат|авто|αυτόμ|אוטומטית|تلقائي|อัตโนมัติ|tự động|otomat|samodejn|自動|自动|자동"
    "|office|ooo|vaca|absen|abwes|leave|holiday|away|büro|haus|urlaub|bureau|congé|oficina|ausen"
    "|ausên|férias|ufficio|sede|assen|ferie|kantoor|aanwezig|afwez|vakantie|escritório|empresa"
    "|nieobecn|biur|urlop|frånvaro|kontor|semester|fravær|stede|tilgjeng|poissa|loma|kancel"
    "|nepřítom|dovolen|месте|офис|отсутств|отпуск|ofis|işyeri|zin|irod|távoll|birou|γραφε|офіс"
    "|不在|休暇|休假|外出|부재|휴가|비움"
)


def may_be_automatic(subject: str) -> bool:
    """Whether anything in `subject` is worth a closer look. Cheap."""
    return _STEMS.search(subject[:300].casefold()) is not None


def absence_prefix(subject: str) -> str:
    """Return the words of absence by which a program began the subject, or nothing."""
    if not _COLONS.search(subject):
        return ""
    found = _NOTICE_PREFIX.match(subject)
    if found is None and (found := _AUTO.match(subject)) and not absence_in_subject(subject):
        return ""
    return found.group(0).strip() if found else ""


def automatic_prefix(subject: str) -> str:
    """Return "Automatic reply:" or its like at the subject's start, or nothing."""
    found = _AUTOMATIC_PREFIX.match(subject) if _COLONS.search(subject) else None
    return found.group(0).strip() if found else ""


def automatic_subject(subject: str) -> str:
    """Return a subject that is nothing but "Auto reply" or its like, or nothing."""
    return subject.strip() if _AUTOMATIC_SUBJECT.fullmatch(subject) else ""


def absence_in_subject(subject: str) -> str:
    """Return the words of absence anywhere in the subject, or nothing."""
    return notice_in_subject(subject) or weak_words_in_subject(subject)


def notice_in_subject(subject: str) -> str:
    """Return words that hardly anybody writes but in a notice of absence, or nothing."""
    found = _STRONG.search(subject[:300])
    return found.group(0) if found else ""


def weak_words_in_subject(subject: str) -> str:
    """Return words of absence that people write about as well, or nothing."""
    found = _WEAK.search(subject[:300])
    return found.group(0) if found else ""
