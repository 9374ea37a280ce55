"""Header fields as text: unfolding, encoded words (RFC 2047), and message ids (RFC 5322)."""

from __future__ import annotations

import binascii
import re

from inboxd.mail.charsets import decode_text, storable
from inboxd.mail.reading import Reading
from inboxd.mail.transfer import decode_base64

MAX_MESSAGE_ID_CHARS = 998
MAX_REFERENCES = 200

# One CR, no white space before it: a longer run would be searched anew from each of its characters.
_FOLD = re.compile(r"\r?\n[ \t]*")
# Everything that moves a cursor or ends a line somewhere: C0, DEL, C1 (U+0085 among them), the
# line and paragraph separators, and the controls that turn the reading direction.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# RFC 2047 section 2. The text of a Q word may hold a stray "?", as broken senders write it, but
# never the start of another word: so no start is searched further than to the next one. Some put
# blanks around the charset and the letter, some name no charset. A word at the end of a field may
# be cut off.
ENCODED_WORD = re.compile(
    r"=\?([^?=]{0,60})\? ?(?:[bB] ?\?([^?]*)"
    r"|[qQ] ?\?((?:[^?=]|=(?!\?)|\?(?!=|\Z))*(?:=(?=\?=(?!\?)))?))(?:\?=|\??\Z)"
)
# A soft line break of quoted-printable, with which some senders fold their words.
_SOFT_BREAK = re.compile(r"= +(?==[0-9A-Fa-f]{2})")
_BRACKETED_ID = re.compile(r"<([^<>]*)>")
_BARE_ID = re.compile(r"[^\s<>,;()\"']+@[^\s<>,;()\"']+")


def unfold(value: str) -> str:
    """Return a field's value on one line (RFC 5322 section 2.2.3), without white space around."""
    return (_FOLD.sub(" ", value) if "\n" in value else value).strip()


def clean_line(text: str) -> str:
    """Return `text` as one storable line: control characters become spaces, none stand around."""
    if not text.isprintable():
        text = storable(_CONTROL.sub(" ", text))
    return text.strip()


def decode_words(value: str, reading: Reading, where: str) -> str:
    """Return `value` with its encoded words decoded, also where their form is broken.

    Neighbouring words of one charset are joined before decoding: a character may be split between
    them. Words are decoded inside quoted strings too, since many senders put them there.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    words: list[tuple[str, bool, str]] = []
    position = 0
    for match in ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        if not words or between.strip(" \t\r\n"):
            out.append(_decoded(words, reading, where))
            words = []
            out.append(between)
        charset, base64_text, quoted_text = match.groups()
        words.append(
            (charset.partition("*")[0], base64_text is not None, base64_text or quoted_text or "")
        )
        position = match.end()
    out.append(_decoded(words, reading, where))
    out.append(value[position:])
    return "".join(out)


def _decoded(words: list[tuple[str, bool, str]], reading: Reading, where: str) -> str:
    """Decode neighbouring encoded words, given as charset, whether base64, and text."""
    text = ""
    while words:
        charset, base64, encoded = words[0]
        count = 1
        data = b""
        while True:
            if base64:
                # A sender that cuts a base64 run anywhere goes on with it in the next word.
                while (
                    len(encoded) % 4
                    and "=" not in encoded
                    and count < len(words)
                    and words[count][:2] == (charset, True)
                ):
                    encoded += words[count][2]
                    count += 1
                data += decode_base64(encoded.encode("utf-8", "replace"))
            else:
                data += _decode_q(encoded)
            if count == len(words) or words[count][0].lower() != charset.lower():
                break
            _, base64, encoded = words[count]
            count += 1
        text += decode_text(data, charset, reading, where)
        words = words[count:]
    return text


def _decode_q(encoded: str) -> bytes:
    if "= " in encoded:
        encoded = _SOFT_BREAK.sub("", encoded)
    return binascii.a2b_qp(encoded.encode("utf-8", "replace"), header=True)


def display(value: str, reading: Reading, where: str) -> str:
    """Return an unfolded field's value as a person reads it: decoded, one line, storable."""
    return clean_line(decode_words(value, reading, where))


def message_ids(value: str) -> tuple[str, ...]:
    """Return the message ids in `value`, an unfolded and decoded field, in order, each once.

    Ids lose their brackets and any white space that folding put into them. Without brackets only
    a field that consists of nothing but ids counts: a sentence with an address in it is none.
    """
    bracketed = _BRACKETED_ID.findall(value)
    if bracketed:
        ids = ["".join(found.split()) for found in bracketed]
    else:
        tokens = value.replace(",", " ").replace("<", " ").replace(">", " ").split()
        ids = tokens if all(_BARE_ID.fullmatch(token) for token in tokens) else []
    return tuple(dict.fromkeys(i for i in ids if 0 < len(i) <= MAX_MESSAGE_ID_CHARS))


def message_id(value: str) -> str | None:
    """Return the one id of a Message-ID field, or None if it holds none.

    A single word counts even without brackets and `@`: it is what answers will refer to.
    """
    found = message_ids(value)
    if found:
        return found[0]
    word = value.strip().strip("<>").strip()
    usable = word and len(word) <= MAX_MESSAGE_ID_CHARS and not re.search(r"[\s<>]", word)
    return word if usable else None
