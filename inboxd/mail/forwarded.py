"""Whose mail a forwarded one is: what the header says that a client has put above it.

Anybody can write such a header. Who may be believed is the caller's question; this module only
says whether the header leaves a doubt about what it means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inboxd.mail.addresses import read_addresses
from inboxd.mail.mime import parse, read_part
from inboxd.mail.model import Address, Attachment, ParsedMail
from inboxd.mail.people import is_deliverable
from inboxd.mail.quotes_headers import (
    Block,
    announces_forward,
    field_of,
    header_block,
    is_original,
    is_rule,
    opens_forward,
)
from inboxd.mail.quotes_languages import Field
from inboxd.mail.reading import Reading

_MESSAGE: Final = "message/rfc822"
_DECORATION: Final = " \t*_>|\u00a0\u3000"
_BLANKS: Final = " \t*\u00a0\u3000"
_LEADING_SIGNS: Final = re.compile(r"^(?:>[ \t]?)+")
_MAILTO: Final = re.compile(r"[<\[(]mailto:([^\s<>\[\]()]{3,254})[>\])]", re.IGNORECASE)
# Outlook turns the address into a link in the middle of it: <jane@x<mailto:jane@x>>.
_TWICE: Final = re.compile(r"<([^\s<>\[\]()]{3,254})[<\[(]mailto:\1[>\])]>?", re.IGNORECASE)
_MOST_BESIDE: Final = 24
_MOST_LINES: Final = 20_000
_LONGEST_VALUE: Final = 1000


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail inside another one.

    `sender` is who wrote it, None where that is in doubt: `doubt` then says why, as a sentence.
    `words` are those of whoever forwarded it, `text` and `subject` those of the mail itself. `ids`
    are the Message-IDs that it bears and names, where they are known.
    """

    sender: Address | None
    words: str
    text: str
    subject: str = ""
    doubt: str = ""
    ids: tuple[str, ...] = ()


def original_sender(mail: ParsedMail, raw: bytes) -> Forwarded | None:
    """Return the mail that `mail` forwards, or None where it forwards none.

    It is either attached or stands in the text, below header lines such as mail clients write in
    many languages. `raw` are the bytes of `mail`. Never raises.
    """
    attached = [each for each in mail.attachments if each.content_type == _MESSAGE]
    lines = mail.text.splitlines()[:_MOST_LINES]
    blocks = _blocks(lines)
    if attached:
        return _attached(mail, raw, attached, inline=bool(blocks))
    if not blocks:
        return None
    start, block = blocks[0]
    words = "\n".join(lines[:start]).strip()
    text = "\n".join(_LEADING_SIGNS.sub("", line) for line in lines[block.end :]).strip()
    fields = _values(lines[block.start : block.end])
    subject = " ".join(" ".join(fields.get(Field.SUBJECT, [])).split())
    if len(blocks) > 1:
        doubt = f"It forwards {len(blocks)} mails, and it is not clear whose it is."
        return Forwarded(None, words, text, subject, doubt)
    sender = None if _has_another(lines, block) else _one_sender(fields.get(Field.FROM, []))
    doubt = "" if sender else "The forwarded header does not name one sender with an address."
    return Forwarded(sender, words, text, subject, doubt)


def _attached(
    mail: ParsedMail, raw: bytes, attached: Sequence[Attachment], *, inline: bool
) -> Forwarded:
    """Read the attached mail; more than one, or one in the text as well, leave a doubt."""
    inner = parse(read_part(raw, attached[0].part))
    text = inner.reply_text or inner.text
    ids = (inner.message_id, *inner.in_reply_to, *inner.references)
    found = Forwarded(
        None, mail.text.strip(), text, inner.subject, ids=tuple(each for each in ids if each)
    )
    if len(attached) > 1 or inline:
        count = len(attached) + inline
        return _doubtful(found, f"It forwards {count} mails, and it is not clear whose it is.")
    unclear = any(defect.startswith("from:") for defect in inner.defects)
    if inner.author is None or unclear or not is_deliverable(inner.author.address):
        return _doubtful(found, "The attached mail does not name one sender with an address.")
    return Forwarded(inner.author, found.words, text, found.subject, ids=found.ids)


def _doubtful(found: Forwarded, doubt: str) -> Forwarded:
    return Forwarded(None, found.words, found.text, found.subject, doubt, found.ids)


def _blocks(lines: Sequence[str]) -> list[tuple[int, Block]]:
    """Return the header blocks in a text, each with the line at which what it heads begins.

    That is the line above it which says that something is forwarded, where there is one.
    """
    found: list[tuple[int, Block]] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip(_DECORATION)
        told = field_of(line) if line else None
        block = header_block(lines, at) if told and told[0] is not Field.OTHER else None
        if block is None or block.end <= at:
            at += 1
            continue
        found.append((_beginning(lines, at), block))
        at = block.end
    return found


def _beginning(lines: Sequence[str], start: int) -> int:
    """Return the first of the lines right above a block that belong to it."""
    first = start
    for at in range(start - 1, max(-1, start - 4), -1):
        line = lines[at].strip(_DECORATION)
        whole = lines[at].strip()
        if opens_forward(whole) or announces_forward(line) or is_original(line) or is_rule(whole):
            first = at
        elif line:
            break
    return first


def _has_another(lines: Sequence[str], block: Block) -> bool:
    """Return whether one more From line touches the block, which then says two things."""
    beside = range(block.end, min(len(lines), block.end + _MOST_BESIDE))
    above = range(block.start - 1, max(-1, block.start - 1 - _MOST_BESIDE), -1)
    for places in (above, beside):
        for at in places:
            line = lines[at].strip(_DECORATION)
            if not line:
                break
            told = field_of(line)
            if told is not None and told[0] is Field.FROM:
                return True
    return False


def _values(lines: Sequence[str]) -> dict[Field, list[str]]:
    """Return what each field of a block says, its continuation lines included."""
    values: dict[Field, list[str]] = {}
    current: list[str] = []
    for raw in lines:
        line = raw.lstrip(_DECORATION).rstrip(_BLANKS)
        told = field_of(line) if line else None
        if told is not None:
            current = values.setdefault(told[0], [])
            current.append(told[1].strip(_BLANKS))
        elif line and current:
            current[-1] = f"{current[-1]} {line}"
    return values


def _one_sender(values: Sequence[str]) -> Address | None:
    """Return the one address that a From line names beyond doubt, or None."""
    if len(values) != 1 or len(values[0]) > _LONGEST_VALUE:
        return None
    reading = Reading()
    named = _TWICE.sub(r"<\1>", values[0].replace("*", " ").strip())
    named = _MAILTO.sub(r"<\1>", named)
    found = read_addresses("forwarded", named, reading)
    keys = {each.key for each in found}
    if len(keys) != 1 or reading.defects or not is_deliverable(found[0].address):
        return None
    return found[0]
