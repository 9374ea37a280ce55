"""Guessing the charset of 8-bit text that is labelled wrongly or not at all."""

from __future__ import annotations

from inboxd.mail.charset_short import short_codec

# Text is judged by a few lines that hold foreign bytes, wherever they stand.
SEARCHED_BYTES = 100_000
SAMPLED_LINES = 50
SAMPLED_BYTES = 8192
FEWEST_BYTES = 6
# Below this charset-normalizer has too little to compare with its tables of languages.
_FEW_BYTES = 40

_ASCII = bytes(range(128))
_CANDIDATES = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp874",
    "koi8_r",
    "gb18030",
    "big5",
    "cp932",
    "cp949",
    "euc_jp",
]
# The letters beyond ASCII that the languages of each Latin code page write, the usual one first.
_LATIN_LETTERS = {
    "cp1252": frozenset("äöüßéèêëàâáãåæçíîïñóôòõøœúùûÄÖÜÉÈÀÂÁÅÆÇÍÑÓÔØÚ¿¡«»„“”’–—€ "),
    "cp1254": frozenset("çğıöşüÇĞİÖŞÜâîû“”’–—€ "),
    "cp1250": frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉÍŘŠŤÚÝŽľĺőűöüŐŰÖÜđăâîşţäô„“”’–—€ "),
}
_FAR_EASTERN = {"gb18030", "big5", "cp932", "cp949", "euc_jp"}


def guessed_codec(data: bytes) -> str | None:
    """Return the codec that probably reads `data`, or None where that cannot be told.

    Deterministic; looks at no more than a sample. A few foreign bytes tell little.
    """
    # Whole lines, since a sample must not end in the middle of a character.
    foreign = [line for line in data[:SEARCHED_BYTES].splitlines() if not line.isascii()]
    sample = b"\n".join(foreign[:SAMPLED_LINES])[:SAMPLED_BYTES]
    high = sample.translate(None, _ASCII)
    few = short_codec(sample, _LATIN_LETTERS) if 0 < len(high) < _FEW_BYTES else None
    if few or len(high) < FEWEST_BYTES:
        return few
    # Imported here because that costs more than reading a mail does, and is seldom needed.
    from charset_normalizer import from_bytes

    best = from_bytes(
        sample,
        steps=4,
        chunk_size=256,
        cp_isolation=_CANDIDATES,
        preemptive_behaviour=False,
        enable_fallback=False,
    ).best()
    if best is None:
        return None
    if best.encoding in _LATIN_LETTERS:
        return max(_LATIN_LETTERS, key=lambda codec: _known_letters(high, codec))
    if best.encoding in _FAR_EASTERN and _has_kana_rows(high):
        return "euc_jp"
    return best.encoding


def _known_letters(high: bytes, codec: str) -> int:
    """Count the letters in `high` that languages written in `codec` use.

    `max` prefers the first of equals: cp1252 is the most common, and cp1250 knows most letters.
    """
    letters = _LATIN_LETTERS[codec]
    return sum(letter in letters for letter in high.decode(codec, "replace"))


def _has_kana_rows(high: bytes) -> bool:
    """Whether a fifth of the bytes begin hiragana or katakana in EUC, as in Japanese they do."""
    if (high.count(b"\xa4") + high.count(b"\xa5")) * 5 < len(high):
        return False
    try:
        high.decode("euc_jp")
    except UnicodeDecodeError:
        return False
    return True
