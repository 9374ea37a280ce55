"""In which language a mail is written: by its words, else by what it declares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from inboxd.mail.model import ParsedMail

LANGUAGES: Final = (
    *("ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hu", "it", "ja"),
    *("ko", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk", "zh"),
)
"""What words are told apart as (ISO 639-1)."""

_SURE = 0.85
_LOOKED_AT = 1000
_LEAST_WORDS, _LEAST_LETTERS = 3, 12
# What says nothing about a language: addresses of the web and of people, numbers.
_NO_WORDS = re.compile(r"\S*(?:://|www\.|@)\S*|\S*\d\S*")
_WORD = re.compile(r"[^\W\d_]+")
# Scripts that are written without spaces between words.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_HTML_LANG = re.compile(r"<(?:html|body)\b[^>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z]{2,3})\b", re.I)
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*")
# Both written standards of Norwegian are asked for by the one name that people use.
_CALLED = {"nb": "no", "nn": "no"}


def language_of(mail: ParsedMail) -> str:
    """Return the language of a mail's new words (ISO 639, in lower case), or an empty text.

    The words come first: what a mail declares is often the setting of the program that wrote it,
    whatever language its user writes. The subject comes last, for in an answer it may be ours.
    """
    words = mail.reply_text or mail.text
    return told_by(words) or declared(mail) or told_by(f"{mail.subject}. {words}")


def told_by(*texts: str) -> str:
    """Return the language of the first of `texts` that has words enough, or an empty text."""
    return next((found for each in texts if (found := _told(each))), "")


def _told(text: str) -> str:
    text = _NO_WORDS.sub(" ", text[:_LOOKED_AT])
    if not _is_enough(_WORD.findall(text)):
        return ""
    (best, *_) = _detector().compute_language_confidence_values(text)
    return called(best.language.iso_code_639_1.name) if best.value >= _SURE else ""


def declared(mail: ParsedMail) -> str:
    """Return the one language that Content-Language (RFC 3282) or the HTML names, or nothing."""
    named = {_plain(each) for each in mail.headers.get_all("content-language")}
    if named and named != {""}:
        return named.pop() if len(named) == 1 else ""
    found = _HTML_LANG.search(mail.html[:20_000]) if mail.html else None
    return called(found[1]) if found else ""


def called(code: str) -> str:
    """Return a language's code as it is compared."""
    code = code.lower()
    return _CALLED.get(code, code)


def _plain(field: str) -> str:
    match = _TAG.fullmatch(field)
    return called(match[1]) if match else ""


def _is_enough(words: Iterable[str]) -> bool:
    words = list(words)
    letters = sum(map(len, words))
    if letters >= _LEAST_WORDS and any(map(_UNSPACED.search, words)):
        return True
    return len(words) >= _LEAST_WORDS and letters >= _LEAST_LETTERS


@cache
def _detector() -> Any:
    """Return the detector: some 40 MB, which only a shop pays whose rules ask for languages."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    return builder.with_low_accuracy_mode().build()
