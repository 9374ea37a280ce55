"""Guessing the charset of a few words, such as a subject or a file name that nobody labelled.

Statistics of languages need more text than that. What tells a few words apart is their writing: in
the right charset a word is of one script, has its capitals in front, and uses common characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import category

# A script's words: small letters behind at most one capital, or capitals alone.
_CYRILLIC = re.compile("[А-ЯЁЄІЇ]?[а-яёєіїґў]+|[А-ЯЁЄІЇ]{2,}|[АВИКОСУЯ]")
_GREEK = re.compile("[Α-ΩΆΈΉΊΌΎΏ]?[ά-ώΐ]+|[Α-ΩΆΈΉΊΌΎΏ]{2,}")
_HEBREW = re.compile("[א-הו-יכלמנסעפצ-ת]*[א-ת]")
_THAI = re.compile("(?:[ก-ฯะาำเ-ๆ][ั-ฺ็]?[่-๎]?)+")
_VOWELS = frozenset("аеёиоуыэюяіїєАЕЁИОУЫЭЮЯ")
_WORD = re.compile(r"[^\W\d_]+(?:[^\W\d_]|[\u0e31-\u0e4e])*")
_HIGH_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\xfe]|[\x80-\xff]")
_FEWEST_PAIRS = 2
_LIKELY = 0.8


def short_codec(data: bytes, latin: dict[str, frozenset[str]]) -> str | None:
    """Return the codec that reads the few words of `data` plausibly, or None.

    `latin` has, for each Latin code page, the letters that its languages write, best one first.
    """
    found = _latin(data, latin)
    if found:
        return found
    scores = {codec: score(data) for codec, score in _SCORES.items()}
    # `max` prefers the first of equals: the order is that of how much each needs to be likely.
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] >= _LIKELY else None


def _latin(data: bytes, latin: dict[str, frozenset[str]]) -> str | None:
    """Return the Latin code page in which the high bytes are letters between letters."""
    for codec, letters in latin.items():
        text = data.decode(codec, "replace")
        high = [char for char in text if char > "\x7f"]
        words = [word for word in _WORD.findall(text) if not word.isascii()]
        mixed = all(
            sum(char <= "\x7f" for char in word) >= len(word) / 2 or len(word) == 1
            for word in words
        )
        if words and mixed and all(char in letters for char in high):
            return codec
    return None


def _share(codec: str, words: re.Pattern[str]) -> Callable[[bytes], float]:
    """Return a function that tells which share of a text's foreign letters stands in such words."""

    def score(data: bytes) -> float:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            return 0.0
        high = sum(char > "\x7f" and _is_letter_or_line(char) for char in text)
        found = [word for word in _WORD.findall(text) if words.fullmatch(word)]
        good = sum(map(len, found))
        if words is _CYRILLIC and sum(c in _VOWELS for w in found for c in w) < 0.2 * good:
            good //= 2
        return good / high if high else 0.0

    return score


def _is_letter_or_line(char: str) -> bool:
    """Whether a character counts: punctuation does not, lines of boxes speak against a text."""
    return category(char)[0] in "LM" or "\u2500" <= char <= "\u259f"


def _pairs(is_common: Callable[[int, int], bool]) -> Callable[[bytes], float]:
    """Return a function that tells which share of the two-byte characters is a common one."""

    def score(data: bytes) -> float:
        pairs = [pair for pair in _HIGH_PAIRS.findall(data) if pair[:1] not in b"\xa1\xa2\xa3"]
        if len(pairs) < _FEWEST_PAIRS:
            return 0.0
        return sum(len(p) == 2 and is_common(p[0], p[1]) for p in pairs) / len(pairs)

    return score


def _japanese(data: bytes) -> float:
    """EUC-JP shares its kanji with the Chinese and the Korean code: kana tell it."""
    kana = sum(pair[0] in (0xA4, 0xA5) for pair in _HIGH_PAIRS.findall(data))
    return _EUC_KANJI(data) if kana else 0.0


def _korean(data: bytes) -> float:
    """Chinese has its characters in the same rows: the syllables that Koreans use tell theirs."""
    text = data.decode("cp949", "replace")
    hangul = [char for char in text if "가" <= char <= "힣"]
    common = sum(char in _COMMON_SYLLABLES for char in hangul)
    return _HANGUL(data) if common * 2 >= len(hangul) else 0.0


# Some three hundred of the 2,350 in the code: they make up most of what is written.
_COMMON_SYLLABLES = frozenset(
    "가각간감강개거건것게겠결경계고공과관교구국군권그글금급기길김까께끼나난날남내너네년녕노는능니다단"
    "답당대더데도독동되된두드든등디따때또라락란람량러럼런로록론료루류르른를름리린림립마만말망매머면명모목"
    "무문물미민바박반방배번법변별보복본부분불비사산상새생서석선설성세소속손송수순술스습승시식신실심십아안"
    "알았양어언업없었에여역연영예오온올와완왔외요용우운울원월위유으은을음응의이인일임입있자작장재저적전점"
    "정제조족종주준중증지직진질집차착찬참창채처천철첫청체초최추출충치친카코크키타태터테토통트특티파판편평"
    "포표품프피필하학한할함합해했행향험현형호화확환활황회효후히힘"
)
_HANGUL = _pairs(lambda a, b: 0xB0 <= a <= 0xC8 and b >= 0xA1)
_EUC_KANJI = _pairs(lambda a, b: b >= 0xA1 and (a in (0xA4, 0xA5) or 0xB0 <= a <= 0xCF))
_SCORES: dict[str, Callable[[bytes], float]] = {
    "euc_jp": _japanese,
    "cp949": _korean,
    "gb18030": _pairs(lambda a, b: 0xB0 <= a <= 0xD7 and b >= 0xA1),
    "big5": _pairs(lambda a, b: 0xA4 <= a <= 0xC6 and (b <= 0x7E or b >= 0xA1)),
    "cp932": _pairs(
        lambda a, b: (a == 0x82 and b >= 0x9F) or (a == 0x83 and b <= 0x96) or 0x88 <= a <= 0x97
    ),
    "cp1255": _share("cp1255", _HEBREW),
    "cp1251": _share("cp1251", _CYRILLIC),
    "koi8_r": _share("koi8_r", _CYRILLIC),
    "cp1253": _share("cp1253", _GREEK),
    "cp874": _share("cp874", _THAI),
}
