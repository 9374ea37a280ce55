"""Header fields of outgoing mail, each safe whatever stands in its value (RFC 5322, 2047, 2231).

Every function returns whole lines that end with CRLF. No value can begin a line of its own:
controls and line separators are blanks before anything is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from inboxd.errors import Permanent
from inboxd.mail.encoded_words import (
    MAX_LINE,
    MAX_LITERAL,
    MAX_WORD,
    encoded_words,
    fold,
    needs_encoding,
    one_line,
    shortened,
    text_tokens,
)
from inboxd.mail.model import Address

MAX_SUBJECT_CHARS = 500
MAX_NAME_CHARS = 128
MAX_FILENAME_CHARS = 150
MAX_ADDRESS_CHARS = 320  # 64 for the local part, 255 for the domain (RFC 5321 section 4.5.3.1)
MAX_REFERENCES = 21

_FIELD_NAME = re.compile("[A-Za-z][A-Za-z0-9-]{0,39}")
# RFC 5322 section 3.2.3, widened by RFC 6532 to text beyond ASCII that is no control or separator.
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_WIDE = r"\xa1-\u1fff\u2030-\ud7ff\uf900-\U0010ffff"
_DOT_ATOM = re.compile(f"[{_ATEXT}{_WIDE}]+(?:\\.[{_ATEXT}{_WIDE}]+)*")
_ODD_LOCAL = re.compile(f"[{_ATEXT}{_WIDE}.]+")
_QUOTED_LOCAL = re.compile(f'"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e{_WIDE}]|\\\\[\\x20-\\x7e])*"')
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[A-Za-z0-9.:-]+\]")
_ATOMS = re.compile(f"[{_ATEXT} ]+")
_MESSAGE_ID = re.compile(r"[\x21-\x3b=\x3f-\x7e]{1,900}")
_PLAIN_FILENAME = re.compile(r"[\w .,()&+@!#$^~\[\]{}-]+", re.ASCII)
_UNSAFE_IN_FILENAME = re.compile(r"[^\w .,()&+@-]+", re.ASCII)
_PATH_SEPARATORS = re.compile(r"[/\\]+")


def text_field(name: str, value: str) -> str:
    """Return an unstructured field such as Subject; "" if there is nothing to say."""
    max_word = MAX_LINE - 2 - len(name)
    line = one_line(value)
    return fold(name, text_tokens(line, max_word, max_word)) if line else ""


def extra_field(name: str, value: str) -> str:
    """Return a further field, its long words (addresses of web pages) whole; "" if it is empty.

    Raises `Permanent` if `name` is no field name of at most 40 letters, digits and hyphens.
    """
    if not _FIELD_NAME.fullmatch(name):
        raise Permanent(f"{name!r} cannot be the name of a header field.")
    line = one_line(value)
    return fold(name, text_tokens(line, MAX_LINE - 2 - len(name), MAX_LITERAL)) if line else ""


@lru_cache(maxsize=4096)
def _phrase(name: str) -> tuple[str, ...]:
    """Return a display name as tokens: atoms, a quoted string or encoded words."""
    name = shortened(one_line(name), MAX_NAME_CHARS)
    if not name:
        return ()
    if any(needs_encoding(word, MAX_WORD) for word in name.split(" ")):
        return tuple(encoded_words(name))
    if _ATOMS.fullmatch(name):
        return tuple(name.split(" "))
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return tuple(f'"{escaped}"'.split(" "))


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """Return `domain` as servers know it, in A-labels (RFC 5890).

    Raises `Permanent` if it is no domain.
    """
    if domain.isascii():
        if _ASCII_DOMAIN.fullmatch(domain):
            return domain
        raise Permanent(f"{domain!r} is not the domain of a mail address.")
    import idna  # its tables take their time to load, and few mails need them

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise Permanent(f"{domain!r} is not the domain of a mail address: {error}.") from error


@lru_cache(maxsize=4096)
def addr_spec(address: str) -> str:
    """Return `address` as a header holds it: a valid local part and an ASCII domain.

    A local part that is no dot-atom, such as `a..b`, is quoted. One beyond ASCII stays as it is
    (RFC 6532): such a mail needs SMTPUTF8. Raises `Permanent` if `address` is no mail address.
    """
    local, at, domain = address.rpartition("@")
    if not at or len(address) > MAX_ADDRESS_CHARS:
        raise Permanent(f"{shortened(address, 80)!r} is not a mail address.")
    if not (_DOT_ATOM.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local)):
        if not _ODD_LOCAL.fullmatch(local):
            raise Permanent(f"{address!r} is not a mail address.")
        local = f'"{local}"'
    return f"{local}@{ascii_domain(domain)}"


@lru_cache(maxsize=256)  # the shop's own addresses, again and again
def address_field(name: str, addresses: tuple[Address, ...]) -> str:
    """Return a field that names mailboxes; raise `Permanent` if one of them cannot be written."""
    tokens: list[str] = []
    for address in addresses:
        spec = addr_spec(address.address)
        phrase = _phrase(address.name)
        tokens += (*phrase, f"<{spec}>," if phrase else f"{spec},")
    tokens[-1] = tokens[-1].removesuffix(",")
    return fold(name, tokens)


def is_message_id(value: str) -> bool:
    """Whether `value` can stand between angle brackets: visible ASCII without brackets."""
    return _MESSAGE_ID.fullmatch(value) is not None


def message_ids_field(name: str, ids: Iterable[str]) -> str:
    """Return a field of message ids; "" if none of them can be written.

    Ids that cannot be written are left out: they come from other people's mail. Of many, the first
    and the newest remain (RFC 5322 section 3.6.4 lets a References field be trimmed).
    """
    good = [i for i in dict.fromkeys(ids) if is_message_id(i)]
    if len(good) > MAX_REFERENCES:
        good = [good[0], *good[1 - MAX_REFERENCES :]]
    return fold(name, [f"<{i}>" for i in good]) if good else ""


def filename_for_people(filename: str) -> str:
    """Return a file name without controls and path separators, shortened before its ending."""
    # Readers take quotes around a whole name for the syntax of the header.
    name = _PATH_SEPARATORS.sub("_", one_line(filename)).strip('" ')
    if not name.strip(". "):
        return "attachment"
    if len(name) <= MAX_FILENAME_CHARS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return shortened(name, MAX_FILENAME_CHARS)
    return f"{shortened(stem, MAX_FILENAME_CHARS - len(ending) - 1)}.{ending}"


def ascii_filename(filename: str) -> str:
    """Return the nearest name in plain ASCII, for readers that know no RFC 2231."""
    bare = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii")
    name = _UNSAFE_IN_FILENAME.sub("_", bare).strip()
    if not name or name.startswith("."):
        name = f"attachment{name}"
    return name if len(name) <= 60 else f"{name[:48].rstrip()}_{name[-10:].lstrip()}"


def filename_parameter(filename: str) -> list[str]:
    """Return the `filename` parameter as tokens: quoted, or in RFC 2231's pieces."""
    if _PLAIN_FILENAME.fullmatch(filename) and len(filename) < 60:
        return [f'filename="{filename}"']
    pieces = _percent_pieces(filename)
    if len(pieces) == 1:
        return [f"filename*=utf-8''{pieces[0]}"]
    tokens = [f"filename*{i}*={piece};" for i, piece in enumerate(pieces)]
    tokens[0] = f"filename*0*=utf-8''{pieces[0]};"
    tokens[-1] = tokens[-1].removesuffix(";")
    return tokens


def _percent_pieces(text: str) -> list[str]:
    """Percent-encode `text` into pieces of at most 48 characters, no character split."""
    pieces = [""]
    for char in text:
        form = quote(char.encode("utf-8", "replace"), safe="")
        if len(pieces[-1]) + len(form) > 48:
            pieces.append("")
        pieces[-1] += form
    return pieces
