"""Mail addresses behind a reply tag, in the forms in which people and mail programs write them."""

from __future__ import annotations

import re
import unicodedata

from inboxd.conversations.commands import BadTagError, TagContext
from inboxd.conversations.tag_words import SHOWN, by_key, visible
from inboxd.errors import Permanent
from inboxd.mail.header_writing import addr_spec

MOST_ADDRESSES = 20
_MOST_CHARS = 2000
# "Jane Doe <jane@x>"; "jane@x <mailto:jane@x>", which mail programs make of an address.
_QUOTED_NAME = re.compile(r'"[^"@]*" ?(?=<)')
_NAMED = re.compile(r"(?:(?<![^ ,;])[^ <>,;@]+ )*<([^<>]*)>")
_SEPARATORS = re.compile(r"[ ,;|]+")
_AND = frozenset({"and", "und", "et", "y", "e", "en", "&", "+"})
_AROUND = "<>()[]{}\"'.:!“”„‘’«»"
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_REPAIRS = (
    (re.compile(r" ?[(\[] ?at ?[)\]] ?| at ", re.IGNORECASE), "@"),
    (re.compile(r" ?[(\[] ?dot ?[)\]] ?| dot ", re.IGNORECASE), "."),
    (re.compile(r"@[@ ]+| @"), "@"),
    (re.compile(r"\.[. ]+|(?<=\w)[,;](?=\w)"), "."),
)


def read_tag_addresses(text: str, tag: str, context: TagContext) -> tuple[str, ...]:
    """Return the addresses behind `#tag` as they are written, each once.

    Commas, semicolons, spaces or "and" part them; a name may stand before one in angle brackets.
    Raises BadTagError for none, for too many, and for a word that is no address.
    """
    line = visible(unicodedata.normalize("NFKC", text))
    if len(line) > _MOST_CHARS:
        raise BadTagError(f"#{tag} takes up to {MOST_ADDRESSES} addresses, and this is longer")
    bare = _NAMED.sub(r" \1 ", _QUOTED_NAME.sub("", line)).replace("mailto:", " ")
    words = [word.strip(_AROUND) for word in _SEPARATORS.split(bare)]
    found: dict[str, str] = {}
    for word in words:
        if word and word.casefold() not in _AND:
            found.setdefault(word.casefold(), _checked(word, line, tag, context))
    if not found:
        raise BadTagError(f"#{tag} needs a mail address, such as #{tag} name@company.example")
    if len(found) > MOST_ADDRESSES:
        raise BadTagError(f"#{tag} takes up to {MOST_ADDRESSES} addresses, not {len(found)}")
    return tuple(found.values())


def _checked(word: str, line: str, tag: str, context: TagContext) -> str:
    """Return `word` if it is an address, or raise BadTagError with what was probably meant."""
    fault = _fault(word)
    if fault is None:
        return word
    colleague = by_key(context.agents).get(word.removeprefix("@").casefold())
    if colleague:
        raise BadTagError(
            f"{colleague} is a colleague, and #{tag} needs a mail address", f"#assign {colleague}"
        )
    meant = _repaired(word) or _repaired(line)
    raise BadTagError(f"{word[:SHOWN]!r} {fault}", f"#{tag} {meant}" if meant else None)


def _fault(word: str) -> str | None:
    """Return what keeps `word` from being an address that mail can be sent to, or None."""
    local, at, domain = word.rpartition("@")
    if not at:
        return "is no mail address"
    if "." not in domain and local:
        return "has no full domain, such as name@company.example"
    labels = domain.split(".")
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdecimal() or ".." in local:
        return "is no mail address"
    try:
        addr_spec(word)
    except Permanent:
        return "is no mail address"
    return None


def _repaired(text: str) -> str | None:
    """Return the address that `text` becomes without the usual slips, if it is one then."""
    for slip, right in _REPAIRS:
        text = slip.sub(right, text)
    text = text.strip(_AROUND + ", ")
    return text if _fault(text) is None and " " not in text else None
