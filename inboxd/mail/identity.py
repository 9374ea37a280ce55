"""What makes two deliveries the same mail: its content, not its way here.

Relays add trace fields, fold lines anew and change line ends; senders reuse Message-IDs for other
mails. So a mail is identified by a digest of what its author wrote: the fields below and the body.
"""

from __future__ import annotations

import hashlib
import re
from operator import itemgetter

# Everything else is trace (Received, Delivered-To, Authentication-Results, DKIM-Signature, X-…), or
# is added and changed on the way. Both patterns begin with the line end, which is searched fastest.
_AUTHORED = re.compile(
    rb"\n([CDFMSTcdfmst](?i:rom|o|c|ate|ubject|essage-id"
    rb"|ontent-(?:type|transfer-encoding|disposition)))[ \t]*:(.*(?:\n[ \t].*)*)"
)
_NO_FIELD = re.compile(rb"\n(?![ \t\r\n]|[!-9;-~]+[ \t]*:|\Z)")
_HEADER_END = re.compile(rb"\n\r?\n")
_ENVELOPE_LINE = re.compile(rb">?From (?![ \t]*:)[^\n]*\n")
_MOST_HEADER_BYTES = 1_000_000
_TRAILING = (b" \n", b"\t\n", b"\r\n")
_SHORT_RUN = 4
_CHUNK = 1 << 20


def content_digest(raw: bytes) -> str:
    """Return the SHA-256, in hex, that identifies the content of a mail.

    Equal for the same mail fetched again, relayed on another way or delivered to another mailbox;
    different for other content under the same Message-ID. Line ends, folding and white space at the
    ends of lines do not count. A mail without Message-ID is identified by the rest.
    """
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    envelope = _ENVELOPE_LINE.match(raw)
    start = envelope.end() if envelope else 0
    end = _HEADER_END.search(raw, start, start + _MOST_HEADER_BYTES)
    if raw.startswith((b"\n", b"\r\n"), start):
        body = start
    else:
        body = end.end() if end else min(len(raw), start + _MOST_HEADER_BYTES)
    header = b"\n" + raw[start:body]
    digest = hashlib.sha256()
    # Sorted by name alone, since relays reorder fields but keep the order of those of one name.
    fields = [(name.lower(), value) for name, value in _AUTHORED.findall(header)]
    for name, value in sorted(fields, key=itemgetter(0)):
        digest.update(b"%b:%b\n" % (name, b" ".join(value.split())))
    # Lines that are no fields may be the whole mail, if that has no header.
    odd = _NO_FIELD.search(header)
    if odd:
        _update_with_text(digest, header[odd.start() :])
    digest.update(b"\n")
    _update_with_text(digest, raw[body:])
    return digest.hexdigest()


def _update_with_text(digest: hashlib._Hash, text: bytes) -> None:
    """Feed `text` with LF line ends, without white space at the ends of its lines and its own.

    Read in chunks that end with a line, so that a large one is not taken apart all at once.
    """
    text = text.strip(b" \t\r\n")
    position = 0
    while position < len(text):
        stop = text.find(b"\n", position + _CHUNK) + 1 or len(text)
        lines = text[position:stop].replace(b"\r\n", b"\n")
        digest.update(_without_trailing(lines))
        position = stop


def _without_trailing(lines: bytes) -> bytes:
    """Cut white space at the ends of lines: short runs by replacing, which is fastest."""
    for _ in range(_SHORT_RUN):
        found = [end for end in _TRAILING if end in lines]
        if not found:
            return lines
        for end in found:
            lines = lines.replace(end, b"\n")
    return b"\n".join([line.rstrip(b" \t\r") for line in lines.split(b"\n")])
