"""Lines that other programs leave in a mail: help desks' markers, forwards' subjects, GroupWise."""

from __future__ import annotations

import re
from typing import Final

from .quotes_attribution import has_address, is_dated
from .quotes_languages import FIELD_NAMES, Field, phrases

_LONGEST: Final = 200
# Signs that a help desk puts around its marker.
_SIGNS: Final = " \t\u00a0#-=_*~+>—–[]"
_OPENINGS: Final = ("##", "--", "==", "__", "**", "——", "––", "~~", "++")
_ABOVE: Final = phrases("""
en: above this line | above the line | above this text | above here
de: oberhalb dieser zeile | über dieser zeile | über diese zeile | oberhalb dieser linie |
    über dieser linie | über diese linie
fr: au-dessus de cette ligne | au dessus de cette ligne | avant cette ligne
es: por encima de esta línea | encima de esta línea | sobre esta línea | arriba de esta línea
it: sopra questa riga | sopra questa linea | al di sopra di questa riga
nl: boven deze regel | boven deze lijn
pt: acima desta linha | acima dessa linha | por cima desta linha
pl: powyżej tej linii | nad tą linią | powyżej tego wiersza
sv, da, no: ovanför denna linje | ovanför den här raden | ovanför denna rad | over denne linje |
    over denne linjen
fi: tämän rivin yläpuolelle | tämän viivan yläpuolelle
cs, ru, uk: nad tento řádek | nad tímto řádkem | над этой чертой | над этой строкой |
    выше этой строки | выше этой линии | над цим рядком | вище цієї лінії
tr: bu satırın üstüne | bu satırın üzerine | bu çizginin üstüne | bu çizginin üzerine
ja: この行より上 | この行の上 | この線より上 | この線の上
zh, ko: 在此行上方 | 在此行之上 | 此线上方 | 此線上方 | 在这行以上 | 在此行以上 | 이 줄 위에 |
    이 선 위에
""")

# How a subject says that the mail was forwarded. Where another language answers with the same
# letters, the header block has to be in the language that forwards with them.
_FORWARDS: Final = frozenset(
    phrases("""
en, de, fr, es, it, nl: fw | fwd | wg | tr | rv | inoltra | doorst
pt, pl, sv, fi, tr: enc | pd | vb | vl | i̇lt | ilt | ynl
cs, ru: přeposláno | пересл
ja, zh, ko: 転送 | 转发 | 轉寄 | 转寄 | 轉發 | 전달
""")
)
_FORWARDS_OF: Final = {"vs": "fra", "i": "da", "fs": "fra"}
_PREFIX: Final = re.compile(r"\s{0,5}([^\W\d_]\w{0,11})(?:\s?\[\d{1,2}\]|\(\d{1,2}\))?\s?[:：]")


def asks_above(line: str) -> bool:
    """Tell whether the stripped `line` is a help desk's "reply above this line".

    The signs around it show that a program wrote it: `##- … -##` in any language, other dashes
    around words that are known.
    """
    if not 8 < len(line) < _LONGEST or not line.startswith(_OPENINGS):
        return False
    words = line.strip(_SIGNS)
    if line.startswith("##-") and line.endswith("-##"):
        return bool(words)
    closed = len(line) > len(line.rstrip(_SIGNS))
    return closed and any(phrase in words.casefold() for phrase in _ABOVE)


def is_forward(subject: str, sender_field: str) -> bool:
    """Tell whether `subject` says that the mail was forwarded, one with this block below.

    `sender_field` is the line of the header block that names the first of its fields.
    """
    prefix = _PREFIX.match(subject)
    if prefix is None:
        return False
    word = prefix[1].casefold()
    if word in _FORWARDS:
        return True
    name = sender_field.partition(":")[0].strip("* ").casefold()
    return _FORWARDS_OF.get(word) == name and FIELD_NAMES.get(name) is Field.FROM


def is_groupwise(line: str) -> bool:
    """Tell whether the stripped `line` is GroupWise's: `>>> Jane Doe <j@doe.example> 5.3. >>>`."""
    if not 12 < len(line) < _LONGEST or not (line.startswith(">>>") and line.endswith(">>>")):
        return False
    return is_dated(line) or (has_address(line) and any(map(str.isdigit, line)))
