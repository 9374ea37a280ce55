"""The Date field as an instant (RFC 5322 section 3.3), also where it is written in another way."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailparser.dates import parse_mail_date

from inboxd.mail.reading import Reading

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2101, 1, 1, tzinfo=UTC)
_READ_CHARS = 200

# Hours east of Greenwich. RFC 5322 reads zones that it does not name as unknown; where mail is
# written with a name that means one zone only, that zone is meant. (IST, CST and others mean
# several.)
_ZONES = {
    "WEST": "+0100", "BST": "+0100", "CET": "+0100", "MET": "+0100", "MEZ": "+0100",
    "CEST": "+0200", "MEST": "+0200", "MESZ": "+0200", "EET": "+0200", "SAST": "+0200",
    "EEST": "+0300", "MSK": "+0300", "HKT": "+0800", "SGT": "+0800", "AWST": "+0800",
    "JST": "+0900", "KST": "+0900", "AEST": "+1000", "AEDT": "+1100",
    "NZST": "+1200", "NZDT": "+1300", "BRT": "-0300", "AKST": "-0900", "HST": "-1000",
}  # fmt: skip
_ZONE_NAME = re.compile(rf"(?<=[0-9] )({'|'.join(_ZONES)})\Z")
# "GMT+1", "+01:00", "UTC +2" and the like, behind a time.
_OFFSET = re.compile(r"(?<=\d) ?(?:GMT|UTC?|Z)? ?([+-])(\d{1,2}):?(\d{2})?(?!\d)(?: ?\(.*)?\Z")
_HALF_DAY = re.compile(r"(?<![\d:])(\d{1,2})(:\d\d(?::\d\d)?) ?([AaPp])\.?[Mm]\.?(?![A-Za-z])")
_FRACTION = re.compile(r"(:\d\d)[.,]\d{1,9}(?!\d)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?: ?(?:Z|[+-]\d\d:?\d\d))?\Z")
_OWN_NAME = re.compile(r"date ?:", re.I)
# Months as mailers of other languages abbreviate them, without the dot.
_MONTHS = {
    "Jan": "janv|ene|genn?|januar|januari|janeiro|gennaio|enero|janvier",
    "Feb": "févr?|fevr?|febbr?|fev|februar|februari|febrero|février|fevereiro|febbraio",
    "Mar": "mär|mrz|märz|mars|mrt|maart|marzo|março",
    "Apr": "avr|abr|april|avril|abril|aprile",
    "May": "mai|mei|mag|maggio|mayo|maio|maj",
    "Jun": "juin|giu|juni|junio|junho|giugno",
    "Jul": "juil|lug|juli|julio|julho|luglio|juillet",
    "Aug": "août|aout|ago|august|augustus|agosto",
    "Sep": "sept|set|september|septiembre|setembro|settembre|septembre",
    "Oct": "okt|ott|out|oktober|octubre|outubro|ottobre|octobre",
    "Nov": "november|noviembre|novembro|novembre",
    "Dec": "dez|déc|dic|dezember|december|diciembre|dezembro|dicembre|décembre",
}
_MONTH_OF = {name: month for month, names in _MONTHS.items() for name in names.split("|")}
_FOREIGN = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,? )?(\d{1,2})\.? ([^\W\d_]{3,12})\.? (\d{4}) (\d{1,2}:\d\d.*)", re.DOTALL
)


def parse_date(value: str, reading: Reading) -> datetime | None:
    """Return a Date field as an aware datetime in UTC, or None (with a defect) if it is absurd.

    What RFC 5322 does not allow but its sense is plain ("9:05:00", no zone, ISO 8601, a month in
    another language) is read leniently; years before 1970 and after 2100 are no dates of mail.
    """
    named_zone = value[-1:].isalpha() and _ZONE_NAME.search(value[-8:])
    strictly = parse_mail_date(value)
    moment: datetime | None = None if named_zone else strictly.value
    if moment is None:
        if named_zone or strictly.reasons == ("invalid-date-syntax",):
            moment = _lenient_date(value)
        reading.note(f"date: not RFC 5322: {'read leniently' if moment else 'read as none'}")
    if moment is not None and not _EARLIEST <= moment < _LATEST:
        reading.note("date: outside 1970 to 2100: read as none")
        return None
    return moment


def _lenient_date(value: str) -> datetime | None:
    text = _OWN_NAME.sub("", " ".join(value[:_READ_CHARS].split()), count=1).strip()
    text = _HALF_DAY.sub(_whole_day, _FRACTION.sub(r"\1", text))
    text = _ZONE_NAME.sub(lambda zone: _ZONES[zone[1]], text)
    try:
        if _ISO.match(text):
            return _in_utc(datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-")))
        text = _OFFSET.sub(_usual_offset, text)
        return _in_utc(parsedate_to_datetime(_in_english(text)))
    # ValueError, TypeError, IndexError: no date in it. OverflowError: years beyond datetime.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _whole_day(time: re.Match[str]) -> str:
    hour = int(time[1])
    if hour <= 12:
        hour = hour % 12 + (12 if time[3] in "Pp" else 0)
    return f"{hour}{time[2]}"


def _usual_offset(offset: re.Match[str]) -> str:
    return f" {offset[1]}{offset[2]:0>2}{offset[3] or '00'}"


def _in_english(text: str) -> str:
    found = _FOREIGN.fullmatch(text)
    month = _MONTH_OF.get(found[2].lower()) if found else None
    return f"{found[1]} {month} {found[3]} {found[4]}" if found and month else text
