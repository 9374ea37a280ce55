"""The last look at an agent's answer before it goes to a customer: nothing of ours may be in it.

The notification's own lines (state, cheat sheet, notes, history headings) are compared with the
answer's. What customers wrote or were sent is no secret and may be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from inboxd.desk.unit import Unit
from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail
from inboxd.mail.outgoing import MARKER, decode_draft
from inboxd.mail.quotes import between_quotes, cut_at_marker
from inboxd.store import journal, messages, outbox
from inboxd.store.outbox import QueuedMail

_SHORTEST = 12  # characters: shorter lines are anybody's ("Hello Ben,")
_SHOWN = ("reply", "auto_reply")  # what customers got
_RETURNED = ("receipt", "held")  # they show agents their own words, to be sent again
_CAUSE = re.compile(r"journal:(\d+):")
_DEEPEST = 3  # receipts for answers to receipts for ...
_LEADING_SIGNS = re.compile(r"^[\s>|]+")


def find(unit: Unit, mail: ParsedMail, words: str) -> str | None:
    """Return a line of `words` that belongs to one of our mails to agents, or None."""
    lines = {_bare(line): line for line in words.splitlines()}
    for bare, line in lines.items():
        if _bare(MARKER) in bare or _bears_token(unit, bare):
            return line.strip()
    secret = _internal_lines(unit, (*mail.in_reply_to, *reversed(mail.references)))
    return next((line.strip() for bare, line in lines.items() if bare in secret), None)


def words_below(unit: Unit, mail: ParsedMail) -> tuple[str, ...]:
    """Return what an agent wrote between the quoted lines of our mail, where nothing is read.

    Pieces of our own lines, broken by the agent's client, are not among it.
    """
    lines = between_quotes(mail.text, MARKER)
    if not lines:
        return ()
    ids = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[:20]
    ours = [each for each in outbox.by_message_ids(unit.connection, ids) if each.kind not in _SHOWN]
    if not ours:
        return ()  # nothing to tell broken lines by
    said = _bare(" ".join(_text(sent) for sent in ours))
    return tuple(line for above, line in lines if not above or not _goes_on(above, line, said))


def _goes_on(above: str, line: str, said: str) -> bool:
    """Whether a line is the rest of the one above it, which a client has broken."""
    start = _bare(above)[-40:]
    return f"{start} {_bare(line)}" in said or f"{start}{_bare(line)}" in said


def _text(sent: QueuedMail) -> str:
    literal = (part for part in decode_draft(sent.draft).segments if isinstance(part, bytes))
    return parse(b"".join(literal)).text


def _bears_token(unit: Unit, line: str) -> bool:
    """Whether a reply address of ours stands in the line; other plus-addresses are no secret."""
    addresses = [word.strip("<>()[],;:.\"'") for word in line.split() if "@" in word]
    found = (
        (desk.name, text)
        for address in addresses
        for desk in unit.shop.desks.values()
        if (text := desk.pattern.extract(address.removeprefix("mailto:"), desk.mailbox.address))
    )
    today = unit.now.date()
    return any(unit.shop.key.read(text, name, today) is not None for name, text in found)


def _internal_lines(unit: Unit, ids: Iterable[str], depth: int = 0) -> set[str]:
    """Return the lines of the notifications that are answered, but for what may be told.

    That is what customers know already, and the words that agents get back to correct them.
    """
    ours = outbox.by_message_ids(unit.connection, list(dict.fromkeys(ids))[:20])
    ours = [each for each in ours if each.conversation == unit.number and each.kind not in _SHOWN]
    if not ours:
        return set()
    shown: set[str] = set()
    for sent in ours:
        shown |= _lines(_text(sent))
    known: set[str] = set()
    for message in messages.of(unit.connection, unit.number):
        if message.direction != "note":
            known |= _lines(message.text)
            known |= _lines(message.subject)
    for sent in ours:
        if sent.kind in _RETURNED and depth < _DEEPEST:
            known |= _returned_lines(unit, sent, depth)
    return shown - known


def _returned_lines(unit: Unit, receipt: QueuedMail, depth: int) -> set[str]:
    """Return an agent's own lines in a mail that was not sent on, without what was ours in it."""
    cause = _CAUSE.match(receipt.effect_key)
    raw = journal.raw(unit.connection, int(cause[1])) if cause else None
    if raw is None:
        return set()
    mail = parse(raw)
    above, _ = cut_at_marker(mail.text, MARKER)
    ids = (*mail.in_reply_to, *reversed(mail.references))
    return _lines(above) - _internal_lines(unit, ids, depth + 1)


def _lines(text: str) -> set[str]:
    return {bare for line in text.splitlines() if len(bare := _bare(line)) >= _SHORTEST}


def _bare(line: str) -> str:
    return " ".join(_LEADING_SIGNS.sub("", line).split()).casefold()
