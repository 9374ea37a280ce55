"""Content-Type and Content-Disposition: their value and parameters (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from inboxd.mail.charsets import decode_text
from inboxd.mail.headers import clean_line, decode_words
from inboxd.mail.reading import Reading

# A quoted value may lack its closing quote, an unquoted one may hold spaces: senders do both.
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)')
_TYPE = re.compile(r"\s*([\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100})", re.ASCII)
_TOKEN = re.compile(r"\s*([\w-]+)", re.ASCII)
_SECTION = re.compile(r"(.+?)\*(?:(\d{1,3})(\*?))?", re.DOTALL)
_EXTENDED = re.compile(r"([^']{0,60})'([^']*)'(.*)", re.DOTALL)
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
    if found is None:
        reading.note(f"content type: unreadable: read as {default}")
    return Parameterized(found.group(1).lower() if found else default, _parameters(field, reading))


def content_disposition(field: str, reading: Reading) -> Parameterized:
    """Read a Content-Disposition field; its value is empty where the field is missing."""
    if not field:
        return Parameterized("", {})
    found = _TOKEN.match(field)
    return Parameterized(found.group(1).lower() if found else "", _parameters(field, reading))


def _parameters(field: str, reading: Reading) -> dict[str, str]:
    if ";" not in field:
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
        if "=?" in value:
            plain[name] = clean_line(decode_words(value, reading, f"parameter {name[:40]}"))
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


def _joined(name: str, pieces: list[tuple[int, bool, str]], reading: Reading) -> str:
    """Join the sections of one parameter (RFC 2231 sections 3 and 4), missing ones left out."""
    pieces.sort(key=lambda piece: piece[0])
    charset = None
    data = b""
    for index, (_, extended, text) in enumerate(pieces):
        if extended and index == 0 and (found := _EXTENDED.fullmatch(text)):
            charset, _, text = found.groups()
        data += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    text = decode_text(data, charset, reading, f"parameter {name[:40]}")
    return decode_words(text, reading, f"parameter {name[:40]}")
