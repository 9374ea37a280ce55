"""What notices of absence and other automatic answers say in their first lines, in 18 languages.

Such a text never decides alone that a program wrote it, except where it says so itself.
"""

from __future__ import annotations

import re

_OPENING = 500
# "I am … out of the office": the words between may hold a date, so dots are allowed.
_GAP = r"[^!?\n]{0,80}?"
_AWAY = (
    rf"\b(?:i|we|he|she|and|currently)(?:['’]m| am|['’]ll be| will be| are| is|['’]re|)\b{_GAP}"
    r"\b(?:out of (?:the )?office|away\b|on (?:annual |parental |maternity |sick |a )?(?:leave"
    r"|vacation|holidays?)|not in the office|unavailable|travel?ling)",
    r"\blimited access to (?:my )?e-?mails?|\bno access to (?:my )?e-?mails?",
    rf"\b(?:bin|sind|befinde|werde)\b{_GAP}(?:nicht (?:im (?:büro|haus)|erreichbar|persönlich"
    r"|am arbeitsplatz)|i[mn] urlaub|abwesend|außer haus|auf (?:dienst|geschäfts)reise"
    r"|elternzeit)",
    rf"\b(?:suis|serai|actuellement)\b{_GAP}(?:absente?|en (?:congés?|vacances|déplacement))",
    rf"\b(?:estoy|estaré|encuentro|actualmente)\b{_GAP}(?:fuera de (?:la )?oficina|de vacaciones"
    r"|ausente|de viaje|de baja)",
    rf"\b(?:sono|sarò|attualmente)\b{_GAP}(?:fuori (?:ufficio|sede)|in ferie|assente|in vacanza)",
    rf"\bben\b{_GAP}(?:niet (?:op kantoor|aanwezig|bereikbaar)|afwezig|(?:met|op) vakantie)",
    rf"\b(?:estou|estarei|encontro-me|ficarei)\b{_GAP}(?:fora do escritório|de férias|ausente)",
    rf"\b(?:jestem|będę|przebywam|obecnie)\b{_GAP}(?:poza biurem|na urlopie|nieobecn)",
    rf"\bjag\b{_GAP}(?:inte på kontoret|på semester|semester|ledig|tjänstledig|frånvarande)",
    rf"\bjeg\b{_GAP}(?:ikke på kontoret|ferie|fraværende|ikke til ?stede|ute av kontoret"
    r"|permisjon)",
    rf"\bolen\b{_GAP}(?:lomalla|poissa|matkoilla|vapaalla)",
    rf"\b(?:jsem|budu|nejsem|nebudu)\b{_GAP}(?:mimo kancelář|dovolené|nepřítom|v kanceláři)",
    rf"(?:\bя\b|сейчас|нахожусь|буду|не будет){_GAP}(?:в отпуске|отсутств|вне офиса|на месте"
    r"|в командировке|в офисе)",
    r"(?:ofis dışında|izinde|izinli|yıllık izin|tatilde)",
    r"不在(?:に|と|です|の)|休暇(?:を|中|の|で)|外出(?:中|して)|出張(?:中|の|して)|休業",
    r"不在办公室|不在辦公室|(?:正在|目前|现在|現在|将|將|我)(?:休假|外出|出差|度假)",
    r"부재 ?중|휴가 ?(?:중|입니다)|자리를 비|출장 ?중",
)
# What somebody who is away says besides: who helps, and when they are back.
_MEANWHILE = (
    r"\b(?:will|shall) (?:reply|respond|answer|get back|return|be back)|['’]ll (?:reply|respond|get"
    r" back|be back)|\b(?:up)?on my return|when i(?:['’]m| am| get)? (?:return|back)"
    r"|\b(?:if|for|in) [^.!?\n]{0,25}urgent"
    r"|please contact (?!me\b|us\b)|back (?:in the office )?on\b|returning on|in my absence",
    r"dringend|nach meiner rückkehr|weitergeleitet|wenden sie sich|wieder (?:da|im|erreichbar|für)"
    r"|zurück|meine[rn]? vertretung|vertritt mich|nicht gelesen",
    r"à mon retour|de retour|urgence|mon absence|veuillez contacter",
    r"a mi (?:regreso|vuelta)|urgen(?:cia|te)|mi ausencia|póngase en contacto|contacte",
    r"al (?:mio )?(?:rientro|ritorno)|urgenz|urgenti|mia assenza|contattare|rivolgersi",
    r"terugkomst|terug (?:op|ben|in)|dringende?|mijn afwezigheid|spoed",
    r"(?:no )?meu re(?:gresso|torno)|urgência|urgente|minha ausência|contact[ea]r?",
    r"po powrocie|piln|mojej nieobecności|zastępuje|proszę o kontakt|wracam",
    r"tillbaka|åter\b|brådskande|akut|min frånvaro|kontakta",
    r"tilbage|tilbake|haster|hastende|mit fravær|mitt fravær|kontakt",
    r"palaan|kiireelli|ota yhteyttä|sijai|poissaolo",
    r"po návratu|naléhav|urgentní|kontaktujte|vrátím|zastupuje",
    r"по возвращении|срочн|обращайтесь|обратитесь|вернусь|моё отсутствие|замещает",
    r"döndü|acil|yokluğum|iletişime",
    r"戻り|緊急|お急ぎ|ご連絡|返信|出社",
    r"回来|回來|紧急|緊急|联系|聯絡|尽快|盡快|返回",
    r"복귀|긴급|급한|연락|회신",
)
_AUTOMATIC_TEXT = re.compile(
    r"^\W{0,6}(?:(?:please note[:,]? (?:that )?)?this is an? auto(?:-|matic|mated|matically)?[ -]?"
    r"(?:generated )?(?:reply|response|answer|message|notification|e-?mail|acknowledge?ment)"
    r"|this (?:e-?mail|message|reply|response) (?:is|was|has been) (?:sent |generated |created )?"
    r"automatic(?:ally)?"
    r"|diese?s?r? (?:ist eine automatische?|(?:e-?mail|nachricht|antwort) wurde automatisch)"
    r"|dies ist eine automatisch"
    r"|(?:ceci est (?:une réponse|un (?:message|e-?mail|courriel))|ce (?:message|courriel|mail) "
    r"(?:est|a été)(?: envoyé| généré)?) automati"
    r"|(?:este|esta) (?:es (?:un|una) )?(?:mensaje|correo|respuesta|e-?mail)(?: electrónico)?"
    r"(?: es| ha sido| se ha| fue)?(?: generad[oa]| enviad[oa])? ?(?:un |una )?automátic"
    r"|quest[ao] (?:è una?|messaggio è(?: stato)?|e-?mail è(?: stata)?) ?(?:risposta|messaggio"
    r"|e-?mail|generat[ao]|inviat[ao])? ?automatic"
    r"|dit is een automati|deze? (?:e-?mail|bericht) (?:is|wordt) automatisch"
    r"|(?:esta|este) é uma? (?:resposta|mensagem|e-?mail) automátic"
    r"|(?:to|ta|ten) (?:jest|wiadomość|e-?mail)[^\n.]{0,30}automatyczn|wiadomość (?:została )?"
    r"(?:wygenerowana|wysłana) automatycznie"
    r"|det(?:ta|te) (?:är|er) et?t automati"
    r"|den(?:ne|na) (?:mail|e-?post|besked)[^\n.]{0,20}automatis"
    r"|tämä on automaatti|toto je automatick|tato (?:zpráva|odpověď) [^\n.]{0,20}automaticky"
    r"|это (?:письмо|сообщение|автоматическ)[^\n.]{0,30}(?:автоматическ|ответ|сообщ)"
    r"|bu (?:otomatik|e-?posta otomatik|mesaj otomatik|ileti otomatik)"
    r"|(?:この|本)(?:メール|返信)は[^\n。]{0,20}自動|(?:这|此|本|這)(?:是|封)?(?:邮件|郵件|信|邮)?[^\n。]{0,10}"
    r"(?:系统|系統)?自[动動](?:回复|回覆|发送|發送|答复|生成)"
    r"|(?:이|본) (?:메일|이메일|메시지)은? ?[^\n.]{0,12}자동)",
    re.IGNORECASE | re.MULTILINE,
)
# Without one of these in it, the pattern above need not be tried.
_STEMS = ("auto", "автомат", "otomatik", "自動", "自动", "자동")
_AWAY_PATTERN = re.compile("|".join(_AWAY), re.IGNORECASE)
_MEANWHILE_PATTERN = re.compile("|".join(_MEANWHILE), re.IGNORECASE)


def absence_in_text(text: str) -> str:
    """Return the words by which the text's first lines tell of the writer's absence, or nothing."""
    found = _AWAY_PATTERN.search(text[:_OPENING])
    return " ".join(found.group(0).split()) if found else ""


def notice_in_text(text: str) -> str:
    """Return such words where the text has all of a notice: what happens meanwhile, no question."""
    opening = text[:_OPENING]
    if "?" in opening or "？" in opening or not _MEANWHILE_PATTERN.search(opening):
        return ""
    return absence_in_text(text)


def automatic_in_text(text: str) -> str:
    """Return the words by which the text itself says that a program wrote it, or nothing."""
    opening = text[:_OPENING]
    folded = opening.casefold()
    if not any(stem in folded for stem in _STEMS):
        return ""
    found = _AUTOMATIC_TEXT.search(opening)
    return " ".join(found.group(0).split()).strip("\"'*-–—#>=( ") if found else ""
