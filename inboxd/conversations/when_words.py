"""The words for moments in six languages, brought to the plain English that `when` reads.

English, German, French, Spanish, Italian and Dutch; capitals and accents do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORTEST_NAME = 2
_SHORTEST_MONTH = 3

_FOREIGN_WEEKDAYS = (
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miercoles jueves viernes sabado domingo",
    "lunedi martedi mercoledi giovedi venerdi sabato domenica",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
)
_FOREIGN_MONTHS = (
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janner feber maerz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
)

# What is written for each plain phrase. Longer ones are replaced first.
_PHRASES: Mapping[str, str] = {
    "day after tomorrow": "the day after tomorrow|ubermorgen|uebermorgen|apres-demain|apres demain"
    "|pasado manana|dopodomani|overmorgen",
    "tomorrow": "tmrw|morgen|demain|manana|domani",
    "today": "heute|aujourdhui|hoy|oggi|vandaag",
    "today evening": "tonight|this evening|ce soir|esta noche|stasera|vanavond",
    "today afternoon": "this afternoon|cet apres-midi|esta tarde|vanmiddag",
    "tomorrow morning": "morgen fruh|morgen frueh|morgen vormittag|demain matin"
    "|manana por la manana|domani mattina|domattina|morgenochtend|morgen ochtend",
    "tomorrow afternoon": "morgenmiddag|morgen middag|manana por la tarde",
    "tomorrow evening": "morgenavond",
    "next week": "nachste woche|naechste woche|kommende woche|la semaine prochaine"
    "|semaine prochaine|la proxima semana|proxima semana|la semana que viene|semana que viene"
    "|la prossima settimana|prossima settimana|settimana prossima|volgende week",
    "next month": "nachsten monat|naechsten monat|le mois prochain|mois prochain|el proximo mes"
    "|proximo mes|il mese prossimo|mese prossimo|prossimo mese|volgende maand",
    "next": "nachsten|naechsten|nachster|proximo|prossimo|volgende",
    "saturday": "sonnabend",
    "next business day": "next working day|next workday|nachster werktag|nachsten werktag"
    "|nachster arbeitstag|nachsten arbeitstag",
    "closing": "end of the day|end of day|end of business|close of business|eod|eob|cob"
    "|feierabend|fin de journee|fin del dia|fine giornata|einde van de dag|einde dag",
    "end of week": "end of the week|end of this week|eow|ende der woche|fin de semaine"
    "|fine settimana lavorativa|einde van de week",
    "end of month": "end of the month|end of this month|eom|monatsende|ende des monats"
    "|fin du mois|fin de mes|fine mese|einde van de maand",
    "business days": "business days|business day|working days|working day|workdays|workday|bd"
    "|werktage|werktagen|werktag|arbeitstage|arbeitstagen|arbeitstag|jours ouvres|jour ouvre"
    "|jours ouvrables|dias habiles|dia habil|dias laborables|dia laborable|giorni lavorativi"
    "|giorno lavorativo|werkdagen|werkdag",
    "business hours": "business hours|business hour|working hours|working hour",
    "minutes": "minuten|minute|minuti|minuto|minutos|minuut|mins",
    "hours": "hour|stunde|stunden|std|heure|heures|hora|horas|ora|ore|uren",
    "days": "day|tag|tage|tagen|t|jour|jours|j|dia|dias|giorno|giorni|g|dag|dagen",
    "weeks": "week|woche|wochen|semaine|semaines|semana|semanas|settimana|settimane|weken",
    "months": "month|monat|monate|monaten|mois|mes|meses|mese|mesi|maand|maanden",
    "at": "um|om|alle|a las|a la|vers|gegen",
    "morning": "vormittag|matin|mattina|ochtend",
    "noon": "midday|mittag|midi|mediodia|mezzogiorno",
    "afternoon": "nachmittag|apres-midi|pomeriggio|tarde|middag",
    "evening": "abend|soir|noche|sera|avond",
}
_NUMBERS: Mapping[str, str] = {
    "1": "a|an|one|ein|eine|einem|einer|un|une|una|uno|een",
    "2": "two|zwei|deux|dos|due|twee",
    "3": "three|drei|trois|tres|tre|drie",
    "4": "four|vier|quatre|cuatro|quattro",
    "5": "five|funf|cinq|cinco|cinque|vijf",
    "6": "six|sechs|seis|sei|zes",
    "7": "seven|sieben|sept|siete|sette|zeven",
    "8": "eight|acht|huit|ocho|otto",
    "9": "nine|neun|neuf|nueve|nove|negen",
    "10": "ten|zehn|dix|diez|dieci|tien",
}
# What may stand before a moment, and means nothing more.
_LEADING = (
    "until till til by in on the for this within after from around about"
    " bis zum zur am den der dem diesen kommenden ab nach"
    " jusque jusqua jusquau jusqu'a jusqu'au dans le la ce"
    " hasta el en este fino al il fra tra questo entro"
    " tot op over de deze het"
)
_FILLERS = frozenset(_LEADING.split())
_TRAILERS = (" from now", " later", " o clock")
_UNITS = "minutes|hours|days|weeks|months|business days|business hours|min|h|d|w"


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {word: plain for plain, words in table.items() for word in (plain, *words.split("|"))}


_PLAIN = _by_word(_PHRASES)
_DIGITS = _by_word(_NUMBERS)
_EDGE, _END = r"(?<![^\W\d])", r"(?!\w)"
_ANY_PHRASE = re.compile(rf"{_EDGE}(?:{_alternatives(_PLAIN)}){_END}")
_NUMBER_WORD = re.compile(rf"(?<!\w)({_alternatives(_DIGITS)}) (?={_UNITS})")
_HALF_HOUR = re.compile(r"^half (?:1 )?hours?$")
# "9 Uhr", "9 Uhr 30", "9:30 Uhr"; the first two are no nine hours.
_HOUR = re.compile(r"(?<![\d:.])([0-9]{1,2}) ?(?:uhr|uur|o'?clock)(?: ([0-5][0-9]))?(?!\w)")
_CLOCK_WORD = re.compile(r"(?<=[0-9]) ?(?:uhr|uur|o'?clock)(?!\w)")
_UP_TO = re.compile(r"^(?:fino|jusqu'?) ?a[lu]? ")
_AT = re.compile(r"(?<!\w)(?:@ ?|a (?=[0-9]))")
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th|er|o|a)(?!\w)")
_OF = re.compile(r"(?<=[0-9]) (?:of|de|di) (?=[a-z])|(?<=[a-z]) (?:de|del) (?=[0-9]{4})")


def plain_words(text: str) -> str:
    """Return `text` in small letters without accents, its words in plain English where known."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    words = "".join(c for c in spread if not unicodedata.combining(c)).replace(",", " ")
    words = " ".join(words.replace("’", "'").split())
    words = _HOUR.sub(lambda hour: f"{hour[1]}:{hour[2] or '00'}", words)
    words = _OF.sub(" ", _ORDINAL.sub("", _CLOCK_WORD.sub("", words)))
    words = _ANY_PHRASE.sub(lambda found: _PLAIN[found[0]], words)
    words = _without_fillers(_AT.sub("at ", _UP_TO.sub("", words)))
    words = _NUMBER_WORD.sub(lambda found: f"{_DIGITS[found[1]]} ", words)
    return _HALF_HOUR.sub("30 min", words)


