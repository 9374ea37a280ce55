"""Charset labels as mail has them: aliases, misspellings, vendors' names."""

from __future__ import annotations

import pytest

from inboxd.mail.charset_labels import codec_name, shown_label

LABELS = {
    "utf-8": "utf8 UTF_8 utf-8n utf8mb4 cp65001 unicode-1-1-utf-8 unicode-2-0-utf-8 'utf-8' csUTF8",
    "utf-7": "utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7 csUnicode11UTF7 cp65000",
    "utf-16": "utf16 ucs-2 unicode iso-10646-ucs-2 csUnicode",
    "cp1252": "iso-8859-1 ISO_8859-1 iso8859_1 iso-8559-1 latin1 latin-1 l1 iso-ir-100 cp819 ansi"
    " windows-1252 windows1252 win-1252 cp1252 cp-1252 x-cp1252 x-ansi iso-8859-1;format=flowed"
    " iso-8859-1-windows-3.1-latin-1",
    "cp1250": "windows-1250 win1250 x-cp1250 cp-1250",
    "cp1251": "windows-1251 win-1251 cp1251 x-cp1251 windows-1251-1",
    "cp1254": "iso-8859-9 latin5 windows-1254",
    "iso8859-15": "iso-8859-15 iso8859-15 latin9 latin-9",
    "iso8859-8": "iso-8859-8 iso-8859-8-i iso-8859-8-e logical visual hebrew",
    "iso8859-6": "iso-8859-6-i asmo-708 arabic",
    "koi8-r": "koi8-r koi8r koi8_r cskoi8r",
    "koi8-u": "koi8-u koi8u",
    "cp866": "ibm866 cp866 866 dos-866",
    "cp850": "ibm850 cp-850 850",
    "cp437": "ibm437 cp437 437",
    "mac-roman": "macintosh x-mac-roman mac",
    "mac-cyrillic": "x-mac-cyrillic mac-cyrillic",
    "mac-latin2": "x-mac-ce x-mac-centraleurroman",
    "gb18030": "gb2312 GBK x-gbk gb_2312-80 csGB2312 cn-gb chinese euc-cn x-euc-cn cp936 ms936"
    " windows-936 gb18030 x-gb18030 x-mac-chinesesimp",
    "big5hkscs": "big5 x-big5 x-x-big5 cn-big5 csBig5 big5-hkscs big5-eten x-mac-chinesetrad",
    "cp949": "ks_c_5601-1987 ks_c_5601 ks_c_5601-1989 ksc5601 ksc_5601 euc-kr x-euc-kr uhc korean"
    " windows-949 x-windows-949 cseuckr",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j csWindows31J cp932 x-ms-cp932"
    " ms932 cp943c",
    "euc_jp": "euc-jp x-euc-jp ujis eucjp eucJP-ms cp51932",
    "iso2022_jp_ext": "iso-2022-jp csISO2022JP iso-2022-jp-ms csISO2022JPMS cp50220 cp50221 jis"
    " _iso-2022-jp$ESC iso-2022-jp-1",
    "cp874": "tis-620 tis620 iso-8859-11 windows-874 dos-874 x-windows-874",
    "cp1258": "windows-1258 cp1258",
    "hz": "hz-gb-2312 hz",
    "ascii": "us-ascii ascii ANSI_X3.4-1968 646",
}


@pytest.mark.parametrize(
    ("label", "codec"),
    [(label, codec) for codec, names in LABELS.items() for label in names.split()],
)
def test_pitfall_11_a_label_names_its_codec(label: str, codec: str) -> None:
    assert codec_name(label) == codec
    assert codec_name(f' "{label.upper()}" ') == codec


@pytest.mark.parametrize("label", ["x-user-defined", "binary", "8bit", "none", "viscii", "x-", "?"])
def test_other_labels_name_none(label: str) -> None:
    assert codec_name(label) is None


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("koi8-r", "koi8-r"),
        ("x" * 500, "x" * 40),
        ("\0é", "what is declared"),
        (None, "what is declared"),
    ],
)
def test_a_defect_shows_no_more_of_a_label_than_it_may(label: str | None, shown: str) -> None:
    assert shown_label(label) == shown
