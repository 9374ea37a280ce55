"""Content-Type and Content-Disposition: their value and parameters (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from inboxd.mail.charset_labels import codec_name
from inboxd.mail.charsets import decode_text
from inboxd.mail.headers import clean_line, decode_words
from inboxd.mail.reading import Reading

# A quoted value may lack its closing quote, an unquoted one may hold spaces, a comma or nothing may
# stand for the semicolon: senders do all of it.
_PARAMETER = re.compile(
    r'(?:;|(?<=")[\s,]|\A(?:[\w/. +-]{1,200}?[\s,])?)\s*([^\s=;",]{1,100})\s*='
    r'\s*("(?:[^"\\]|\\.)*"?|[^;]*)'
)
_TYPE = re.compile(r'[\s"]*([\w!#$&^.+-]{1,100}) ?/ ?([\w!#$&^.+-]{1,100})', re.ASCII)
_TOKEN = re.compile(r'[\s"]*([\w-]+)(?!\s*=)\b', re.ASCII)
# What a lone word for a type means.
_TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "html": "text/html",
    "multipart": "multipart/mixed",
    "application": "application/octet-stream",
    "audio": "application/octet-stream",
    "image": "application/octet-stream",
    "video": "application/octet-stream",
}
_SECTION = re.compile(r"(.+?)\*(?:(\d{1,3})(\*?))?", re.DOTALL)
_EXTENDED = re.compile(r"'?([^']{0,60})'([^']*)'(.*)", re.DOTALL)
# The same where the language, or the star on the name, was forgotten.
_UNMARKED = re.compile(r"([A-Za-z0-9_.:-]{2,40})'(?:[A-Za-z-]{0,20}')?(.*)", re.DOTALL)
_QUOTED_PAIR = re.compile(r'\\(["\\])')
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_MAX_PARAMETERS = 200


@dataclass(frozen=True, slots=True)
class Parameterized:
    """A field's value in lower case, and its parameters by lower-case name."""

    value: str
    parameters: dict[str, str]

    def get(self, name: str) -> str:
        """Return the parameter `name`, or an empty string."""
        return self.parameters.get(name, "")


def content_type(field: str, default: str, reading: Reading) -> Parameterized:
    """Read a Content-Type field; without a usable type it is `default` (RFC 2045 section 5.2)."""
    if not field:
        return Parameterized(default, {})
    found = _TYPE.match(field)
    if found:
        value = f"{found.group(1)}/{found.group(2)}".lower()
    else:
        word = _TOKEN.match(field)
        value = _TYPES.get(word.group(1).lower(), default) if word else default
        reading.note(f"content type: unreadable: read as {value}")
    return Parameterized(value, _parameters(field, reading))


def content_disposition(field: str, reading: Reading) -> Parameterized:
    """Read a Content-Disposition field; its value is empty where the field is missing."""
    if not field:
        return Parameterized("", {})
    found = _TOKEN.match(field)
    return Parameterized(found.group(1).lower() if found else "", _parameters(field, reading))


def _parameters(field: str, reading: Reading) -> dict[str, str]:
    if "=" not in field:
        return {}
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, value in _PARAMETER.findall(field)[:_MAX_PARAMETERS]:
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            plain.setdefault(name.lower(), _unquoted(value))
        else:
            base, number, star = section.groups()
            extended = number is None or bool(star)
            sections.setdefault(base.lower(), []).append(
                (int(number or 0), extended, _unquoted(value))
            )
    for name, value in plain.items():
        if "'" in value:
            plain[name] = value = _unmarked(name, value, reading)
        if "=?" in value:
            plain[name] = clean_line(_words(name, value, reading))
    # The extended form is preferred over the plain one, which is its fallback (RFC 6266, 4.3).
    for name, pieces in sections.items():
        plain[name] = clean_line(_joined(name, pieces, reading))
    return plain


def _unquoted(value: str) -> str:
    value = value.strip()
    if not value.startswith('"'):
        return value
    value = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    # A backslash quotes the next character (RFC 5322), but in "C:\new.txt" it does not mean to.
    return value if _WINDOWS_PATH.match(value) else _QUOTED_PAIR.sub(r"\1", value)


def _unmarked(name: str, value: str, reading: Reading) -> str:
    """Read a value that has the extended form without saying so, such as `utf-8''a%20b`."""
    found = _UNMARKED.fullmatch(value)
    if found is None or "%" not in found.group(2) or codec_name(found.group(1)) is None:
        return value
    data = unquote_to_bytes(found.group(2))
    return clean_line(decode_text(data, found.group(1), reading, f"parameter {name[:40]}"))


def _joined(name: str, pieces: list[tuple[int, bool, str]], reading: Reading) -> str:
    """Join the sections of one parameter (RFC 2231 sections 3 and 4), missing ones left out."""
    pieces.sort(key=lambda piece: piece[0])
    charset = None
    data = b""
    starred = any(extended for _, extended, _ in pieces)
    if not starred:
        joined = "".join(text for _, _, text in pieces)
        return _unmarked(name, _words(name, joined, reading), reading)
    for index, (_, extended, text) in enumerate(pieces):
        if extended and index == 0:
            charset, text = _charset_of(text)
        data += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    text = decode_text(data, charset, reading, f"parameter {name[:40]}")
    # Some senders encode the name twice; a name that only looks a little like it is left alone.
    twice = text.startswith("=?") and text.endswith("?=")
    return _words(name, text, reading) if twice else text


def _words(name: str, value: str, reading: Reading) -> str:
    """Return a value with its encoded words decoded; as it stands where nothing would be left."""
    return decode_words(value, reading, f"parameter {name[:40]}") or value


def _charset_of(text: str) -> tuple[str | None, str]:
    """Return the charset in front of an extended value, and the value behind it."""
    found = _EXTENDED.fullmatch(text)
    if found:
        return found.group(1), found.group(3)
    found = _UNMARKED.fullmatch(text)
    if found and codec_name(found.group(1)):
        return found.group(1), found.group(2)
    return None, text
