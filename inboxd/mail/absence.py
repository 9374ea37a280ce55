"""How programs that answer for somebody word their subjects, in the languages that people use.

A subject alone proves little: a customer may ask about "Out of office". So a phrase counts by
itself only in the form that programs give it, in front of a colon and the subject they answer.
"""

from __future__ import annotations

import re

# What programs write in front of the colon.
_NOTICES = (
    r"out[ -]of[ -](?:the[ -])?office(?:[ -](?:auto-?reply|reply|notice|notification|message))?",
    r"ooo",
    r"vacation (?:reply|message|notice)",
    r"absence notice",
    r"away from my (?:mail|e-?mail)",
    r"abwesenheits(?:notiz|meldung|assistent|nachricht)",
    r"automatische abwesenheits\w+",
    r"absen(?:ce|t|t\(e\)) du bureau",
    r"message d'absence",
    r"fuera de (?:la )?oficina",
    r"ausente de la oficina",
    r"fuori (?:sede|ufficio)",
    r"messaggio di assenza",
    r"niet op kantoor",
    r"afwezigheids(?:bericht|assistent|melding)",
    r"fora do escritório",
    r"ausência temporária",
    r"nieobecność w (?:biurze|pracy)",
    r"poza biurem",
    r"frånvaromeddelande",
    r"ej på kontoret",
    r"fraværs(?:meddelelse|melding|assistent|besked)",
    r"ikke til ?stede",
    r"ikke på kontoret",
    r"poissa toimistosta",
    r"poissaolo(?:ilmoitus|viesti)",
    r"mimo kancelář",
    r"nepřítomnost v kanceláři",
    r"нет на (?:рабочем )?месте",
    r"вне офиса",
    r"ofis dışında(?:yım)?",
    r"不在通知",
    r"不在(?:の)?(?:お知らせ|連絡)",
    r"不在办公室",
    r"不在辦公室",
    r"부재 ?중 ?알림",
)
# What people write as well: a travel agency gets mail about vacations.
_ABSENCES = (
    r"away",
    r"vacation",
    r"(?:on |annual |parental |maternity )?(?:holiday|leave)",
    r"absent|absence|abwesend|abwesenheit",
    r"nicht im (?:büro|haus)|im urlaub|außer haus",
    r"en congés?|de vacaciones|in ferie|assente|afwezig(?:heid)?|met vakantie|de férias|ausência",
    r"nieobecność|na urlopie|frånvaro|på semester|fravær|på ferie|poissa|poissaolo|lomalla",
    r"nepřítomnost|na dovolené|отсутствие|отсутствую|в отпуске|izinde(?:yim)?",
)
_ABSENCES_UNSPACED = r"不在|外出中|休暇|休假|外出|부재|휴가"
_AUTOMATIC = (
    r"auto(?:mat(?:ic|ed))?[- ]?(?:reply|response|responder|answer)",
    r"auto(?:matische)?[- ]?antwort",
    r"automatische eingangsbestätigung",
    r"réponse automatique",
    r"respuesta automática",
    r"risposta automatica",
    r"automatisch antwoord",
    r"automatische beantwoording",
    r"resposta automática",
    r"odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź",
    r"auto(?:matiskt )?svar",
    r"automatisk (?:svar|besvarelse)",
    r"automaattinen vastaus",
    r"automatická odpověď",
    r"автоматический ответ|автоответ(?:чик)?",
    r"otomatik (?:yanıt|cevap)",
    r"自動応答|自動返信|自动回复|自動回覆|自动答复",
    r"자동 ?(?:회신|응답|답장)",
)
_OPENS = r"[\s\[(*]{0,8}"
_CLOSES = r"[\s\])*]{0,8}"
_NOTICE_PREFIX = re.compile(rf"{_OPENS}(?:{'|'.join(_NOTICES)}){_CLOSES}[:：]", re.IGNORECASE)
_AUTOMATIC_PREFIX = re.compile(
    rf"{_OPENS}(?:{'|'.join(_AUTOMATIC)})(?:{_CLOSES}[:：]|[\])])", re.IGNORECASE
)
_AUTOMATIC_SUBJECT = re.compile(rf"{_OPENS}(?:{'|'.join(_AUTOMATIC)})\W{{0,8}}", re.IGNORECASE)
_ANY = re.compile(
    rf"\b(?:{'|'.join((*_NOTICES, *_ABSENCES))})\b|{_ABSENCES_UNSPACED}", re.IGNORECASE
)
# "AUTO: Anna is out of the office (returning Monday)", as Notes writes it.
_AUTO = re.compile(r"\s{0,8}auto\s?:", re.IGNORECASE)

_MESSAGES = re.compile(
    r"out of (?:the )?office|away from (?:the |my )?(?:office|desk|e-?mail)"
    r"|(?:am|be|currently|we are) on (?:vacation|holiday|annual leave|leave)"
    r"|limited access to (?:my )?e-?mail|(?:will be )?(?:back|return(?:ing)?) (?:in the office )?on"
    r"|nicht (?:im (?:büro|haus)|erreichbar|am arbeitsplatz)|im urlaub|abwesend|außer haus"
    r"|absente? (?:du bureau|jusqu)|en congés?|de retour le|fuera de la oficina|de vacaciones"
    r"|fuori ufficio|in ferie|assente (?:dal|fino)|niet (?:op kantoor|aanwezig)|afwezig"
    r"|fora do escritório|de férias|ausente|poza biurem|na urlopie|nieobecn"
    r"|inte på kontoret|på semester|ikke på kontoret|på ferie|lomalla|poissa"
    r"|mimo kancelář|na dovolené|nepřítom|в отпуске|отсутству|вне офиса|нет на месте"
    r"|ofis dışında|izinde|不在|休暇|外出|休假|부재|휴가",
    re.IGNORECASE,
)
_OPENING = 400


def absence_prefix(subject: str) -> str:
    """Return the words of absence by which a program began the subject, or nothing."""
    found = _NOTICE_PREFIX.match(subject)
    if found is None and (found := _AUTO.match(subject)) and not _ANY.search(subject[:300]):
        return ""
    return found.group(0).strip() if found else ""


def automatic_prefix(subject: str) -> str:
    """Return "Automatic reply:" or its like at the subject's start, or nothing."""
    found = _AUTOMATIC_PREFIX.match(subject)
    return found.group(0).strip() if found else ""


def automatic_subject(subject: str) -> str:
    """Return a subject that is nothing but "Auto reply" or its like, or nothing."""
    return subject.strip() if _AUTOMATIC_SUBJECT.fullmatch(subject) else ""


def absence_in_subject(subject: str) -> str:
    """Return the words of absence anywhere in the subject, or nothing."""
    found = _ANY.search(subject[:300])
    return found.group(0) if found else ""


def absence_in_text(text: str) -> str:
    """Return the words by which the text's first lines tell of an absence, or nothing."""
    found = _MESSAGES.search(text[:_OPENING])
    return found.group(0) if found else ""
