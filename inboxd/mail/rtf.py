"""The text of compressed RTF, the form in which Outlook keeps a body inside winmail.dat.

Compression: [MS-OXRTFCP]. Of RTF only what carries text is read: characters, their escapes, line
breaks and tabs, and which groups are not text. docs/parsing.md compares the libraries for it.
"""

from __future__ import annotations

import re
import struct

from inboxd.mail.charset_labels import codec_name
from inboxd.mail.charsets import storable
from inboxd.mail.reading import Reading

MAX_CHARS = 500_000

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4096

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)"
)
_NOT_TEXT = {
    *("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "datastore"),
    *("header", "footer", "fldinst", "listtable", "listoverridetable", "generator", "htmltag"),
}
_BREAKS = {"par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n", "sect": "\n"}
_SYMBOLS = {"emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’"}
_SYMBOLS |= {"ldblquote": "“", "rdblquote": "”"}


def rtf_text(compressed: bytes, codepage: str, reading: Reading) -> str:
    """Return the plain text of a PR_RTF_COMPRESSED value, at most `MAX_CHARS` of it.

    `codepage` is the label that 8-bit escapes are read with unless the RTF names its own. Never
    raises; what cannot be decompressed gives an empty string and a defect.
    """
    try:
        rtf = _decompressed(compressed)
    except (struct.error, ValueError):
        reading.note("winmail.dat: its RTF text cannot be decompressed: left out")
        return ""
    return storable(_plain(rtf.decode("latin-1"), codec_name(codepage) or "cp1252")).strip()


def _decompressed(data: bytes) -> bytes:
    _, size, kind = struct.unpack_from("<II4s", data)
    if kind == b"MELA":
        return data[16 : 16 + min(size, MAX_CHARS)]
    if kind != b"LZFu":
        raise ValueError("unknown compression")
    window = bytearray(_DICTIONARY.ljust(_WINDOW))
    write = len(_DICTIONARY)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < MAX_CHARS:
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 2 > len(data):
                    return bytes(out)
                (reference,) = struct.unpack_from(">H", data, position)
                position += 2
                if reference >> 4 == write:
                    return bytes(out)
                copied = range(reference >> 4, (reference >> 4) + (reference & 15) + 2)
            elif position < len(data):
                window[write] = data[position]
                copied = range(write, write + 1)
                position += 1
            else:
                return bytes(out)
            for read in copied:
                byte = window[write] = window[read % _WINDOW]
                write = (write + 1) % _WINDOW
                out.append(byte)
    return bytes(out)


def _plain(rtf: str, codec: str) -> str:
    out: list[str] = []
    escaped = bytearray()
    silent = False
    skipped = 0
    stack: list[bool] = []
    for word, number, code, symbol, brace, text in _TOKEN.findall(rtf):
        if escaped and not code:
            out.append(escaped.decode(codec, "replace"))
            escaped.clear()
        if brace == "{":
            stack.append(silent)
        elif brace:
            silent = stack.pop() if stack else False
        elif symbol == "*" or word in _NOT_TEXT:
            silent = True
        elif word == "ansicpg" and number:
            codec = codec_name(f"cp{number}") or codec
        elif silent:
            continue
        elif code:
            if skipped:
                skipped -= 1
            else:
                escaped.append(int(code, 16))
        elif word == "u" and number:
            out.append(_utf16_unit(int(number)))
            skipped = 1
        elif text:
            out.append(text[skipped:])
            skipped = 0
        else:
            out.append(_BREAKS.get(word) or _SYMBOLS.get(word) or _literal(symbol))
    out.append(escaped.decode(codec, "replace"))
    # Two units outside the basic plane stand as a surrogate pair.
    return "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _utf16_unit(number: int) -> str:
    return chr(number & 0xFFFF)


def _literal(symbol: str) -> str:
    if symbol == "~":
        return "\u00a0"
    return symbol if symbol in ("\\", "{", "}") else ""
