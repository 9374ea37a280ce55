"""The words of a mail: its text parts decoded, joined, and made plain where they are HTML only."""

from __future__ import annotations

import html as html_entities
import re
from dataclasses import dataclass, field

from inboxd.mail.charset_labels import codec_name
from inboxd.mail.charsets import decode_text, storable
from inboxd.mail.entity import Entity
from inboxd.mail.flowed import unflow
from inboxd.mail.layout import Piece
from inboxd.mail.reading import Reading
from inboxd.mail.uuencode import UuFile, split_uuencoded

# What a plain alternative says when the words are in the HTML only.
_STUB = re.compile(
    r"\bhtml\b|\bbrowser\b|\bmail (?:client|program|reader|viewer)"
    r"|\bview (?:this|the) (?:e-?mail|message)",
    re.I,
)
_STUB_CHARS = 400
# Conversion takes a microsecond a character in the worst case.
_CONVERTED_CHARS = 500_000
_HTML_START = re.compile(r"\s*<(?:!doctype html|html|head|body)\b", re.I)
_ENRICHED = {"text/enriched", "text/richtext"}
_ENRICHED_MARK = re.compile(r"<<|<param>[^<]{0,200}</param>|</?[A-Za-z][A-Za-z-]{0,59}>", re.I)
_ENRICHED_BREAKS = re.compile(r"\n+")
_META_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*(?:&quot;)?[\"']?(?:&quot;)?([A-Za-z0-9_.:-]{2,40})", re.I
)


@dataclass(slots=True)
class Body:
    """A mail's words; `uuencoded` are the files that stood in them, by the part's index.

    `converted` says that all of the text was made from the HTML.
    """

    text: str = ""
    html: str | None = None
    converted: bool = False
    uuencoded: list[tuple[int, UuFile]] = field(default_factory=list)


def read_body(raw: bytes, pieces: list[Piece], reading: Reading) -> Body:
    """Read the pieces of a body, up to the budget of characters for text and for HTML each.

    Pieces follow each other with an empty line between. A piece without HTML is shown in the HTML
    as preformatted text, so that either form has all words.
    """
    body = Body()
    texts: list[str] = []
    htmls: list[str] = []
    converted = True
    for piece in pieces:
        plain = _first_plain(raw, piece, body, reading)
        html = "\n".join(filter(None, (_html(raw, e, reading) for e in piece.html)))
        if not html and _HTML_START.match(plain):
            plain, html = "", plain
        text = _chosen(plain, html, reading)
        converted = converted and bool(html) and text is not plain
        if text.strip():
            texts.append(text.strip("\n"))
        htmls.append(html or _preformatted(plain))
        if html:
            body.html = html
    body.text = _cut("\n\n".join(texts), "text/plain", reading)
    body.converted = converted and body.html is not None
    if body.html is not None and len(pieces) > 1:
        body.html = "\n".join(filter(None, htmls))
    if body.html is not None:
        body.html = _cut(body.html, "text/html", reading)
    return body


def html_as_text(html: str, reading: Reading) -> str:
    """Return the words of `html`; what cannot be converted is shown as it stands, with a defect."""
    try:
        from inboxd.mail.html import html_to_text

        if len(html) > _CONVERTED_CHARS:
            reading.note(f"text/html: only {_CONVERTED_CHARS} characters converted to text")
        return html_to_text(html[:_CONVERTED_CHARS])
    # Broad on purpose: a fault in the conversion of one hostile document must not lose the mail.
    except Exception as error:
        reading.note(f"html: {type(error).__name__} in its conversion: shown as it stands")
        return html


def fill_body(body: Body, text: str, html: str, reading: Reading) -> None:
    """Give an empty body the words of another source, such as a winmail.dat."""
    text, html = (_cut(storable(_with_lf(words)), "text", reading) for words in (text, html))
    body.html = html or body.html
    body.text = text if text.strip() or not html else html_as_text(html, reading)


def _chosen(plain: str, html: str, reading: Reading) -> str:
    """Return the plain rendering, unless it is empty or only says that there is HTML."""
    bare = plain.replace("\xa0", " ").strip()
    if not html or len(bare) > _STUB_CHARS:
        return plain
    if bare and not _STUB.search(bare):
        return plain
    text = html_as_text(html, reading)
    return text if len(text.strip()) > 2 * len(bare) else plain


def _first_plain(raw: bytes, piece: Piece, body: Body, reading: Reading) -> str:
    """Return the first plain rendering that says anything."""
    for parts in piece.plain:
        plain = "\n\n".join(filter(None, (_plain(raw, part, body, reading) for part in parts)))
        if plain.strip():
            return plain
    return ""


def _plain(raw: bytes, entity: Entity, body: Body, reading: Reading) -> str:
    data, files = split_uuencoded(entity.decoded(raw, reading))
    body.uuencoded += [(entity.index, file) for file in files]
    text = _text(data, entity.content.get("charset"), entity.type, reading)
    if entity.type in _ENRICHED:
        return _unenriched(text)
    if entity.content.get("format").lower() == "flowed":
        return unflow(text, delsp=entity.content.get("delsp").lower() == "yes")
    return text


def _unenriched(text: str) -> str:
    """Return the words of text/enriched (RFC 1896), where a single line end is a blank."""
    text = _ENRICHED_BREAKS.sub(lambda run: "\n" * (len(run[0]) - 1) or " ", text.strip("\n"))
    return _ENRICHED_MARK.sub(lambda mark: "<" if mark[0] == "<<" else "", text)


def _html(raw: bytes, entity: Entity, reading: Reading) -> str:
    data = entity.decoded(raw, reading)
    declared = entity.content.get("charset")
    if codec_name(declared) in (None, "ascii"):
        meta = _META_CHARSET.search(data, 0, 2000)
        declared = meta.group(1).decode("ascii") if meta else declared
    return _text(data, declared, entity.type, reading)


def _text(data: bytes, charset: str, where: str, reading: Reading) -> str:
    """Decode a text part as far as the budget of characters for its type reaches."""
    reading.decoded_bytes += len(data)
    left = reading.budget.max_text_chars - reading.chars[where]
    # Of bytes no more are looked at than characters could take.
    if len(data) > 4 * left:
        data = data[: data.rfind(b"\n", 0, 4 * left) + 1 or 4 * left]
        _note_shortened(where, reading)
    text = _with_lf(decode_text(data, charset, reading, where))
    if len(text) > left:
        text = text[:left]
        _note_shortened(where, reading)
    reading.chars[where] += len(text)
    return text


def _note_shortened(what: str, reading: Reading) -> None:
    most = reading.budget.max_text_chars
    reading.note(f"{what}: longer than {most} characters: read shortened")


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _preformatted(plain: str) -> str:
    return f"<pre>{html_entities.escape(plain)}</pre>" if plain.strip() else ""


def _cut(text: str, what: str, reading: Reading) -> str:
    most = reading.budget.max_text_chars
    if len(text) <= most:
        return text
    _note_shortened(what, reading)
    return text[:most]