def weekday(word: str) -> int | None:
    """Return the weekday (Monday is 0) that a word names or abbreviates, or None.

    An abbreviation has two letters at least. The English one goes first (`sa`, `mo`); one that
    means different days in different languages names none.
    """
    return _index(word.rstrip("."), _SHORTEST_NAME, WEEKDAYS, _FOREIGN_WEEKDAYS)


def month(word: str) -> int | None:
    """Return the month (1 to 12) that a word names or abbreviates by three letters, or None."""
    index = _index(word.rstrip("."), _SHORTEST_MONTH, MONTHS, _FOREIGN_MONTHS)
    return None if index is None else index + 1


def _index(
    word: str, shortest: int, english: tuple[str, ...], foreign: tuple[str, ...]
) -> int | None:
    if len(word) < shortest:
        return None
    for names in ((english,), tuple(tuple(each.split()) for each in foreign)):
        meant = {n for each in names for n, name in enumerate(each) if name.startswith(word)}
        if meant:
            return meant.pop() if len(meant) == 1 else None
    return None


def _without_fillers(words: str) -> str:
    """Take away what only leads to the moment, and what only follows it."""
    parts = words.split(" ")
    while len(parts) > 1 and parts[0] in _FILLERS:
        del parts[0]
    words = " ".join(parts)
    for trailer in _TRAILERS:
        words = words.removesuffix(trailer)
    return words
