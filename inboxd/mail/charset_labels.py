"""Which codec reads what a mail calls its charset: aliases, misspellings, and supersets."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# Where a label names the subset of what its users write (gb2312, ks_c_5601, shift_jis, latin-1),
# the superset is read, as the WHATWG Encoding standard does.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "utf-8-sig": "utf-8",
}
# Labels that Python does not know, or knows under another meaning. An "x-" or "cs" in front, and
# the ways to write the number of a code page or of an ISO 8859 part, are dealt with below.
_ALIASES = {
    "ansi": "cp1252",
    "big5-eten": "big5",
    "chinesebig5": "big5",
    "cn-big5": "big5",
    "cn-gb": "gb18030",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "cp51932": "euc_jp",
    "cp51949": "cp949",
    "cp54936": "gb18030",
    "cp65000": "utf-7",
    "cp65001": "utf-8",
    "cp936": "gb18030",
    "cp943": "cp932",
    "cp943c": "cp932",
    "cp951": "big5hkscs",
    "dos-720": "cp720",
    "dos-862": "cp862",
    "eucjp-ms": "euc_jp",
    "eucjp-win": "euc_jp",
    "gb-2312": "gb18030",
    "gb2312-80": "gb18030",
    "gb2312.1980-0": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-10646": "utf-16",
    "iso-10646-j-1": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "iso-10646-ucs-4": "utf-32",
    "iso-2022-jp-ms": "iso2022_jp",
    "iso2022jpms": "iso2022_jp",
    "jis": "iso2022_jp",
    "johab": "johab",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc": "cp949",
    "ksc5601.1987-0": "cp949",
    "ksc_5601": "cp949",
    "ks_c_5861-1992": "cp949",
    "latin": "cp1252",
    "logical": "iso8859-8",
    "mac": "mac-roman",
    "mac-ce": "mac-latin2",
    "mac-centraleurroman": "mac-latin2",
    "mac-chinesesimp": "gb18030",
    "mac-chinesetrad": "big5",
    "mac-korean": "cp949",
    "ms932": "cp932",
    "ms936": "gb18030",
    "ms949": "cp949",
    "ms950": "big5",
    "ucs-2": "utf-16",
    "ucs-2be": "utf-16-be",
    "ucs-2le": "utf-16-le",
    "ucs-4": "utf-32",
    "unicode": "utf-16",
    "unicode-1-1": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-2-0-utf-7": "utf-7",
    "unicode-2-0-utf-8": "utf-8",
    "unicode11utf7": "utf-7",
    "unicode20utf8": "utf-8",
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8n": "utf-8",
    "visual": "iso8859-8",
    "windows-31j": "cp932",
    "windows31j": "cp932",
}
_LABEL = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_PREFIX = re.compile(r"(?:(?:x-)+|cs)(?=.)")
_CODE_PAGE = re.compile(
    r"(?:windows|win|(?:ms-|microsoft-)?cp|ms|ibm|dos|codepage)[-_ ]?(\d{3,5})(?!\d)"
)
_ISO_8859 = re.compile(r"iso[-_ ]?(?:8859|8559)[-_ .]?(\d{1,2})(?!\d)")
_LATIN = re.compile(r"latin[-_ ]?(\d{1,2})\Z")
_KOI8 = re.compile(r"koi[-_]?8[-_]?([ru])\b")
# Codecs of the standard library that are no charsets of mail: some run code paths of URLs and
# source text, some never end as text.
_NO_CHARSET = {
    "idna",
    "punycode",
    "undefined",
    "unicode-escape",
    "raw-unicode-escape",
    "mbcs",
    "oem",
}


def shown_label(label: str | None) -> str:
    """Return `label` as a defect names it: only what may stand in one."""
    found = _LABEL.search(label or "")
    return found.group()[:40] if found else "what is declared"


@lru_cache(maxsize=256)
def codec_name(label: str) -> str | None:
    """Return the Python codec that reads what is labelled `label`, or None if nobody knows it."""
    found = _LABEL.search(label)
    if found is None:
        return None
    name = found.group().lower().strip("-_.:")
    bare = _PREFIX.sub("", name, count=1)
    return next(filter(None, map(_codec, dict.fromkeys((name, bare, _respelt(bare))))), None)


def _codec(name: str) -> str | None:
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    # LookupError: not a codec. ValueError: a name that the import system refuses.
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in _NO_CHARSET:
        return None
    return _SUPERSETS.get(info.name, info.name)


def _respelt(name: str) -> str:
    """Return the usual name of a charset whose number stands in an unusual place or form."""
    for pattern, form in (
        (_CODE_PAGE, "cp{}"),
        (_ISO_8859, "iso8859-{}"),
        (_LATIN, "latin{}"),
        (_KOI8, "koi8-{}"),
    ):
        found = pattern.match(name)
        if found:
            usual = form.format(found.group(1))
            return _ALIASES.get(usual, usual)
    return name.partition("$")[0]
